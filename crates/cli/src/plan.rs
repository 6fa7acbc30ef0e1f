//! What is to be fitted, and from where.

use crate::algorithm::is_stream;
use crate::args::{Fit, MixingWeights};
use crate::choose;
use crate::cluster_start;
use crate::columns::Typed;
use crate::explain::Context;
use crate::failure::{Failure, say};
use crate::known::{Beside, Fixed, fixed, held};
use crate::prior;
use crate::read::{Sheet, text_file};
use crate::run::{Knowledge, Mixing, check_independent};
use crate::start::{Chosen, chosen};
use crate::variational;
use em::{Mixture, Weights};
use serde_json::Value;
use tabular::{Concomitant, ModelFile, Specification, TableMixture, with_weights_prior};

/// What is to be fitted.
pub struct Plan {
    /// Families and columns.
    pub specification: Specification,
    /// The number of components K, noise not counted.
    pub count: usize,
    /// Weights and components of a given start.
    given: Option<Given>,
    /// Weights of a given start that depend on columns.
    concomitant: Option<Concomitant>,
    /// The concentrations of the weights' prior.
    weights_prior: Option<Vec<f64>>,
}

impl Plan {
    /// What the options say, over the columns of the data.
    pub fn new(arguments: &Fit, sheet: &Sheet) -> Result<Plan, Failure> {
        let (specification, given) = named(arguments, sheet)?;
        check_uses(arguments, &specification)?;
        let families = specification.parts.iter().map(|part| part.components.len());
        let families = families.max().filter(|&families| families > 0);
        let given_count = given.as_ref().map(|(_, components)| components.len());
        let count = match (arguments.count.or(families), given_count) {
            (Some(count), Some(given)) if count != given => {
                return Err(Failure::input(format!(
                    "{count} components, but the model to start from has {given} components"
                )));
            }
            (Some(0), _) => {
                return Err(Failure::input("-k 0: a mixture has at least one component"));
            }
            (Some(count), _) => count,
            (None, Some(given)) => given,
            (None, None) => return Err(Failure::input("give the number of components by -k K")),
        };
        // The first batch of a stream need not bear a model that is given.
        let bears = is_stream(arguments) && given.is_some();
        if count > sheet.rows.len() && !bears {
            return Err(Failure::input(format!(
                "{}: k = {count} is more than the number of rows{}, {}",
                sheet.file,
                arguments
                    .row_weights
                    .as_ref()
                    .map_or("", |_| " of positive weight"),
                sheet.rows.len()
            )));
        }
        let specification = match &given {
            Some((_, components)) => {
                let parameters = fixed(arguments, count)?.parameters;
                held(specification, &parameters, components)?
            }
            None => specification,
        };
        let start = start_file(arguments)?;
        let noise = arguments.model.noise || specification.has_noise();
        let total = count + usize::from(noise);
        Ok(Plan {
            weights_prior: prior::of_weights(arguments, total, start.as_ref())?,
            specification,
            count,
            given,
            concomitant: concomitant(arguments, start)?,
        })
    }

    /// The template of the fit: the start, or components to be started, under the prior of the weights.
    pub fn template(&self, start: Option<&TableMixture>) -> Result<TableMixture, Failure> {
        let template = match start {
            Some(model) => model.clone(),
            None => Mixture::uniform(self.specification.template(self.count)?),
        };
        match &self.weights_prior {
            Some(concentrations) => Ok(with_weights_prior(template, concentrations.clone())?),
            None => Ok(template),
        }
    }

    /// The concentration of the weights' prior, where there is one and it is that of all components.
    pub fn concentration(&self) -> Option<f64> {
        self.weights_prior.as_ref()?.first().copied()
    }

    /// How many components the mixture has, noise included.
    pub fn total(&self) -> usize {
        self.count + usize::from(self.specification.has_noise())
    }

    /// Takes the bounds that are not set from the rows of the fit, where a model to start from does not have
    /// its own, the box of noise, and priors.
    pub fn with_data_bounds(
        mut self,
        arguments: &Fit,
        sheet: &Sheet,
        typed: &Typed,
    ) -> Result<Plan, Failure> {
        let table = &typed.table;
        if arguments.model.noise {
            self.specification = self.specification.with_noise_around(table)?;
        }
        if self.given.is_none() {
            self.specification = self.specification.with_data_bounds(table, self.count)?;
        }
        let specification = self.specification;
        self.specification =
            prior::with_priors(arguments, specification, self.count, sheet, typed)?;
        Ok(self)
    }

    /// What is known of the components and their weights. `template` is the start, where one is given.
    pub fn knowledge(
        &self,
        arguments: &Fit,
        beside: &Beside,
        template: &TableMixture,
    ) -> Result<Knowledge, Failure> {
        let Fixed {
            weights,
            mut components,
            ..
        } = fixed(arguments, self.count)?;
        check_independent(template.components(), &components)?;
        if self.specification.has_noise() && !components.is_empty() {
            // Noise is not estimated either.
            components.push(self.count);
        }
        let equal = arguments.known.weights == MixingWeights::Equal;
        if equal && weights {
            return Err(Failure::input(
                "--fixed weights --weights equal: they are those of the start, or equal",
            ));
        }
        if variational::is_variational(arguments) {
            return Ok(Knowledge {
                fixed: components,
                mixing: Mixing::Posterior(variational::weights_prior(arguments, self.count)?),
            });
        }
        let mixing = match &beside.concomitant {
            Some(concomitant) => Mixing::Concomitant(match &self.concomitant {
                // The same coefficients, where the start has the same terms.
                Some(given) if given.specification == *concomitant => given.weights.clone(),
                _ => concomitant.start(template.weights())?,
            }),
            None if equal => Mixing::Fixed(Weights::uniform(self.count)),
            None if weights => Mixing::Fixed(template.weights().clone()),
            None => Mixing::Free,
        };
        Ok(Knowledge {
            fixed: components,
            mixing,
        })
    }

