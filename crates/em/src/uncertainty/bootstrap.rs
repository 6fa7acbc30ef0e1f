//! Standard errors from refits.

use crate::Data;
use crate::accelerate::Acceleration;
use crate::driver::Driver;
use crate::error::FitError;
use crate::init::{MixtureData, Start};
use crate::mixture::Mixture;
use crate::options::Options;
use crate::restart::{fit_from_with, stream};
use crate::sample::SampleSet;
use crate::select::{Replicates, in_parallel};
use crate::set::ComponentSet;
use crate::uncertainty::align::assignment;
use crate::weights::WeightModel;
use distributions::{Batch, Buffer, Coordinates, Gamma, Sample, Space, View};
use rand::{Rng, RngExt};

/// How a replicate weighs the rows of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reweighting {
    /// As often as each row is drawn when n are drawn with replacement: the nonparametric bootstrap (Efron
    /// 1979, Annals of Statistics 7, 1–26). A component may lose all its rows.
    Multinomial,
    /// n times Dirichlet weights: the weighted-likelihood bootstrap (Newton & Raftery 1994, Journal of the
    /// Royal Statistical Society B 56, 3–48). No row is ever lost.
    Dirichlet,
}

/// The parameters of refits.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimates {
    /// The parameters of the fit to the data.
    pub fit: Vec<f64>,
    /// Those of each replicate that could be fitted, in order.
    pub replicates: Vec<Vec<f64>>,
    /// The replicates that could not, and why.
    pub failures: Vec<(usize, FitError)>,
}

impl Estimates {
    /// The standard deviation of each parameter over the replicates; 0 where it never changes.
    pub fn standard_errors(&self) -> Vec<f64> {
        let count = self.replicates.len() as f64;
        (0..self.fit.len())
            .map(|a| {
                // From the fit's own value, so that a constant has no rounding.
                let changes = self.replicates.iter().map(|drawn| drawn[a] - self.fit[a]);
                let mean = changes.clone().sum::<f64>() / count;
                let squares: f64 = changes.map(|change| (change - mean).powi(2)).sum();
                (squares / (count - 1.0)).sqrt()
            })
            .collect()
    }
    /// The percentile interval of each parameter: the quantiles (1 ± `level`)/2 of the replicates, the
    /// quantile α of B numbers being number α(B + 1) in rising order, linear between (Davison & Hinkley 1997,
    /// section 5.3).
    ///
    /// # Panics
    /// When `level` is not between 0 and 1.
    pub fn intervals(&self, level: f64) -> Vec<[f64; 2]> {
        assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1");
        (0..self.fit.len())
            .map(|a| {
                let mut sorted: Vec<f64> = self.replicates.iter().map(|drawn| drawn[a]).collect();
                sorted.sort_by(f64::total_cmp);
                [0.5 * (1.0 - level), 0.5 * (1.0 + level)].map(|at| quantile(&sorted, at))
            })
            .collect()
    }
}

fn quantile(sorted: &[f64], at: f64) -> f64 {
    let place = (at * (sorted.len() + 1) as f64 - 1.0).clamp(0.0, (sorted.len() - 1) as f64);
    let (low, fraction) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + fraction * (sorted[high] - sorted[low])
}

/// The most observations that a replicate draws.
const MOST_DRAWN: f64 = 1e9;

/// Refits to reweighted rows. Each replicate is fitted from `fit`, and its components take the order of those
/// of `fit`: the assignment under which their responsibilities for the rows agree most. `parameters` reads
/// off a model what errors are wanted of; `done` is called after each replicate, with its number.
///
/// Replicate b has its own stream of random numbers: the same bits for any number of threads. Row weights are
/// frequencies: a row of weight w is w rows. Known labels stay with their rows.
///
/// ```
/// use distributions::Poisson;
/// use em::select::Replicates;
/// use em::uncertainty::{Reweighting, bootstrap};
/// use em::{Data, Mixture, Options, Start, fit_from};
///
/// let counts: [u64; 12] = [0, 1, 1, 2, 0, 1, 9, 11, 8, 10, 12, 9];
/// let (data, options) = (Data::new(&counts[..]), Options::default());
/// let template = Mixture::uniform(vec![Poisson::new(1.0)?; 2]);
/// let fit = fit_from(&template, data, Start::Spread, &options)?.model;
/// let replicates = Replicates { count: 50, seed: 1, threads: 0 };
/// let rates = |fit: &Mixture<Vec<Poisson>>| fit.components().iter().map(Poisson::rate).collect();
/// let drawn = bootstrap(&fit, data, Reweighting::Multinomial, &options, replicates, rates, |_| ())?;
/// assert_eq!(drawn.standard_errors().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Fewer than two replicates; rows that are trimmed; more than 10⁹ observations to draw; half of the
/// replicates or more that fail: then the first failure.
pub fn bootstrap<S, W>(
    fit: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    reweighting: Reweighting,
    options: &Options,
    replicates: Replicates,
    parameters: impl Fn(&Mixture<S, W>) -> Vec<f64> + Sync,
    done: impl Fn(usize) + Sync,
) -> Result<Estimates, FitError>
where
    S: ComponentSet + Coordinates + 'static,
    W: WeightModel + Coordinates + 'static,
{
    if reweighting == Reweighting::Multinomial && !(data.observations() <= MOST_DRAWN) {
        return refused("more than 10⁹ observations cannot be drawn one by one");
    }
    let refits = Refits::new(fit, data, options)?;
    let bounds = (reweighting == Reweighting::Multinomial).then(|| cumulated(data));
    estimates(fit, replicates, &parameters, &done, |which| {
        let mut rng = stream(replicates.seed, which);
        let weights = match &bounds {
            Some(bounds) => multinomial(bounds, &mut rng),
            None => dirichlet(data, &mut rng),
        };
        refits.of(data.weighted(&weights))
    })
}

