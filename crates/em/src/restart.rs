//! Several starts, the best kept, all reported.

use crate::data::Data;
use crate::degenerate::{Degeneracy, OnDegenerate};
use crate::driver::Driver;
use crate::error::FitError;
use crate::fit::check_data;
use crate::growth::Growth;
use crate::growth::grown;
use crate::init::{MixtureData, SmallEm, Start, repaired_start};
use crate::mixture::Mixture;
use crate::model::LatentModel;
use crate::options::Options;
use crate::report::{Fit, StartReport};
use crate::responsibilities::{Responsibilities, Soft};
use crate::row_cache::RowCache;
use crate::set::ComponentSet;
use crate::split_merge::split_and_merge;
use crate::variant::{Algorithm, Variant};
use crate::warning::warnings;
use crate::weights::WeightModel;
use crate::workspace::Workspace;
use distributions::{Batch, Component};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// The generator of restart `start` under `seed`: xoshiro256++ seeded through SplitMix64, one
/// independent stream for each start. Part of the contract: the same seed gives the same result.
pub fn stream(seed: u64, start: usize) -> Xoshiro256PlusPlus {
    // SplitMix64 (Steele, Lea & Flood 2014) over (seed, start), so that near seeds give far streams.
    let mut state = seed ^ (start as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    Xoshiro256PlusPlus::seed_from_u64(state ^ (state >> 31))
}

/// Fits a mixture from a start of any kind: where chance enters, `options.restarts` times (or as
/// [`SmallEm`] says), keeping the model of highest objective, with its components sorted by falling
/// weight; then moves that split and merge components, where the options ask for them. A start that fails
/// is reported; the fit fails when all do.
///
/// `template` gives the number of components and what is fixed in them; its other parameters matter
/// only for [`Start::Model`].
///
/// ```
/// use distributions::Normal;
/// use em::{Data, Mixture, Options, Start, fit_from};
///
/// let xs = [1.0, 1.2, 0.8, 1.1, 5.0, 5.3, 4.9, 5.2];
/// let template = Mixture::uniform(vec![Normal::standard(); 2]);
/// let fitted = fit_from(&template, Data::new(&xs[..]), Start::Spread, &Options::default())?;
/// let means: Vec<f64> = fitted.model.components().iter().map(Normal::mean).collect();
/// assert!((means[0] + means[1] - 6.125).abs() < 1e-6);
/// # Ok::<(), em::FitError>(())
/// ```
///
/// # Errors
/// See [`FitError`].
pub fn fit_from<S: ComponentSet, W: WeightModel>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    start: Start<'_>,
    options: &Options,
) -> Result<Fit<Mixture<S, W>>, FitError> {
    fit_from_with(template, data, start, &mut Driver::new(options))
}

/// [`fit_from`] by a [`Driver`]: under another rule, with an observer, accelerated.
///
/// # Errors
/// See [`FitError`].
pub fn fit_from_with<S: ComponentSet, W: WeightModel, R: Responsibilities + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    start: Start<'_>,
    driver: &mut Driver<'_, Mixture<S, W>, R>,
) -> Result<Fit<Mixture<S, W>>, FitError> {
    check_data::<_, R>(template, data)?;
    check_checkpoints(driver)?;
    // All runs read the same rows.
    let rows = RowCache::new(data);
    let data = rows.data();
    let template = &prepared::<_, _, R>(template, data, driver.options)?;
    let mut search = Search::new(template, data, driver.options);
    let shared = driver.has_deadline();
    driver.set_deadline();
    let searched = match start {
        Start::SmallEm(small) => search.small_em(small, driver),
        Start::Grown(growth) => search.grown(growth, driver),
        start => search.full_runs(start, driver),
    };
    let outcome = searched.and_then(|()| search.finish(start, Some(driver)));
    if !shared {
        driver.clear_deadline();
    }
    outcome
}

/// The template under the policy for degenerate components, in coordinates that suit the rows.
fn prepared<S: ComponentSet, W: WeightModel, R: Responsibilities + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    options: &Options,
) -> Result<Mixture<S, W>, FitError> {
    let template = match options.on_degenerate {
        OnDegenerate::Floor => LatentModel::<R>::above_floor(template, data)?,
        _ => template.clone(),
    };
    Ok(LatentModel::<R>::suited_to(&template, data.xs))
}