    /// The start that the options name.
    pub fn start(
        &self,
        arguments: &Fit,
        context: Context<'_>,
        row_weights: Option<&[f64]>,
    ) -> Result<Chosen, Failure> {
        let count = self.total();
        if let Some(start) = cluster_start::chosen(arguments, context, count, row_weights)? {
            return Ok(start);
        }
        let Some((weights, components)) = &self.given else {
            let mut parts = self.specification.parts.iter();
            let one_family = parts.all(|part| part.components.is_empty());
            let rows = &context.typed.rows;
            let mut chosen = chosen(
                &arguments.start,
                context.sheet,
                rows,
                self.total(),
                one_family,
            )?;
            match (&mut chosen, arguments.restarts) {
                (Chosen::SmallEm(runs), Some(restarts)) => runs.runs = restarts,
                (Chosen::Grown(growth), Some(restarts)) => growth.splits = restarts,
                _ => {}
            }
            return Ok(chosen);
        };
        let path = arguments.start.init_model.as_ref();
        let place = path.map_or(String::new(), |path| format!("{}: ", path.display()));
        let model = ModelFile::model(&self.specification, weights.clone(), components);
        let model = model.map_err(|error| Failure::input(format!("{place}{error}")))?;
        if model.components().in_class() {
            return Ok(Chosen::Model(Box::new(model)));
        }
        // Outside the class of models: an E-step here, and the fit begins with an M-step.
        say(
            "the model to start from has another covariance structure: it is brought in by one E- and M-step",
        );
        let posterior = model.posterior(context.typed.table.view());
        let explained = posterior
            .labels()
            .map(|_| posterior.responsibilities.clone());
        explained
            .map(Chosen::Responsibilities)
            .map_err(|error| context.failure(&error, model.components()))
    }
}

/// Checks that no column has two uses, and that a start that is given is run once.
fn check_uses(arguments: &Fit, specification: &Specification) -> Result<(), Failure> {
    let start = &arguments.start;
    let uses = [
        ("--row-weights", &arguments.row_weights),
        ("--init-labels", &start.init_labels),
        ("--known-labels", &arguments.known.known_labels),
        ("--group", &arguments.known.group),
    ];
    for (option, column) in uses {
        let Some(column) = column else { continue };
        let mut used = specification.parts.iter().flat_map(|part| &part.columns);
        if used.any(|used| used == column) {
            return Err(Failure::input(format!(
                "{option} {column}: the model is also to be fitted to column {column}"
            )));
        }
    }
    match arguments.restarts {
        Some(restarts) if restarts > 1 && start.is_given() => Err(Failure::input(format!(
            "--restarts {restarts}: a start that is given is run once"
        ))),
        _ => Ok(()),
    }
}

/// The model file to start from, where one is named. A bare start is none; what is wrong with a file is
/// said elsewhere.
fn start_file(arguments: &Fit) -> Result<Option<ModelFile>, Failure> {
    match &arguments.start.init_model {
        Some(path) => Ok(ModelFile::from_text(&text_file(path)?).ok()),
        None => Ok(None),
    }
}

/// The weights of the model to start from, where they depend on columns.
fn concomitant(arguments: &Fit, file: Option<ModelFile>) -> Result<Option<Concomitant>, Failure> {
    let group = file.as_ref().and_then(|file| file.group.as_ref());
    if let (Some(column), None) = (group, &arguments.known.group) {
        say(&format!(
            "the model to start from is one of groups, and the fit is not: for that give --group {column}"
        ));
    }
    let given = file.and_then(|file| file.concomitant);
    if given.is_some() && arguments.known.concomitant.is_none() {
        say(
            "the weights of the model to start from depend on columns, and those of the fit do not: for that \
             give --concomitant",
        );
    }
    Ok(given)
}

/// Weights and components.
type Given = (Vec<f64>, Vec<Value>);

/// The specification, and the model to start from where one is given.
fn named(arguments: &Fit, sheet: &Sheet) -> Result<(Specification, Option<Given>), Failure> {
    let Some(path) = &arguments.start.init_model else {
        let mut specification = choose::specification(arguments, sheet)?;
        (arguments.priors).set_means(arguments, &mut specification.parts)?;
        return Ok((specification, None));
    };
    let text = text_file(path)?;
    let wrong = |error| Failure::input(format!("{}: {error}", path.display()));
    let mut specification = if arguments.model.is_given() {
        choose::specification(arguments, sheet)?
    } else {
        let file = ModelFile::from_text(&text).map_err(wrong)?;
        unchanged(arguments, file.specification)?
    };
    (arguments.priors).set_means(arguments, &mut specification.parts)?;
    let given = ModelFile::start_from_text(&text, &specification).map_err(wrong)?;
    Ok((specification, Some(given)))
}

/// The specification of a model to start from, when no option names a model: options that would
/// change it are refused.
fn unchanged(arguments: &Fit, specification: Specification) -> Result<Specification, Failure> {
    let model = &arguments.model;
    if model.covariance.is_some()
        || !model.set.is_empty()
        || model.columns.is_some()
        || model.interval.is_some()
        || model.noise
        || model.is_regression()
        || arguments.priors.is_given()
        || arguments.priors.eigenvalue_ratio.is_some()
    {
        return Err(Failure::input(
            "--columns, --interval, --noise, --covariance, --set, --prior, --eigenvalue-ratio and the options of regressions need --family or --part; without them the model to start from \
             says what is fitted",
        ));
    }
    Ok(specification)
}