/// Refits to rows drawn from the fit, as many as there are observations (McLachlan & Peel 2000, section
/// 2.16): errors if the model is true. Otherwise as [`bootstrap`].
///
/// # Errors
/// As [`bootstrap`]; known labels, which cannot be drawn; row weights that do not sum to a whole number.
pub fn parametric_bootstrap<S>(
    fit: &Mixture<S>,
    data: Data<'_, Batch<'_, S::Space>>,
    options: &Options,
    replicates: Replicates,
    parameters: impl Fn(&Mixture<S>) -> Vec<f64> + Sync,
    done: impl Fn(usize) + Sync,
) -> Result<Estimates, FitError>
where
    S: ComponentSet + SampleSet + Coordinates + 'static,
{
    let observations = data.observations();
    if !(observations.fract() == 0.0 && observations <= MOST_DRAWN) {
        return refused("row weights must sum to a whole number of observations, 10⁹ at most");
    }
    let rows = Rows(fit, observations as usize);
    parametric_bootstrap_by(fit, data, &rows, options, replicates, parameters, done)
}

/// Draws the data sets of a parametric bootstrap.
pub trait DrawData<S: Space>: Sync {
    /// A data set.
    type Drawn;
    /// Draws number `which` of those under `seed`, from the generator [`stream`]`(seed, which)`.
    fn draw(&self, seed: u64, which: usize) -> Self::Drawn;
    /// Its observations.
    fn view<'a>(&self, drawn: &'a Self::Drawn) -> Batch<'a, S>;
}

/// So many rows from a mixture, each by itself.
struct Rows<'a, S>(&'a Mixture<S>, usize);

impl<S: ComponentSet + SampleSet> DrawData<S::Space> for Rows<'_, S> {
    type Drawn = Buffer<S::Space>;
    fn draw(&self, seed: u64, which: usize) -> Self::Drawn {
        self.0.sample(&mut stream(seed, which), self.1)
    }
    fn view<'a>(&self, drawn: &'a Self::Drawn) -> Batch<'a, S::Space> {
        S::Space::view(drawn)
    }
}

/// [`parametric_bootstrap`] of any mixture, whose data sets are drawn by `draws`: of rows in groups, of weights
/// that depend on covariates, of responses to predictors that stay as they are.
///
/// # Errors
/// As [`bootstrap`], and known labels, which cannot be drawn.
pub fn parametric_bootstrap_by<S, W>(
    fit: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    draws: &impl DrawData<W::Joint<S::Space>>,
    options: &Options,
    replicates: Replicates,
    parameters: impl Fn(&Mixture<S, W>) -> Vec<f64> + Sync,
    done: impl Fn(usize) + Sync,
) -> Result<Estimates, FitError>
where
    S: ComponentSet + Coordinates + 'static,
    W: WeightModel + Coordinates + 'static,
{
    if data.allowed.is_some() {
        return refused("known labels cannot be drawn");
    }
    let refits = Refits::new(fit, data, options)?;
    estimates(fit, replicates, &parameters, &done, |which| {
        let drawn = draws.draw(replicates.seed, which);
        refits.of(Data::new(draws.view(&drawn)))
    })
}

fn refused<T>(why: &str) -> Result<T, FitError> {
    Err(FitError::Shape(format!("a bootstrap: {why}")))
}

/// Fits of replicates, with their components in the order of the fit.
struct Refits<'a, 'b, 'x, S: ComponentSet, W: WeightModel> {
    fit: &'a Mixture<S, W>,
    data: MixtureData<'b, 'x, S, W>,
    options: Options,
    /// The fit's responsibilities for the rows of the data, times row weights.
    shares: Vec<f64>,
}

