//! Every example prints what its head comment says.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The lines after `//! Prints:` in the head comment.
fn stated(source: &str) -> String {
    let head = source.lines().take_while(|line| line.starts_with("//!"));
    let lines = head.map(|line| line.trim_start_matches("//!"));
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let printed: Vec<&str> = lines
        .skip_while(|line| *line != "Prints:")
        .skip(1)
        .collect();
    printed.join("\n")
}

/// `cargo test` builds the examples beside the tests.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("target/<profile>");
    profile
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

#[test]
fn every_example_prints_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in folder.read_dir().expect("the examples folder") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name");
        let source = std::fs::read_to_string(&path).expect("the source");
        assert!(
            source.lines().count() <= 150,
            "{name} is longer than 150 lines"
        );
        let output = Command::new(binary(name))
            .current_dir(folder.join(".."))
            .output();
        let output = output.unwrap_or_else(|error| {
            panic!(
                "{name} is not built ({error}): run the whole of `cargo test -p mixture-examples`"
            )
        });
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let printed = String::from_utf8(output.stdout).expect("text");
        let trimmed: Vec<&str> = printed.lines().map(str::trim_end).collect();
        assert_eq!(
            trimmed.join("\n"),
            stated(&source),
            "{name} prints something else"
        );
        seen += 1;
    }
    assert!(seen > 0);
}
