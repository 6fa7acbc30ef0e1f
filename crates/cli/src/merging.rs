//! Components merged to clusters.

use crate::columns::Typed;
use crate::failure::Failure;
use crate::known::Beside;
use crate::read::Sheet;
use clap::Args;
use em::{MergeSequence, Posterior};
use tabular::ModelFile;

/// How many clusters the components make.
#[derive(Args, Debug, Clone)]
pub struct Merging {
    /// Merge the components to this many clusters, by entropy: label and probabilities are those of
    /// clusters.
    #[arg(long, value_name = "CLUSTERS", conflicts_with = "label_names",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub merge_to: Option<u32>,
}

impl Merging {
    /// What the model says of the rows, of components or of clusters.
    pub fn apply(
        &self,
        posterior: Posterior,
        file: &ModelFile,
        sheet: &Sheet,
        typed: &Typed,
    ) -> Result<Posterior, Failure> {
        let Some(clusters) = self.merge_to.map(|clusters| clusters as usize) else {
            return Ok(posterior);
        };
        let count = posterior.components;
        if clusters > count {
            return Err(Failure::input(format!(
                "--merge-to {clusters}: the model has {count} components"
            )));
        }
        let sequence = sequence(&posterior, file, sheet, typed)?;
        Ok(sequence.merged(&posterior, clusters))
    }
}

/// The sequence of clusterings; a group of rows counts once.
pub fn sequence(
    posterior: &Posterior,
    file: &ModelFile,
    sheet: &Sheet,
    typed: &Typed,
) -> Result<MergeSequence, Failure> {
    if file.specification.has_noise() {
        return Err(Failure::input(
            "a model with noise: noise is no cluster, with which others could be merged",
        ));
    }
    let held = Beside::of_file(file).read(sheet, typed)?;
    let weights = held.offsets.map(|offsets| {
        let mut weights = vec![0.0; posterior.log_density.len()];
        for &first in &offsets[..offsets.len() - 1] {
            weights[first] = 1.0;
        }
        weights
    });
    MergeSequence::new(posterior, weights.as_deref())
        .map_err(|error| Failure::input(error.to_string()))
}
