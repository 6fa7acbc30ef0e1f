//! Candidates assessed in parallel, and ranked.

use crate::posterior::Evaluation;
use crate::report::Fit;
use crate::select::criterion::InformationCriterion;
use crate::select::objection::{Objection, objection};
use crate::select::parallel::in_parallel;

/// A candidate's fit, and how good it is.
#[derive(Clone, Debug)]
pub struct Assessed<T> {
    /// The fit, or whatever is to be kept of it. Its stop reason stands in its report.
    pub fit: T,
    /// The criterion, smaller is better.
    pub value: f64,
    /// The number of free parameters: of equal values the one with fewer is the better.
    pub parameters: usize,
    /// Why it is not to be ranked, where it is not.
    pub objection: Option<Objection>,
}

impl<M> Assessed<Fit<M>> {
    /// A fit with its value under an information criterion and the [`objection`] to it, where `dimension`
    /// is the number of columns, and `spreads` are those of its components.
    pub fn new(
        fit: Fit<M>,
        evaluation: &Evaluation,
        criterion: InformationCriterion,
        dimension: usize,
        spreads: &[Option<f64>],
    ) -> Self {
        let (events, counts) = (fit.report.degeneracies.len(), &evaluation.effective_counts);
        Assessed {
            value: criterion.value(evaluation),
            parameters: evaluation.parameters,
            objection: objection(events, counts, dimension, spreads),
            fit,
        }
    }
}

/// A candidate with its rank.
#[derive(Clone, Debug)]
pub struct Ranked<C, T> {
    /// The candidate.
    pub candidate: C,
    /// Its fit.
    pub fit: T,
    /// The criterion.
    pub value: f64,
    /// How much more it is than the best of all that are ranked: 0 for the first.
    pub difference: f64,
    /// The number of free parameters.
    pub parameters: usize,
}

/// A candidate that was fitted, but is not ranked.
#[derive(Clone, Debug)]
pub struct Listed<C, T> {
    /// The candidate.
    pub candidate: C,
    /// Its fit.
    pub fit: T,
    /// The criterion.
    pub value: f64,
    /// The number of free parameters.
    pub parameters: usize,
    /// Why it is not ranked.
    pub objection: Objection,
}

/// A candidate that could not be fitted.
#[derive(Clone, Debug)]
pub struct Failed<C, E> {
    /// The candidate.
    pub candidate: C,
    /// Why.
    pub error: E,
}

/// All candidates: each stands in one of three lists.
#[derive(Clone, Debug)]
pub struct Ranking<C, T, E> {
    /// Best first; of equals, the one with fewer parameters, then the one named first.
    pub ranked: Vec<Ranked<C, T>>,
    /// Fitted, but not ranked: best first.
    pub unranked: Vec<Listed<C, T>>,
    /// Not fitted, as named.
    pub failed: Vec<Failed<C, E>>,
}

impl<C, T, E> Ranking<C, T, E> {
    /// The first of those that are ranked.
    pub fn best(&self) -> Option<&Ranked<C, T>> {
        self.ranked.first()
    }
}

/// Assesses every candidate, by `threads` threads (0: every core), and ranks them.
///
/// `assess` must depend on its candidate alone: then the ranking is the same for any number of threads, and
/// the fit of a candidate does not depend on which others there are. Fits within are best given one thread,
/// [`Options::threads`](crate::Options::threads), unless there are fewer candidates than cores.
///
/// ```
/// use distributions::{Normal, Univariate};
/// use em::select::{Assessed, InformationCriterion::Bic, rank};
/// use em::{Data, FitError, Mixture, Options, Start, fit_from};
///
/// let xs = [1.0, 1.2, 0.8, 1.1, 0.9, 1.3, 5.0, 5.3, 4.9, 5.2, 5.1, 4.7];
/// let (data, options) = (Data::new(&xs[..]), Options::default().threads(1));
/// let variance = 4.1; // of all data
/// let ranking = rank(vec![1, 2, 3], 0, |&components| {
///     let template = Mixture::uniform(vec![Normal::standard(); components]);
///     let fit = fit_from(&template, data, Start::Spread, &options)?;
///     let evaluation = fit.model.evaluate(data)?;
///     let normals = fit.model.components().iter();
///     let spreads: Vec<_> = normals.map(|normal| Some(normal.variance() / variance)).collect();
///     Ok::<_, FitError>(Assessed::new(fit, &evaluation, Bic, 1, &spreads))
/// });
/// assert_eq!(ranking.best().map(|best| best.candidate), Some(2));
/// ```
pub fn rank<C: Sync, T: Send, E: Send>(
    candidates: Vec<C>,
    threads: usize,
    assess: impl Fn(&C) -> Result<Assessed<T>, E> + Sync,
) -> Ranking<C, T, E> {
    let chains = candidates.into_iter().map(|candidate| vec![candidate]);
    rank_chains(chains.collect(), threads, |candidate, (): &mut ()| {
        assess(candidate)
    })
}

