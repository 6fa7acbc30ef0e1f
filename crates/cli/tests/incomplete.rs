//! Zero-inflated, truncated and censored data through the binary. The numbers of the maxima are those of
//! `incomplete/generate.py`, which maximises each likelihood directly.

mod support;

use serde_json::{Value, json};
use support::{case, case_file, fit_json, folder, records, succeed, write};

/// A data file beside the generator.
fn data(name: &str) -> String {
    format!("{}/tests/incomplete/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn fit(words: &str) -> Value {
    let words: Vec<String> = words.split_whitespace().map(String::from).collect();
    fit_json(&words)
}

fn value(of: &Value, pointer: &str) -> f64 {
    let found = of.pointer(pointer).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("no number at {pointer} of {of}"))
}

#[track_caller]
fn close(a: f64, b: f64, relative: f64) {
    assert!(
        (a - b).abs() <= relative * b.abs().max(1e-300),
        "{a} is not {b} to {relative}"
    );
}

/// The log-likelihood and the parameters of the first components. At a maximum an error e of the
/// parameters costs e² of the likelihood; the fits stop within 1e-11 nats.
#[track_caller]
fn agrees(fit: &Value, log_likelihood: f64, parameters: &[(&str, f64)]) {
    close(value(fit, "/fit/log_likelihood"), log_likelihood, 1e-12);
    for (pointer, expected) in parameters {
        close(value(fit, pointer), *expected, 1e-6);
    }
}

const TIGHT: &str = "--tolerance 1e-11 --max-iterations 100000";

/// Events by total time.
#[test]
fn an_exponential_rate_is_events_by_total_time() {
    let folder = folder("incomplete_rate");
    let text = "time,until\n1.5,1.5\n0.5,0.5\n4,4\n2,\n6,inf\n";
    let file = write(&folder, "data.csv", text);
    let fitted = fit(&format!(
        "{file} --family exponential --interval time,until -k 1 {TIGHT}"
    ));
    close(value(&fitted, "/components/0/rate"), 3.0 / 14.0, 1e-7);
    let expected = 3.0 * (3.0f64 / 14.0).ln() - 3.0;
    close(value(&fitted, "/fit/log_likelihood"), expected, 1e-12);
    assert_eq!(fitted["parts"][0]["interval"], json!(true));
    assert_eq!(fitted["columns"], json!(["time", "until"]));
}

/// Gehan's data: 9 of 21 remissions under 6-MP ended, within 359 weeks in total; under placebo all 21, in
/// 182 weeks.
#[test]
fn the_remissions_have_their_known_rates() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/data/remission.csv"
    );
    // Labels of two components, held by a first M-step alone.
    let fitted = fit(&format!(
        "{file} --family exponential --interval weeks,until -k 2 --init-labels treatment --max-iterations 0"
    ));
    close(value(&fitted, "/components/0/rate"), 9.0 / 359.0, 1e-12);
    close(value(&fitted, "/components/1/rate"), 21.0 / 182.0, 1e-12);
}

#[test]
fn a_mixture_of_censored_exponentials_is_that_of_direct_maximisation() {
    let file = data("exponential.csv");
    let fitted = fit(&format!(
        "{file} --family exponential --interval from,to -k 2 {TIGHT} --acceleration daarem"
    ));
    // Components by falling weight: the second of the generator is the heavier.
    agrees(
        &fitted,
        -123.58785629343897,
        &[
            ("/weights/1", 0.41842213176672221),
            ("/components/1/rate", 2.2750464805897853),
            ("/components/0/rate", 0.19849739679961788),
        ],
    );
    assert_eq!(value(&fitted, "/fit/parameters"), 3.0);
}

#[test]
fn censored_families_have_the_maximum_of_their_likelihood() {
    let file = data("exponential.csv");
    let fitted = fit(&format!(
        "{file} --family weibull --interval from,to -k 1 {TIGHT}"
    ));
    agrees(
        &fitted,
        -126.42655545189568,
        &[
            ("/components/0/shape", 0.67552041475075528),
            ("/components/0/scale", 2.394735912244765),
        ],
    );
    let fitted = fit(&format!(
        "{file} --family log_normal --interval from,to -k 1 {TIGHT}"
    ));
    agrees(
        &fitted,
        -126.47499616514685,
        &[
            ("/components/0/log_mean", 0.069716867353204116),
            ("/components/0/log_variance", 3.1371517387623486),
        ],
    );
}