/// [`fit_from`] by another [`Algorithm`]. Of several starts the one whose model has the highest
/// log-likelihood (with the prior) is kept. Short runs, growth, and moves that split and merge, belong to EM and
/// are refused.
///
/// ```
/// use distributions::Normal;
/// use em::{AnnealedEm, Data, Mixture, Options, Start, Variant, fit_from_by};
///
/// let xs = [1.0, 1.2, 0.8, 1.1, 5.0, 5.3, 4.9, 5.2];
/// let template = Mixture::uniform(vec![Normal::standard(); 2]);
/// let (options, algorithm) = (Options::default().restarts(1), AnnealedEm::default());
/// let mut variant = Variant::new(&algorithm, &options);
/// let fitted = fit_from_by(&template, Data::new(&xs[..]), Start::Spread, &mut variant)?;
/// let means: Vec<f64> = fitted.model.components().iter().map(Normal::mean).collect();
/// assert!((means[0] + means[1] - 6.125).abs() < 1e-6);
/// # Ok::<(), em::FitError>(())
/// ```
///
/// # Errors
/// See [`FitError`].
pub fn fit_from_by<S: ComponentSet, W: WeightModel, A: Algorithm<Mixture<S, W>> + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    start: Start<'_>,
    variant: &mut Variant<'_, Mixture<S, W>, A>,
) -> Result<Fit<Mixture<S, W>>, FitError> {
    check_data::<_, Soft>(template, data)?;
    let short = matches!(start, Start::SmallEm(_) | Start::Grown(_));
    if short || variant.options.split_merge > 0 {
        return Err(FitError::Shape(
            "short runs, growth, and moves that split and merge, are for EM".into(),
        ));
    }
    if variant.options.trim > 0.0 {
        return Err(FitError::Shape("trimming is for EM and hard EM".into()));
    }
    let template = &prepared::<_, _, Soft>(template, data, variant.options)?;
    let mut search = Search::new(template, data, variant.options);
    variant.set_deadline();
    search.full_runs(start, variant)?;
    search.finish::<Soft>(start, None)
}

/// Whatever makes a run from each start.
trait Runner<M: Component> {
    fn options(&self) -> &Options;
    fn out_of_time(&self) -> bool;
    /// Whether the checkpoint does not belong to this fit.
    fn refuses_checkpoint(&self) -> bool {
        false
    }
    fn run(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        which: usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError>;
}

impl<M: LatentModel<R>, R: Sync + ?Sized> Runner<M> for Driver<'_, M, R> {
    fn options(&self) -> &Options {
        self.options
    }
    fn out_of_time(&self) -> bool {
        Driver::out_of_time(self)
    }
    fn refuses_checkpoint(&self) -> bool {
        Driver::refuses_checkpoint(self)
    }
    fn run(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        which: usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        Driver::run(self, start, data, which, workspace)
    }
}

impl<M: LatentModel, A: Algorithm<M> + ?Sized> Runner<M> for Variant<'_, M, A> {
    fn options(&self) -> &Options {
        self.options
    }
    fn out_of_time(&self) -> bool {
        Variant::out_of_time(self)
    }
    fn run(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        which: usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        Variant::run(self, start, data, which, workspace)
    }
}

/// Refuses what no checkpoint can hold: the clock.
fn check_checkpoints<M, R: ?Sized>(driver: &Driver<'_, M, R>) -> Result<(), FitError> {
    if driver.options.time_limit.is_some() && driver.has_checkpoints() {
        return Err(FitError::Shape(
            "checkpoints cannot be combined with a time limit: where the clock ends a fit no two of them \
             are the same"
                .into(),
        ));
    }
    Ok(())
}

/// Short runs, of which the best are continued.
#[derive(Clone, Copy)]
pub(crate) struct ShortRuns {
    pub(crate) runs: usize,
    pub(crate) iterations: usize,
    pub(crate) continued: usize,
    /// The number of the first, for the observer.
    pub(crate) first: usize,
}

