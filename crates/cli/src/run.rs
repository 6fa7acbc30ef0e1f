//! The fit of a model with what is known about rows and components.

use crate::checkpoint::Kept;
use crate::explain::Context;
use crate::failure::Failure;
use crate::groups::error_of_rows;
use crate::known::Held;
use crate::progress::Line;
use crate::saved::{KnownMixture, whole};
use crate::variational;
use distributions::combine::{GroupedView, Repeated};
use distributions::{Batch, Coordinates, Density, View};
use em::{
    Acceleration, Allowed, ComponentSet, Data, Driver, Evaluation, Fit, FitError, FixedComponents,
    FixedWeights, Mixture, MultinomialLogisticWeights, NamedAlgorithm, Options, Responsibilities,
    Start, WeightModel, Weights, WeightsPosterior, WeightsPrior,
};
use tabular::{Specification, TableComponents, TableMixture};

/// How a fit runs, whatever is fitted.
pub struct Job<'a> {
    /// The options.
    pub options: &'a Options,
    /// The acceleration.
    pub acceleration: Acceleration,
    /// The rule of the E-step.
    pub rule: &'a dyn Responsibilities,
    /// An algorithm that has a loop of its own, in place of the rule.
    pub algorithm: Option<&'a NamedAlgorithm>,
    /// The start.
    pub start: Start<'a>,
    /// The relative change of coordinates at which a fit may stop.
    pub parameter_tolerance: Option<f64>,
    /// Row weights, of groups where there are groups.
    pub row_weights: Option<&'a [f64]>,
    /// Known labels, likewise.
    pub allowed: Option<Allowed<'a>>,
    /// Row weights of rows that are set aside from the fit, to be scored by it.
    pub held_out: Option<&'a [f64]>,
}

/// How well a model fits the rows of its fit, and those set aside.
pub struct Evaluations {
    /// The rows of the fit.
    pub fitted: Evaluation,
    /// The log-likelihood of the rows set aside, where there are some.
    pub held_out: Option<f64>,
}

/// What is fitted besides the components.
pub enum Mixing {
    /// Weights that are estimated.
    Free,
    /// Weights that are not.
    Fixed(Weights),
    /// Weights that depend on covariates.
    Concomitant(MultinomialLogisticWeights),
    /// Weights that have a posterior, as the parameters have.
    Posterior(WeightsPrior),
}

/// The components that are not estimated, and how weights are.
pub struct Knowledge {
    /// Components by number.
    pub fixed: Vec<usize>,
    /// The weights.
    pub mixing: Mixing,
}

/// A fit, in the start's order of components.
pub struct Fitted {
    /// The model; where weights depend on covariates, with their proportions.
    pub model: TableMixture,
    /// The posterior of the weights, where they have one: the model is then the predictive one.
    pub weights_posterior: Option<WeightsPosterior>,
    /// Weights that depend on covariates.
    pub concomitant: Option<MultinomialLogisticWeights>,
    /// The report.
    pub report: em::FitReport,
    /// How well the model fits.
    pub evaluation: Evaluations,
}

impl Job<'_> {
    fn data<V: View>(&self, xs: V) -> Data<'_, V> {
        let mut data = Data::new(xs);
        data.row_weights = self.row_weights;
        data.allowed = self.allowed;
        data
    }
    /// What drives the fit of a model of any kind.
    pub fn driver<'b, M>(&'b self, line: &'b mut Line) -> Driver<'b, M, dyn Responsibilities + 'b>
    where
        M: Coordinates + 'static,
    {
        let driver = Driver::new(self.options)
            .accelerate(self.acceleration)
            .rule(self.rule)
            .observe(line);
        match self.parameter_tolerance {
            Some(tolerance) => driver.parameter_tolerance(tolerance),
            None => driver,
        }
    }
    /// Fits a mixture of any kind.
    fn fit<'d, S, W>(
        &'d self,
        template: &Mixture<S, W>,
        xs: Batch<'_, <Mixture<S, W> as Density>::Space>,
        driver: Driver<'d, Mixture<S, W>, dyn Responsibilities + 'd>,
    ) -> Result<(Fit<Mixture<S, W>>, Evaluations), FitError>
    where
        S: ComponentSet,
        W: WeightModel,
        Mixture<S, W>: Coordinates,
    {
        let fit = self.search(template, xs, driver)?;
        // Of the rows of the fit those count that were not trimmed.
        let counted = match fit.report.trimmed {
            Some(_) => Some(em::trimmed(&fit.model, self.data(xs), self.rule, self.options)?.0),
            None => None,
        };
        let evaluations = self.evaluations(&fit.model, xs, counted.as_deref())?;
        Ok((fit, evaluations))
    }
    /// Fits, and no more.
    pub fn search<'d, S, W>(
        &'d self,
        template: &Mixture<S, W>,
        xs: Batch<'_, <Mixture<S, W> as Density>::Space>,
        mut driver: Driver<'d, Mixture<S, W>, dyn Responsibilities + 'd>,
    ) -> Result<Fit<Mixture<S, W>>, FitError>
    where
        S: ComponentSet,
        W: WeightModel,
        Mixture<S, W>: Coordinates,
    {
        let data = self.data(xs);
        match self.algorithm {
            Some(algorithm) => {
                let mut variant = driver.variant(algorithm);
                em::fit_from_by(template, data, self.start, &mut variant)
            }
            None => em::fit_from_with(template, data, self.start, &mut driver),
        }
    }
    /// How well a model fits the rows of the fit, of weights `counted` where not all count, and all those that
    /// were set aside.
    pub fn evaluations<S: ComponentSet, W: WeightModel>(
        &self,
        model: &Mixture<S, W>,
        xs: Batch<'_, <Mixture<S, W> as Density>::Space>,
        counted: Option<&[f64]>,
    ) -> Result<Evaluations, FitError> {
        let data = self.data(xs);
        let kept = counted.map_or(data, |kept| data.weighted(kept));
        let fitted = model.evaluate(kept)?;
        let held_out = self.held_out.map(|weights| {
            let scored = model.evaluate(data.weighted(weights))?;
            Ok::<_, FitError>(scored.log_likelihood)
        });
        let held_out = held_out.transpose()?;
        Ok(Evaluations { fitted, held_out })
    }
}