/// Both ends of an interval of counts belong to it.
#[test]
fn intervals_of_counts_are_closed() {
    let file = data("poisson.csv");
    let fitted = fit(&format!(
        "{file} --family poisson --interval from,to -k 1 {TIGHT}"
    ));
    agrees(
        &fitted,
        -79.901825790683499,
        &[("/components/0/rate", 3.8978824237424733)],
    );
}

#[test]
fn a_truncated_normal_has_the_maximum_of_its_likelihood() {
    let file = data("normal.csv");
    let fitted = fit(&format!(
        "{file} --family truncated_normal --set low=0 --set high=2.5 -k 1 {TIGHT}"
    ));
    agrees(
        &fitted,
        -53.671637494912804,
        &[
            ("/components/0/mean", 1.0897448748831373),
            ("/components/0/variance", 0.87159195215574617),
        ],
    );
    assert_eq!(fitted["components"][0]["high"], json!(2.5));
    assert_eq!(value(&fitted, "/fit/parameters"), 2.0);
}

/// All eruptions together, low ones and high ones, look less like a normal between these bounds than like a
/// uniform, and have no maximum; their two groups have. A start from seeds ends where one from labels does.
#[test]
fn seeds_need_no_maximum_of_all_rows() {
    let file = case_file("gmm_faithful", "data.csv");
    let text = std::fs::read_to_string(file).expect("the data");
    let rows = text.lines().skip(1).map(|line| {
        let eruption = line.split(',').next().unwrap_or_default();
        let long = eruption.parse::<f64>().expect("a number") > 3.0;
        format!("{eruption},{}", u8::from(long))
    });
    let rows: Vec<String> = rows.collect();
    let folder = folder("incomplete_seeds");
    let data = format!("eruptions,long\n{}\n", rows.join("\n"));
    let data = write(&folder, "data.csv", data);
    let words = format!(
        "{data} --family truncated_normal --set low=1.5 --set high=5.2 --columns eruptions -k 2 {TIGHT}"
    );
    let seeds = fit(&words);
    let labels = fit(&format!("{words} --init-labels long"));
    close(
        value(&seeds, "/fit/log_likelihood"),
        value(&labels, "/fit/log_likelihood"),
        1e-10,
    );
}

/// Rows on a scale of closed forms: P(2 < X ≤ 5), P(X > 3), P(X ≤ 1) and f(4) of a rate of 1/2; counts
/// include both ends.
#[test]
fn intervals_are_scored_by_their_probability() {
    let folder = folder("incomplete_score");
    let model = |family: &str| {
        let part = json!({"family": family, "columns": ["a", "b"], "interval": true});
        let model = json!({
            "format": "mixture-model", "version": 1, "columns": ["a", "b"], "parts": [part],
            "weights": [0.5, 0.5], "components": [{"rate": 0.5}, {"rate": 0.5}],
        });
        write(&folder, &format!("{family}.json"), model.to_string())
    };
    let scores = |model: &str, rows: &str| -> Vec<f64> {
        let file = write(&folder, "data.csv", format!("b,a\n{rows}\n"));
        let scored = records(&succeed(&["score", model, &file, "--missing", "em"]));
        let numbers = scored[1..].iter().map(|row| row[0].parse());
        numbers.map(|number| number.expect("a number")).collect()
    };
    // Columns are matched by name: the high end stands first here.
    let exponential = model("exponential");
    let tail = |x: f64| (-0.5 * x).exp();
    let got = scores(&exponential, "5,2\ninf,3\nNA,3\n1,-inf\n1,\n4,4\n,\n-1,-2");
    let expected = [
        (tail(2.0) - tail(5.0)).ln(),
        -1.5,
        -1.5,
        (1.0 - tail(1.0)).ln(),
        (1.0 - tail(1.0)).ln(),
        0.5f64.ln() - 2.0,
        0.0,
        f64::NEG_INFINITY,
    ];
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            got == &expected || (got - expected).abs() <= 4e-15,
            "{got} {expected}"
        );
    }
    let mass = |x: i32| (-0.5f64).exp() * 0.5f64.powi(x) / [1.0, 1.0, 2.0, 6.0, 24.0][x as usize];
    let poisson = model("poisson");
    let got = scores(&poisson, "4,2\n2,\n,1\n3,3\n3,2.5\n2.5,1\n0,0\n1,0");
    let expected = [
        (mass(2) + mass(3) + mass(4)).ln(),
        (mass(0) + mass(1) + mass(2)).ln(),
        (1.0 - mass(0)).ln(),
        mass(3).ln(),
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
        -0.5,
        (mass(0) + mass(1)).ln(),
    ];
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            got == &expected || (got - expected).abs() <= 4e-15,
            "{got} {expected}"
        );
    }
    // Draws are known values.
    for (model, fraction) in [(&exponential, "."), (&poisson, "")] {
        let drawn = records(&succeed(&["sample", model, "-n", "50", "--labels"]));
        assert_eq!(drawn[0], ["a", "b", "label"]);
        for row in &drawn[1..] {
            assert_eq!(row[0], row[1]);
            assert!(row[0].contains(fraction) && (!fraction.is_empty() || !row[0].contains('.')));
        }
    }
}