/// The runs of one fit.
pub(crate) struct Search<'a, 'b, 'x, S: ComponentSet, W: WeightModel> {
    template: &'a Mixture<S, W>,
    data: MixtureData<'b, 'x, S, W>,
    workspace: Workspace<<Mixture<S, W> as Component>::Statistics>,
    best: Option<Fit<Mixture<S, W>>>,
    failure: Option<FitError>,
    starts: Vec<StartReport>,
    passes: usize,
}

impl<'a, 'b, 'x, S: ComponentSet, W: WeightModel> Search<'a, 'b, 'x, S, W> {
    pub(crate) fn new(
        template: &'a Mixture<S, W>,
        data: MixtureData<'b, 'x, S, W>,
        options: &Options,
    ) -> Self {
        let statistics = template.empty_statistics();
        Search {
            template,
            data,
            workspace: Workspace::new(data.xs, &statistics, options.threads),
            best: None,
            failure: None,
            starts: Vec::new(),
            passes: 0,
        }
    }

    /// One run from `start`, the start number `which`.
    fn run(
        &mut self,
        start: Start<'_>,
        which: usize,
        runner: &mut impl Runner<Mixture<S, W>>,
    ) -> Result<Fit<Mixture<S, W>>, FitError> {
        let (template, data) = (self.template, self.data);
        let options = runner.options();
        let (seed, policy) = (options.seed, (options.on_degenerate, options.trim));
        self.run_from(which, runner, |events| {
            let mut rng = stream(seed, which);
            let start = start.of_run(which);
            repaired_start(template, data, start, &mut rng, policy, events)
        })
    }

    /// One run from the model that `begin` makes, with what was repaired for it.
    fn run_from(
        &mut self,
        which: usize,
        runner: &mut impl Runner<Mixture<S, W>>,
        begin: impl FnOnce(&mut Vec<Degeneracy>) -> Result<Mixture<S, W>, FitError>,
    ) -> Result<Fit<Mixture<S, W>>, FitError> {
        let mut events = Vec::new();
        let model = begin(&mut events)?;
        let mut fit = runner.run(model, self.data, which, &mut self.workspace)?;
        fit.report.degeneracies.splice(0..0, events);
        self.passes += fit.report.passes;
        Ok(fit)
    }

    /// Keeps the better model, and the first failure.
    fn keep(&mut self, outcome: Result<Fit<Mixture<S, W>>, FitError>) {
        match outcome {
            Ok(fit) => {
                let better = |best: &Fit<_>| fit.report.objective > best.report.objective;
                if self.best.as_ref().is_none_or(better) {
                    self.best = Some(fit);
                }
            }
            Err(error) => {
                self.failure.get_or_insert(error);
            }
        }
    }

    /// Every start to its end; an error only where the checkpoint is of another fit.
    fn full_runs(
        &mut self,
        start: Start<'_>,
        runner: &mut impl Runner<Mixture<S, W>>,
    ) -> Result<(), FitError> {
        for which in 0..start.count(runner.options()) {
            if self.best.is_some() && runner.out_of_time() {
                break;
            }
            let outcome = self.run(start, which, runner);
            // No start by chance has more rows to begin from.
            let too_few = matches!(outcome, Err(FitError::TooFewDistinctRows { .. }));
            if too_few || runner.refuses_checkpoint() {
                return outcome.map(|_| ());
            }
            self.starts.push(StartReport::of(&outcome));
            self.keep(outcome);
        }
        Ok(())
    }

    /// Short runs from spread and random rows.
    fn small_em<R: Responsibilities + ?Sized>(
        &mut self,
        small: SmallEm,
        driver: &mut Driver<'_, Mixture<S, W>, R>,
    ) -> Result<(), FitError> {
        let (template, data, options) = (self.template, self.data, driver.options);
        let policy = (options.on_degenerate, options.trim);
        let begin = |which: usize, events: &mut Vec<Degeneracy>| {
            let mut rng = stream(options.seed, which);
            let start = small.start().of_run(which);
            repaired_start(template, data, start, &mut rng, policy, events)
        };
        let runs = ShortRuns {
            runs: small.runs.max(1),
            iterations: small.iterations,
            continued: small.continued,
            first: 0,
        };
        self.short_runs(runs, begin, driver)
    }

