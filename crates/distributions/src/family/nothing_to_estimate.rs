//! Families of which nothing is estimated: what their M-step needs of the data is the total weight.

/// Makes a family over single values, whose parameters are all given, a [`Component`](crate::Component) with
/// [`Coordinates`](crate::Coordinates) and [`IntervalStatistics`](crate::IntervalStatistics).
macro_rules! nothing_to_estimate {
    ($family:ty, $value:ty $(, $generic:ident : $($bound:path)|+)?) => {
        impl$(<$generic: $($bound +)+ 'static>)? $crate::Component for $family {
            type Statistics = $crate::combine::TotalWeight;

            fn empty_statistics(&self) -> Self::Statistics {
                Self::Statistics::default()
            }
            fn accumulate(&self, into: &mut Self::Statistics, _x: $value, weight: f64) {
                into.0 += weight;
            }
            fn accumulate_batch(
                &self,
                into: &mut Self::Statistics,
                _xs: &[$value],
                _prepared: &[f64],
                weights: &[f64],
                _scratch: &mut $crate::Scratch,
            ) {
                into.0 += weights.iter().sum::<f64>();
            }
            fn maximize(&self, _from: &Self::Statistics) -> Result<Self, $crate::EstimateError> {
                Ok(self.clone())
            }
            fn parameter_count(&self) -> usize {
                0
            }
            fn is_bounded(&self) -> bool {
                true
            }
        }

        impl$(<$generic: Clone>)? $crate::Coordinates for $family {
            fn pack(&self, _into: &mut Vec<f64>) {}
            fn unpack(&self, _from: &mut &[f64]) -> Result<Self, $crate::EstimateError> {
                Ok(self.clone())
            }
        }

        impl$(<$generic: num_traits::ToPrimitive + $($bound +)+ 'static>)? $crate::IntervalStatistics
            for $family
        {
            fn accumulate_interval(
                &self,
                into: &mut Self::Statistics,
                _low: f64,
                _high: f64,
                weight: f64,
            ) {
                into.0 += weight;
            }
        }
    };
}
pub(super) use nothing_to_estimate;