/// Rows of an empty interval are missing.
#[test]
fn a_row_of_two_empty_ends_does_not_count() {
    let folder = folder("incomplete_missing");
    let gaps = write(&folder, "gaps.csv", "a,b\n1,1\n2,\n,\n-inf,inf\n3,3\n");
    let none = write(&folder, "none.csv", "a,b\n1,1\n2,\n3,3\n");
    let rate = |words: &str| {
        let words = format!("{words} --family exponential --interval a,b -k 1 {TIGHT}");
        value(&fit(&words), "/components/0/rate")
    };
    let expected = rate(&none);
    assert_eq!(rate(&format!("{gaps} --missing drop")), expected);
    assert_eq!(rate(&format!("{gaps} --missing em")), expected);
}

/// What lies at zero and what lies beyond are estimated apart: of counts the mean of the positive ones is
/// that of a zero-truncated Poisson.
#[test]
fn zero_inflated_families_share_out_the_zeros() {
    let folder = folder("incomplete_zeros");
    let file = write(
        &folder,
        "data.csv",
        "n,w\n0,60\n1,14\n2,12\n3,8\n4,4\n5,2\n",
    );
    let words = format!("{file} --columns n --row-weights w {TIGHT}");
    let inflated = fit(&format!("{words} --family zero_inflated_poisson -k 1"));
    let rate = value(&inflated, "/components/0/rate");
    close(rate / -(-rate).exp_m1(), 88.0 / 40.0, 1e-12);
    let zeros = value(&inflated, "/components/0/zero_probability");
    close(zeros + (1.0 - zeros) * (-rate).exp(), 0.6, 1e-12);
    // The same density as a mixture with a point mass.
    let mixture = fit(&format!(
        "{words} --components point_mass,poisson --set value=0 --acceleration daarem"
    ));
    close(
        value(&inflated, "/fit/log_likelihood"),
        value(&mixture, "/fit/log_likelihood"),
        1e-12,
    );
    assert_eq!(inflated["fit"]["parameters"], mixture["fit"]["parameters"]);
    let truncated = write(&folder, "positive.csv", "n,w\n1,14\n2,12\n3,8\n4,4\n5,2\n");
    let truncated = format!("{truncated} --columns n --row-weights w {TIGHT} -k 1");
    let truncated = fit(&format!("{truncated} --family zero_truncated_poisson"));
    close(value(&truncated, "/components/0/rate"), rate, 1e-12);
    assert_eq!(
        truncated["components"][0].as_object().map(|p| p.len()),
        Some(1)
    );
}

