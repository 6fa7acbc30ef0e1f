//! What a fit takes over from the model to start from.

use crate::args::{Fit, MixingWeights};
use crate::failure::Failure;
use crate::read::text_file;
use tabular::ModelFile;

/// The options, with the groups and the covariates of the weights that the model to start from has, where
/// that model also says what is fitted.
pub fn with_start(arguments: &Fit) -> Result<Fit, Failure> {
    let mut arguments = arguments.clone();
    let Some(path) = &arguments.start.init_model else {
        return Ok(arguments);
    };
    if arguments.model.is_given() {
        return Ok(arguments);
    }
    // What is wrong with a file is said where it is read for good.
    let Ok(file) = ModelFile::from_text(&text_file(path)?) else {
        return Ok(arguments);
    };
    let known = &mut arguments.known;
    known.group = known.group.take().or(file.group);
    if known.weights == MixingWeights::Free {
        let terms = |given: tabular::Concomitant| given.specification.predictors.join(",");
        known.concomitant = (known.concomitant.take()).or(file.concomitant.map(terms));
    }
    Ok(arguments)
}
