//! The distribution of a response given its linear predictor.

use crate::{Obs, Space};
use std::fmt::Debug;

/// ½ ln 2π.
pub(super) const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_741_78;

/// A response distribution with its canonical link, for
/// [`GeneralizedRegression`](super::GeneralizedRegression): p(y | η) with η = x·β.
///
/// Everything is a function of y, η and one exponential, which is taken for a whole block at once.
/// With a canonical link the score in η is y − E\[y\], and the curvature −∂² ln p/∂η² is Var\[y\].
pub trait Response: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// What a response is.
    type Space: Space;

    /// How many numbers [`prepare`](Response::prepare) gives: at most 2.
    const PREPARED: usize;

    /// Whether a response can enter an estimate.
    ///
    /// # Errors
    /// What a response must be.
    fn check(y: Obs<'_, Self::Space>) -> Result<(), &'static str>;
    /// What depends on the response alone; unused entries are 0. Finite, also for a response that
    /// [`check`](Response::check) refuses.
    fn prepare(y: Obs<'_, Self::Space>) -> [f64; 2];
    /// The number whose exponential the other methods are given.
    fn exponent(eta: f64) -> f64;
    /// ln p(y | η) with its normalising constant; −∞ for what is no response. `exponential` is
    /// exp([`exponent`](Response::exponent)(η)), and η is finite. At each `y` it has an upper bound over all η, as
    /// a mass has.
    fn log_mass(y: Obs<'_, Self::Space>, prepared: [f64; 2], eta: f64, exponential: f64) -> f64;
    /// The score y − E\[y\] in η, and the curvature Var\[y\] ≥ 0.
    fn score(y: Obs<'_, Self::Space>, eta: f64, exponential: f64) -> (f64, f64);
    /// A linear predictor that fits this response alone, smoothed to be finite, and the curvature
    /// there: where an iteration starts that has no coefficients yet.
    fn smoothed(y: Obs<'_, Self::Space>) -> (f64, f64);
    /// The inverse link: the mean of a response (of one trial) at η.
    fn mean(eta: f64) -> f64;
}

/// Curvature below which a row is not trusted: fitted so well that its predictor may go to infinity.
/// With it, the coefficients of separated classes come to rest, and the information stays regular.
const LEAST_CURVATURE: f64 = 1e-10;
/// Beyond this linear predictor, a row that contradicts it is a matter of e¹⁵ to 1.
const FAR: f64 = 15.0;

/// The curvature with which a row enters the information matrix.
///
/// That of the model, except in two places where it vanishes and a scoring step would be as long as
/// its reciprocal: rows that are fitted perfectly get [`LEAST_CURVATURE`], and rows that contradict a
/// predictor beyond [`FAR`] the |score|/(1 + |η|) that leads back to η ≈ 0. Any positive curvature
/// leaves the maximum where it is, because the score is not touched.
pub(super) fn guarded_curvature(score: f64, curvature: f64, eta: f64) -> f64 {
    if score == 0.0 && curvature == 0.0 {
        return 0.0;
    }
    let mut guarded = curvature.max(LEAST_CURVATURE);
    if eta.abs() > FAR && score * eta < 0.0 {
        guarded = guarded.max(score.abs() / (1.0 + eta.abs()));
    }
    guarded.min(f64::MAX)
}
