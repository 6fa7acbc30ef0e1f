//! `--standard-errors` under what is known, against numerical Hessians of log-likelihoods written out here.

mod support;

use serde_json::Value;
use std::fmt::Write;
use support::{fit_json, folder, mixture, write};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

/// ln p of Poisson counts, less ln x!, which has no derivative.
fn poisson(rate: f64, x: f64) -> f64 {
    x * rate.ln() - rate
}

fn two(weight: f64, first: f64, second: f64) -> f64 {
    let (a, b) = (weight.ln() + first, (1.0 - weight).ln() + second);
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}

/// The standard errors, and those of the sandwich, of the parameters of Σ_i `ln_p`(i, θ): by differences of
/// order four of gradients and Hessian, and elimination.
fn naive(ln_p: &dyn Fn(usize, &[f64]) -> f64, units: usize, at: &[f64]) -> [Vec<f64>; 2] {
    let p = at.len();
    let step: Vec<f64> = at.iter().map(|value| 1e-3 * value.abs().max(0.1)).collect();
    let nodes = [
        (2.0, -1.0 / 12.0),
        (1.0, 2.0 / 3.0),
        (-1.0, -2.0 / 3.0),
        (-2.0, 1.0 / 12.0),
    ];
    let gradient = |i: usize, at: &[f64], j: usize| -> f64 {
        let term = |(move_by, factor): (f64, f64)| {
            let mut moved = at.to_vec();
            moved[j] += move_by * step[j];
            factor * ln_p(i, &moved) / step[j]
        };
        nodes.into_iter().map(term).sum()
    };
    let (mut information, mut scores) = (vec![vec![0.0; p]; p], vec![vec![0.0; p]; p]);
    for i in 0..units {
        let score: Vec<f64> = (0..p).map(|j| gradient(i, at, j)).collect();
        for j in 0..p {
            for k in 0..p {
                scores[j][k] += score[j] * score[k];
                for (move_by, factor) in nodes {
                    let mut moved = at.to_vec();
                    moved[k] += move_by * step[k];
                    information[j][k] -= factor * gradient(i, &moved, j) / step[k];
                }
            }
        }
    }
    let inverse = inverse(information);
    let product = |a: &[Vec<f64>], b: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let entry = |i: usize, j: usize| (0..p).map(|k| a[i][k] * b[k][j]).sum();
        (0..p)
            .map(|i| (0..p).map(|j| entry(i, j)).collect())
            .collect()
    };
    let robust = product(&product(&inverse, &scores), &inverse);
    [inverse, robust].map(|matrix| (0..p).map(|j| matrix[j][j].sqrt()).collect())
}

/// By Gauss and Jordan.
fn inverse(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let p = matrix.len();
    for (i, row) in matrix.iter_mut().enumerate() {
        row.extend((0..p).map(|j| f64::from(u8::from(i == j))));
    }
    for i in 0..p {
        let pivot = matrix[i][i];
        matrix[i].iter_mut().for_each(|value| *value /= pivot);
        let line = matrix[i].clone();
        for row in (0..p).filter(|&row| row != i) {
            let factor = matrix[row][i];
            matrix[row]
                .iter_mut()
                .zip(&line)
                .for_each(|(value, own)| *value -= factor * own);
        }
    }
    matrix.into_iter().map(|row| row[p..].to_vec()).collect()
}

/// Counts of two kinds that overlap, a covariate, and groups of three rows of one kind.
fn counts() -> (Vec<f64>, Vec<f64>, String) {
    let (mut xs, mut zs, mut text) = (Vec::new(), Vec::new(), String::from("x,z,g\n"));
    for i in 0..120_i32 {
        let g = i / 3;
        let x = f64::from(if g % 5 < 2 {
            9 + (i * 7) % 6
        } else {
            2 + (i * 5) % 7
        });
        let z = f64::from((i * 11) % 17) / 4.0 - if x > 8.0 { 1.0 } else { 0.0 };
        writeln!(text, "{x},{z},{g}").expect("text");
        xs.push(x);
        zs.push(z);
    }
    (xs, zs, text)
}

