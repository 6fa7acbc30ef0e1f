//! Model files.

use tabular::ModelFile;

/// Reads the bytes as a model file. One that is accepted is written, and the text read again, as the same.
///
/// # Panics
/// When it is not.
pub fn model_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(file) = ModelFile::from_text(text) else {
        return;
    };
    let weights: f64 = file.model.weights().iter().sum();
    assert!((weights - 1.0).abs() <= 1e-6, "weights of sum {weights}");
    let written = file.to_text().expect("what was read can be written");
    let again = ModelFile::from_text(&written).expect("what was written can be read");
    assert_eq!(again.to_text().ok(), Some(written));
}