/// Fits `template` under what is known.
pub fn fit(
    job: &Job<'_>,
    template: TableMixture,
    knowledge: Knowledge,
    held: &Held,
    context: Context<'_>,
    line: &mut Line,
    kept: &mut Kept<'_>,
) -> Result<Fitted, Failure> {
    if let Mixing::Posterior(prior) = knowledge.mixing {
        return variational::fit(job, &template, prior, context, line);
    }
    let components = template.components().clone();
    let plain = knowledge.fixed.is_empty() && held.offsets.is_none();
    if let (Mixing::Free, true) = (&knowledge.mixing, plain) {
        let done = job.fit(
            &template,
            context.typed.table.view(),
            kept.by(job.driver(line))?,
        );
        let (fit, evaluation) = done.map_err(|error| context.failure(&error, &components))?;
        return Ok(Fitted {
            model: fit.model,
            weights_posterior: None,
            concomitant: None,
            report: fit.report,
            evaluation,
        });
    }
    let own: Vec<usize>;
    let offsets = match &held.offsets {
        Some(offsets) => offsets,
        None => {
            own = (0..=context.typed.table.rows()).collect();
            &own
        }
    };
    let failed = |error: FitError| {
        let error = error_of_rows(error, offsets, context.typed, &components);
        context.failure(&error, &components)
    };
    let set = Repeated(FixedComponents::new(&components, &knowledge.fixed));
    let groups = GroupedView::new(context.typed.table.view(), offsets);
    let wrong = |error: distributions::ParameterError| Failure::input(error.to_string());
    match knowledge.mixing {
        Mixing::Free => {
            let template = Mixture::new(template.weights().clone(), set).map_err(wrong)?;
            let (fit, evaluation) = job
                .fit(&template, groups, kept.by(job.driver(line))?)
                .map_err(failed)?;
            let weights = fit.model.weights().clone();
            fitted(fit, evaluation, weights, None, context.specification)
        }
        Mixing::Fixed(weights) => {
            let template = Mixture::new(FixedWeights::new(weights), set).map_err(wrong)?;
            let (fit, evaluation) = job
                .fit(&template, groups, kept.by(job.driver(line))?)
                .map_err(failed)?;
            let weights = fit.model.weights().weights().clone();
            fitted(fit, evaluation, weights, None, context.specification)
        }
        Mixing::Posterior(_) => Err(Failure::input("posteriors of what is known are not fitted")),
        Mixing::Concomitant(weights) => {
            let Some(covariates) = &held.covariates else {
                return Err(Failure::input(
                    "the covariates of --concomitant are not read",
                ));
            };
            let template = Mixture::new(weights, set).map_err(wrong)?;
            let driver = kept.by(job.driver(line))?;
            let done = job.fit(&template, (covariates.view(), groups), driver);
            let (fit, evaluation) = done.map_err(failed)?;
            let weights = fit.model.weights().clone();
            let overall = Weights::new(weights.proportions().to_vec()).map_err(wrong)?;
            fitted(
                fit,
                evaluation,
                overall,
                Some(weights),
                context.specification,
            )
        }
    }
}

/// A fit under what is known as one of a table.
fn fitted<W: WeightModel>(
    fit: Fit<KnownMixture<W>>,
    evaluation: Evaluations,
    weights: Weights,
    concomitant: Option<MultinomialLogisticWeights>,
    specification: &Specification,
) -> Result<Fitted, Failure> {
    let components = whole(&fit.model.components().0, specification)?;
    let model = Mixture::new(weights, components);
    Ok(Fitted {
        model: model.map_err(|error| Failure::input(error.to_string()))?,
        weights_posterior: None,
        concomitant,
        report: fit.report,
        evaluation,
    })
}

/// Refuses to fix components that others depend on.
pub fn check_independent(components: &TableComponents, fixed: &[usize]) -> Result<(), Failure> {
    if fixed.is_empty() {
        return Ok(());
    }
    let alone = |k: usize| components.subset(&[k]).parameter_count();
    let sum: usize = (0..components.len()).map(alone).sum();
    if sum == components.parameter_count() {
        return Ok(());
    }
    Err(Failure::input(
        "--fixed: the components share parameters, so that one cannot stay while the others are estimated",
    ))
}

/// Refuses covariates that depend on each other.
pub fn check_covariates(held: &Held, terms: &[String]) -> Result<(), Failure> {
    let Some(covariates) = &held.covariates else {
        return Ok(());
    };
    let zeros = vec![0.0; covariates.values.len() / covariates.width];
    let solved = distributions::dense::least_squares(&covariates.values, covariates.width, &zeros);
    let solved = solved.map_err(|error| Failure::input(format!("--concomitant: {error}")))?;
    // A column that adds nothing was left out.
    match solved.dependent.first() {
        None => Ok(()),
        Some(&column) => Err(Failure::input(format!(
            "--concomitant: term {} is a linear combination of the others",
            terms.get(column).map_or("?", String::as_str)
        ))),
    }
}
