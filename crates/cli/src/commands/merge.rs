//! `mixture merge`.

use super::{columns_of, read_model};
use crate::args::Missing;
use crate::cells::Impossible;
use crate::columns::{Access, typed};
use crate::failure::{Failure, say};
use crate::known::{Beside, posterior};
use crate::merging::sequence;
use crate::read::Sheet;
use crate::write::{Lines, number};
use clap::Args;
use std::path::PathBuf;

/// `mixture merge`.
#[derive(Args, Debug)]
pub struct Merge {
    /// The model file.
    pub model: PathBuf,
    /// The data, a CSV file with a header.
    pub data: PathBuf,
    /// How the data are written.
    #[command(flatten)]
    pub dialect: crate::dialect::Dialect,
    /// What to do with missing cells: error, leave the row out, or use the other cells.
    #[arg(long, value_enum, default_value_t = Missing::Error)]
    pub missing: Missing,
}

/// Runs the command.
pub fn run(arguments: &Merge) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    let wanted = columns_of(&file)?;
    let mut sheet = Sheet::read_columns(&arguments.data, &arguments.dialect, Some(&wanted))?;
    let typed = typed(
        &mut Access::Own(&mut sheet),
        &file.specification,
        &Beside::of_file(&file),
        arguments.missing,
        Impossible::Mark,
    )?;
    let posterior = posterior(&file, &sheet, &typed)?;
    let sequence = sequence(&posterior, &file, &sheet, &typed)?;
    let mut lines = Lines::new();
    lines.row([
        "clusters",
        "merged",
        "with",
        "entropy",
        "normalized_entropy",
        "cluster_of_component",
    ])?;
    let merged = std::iter::once(None).chain(sequence.steps().iter().map(|step| Some(step.merged)));
    for (step, pair) in merged.enumerate() {
        let clusters = sequence.components() - step;
        let name = |name: Option<usize>| name.map_or(String::new(), |name| name.to_string());
        let of_component = sequence.clusters(clusters);
        let of_component: Vec<String> = of_component.iter().map(usize::to_string).collect();
        lines.row([
            clusters.to_string(),
            name(pair.map(|pair| pair.0)),
            name(pair.map(|pair| pair.1)),
            number(sequence.entropy(clusters)),
            number(sequence.normalized_entropy(clusters)),
            of_component.join(" "),
        ])?;
    }
    lines.end()?;
    if let Some(clusters) = sequence.elbow() {
        say(&format!(
            "the elbow of the entropy is at {clusters} clusters"
        ));
    }
    Ok(())
}