    /// The fit of a mixture that grows, as that of the best start.
    fn grown<R: Responsibilities + ?Sized>(
        &mut self,
        growth: Growth,
        driver: &mut Driver<'_, Mixture<S, W>, R>,
    ) -> Result<(), FitError> {
        let mut fit = grown(self.template, self.data, growth, driver)?;
        self.starts = std::mem::take(&mut fit.report.starts);
        self.passes = fit.report.passes;
        self.best = Some(fit);
        Ok(())
    }

    /// Every run for a few iterations from where it begins, the best of them to the end. No checkpoint holds the
    /// short runs: they are soon run again. An error only where the checkpoint is of another fit.
    pub(crate) fn short_runs<R: Responsibilities + ?Sized>(
        &mut self,
        of: ShortRuns,
        begin: impl Fn(usize, &mut Vec<Degeneracy>) -> Result<Mixture<S, W>, FitError>,
        driver: &mut Driver<'_, Mixture<S, W>, R>,
    ) -> Result<(), FitError> {
        let iterations = of.iterations.min(driver.options.max_iterations);
        let brief = driver.options.clone().max_iterations(iterations);
        let mut short = Driver::new(&brief).rule(driver.rule);
        let mut reached = Vec::new();
        for which in 0..of.runs {
            if !reached.is_empty() && driver.out_of_time() {
                break;
            }
            let outcome =
                self.run_from(of.first + which, &mut short, |events| begin(which, events));
            self.starts.push(StartReport::of(&outcome).left());
            match outcome {
                Ok(fit) => reached.push((which, fit)),
                failed => self.keep(failed),
            }
        }
        // The sort is stable, so that equals keep their order: the same seed, the same result.
        reached.sort_by(|(_, a), (_, b)| b.report.objective.total_cmp(&a.report.objective));
        for (which, short) in reached.into_iter().take(of.continued.max(1)) {
            let (template, data) = (short.model, self.data);
            let outcome = driver.run(template, data, of.first + which, &mut self.workspace);
            if driver.refuses_checkpoint() {
                return outcome.map(|_| ());
            }
            let outcome = outcome.map(|mut fit| {
                self.passes += fit.report.passes;
                fit.report.continues(short.report);
                fit
            });
            self.starts[which] = StartReport::of(&outcome);
            self.keep(outcome);
        }
        Ok(())
    }

    /// The best of all as it is, with the report of all runs.
    pub(crate) fn best(self) -> Result<Fit<Mixture<S, W>>, FitError> {
        let Some(mut best) = self.best else {
            return Err(self.failure.unwrap_or(FitError::NoRows));
        };
        best.report.starts = self.starts;
        best.report.passes = self.passes;
        Ok(best)
    }

    /// The best of all, sorted where chance numbered its components.
    fn finish<R: Responsibilities + ?Sized>(
        mut self,
        start: Start<'_>,
        driver: Option<&mut Driver<'_, Mixture<S, W>, R>>,
    ) -> Result<Fit<Mixture<S, W>>, FitError> {
        let Some(mut best) = self.best else {
            return Err(self.failure.unwrap_or(FitError::NoRows));
        };
        if let Some(driver) = driver {
            let moves = split_and_merge(&mut best, self.data, driver, &mut self.workspace)?;
            if driver.has_unused_checkpoint() {
                return Err(FitError::Shape(
                    "the checkpoint is of a run that this fit does not make: other data or options"
                        .into(),
                ));
            }
            best.report.moves = moves;
        }
        // Known labels are numbers of components: then the order is theirs.
        if start.is_random() && self.data.allowed.is_none() {
            best.model = best.model.sorted_by_weight();
        }
        let tried: usize = best.report.moves.iter().map(|tried| tried.passes).sum();
        best.report.starts = self.starts;
        best.report.passes = self.passes + tried;
        best.report.warnings = warnings(&best.model, &best.report, self.data);
        Ok(best)
    }
}
