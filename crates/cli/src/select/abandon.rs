//! `--abandon`: candidates that a bound of the likelihood proves to lose are not fitted.

use crate::args::{Fit, OnDegenerate};
use crate::commands::fit::{Done, Setup};
use crate::failure::Failure;
use crate::select::candidate::Candidate;
use crate::select::criterion::{Criterion, Method};
use distributions::{Bernoulli, Binomial, Component, Density, Exponential, Geometric, Poisson};
use em::select::{Fitted, Race, mixture_bound, saturated_log_likelihood};
use std::collections::HashMap;
use tabular::{PartSpecification, Values};

/// The race of all candidates.
pub struct Abandoning {
    race: Race,
    /// The kind of each candidate: family and structure.
    lanes: Vec<usize>,
    criterion: Criterion,
}

/// Refuses what no bound is of.
pub fn check(arguments: &Fit, method: &Method) -> Result<(), Failure> {
    if !method.abandon {
        return Ok(());
    }
    let refused = [
        (
            factor(method.criterion(), 100.0).is_none(),
            "criteria other than bic, aic, icl and sabic: they have no bound",
        ),
        (
            arguments.on_degenerate == OnDegenerate::Drop,
            "--on-degenerate drop: the number of parameters is then known after the fit",
        ),
        (
            arguments.trim.fraction() > 0.0,
            "--trim: the bound is one of all rows",
        ),
    ];
    match refused.iter().find(|(given, _)| *given) {
        Some((_, what)) => Err(Failure::input(format!(
            "--abandon cannot be combined with {what}"
        ))),
        None => Ok(()),
    }
}

/// By what the number of parameters counts; of ICL, which is BIC and more, as in BIC.
fn factor(criterion: Criterion, observations: f64) -> Option<f64> {
    let factor = match criterion {
        Criterion::Aic => 2.0,
        Criterion::Bic | Criterion::Icl => observations.ln(),
        Criterion::Sabic => ((observations + 2.0) / 24.0).ln(),
        _ => return None,
    };
    // More parameters have to cost more.
    (factor > 0.0).then_some(factor)
}

impl Abandoning {
    /// Before the first fit.
    pub fn new(candidates: &[Candidate], method: &Method) -> Self {
        let mut kinds: Vec<String> = Vec::new();
        let lanes = candidates.iter().map(|candidate| {
            let kind = candidate.model();
            let known = kinds.iter().position(|known| *known == kind);
            known.unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            })
        });
        Abandoning {
            lanes: lanes.collect(),
            race: Race::new(candidates.len()),
            criterion: method.criterion(),
        }
    }
    /// Whether the candidate cannot win.
    pub fn is_lost(&self, candidate: &Candidate, setup: &Setup<'_>) -> Result<bool, Failure> {
        let observations = weights(setup).iter().sum::<f64>();
        let Some(factor) = factor(self.criterion, observations).filter(|_| is_plain(setup)) else {
            return Ok(false);
        };
        let template = setup.plan.template(None)?;
        let parameters = match setup.knowledge(&template)?.mixing {
            crate::run::Mixing::Fixed(_) => template.parameter_count() + 1 - setup.plan.total(),
            _ => template.parameter_count(),
        };
        let (number, lane) = (candidate.number, self.lanes[candidate.number]);
        let penalty = factor * parameters as f64;
        self.race.enter(number, lane, penalty, of_counts(setup));
        Ok(self.race.is_lost(number))
    }
    /// A fit, and its value where it is ranked.
    pub fn finish(
        &self,
        candidate: &Candidate,
        setup: &Setup<'_>,
        done: &Done,
        value: Option<f64>,
    ) {
        let bound = match is_plain(setup) {
            true => of_one_parameter(setup, done),
            false => f64::INFINITY,
        };
        self.race.finish(candidate.number, value, bound);
    }
    /// For each candidate that cannot win the least value of the criterion that it can have.
    pub fn verdicts(&self) -> Vec<Option<f64>> {
        self.race.verdicts()
    }
}

/// Whether rows are whole, each by itself, and models are densities of them.
fn is_plain(setup: &Setup<'_>) -> bool {
    let known = &setup.arguments.known;
    let parts = &setup.plan.specification.parts;
    let plain = |part: &PartSpecification| {
        !part.interval && part.noise.is_none() && part.regression.is_none()
    };
    let fields = setup.typed.table.fields();
    known.group.is_none()
        && known.concomitant.is_none()
        && parts.iter().all(plain)
        && fields.iter().all(|field| field.missing.is_none())
}

fn weights(setup: &Setup<'_>) -> Vec<f64> {
    match setup.row_weights() {
        Some(weights) => weights.to_vec(),
        None => vec![1.0; setup.units()],
    }
}