/// One component of the family is the reference's mixture of a point mass and a Poisson.
#[test]
fn the_zero_inflated_case_is_one_component() {
    let file = case_file("uni_counts_biochemists", "data.csv");
    let fitted = fit(&format!(
        "{file} --family zero_inflated_poisson --columns art -k 1 {TIGHT}"
    ));
    let case = case("uni_counts_biochemists");
    let runs = case["runs"].as_array().expect("runs");
    let run = runs.iter().find(|run| run["id"] == "ZIP").expect("the run");
    let expected = &run["expected"];
    let relative = value(&run["tolerance"], "/loglik_rel");
    close(
        value(&fitted, "/fit/log_likelihood"),
        value(expected, "/loglik"),
        relative,
    );
    let relative = value(&run["tolerance"], "/params_rel");
    for (mine, theirs) in [
        ("zero_probability", "/weights/0"),
        ("rate", "/params/1/rate"),
    ] {
        let mine = value(&fitted, &format!("/components/0/{mine}"));
        close(mine, value(expected, theirs), relative);
    }
}

/// Over the real numbers a zero is an atom: its probability is the share of the zeros, and the rest is
/// that of the other rows.
#[test]
fn zeros_among_positive_numbers_are_an_atom() {
    let folder = folder("incomplete_atom");
    let zeros = write(
        &folder,
        "zeros.csv",
        "x\n0\n0\n1.5\n0.4\n2.5\n0\n3.1\n0.9\n",
    );
    let rest = write(&folder, "rest.csv", "x\n1.5\n0.4\n2.5\n3.1\n0.9\n");
    for family in [
        "exponential",
        "gamma",
        "log_normal",
        "weibull",
        "inverse_gaussian",
    ] {
        let mut inflated = fit(&format!(
            "{zeros} --family zero_inflated_{family} -k 1 {TIGHT}"
        ));
        let plain = fit(&format!("{rest} --family {family} -k 1 {TIGHT}"));
        close(
            value(&inflated, "/components/0/zero_probability"),
            3.0 / 8.0,
            1e-15,
        );
        let share = 3.0 * (3.0f64 / 8.0).ln() + 5.0 * (5.0f64 / 8.0).ln();
        close(
            value(&inflated, "/fit/log_likelihood"),
            value(&plain, "/fit/log_likelihood") + share,
            1e-12,
        );
        let parameters = inflated["components"][0]
            .as_object_mut()
            .expect("parameters");
        parameters.shift_remove("zero_probability");
        for (key, expected) in plain["components"][0].as_object().expect("parameters") {
            close(
                value(&inflated["components"][0], &format!("/{key}")),
                expected.as_f64().expect("a number"),
                1e-9,
            );
        }
    }
}

/// Closed forms of the zero-truncated: a geometric shifted by one has probability 1/mean, and the mean of
/// a binomial is n p/(1 − (1 − p)ⁿ).
#[test]
fn zero_truncated_families_have_their_means() {
    let folder = folder("incomplete_zero_truncated");
    let file = write(&folder, "data.csv", "n\n1\n1\n2\n3\n1\n5\n2\n");
    let fitted = fit(&format!(
        "{file} --family zero_truncated_geometric -k 1 {TIGHT}"
    ));
    close(
        value(&fitted, "/components/0/probability"),
        7.0 / 15.0,
        1e-10,
    );
    let fitted = fit(&format!(
        "{file} --family zero_truncated_binomial --set trials=6 -k 1 {TIGHT}"
    ));
    let p = value(&fitted, "/components/0/probability");
    close(6.0 * p / (1.0 - (1.0 - p).powi(6)), 15.0 / 7.0, 1e-10);
    assert_eq!(fitted["components"][0]["trials"], json!(6));
}

/// An exponential has no memory: truncated below it is a shifted one.
#[test]
fn bounds_that_are_not_set_are_infinite() {
    let folder = folder("incomplete_bounds");
    let file = write(&folder, "data.csv", "x\n2.5\n3.5\n7\n4\n");
    let fitted = fit(&format!(
        "{file} --family truncated_exponential --set low=2 -k 1 {TIGHT}"
    ));
    close(value(&fitted, "/components/0/rate"), 4.0 / 9.0, 1e-8);
    assert_eq!(fitted["components"][0]["low"], json!(2.0));
    assert_eq!(fitted["components"][0]["high"], json!("inf"));
    assert_eq!(fitted["parts"][0]["settings"], json!({"low": 2}));
}
