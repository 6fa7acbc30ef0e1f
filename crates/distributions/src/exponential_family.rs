//! Exponential families: everything from T, h, η, A and the inverse of ∇A.

use crate::{Component, EstimateError, MeanStatistics, Moments, Obs, Statistics};

/// A statistic that can be made from a weighted mean of T(x).
pub trait FromMean {
    /// The statistic of observations of total weight `weight` whose mean of T is `mean`.
    fn from_mean(mean: &[f64], weight: f64) -> Self;
}

impl<const D: usize> FromMean for MeanStatistics<[f64; D]> {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        let mut statistics = MeanStatistics::new([0.0; D]);
        statistics.add(mean, weight);
        statistics
    }
}

impl FromMean for MeanStatistics<Vec<f64>> {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        let mut statistics = MeanStatistics::new(vec![0.0; mean.len()]);
        statistics.add(mean, weight);
        statistics
    }
}

/// From the means of (x, x²).
impl FromMean for Moments {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        Moments::new(weight, mean[0], weight * (mean[1] - mean[0] * mean[0]))
    }
}

/// p(x | η) = h(x) exp(⟨η, T(x)⟩ − A(η)).
///
/// Implement this and write [`component_from_means!`](crate::component_from_means) beside it: the
/// family is then a [`Density`](crate::Density) and a [`Component`]. KL divergence, entropy and the score are
/// derived here once for all.
///
/// ```
/// use distributions::{component_from_means, EstimateError, ExponentialFamily, Scalars};
///
/// #[derive(Clone, Debug)]
/// struct Rayleigh { scale: f64 }
///
/// impl ExponentialFamily for Rayleigh {
///     type Vector = [f64; 1];
///     fn statistic(&self, x: f64) -> [f64; 1] { [x * x / 2.0] }
///     fn log_base(&self, x: f64) -> f64 { if x > 0.0 { x.ln() } else { f64::NEG_INFINITY } }
///     fn natural(&self) -> [f64; 1] { [-1.0 / (self.scale * self.scale)] }
///     fn log_partition(&self) -> f64 { 2.0 * self.scale.ln() }
///     fn expected(&self) -> [f64; 1] { [self.scale * self.scale] }
///     fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
///         if mean[0] > 0.0 { Ok(Rayleigh { scale: mean[0].sqrt() }) }
///         else { Err(EstimateError::boundary("scale", mean[0], "must be positive")) }
///     }
/// }
/// component_from_means!(Rayleigh, Scalars<f64>);
///
/// use distributions::Component;
/// let fitted = Rayleigh { scale: 1.0 }.estimate(&[1.0, 2.0, 3.0], &[1.0, 1.0, 0.5]).unwrap();
/// assert!((fitted.scale - (9.5_f64 / 5.0).sqrt()).abs() < 1e-15);
/// ```
#[diagnostic::on_unimplemented(
    note = "an exponential family gets `Density` and `Component` from `component_from_means!(Family, Space)`"
)]
pub trait ExponentialFamily: Component<Statistics: FromMean> {
    /// A vector of the statistic's length: `[f64; 1]`, `[f64; 2]`, or `Vec<f64>`.
    type Vector: AsRef<[f64]> + AsMut<[f64]> + Clone;
    /// The sufficient statistic T(x).
    fn statistic(&self, x: Obs<'_, Self::Space>) -> Self::Vector;
    /// The logarithm of the base measure, ln h(x); −∞ off the support.
    fn log_base(&self, x: Obs<'_, Self::Space>) -> f64;
    /// The natural parameters η.
    fn natural(&self) -> Self::Vector;
    /// The log-partition A(η).
    fn log_partition(&self) -> f64;
    /// The mean parameters ∇A(η) = E\[T\].
    fn expected(&self) -> Self::Vector;
    /// The member of the family whose E\[T\] is `mean`: the maximum-likelihood estimate when `mean`
    /// is the weighted mean of T.
    ///
    /// # Errors
    /// When `mean` is no interior point of the mean parameters: the maximum does not exist or lies
    /// on the boundary.
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError>;

    /// Whether T and h are the same functions for `other`, so that they can be computed once for
    /// both. True where nothing fixed (a number of trials) enters T or h, or where it is equal.
    fn same_statistic(&self, _other: &Self) -> bool {
        false
    }

    /// The statistic of `weight` observations distributed as `self`: pseudo-observations.
    fn pseudo_statistics(&self, weight: f64) -> Self::Statistics {
        Self::Statistics::from_mean(self.expected().as_ref(), weight)
    }

    /// The Kullback–Leibler divergence KL(self ‖ other) = ⟨η − η′, ∇A(η)⟩ − A(η) + A(η′), in nats.
    fn kl_divergence(&self, other: &Self) -> f64 {
        let (mine, theirs, mean) = (self.natural(), other.natural(), self.expected());
        let mut inner = 0.0;
        for ((a, b), m) in mine.as_ref().iter().zip(theirs.as_ref()).zip(mean.as_ref()) {
            inner += (a - b) * m;
        }
        inner - self.log_partition() + other.log_partition()
    }

    /// The gradient of Σ w ln p(x | η) in η: Σ w T(x) − (Σ w) ∇A(η), from `sum` = Σ w T(x).
    fn score(&self, weight: f64, sum: &[f64]) -> Self::Vector {
        let mut score = self.expected();
        for (value, total) in score.as_mut().iter_mut().zip(sum) {
            *value = total - weight * *value;
        }
        score
    }
}

/// ⟨η, T(x)⟩ + ln h(x) − A(η), with −∞ off the support whatever T is there.
pub fn exponential_log_density<F: ExponentialFamily>(family: &F, x: Obs<'_, F::Space>) -> f64 {
    let base = family.log_base(x);
    if base == f64::NEG_INFINITY {
        return base;
    }
    let (natural, statistic) = (family.natural(), family.statistic(x));
    let mut inner = 0.0;
    for (eta, t) in natural.as_ref().iter().zip(statistic.as_ref()) {
        inner += eta * t;
    }
    inner + base - family.log_partition()
}

/// Prepares T(x) and ln h(x), column after column.
pub fn exponential_prepare<F: ExponentialFamily>(
    family: &F,
    xs: crate::Batch<'_, F::Space>,
    into: &mut [f64],
) {
    use crate::View;
    let rows = xs.len();
    for i in 0..rows {
        let x = xs.at(i);
        let base = family.log_base(x);
        let statistic = family.statistic(x);
        let statistic = statistic.as_ref();
        for (j, &t) in statistic.iter().enumerate() {
            into[j * rows + i] = if base == f64::NEG_INFINITY { 0.0 } else { t };
        }
        into[statistic.len() * rows + i] = base.max(f64::MIN);
    }
}

/// ⟨η, T⟩ + ln h − A over a prepared block.
pub fn exponential_log_density_batch<F: ExponentialFamily>(
    family: &F,
    prepared: &[f64],
    out: &mut [f64],
) {
    let rows = out.len();
    let natural = family.natural();
    let natural = natural.as_ref();
    let partition = family.log_partition();
    let base = &prepared[natural.len() * rows..(natural.len() + 1) * rows];
    for (value, &base) in out.iter_mut().zip(base) {
        *value = if base == f64::MIN {
            f64::NEG_INFINITY
        } else {
            base - partition
        };
    }
    for (j, &eta) in natural.iter().enumerate() {
        for (value, &t) in out.iter_mut().zip(&prepared[j * rows..(j + 1) * rows]) {
            *value += eta * t;
        }
    }
}

/// Adds Σ w and Σ w T over a prepared block.
pub fn exponential_accumulate_batch<V: AsRef<[f64]> + AsMut<[f64]> + Clone>(
    into: &mut MeanStatistics<V>,
    prepared: &[f64],
    weights: &[f64],
) {
    let rows = weights.len();
    let mut sums = into.mean_zero();
    for (j, sum) in sums.as_mut().iter_mut().enumerate() {
        let column = &prepared[j * rows..(j + 1) * rows];
        *sum = column.iter().zip(weights).map(|(t, w)| t * w).sum();
    }
    into.add_sums(weights.iter().sum(), sums.as_ref());
}

/// The M-step of an exponential family: the member whose E\[T\] is the weighted mean of T.
///
/// # Errors
/// [`Reason::Empty`](crate::Reason::Empty) when nothing was seen; else as
/// [`with_expected`](ExponentialFamily::with_expected).
pub fn exponential_maximize<F, V>(family: &F, from: &MeanStatistics<V>) -> Result<F, EstimateError>
where
    F: ExponentialFamily,
    V: AsRef<[f64]> + AsMut<[f64]> + Clone + Send + Sync + 'static,
{
    if !(from.weight() > 0.0) {
        return Err(EstimateError::empty());
    }
    family
        .with_expected(from.mean().as_ref())
        .map_err(|error| error.with_count(from.weight()))
}

/// Makes an [`ExponentialFamily`] a [`Density`](crate::Density) and a [`Component`].
///
/// `component_from_means!(Family, Space)` gives both, with T(x) and ln h(x) computed once a block
/// for all components of a mixture where
/// [`same_statistic`](ExponentialFamily::same_statistic) allows it.
/// `component_from_means!(Family)` gives only `Component`; the density is written by hand, and
/// prepares T(x) in its first columns if it prepares anything. A component that
/// [is bounded](Component::is_bounded) says so: `component_from_means!(Family, Space; bounded)`. Other methods of
/// `Component` are given in braces: `component_from_means!(Family; { fn log_prior(&self) -> f64 { … } })`.
#[macro_export]
macro_rules! component_from_means {
    ($family:ty, $space:ty $(; $more:tt)?) => {
        impl $crate::Density for $family {
            type Space = $space;
            fn log_density(&self, x: $crate::Obs<'_, $space>) -> f64 {
                $crate::exponential_log_density(self, x)
            }
            fn check_observation(&self, x: $crate::Obs<'_, $space>) -> Result<(), &'static str> {
                let finite = $crate::ExponentialFamily::statistic(self, x)
                    .iter()
                    .all(|t| t.is_finite());
                if finite && $crate::ExponentialFamily::log_base(self, x) > f64::NEG_INFINITY {
                    Ok(())
                } else {
                    Err("must lie in the support, with a finite statistic")
                }
            }
            fn prepared_width(&self) -> usize {
                if $crate::ExponentialFamily::same_statistic(self, self) {
                    $crate::ExponentialFamily::natural(self).len() + 1
                } else {
                    0
                }
            }
            fn shares_preparation(&self, other: &Self) -> bool {
                $crate::ExponentialFamily::same_statistic(self, other)
            }
            fn prepare(&self, xs: $crate::Batch<'_, $space>, into: &mut [f64]) {
                if $crate::ExponentialFamily::same_statistic(self, self) {
                    $crate::exponential_prepare(self, xs, into);
                }
            }
            fn log_density_batch(
                &self,
                xs: $crate::Batch<'_, $space>,
                prepared: &[f64],
                out: &mut [f64],
                _scratch: &mut $crate::Scratch,
            ) {
                if prepared.is_empty() {
                    for (i, value) in out.iter_mut().enumerate() {
                        *value = $crate::exponential_log_density(self, $crate::View::at(xs, i));
                    }
                } else {
                    $crate::exponential_log_density_batch(self, prepared, out);
                }
            }
        }
        $crate::component_from_means!($family $(; $more)?);
    };
    ($family:ty) => {
        $crate::component_from_means!($family; {});
    };
    ($family:ty; bounded) => {
        $crate::component_from_means!($family; {
            fn is_bounded(&self) -> bool {
                true
            }
        });
    };
    ($family:ty; { $($more:tt)* }) => {
        impl $crate::Component for $family {
            type Statistics =
                $crate::MeanStatistics<<$family as $crate::ExponentialFamily>::Vector>;
            fn empty_statistics(&self) -> Self::Statistics {
                let mut zero = $crate::ExponentialFamily::natural(self);
                zero.fill(0.0);
                $crate::MeanStatistics::new(zero)
            }
            fn accumulate(
                &self,
                into: &mut Self::Statistics,
                x: $crate::Obs<'_, <Self as $crate::Density>::Space>,
                weight: f64,
            ) {
                let statistic = $crate::ExponentialFamily::statistic(self, x);
                into.add(&statistic, weight);
            }
            fn accumulate_batch(
                &self,
                into: &mut Self::Statistics,
                xs: $crate::Batch<'_, <Self as $crate::Density>::Space>,
                prepared: &[f64],
                weights: &[f64],
                _scratch: &mut $crate::Scratch,
            ) {
                if prepared.is_empty() {
                    for (i, &weight) in weights.iter().enumerate() {
                        if weight > 0.0 {
                            self.accumulate(into, $crate::View::at(xs, i), weight);
                        }
                    }
                } else {
                    $crate::exponential_accumulate_batch(into, prepared, weights);
                }
            }
            fn maximize(&self, from: &Self::Statistics) -> Result<Self, $crate::EstimateError> {
                $crate::exponential_maximize(self, from)
            }
            fn parameter_count(&self) -> usize {
                $crate::ExponentialFamily::natural(self).len()
            }
            $($more)*
        }
    };
}
