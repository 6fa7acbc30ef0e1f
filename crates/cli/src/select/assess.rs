//! Every candidate fitted, and ranked.

use crate::columns::Access;
use crate::commands::fit::{Portion, Setup};
use crate::failure::Failure;
use crate::growth::{Ways, is_grown};
use crate::read::Sheet;
use crate::select::abandon::Abandoning;
use crate::select::candidate::Candidate;
use crate::select::criterion::Method;
use crate::select::progress::Bar;
use crate::select::spread::spreads;
use crate::variational::is_variational;
use crate::warn::least_count;
use em::select::{Assessed, HeldOut, Ranking, objection, rank_chains};
use std::num::NonZero;
use tabular::{FitRecord, ModelFile};

/// What is kept of a candidate's fit.
pub struct Choice {
    /// The model, fitted to all rows.
    pub file: ModelFile,
    /// The record in it.
    pub record: FitRecord,
    /// What fits to some of the rows say of the others, where the criterion asks.
    pub held_out: Option<HeldOut>,
}

/// All candidates.
pub struct Chosen {
    /// Those that were fitted, or failed.
    pub ranking: Ranking<Candidate, Choice, Failure>,
    /// Those that cannot win, with the least value of the criterion that they can have.
    pub abandoned: Vec<(Candidate, f64)>,
}

impl Chosen {
    /// Takes out what cannot win: of that, some may have been fitted before it was known.
    fn new(mut ranking: Ranking<Candidate, Choice, Failure>, lost: &[Option<f64>]) -> Self {
        let is_lost = |candidate: &Candidate| lost.get(candidate.number).copied().flatten();
        let ranked = ranking
            .ranked
            .extract_if(.., |one| is_lost(&one.candidate).is_some());
        let mut out: Vec<Candidate> = ranked.map(|one| one.candidate).collect();
        let listed = (ranking.unranked).extract_if(.., |one| is_lost(&one.candidate).is_some());
        out.extend(listed.map(|one| one.candidate));
        let failed = (ranking.failed).extract_if(.., |one| is_lost(&one.candidate).is_some());
        out.extend(failed.map(|one| one.candidate));
        out.sort_by_key(|candidate| candidate.number);
        let abandoned = out.into_iter().filter_map(|candidate| {
            let least = is_lost(&candidate)?;
            Some((candidate, least))
        });
        Chosen {
            abandoned: abandoned.collect(),
            ranking,
        }
    }
}

/// Threads over the fits, and threads of each: more than one where there are fewer fits than threads.
pub fn threads(asked: Option<u16>, fits: usize) -> (usize, u16) {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    let all = asked.map_or_else(cores, usize::from);
    let outer = all.min(fits).max(1);
    (outer, u16::try_from(all / outer).unwrap_or(1).max(1))
}

/// Fits and ranks.
pub fn ranking(
    mut candidates: Vec<Candidate>,
    sheet: &Sheet,
    method: &Method,
    asked: Option<u16>,
    bar: &Bar,
) -> Chosen {
    let grown = candidates
        .first()
        .is_some_and(|one| is_grown(&one.arguments));
    let count = match grown {
        true => candidates.chunk_by(same_chain).count(),
        false => candidates.len(),
    };
    let (outer, inner) = threads(asked, count);
    for (number, candidate) in candidates.iter_mut().enumerate() {
        candidate.arguments.threads = Some(inner);
        candidate.number = number;
    }
    let abandoning = method.abandon.then(|| Abandoning::new(&candidates, method));
    // Candidates that share a way stand in a chain, the others each in one of its own.
    let mut chains: Vec<Vec<Candidate>> = Vec::with_capacity(count);
    for candidate in candidates {
        match chains
            .last_mut()
            .filter(|chain| grown && same_chain(&chain[0], &candidate))
        {
            Some(chain) => chain.push(candidate),
            None => chains.push(vec![candidate]),
        }
    }
    let ranking = rank_chains(chains, outer, |candidate, ways: &mut Ways| {
        let assessed = assess(candidate, sheet, method, abandoning.as_ref(), ways);
        bar.advance(method.fits());
        assessed
    });
    let lost = abandoning.map(|abandoning| abandoning.verdicts());
    Chosen::new(ranking, lost.as_deref().unwrap_or_default())
}

/// Whether candidates differ in their numbers of components alone.
fn same_chain(one: &Candidate, next: &Candidate) -> bool {
    one.model() == next.model()
}

/// One candidate.
fn assess(
    candidate: &Candidate,
    sheet: &Sheet,
    method: &Method,
    abandoning: Option<&Abandoning>,
    ways: &mut Ways,
) -> Result<Assessed<Choice>, Failure> {
    let setup = Setup::new(&candidate.arguments, Access::Shared(sheet))?;
    if let Some(abandoning) = abandoning
        && abandoning.is_lost(candidate, &setup)?
    {
        return Err(Failure::Fit("it cannot win, and was not fitted".into()));
    }
    let whole = Portion {
        split: None,
        silent: true,
        way: Some(ways.of(0)),
    };
    let done = setup.fit(whole)?;
    let held_out = held_out(&setup, candidate, method, ways)?;
    let Some(record) = done.file.fit.clone() else {
        return Err(Failure::Fit("the fit left no record".into()));
    };
    let components = done.file.model.components().without_noise();
    let counts = &done.evaluation.effective_counts[..components];
    let columns = least_count(setup.context()) - 1;
    let events = record.degeneracies.len();
    // Under its prior no component is a spike, and one that empties is not needed.
    let objection = match is_variational(&candidate.arguments) {
        true => None,
        false => objection(events, counts, columns, &spreads(&setup, &done)),
    };
    let value = method.value(&record, held_out.as_ref());
    if let Some(abandoning) = abandoning {
        let ranked = objection.is_none() && value.is_finite();
        abandoning.finish(candidate, &setup, &done, ranked.then_some(value));
    }
    Ok(Assessed {
        value,
        parameters: record.parameters,
        objection,
        fit: Choice {
            file: done.file,
            record,
            held_out,
        },
    })
}

/// Fits to some of the rows, and what they say of the others.
fn held_out(
    setup: &Setup<'_>,
    candidate: &Candidate,
    method: &Method,
    ways: &mut Ways,
) -> Result<Option<HeldOut>, Failure> {
    let weights = setup.row_weights();
    let Some(folds) = method.splits(setup.units(), weights, candidate.arguments.seed)? else {
        return Ok(None);
    };
    let scored = (0..folds.count()).map(|fold| {
        let split = folds.split(fold, weights);
        let portion = Portion {
            split: Some(&split),
            silent: true,
            way: Some(ways.of(1 + fold)),
        };
        let held_out = setup.fit(portion)?.held_out;
        held_out.ok_or_else(|| Failure::Fit("no row was set aside".into()))
    });
    let log_likelihoods = scored.collect::<Result<_, Failure>>()?;
    Ok(Some(HeldOut { log_likelihoods }))
}
