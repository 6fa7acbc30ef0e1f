//! `--algorithm variational`: posteriors of weights and parameters in place of points.

use crate::args::{Algorithm, Fit, Missing, MixingWeights, OnDegenerate};
use crate::explain::Context;
use crate::failure::Failure;
use crate::grid::short;
use crate::progress::Line;
use crate::run::{Fitted, Job};
use clap::{Args, ValueEnum};
use em::{ComponentSet, Mixture, WeightsPosterior, WeightsPrior};
use serde_json::Value;
use tabular::{ModelFile, Specification, TableMixture};

/// The options; the numbers of the priors are those of `--prior`.
#[derive(Args, Clone, Debug)]
pub struct Variational {
    /// variational: the prior of the mixing weights, dirichlet by default. Its concentration is --prior
    /// weights=ALPHA, by default 1/K for a Dirichlet and 1 for a process.
    #[arg(long, value_enum)]
    pub weights_prior: Option<PriorOfWeights>,
}

/// Priors of mixing weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PriorOfWeights {
    /// Dirichlet(α, …, α).
    Dirichlet,
    /// A Dirichlet process, cut off after K components.
    DirichletProcess,
}

/// Whether parameters get posteriors.
pub fn is_variational(arguments: &Fit) -> bool {
    arguments.algorithm == Algorithm::Variational
}

/// Refuses what belongs to points.
pub fn check(arguments: &Fit) -> Result<(), Failure> {
    let known = &arguments.known;
    let refused = [
        (
            arguments.start.init_model.is_some(),
            "--init-model",
            "the start has no posterior; write its p_0, p_1, … by predict, and give --init-responsibilities",
        ),
        (
            arguments.model.noise,
            "--noise",
            "noise has no conjugate prior",
        ),
        (
            arguments.model.components.is_some(),
            "--components",
            "families that differ have no posterior here",
        ),
        (
            known.concomitant.is_some(),
            "--concomitant",
            "such weights have no conjugate prior",
        ),
        (
            known.group.is_some(),
            "--group",
            "posteriors of groups are not provided",
        ),
        (
            !known.fixed.is_empty(),
            "--fixed",
            "what is known has no posterior",
        ),
        (
            arguments.priors.means.is_some(),
            "--means",
            "every mean has a posterior",
        ),
        (
            arguments.priors.eigenvalue_ratio.is_some(),
            "--eigenvalue-ratio",
            "the prior bounds covariances",
        ),
        (
            arguments.trim.fraction() > 0.0,
            "--trim",
            "the evidence is one of all rows",
        ),
        (
            arguments.checkpoint.is_some() || arguments.resume.is_some(),
            "--checkpoint or --resume",
            "checkpoints hold points",
        ),
        (
            arguments.on_degenerate != OnDegenerate::Fail,
            "--on-degenerate",
            "under its prior every component has an estimate",
        ),
    ];
    match refused.iter().find(|(given, _, _)| *given) {
        Some((_, option, why)) => Err(Failure::input(format!(
            "--algorithm variational cannot be combined with {option}: {why}"
        ))),
        None => Ok(()),
    }
}

/// Refuses parts whose cells may be missing one by one.
pub fn check_parts(arguments: &Fit, specification: &Specification) -> Result<(), Failure> {
    let mut parts = specification.parts.iter();
    if arguments.missing == Missing::Em && parts.any(|part| part.family == "gaussian") {
        return Err(Failure::input(
            "--algorithm variational cannot be combined with --missing em where a part is gaussian: rows that \
             lack some of its cells have no conjugate posterior; --missing drop leaves them out",
        ));
    }
    Ok(())
}

/// p(π), for K components.
pub fn weights_prior(arguments: &Fit, components: usize) -> Result<WeightsPrior, Failure> {
    let given = arguments.priors.chosen(true)?.weights;
    let named = arguments.variational.weights_prior;
    if arguments.known.weights == MixingWeights::Equal {
        return match (named, given) {
            (None, None) => {
                let equal = 1.0 / components as f64;
                Ok(WeightsPrior::Known(vec![equal; components]))
            }
            _ => Err(Failure::input(
                "--weights equal cannot be combined with --weights-prior, nor with --prior weights=ALPHA: weights that are known have no prior",
            )),
        };
    }
    Ok(match named.unwrap_or(PriorOfWeights::Dirichlet) {
        PriorOfWeights::Dirichlet => WeightsPrior::Dirichlet {
            concentration: given.unwrap_or(1.0 / components as f64),
        },
        PriorOfWeights::DirichletProcess => WeightsPrior::DirichletProcess {
            concentration: given.unwrap_or(1.0),
        },
    })
}

/// Fits posteriors; the model is the predictive mixture.
pub fn fit(
    job: &Job<'_>,
    template: &TableMixture,
    prior: WeightsPrior,
    context: Context<'_>,
    line: &mut Line,
) -> Result<Fitted, Failure> {
    let components = template.components();
    let wrong = |error: distributions::ParameterError| Failure::input(error.to_string());
    let weights = WeightsPosterior::new(prior, components.len()).map_err(wrong)?;
    let template = Mixture::new(weights, components.clone()).map_err(wrong)?;
    let xs = context.typed.table.view();
    let failed = |error: em::FitError| context.failure(&error, components);
    let fit = (job.search(&template, xs, job.driver(line))).map_err(failed)?;
    let (weights, set) = (fit.model.weights().clone(), fit.model.components());
    let posteriors: Vec<Value> = (0..set.len())
        .map(|k| context.specification.save(set, k))
        .collect();
    let means = weights.means().to_vec();
    let predictive = ModelFile::model(context.specification, means, &posteriors)?;
    let model = predictive.with_components(|set| set.tabled(&context.typed.table));
    let evaluation = job.evaluations(&model, xs, None).map_err(failed)?;
    Ok(Fitted {
        model,
        weights_posterior: Some(weights),
        concomitant: None,
        report: fit.report,
        evaluation,
    })
}

/// The prior of the weights in words.
pub fn prior_text(posterior: &WeightsPosterior) -> String {
    match posterior.prior() {
        WeightsPrior::Dirichlet { concentration } => {
            format!("dirichlet, {}", short(*concentration))
        }
        WeightsPrior::DirichletProcess { concentration } => {
            format!("dirichlet process, {}", short(*concentration))
        }
        WeightsPrior::Known(_) => "none: they are known".into(),
    }
}
