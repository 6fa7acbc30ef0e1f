//! `mixture plot`.

use crate::failure::Failure;
use crate::plot::{Format, Plot, encoded, picture, sketch};
use crate::write::{self, Target};

/// Runs the command.
pub fn run(plot: &Plot) -> Result<(), Failure> {
    let Some(path) = &plot.output else {
        return write::stdout(&sketch(&picture(plot)?));
    };
    Format::of(path)?;
    let inputs = [
        ("the model", Some(plot.model.as_path())),
        ("the data", plot.data.as_deref()),
    ];
    let target = Target::new("--output", path, &inputs)?;
    let scene = picture(plot)?;
    target.prepare(&encoded(&scene, path)?)?.finish()
}