/// Fits, and compares both kinds of errors; `names` are the parameters of `ln_p`, in its order.
fn check(options: &str, names: &[&str], units: usize, ln_p: &dyn Fn(usize, &[f64]) -> f64) {
    for (which, method) in ["louis", "sandwich"].into_iter().enumerate() {
        let file = fit_json(&words(&format!(
            "{options} --tolerance 1e-12 --standard-errors {method}"
        )));
        let listed = file["fit"]["standard_errors"]["parameters"].as_array();
        let listed = listed.expect("a list");
        let number = |name: &str| {
            file.pointer(name)
                .and_then(Value::as_f64)
                .expect("a number")
        };
        let at: Vec<f64> = names.iter().map(|name| number(name)).collect();
        let wanted = &naive(ln_p, units, &at)[which];
        for (name, wanted) in names.iter().zip(wanted) {
            let found = listed.iter().find(|one| one["parameter"] == **name);
            let found = found.unwrap_or_else(|| panic!("{options}: no {name} in {listed:?}"));
            let error = found["error"].as_f64().expect("an error");
            assert!(
                (error - wanted).abs() < 1e-5 * wanted,
                "{method} of {name}: {error} instead of {wanted} ({options})"
            );
        }
        // Beside these, only the other weight, which has the error of the first.
        let others = listed
            .iter()
            .filter(|one| !names.iter().any(|name| one["parameter"] == **name));
        for other in others {
            assert_eq!(other["parameter"], "/weights/1", "{options}");
        }
    }
}

#[test]
fn errors_under_what_is_known_are_those_of_numerical_hessians() {
    let folder = folder("standard_errors_known");
    let (xs, zs, text) = counts();
    let data = write(&folder, "data.csv", &text);
    let start = write(
        &folder,
        "start.json",
        r#"{"weights": [0.4, 0.6], "components": [{"rate": 11.0}, {"rate": 4.5}]}"#,
    );
    let base = format!("{data} --family poisson --columns x --init-model {start}");
    let rates = ["/components/0/rate", "/components/1/rate"];
    let rows = xs.len();
    check(
        &format!("{base} --weights equal"),
        &rates,
        rows,
        &|i, at| two(0.5, poisson(at[0], xs[i]), poisson(at[1], xs[i])),
    );
    check(
        &format!("{base} --fixed weights"),
        &rates,
        rows,
        &|i, at| two(0.4, poisson(at[0], xs[i]), poisson(at[1], xs[i])),
    );
    let fixed = ["/weights/0", "/components/1/rate"];
    check(&format!("{base} --fixed 0"), &fixed, rows, &|i, at| {
        two(at[0], poisson(11.0, xs[i]), poisson(at[1], xs[i]))
    });
    let free = ["/weights/0", rates[0], rates[1]];
    let group = |i: usize, rate: f64| (3 * i..3 * i + 3).map(|row| poisson(rate, xs[row])).sum();
    check(&format!("{base} --group g"), &free, rows / 3, &|i, at| {
        two(at[0], group(i, at[1]), group(i, at[2]))
    });
    let all = [
        "/concomitant/coefficients/0/0",
        "/concomitant/coefficients/0/1",
        rates[0],
        rates[1],
    ];
    check(&format!("{base} --concomitant z"), &all, rows, &|i, at| {
        let weight = 1.0 / (1.0 + (-(at[0] + at[1] * zs[i])).exp());
        two(weight, poisson(at[2], xs[i]), poisson(at[3], xs[i]))
    });
    let some = [all[0], all[1], rates[1]];
    check(
        &format!("{base} --concomitant z --fixed 0"),
        &some,
        rows,
        &|i, at| {
            let weight = 1.0 / (1.0 + (-(at[0] + at[1] * zs[i])).exp());
            two(weight, poisson(11.0, xs[i]), poisson(at[2], xs[i]))
        },
    );
}

#[test]
fn bootstraps_agree_with_curvature_and_are_shown() {
    let folder = folder("standard_errors_known_bootstrap");
    let (_, _, text) = counts();
    let data = write(&folder, "data.csv", &text);
    let base = format!("{data} --family poisson --columns x -k 2");
    for known in ["--weights equal", "--group g", "--concomitant z"] {
        let asked = format!("{base} {known} --standard-errors");
        let bootstrap = "bootstrap --bootstrap weighted --bootstrap-replicates 100";
        let one = fit_json(&words(&format!("{asked} {bootstrap} --threads 1")));
        let two = fit_json(&words(&format!("{asked} {bootstrap} --threads 2")));
        assert_eq!(one, two, "{known}: the same for any number of threads");
        let robust = fit_json(&words(&format!("{asked} sandwich")));
        let of = |file: &Value| file["fit"]["standard_errors"]["parameters"].clone();
        let (drawn, robust) = (of(&one), of(&robust));
        let pairs = drawn
            .as_array()
            .expect("a list")
            .iter()
            .zip(robust.as_array().expect("a list"));
        for (drawn, robust) in pairs {
            assert_eq!(drawn["parameter"], robust["parameter"], "{known}");
            let ratio =
                drawn["error"].as_f64().expect("one") / robust["error"].as_f64().expect("one");
            // 100 replicates know a standard deviation to 7 %; 40 groups are few for a normal limit.
            assert!((0.6..1.7).contains(&ratio), "{known}: {ratio} in {drawn}");
        }
        let shown = mixture(&words(&format!("fit {asked} louis")));
        assert!(
            shown.stdout.contains("standard errors: louis"),
            "{}",
            shown.stderr
        );
    }
}

