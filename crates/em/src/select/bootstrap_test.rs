//! The likelihood-ratio test of K against more components, by parametric bootstrap.

use crate::accelerate::Acceleration;
use crate::data::Data;
use crate::error::FitError;
use crate::fit::Driver;
use crate::init::Start;
use crate::mixture::Mixture;
use crate::options::Options;
use crate::report::Fit;
use crate::restart::{fit_from_with, stream};
use crate::sample::SampleSet;
use crate::select::parallel::in_parallel;
use crate::set::ComponentSet;
use distributions::{Batch, Buffer, Coordinates, Sample, Space};

/// How many replicates a test draws, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicates {
    /// B.
    pub count: usize,
    /// The seed; replicate b draws from its own stream.
    pub seed: u64,
    /// Threads over the replicates; 0 uses every core.
    pub threads: usize,
}

/// The outcome of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct LikelihoodRatioTest<E = FitError> {
    /// 2(L₁ − L₀) of the data.
    pub statistic: f64,
    /// The same of each replicate drawn from the null model, in order; those that failed are left out.
    pub null_statistics: Vec<f64>,
    /// The replicates that could not be fitted, and why.
    pub failures: Vec<(usize, E)>,
}

impl<E> LikelihoodRatioTest<E> {
    /// (1 + #{replicates at least as large}) / (B + 1): the data count as one more draw from the null
    /// model, so that under it P(p ≤ α) ≤ α (Davison & Hinkley 1997, section 4.2).
    pub fn p_value(&self) -> f64 {
        let null = self.null_statistics.iter();
        let larger = null.filter(|&&drawn| drawn >= self.statistic).count();
        (1 + larger) as f64 / (self.null_statistics.len() + 1) as f64
    }
    /// The Monte-Carlo standard error of the p-value, √(p(1 − p)/(B + 1)).
    pub fn standard_error(&self) -> f64 {
        let p = self.p_value();
        (p * (1.0 - p) / (self.null_statistics.len() + 1) as f64).sqrt()
    }
}

/// The test for a `statistic` of data of `observations` rows, whose value in a replicate drawn from `null`
/// is `statistic_of`. The same bits for any number of threads.
///
/// # Errors
/// When no replicate is asked for, or half of them or more fail: then the first failure.
pub fn likelihood_ratio_test<S: SampleSet>(
    null: &Mixture<S>,
    statistic: f64,
    observations: usize,
    replicates: Replicates,
    statistic_of: impl Fn(&Buffer<S::Space>) -> Result<f64, FitError> + Sync,
) -> Result<LikelihoodRatioTest, FitError> {
    if replicates.count == 0 {
        return Err(FitError::Shape(
            "a test needs at least one replicate".into(),
        ));
    }
    likelihood_ratio_test_by(statistic, replicates, |which| {
        let drawn = null.sample(&mut stream(replicates.seed, which), observations);
        statistic_of(&drawn)
    })
}

/// [`likelihood_ratio_test`] with replicates drawn by whatever knows how: `statistic_of` draws replicate number b, by
/// the generator [`stream`]`(seed, b)`, and has its statistic.
///
/// # Errors
/// When half of the replicates or more fail: then the first failure.
pub fn likelihood_ratio_test_by<E: Send>(
    statistic: f64,
    replicates: Replicates,
    statistic_of: impl Fn(usize) -> Result<f64, E> + Sync,
) -> Result<LikelihoodRatioTest<E>, E> {
    let outcomes = in_parallel(replicates.count, replicates.threads, statistic_of);
    let (mut null_statistics, mut failures) = (Vec::new(), Vec::new());
    for (which, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(statistic) => null_statistics.push(statistic),
            Err(error) => failures.push((which, error)),
        }
    }
    if failures.len() >= null_statistics.len() && !failures.is_empty() {
        return Err(failures.swap_remove(0).1);
    }
    Ok(LikelihoodRatioTest {
        statistic,
        null_statistics,
        failures,
    })
}

/// A test of K against more components, with both fits to the data.
#[derive(Clone, Debug)]
pub struct TestedComponents<M> {
    /// The test.
    pub test: LikelihoodRatioTest,
    /// The fit of fewer components.
    pub null: Fit<M>,
    /// The fit of more.
    pub alternative: Fit<M>,
}