/// The log-likelihood of no model of counts and categories is higher; infinite for others.
fn of_counts(setup: &Setup<'_>) -> f64 {
    let weights = weights(setup);
    let mut keys: Vec<Vec<u64>> = vec![Vec::new(); weights.len()];
    for field in setup.typed.table.fields() {
        match &field.values {
            Values::Counts(counts) => {
                let pairs = keys.iter_mut().zip(counts);
                pairs.for_each(|(key, &count)| key.push(count));
            }
            Values::Codes(codes) => {
                let pairs = keys.iter_mut().zip(codes);
                pairs.for_each(|(key, &code)| key.push(code.into()));
            }
            // Counts given their total are no distribution of all columns.
            _ => return f64::INFINITY,
        }
    }
    let mut distinct: HashMap<Vec<u64>, f64> = HashMap::new();
    for (key, weight) in keys.into_iter().zip(&weights) {
        *distinct.entry(key).or_insert(0.0) += weight;
    }
    let mut totals: Vec<f64> = distinct.into_values().collect();
    // A map has no order, and sums do.
    totals.sort_by(f64::total_cmp);
    saturated_log_likelihood(&totals)
}

/// ln f(x | mean), and the mean under which x is most probable.
type OneParameter = (Box<dyn Fn(f64, f64) -> f64>, fn(f64, f64) -> f64, f64);

/// A family of one parameter, as one of its mean.
fn one_parameter(part: &PartSpecification) -> Option<OneParameter> {
    const LEAST: f64 = f64::MIN_POSITIVE;
    let density = |value: Result<f64, distributions::ParameterError>| value.unwrap_or(f64::NAN);
    let trials = part
        .settings
        .get("trials")
        .and_then(|trials| trials.as_u64());
    let least = match part.settings.get("support").and_then(|name| name.as_str()) {
        Some("trials") => 1.0,
        _ => 0.0,
    };
    Some(match part.family.as_str() {
        "poisson" => (
            Box::new(move |x, mean| {
                let poisson = Poisson::new(mean.max(LEAST));
                density(poisson.map(|poisson| poisson.log_density(x as u64)))
            }),
            |x, _| x,
            0.0,
        ),
        "exponential" => (
            Box::new(move |x, mean| {
                let exponential = Exponential::new(1.0 / mean.max(LEAST));
                density(exponential.map(|exponential| exponential.log_density(x)))
            }),
            |x, _| x,
            0.0,
        ),
        "bernoulli" => (
            Box::new(move |x, mean| {
                density(Bernoulli::new(mean).map(|bernoulli| bernoulli.log_density(x as u64)))
            }),
            |x, _| x,
            0.0,
        ),
        "binomial" => {
            let trials = trials?;
            (
                Box::new(move |x, share| {
                    let binomial = Binomial::new(trials, share);
                    density(binomial.map(|binomial| binomial.log_density(x as u64)))
                }),
                |x, trials| x / trials,
                trials as f64,
            )
        }
        "geometric" => (
            Box::new(move |x, mean| {
                let geometric = Geometric::new(1.0 / (1.0 + mean));
                density(geometric.map(|geometric| geometric.log_density((x - least) as u64)))
            }),
            |x, least| x - least,
            least,
        ),
        _ => return None,
    })
}

/// The log-likelihood that no mixture of the family has, by the gradient at a fit; infinite for families of
/// several parameters or columns.
fn of_one_parameter(setup: &Setup<'_>, done: &Done) -> f64 {
    let ([part], [field]) = (
        &setup.plan.specification.parts[..],
        setup.typed.table.fields(),
    ) else {
        return f64::INFINITY;
    };
    let values: Vec<f64> = match &field.values {
        Values::Counts(counts) => counts.iter().map(|&count| count as f64).collect(),
        values => match values.reals() {
            Some(reals) => reals.to_vec(),
            None => return f64::INFINITY,
        },
    };
    let Some((log_density, mode, setting)) = one_parameter(part) else {
        return f64::INFINITY;
    };
    let scores = done.file.model.score_rows(setup.typed.table.view());
    // Equal values are one row; in rising order, so that sums are the same whatever the order of rows.
    let mut rows: Vec<(f64, f64, f64)> = (values.iter().zip(weights(setup)).zip(scores))
        .map(|((&value, weight), score)| (value, weight, score))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0.0 };
        same
    });
    let fitted: Vec<Fitted> = (rows.iter())
        .map(|&(value, weight, log_density)| Fitted {
            mode: mode(value, setting),
            weight,
            log_density,
        })
        .collect();
    mixture_bound(&fitted, |i, mean| log_density(rows[i].0, mean))
}
