//! The hard_* cases: what each must do is stated in words in its case.json.

mod support;

use std::collections::BTreeSet;
use support::compare::Comparisons;
use support::{case, case_file, cases, fit_json, folder, mixture, number, write};

/// A case, the arguments after its data, the exit code, and words of the message.
const REFUSED: &[(&str, &str, i32, &[&str])] = &[
    (
        "hard_constant_column",
        "-k 2",
        1,
        &["column const", "variance = 0"],
    ),
    (
        "hard_constant_column",
        "-k 2 --covariance tied",
        1,
        &["column const", "variance = 0"],
    ),
    (
        "hard_constant_column",
        "-k 2 --covariance diag",
        1,
        &["column const", "variance = 0"],
    ),
    (
        "hard_empty_file",
        "-k 2",
        2,
        &["data.csv", "the file is empty"],
    ),
    (
        "hard_far_outlier",
        "-k 2",
        1,
        &["component 1", "effective count 1.0000"],
    ),
    (
        "hard_far_outlier",
        "-k 3",
        1,
        &["component", "effective count 1.0000"],
    ),
    (
        "hard_k_greater_than_n",
        "-k 10 --covariance diag",
        2,
        &["k = 10", "number of rows, 5"],
    ),
    (
        "hard_nan_cell",
        "-k 2",
        2,
        &["line 9", "column waiting", "NaN"],
    ),
    (
        "hard_negative_weight",
        "-k 3 --row-weights w",
        2,
        &["line 19", "column w", "-0.5"],
    ),
    (
        "hard_ragged_csv",
        "-k 1 --covariance diag",
        2,
        &["line 3", "2 fields, 3 expected"],
    ),
];

#[test]
fn refusals_name_the_place_and_the_reason() {
    let output = folder("hard").join("model.json");
    for (case, options, code, words) in REFUSED {
        let mut arguments = vec!["fit".to_string(), case_file(case, "data.csv")];
        arguments.extend(["--family".into(), "gaussian".into()]);
        arguments.extend(["--output".into(), output.display().to_string()]);
        arguments.extend(options.split_whitespace().map(String::from));
        let run = mixture(&arguments);
        let what = format!("{case} {options}: {}", run.stderr);
        assert_eq!((run.code, run.stdout.as_str()), (*code, ""), "{what}");
        assert!(words.iter().all(|word| run.stderr.contains(word)), "{what}");
        assert!(!output.exists(), "{what}");
    }
}

#[test]
fn every_hard_case_is_listed() {
    let entries = std::fs::read_dir(cases()).expect("the folder of cases");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a name"));
    let hard: BTreeSet<String> = names.filter(|name| name.starts_with("hard_")).collect();
    let mut listed: BTreeSet<String> = REFUSED.iter().map(|row| row.0.to_string()).collect();
    // A fit, which case_runner.rs compares.
    listed.insert("hard_duplicated_rows".into());
    assert_eq!(hard, listed);
}

fn arguments(case: &str, options: &str) -> Vec<String> {
    let mut arguments = vec![case_file(case, "data.csv")];
    arguments.extend(["--family".into(), "gaussian".into()]);
    arguments.extend(options.split_whitespace().map(String::from));
    arguments
}

/// A constant column has a regular answer under a spherical covariance.
#[test]
fn a_constant_column_fits_under_a_spherical_covariance() {
    let data =
        std::fs::read_to_string(case_file("hard_constant_column", "data.csv")).expect("data");
    let eruptions = data
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap_or_default());
    let labels = eruptions.map(|text| u8::from(text.parse::<f64>().expect("a number") > 3.0));
    let labels = labels.map(|label| format!("{label}\n")).collect::<String>();
    let labels = write(
        &folder("hard_labels"),
        "labels.csv",
        format!("label\n{labels}"),
    );
    let options =
        format!("-k 2 --covariance spherical --tolerance 1e-11 --init-labels-file {labels}");
    let got = fit_json(&arguments("hard_constant_column", &options));
    let expected = &case("hard_constant_column")["spherical"];
    let mut into = Comparisons::default();
    let likelihood = number(&expected["loglik"]).expect("a number");
    let mine = number(&got["fit"]["log_likelihood"]).expect("a number");
    into.number("log-likelihood", mine, likelihood, 1e-8 * likelihood.abs());
    for k in 0..2 {
        let (weight, variance) = (&expected["weights"][k], &expected["variances"][k]);
        let (weight, variance) = (number(weight), number(variance));
        let (weight, variance) = (weight.expect("a number"), variance.expect("a number"));
        let component = &got["components"][k];
        into.number(
            "weight",
            number(&got["weights"][k]).expect("a number"),
            weight,
            1e-5,
        );
        let mine = number(&component["covariance"][2][2]).expect("a number");
        into.number("variance", mine, variance, 1e-4 * variance);
        for j in 0..3 {
            let mean = number(&expected["means"][k][j]).expect("a number");
            into.number(
                "mean",
                number(&component["mean"][j]).expect("a number"),
                mean,
                1e-4 * mean,
            );
        }
    }
    let (worst, detail) = into.worst();
    assert!(worst <= 1.0, "{worst} {detail}");
}

/// One component covers the outlier too: exact moments.
#[test]
fn one_component_covers_a_far_outlier() {
    let got = fit_json(&arguments("hard_far_outlier", "-k 1"));
    let expected = &case("hard_far_outlier")["k1"];
    let component = &got["components"][0];
    let mut into = Comparisons::default();
    for i in 0..2 {
        let mean = number(&expected["mean"][i]).expect("a number");
        into.number(
            "mean",
            number(&component["mean"][i]).expect("a number"),
            mean,
            1e-11 * mean,
        );
        for j in 0..2 {
            let reference = number(&expected["cov"][i][j]).expect("a number");
            let mine = number(&component["covariance"][i][j]).expect("a number");
            into.number("covariance", mine, reference, 1e-11 * reference);
        }
    }
    let (worst, detail) = into.worst();
    assert!(worst <= 1.0, "{worst} {detail}");
}
