//! Multivariate t distributions against values and fits that are not our own.

use distributions::{Component, Density, RowsView, Scratch};
use em::{ComponentSet, Data, Fit, Mixture, Options, Start, Weights, fit, fit_from};
use gmm::{CovarianceStructure, DegreesOfFreedom, MultivariateT, MultivariateTs};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

fn json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values.map(|v| v.as_f64().unwrap()).collect()
}

fn text_number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// The numbers of a file with a header, row after row.
fn table(name: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let line = |line: &str| line.split(',').map(|v| v.parse().unwrap()).collect();
    text.lines().skip(1).map(line).collect()
}

fn assert_close(got: f64, expected: f64, relative: f64, what: &str) {
    assert!(
        (got - expected).abs() <= relative * expected.abs(),
        "{what}: {got}, not {expected}"
    );
}

/// The promised accuracy, for single rows and for blocks.
#[test]
fn densities_agree_with_fifty_digits() {
    let table = json("student_t/log_densities.json");
    let shapes = table["shapes"].as_array().unwrap();
    let mut largest = 0.0f64;
    for row in table["rows"].as_array().unwrap() {
        let shape = &shapes[row[0].as_u64().unwrap() as usize];
        let location = numbers(&shape["location"]);
        let scale = matrix(&shape["scale_matrix"]);
        let t = MultivariateT::new(location, &scale, row[1].as_f64().unwrap()).unwrap();
        let x = numbers(&row[2]);
        let (expected, sensitivity) = (text_number(&row[3]), text_number(&row[4]));
        let allowed = 1e-13 * expected.abs().max(1.0) + 4.0 * f64::EPSILON * sensitivity;
        for value in [t.log_density(&x), block_log_density(&t, &x)] {
            let share = (value - expected).abs() / allowed;
            assert!(share <= 1.0, "{row}: {value}, {share} of the tolerance");
            largest = largest.max(share);
        }
    }
    println!("largest share of the tolerance: {largest:.3}");
}

/// The log-density of `x` as a row of a block, among others.
fn block_log_density(t: &MultivariateT, x: &[f64]) -> f64 {
    let mut values = t.location().repeat(13);
    values.extend_from_slice(x);
    let rows = RowsView::new(&values, t.dimension());
    let mut prepared = vec![0.0; values.len()];
    t.prepare(rows, &mut prepared);
    let mut out = vec![0.0; 14];
    t.log_density_batch(rows, &prepared, &mut out, &mut Scratch::default());
    out[13]
}

fn tight() -> Options {
    Options::default()
        .tolerance(1e-12)
        .max_iterations(20_000)
        .threads(1)
}

/// A fit from labels in the last column of `table`.
fn fit_labelled(table: &[Vec<f64>], set: MultivariateTs) -> Fit<Mixture<MultivariateTs>> {
    let d = set.dimension();
    let values: Vec<f64> = table.iter().flat_map(|row| row[..d].to_vec()).collect();
    let labels: Vec<_> = table.iter().map(|row| Some(row[d] as u32)).collect();
    let start = Start::Labels(&labels);
    let data = Data::new(RowsView::new(&values, d));
    fit_from(&Mixture::uniform(set), data, start, &tight()).unwrap()
}

