//! K against the next K, by a parametric bootstrap.

use crate::args::Algorithm;
use crate::checkpoint::Kept;
use crate::columns::Access;
use crate::commands::fit::{Portion, Setup, acceleration, options};
use crate::explain::Context;
use crate::failure::Failure;
use crate::growth::{Way, Ways};
use crate::progress::Line;
use crate::read::Sheet;
use crate::run::{self, Job, Knowledge, Mixing};
use crate::select::assess::{Choice, threads};
use crate::select::candidate::Candidate;
use crate::select::criterion::Method;
use crate::select::progress::Bar;
use crate::units::{Drawn, Units};
use em::select::{LikelihoodRatioTest, Replicates, likelihood_ratio, likelihood_ratio_test_by};
use em::{Options, Soft, Start};
use tabular::{ModelFile, TableMixture};

/// A number of components with its fit, and its test against the next one.
pub struct Tested {
    /// The candidate.
    pub candidate: Candidate,
    /// Its fit.
    pub choice: Choice,
    /// Its test against the next number of components, where one was made.
    pub test: Option<LikelihoodRatioTest<Failure>>,
}

/// Tests each number of components against the next until a test does not reject; the last of those fitted
/// whose own number was not rejected is chosen. Also the index of the chosen one.
pub fn sequence(
    candidates: Vec<Candidate>,
    sheet: &Sheet,
    method: &Method,
    asked: Option<u16>,
    bar: &Bar,
) -> Result<(Vec<Tested>, usize), Failure> {
    check_one_model(&candidates)?;
    let level = method.level.unwrap_or(0.05);
    let count = method.replicates.unwrap_or(199);
    let mut all: Vec<Tested> = Vec::new();
    let mut ways = Ways::default();
    for mut candidate in candidates {
        candidate.arguments.threads = asked;
        let setup = Setup::new(&candidate.arguments, Access::Shared(sheet))?;
        check(&candidate, &setup)?;
        let choice = choice(&setup, &mut ways)?;
        if let Some(null) = all.last_mut() {
            let test = test(null, &choice, &setup, sheet, count, bar)?;
            let rejected = test.p_value() <= level;
            null.test = Some(test);
            if !rejected {
                let chosen = all.len() - 1;
                drop(setup);
                all.push(Tested {
                    candidate,
                    choice,
                    test: None,
                });
                return Ok((all, chosen));
            }
        }
        drop(setup);
        all.push(Tested {
            candidate,
            choice,
            test: None,
        });
    }
    let last = all.len().saturating_sub(1);
    Ok((all, last))
}

/// How many replicates are fitted at most.
pub fn most_replicates(method: &Method, candidates: usize) -> usize {
    method.replicates.unwrap_or(199) * candidates.saturating_sub(1)
}

fn check_one_model(candidates: &[Candidate]) -> Result<(), Failure> {
    let first = candidates.first().map(Candidate::model);
    let other = candidates.iter().find(|other| Some(other.model()) != first);
    match (candidates.len(), other) {
        (_, Some(_)) => Err(Failure::input(
            "--criterion likelihood-ratio compares numbers of components of one family and one covariance structure: name one of each",
        )),
        (0 | 1, None) => Err(Failure::input(
            "--criterion likelihood-ratio needs at least two numbers of components: -k 1..3",
        )),
        _ => Ok(()),
    }
}

/// Refuses what a replicate does not have.
fn check(candidate: &Candidate, setup: &Setup<'_>) -> Result<(), Failure> {
    let arguments = &candidate.arguments;
    let missing = setup.typed.table.fields().iter().any(|field| {
        let marks = field.missing.as_ref();
        marks.is_some_and(|marks| marks.contains(&true))
    });
    let refused = [
        (
            arguments.algorithm != Algorithm::Em,
            "--algorithm other than em",
        ),
        (arguments.priors.is_given(), "--prior"),
        (arguments.model.noise, "--noise"),
        (arguments.trim.fraction() > 0.0, "--trim"),
        (arguments.model.interval.is_some(), "--interval"),
        (
            missing,
            "missing cells (--missing drop leaves their rows out)",
        ),
    ];
    match refused.iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some((_, what)) => Err(Failure::input(format!(
            "--criterion likelihood-ratio draws data sets from the model, and cannot be combined with {what}"
        ))),
    }
}

fn choice(setup: &Setup<'_>, ways: &mut Ways) -> Result<Choice, Failure> {
    let whole = Portion {
        split: None,
        silent: true,
        way: Some(ways.of(0)),
    };
    let file = setup.fit(whole)?.file;
    let Some(record) = file.fit.clone() else {
        return Err(Failure::Fit("the fit left no record".into()));
    };
    Ok(Choice {
        file,
        record,
        held_out: None,
    })
}

