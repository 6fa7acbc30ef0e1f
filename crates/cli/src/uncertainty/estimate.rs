//! Standard errors of a model of any kind: everything estimated, or under what is known.

use crate::commands::fit::{Setup, options};
use crate::failure::Failure;
use crate::groups::error_of_rows;
use crate::run::{Knowledge, Mixing};
use crate::saved::KnownMixture;
use crate::select::Bar;
use crate::uncertainty::numbers::{NamedWeights, Number, of_known, of_table};
use crate::uncertainty::{Bootstrap, Method, word};
use crate::units::Units;
use distributions::combine::{GroupedView, Repeated};
use distributions::{Batch, Coordinates, Density};
use em::select::Replicates;
use em::uncertainty::{
    DrawData, Estimates, Information, InformationError, Reweighting, Robustness, StandardError,
    bootstrap, parametric_bootstrap, parametric_bootstrap_by,
};
use em::{ComponentSet, Data, FitError, FixedComponents, FixedWeights, Mixture, WeightModel};
use tabular::{
    ModelFile, StandardErrorRecord, StandardErrorsRecord, TableComponents, TableMixture,
};

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The fit.
    pub setup: &'a Setup<'a>,
    /// Where errors come from.
    pub method: Method,
    /// What a bootstrap refits to.
    pub bootstrap: Bootstrap,
    /// How often.
    pub replicates: usize,
}

impl Asked<'_> {
    /// The errors of a fit.
    pub fn of_file(self, file: &ModelFile) -> Result<StandardErrorsRecord, Failure> {
        let setup = self.setup;
        let knowledge = setup.knowledge(&file.model)?;
        let view = setup.typed.table.view();
        let evidence = setup.evidence();
        let allowed = evidence.as_ref().map(crate::labels::Evidence::allowed);
        let held = setup.known_rows();
        let parametric =
            self.method == Method::Bootstrap && self.bootstrap == Bootstrap::Parametric;
        // Responses are drawn to the predictors that are there.
        let again = parametric && file.model.components().is_conditional();
        if knowledge.is_nothing() && held.offsets.is_none() && !again {
            let mut data = Data::new(view);
            (data.row_weights, data.allowed) = (setup.row_weights(), allowed);
            let failed = |error: &FitError| setup.context().failure(error, file.model.components());
            return match parametric {
                true => self.drawn(&file.model, data, &failed),
                false => self.of(&file.model, data, of_table, &failed),
            };
        }
        if file.model.len() != setup.plan.total() {
            return Err(Failure::Fit(
                "--standard-errors: a component was dropped, so that what was known is not what it was"
                    .into(),
            ));
        }
        let own: Vec<usize>;
        let offsets = match held.offsets {
            Some(offsets) => offsets,
            None => {
                own = (0..=setup.typed.table.rows()).collect();
                &own
            }
        };
        let groups = GroupedView::new(view, offsets);
        // Tables are for the values of the data; drawn rows have others.
        let plain = TableComponents::new(file.model.components().parts().to_vec());
        let components = match parametric {
            true => &plain,
            false => file.model.components(),
        };
        let set = Repeated(FixedComponents::new(components, &knowledge.fixed));
        let failed = |error: &FitError| {
            let error = error_of_rows(error.clone(), offsets, &setup.typed, components);
            setup.context().failure(&error, components)
        };
        let weights = file.model.weights();
        let units = match parametric {
            true => Some(Units::again(setup, file)?),
            false => None,
        };
        if let Some(concomitant) = &file.concomitant {
            let Some(covariates) = held.covariates else {
                return Err(Failure::input(
                    "the covariates of --concomitant are not read",
                ));
            };
            let fit = known(concomitant.weights.clone(), set)?;
            let mut data = Data::new((covariates, groups));
            (data.row_weights, data.allowed) = (setup.row_weights(), allowed);
            return self.of_units(&fit, data, units.as_ref(), &failed);
        }
        let mut data = Data::new(groups);
        (data.row_weights, data.allowed) = (setup.row_weights(), allowed);
        match knowledge.mixing {
            Mixing::Fixed(_) => {
                let fit = known(FixedWeights::new(weights.clone()), set)?;
                self.of_units(&fit, data, units.as_ref(), &failed)
            }
            _ => {
                let fit = known(weights.clone(), set)?;
                self.of_units(&fit, data, units.as_ref(), &failed)
            }
        }
    }

    /// The errors under what is known; by refits to units that are drawn, where there are some.
    fn of_units<'u, W>(
        self,
        fit: &KnownMixture<W>,
        data: Data<'_, Batch<'_, <KnownMixture<W> as Density>::Space>>,
        units: Option<&Units<'u>>,
        failed: &dyn Fn(&FitError) -> Failure,
    ) -> Result<StandardErrorsRecord, Failure>
    where
        W: NamedWeights + Coordinates + 'static,
        Units<'u>: DrawData<<KnownMixture<W> as Density>::Space>,
    {
        let Some(units) = units else {
            return self.of(fit, data, of_known, failed);
        };
        let values = |model: &KnownMixture<W>| values(of_known(model));
        self.refitted(of_known(fit), failed, |replicates, advance| {
            let options = self.options();
            parametric_bootstrap_by(fit, data, units, &options, replicates, values, advance)
        })
    }

    /// The errors of the numbers that `named` reads off a model.
    fn of<S, W>(
        self,
        fit: &Mixture<S, W>,
        data: Data<'_, Batch<'_, <Mixture<S, W> as Density>::Space>>,
        named: fn(&Mixture<S, W>) -> Vec<Number>,
        failed: &dyn Fn(&FitError) -> Failure,
    ) -> Result<StandardErrorsRecord, Failure>
    where
        S: ComponentSet + Coordinates + 'static,
        W: WeightModel + Coordinates + 'static,
    {
        let values = |model: &Mixture<S, W>| values(named(model));
        let robustness = match self.method {
            Method::Louis => Robustness::Model,
            Method::Sandwich => Robustness::Sandwich,
            Method::Bootstrap => {
                let reweighting = match self.bootstrap {
                    Bootstrap::Weighted => Reweighting::Dirichlet,
                    _ => Reweighting::Multinomial,
                };
                return self.refitted(named(fit), failed, |replicates, advance| {
                    let options = self.options();
                    bootstrap(
                        fit,
                        data,
                        reweighting,
                        &options,
                        replicates,
                        values,
                        advance,
                    )
                });
            }
        };
        let refused = |error: InformationError| match &error {
            InformationError::Data(error) => failed(error),
            _ => Failure::Fit(format!("--standard-errors: {error}")),
        };
        let threads = self.setup.arguments.threads.map_or(0, usize::from);
        let errors = Information::observed(fit, data, threads)
            .and_then(|found| found.standard_errors(robustness, values));
        Ok(from_information(named(fit), errors.map_err(refused)?))
    }

    /// The errors by refits to rows drawn from the model.
    fn drawn(
        self,
        model: &TableMixture,
        data: Data<'_, tabular::TableView<'_>>,
        failed: &dyn Fn(&FitError) -> Failure,
    ) -> Result<StandardErrorsRecord, Failure> {
        // Tables are for the values of the data; drawn rows have others.
        let plain =
            (model.clone()).with_components(|parts| TableComponents::new(parts.parts().to_vec()));
        let values = |model: &TableMixture| values(of_table(model));
        self.refitted(of_table(model), failed, |replicates, advance| {
            let options = self.options();
            parametric_bootstrap(&plain, data, &options, replicates, values, advance)
        })
    }

    fn options(self) -> em::Options {
        let mut options = options(self.setup.arguments);
        // The clock ends the search for the fit; refits that it cut off would be no sample.
        options.time_limit = None;
        options
    }

    fn refitted(
        self,
        numbers: Vec<Number>,
        failed: &dyn Fn(&FitError) -> Failure,
        refits: impl FnOnce(Replicates, &(dyn Fn(usize) + Sync)) -> Result<Estimates, FitError>,
    ) -> Result<StandardErrorsRecord, Failure> {
        let arguments = self.setup.arguments;
        let replicates = Replicates {
            count: self.replicates,
            seed: arguments.seed,
            threads: arguments.threads.map_or(0, usize::from),
        };
        let bar = Bar::new(self.replicates)?;
        let drawn = refits(replicates, &|_| bar.advance(1));
        bar.end();
        let drawn = drawn.map_err(|error| failed(&error))?;
        Ok(StandardErrorsRecord {
            method: String::new(),
            bootstrap: Some(word(self.bootstrap)),
            replicates: Some(drawn.replicates.len()),
            failures: Some(drawn.failures.len()),
            parameters: of_estimates(numbers, &drawn),
        })
    }
}