impl<'a, 'b, 'x, S, W> Refits<'a, 'b, 'x, S, W>
where
    S: ComponentSet + Coordinates + 'static,
    W: WeightModel + Coordinates + 'static,
{
    fn new(
        fit: &'a Mixture<S, W>,
        data: MixtureData<'b, 'x, S, W>,
        options: &Options,
    ) -> Result<Self, FitError> {
        if options.trim > 0.0 {
            return refused("rows that are trimmed have no errors");
        }
        fit.evaluate(data)?;
        let mut shares = fit.posterior(data.xs).responsibilities;
        for (i, row) in shares.chunks_exact_mut(fit.len()).enumerate() {
            let weight = data.row_weight(i);
            row.iter_mut().for_each(|share| *share *= weight);
        }
        // Threads work on replicates, and moves belong to the search for the fit.
        let options = options.clone().threads(1).split_merge(0);
        Ok(Refits {
            fit,
            data,
            options,
            shares,
        })
    }
    fn of(&self, replicate: MixtureData<'_, '_, S, W>) -> Result<Mixture<S, W>, FitError> {
        let mut driver = Driver::new(&self.options).accelerate(Acceleration::default());
        let refit = fit_from_with(self.fit, replicate, Start::Model, &mut driver)?.model;
        if refit.len() != self.fit.len() {
            return refused("a component was dropped");
        }
        // Known labels are numbers of components.
        if replicate.allowed.is_some() {
            return Ok(refit);
        }
        let order = assignment(&self.shared(&refit), self.fit.len());
        Ok(match order.iter().copied().eq(0..order.len()) {
            true => refit,
            false => refit.subset(&order),
        })
    }
    /// Σ_i w_i r_ik r*_il of the fit and a refit.
    fn shared(&self, refit: &Mixture<S, W>) -> Vec<f64> {
        let count = self.fit.len();
        let theirs = refit.posterior(self.data.xs).responsibilities;
        let mut shared = vec![0.0; count * count];
        let rows = self
            .shares
            .chunks_exact(count)
            .zip(theirs.chunks_exact(count));
        for (mine, theirs) in rows {
            for (line, mine) in shared.chunks_exact_mut(count).zip(mine) {
                for (sum, theirs) in line.iter_mut().zip(theirs) {
                    *sum += mine * theirs;
                }
            }
        }
        shared
    }
}

/// All replicates in parallel.
fn estimates<M: Send>(
    fit: &M,
    replicates: Replicates,
    parameters: &(impl Fn(&M) -> Vec<f64> + Sync),
    done: &(impl Fn(usize) + Sync),
    refit: impl Fn(usize) -> Result<M, FitError> + Sync,
) -> Result<Estimates, FitError> {
    if replicates.count < 2 {
        return refused("at least two replicates are needed");
    }
    let here = parameters(fit);
    let width = here.len();
    let outcomes = in_parallel(replicates.count, replicates.threads, |which| {
        let drawn = refit(which).map(|model| parameters(&model));
        done(which);
        match drawn {
            Ok(drawn) if drawn.len() != width => refused("a refit has other parameters"),
            drawn => drawn,
        }
    });
    let mut estimates = Estimates {
        fit: here,
        replicates: Vec::new(),
        failures: Vec::new(),
    };
    for (which, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(drawn) => estimates.replicates.push(drawn),
            Err(error) => estimates.failures.push((which, error)),
        }
    }
    let few = estimates.replicates.len() < 2.max(estimates.failures.len() + 1);
    match estimates.failures.first() {
        Some((_, error)) if few => Err(error.clone()),
        _ => Ok(estimates),
    }
}

/// w_0, w_0 + w_1, …
fn cumulated<V: View>(data: Data<'_, V>) -> Vec<f64> {
    let mut sum = 0.0;
    (0..data.rows())
        .map(|i| {
            sum += data.row_weight(i);
            sum
        })
        .collect()
}

/// How often each row is drawn, times n over the number of draws where n is not whole.
fn multinomial(bounds: &[f64], rng: &mut impl Rng) -> Vec<f64> {
    let total = bounds.last().copied().unwrap_or(0.0);
    let draws = total.round().max(1.0);
    let mut counts = vec![0.0; bounds.len()];
    for _ in 0..draws as u64 {
        let at = rng.random::<f64>() * total;
        // Rounding up to the total itself would be past the last row of positive weight.
        let row = bounds.partition_point(|&bound| bound <= at);
        counts[row.min(bounds.partition_point(|&bound| bound < total))] += 1.0;
    }
    counts.iter_mut().for_each(|count| *count *= total / draws);
    counts
}

/// n times Dirichlet weights: a row of weight w has a gamma variate of shape w, as w rows would have.
fn dirichlet<V: View>(data: Data<'_, V>, rng: &mut impl Rng) -> Vec<f64> {
    let mut drawn = Vec::with_capacity(1);
    let mut weights: Vec<f64> = (0..data.rows())
        .map(|i| {
            let Ok(gamma) = Gamma::new(data.row_weight(i), 1.0) else {
                return 0.0;
            };
            drawn.clear();
            gamma.draw(rng, &mut drawn);
            drawn.first().copied().unwrap_or(0.0)
        })
        .collect();
    let scale = data.observations() / weights.iter().sum::<f64>();
    weights.iter_mut().for_each(|weight| *weight *= scale);
    weights
}
