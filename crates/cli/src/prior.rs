//! `--prior`, `--eigenvalue-ratio`: priors of components and of mixing weights, bounds of covariances.

use crate::args::{Fit, MixingWeights};
use crate::columns::{Typed, row_weights};
use crate::failure::{Failure, say};
use crate::read::Sheet;
use crate::variational::{check_parts, is_variational};
use clap::{Args, ValueEnum};
use tabular::{FraleyRaftery, ModelFile, PartSpecification, PriorChoice, Specification};

/// Priors.
#[derive(Args, Debug, Clone)]
pub struct Priors {
    /// Priors: fraley-raftery for Gaussian parts (tuned by shrinkage=S, df=NU), strength=S for other parts, as
    /// S observations more, weights=ALPHA for the mixing weights (Dirichlet). Fits then maximise the posterior.
    #[arg(long, value_name = "WORD,KEY=VALUE…")]
    pub prior: Vec<String>,
    /// The largest ratio of any two eigenvalues of the covariances of gaussian parts.
    #[arg(long, value_name = "C", allow_negative_numbers = true)]
    pub eigenvalue_ratio: Option<f64>,
    /// Means of gaussian parts: those of --init-model, or one for all components.
    #[arg(long, value_enum)]
    pub means: Option<Means>,
}

/// Which means are not estimated each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Means {
    /// They stay those of the model to start from.
    Fixed,
    /// One for all components.
    Shared,
}

/// What the options say.
#[derive(Debug, Default)]
pub struct Chosen {
    /// For the components.
    pub components: PriorChoice,
    /// The concentration α of the weights.
    pub weights: Option<f64>,
}

impl Priors {
    /// Sets the bound of eigenvalues in the parts that have one.
    pub fn bound(&self, parts: &mut [PartSpecification]) -> Result<(), Failure> {
        let Some(ratio) = self.eigenvalue_ratio else {
            return Ok(());
        };
        let wrong = |why: &str| Failure::input(format!("--eigenvalue-ratio {ratio}: {why}"));
        if !(ratio >= 1.0 && ratio.is_finite()) {
            return Err(wrong("must be a number, at least 1"));
        }
        let mut bounded = 0;
        for part in parts.iter_mut().filter(|part| part.family == "gaussian") {
            part.eigenvalue_ratio = Some(ratio);
            bounded += 1;
        }
        match bounded {
            0 => Err(wrong("no part of the model is of family gaussian")),
            _ => Ok(()),
        }
    }
    /// Sets in the parts that have means which of them are estimated.
    pub fn set_means(&self, fit: &Fit, parts: &mut [PartSpecification]) -> Result<(), Failure> {
        let Some(means) = self.means else {
            return Ok(());
        };
        if means == Means::Fixed && fit.start.init_model.is_none() {
            return Err(Failure::input(
                "--means fixed needs --init-model MODEL.json, which has them",
            ));
        }
        let mut found = false;
        for part in parts.iter_mut().filter(|part| part.family == "gaussian") {
            part.means = Some(match means {
                Means::Fixed => tabular::Means::Fixed,
                Means::Shared => tabular::Means::Shared,
            });
            found = true;
        }
        if found {
            return Ok(());
        }
        Err(Failure::input(
            "--means: no part of the model is of family gaussian",
        ))
    }
    /// Whether a prior is asked for.
    pub fn is_given(&self) -> bool {
        !self.prior.is_empty()
    }
    /// What the words and keys say. Variational Bayes always has priors, of which they are the numbers.
    pub fn chosen(&self, variational: bool) -> Result<Chosen, Failure> {
        let mut chosen = Chosen::default();
        let (mut tuned, mut plain) = (FraleyRaftery::default(), false);
        for given in &self.prior {
            let wrong = |why: String| Failure::input(format!("--prior {given}: {why}"));
            for word in given.split(',') {
                let Some((key, text)) = word.split_once('=') else {
                    if word != "fraley-raftery" || plain {
                        return Err(wrong(format!(
                            "\"{word}\" is not, once, fraley-raftery, nor one of shrinkage=S, df=NU, \
                             strength=S, weights=ALPHA"
                        )));
                    }
                    plain = true;
                    continue;
                };
                let (slot, must, holds): (_, _, fn(f64) -> bool) = match key {
                    "shrinkage" => (&mut tuned.shrinkage, "at least 0", |v| v >= 0.0),
                    "df" => (&mut tuned.df, "positive", |v| v > 0.0),
                    "strength" => (&mut chosen.components.strength, "positive", |v| v > 0.0),
                    "weights" if variational => (&mut chosen.weights, "positive", |v| v > 0.0),
                    "weights" => (&mut chosen.weights, "at least 1", |v| v >= 1.0),
                    _ => {
                        return Err(wrong(format!(
                            "no prior has a key {key}; there are shrinkage, df, strength and weights"
                        )));
                    }
                };
                let value = tabular::parse_number(text)
                    .filter(|&value| value.is_finite() && holds(value))
                    .ok_or_else(|| wrong(format!("{key} must be a number, {must}")))?;
                if slot.replace(value).is_some() {
                    return Err(wrong(format!("{key} is given twice")));
                }
            }
        }
        let is_tuned = tuned != FraleyRaftery::default();
        if !plain && is_tuned && !variational {
            return Err(Failure::input(
                "--prior: shrinkage and df are those of fraley-raftery, which is not given",
            ));
        }
        chosen.components.fraley_raftery = (plain || is_tuned).then_some(tuned);
        Ok(chosen)
    }
}