/// Old Faithful, two components of four degrees of freedom: two independent programs.
#[test]
fn faithful_agrees_with_its_reference() {
    let case = json("mvt_faithful/case.json");
    let labels = table("mvt_faithful/init_labels.csv");
    let mut rows = table("mvt_faithful/data.csv");
    rows.iter_mut()
        .zip(labels)
        .for_each(|(row, label)| row.extend(label));
    let set = MultivariateTs::standard(CovarianceStructure::Full, 2, 2);
    let fitted = fit_labelled(&rows, set.with_fixed_df(4.0).unwrap());
    let expected = &case["runs"][0]["expected"];
    let model = &fitted.model;
    let likelihood = expected["loglik"].as_f64().unwrap();
    // Both programs state 14 digits of the log-likelihood.
    assert_close(
        fitted.report.log_likelihood,
        likelihood,
        1e-12,
        "log-likelihood",
    );
    assert_eq!(
        model.parameter_count() as u64,
        expected["n_params"].as_u64().unwrap()
    );
    // The reference rests at a relative change of 1e-12 an iteration; ours likewise.
    for k in 0..2 {
        assert_close(
            model.weights()[k],
            numbers(&expected["weights"])[k],
            1e-7,
            "weight",
        );
        let (t, expected) = (model.components().component(k), &expected["params"][k]);
        for (got, expected) in t.location().iter().zip(numbers(&expected["loc"])) {
            assert_close(*got, expected, 1e-7, "location");
        }
        let expected = matrix(&expected["scale_matrix"]).concat();
        for (got, expected) in t.scale_matrix().iter().zip(expected) {
            assert_close(*got, expected, 1e-6, "scale matrix");
        }
    }
}

/// Three components of free degrees of freedom: a naive numpy ECM, run to rest.
#[test]
fn free_degrees_of_freedom_agree_with_a_naive_ecm() {
    let expected = json("student_t/three_components.json");
    let set = MultivariateTs::standard(CovarianceStructure::Full, 3, 2);
    let fitted = fit_labelled(&table("student_t/three_components.csv"), set);
    let likelihood = expected["log_likelihood"].as_f64().unwrap();
    assert_close(
        fitted.report.log_likelihood,
        likelihood,
        1e-12,
        "log-likelihood",
    );
    assert_eq!(fitted.model.parameter_count(), 2 + 3 * (2 + 3 + 1));
    for (k, expected) in expected["components"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let t = fitted.model.components().component(k);
        // A fit stops when 1e-12 nats remain; the likelihood is flat in the degrees of freedom.
        assert_close(t.df(), expected["df"].as_f64().unwrap(), 1e-4, "df");
        assert_close(
            fitted.model.weights()[k],
            expected["weight"].as_f64().unwrap(),
            1e-6,
            "weight",
        );
        for (got, expected) in t.location().iter().zip(numbers(&expected["location"])) {
            assert_close(*got, expected, 1e-5, "location");
        }
        let expected = matrix(&expected["scale_matrix"]).concat();
        for (got, expected) in t.scale_matrix().iter().zip(expected) {
            assert_close(*got, expected, 1e-4, "scale matrix");
        }
    }
}

/// The expansion changes the way, not the end: from the naive program's answer the first step stays.
#[test]
fn the_naive_answer_is_a_fixed_point() {
    let expected = json("student_t/three_components.json");
    let rows = table("student_t/three_components.csv");
    let values: Vec<f64> = rows.iter().flat_map(|row| row[..2].to_vec()).collect();
    let parts = expected["components"].as_array().unwrap();
    let component = |part: &Value| {
        let (location, scale) = (numbers(&part["location"]), matrix(&part["scale_matrix"]));
        MultivariateT::new(location, &scale, part["df"].as_f64().unwrap()).unwrap()
    };
    let weights = parts.iter().map(|part| part["weight"].as_f64().unwrap());
    let components: Vec<MultivariateT> = parts.iter().map(component).collect();
    let set = MultivariateTs::new(
        CovarianceStructure::Full,
        DegreesOfFreedom::Free,
        components.clone(),
    );
    let start = Mixture::new(Weights::new(weights.collect()).unwrap(), set.unwrap()).unwrap();
    let data = Data::new(RowsView::new(&values, 2));
    let fitted = fit(start, data, &tight().max_iterations(1)).unwrap();
    for (k, before) in components.iter().enumerate() {
        let after = fitted.model.components().component(k);
        // The program rested at changes of 1e-13.
        assert_close(after.df(), before.df(), 1e-11, "df");
        for (a, b) in after.scale_matrix().iter().zip(before.scale_matrix()) {
            assert_close(*a, b, 1e-11, "scale matrix");
        }
    }
}

