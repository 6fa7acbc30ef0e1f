//! The types of numbers that rows may be of.

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A number of a matrix of rows: `f32` or `f64`. All arithmetic is in `f64`, to which either converts exactly.
pub trait Real: sealed::Sealed + Copy + Send + Sync + 'static {
    /// The number, in double precision.
    fn to_f64(self) -> f64;
    /// The way from `centre`, rounded to single precision.
    fn minus(self, centre: f32) -> f32;
    /// The numbers themselves where they need no conversion.
    fn as_f64s(numbers: &[Self]) -> Option<&[f64]>;
}

impl Real for f32 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn minus(self, centre: f32) -> f32 {
        self - centre
    }
    fn as_f64s(_numbers: &[f32]) -> Option<&[f64]> {
        None
    }
}

impl Real for f64 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn minus(self, centre: f32) -> f32 {
        (self - f64::from(centre)) as f32
    }
    fn as_f64s(numbers: &[f64]) -> Option<&[f64]> {
        Some(numbers)
    }
}
