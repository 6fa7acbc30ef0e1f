//! Arbitrary input to what the fuzz targets call (fuzz/), and the inputs that once failed.

use mixture_cli::robustness::{fit, model_file, options, table};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Runs `check` on as many inputs of a fixed seed, or more where ROBUSTNESS_TIMES says so; one that fails is
/// shown, to be added below.
fn holds<S: Strategy<Value: AsRef<[u8]>>>(cases: u32, inputs: &S, check: fn(&[u8])) {
    let times =
        std::env::var("ROBUSTNESS_TIMES").map_or(1, |times| times.parse().expect("a number"));
    let config = Config {
        cases: cases * times,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let checked = runner.run(inputs, |input| {
        check(input.as_ref());
        Ok::<(), TestCaseError>(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

/// Texts of some pieces, after a byte.
fn pieced(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<u8>> {
    let text = prop::collection::vec(select(pieces), 0..most).prop_map(|text| text.concat());
    (any::<u8>(), text).prop_map(|(first, text)| [&[first], text.as_bytes()].concat())
}

#[test]
fn any_text_is_read_as_the_csv_crate_reads_it() {
    const PIECES: &[&str] = &[
        "a", "b", ",", ",", ",", "\n", "\n", "\r\n", "\r", "\"", "\"\"", " ", "1", "2.5", "-3e2",
        "NA", "inf", "1e999", ";", "\t", "\u{feff}", "é", ",\n", "1,2\n", "x\n",
    ];
    holds(4000, &pieced(PIECES, 60), table);
    holds(1000, &prop::collection::vec(any::<u8>(), 0..200), table);
}

/// So many different cells that a column changes its form.
#[test]
fn columns_of_many_texts_are_read_as_the_csv_crate_reads_them() {
    let cell = prop_oneof![
        20 => any::<f64>().prop_map(|number| number.to_string()),
        20 => any::<u16>().prop_map(|number| number.to_string()),
        1 => select(vec!["", "NA", "x", "\"a,b\"", "inf", "1e5"]).prop_map(String::from),
    ];
    let row = (cell.clone(), cell, any::<u32>()).prop_map(|(a, b, c)| format!("{a},{b},t{c}\n"));
    let text = prop::collection::vec(row, 250..600)
        .prop_map(|rows| [b"\0a,b,c\n", rows.concat().as_bytes()].concat());
    holds(30, &text, table);
}

const MODELS: [&str; 4] = [
    r#"{"format":"mixture-model","version":1,"columns":["a"],"parts":[{"family":"normal","columns":["a"]}],"weights":[0.5,0.5],"components":[{"mean":0,"variance":1},{"mean":5,"variance":1}]}"#,
    r#"{"format":"mixture-model","version":1,"columns":["a","b","c"],"parts":[{"family":"gaussian","columns":["a","b"],"covariance":"full"},{"family":"categorical","columns":["c"],"levels":["x","y"]}],"weights":[1],"components":[{"parts":[{"mean":[0,1],"covariance":[[2,0.5],[0.5,1]]},{"levels":["x","y"],"probabilities":[0.25,0.75]}]}]}"#,
    r#"{"format":"mixture-model","version":1,"columns":["y","x"],"parts":[{"family":"linear_regression","columns":["y","x"],"regression":{"response":"y","predictors":["x"]}}],"weights":[0.5,0.5],"concomitant":{"predictors":["z"],"coefficients":[[0.5,1]]},"components":[{"coefficients":[1,2],"variance":1},{"coefficients":[0,2],"variance":1}]}"#,
    r#"{"format":"mixture-model","version":1,"columns":["a"],"parts":[{"family":"binomial","columns":["a"],"settings":{"trials":5}}],"group":"g","weights":[0.5,0.5],"components":[{"probability":0.5},{"probability":1}]}"#,
];

/// Model files in which some bytes are replaced, by others or by what something may stumble over.
#[test]
fn a_model_file_with_errors_is_refused_or_written_as_it_was_read() {
    const PIECES: &[&str] = &[
        "0",
        "-1",
        "1e308",
        "1e-320",
        "\"inf\"",
        "\"-inf\"",
        "null",
        "[]",
        "{}",
        "[[1,2],[2,1]]",
        "9007199254740993",
        "18446744073709551615",
        "\"x\"",
        ",",
        "[",
        "\"a\":1,",
        "true",
        "",
    ];
    let edit = (any::<Index>(), 0..12usize, select(PIECES));
    let text =
        (select(&MODELS[..]), prop::collection::vec(edit, 0..4)).prop_map(|(model, edits)| {
            let mut text = model.as_bytes().to_vec();
            for (at, length, piece) in edits {
                let start = at.index(text.len());
                let end = text.len().min(start + length);
                text.splice(start..end, piece.bytes());
            }
            text
        });
    holds(4000, &text, model_file);
    for model in MODELS {
        model_file(model.as_bytes());
    }
}

#[test]
fn any_words_are_a_command_or_refused() {
    const WORDS: &[&str] = &[
        "fit",
        "data.csv",
        "-k",
        "2",
        "--family",
        "normal",
        "gaussian",
        "poisson",
        "binomial",
        "mixed",
        "--columns",
        "a",
        "a,b",
        "\"a\"",
        "\"",
        "a,,b",
        "--part",
        "categorical:c",
        "normal:a",
        ":",
        "normal:",
        "--set",
        "trials=5",
        "0.trials=1e99",
        "9.df=3",
        "=",
        "df",
        "trials=\"x\"",
        "factors=1000000000",
        "--covariance",
        "VVV",
        "tied",
        "--components",
        "normal,poisson",
        "--interval",
        "a,b",
        "b",
        "--response",
        "--predictors",
        "a^2,b*c",
        "a^99",
        "1,-1",
        "c*c",
        "--common",
        "--offset",
        "--fixed",
        "0.mean",
        "weights",
        "1.0.rate",
        "--prior",
        "strength=-1",
        "weights=2",
        "df=0",
        "--trim",
        "0.5",
        "--known-labels",
        "c",
        "--weights",
        "equal",
        "--noise",
        "linear_regression",
        "zero_inflated_poisson",
        "truncated_normal",
        "low=3",
        "high=1",
        "--eigenvalue-ratio",
        "0",
        "select",
        "predict",
        "--means",
        "shared",
        "categorical",
        "multinomial",
        "dirichlet",
        "é",
        "--columns=",
    ];
    let text = prop::collection::vec(select(WORDS), 0..10).prop_map(|words| words.join("\n"));
    holds(2000, &text, options);
    let fits = prop::collection::vec(select(WORDS), 0..8)
        .prop_map(|words| format!("fit\ndata.csv\n-k\n2\n{}", words.join("\n")));
    holds(4000, &fits, options);
}

#[test]
fn any_small_fit_ends_in_numbers_or_a_sentence() {
    holds(1500, &prop::collection::vec(any::<u8>(), 8..100), fit);
}

/// Inputs that once failed.
#[test]
fn what_once_failed_does_not_fail_again() {
    // A byte-order mark that does not stand at the start, before quotes.
    table(b"\x58\n\xEF\xBB\xBF\"\"1,");
}