/// The test of one fit against the next.
fn test(
    null: &Tested,
    alternative: &Choice,
    setup: &Setup<'_>,
    sheet: &Sheet,
    count: usize,
    bar: &Bar,
) -> Result<LikelihoodRatioTest<Failure>, Failure> {
    let observations = null.choice.record.observations;
    if observations.fract() != 0.0 {
        return Err(Failure::input(
            "--criterion likelihood-ratio: row weights must sum to a whole number of observations",
        ));
    }
    let arguments = &null.candidate.arguments;
    let null_setup = Setup::new(arguments, Access::Shared(sheet))?;
    let (outer, inner) = threads(arguments.threads, count);
    let options = options(arguments).threads(usize::from(inner));
    let fewer = Model::new(&null_setup, &null.choice, &options)?;
    let more = Model::new(setup, alternative, &options)?;
    let statistic = likelihood_ratio(
        null.choice.record.log_likelihood,
        alternative.record.log_likelihood,
    );
    let replicates = Replicates {
        count,
        seed: arguments.seed,
        threads: outer,
    };
    let known = &arguments.known;
    let again = known.group.is_some()
        || known.concomitant.is_some()
        || setup.plan.specification.is_regression();
    let units = match again {
        true => Units::again(&null_setup, &null.choice.file)?,
        false => Units::rows(&null_setup, &null.choice.file, observations as usize),
    };
    likelihood_ratio_test_by(statistic, replicates, |which| {
        let drawn = units.drawn(arguments.seed, which);
        let mut way = Way::default();
        let fewer = fewer.highest(&drawn, &mut way)?;
        let ratio = likelihood_ratio(fewer, more.highest(&drawn, &mut way)?);
        bar.advance(1);
        Ok(ratio)
    })
}

/// How replicates are fitted with one number of components.
struct Model<'a> {
    setup: &'a Setup<'a>,
    /// The fit to the data, from which each replicate is fitted, too.
    fitted: &'a ModelFile,
    options: &'a Options,
    acceleration: em::Acceleration,
}

impl<'a> Model<'a> {
    fn new(
        setup: &'a Setup<'a>,
        choice: &'a Choice,
        options: &'a Options,
    ) -> Result<Self, Failure> {
        Ok(Model {
            setup,
            fitted: &choice.file,
            options,
            acceleration: acceleration(setup.arguments)?,
        })
    }
    /// The highest log-likelihood that the starts of the data's own fit, and that fit itself, lead to; on the way of
    /// one with fewer components, where mixtures grow.
    fn highest(&self, drawn: &Drawn, way: &mut Way) -> Result<f64, Failure> {
        let template = self.setup.plan.template(None)?;
        let knowledge = self.setup.knowledge(&template)?;
        let anew = self.fit(drawn, template, knowledge, self.setup.start(), way);
        let model = self.fitted.model.clone();
        let mut knowledge = self.setup.knowledge(&model)?;
        if let Some(concomitant) = &self.fitted.concomitant {
            knowledge.mixing = Mixing::Concomitant(concomitant.weights.clone());
        }
        higher(anew, self.fit(drawn, model, knowledge, Start::Model, way))
    }
    fn fit(
        &self,
        drawn: &Drawn,
        template: TableMixture,
        knowledge: Knowledge,
        start: Start<'_>,
        way: &mut Way,
    ) -> Result<f64, Failure> {
        let context = Context {
            typed: &drawn.typed,
            ..self.setup.context()
        };
        let template = template.with_components(|parts| parts.tabled(&drawn.typed.table));
        way.lead_to(&self.setup.plan, &template);
        let job = Job {
            options: self.options,
            acceleration: self.acceleration,
            rule: &Soft,
            algorithm: None,
            start,
            parameter_tolerance: None,
            row_weights: None,
            allowed: None,
            held_out: None,
        };
        let mut kept = Kept {
            resume: None,
            keeper: None,
            way: Some(way),
        };
        let (held, line) = (&drawn.held, &mut Line::silent());
        let fitted = run::fit(&job, template, knowledge, held, context, line, &mut kept)?;
        Ok(fitted.report.log_likelihood)
    }
}

/// The higher log-likelihood of two fits; of the one that succeeded, where only one did.
fn higher(a: Result<f64, Failure>, b: Result<f64, Failure>) -> Result<f64, Failure> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok(a.max(b)),
        (Err(error), Err(_)) => Err(error),
        (Err(_), only) | (only, Err(_)) => only,
    }
}
