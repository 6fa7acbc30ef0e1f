//! The examples of docs/cli.md run, and print what they show; docs/model-file.md shows a model.

mod support;

use std::path::Path;
use std::process::Command;
use support::{folder, succeed, write};

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    std::fs::read_to_string(path).expect("the page")
}

/// The fenced blocks of a kind.
fn blocks(page: &str, kind: &str) -> Vec<String> {
    let fence = format!("```{kind}\n");
    let starts = page.split(&fence).skip(1);
    starts
        .map(|rest| rest.split("```").next().unwrap_or_default().to_string())
        .collect()
}

#[test]
fn every_example_of_the_command_line_runs() {
    let folder = folder("docs");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data");
    std::fs::create_dir_all(folder.join("examples/data")).expect("a folder");
    for entry in std::fs::read_dir(data).expect("the data") {
        let entry = entry.expect("an entry");
        let target = folder.join("examples/data").join(entry.file_name());
        std::fs::copy(entry.path(), target).expect("a copy");
    }
    for (name, least) in [
        ("cli.md", 15),
        ("em.md", 12),
        ("choosing-k.md", 1),
        ("getting-started.md", 6),
        ("choosing-a-family.md", 2),
        ("faq.md", 4),
        ("starts.md", 3),
        ("degenerate-fits.md", 3),
    ] {
        let mut examples = 0;
        for block in blocks(&page(name), "console") {
            for example in block.split("$ mixture ").skip(1) {
                let (command, expected) = example.split_once('\n').expect("a line");
                run(&folder, command, expected);
                examples += 1;
            }
        }
        assert!(examples >= least, "{name}: {examples} examples");
    }
}

/// Runs a command, and compares what it prints with what is shown, where `...` stands for any lines; of an error
/// that is shown, the beginning.
fn run(folder: &Path, command: &str, expected: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_mixture"))
        .args(command.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("the binary runs");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let errors = String::from_utf8_lossy(&output.stderr);
    if expected.starts_with("error:") {
        assert!(!output.status.success(), "{command} succeeds");
        assert!(errors.contains(expected.trim_end()), "{command}: {errors}");
        return;
    }
    assert!(output.status.success(), "{command}: {errors}");
    let mut rest = printed.as_str();
    let pieces: Vec<&str> = expected.split("...\n").collect();
    for (index, piece) in pieces.iter().enumerate() {
        let found = match index {
            0 => rest.starts_with(piece).then_some(0),
            _ if index + 1 == pieces.len() => rest.rfind(piece).filter(|_| rest.ends_with(piece)),
            _ => rest.find(piece),
        };
        let at = found.unwrap_or_else(|| panic!("{command}: no \"{piece}\" in\n{printed}"));
        rest = &rest[at + piece.len()..];
    }
    assert!(rest.is_empty(), "{command}:\n{printed}");
}

#[test]
fn the_model_file_of_its_page_is_one() {
    let model = blocks(&page("model-file.md"), "json").remove(0);
    let path = write(&folder("docs_model"), "model.json", &model);
    assert_eq!(succeed(&["show", &path, "--format", "json"]), model);
}

#[test]
fn the_pages_name_every_family_and_option() {
    let (files, commands) = (page("model-file.md"), page("cli.md"));
    for family in tabular::families() {
        assert!(
            files.contains(&format!("`{}`", family.name)),
            "{}",
            family.name
        );
    }
    for verb in [
        "fit", "select", "predict", "score", "sample", "show", "plot", "report", "cdf", "quantile",
        "convert",
    ] {
        let help = succeed(&[verb, "--help"]);
        for word in help
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
        {
            let option = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            let option = option.split(['=', '[']).next().unwrap_or_default();
            if option != "--help" {
                assert!(
                    commands.contains(option),
                    "{verb} {option} is not in docs/cli.md"
                );
            }
        }
    }
}
