//! `mixture select --abandon`: fewer fits, and the same winner to the byte.

mod support;

use serde_json::Value;
use std::path::Path;
use support::{folder, mixture, succeed};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data")
        .join(name);
    path.display().to_string()
}

/// The report with and without `--abandon`, and how many candidates were left out.
fn compare(command: &str) -> usize {
    let folder = folder("select_abandon");
    let (plain, short) = (folder.join("plain.json"), folder.join("short.json"));
    let run = |output: &Path, options: &str| -> Value {
        let all = format!(
            "select {command} --format json {options} -o {}",
            output.display()
        );
        serde_json::from_str(&succeed(&words(&all))).expect("JSON")
    };
    let whole = run(&plain, "");
    let one = run(&short, "--abandon --threads 1");
    let read = |path: &Path| std::fs::read_to_string(path).expect("a model");
    assert_eq!(read(&plain), read(&short), "{command}: the same winner");
    let several = run(&short, "--abandon --threads 3");
    for list in ["ranked", "unranked", "failed", "abandoned"] {
        assert_eq!(
            one[list], several[list],
            "{command}: {list} for any number of threads"
        );
    }
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    let best = one["ranked"][0]["value"].as_f64().expect("a value");
    let abandoned = list(&one, "abandoned");
    for left in &abandoned {
        let least = left["least_value"].as_f64().expect("a bound");
        assert!(least > best, "{command}: {left}");
        // What it has where it is fitted is no less.
        let fitted = list(&whole, "ranked")
            .into_iter()
            .chain(list(&whole, "unranked"));
        for other in fitted.filter(|other| {
            other["components"] == left["components"] && other["family"] == left["family"]
        }) {
            assert!(
                other["value"].as_f64().expect("a value") >= least - 1e-6,
                "{other}"
            );
        }
    }
    let count = |of: &Value| -> usize {
        ["ranked", "unranked", "failed"]
            .iter()
            .map(|name| list(of, name).len())
            .sum()
    };
    assert_eq!(count(&one) + abandoned.len(), count(&whole), "{command}");
    abandoned.len()
}

#[test]
fn the_winner_is_the_same_with_fewer_fits() {
    let notices = format!(
        "{} --columns deaths --row-weights count",
        example("death_notices.csv")
    );
    let titanic = format!(
        "{} --part categorical:Class,Sex,Age,Survived --row-weights Freq",
        example("titanic.csv")
    );
    // One component is enough for nothing of these; two or three bear all that the counts can.
    assert_eq!(compare(&format!("{notices} --family poisson -k 1..6")), 4);
    assert!(
        compare(&format!(
            "{notices} --family poisson,geometric -k 1..5 --criterion aic"
        )) >= 4
    );
    assert!(
        compare(&format!(
            "{notices} --family binomial --set trials=20 -k 1..5"
        )) >= 2
    );
    assert!(compare(&format!("{titanic} -k 1..8 --restarts 5")) >= 2);
    let faithful = example("old_faithful.csv");
    compare(&format!(
        "{faithful} --family exponential,normal --columns waiting -k 1..4"
    ));
    assert_eq!(
        compare(&format!(
            "{faithful} --family gaussian --covariance tied,full -k 1..3"
        )),
        0,
        "densities have no bound"
    );
    compare(&format!(
        "{notices} --family poisson -k 1..4 --criterion icl"
    ));
    compare(&format!(
        "{notices} --family poisson -k 1..4 --weights equal"
    ));
}

#[test]
fn what_has_no_bound_is_refused() {
    let base = format!(
        "select {} --family poisson -k 1..2",
        example("death_notices.csv")
    );
    for options in [
        "--abandon --criterion cross-validation",
        "--abandon --criterion likelihood-ratio",
        "--abandon --algorithm variational",
        "--abandon --on-degenerate drop",
        "--abandon --trim 0.1",
    ] {
        let run = mixture(&words(&format!("{base} {options}")));
        assert_eq!(run.code, 2, "{options}: {}", run.stderr);
        assert!(
            run.stderr.contains("--abandon"),
            "{options}: {}",
            run.stderr
        );
    }
    let shown = succeed(&words(
        &format!("{base} --columns deaths --row-weights count --abandon -k 1..4")
            .replace("-k 1..2 ", ""),
    ));
    assert!(
        shown.contains("abandoned") && shown.contains("not fitted"),
        "{shown}"
    );
}
