//! Writing results: stdout, and files that appear whole or not at all.

use crate::failure::Failure;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes text to stdout.
pub fn stdout(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    (out.write_all(text.as_bytes()))
        .and_then(|()| out.flush())
        .map_err(|error| stdout_failed(&error))
}

/// The failure for an error of stdout; a reader that has gone (`| head`) is none.
pub fn stdout_failed(error: &std::io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe {
        Failure::Gone
    } else {
        Failure::input(format!("stdout cannot be written: {error}"))
    }
}

/// Checks, before any work, that a file can be written at `path`.
pub fn check_target(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::input(format!(
            "--output {}: this is a directory",
            path.display()
        )));
    }
    if path.file_name().is_none() || !folder(path).is_dir() {
        return Err(Failure::input(format!(
            "--output {}: the folder does not exist",
            path.display()
        )));
    }
    Ok(())
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Writes a file by way of a temporary one in the same folder, so that no reader ever sees half of
/// it, and a failure leaves what was there.
pub fn file(path: &Path, text: &str) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder(path).join(format!(".{name}.{}.tmp", std::process::id()));
    let written = (std::fs::File::create(&temporary))
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|error| {
        // Best effort: the error to report is the first one.
        let _ = std::fs::remove_file(&temporary);
        Failure::input(format!("--output {}: {error}", path.display()))
    })
}

/// A number with the fewest digits that read back as the same number.
pub fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "inf".into()
    } else if value == f64::NEG_INFINITY {
        "-inf".into()
    } else {
        serde_json::Value::from(value).to_string()
    }
}

/// CSV on stdout.
pub struct Lines {
    writer: csv::Writer<std::io::StdoutLock<'static>>,
}

impl Lines {
    /// An empty table.
    pub fn new() -> Self {
        let writer = csv::WriterBuilder::new().from_writer(std::io::stdout().lock());
        Lines { writer }
    }
    /// Writes a row.
    pub fn row<I: IntoIterator<Item = T>, T: AsRef<[u8]>>(
        &mut self,
        cells: I,
    ) -> Result<(), Failure> {
        (self.writer.write_record(cells)).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => stdout_failed(&error),
            _ => Failure::input("stdout cannot be written"),
        })
    }
    /// Ends the table.
    pub fn end(mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| stdout_failed(&error))
    }
}