/// [`rank`] of candidates in chains: those of a chain are assessed one after the other, in their order, with a memory
/// that passes from one to the next, and chains in parallel.
///
/// The memory is for what candidates have in common, computed once; it must not change what is found. A
/// [`GrowthPath`](crate::GrowthPath) is such a memory: a fit along it has the bits of a fit by itself, so that each
/// candidate starts warm from the one before, and can be made again without it.
///
/// ```
/// use distributions::Poisson;
/// use em::select::{Assessed, InformationCriterion::Bic, rank_chains};
/// use em::{Data, Driver, FitError, Growth, GrowthPath, Mixture, Options, Start, fit_from_with};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1, 2, 12, 9, 0, 1, 30, 28, 33, 29, 31];
/// let (data, options) = (Data::new(&counts[..]), Options::default().threads(1));
/// // One family, one chain: the fit of K components is the start of K + 1.
/// let ranking = rank_chains(vec![vec![1, 2, 3, 4, 5]], 0, |&components, path: &mut GrowthPath<_>| {
///     let template = Mixture::uniform(vec![Poisson::new(1.0).unwrap(); components]);
///     let mut driver = Driver::new(&options).growing(path);
///     let start = Start::Grown(Growth::default());
///     let fit = fit_from_with(&template, data, start, &mut driver)?;
///     let evaluation = fit.model.evaluate(data)?;
///     Ok::<_, FitError>(Assessed::new(fit, &evaluation, Bic, 1, &[]))
/// });
/// assert_eq!(ranking.best().map(|best| best.candidate), Some(3));
/// ```
pub fn rank_chains<C: Sync, P: Default, T: Send, E: Send>(
    chains: Vec<Vec<C>>,
    threads: usize,
    assess: impl Fn(&C, &mut P) -> Result<Assessed<T>, E> + Sync,
) -> Ranking<C, T, E> {
    let outcomes = in_parallel(chains.len(), threads, |i| -> Vec<_> {
        let mut memory = P::default();
        let chain = chains[i].iter();
        chain.map(|one| assess(one, &mut memory)).collect()
    });
    let candidates = chains.into_iter().flatten();
    let mut ranking = Ranking {
        ranked: Vec::new(),
        unranked: Vec::new(),
        failed: Vec::new(),
    };
    for (candidate, outcome) in candidates.zip(outcomes.into_iter().flatten()) {
        let assessed = match outcome {
            Ok(assessed) => assessed,
            Err(error) => {
                ranking.failed.push(Failed { candidate, error });
                continue;
            }
        };
        let (fit, value, parameters) = (assessed.fit, assessed.value, assessed.parameters);
        let no_value = (!value.is_finite()).then_some(Objection::NoValue);
        match assessed.objection.or(no_value) {
            Some(objection) => ranking.unranked.push(Listed {
                candidate,
                fit,
                value,
                parameters,
                objection,
            }),
            None => ranking.ranked.push(Ranked {
                candidate,
                fit,
                value,
                difference: 0.0,
                parameters,
            }),
        }
    }
    // Stable: of equals the one named first stays first.
    let order = |a: (f64, usize), b: (f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    (ranking.ranked).sort_by(|a, b| order((a.value, a.parameters), (b.value, b.parameters)));
    (ranking.unranked).sort_by(|a, b| order((a.value, a.parameters), (b.value, b.parameters)));
    let best = ranking.best().map_or(0.0, |best| best.value);
    for ranked in &mut ranking.ranked {
        ranked.difference = ranked.value - best;
    }
    ranking
}
