//! `mixture show`.

use super::read_model;
use crate::args::{Format, Show};
use crate::failure::Failure;
use crate::{summary, write};

/// Runs the command.
pub fn run(arguments: &Show) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    match arguments.format {
        Format::Json => write::stdout(&file.to_text()?),
        Format::Text => {
            let warnings = summary::warnings(&file);
            write::stdout(&format!("{}{warnings}", summary::text(&file)))
        }
    }
}
