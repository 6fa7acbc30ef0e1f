//! `--standard-errors` through the command line.

mod support;

use serde_json::Value;
use std::fmt::Write;
use support::{fit_json, folder, mixture, write};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

/// Two clumps of a count, and a column of weights that are all 2.
fn counts() -> String {
    let mut text = String::from("count,two,known\n");
    for i in 0..60 {
        let count = if i % 3 == 0 { 30 + i % 7 } else { i % 5 };
        writeln!(text, "{count},2,").expect("text");
    }
    text
}

fn errors(file: &Value) -> Vec<(String, f64)> {
    let list = file["fit"]["standard_errors"]["parameters"].as_array();
    let pair = |one: &Value| {
        let error = one["error"].as_f64().expect("an error");
        assert!(one["low"].as_f64() < one["high"].as_f64());
        (
            one["parameter"].as_str().expect("a name").to_string(),
            error,
        )
    };
    list.expect("a list").iter().map(pair).collect()
}

#[test]
fn errors_are_in_the_file_and_in_the_summary() {
    let folder = folder("standard_errors");
    let data = write(&folder, "data.csv", counts());
    let base = format!("{data} --family poisson --columns count -k 2");
    let file = fit_json(&words(&format!("{base} --standard-errors louis")));
    assert_eq!(file["fit"]["standard_errors"]["method"], "louis");
    let louis = errors(&file);
    let names: Vec<&str> = louis.iter().map(|(name, _)| &**name).collect();
    let wanted = [
        "/weights/0",
        "/weights/1",
        "/components/0/rate",
        "/components/1/rate",
    ];
    assert_eq!(names, wanted);
    for (name, error) in &louis[2..] {
        // The clumps do not overlap: √(λ/n_k).
        let k = usize::from(name.contains('1'));
        let rate = file.pointer(name).and_then(Value::as_f64).expect("a rate");
        let rows = if k == 0 { 40.0 } else { 20.0 };
        assert!(
            (error / (rate / rows).sqrt() - 1.0).abs() < 1e-3,
            "{name}: {error}"
        );
    }
    let twice = fit_json(&words(&format!(
        "{base} --standard-errors louis --row-weights two"
    )));
    for ((_, once), (_, twice)) in louis.iter().zip(errors(&twice)) {
        assert!((once * once / (2.0 * twice * twice) - 1.0).abs() < 1e-4);
    }
    // The file can be read again, and its summary shows them.
    let path = folder.join("model.json").display().to_string();
    let shown = mixture(&words(&format!(
        "fit {base} --standard-errors sandwich -o {path}"
    )));
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert!(
        shown.stdout.contains("standard errors: sandwich"),
        "{}",
        shown.stdout
    );
    let again = mixture(&["show", &path]);
    assert!(
        again.stdout.contains("/components/1/rate"),
        "{}",
        again.stdout
    );
    for kind in ["nonparametric", "parametric", "weighted"] {
        let asked = format!(
            "{base} --standard-errors bootstrap --bootstrap {kind} --bootstrap-replicates 40"
        );
        let one = fit_json(&words(&format!("{asked} --threads 1")));
        let two = fit_json(&words(&format!("{asked} --threads 2")));
        assert_eq!(one, two, "the same for any number of threads");
        assert_eq!(one["fit"]["standard_errors"]["replicates"], 40);
        for ((name, louis), (_, drawn)) in louis.iter().zip(errors(&one)) {
            // 40 replicates know a standard deviation to 11 %; the counts are no Poisson variates.
            assert!(
                (0.3..3.0).contains(&(drawn / louis)),
                "{kind} {name}: {drawn} and {louis}"
            );
        }
    }
}

#[test]
fn what_has_no_errors_is_refused() {
    let folder = folder("standard_errors_refused");
    let data = write(&folder, "data.csv", counts());
    let base = format!("fit {data} --family poisson --columns count -k 2");
    for (options, word) in [
        (
            "--standard-errors louis --algorithm hard",
            "--algorithm hard",
        ),
        ("--standard-errors louis --trim 0.1", "--trim"),
        (
            "--standard-errors louis --bootstrap weighted",
            "--standard-errors bootstrap",
        ),
        (
            "--standard-errors bootstrap --bootstrap-replicates 1",
            "at least two",
        ),
        (
            "--standard-errors bootstrap --checkpoint at.json",
            "--checkpoint",
        ),
        ("--bootstrap weighted", "--standard-errors"),
    ] {
        let refused = mixture(&words(&format!("{base} {options}")));
        assert_eq!(refused.code, 2, "{options}: {}", refused.stderr);
        assert!(
            refused.stderr.contains(word),
            "{options}: {}",
            refused.stderr
        );
    }
    // Bounds that are estimated: a sound fit without standard errors.
    for method in ["louis", "bootstrap"] {
        let base = format!("fit {data} --family uniform --columns count -k 1");
        let refused = mixture(&words(&format!("{base} --standard-errors {method}")));
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains("--set"), "{}", refused.stderr);
    }
    // Two components that end as one: no information tells them apart.
    let base = format!("fit {data} --family poisson --columns two -k 2 --init random");
    let refused = mixture(&words(&format!("{base} --standard-errors louis")));
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("bootstrap"), "{}", refused.stderr);
    let select =
        format!("select {data} --family poisson --columns count -k 1..2 --standard-errors louis");
    assert_eq!(mixture(&words(&select)).code, 2);
}
