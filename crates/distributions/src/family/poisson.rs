//! The Poisson distribution.

use crate::{EstimateError, ExponentialFamily, Scalars, component_from_means};

/// Placeholder until the special functions land.
#[derive(Clone, Debug, PartialEq)]
pub struct Poisson {
    rate: f64,
}
impl Poisson {
    /// New.
    pub fn new(rate: f64) -> Self {
        Poisson { rate }
    }
    /// Rate.
    pub fn rate(&self) -> f64 {
        self.rate
    }
}
impl ExponentialFamily for Poisson {
    type Vector = [f64; 1];
    fn statistic(&self, x: u64) -> [f64; 1] {
        [x as f64]
    }
    fn log_base(&self, x: u64) -> f64 {
        -libm::lgamma(x as f64 + 1.0)
    }
    fn natural(&self) -> [f64; 1] {
        [self.rate.ln()]
    }
    fn log_partition(&self) -> f64 {
        self.rate
    }
    fn expected(&self) -> [f64; 1] {
        [self.rate]
    }
    fn with_expected(&self, m: &[f64]) -> Result<Self, EstimateError> {
        Ok(Poisson { rate: m[0] })
    }
    fn same_statistic(&self, _: &Self) -> bool {
        true
    }
}
component_from_means!(Poisson, Scalars<u64>);
