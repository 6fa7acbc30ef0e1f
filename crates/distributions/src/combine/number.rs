//! Numbers on the real line: what can be truncated, censored or inflated at zero.

use crate::BLOCK_ROWS;

/// A number on the real line that a scalar component observes: a real number or a count.
pub trait Number: Copy + PartialEq + Send + Sync + 'static {
    /// 0.
    const ZERO: Self;
    /// Whether every value has a mass of its own, as counts have.
    const DISCRETE: bool;
    /// The number as a real number.
    fn to_real(self) -> f64;
    /// The number equal to `x`; `None` where there is none, as for the count 1.5.
    fn from_real(x: f64) -> Option<Self>;
    /// Calls `f` with the numbers equal to `xs`, 0 where there is none; without an allocation for a
    /// block.
    fn with_batch<R>(xs: &[f64], f: impl FnOnce(&[Self]) -> R) -> R;
}

impl Number for f64 {
    const ZERO: Self = 0.0;
    const DISCRETE: bool = false;

    fn to_real(self) -> f64 {
        self
    }
    fn from_real(x: f64) -> Option<Self> {
        Some(x)
    }
    fn with_batch<R>(xs: &[f64], f: impl FnOnce(&[Self]) -> R) -> R {
        f(xs)
    }
}

impl Number for u64 {
    const ZERO: Self = 0;
    const DISCRETE: bool = true;

    fn to_real(self) -> f64 {
        self as f64
    }
    fn from_real(x: f64) -> Option<Self> {
        // 2⁶⁴: the first real number past the counts.
        let count = (0.0..18_446_744_073_709_551_616.0).contains(&x) && x.fract() == 0.0;
        count.then_some(x as u64)
    }
    fn with_batch<R>(xs: &[f64], f: impl FnOnce(&[Self]) -> R) -> R {
        let counts = xs.iter().map(|&x| u64::from_real(x).unwrap_or(0));
        if xs.len() <= BLOCK_ROWS {
            let mut block = [0; BLOCK_ROWS];
            for (to, count) in block.iter_mut().zip(counts) {
                *to = count;
            }
            f(&block[..xs.len()])
        } else {
            f(&counts.collect::<Vec<u64>>())
        }
    }
}
