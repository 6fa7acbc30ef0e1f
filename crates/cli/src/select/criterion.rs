//! By what models are compared.

use crate::args::Fit;
use crate::failure::Failure;
use crate::variational::is_variational;
use clap::{Args, ValueEnum};
use em::select::{Folds, HeldOut, sabic};
use tabular::FitRecord;

/// Criteria.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Criterion {
    /// −2L + p ln n
    Bic,
    /// −2L + 2p
    Aic,
    /// BIC and −2 Σ w ln max r: components that overlap cost more
    Icl,
    /// −2L + p ln((n + 2)/24)
    Sabic,
    /// −2 times the log-likelihood of each fold under the fit to the others
    CrossValidation,
    /// −2 times the log-likelihood of one part of the rows under the fit to the others
    HeldOut,
    /// −2 times the lower bound of the log evidence, of --algorithm variational
    LowerBound,
    /// K against the next K, by a parametric bootstrap, until no more components are called for
    LikelihoodRatio,
}

/// How models are compared.
#[derive(Args, Clone, Copy, Debug)]
pub struct Method {
    /// By what models are compared; all but likelihood-ratio are smaller for better models. By default bic, and
    /// lower-bound for --algorithm variational.
    #[arg(long, value_enum)]
    criterion: Option<Criterion>,
    /// The number of folds of --criterion cross-validation; 10 by default.
    #[arg(long, value_name = "FOLDS")]
    pub folds: Option<usize>,
    /// The share of rows that --criterion held-out sets aside; 0.2 by default.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub share: Option<f64>,
    /// How many data sets --criterion likelihood-ratio draws for a test; 199 by default.
    #[arg(long, value_name = "B")]
    pub replicates: Option<usize>,
    /// The level of the tests of --criterion likelihood-ratio; 0.05 by default.
    #[arg(long, value_name = "LEVEL", allow_negative_numbers = true)]
    pub level: Option<f64>,
    /// Do not fit candidates that a bound of the likelihood proves to lose; the winner is the same.
    #[arg(long)]
    pub abandon: bool,
}

impl Method {
    /// By what models are compared.
    pub fn criterion(&self) -> Criterion {
        self.criterion.unwrap_or(Criterion::Bic)
    }
    /// The method for fits of one algorithm, whose default and whose criteria they are.
    pub fn of_fits(mut self, arguments: &Fit) -> Result<Self, Failure> {
        let variational = is_variational(arguments);
        if variational && self.criterion.is_none() {
            self.criterion = Some(Criterion::LowerBound);
        }
        let of_points = [
            Criterion::Bic,
            Criterion::Aic,
            Criterion::Icl,
            Criterion::Sabic,
            Criterion::LikelihoodRatio,
        ];
        match (variational, self.criterion()) {
            (true, criterion) if of_points.contains(&criterion) => Err(Failure::input(format!(
                "--criterion {} is one of the largest likelihood: for --algorithm variational there are \
                 lower-bound, cross-validation and held-out",
                name(criterion)
            ))),
            (false, Criterion::LowerBound) => Err(Failure::input(
                "--criterion lower-bound is for --algorithm variational",
            )),
            _ => Ok(self),
        }
    }
    /// Checks that options and criterion belong together.
    pub fn check(&self) -> Result<(), Failure> {
        let owned = [
            (self.folds.is_some(), "--folds", Criterion::CrossValidation),
            (self.share.is_some(), "--share", Criterion::HeldOut),
            (
                self.replicates.is_some(),
                "--replicates",
                Criterion::LikelihoodRatio,
            ),
            (self.level.is_some(), "--level", Criterion::LikelihoodRatio),
        ];
        for (given, option, criterion) in owned {
            if given && self.criterion() != criterion {
                return Err(Failure::input(format!(
                    "{option} belongs to --criterion {}",
                    name(criterion)
                )));
            }
        }
        if self.replicates == Some(0) {
            return Err(Failure::input("--replicates 0: a test needs at least one"));
        }
        let inside = |value: Option<f64>| value.is_none_or(|value| value > 0.0 && value < 1.0);
        match (inside(self.level), inside(self.share)) {
            (false, _) => Err(Failure::input("--level: must lie between 0 and 1")),
            (_, false) => Err(Failure::input("--share: must lie between 0 and 1")),
            _ => Ok(()),
        }
    }
    /// The value of a fit; smaller is better. With rows set aside it is that of these.
    pub fn value(&self, record: &FitRecord, held_out: Option<&HeldOut>) -> f64 {
        match (self.criterion(), held_out) {
            (_, Some(held_out)) => held_out.deviance(),
            (Criterion::LowerBound, _) => -2.0 * record.objective,
            (Criterion::Aic, _) => record.aic.unwrap_or(f64::NAN),
            (Criterion::Icl, _) => record.icl.unwrap_or(f64::NAN),
            (Criterion::Sabic, _) => sabic_of(record).unwrap_or(f64::NAN),
            _ => record.bic.unwrap_or(f64::NAN),
        }
    }
    /// Its name.
    pub fn name(&self) -> String {
        name(self.criterion())
    }
    /// How rows are set aside, where they are.
    pub fn splits(
        &self,
        rows: usize,
        row_weights: Option<&[f64]>,
        seed: u64,
    ) -> Result<Option<Folds>, Failure> {
        let folds = match self.criterion() {
            Criterion::CrossValidation => {
                Folds::new(rows, row_weights, self.folds.unwrap_or(10), seed)
            }
            Criterion::HeldOut => {
                Folds::held_out(rows, row_weights, self.share.unwrap_or(0.2), seed)
            }
            _ => return Ok(None),
        };
        folds.map(Some).map_err(Failure::input)
    }
    /// How many fits a candidate takes.
    pub fn fits(&self) -> usize {
        match self.criterion() {
            Criterion::CrossValidation => 1 + self.folds.unwrap_or(10),
            Criterion::HeldOut => 2,
            _ => 1,
        }
    }
}

fn name(criterion: Criterion) -> String {
    let value = criterion.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_string())
}

/// SABIC of a fit, where it has criteria of the largest likelihood.
pub fn sabic_of(record: &FitRecord) -> Option<f64> {
    record.bic?;
    Some(sabic(
        record.log_likelihood,
        record.parameters,
        record.observations,
    ))
}
