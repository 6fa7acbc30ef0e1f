//! Probabilistic mixture models from the command line: fit, select, predict, score, sample, show.
//!
//! stdout carries the result, stderr progress and warnings. Exit 0: done; 1: the fit failed;
//! 2: usage or input; 3: not converged under `--require-convergence`; 130: interrupted, and a
//! checkpoint is kept.

mod algorithm;
mod anomalies;
mod args;
mod cells;
mod checkpoint;
mod choose;
mod cluster_start;
mod columns;
mod commands;
mod dialect;
mod explain;
mod factor_scores;
mod failure;
mod fingerprint;
mod given;
mod grid;
mod groups;
mod growth;
mod inherit;
mod intervals;
mod known;
mod labels;
mod merging;
mod names;
mod order;
mod plan;
mod plot;
mod prior;
mod progress;
mod read;
mod record;
mod regression;
mod reproduce;
pub mod robustness;
mod run;
mod saved;
mod select;
mod start;
mod stream;
mod summary;
mod trace;
mod trim;
mod uncertainty;
mod units;
mod variational;
mod warn;
mod write;

use clap::Parser;
use std::process::ExitCode;

/// Runs the command that the words of this process name.
pub fn run() -> ExitCode {
    let done = match args::Arguments::parse().command {
        args::Command::Fit(arguments) => commands::fit::run(&arguments),
        args::Command::Select(arguments) => commands::select::run(&arguments),
        args::Command::Predict(arguments) => commands::predict::run(&arguments),
        args::Command::Score(arguments) => commands::score::run(&arguments),
        args::Command::Sample(arguments) => commands::sample::run(&arguments),
        args::Command::Show(arguments) => commands::show::run(&arguments),
        args::Command::Merge(arguments) => commands::merge::run(&arguments),
        args::Command::Cdf(arguments) => commands::quantile::cdf(&arguments),
        args::Command::Quantile(arguments) => commands::quantile::quantile(&arguments),
        args::Command::Convert(arguments) => commands::convert::run(&arguments),
        args::Command::Divergence(arguments) => commands::divergence::run(&arguments),
        args::Command::Plot(arguments) => commands::plot::run(&arguments),
        args::Command::Report(arguments) => commands::report::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.code())
        }
    }
}
