//! Running the binary, and folders for what it writes.
#![allow(dead_code)] // Each test file uses some of it.

pub mod compare;
pub mod mapping;
pub mod npy;

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a run of the binary gave.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    fn of(output: Output) -> Run {
        Run {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

/// Runs `mixture` with these arguments.
pub fn mixture<T: AsRef<std::ffi::OsStr>>(arguments: &[T]) -> Run {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_mixture"))
        .args(arguments)
        .output()
        .expect("the binary runs");
    Run::of(output)
}

/// Runs `mixture` with these arguments, and this text on its standard input.
pub fn mixture_fed(arguments: &[&str], text: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mixture"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("a pipe");
    // A run that ends early closes the pipe.
    let _ = input.write_all(text.as_bytes());
    drop(input);
    Run::of(child.wait_with_output().expect("it ends"))
}

/// Runs `mixture`, which must succeed, and gives its stdout.
pub fn succeed<T: AsRef<std::ffi::OsStr> + std::fmt::Debug>(arguments: &[T]) -> String {
    let run = mixture(arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
    run.stdout
}

/// Runs `mixture fit … --format json` and gives the model file.
pub fn fit_json(arguments: &[String]) -> Value {
    let mut all = vec!["fit".to_string()];
    all.extend_from_slice(arguments);
    all.extend(["--format".into(), "json".into()]);
    serde_json::from_str(&succeed(&all)).expect("stdout is the model file")
}

/// A fresh folder of this name.
pub fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder for the test");
    path
}

/// Writes a file and gives its path as text.
pub fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file for the test");
    path.display().to_string()
}

/// The folder of the cases.
pub fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The path of a case's file as text.
pub fn case_file(case: &str, file: &str) -> String {
    cases().join(case).join(file).display().to_string()
}

/// The case.json of a case.
pub fn case(name: &str) -> Value {
    let text = std::fs::read_to_string(cases().join(name).join("case.json")).expect("a case.json");
    serde_json::from_str(&text).expect("case.json is JSON")
}

/// A CSV text as records, header first.
pub fn records(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let records = reader.records();
    records
        .map(|record| record.expect("CSV").iter().map(str::to_string).collect())
        .collect()
}

/// A number that a case gives as a number or as text.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
