//! `mixture select --criterion likelihood-ratio` where something is known of the rows.

mod support;

use serde_json::Value;
use std::fmt::Write;
use support::{folder, mixture, succeed, write};

fn select(command: &str) -> Value {
    let all = format!("select {command} --criterion likelihood-ratio --restarts 2 --format json");
    let words: Vec<&str> = all.split_whitespace().collect();
    serde_json::from_str(&succeed(&words)).expect("JSON")
}

/// Two kinds of rows: y about 2 + z and about 40 − z, in groups of two rows of one kind.
fn data() -> String {
    let mut text = String::from("y,count,z,g,own,w\n");
    for i in 0..40 {
        let kind = i / 2 % 2;
        let z = f64::from(i * 7 % 13);
        let noise = f64::from(i * 11 % 9) / 4.0 - 1.0;
        let y = if kind == 0 { 2.0 + z } else { 40.0 - z } + noise;
        let count = if kind == 0 { i * 5 % 4 } else { 9 + i * 3 % 6 };
        writeln!(text, "{y},{count},{z},g{},r{i},{}", i / 2, 1 + i / 2 % 3).expect("a line");
    }
    text
}

/// Rejects one component, for any number of threads.
fn rejects_one(command: &str) -> Value {
    let one = select(&format!("{command} -k 1..2 --replicates 19 --threads 1"));
    let three = select(&format!("{command} -k 1..2 --replicates 19 --threads 3"));
    assert_eq!(one, three, "{command}");
    assert_eq!(one["tested"][0]["p_value"], 1.0 / 20.0, "{command}");
    assert_eq!(one["tested"][0]["failed_replicates"], 0, "{command}");
    one
}

#[test]
fn groups_covariates_and_predictors_are_drawn_again() {
    let data = write(&folder("likelihood_ratio"), "data.csv", data());
    let counts = format!("{data} --family poisson --columns count");
    let plain = rejects_one(&counts);
    // Groups of one row are rows: the same draws, and the same fits up to the order of sums.
    let single = rejects_one(&format!("{counts} --group own"));
    let statistic = |of: &Value| of["tested"][0]["statistic"].as_f64().expect("a number");
    let error = (statistic(&plain) - statistic(&single)).abs();
    assert!(error < 1e-6, "{error}: twice the tolerance of fits");
    rejects_one(&format!("{counts} --group g"));
    rejects_one(&format!("{counts} --concomitant z"));
    rejects_one(&format!("{counts} --weights equal --row-weights w"));
    let lines = format!("{data} --family linear_regression --response y --predictors z");
    rejects_one(&lines);
    rejects_one(&format!("{lines} --row-weights w"));
    rejects_one(&format!("{lines} --group g --init grown"));
}

#[test]
fn a_true_null_is_not_rejected_by_groups() {
    // One Poisson: about the half of all tests have p above 1/2, and this one has.
    let mut text = String::from("count,g\n");
    let counts = [3, 5, 2, 4, 4, 6, 1, 3, 5, 4, 2, 7, 3, 4, 5, 3, 6, 2, 4, 3];
    for (i, count) in counts.iter().enumerate() {
        writeln!(text, "{count},g{}", i / 2).expect("a line");
    }
    let data = write(&folder("likelihood_ratio_null"), "data.csv", text);
    let tested = select(&format!(
        "{data} --family poisson --columns count --group g -k 1..2 --replicates 39"
    ));
    assert!(
        tested["tested"][0]["p_value"].as_f64() > Some(0.05),
        "{tested}"
    );
    assert_eq!(tested["tested"][0]["rank"], 1);
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let data = write(
        &folder("likelihood_ratio_refused"),
        "data.csv",
        data().replace(",1\n", ",1.5\n"),
    );
    let lines =
        format!("select {data} --family linear_regression --response y --predictors z -k 1..2");
    for (options, why) in [
        ("--row-weights w", "whole number"),
        ("--algorithm hard", "--algorithm other than em"),
        ("--trim 0.1", "--trim"),
    ] {
        let all = format!("{lines} --criterion likelihood-ratio {options}");
        let run = mixture(&all.split_whitespace().collect::<Vec<_>>());
        assert_eq!(run.code, 2, "{options}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{options}: {}", run.stderr);
    }
}