/// The errors of a file, and the parameters they are of.
fn errors(file: &Value) -> Vec<(String, f64)> {
    let all = file["fit"]["standard_errors"]["parameters"].as_array();
    all.expect("a list")
        .iter()
        .map(|one| {
            (
                one["parameter"].to_string(),
                one["error"].as_f64().expect("one"),
            )
        })
        .collect()
}

#[test]
fn a_parametric_bootstrap_draws_units_again() {
    let folder = folder("standard_errors_known_parametric");
    let (_, _, text) = counts();
    let data = write(&folder, "data.csv", &text);
    let base = format!("{data} --family poisson --columns x -k 2");
    let fixed = folder.join("start.json").display().to_string();
    let start = "{\"weights\": [0.5, 0.5], \"components\": [{\"rate\": 11}, {\"rate\": 3}]}";
    std::fs::write(&fixed, start).expect("a start");
    for known in [
        "--weights equal",
        "--group g",
        "--concomitant z",
        "--group g --weights equal",
        &format!("--init-model {fixed} --fixed 0"),
    ] {
        let asked = format!("{base} {known} --standard-errors");
        let bootstrap = "bootstrap --bootstrap parametric --bootstrap-replicates 100";
        let one = fit_json(&words(&format!("{asked} {bootstrap} --threads 1")));
        let two = fit_json(&words(&format!("{asked} {bootstrap} --threads 2")));
        assert_eq!(one, two, "{known}: the same for any number of threads");
        let louis = errors(&fit_json(&words(&format!("{asked} louis"))));
        let drawn = errors(&one);
        assert_eq!(louis.len(), drawn.len(), "{known}");
        for ((parameter, louis), (of, drawn)) in louis.iter().zip(&drawn) {
            assert_eq!(parameter, of, "{known}");
            // 100 replicates know a standard deviation to 7 %; the information is that of these rows, not the
            // expected one.
            let ratio = drawn / louis;
            // Coefficients of the weights have long tails with 120 rows: a simulation written in another language, 200
            // replicates of it, gives 1.5 times Louis' errors.
            let most = if parameter.contains("concomitant") {
                3.0
            } else {
                1.7
            };
            assert!(
                (0.6..most).contains(&ratio),
                "{known}, {parameter}: {ratio}"
            );
        }
    }
}

#[test]
fn a_parametric_bootstrap_of_a_regression_keeps_the_predictors() {
    let folder = folder("standard_errors_regression_parametric");
    // One component and fixed predictors: the covariance of the coefficients is σ² (XᵀX)⁻¹, whatever they are. A
    // row of weight 2 is two rows.
    let zs: Vec<f64> = (0..30).map(|i| f64::from(i * i % 17)).collect();
    let weight = |i: usize| if i.is_multiple_of(5) { 2.0 } else { 1.0 };
    let mut text = String::from("y,z,w\n");
    for (i, z) in zs.iter().enumerate() {
        let noise = f64::from((i * 7 % 11) as u32) - 5.0;
        writeln!(text, "{},{z},{}", 2.0 + 0.5 * z + 0.3 * noise, weight(i)).expect("a line");
    }
    let data = write(&folder, "data.csv", &text);
    let file = fit_json(&words(&format!(
        "{data} --family linear_regression --response y --predictors z --row-weights w -k 1 \
         --standard-errors bootstrap --bootstrap parametric --bootstrap-replicates 400"
    )));
    let variance = file["components"][0]["variance"].as_f64().expect("one");
    let sum = |power: i32| -> f64 {
        let all = zs.iter().enumerate();
        all.map(|(i, z)| weight(i) * z.powi(power)).sum()
    };
    let determinant = sum(0) * sum(2) - sum(1).powi(2);
    let expected = [
        (variance * sum(2) / determinant).sqrt(),
        (variance * sum(0) / determinant).sqrt(),
    ];
    let found = errors(&file);
    for (j, expected) in expected.iter().enumerate() {
        let (parameter, error) = &found[j];
        assert!(
            parameter.contains(&format!("coefficients/{j}")),
            "{parameter}"
        );
        // 400 replicates know a standard deviation to 3.5 %: four times that.
        assert!(
            (error / expected - 1.0).abs() < 0.14,
            "{parameter}: {error} {expected}"
        );
    }
    let halves = write(&folder, "halves.csv", text.replace(",1\n", ",1.5\n"));
    let refused = mixture(&words(&format!(
        "fit {halves} --family linear_regression --response y --predictors z --row-weights w -k 1 \
         --standard-errors bootstrap --bootstrap parametric"
    )));
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("whole numbers"),
        "{}",
        refused.stderr
    );
}