/// Tests the number of components of `null` against that of `alternative` (templates, as for
/// [`fit_from`](crate::fit_from)) by a parametric bootstrap (McLachlan 1987, Applied Statistics 36,
/// 318–324): the distribution of 2(L₁ − L₀) under the null model is not χ², because there the weight of the
/// additional component is at its bound.
///
/// Each replicate has as many rows as there are observations, is drawn from the null fit, and is fitted
/// twice, each time from the starts of the data's own fits and once from the fit to the data. A negative
/// ratio is a maximum that was missed, and counts as 0. Where likelihoods are unbounded (a normal with a
/// variance of its own), a spike in a replicate counts as a large ratio: p errs towards fewer components.
///
/// ```
/// use distributions::Poisson;
/// use em::select::{Replicates, bootstrap_test};
/// use em::{Data, Mixture, Options, Start};
///
/// let counts: [u64; 12] = [0, 1, 1, 2, 0, 1, 9, 11, 8, 10, 12, 9];
/// let [one, two] = [1, 2].map(|k| Mixture::uniform(vec![Poisson::new(1.0).unwrap(); k]));
/// let replicates = Replicates { count: 19, seed: 1, threads: 0 };
/// let options = Options::default().restarts(2).threads(1);
/// let data = Data::new(&counts[..]);
/// let tested = bootstrap_test(&one, &two, data, Start::Spread, &options, replicates)?;
/// assert_eq!(tested.test.p_value(), 1.0 / 20.0);
/// # Ok::<(), em::FitError>(())
/// ```
///
/// # Errors
/// Those of the fits; row weights that are not whole numbers; known labels; rows that are trimmed; and as
/// [`likelihood_ratio_test`].
pub fn bootstrap_test<S>(
    null: &Mixture<S>,
    alternative: &Mixture<S>,
    data: Data<'_, Batch<'_, S::Space>>,
    start: Start<'_>,
    options: &Options,
    replicates: Replicates,
) -> Result<TestedComponents<Mixture<S>>, FitError>
where
    S: ComponentSet + SampleSet + Coordinates + 'static,
{
    let refused = |why: &str| Err(FitError::Shape(format!("a bootstrap test: {why}")));
    if !start.is_random() {
        return refused("starts must be random, because replicates have rows of their own");
    }
    if data.allowed.is_some() {
        return refused("known labels cannot be drawn");
    }
    if options.trim > 0.0 {
        return refused("rows that are trimmed cannot be drawn");
    }
    let Some(observations) = whole(data.observations()) else {
        return refused("row weights must sum to a whole number of observations");
    };
    let fitted = |template: &Mixture<S>, data: Data<'_, Batch<'_, S::Space>>, start: Start<'_>| {
        let mut driver = Driver::new(options).accelerate(Acceleration::default());
        fit_from_with(template, data, start, &mut driver)
    };
    let null = fitted(null, data, start)?;
    let alternative = fitted(alternative, data, start)?;
    let highest = |template: &Mixture<S>, xs: Batch<'_, S::Space>| {
        let anew = fitted(template, Data::new(xs), start);
        let warm = fitted(template, Data::new(xs), Start::Model);
        higher_log_likelihood(anew, warm)
    };
    let statistic_of = |drawn: &Buffer<S::Space>| {
        let xs = S::Space::view(drawn);
        let (less, more) = (highest(&null.model, xs)?, highest(&alternative.model, xs)?);
        Ok(likelihood_ratio(less, more))
    };
    let statistic = likelihood_ratio(
        null.report.log_likelihood,
        alternative.report.log_likelihood,
    );
    let test = likelihood_ratio_test(
        &null.model,
        statistic,
        observations,
        replicates,
        statistic_of,
    )?;
    Ok(TestedComponents {
        test,
        null,
        alternative,
    })
}

/// 2(L₁ − L₀), at least 0: less than 0 is a maximum that was missed.
pub fn likelihood_ratio(less: f64, more: f64) -> f64 {
    (2.0 * (more - less)).max(0.0)
}

/// The higher log-likelihood of two fits; of the one that succeeded, where only one did.
///
/// # Errors
/// The first error, where both failed.
pub fn higher_log_likelihood<M>(
    a: Result<Fit<M>, FitError>,
    b: Result<Fit<M>, FitError>,
) -> Result<f64, FitError> {
    let value = |fit: Fit<M>| fit.report.log_likelihood;
    match (a.map(value), b.map(value)) {
        (Ok(a), Ok(b)) => Ok(a.max(b)),
        (Err(_), Ok(only)) | (Ok(only), Err(_)) => Ok(only),
        (Err(error), Err(_)) => Err(error),
    }
}

/// A number of observations that is whole.
fn whole(observations: f64) -> Option<usize> {
    (observations.fract() == 0.0 && observations < 1e15).then_some(observations as usize)
}