/// One column, one component: Michelson's speeds of light (MASS), the maximum by EM and by direct
/// maximisation, which agree to 4e-9 in the parameters.
#[test]
fn one_column_is_the_univariate_t() {
    let speeds: Vec<f64> = table("student_t/michelson.csv").concat();
    let rows = RowsView::new(&speeds, 1);
    let set = MultivariateTs::standard(CovarianceStructure::Full, 1, 1);
    let template = Mixture::uniform(set.with_fixed_df(4.0).unwrap());
    let labels = vec![Some(0); speeds.len()];
    let fitted = fit_from(&template, Data::new(rows), Start::Labels(&labels), &tight()).unwrap();
    assert_close(
        fitted.report.log_likelihood,
        -579.8283056868707,
        1e-12,
        "log-likelihood",
    );
    let t = fitted.model.components().component(0);
    assert_close(t.location()[0], 850.8832963177476, 1e-8, "location");
    assert_close(
        t.scale_matrix()[0].sqrt(),
        63.908696435204504,
        1e-7,
        "scale",
    );
    // The expansion divides by Σ w u: the classical form takes 31 iterations to this precision.
    assert!(
        fitted.report.iterations() <= 25,
        "{}",
        fitted.report.iterations()
    );
}

/// All kinds of degrees of freedom at K = 1 are one problem; so are all structures that are full there.
#[test]
fn one_component_does_not_tell_structures_apart() {
    let rows: Vec<Vec<f64>> = table("student_t/three_components.csv");
    let rows: Vec<Vec<f64>> = rows.iter().map(|r| vec![r[0], r[1], 0.0]).collect();
    let mut answers = Vec::new();
    for structure in [
        CovarianceStructure::Full,
        CovarianceStructure::Tied,
        CovarianceStructure::VEV,
    ] {
        for degrees in [DegreesOfFreedom::Free, DegreesOfFreedom::Common] {
            let set = MultivariateTs::standard(structure, 1, 2).with_degrees(degrees);
            answers.push(fit_labelled(&rows, set).report.log_likelihood);
        }
    }
    for answer in &answers {
        assert_close(*answer, answers[0], 1e-12, "log-likelihood");
    }
}

/// Equal degrees of freedom are what their common estimate is at its maximum: no single one in their
/// place has a higher likelihood.
#[test]
fn common_degrees_of_freedom_are_a_maximum() {
    let rows = table("student_t/three_components.csv");
    let set = MultivariateTs::standard(CovarianceStructure::Full, 3, 2);
    let fitted = fit_labelled(&rows, set.clone().with_degrees(DegreesOfFreedom::Common));
    let df = fitted.model.components().df(0);
    assert!((0..3).all(|k| fitted.model.components().df(k) == df));
    for factor in [0.9, 1.1] {
        let other = fit_labelled(&rows, set.clone().with_fixed_df(factor * df).unwrap());
        assert!(other.report.log_likelihood < fitted.report.log_likelihood);
    }
    let free = fit_labelled(&rows, set);
    assert!(free.report.log_likelihood > fitted.report.log_likelihood);
}

#[test]
fn the_first_step_from_labels_is_the_gaussian_one() {
    let rows = table("student_t/three_components.csv");
    let values: Vec<f64> = rows.iter().flat_map(|row| row[..2].to_vec()).collect();
    let view = RowsView::new(&values, 2);
    let n = rows.len();
    let mut shares = vec![0.0; 3 * n];
    rows.iter()
        .enumerate()
        .for_each(|(i, row)| shares[row[2] as usize * n + i] = 1.0);
    for structure in CovarianceStructure::ALL {
        let set = MultivariateTs::standard(structure, 3, 2);
        let first = set.estimate(view, &shares).unwrap();
        let gaussians = set.gaussians().estimate(view, &shares).unwrap();
        assert_eq!(first.gaussians(), &gaussians, "{structure}");
        assert_eq!(first.df(0), set.df(0));
    }
}
