//! `--algorithm`: each fits, refuses what it cannot be combined with, and online EM reads standard input.

mod support;

use serde_json::Value;
use support::{Run, fit_json, folder, mixture, mixture_fed, write};

/// Two kinds of counts in turn, which repeat every 40 rows: 0 to 3, and 10 to 19.
fn counts(rows: usize) -> String {
    let count = |i: usize| match i % 2 {
        0 => i / 2 * 3 % 4,
        _ => 10 + i / 2 * 7 % 10,
    };
    let lines = (0..rows).map(|i| format!("{}\n", count(i)));
    format!("errors\n{}", lines.collect::<String>())
}

fn rates(model: &Value) -> Vec<f64> {
    let components = model["components"].as_array().expect("components");
    let rates = components
        .iter()
        .map(|component| component["rate"].as_f64().expect("a rate"));
    let mut rates: Vec<f64> = rates.collect();
    rates.sort_by(f64::total_cmp);
    rates
}

/// Runs `mixture fit -` over these bytes.
fn piped(text: &str, options: &[&str]) -> Run {
    mixture_fed(&[&["fit", "-"], options].concat(), text)
}

const POISSON: [&str; 4] = ["--family", "poisson", "-k", "2"];

#[test]
fn every_algorithm_fits_a_file() {
    let folder = folder("algorithms_file");
    let data = write(&folder, "counts.csv", counts(4000));
    let reference = fit_json(&[&[data.as_str()], &POISSON[..]].concat().map_owned());
    let expected = rates(&reference);
    for (algorithm, options, reason) in [
        (
            "stochastic",
            &["--burn-in", "5", "--draws", "20"][..],
            "completed",
        ),
        (
            "annealed",
            &["--first-beta", "0.5", "--beta-iterations", "5"][..],
            "converged",
        ),
        (
            "incremental",
            &["--blocks", "8", "--sweeps", "2"][..],
            "converged",
        ),
        (
            "online",
            &["--batch-rows", "200", "--step-exponent", "0.7"][..],
            "completed",
        ),
    ] {
        let fixed = ["--algorithm", algorithm, "--restarts", "2"];
        let all = [&[data.as_str()], &POISSON[..], &fixed[..], options].concat();
        let model = fit_json(&all.map_owned());
        assert_eq!(model["fit"]["algorithm"], algorithm);
        assert_eq!(model["fit"]["stop_reason"], reason, "{algorithm}");
        assert_eq!(
            model["fit"]["warnings"].as_array().map(Vec::len),
            Some(0),
            "{model}"
        );
        for (found, expected) in rates(&model).iter().zip(&expected) {
            // The kinds are far apart, and every batch holds the same rows.
            assert!(
                (found - expected).abs() < 0.02 * expected,
                "{algorithm} {found} {expected}"
            );
        }
    }
}

trait Owned {
    fn map_owned(&self) -> Vec<String>;
}

impl Owned for Vec<&str> {
    fn map_owned(&self) -> Vec<String> {
        self.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn combinations_that_cannot_work_are_refused() {
    let folder = folder("algorithms_refused");
    let data = write(&folder, "counts.csv", counts(100));
    let weibull = ["--family", "weibull", "-k", "1", "--algorithm", "online"];
    for (options, says) in [
        (
            &["--burn-in", "3"][..],
            "--burn-in is for --algorithm stochastic, not for em",
        ),
        (
            &["--algorithm", "hard", "--sweeps", "3"],
            "--sweeps is for --algorithm incremental and online",
        ),
        (
            &["--algorithm", "annealed", "--acceleration", "squarem"],
            "--acceleration is for --algorithm em",
        ),
        (
            &["--algorithm", "annealed", "--first-beta", "1.5"],
            "at most 1",
        ),
        (
            &["--algorithm", "incremental", "--split-merge", "2"],
            "--split-merge",
        ),
        (
            &["--algorithm", "incremental", "--init", "small-em"],
            "--init small-em",
        ),
        (
            &["--algorithm", "stochastic", "--checkpoint", "x"],
            "--checkpoint",
        ),
        (
            &["--algorithm", "stochastic", "--tolerance", "1e-7"],
            "--tolerance",
        ),
        (
            &["--algorithm", "stochastic", "--require-convergence"],
            "--require-convergence",
        ),
        (
            &["--algorithm", "online", "--max-iterations", "9"],
            "--max-iterations",
        ),
        (
            &["--algorithm", "online", "--step-exponent", "2"],
            "at most 1",
        ),
    ] {
        let all = [&["fit", data.as_str()], &POISSON[..], options].concat();
        let run = mixture(&all);
        assert_eq!(run.code, 2, "{options:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{options:?}: {}", run.stderr);
    }
    let positive = write(&folder, "positive.csv", "x\n1\n2\n3.5\n4\n");
    let run = mixture(&[&["fit", positive.as_str()], &weibull[..]].concat());
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("one Newton step"), "{}", run.stderr);
    let run = piped("x\n1\n", &POISSON);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--algorithm online"), "{}", run.stderr);
    for option in [
        &["--noise"][..],
        &["--weights", "equal"],
        &["--time-limit", "3"],
        &["--sweeps", "2"],
    ] {
        let all = [&POISSON[..], &["--algorithm", "online"], option].concat();
        let run = piped("x\n1\n", &all);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(option[0]), "{}", run.stderr);
    }
}

#[test]
fn a_stream_is_learned_batch_by_batch() {
    let online = [
        "--algorithm",
        "online",
        "--batch-rows",
        "400",
        "--format",
        "json",
    ];
    let options = [&POISSON[..], &online[..]].concat();
    let run = piped(&counts(10_100), &options);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("10100 rows in 26 batches"),
        "{}",
        run.stderr
    );
    let model: Value = serde_json::from_str(&run.stdout).expect("a model file");
    assert!(model["fit"].is_null());
    let found = rates(&model);
    assert!(
        (found[0] - 1.5).abs() < 0.05 && (found[1] - 14.5).abs() < 0.1,
        "{found:?}"
    );

    // From that model on, with row weights and gaps, in the same format.
    let folder = folder("algorithms_stream");
    let start = write(&folder, "start.json", &run.stdout);
    let trace = folder.join("trace.csv");
    let text = "errors,w\n1,1\n2,0\n,1\n12,2\n1,1\n";
    let rest = [
        "--algorithm",
        "online",
        "--init-model",
        &start,
        "--row-weights",
        "w",
        "--missing",
        "drop",
        "--batch-rows",
        "2",
        "--trace",
        trace.to_str().expect("UTF-8"),
    ];
    let run = piped(text, &rest);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines = std::fs::read_to_string(&trace).expect("a trace");
    assert!(
        lines.starts_with("start,iteration,objective,seconds\n"),
        "{lines}"
    );
    assert_eq!(lines.lines().count(), 4, "{lines}");
}

#[test]
fn a_stream_names_the_line_at_fault() {
    let options = [
        &POISSON[..],
        &["--algorithm", "online", "--batch-rows", "100"],
    ]
    .concat();
    let text = counts(300).replacen("\n13\n", "\n-13\n", 8);
    let run = piped(&text, &options);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("standard input, line"),
        "{}",
        run.stderr
    );
    let run = piped(&format!("{}1,2\n", counts(150)), &options);
    assert!(
        run.stderr
            .contains("standard input, line 152: 2 fields, 1 expected"),
        "{}",
        run.stderr
    );
    for empty in ["", "errors\n"] {
        let run = piped(empty, &options);
        assert_eq!(run.code, 2, "{}", run.stderr);
    }
}
