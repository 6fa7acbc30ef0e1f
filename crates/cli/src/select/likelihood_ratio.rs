//! K against the next K, by a parametric bootstrap.

use crate::args::{Algorithm, MixingWeights};
use crate::columns::Access;
use crate::commands::fit::{Portion, Setup, acceleration, options};
use crate::failure::Failure;
use crate::growth::{Way, Ways};
use crate::plan::Plan;
use crate::read::Sheet;
use crate::select::assess::{Choice, threads};
use crate::select::candidate::Candidate;
use crate::select::criterion::Method;
use crate::select::progress::Bar;
use em::select::{
    LikelihoodRatioTest, Replicates, higher_log_likelihood, likelihood_ratio, likelihood_ratio_test,
};
use em::{Data, Driver, FitError, Options, Start};
use tabular::{Table, TableMixture};

/// A number of components with its fit, and its test against the next one.
pub struct Tested {
    /// The candidate.
    pub candidate: Candidate,
    /// Its fit.
    pub choice: Choice,
    /// Its test against the next number of components, where one was made.
    pub test: Option<LikelihoodRatioTest>,
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
    let (arguments, specification) = (&candidate.arguments, &setup.plan.specification);
    let known = &arguments.known;
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
        (specification.is_regression(), "a regression"),
        (known.group.is_some(), "--group"),
        (known.concomitant.is_some(), "--concomitant"),
        (known.weights == MixingWeights::Equal, "--weights equal"),
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
) -> Result<LikelihoodRatioTest, Failure> {
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
    let (null_model, model) = (&null.choice.file.model, &alternative.file.model);
    let fewer = Model::new(&null_setup, null_model, &options)?;
    let more = Model::new(setup, model, &options)?;
    let statistic = likelihood_ratio(
        null.choice.record.log_likelihood,
        alternative.record.log_likelihood,
    );
    let replicates = Replicates {
        count,
        seed: arguments.seed,
        threads: outer,
    };
    let tested = likelihood_ratio_test(
        null_model,
        statistic,
        observations as usize,
        replicates,
        |drawn| {
            let mut way = Way::default();
            let fewer = fewer.highest(drawn, &mut way)?;
            let ratio = likelihood_ratio(fewer, more.highest(drawn, &mut way)?);
            bar.advance(1);
            Ok(ratio)
        },
    );
    tested.map_err(|error| setup.context().failure(&error, model.components()))
}

/// How replicates are fitted with one number of components.
struct Model<'a> {
    plan: &'a Plan,
    template: TableMixture,
    /// The fit to the data, from which each replicate is fitted, too.
    fitted: &'a TableMixture,
    start: Start<'a>,
    options: &'a Options,
    acceleration: em::Acceleration,
}

impl<'a> Model<'a> {
    fn new(
        setup: &'a Setup<'_>,
        fitted: &'a TableMixture,
        options: &'a Options,
    ) -> Result<Self, Failure> {
        Ok(Model {
            plan: &setup.plan,
            template: setup.plan.template(None)?,
            fitted,
            start: setup.start(),
            options,
            acceleration: acceleration(setup.arguments)?,
        })
    }
    /// The highest log-likelihood that the starts of the data's own fit, and that fit itself, lead to; on the way of
    /// one with fewer components, where mixtures grow.
    fn highest(&self, drawn: &Table, way: &mut Way) -> Result<f64, FitError> {
        let mut from = |model: &TableMixture, start: Start<'_>| {
            let template = model.clone().with_components(|parts| parts.tabled(drawn));
            way.lead_to(self.plan, &template);
            let mut driver = Driver::new(self.options)
                .accelerate(self.acceleration)
                .growing(way.path());
            em::fit_from_with(&template, Data::new(drawn.view()), start, &mut driver)
        };
        let anew = from(&self.template, self.start);
        higher_log_likelihood(anew, from(self.fitted, Start::Model))
    }
}