fn known<W: NamedWeights>(
    weights: W,
    set: Repeated<FixedComponents<TableComponents>>,
) -> Result<KnownMixture<W>, Failure> {
    Mixture::new(weights, set).map_err(|error| Failure::input(error.to_string()))
}

fn values(numbers: Vec<Number>) -> Vec<f64> {
    numbers.into_iter().map(|(_, value)| value).collect()
}

impl Knowledge {
    /// Whether everything is estimated.
    fn is_nothing(&self) -> bool {
        self.fixed.is_empty() && matches!(self.mixing, Mixing::Free)
    }
}

/// What the curvature says.
fn from_information(numbers: Vec<Number>, errors: Vec<StandardError>) -> StandardErrorsRecord {
    let parameters = (numbers.into_iter().zip(errors))
        .filter(|(_, error)| *error != StandardError::Fixed)
        .map(|((parameter, estimate), error)| {
            let [low, high] = match error.interval(estimate) {
                Some([low, high]) => [Some(low), Some(high)],
                None => [None, None],
            };
            StandardErrorRecord {
                parameter,
                error: error.value(),
                low,
                high,
                at_bound: error == StandardError::AtBound,
            }
        });
    StandardErrorsRecord {
        method: String::new(),
        bootstrap: None,
        replicates: None,
        failures: None,
        parameters: parameters.collect(),
    }
}

/// What refits say; a number that never changes is no parameter.
fn of_estimates(numbers: Vec<Number>, drawn: &Estimates) -> Vec<StandardErrorRecord> {
    let errors = drawn
        .standard_errors()
        .into_iter()
        .zip(drawn.intervals(0.95));
    (numbers.into_iter().zip(errors))
        .filter(|(_, (error, _))| *error != 0.0)
        .map(|((parameter, _), (error, [low, high]))| {
            let inside = error.is_finite();
            StandardErrorRecord {
                parameter,
                error: inside.then_some(error),
                low: inside.then_some(low),
                high: inside.then_some(high),
                at_bound: !inside,
            }
        })
        .collect()
}