/// The specification with the priors that the options ask for, made from the rows of the fit.
pub fn with_priors(
    arguments: &Fit,
    specification: Specification,
    components: usize,
    sheet: &Sheet,
    typed: &Typed,
) -> Result<Specification, Failure> {
    let variational = is_variational(arguments);
    if !arguments.priors.is_given() && !variational {
        return Ok(specification);
    }
    if arguments.priors.means.is_some() {
        return Err(Failure::input(
            "--prior cannot be combined with --means: means that are fixed or shared have no prior",
        ));
    }
    let chosen = arguments.priors.chosen(variational)?;
    let weights = match &arguments.row_weights {
        Some(column) => Some(row_weights(sheet, column, &typed.rows)?),
        None => None,
    };
    let (choice, weights) = (&chosen.components, weights.as_deref());
    let with = if variational {
        check_parts(arguments, &specification)?;
        specification.with_posteriors(choice, &typed.table, weights, components)
    } else {
        specification.with_priors(choice, &typed.table, weights, components)
    };
    with.map_err(|error| Failure::input(format!("--prior: {error}")))
}

/// The concentrations of the weights' prior: those that the options name or, where they name no model, those
/// of the model to start from.
pub fn of_weights(
    arguments: &Fit,
    total: usize,
    start: Option<&ModelFile>,
) -> Result<Option<Vec<f64>>, Failure> {
    let known = &arguments.known;
    if is_variational(arguments) {
        return Ok(None);
    }
    if let Some(alpha) = arguments.priors.chosen(false)?.weights {
        let conflicts = [
            (known.concomitant.is_some(), "--concomitant"),
            (known.weights == MixingWeights::Equal, "--weights equal"),
            (
                known.fixed.iter().any(|text| text.contains("weights")),
                "--fixed weights",
            ),
        ];
        if let Some((_, option)) = conflicts.iter().find(|(given, _)| *given) {
            return Err(Failure::input(format!(
                "--prior weights={alpha} cannot be combined with {option}"
            )));
        }
        return Ok(Some(vec![alpha; total]));
    }
    let Some(file) = start else { return Ok(None) };
    let own = file.model.weights().concentrations();
    if !arguments.model.is_given() {
        return Ok(own);
    }
    let parts = &file.specification.parts;
    let has_prior = own.is_some() || parts.iter().any(|part| part.prior.is_some());
    if has_prior && !arguments.priors.is_given() {
        say(
            "the model to start from was fitted under a prior, and the fit has none: for that give --prior, \
             or no --family",
        );
    }
    Ok(None)
}
