//! Mixtures that grow: from one component to K, each step the split of one.

use crate::degenerate::OnDegenerate;
use crate::driver::Driver;
use crate::error::FitError;
use crate::init::{MixtureData, Start, repaired_start, spread};
use crate::mixture::Mixture;
use crate::options::Options;
use crate::report::Fit;
use crate::responsibilities::Responsibilities;
use crate::restart::{Search, ShortRuns, stream};
use crate::set::ComponentSet;
use crate::split::Splits;
use crate::stop::StopReason;
use crate::weights::WeightModel;

/// How a mixture is [grown](crate::Start::Grown), one component at a time. [`Options::restarts`] has no part in it:
/// the number of splits stands here.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Growth {
    /// How many splits are tried at each number of components; default 10.
    pub splits: usize,
    /// The iterations of each; default 10.
    pub iterations: usize,
    /// How many of the best are continued to convergence; default 3.
    pub continued: usize,
}

impl Default for Growth {
    fn default() -> Self {
        Growth {
            splits: 10,
            iterations: 10,
            continued: 3,
        }
    }
}

/// A number of components on the way of a [grown](crate::Start::Grown) mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct GrowthStep {
    /// How many components there were, given ones included.
    pub components: usize,
    /// The objective that EM reached with them.
    pub objective: f64,
}

/// The fits on the way of a [grown](crate::Start::Grown) mixture, kept for one of more components: what two numbers
/// of components have in common is fitted once. A fit by way of it has the bits of a fit by itself.
///
/// It belongs to one data set, one kind of template and one driver. Templates must differ in their number of
/// components alone: `subset` of the larger has to give the smaller.
///
/// ```
/// use distributions::Normal;
/// use em::{Data, Driver, Growth, GrowthPath, Mixture, Options, Start, fit_from_with};
///
/// let xs = [1.0, 1.2, 0.8, 1.1, 5.0, 5.3, 4.9, 5.2, 9.1, 9.0, 8.7, 9.4];
/// let (data, options) = (Data::new(&xs[..]), Options::default());
/// let start = Start::Grown(Growth::default());
/// let mut path = GrowthPath::default();
/// for components in 1..=3 {
///     let template = Mixture::uniform(vec![Normal::standard(); components]);
///     let mut driver = Driver::new(&options).growing(&mut path);
///     let fitted = fit_from_with(&template, data, start, &mut driver)?;
///     assert_eq!(fitted.report.growth.len(), components);
/// }
/// assert_eq!(path.len(), 3);
/// # Ok::<(), em::FitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GrowthPath<M> {
    /// The fit of one free component, of two, and so on.
    fits: Vec<Fit<M>>,
    /// Why there is no next one.
    failure: Option<FitError>,
    belongs: Option<Belongs>,
}

/// What a path belongs to, as far as it can be told.
#[derive(Clone, Debug, PartialEq)]
struct Belongs {
    growth: Growth,
    options: Options,
    rows: usize,
    observations: f64,
}

impl<M> Default for GrowthPath<M> {
    fn default() -> Self {
        GrowthPath {
            fits: Vec::new(),
            failure: None,
            belongs: None,
        }
    }
}

impl<M> GrowthPath<M> {
    /// How many numbers of components have been fitted: 1, 2, … up to it, given components not counted.
    pub fn len(&self) -> usize {
        self.fits.len()
    }
    /// Whether nothing has been fitted.
    pub fn is_empty(&self) -> bool {
        self.fits.is_empty()
    }
    /// The passes over the data that all of it took.
    pub fn passes(&self) -> usize {
        self.fits.last().map_or(0, |fit| fit.report.passes)
    }
    fn check(&mut self, belongs: Belongs) -> Result<(), FitError> {
        match self.belongs.get_or_insert_with(|| belongs.clone()) {
            mine if *mine == belongs => Ok(()),
            _ => Err(FitError::Shape(
                "the path of growth is one of other data or options".into(),
            )),
        }
    }
}

/// The generators of the splits: far from those of starts, and of moves.
const SPLITS: usize = 1 << 28;

/// The growth of one template.
struct Growing<'a, 'b, 'x, S: ComponentSet, W: WeightModel> {
    template: &'a Mixture<S, W>,
    data: MixtureData<'b, 'x, S, W>,
    growth: Growth,
    /// The components of the template that are given, and those that are estimated.
    given: Vec<usize>,
    free: Vec<usize>,
}

/// The best fit from [`Start::Grown`], along the path of the driver where it has one.
///
/// # Errors
/// Where something is known that has no meaning with fewer components; where the path ends before it.
pub(crate) fn grown<S: ComponentSet, W: WeightModel, R: Responsibilities + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    growth: Growth,
    driver: &mut Driver<'_, Mixture<S, W>, R>,
) -> Result<Fit<Mixture<S, W>>, FitError> {
    let (given, free) = (0..template.len()).partition(|&k| template.components().is_given(k));
    let growing = Growing {
        template,
        data,
        growth,
        given,
        free,
    };
    growing.check(driver)?;
    let (mut own, mut lent) = (GrowthPath::default(), driver.path.take());
    let path = lent.as_deref_mut().unwrap_or(&mut own);
    let fit = growing.along(path, driver);
    driver.path = lent;
    fit
}

