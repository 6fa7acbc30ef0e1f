//! The trace of a fit: a line for each iteration, as it happens.

use crate::failure::Failure;
use crate::write::{Target, number};
use em::Progress;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// The file of `--trace`.
pub struct Trace {
    file: File,
    shown: String,
    json: bool,
    begin: Instant,
}

impl Trace {
    /// Begins the file.
    pub fn new(path: &Path, inputs: &[(&str, Option<&Path>)]) -> Result<Self, Failure> {
        Target::new("--trace", path, inputs)?;
        let shown = path.display().to_string();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let json = matches!(extension, Some("json" | "jsonl"));
        let file = File::create(path).map_err(|error| failed(&shown, &error))?;
        let mut trace = Trace {
            file,
            shown,
            json,
            begin: Instant::now(),
        };
        if !json {
            trace.line("start,iteration,objective,seconds\n")?;
        }
        Ok(trace)
    }
    /// Writes a line.
    pub fn write<M>(&mut self, progress: &Progress<'_, M>) -> Result<(), Failure> {
        let (start, iteration) = (progress.start, progress.iteration);
        let objective = number(progress.objective);
        let seconds = self.begin.elapsed().as_secs_f64();
        self.line(&if self.json {
            format!(
                "{{\"start\": {start}, \"iteration\": {iteration}, \"objective\": {objective}, \
                 \"seconds\": {seconds:.6}}}\n"
            )
        } else {
            format!("{start},{iteration},{objective},{seconds:.6}\n")
        })
    }
    /// A line goes to the file whole, so that a killed run leaves whole lines.
    fn line(&mut self, line: &str) -> Result<(), Failure> {
        (self.file.write_all(line.as_bytes())).map_err(|error| failed(&self.shown, &error))
    }
}

fn failed(shown: &str, error: &std::io::Error) -> Failure {
    Failure::input(format!("--trace {shown}: {error}"))
}
