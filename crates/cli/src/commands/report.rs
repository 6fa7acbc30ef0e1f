//! `mixture report`.

use super::read_model;
use crate::failure::Failure;
use crate::plot::{PlotData, escaped, pictures, svg};
use crate::reproduce::{command, unsaid};
use crate::summary;
use crate::write::Target;
use clap::Args;
use std::path::PathBuf;
use tabular::{FitRecord, ModelFile};

/// `mixture report`.
#[derive(Args, Debug)]
pub struct Report {
    /// The model file.
    #[arg(value_name = "MODEL.json")]
    pub model: PathBuf,
    /// The data, a CSV file with a header.
    #[arg(value_name = "DATA.csv")]
    pub data: PathBuf,
    /// The rows.
    #[command(flatten)]
    pub rows: PlotData,
    /// Where to write the report: one file, without scripts, that needs no other.
    #[arg(long, short = 'o', value_name = "FILE.html")]
    pub output: PathBuf,
}

/// Runs the command.
pub fn run(report: &Report) -> Result<(), Failure> {
    let inputs = [
        ("the model", Some(report.model.as_path())),
        ("the data", Some(&*report.data)),
    ];
    let target = Target::new("--output", &report.output, &inputs)?;
    let file = read_model(&report.model)?;
    target.prepare(page(&file, report)?)?.finish()
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1e1e1e}h1,h2{line-height:1.2}pre{background:#f5f5f5;padding:.8rem;overflow-x:auto}\
table{border-collapse:collapse}td,th{padding:.15rem .8rem;text-align:right;border-bottom:1px solid #ddd}\
figure{margin:1rem 0}svg{max-width:100%;height:auto}.warning{border-left:4px solid #d55e00;padding-left:.8rem}";

fn page(file: &ModelFile, report: &Report) -> Result<String, Failure> {
    let name = escaped(&report.model.display().to_string());
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <title>Mixture model {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Mixture model {name}</h1>\n<p>{}</p>\n",
        escaped(&introduction(file, report))
    );
    page.push_str(&cautions(file.fit.as_ref()));
    page.push_str(&format!(
        "<h2>Parameters and fit</h2>\n<pre>{}</pre>\n",
        escaped(&summary::text(file))
    ));
    page.push_str("<h2>Pictures</h2>\n");
    for picture in pictures(file, &report.data, &report.rows)? {
        page.push_str(&format!("<figure>\n{}</figure>\n", svg(&picture)));
    }
    if let Some(fit) = &file.fit {
        page.push_str(&starts(fit));
    }
    page.push_str(&again(file, report));
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

/// What was fitted, in a sentence or two.
fn introduction(file: &ModelFile, report: &Report) -> String {
    let count = file.model.components().without_noise();
    let parts = file
        .specification
        .parts
        .iter()
        .map(|part| match &part.covariance {
            Some(covariance) => {
                format!(
                    "{} ({covariance}) over {}",
                    part.family,
                    part.columns.join(", ")
                )
            }
            None => format!("{} over {}", part.family, part.columns.join(", ")),
        });
    let noise = if count < file.model.len() {
        " and uniform noise"
    } else {
        ""
    };
    let mut text = format!(
        "{count} component{}{noise}: {}. The pictures show the rows of {}.",
        if count == 1 { "" } else { "s" },
        parts.collect::<Vec<_>>().join("; "),
        report.data.display()
    );
    match &file.fit {
        Some(fit) => text.push_str(&format!(
            " Fitted to {} rows by {} from {} start{}; the best stopped after {} iterations: {}.",
            fit.rows,
            fit.algorithm,
            fit.starts.len(),
            if fit.starts.len() == 1 { "" } else { "s" },
            fit.iterations,
            reason(&fit.stop_reason)
        )),
        None => text.push_str(" The file does not say how the model was fitted."),
    }
    text
}

/// A stop reason in words.
fn reason(name: &str) -> &str {
    match name {
        "converged" => "it had converged",
        "precision_reached" => "rounding errors were as large as the gains",
        "max_iterations" => "it had reached the most iterations allowed, and has not converged",
        "objective_fell" => "the objective fell",
        "completed" => "it had completed its passes",
        other => other,
    }
}

/// Warnings, and components that had no estimate on the way.
fn cautions(fit: Option<&FitRecord>) -> String {
    let Some(fit) = fit else {
        return String::new();
    };
    let mut text = String::from("<h2>Warnings</h2>\n");
    let degenerate = fit.degeneracies.iter();
    let all: Vec<&String> = fit.warnings.iter().chain(degenerate).collect();
    if all.is_empty() {
        text.push_str("<p>None.</p>\n");
    }
    for warning in all {
        text.push_str(&format!("<p class=\"warning\">{}</p>\n", escaped(warning)));
    }
    text
}

/// How each start ended.
fn starts(fit: &FitRecord) -> String {
    let mut text = String::from(
        "<h2>Starts</h2>\n<table>\n<tr><th>start</th><th>objective</th><th>iterations</th><th>stopped</th></tr>\n",
    );
    for (i, start) in fit.starts.iter().enumerate() {
        let objective = start
            .objective
            .map_or(String::new(), |value| format!("{value:.6}"));
        let end = start.error.as_ref().or(start.stop_reason.as_ref());
        text.push_str(&format!(
            "<tr><td>{i}</td><td>{objective}</td><td>{}</td><td>{}</td></tr>\n",
            start.iterations,
            escaped(end.map_or("", String::as_str))
        ));
    }
    text.push_str("</table>\n");
    if !fit.moves.is_empty() {
        text.push_str("<h3>Moves that split and merge</h3>\n<ul>\n");
        for step in &fit.moves {
            text.push_str(&format!("<li>{}</li>\n", escaped(step)));
        }
        text.push_str("</ul>\n");
    }
    text
}

/// How to make the model again.
fn again(file: &ModelFile, report: &Report) -> String {
    let command = command(file, &report.data, &report.rows);
    let mut text = format!(
        "<h2>The command</h2>\n<p>From what the model file records:</p>\n<pre>{}</pre>\n",
        escaped(&command)
    );
    let unsaid = unsaid(file);
    let besides = match unsaid.is_empty() {
        true => String::new(),
        false => format!(" Here the fit also used: {}.", unsaid.join(", ")),
    };
    text.push_str(&format!(
        "<p>A model file does not hold the options of the run and of the start (tolerances, limits, \
         --init, label columns): where they were given, add them.{}</p>\n",
        escaped(&besides)
    ));
    text
}