impl<S: ComponentSet, W: WeightModel> Growing<'_, '_, '_, S, W> {
    fn check<R: ?Sized>(&self, driver: &Driver<'_, Mixture<S, W>, R>) -> Result<(), FitError> {
        let options = driver.options;
        let refused = [
            (
                self.data.allowed.is_some(),
                "what is known of the rows is of all components, and a grown mixture begins with one",
            ),
            (
                options.on_degenerate == OnDegenerate::Drop,
                "a mixture from which components are dropped does not grow: fail, reset or floor",
            ),
            (
                self.free.is_empty(),
                "a mixture grows by components that are estimated, and has none",
            ),
            (
                driver.path.is_some() && driver.has_checkpoints(),
                "checkpoints are of one fit, and a path of growth is of several",
            ),
        ];
        if let Some((_, why)) = refused.iter().find(|(refused, _)| *refused) {
            return Err(FitError::Shape((*why).into()));
        }
        // The splits do not find out that there are too few distinct rows.
        let mut rng = stream(options.seed, SPLITS);
        spread::shares(self.template, self.data, options.trim, &mut rng).map(|_| ())
    }

    /// The fit of all components; what is not on the path yet is added to it.
    fn along<R: Responsibilities + ?Sized>(
        &self,
        path: &mut GrowthPath<Mixture<S, W>>,
        driver: &mut Driver<'_, Mixture<S, W>, R>,
    ) -> Result<Fit<Mixture<S, W>>, FitError> {
        path.check(self.belongs(driver.options))?;
        // What clock or observer cut short is for this fit alone.
        let mut whole = usize::MAX;
        while path.fits.len() < self.free.len() {
            if let Some(error) = &path.failure {
                return Err(error.clone());
            }
            let fit = self.step(path.fits.last(), path.fits.len() + 1, driver);
            if driver.refuses_checkpoint() {
                return fit;
            }
            match fit {
                Ok(fit) => {
                    let observed = fit.report.stop_reason == StopReason::Observer;
                    if observed || driver.out_of_time() {
                        whole = whole.min(path.fits.len());
                    }
                    path.fits.push(fit);
                }
                Err(error) => path.failure = Some(error),
            }
        }
        let fit = path.fits[self.free.len() - 1].clone();
        path.fits.truncate(whole);
        Ok(fit)
    }

    fn belongs(&self, options: &Options) -> Belongs {
        let mut options = options.clone().threads(0).split_merge(0).restarts(1);
        options.time_limit = None;
        Belongs {
            growth: self.growth,
            options,
            rows: self.data.rows(),
            observations: self.data.observations(),
        }
    }

    /// The fit with `free` components besides those that are given, from the one with one less.
    fn step<R: Responsibilities + ?Sized>(
        &self,
        before: Option<&Fit<Mixture<S, W>>>,
        free: usize,
        driver: &mut Driver<'_, Mixture<S, W>, R>,
    ) -> Result<Fit<Mixture<S, W>>, FitError> {
        let added = self.free[free - 1];
        let mut keep: Vec<usize> = [&self.given[..], &self.free[..free]].concat();
        keep.sort_unstable();
        let place = keep.iter().take_while(|&&k| k < added).count();
        let (template, data) = (self.template.subset(&keep), self.data);
        let options = driver.options;
        let splits =
            before.map(|fit| Splits::new(&fit.model, data, options.trim, &template, place));
        let splits_tried = self.growth.splits.max(1);
        let runs = ShortRuns {
            // There is one start of a single component.
            runs: if template.len() == 1 { 1 } else { splits_tried },
            iterations: self.growth.iterations,
            continued: self.growth.continued,
            first: (free - 1) * splits_tried,
        };
        let mut search = Search::new(&template, data, options);
        let begin = |which: usize, events: &mut Vec<_>| {
            let mut rng = stream(options.seed, SPLITS + runs.first + which);
            let policy = (options.on_degenerate, options.trim);
            match &splits {
                Some(splits) => splits.model(which, &mut rng),
                None => {
                    let start = Start::Alternating.of_run(which);
                    repaired_start(&template, data, start, &mut rng, policy, events)
                }
            }
        };
        let searched = search.short_runs(runs, begin, driver);
        let best = searched.and_then(|()| search.best());
        let mut fit = best.map_err(|error| match before {
            Some(_) if !driver.refuses_checkpoint() => FitError::Growing {
                components: template.len(),
                source: Box::new(error),
            },
            _ => error,
        })?;
        let mut growth = before.map_or(Vec::new(), |fit| fit.report.growth.clone());
        growth.push(GrowthStep {
            components: template.len(),
            objective: fit.report.objective,
        });
        fit.report.growth = growth;
        fit.report.passes += before.map_or(0, |fit| fit.report.passes);
        Ok(fit)
    }
}
