//! Factor scores of rows under mixtures of factor analysers.

use crate::columns::Typed;
use crate::failure::Failure;
use crate::write::number;
use clap::Args;
use gmm::FactorAnalyzer;
use serde::Deserialize;
use serde_json::Value;
use tabular::{ModelFile, Values};

/// Whether to write factor scores.
#[derive(Args, Clone, Debug)]
pub struct FactorScores {
    /// Add the columns factor_0, factor_1, …: the mean of the factors given the row, in the component of its
    /// label.
    #[arg(long, conflicts_with = "merge_to")]
    pub factor_scores: bool,
}

/// What gives the scores.
pub struct Scorer {
    /// The part of factor analysers.
    field: usize,
    /// Of each component; none of noise.
    analyzers: Vec<Option<FactorAnalyzer>>,
    factors: usize,
}

impl FactorScores {
    /// The one part of factor analysers of the model; none where no scores are asked for.
    pub fn scorer(&self, file: &ModelFile) -> Result<Option<Scorer>, Failure> {
        if !self.factor_scores {
            return Ok(None);
        }
        let parts = &file.specification.parts;
        let is_wanted = |field: &usize| parts[*field].family == "factor_analyzers";
        let wanted: Vec<usize> = (0..parts.len()).filter(is_wanted).collect();
        let [field] = wanted[..] else {
            return Err(Failure::input(format!(
                "--factor-scores: the model has {} parts of family factor_analyzers, and must have one",
                wanted.len()
            )));
        };
        let components = file.model.components();
        let analyzer = |k: usize| {
            let saved = file.specification.save(components, k);
            let own = match parts.len() {
                1 => Some(&saved),
                _ => saved.pointer(&format!("/parts/{field}")),
            };
            own.and_then(|own: &Value| FactorAnalyzer::deserialize(own).ok())
        };
        let analyzers: Vec<_> = (0..file.model.len()).map(analyzer).collect();
        let factors = (analyzers.iter().flatten().next()).map_or(0, FactorAnalyzer::factors);
        if factors == 0 {
            return Err(Failure::input(
                "--factor-scores: the factor analysers of the model have no factors",
            ));
        }
        Ok(Some(Scorer {
            field,
            analyzers,
            factors,
        }))
    }
}

impl Scorer {
    /// The names of the columns.
    pub fn header(&self) -> impl Iterator<Item = String> {
        (0..self.factors).map(|factor| format!("factor_{factor}"))
    }
    /// The scores of a row of the table; empty where it has no label, or that of noise.
    pub fn cells(&self, typed: &Typed, row: Option<usize>, label: Option<usize>) -> Vec<String> {
        let values = match &typed.table.fields()[self.field].values {
            Values::Vectors(rows) => Some(&rows.values[..]),
            Values::FileVectors(file) => Some(file.values()),
            _ => None,
        };
        let analyzer = label.and_then(|label| self.analyzers.get(label)?.as_ref());
        let (Some(analyzer), Some(values), Some(row)) = (analyzer, values, row) else {
            return vec![String::new(); self.factors];
        };
        let width = analyzer.dimension();
        let scores = analyzer.factor_scores(&values[row * width..][..width]);
        scores.into_iter().map(number).collect()
    }
}
