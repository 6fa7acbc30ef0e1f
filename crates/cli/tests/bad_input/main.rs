//! What cannot be fitted, read or scored ends in one clear sentence and the right exit code: no
//! panic, nothing on stdout, no file.

mod columns;
mod estimate;
mod families;
mod intervals;
mod known;
mod model;
mod model_file;
mod noise;
mod options;
mod regression;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod text;

use std::path::Path;
use support::{folder, mixture, write};

/// A class of bad input, the data, the command, its exit code, and words of the message. In the
/// command `DATA` is the data's path, `OUT` that of the output, `DIR` the folder, and a word
/// `@name=text` writes a file `name` holding `text` and stands for its path.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    i32,
    &'static [&'static str],
);

const TWO: &str = "a,b\n1,2\n2,1\n3,5\n4,4\n5,9\n";
const NORMAL: &str = "{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\"],\"parts\":[{\"family\":\"normal\",\"columns\":[\"a\"]}],\"weights\":[0.5,0.5],\"components\":[{\"mean\":0,\"variance\":1},{\"mean\":5,\"variance\":1}]}";
const FIT: &str = "fit DATA --family normal -k 2 --output OUT";

/// The rows, by what they are about; a row is added to the file of its class.
const TABLES: &[&[Row]] = &[
    columns::ROWS,
    estimate::ROWS,
    families::ROWS,
    intervals::ROWS,
    known::ROWS,
    model::ROWS,
    model_file::ROWS,
    noise::ROWS,
    options::ROWS,
    regression::ROWS,
    start::ROWS,
    text::ROWS,
];

#[test]
fn bad_input_ends_in_one_clear_sentence() {
    let folder = folder("bad_input");
    let output = folder.join("out.json");
    let mut classes = std::collections::BTreeSet::new();
    let rows = TABLES.iter().flat_map(|rows| rows.iter());
    for (index, (class, data, command, code, words)) in rows.enumerate() {
        classes.insert(class);
        let arguments = arguments(&folder, data, command);
        let run = mixture(&arguments);
        let what = format!("row {index} ({class}): {command}\n{}", run.stderr);
        assert_eq!(run.code, *code, "{what}");
        assert_eq!(run.stdout, "", "{what}");
        for word in *words {
            assert!(run.stderr.contains(word), "no \"{word}\" in {what}");
        }
        assert!(!run.stderr.contains("panicked"), "{what}");
        let errors = run
            .stderr
            .lines()
            .filter(|line| line.starts_with("error:"))
            .count();
        assert_eq!(errors, 1, "{what}");
        assert!(!output.exists(), "{what}");
    }
    let left: Vec<_> = std::fs::read_dir(&folder).expect("the folder").collect();
    let names = left.iter().flatten().map(|entry| entry.file_name());
    assert!(
        names
            .into_iter()
            .all(|name| !name.to_string_lossy().ends_with(".tmp"))
    );
    let count: usize = TABLES.iter().map(|rows| rows.len()).sum();
    assert!(
        count >= 60 && classes.len() >= 12,
        "{count} rows, {classes:?}"
    );
}

/// The words of a command, with files in their places.
fn arguments(folder: &Path, data: &str, command: &str) -> Vec<String> {
    let path = write(folder, "data.csv", data);
    let model = write(folder, "model.json", NORMAL);
    let place = |word: &str| -> String {
        if let Some((name, text)) = word.strip_prefix('@').and_then(|word| word.split_once('=')) {
            let text = text.replace("\\n", "\n");
            return write(folder, name, edited(&text));
        }
        match word {
            "DATA" => path.clone(),
            "MODEL" => model.clone(),
            "OUT" => folder.join("out.json").display().to_string(),
            word => word.replace("DIR", &folder.display().to_string()),
        }
    };
    command.split_whitespace().map(place).collect()
}

/// `MODELold=>new` is the model with `old` replaced by `new`.
fn edited(text: &str) -> String {
    match text
        .strip_prefix("MODEL")
        .and_then(|edit| edit.split_once("=>"))
    {
        Some((old, new)) => {
            assert!(NORMAL.contains(old), "{old}");
            NORMAL.replacen(old, new, 1)
        }
        None => text.to_string(),
    }
}

/// A model file from elsewhere is untrusted: what it says is checked before memory is taken for it.
#[test]
fn a_hostile_model_file_is_refused() {
    let folder = folder("hostile");
    let nested = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep = NORMAL.replace("\"mean\":0", &format!("\"mean\":{nested}"));
    let huge = NORMAL.replace("\"variance\":1}]", "\"variance\":1e999}]");
    let texts = [
        ("deep", deep, "not a JSON file"),
        ("nested", nested, "not a JSON file"),
        ("number", huge, "not a JSON file"),
        (
            "nul",
            NORMAL.replace("0.5,0.5", "0.5,\u{0}0.5"),
            "not a JSON file",
        ),
        (
            "half",
            NORMAL[..NORMAL.len() / 2].to_string(),
            "not a JSON file",
        ),
        ("list", "[]".to_string(), "not a model file"),
    ];
    for (name, text, words) in texts {
        let model = write(&folder, "model.json", text);
        let run = mixture(&["show", &model]);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{name}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(words), "{name}: {}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{name}: {}", run.stderr);
    }
}
