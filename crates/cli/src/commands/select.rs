//! `mixture select`.

use crate::args::Format;
use crate::commands::fit::{check_convergence, sheet};
use crate::failure::{Failure, say};
use crate::read::Sheet;
use crate::select::{
    Bar, Candidate, Chosen, Criterion, Report, Select, candidates, check, most_replicates, ranking,
    rows, sequence, tested_rows,
};
use crate::write::{self, Target};

/// Runs the command.
pub fn run(select: &Select) -> Result<(), Failure> {
    select.own.method.check()?;
    let files = Files::new(select)?;
    let arguments = crate::select::any_fit(select)?;
    let mut select = select.clone();
    select.own.method = select.own.method.of_fits(&arguments)?;
    let select = &select;
    check(&arguments, &select.own.method)?;
    let sheet = sheet(&arguments)?;
    let candidates = candidates(select, &sheet)?;
    if select.own.method.criterion() == Criterion::LikelihoodRatio {
        return tests(select, &sheet, candidates, &files);
    }
    let bar = Bar::new(candidates.len() * select.own.method.fits())?;
    let chosen = ranking(candidates, &sheet, &select.own.method, select.threads, &bar);
    bar.end();
    let best = chosen
        .ranking
        .best()
        .ok_or_else(|| nothing_ranked(&chosen))?;
    let output = select.output.as_ref().map(|path| path.as_os_str());
    let report = Report {
        method: select.own.method,
        rows: rows(&chosen),
        best: Some(&best.fit),
        command: Some(best.candidate.command(output)),
    };
    finish(select, &report, &files)
}

/// The number of components by a sequence of tests.
fn tests(
    select: &Select,
    sheet: &Sheet,
    candidates: Vec<Candidate>,
    files: &Files,
) -> Result<(), Failure> {
    let method = &select.own.method;
    let bar = Bar::new(most_replicates(method, candidates.len()))?;
    let tested = sequence(candidates, sheet, method, select.threads, &bar);
    bar.end();
    let (tested, chosen) = tested?;
    let best = tested.get(chosen);
    let output = select.output.as_ref().map(|path| path.as_os_str());
    let report = Report {
        method: *method,
        rows: tested_rows(&tested, chosen),
        best: best.map(|tested| &tested.choice),
        command: best.map(|tested| tested.candidate.command(output)),
    };
    finish(select, &report, files)
}

/// The failure where no candidate is left, after a word about each.
fn nothing_ranked(chosen: &Chosen) -> Failure {
    let unranked = chosen.ranking.unranked.iter();
    let reasons = unranked.map(|listed| (&listed.candidate, listed.objection.to_string()));
    let failed = chosen.ranking.failed.iter();
    let failures = failed.map(|failed| (&failed.candidate, failed.error.sentence().to_string()));
    for (candidate, reason) in reasons.chain(failures) {
        say(&format!(
            "{} with {}: {reason}",
            candidate.model(),
            candidate.count
        ));
    }
    let input = |error: &Failure| matches!(error, Failure::Input(_));
    let sentence = "no candidate is left to be ranked".to_string();
    match chosen.ranking.unranked.is_empty()
        && chosen
            .ranking
            .failed
            .iter()
            .all(|failed| input(&failed.error))
    {
        true => Failure::Input(sentence),
        false => Failure::Fit(sentence),
    }
}

/// The files to be written.
struct Files {
    output: Option<Target>,
    table: Option<Target>,
}

impl Files {
    fn new(select: &Select) -> Result<Files, Failure> {
        let data = ("the data", Some(select.data.as_path()));
        let output = select.output.as_deref();
        let table = select.own.table.as_deref();
        if let (Some(output), Some(table)) = (output, table)
            && output == table
        {
            return Err(Failure::input("--table and --output name the same file"));
        }
        let output = output.map(|path| Target::new("--output", path, &[data]));
        let others = [data, ("--output", select.output.as_deref())];
        let table = table.map(|path| Target::new("--table", path, &others));
        Ok(Files {
            output: output.transpose()?,
            table: table.transpose()?,
        })
    }
}

/// Writes the best model and the table, and prints the result.
fn finish(select: &Select, report: &Report<'_>, files: &Files) -> Result<(), Failure> {
    let Some(best) = report.best else {
        return Ok(());
    };
    if select.require_convergence {
        check_convergence(&best.record)?;
    }
    for warning in &best.record.warnings {
        say(&format!("warning: the best fit: {warning}"));
    }
    let model = (best.file.to_text())
        .map_err(|error| Failure::Fit(format!("the fitted model: {error}")))?;
    let table = report.csv()?;
    let model = (files.output.as_ref().map(|target| target.prepare(&model))).transpose()?;
    let table = (files.table.as_ref().map(|target| target.prepare(&table))).transpose()?;
    let printed = match select.format {
        Format::Json => write::stdout(&tabular::pretty(&report.json())),
        Format::Text => write::stdout(&report.text()),
    };
    let wanted = model.is_some() || table.is_some();
    // Only a result that was also printed is put in place.
    match printed {
        Err(Failure::Gone) if wanted => Err(Failure::input(
            "stdout was closed before the result was printed; nothing is written to --output and --table",
        )),
        Ok(()) => {
            model.map_or(Ok(()), |model| model.finish())?;
            table.map_or(Ok(()), |table| table.finish())
        }
        printed => printed,
    }
}
