//! The reference cases: real data sets fitted from stated labels by mclust, scikit-learn and an
//! independent EM.

#![cfg(feature = "serde")]

mod cases;

use cases::{Case, Table};
use em::{Data, Options, Start};
use gmm::{CovarianceStructure, GaussianMixture};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn trace_of(expected: &Value) -> Vec<f64> {
    expected
        .get("loglik_trace_first10")
        .map(numbers)
        .unwrap_or_default()
}

fn assert_close(actual: f64, expected: f64, relative: f64, what: &str) {
    let error = (actual - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
    assert!(
        error <= relative,
        "{what}: {actual} instead of {expected} ({error:e})"
    );
}

fn fit(table: &Table, labels: &[Option<u32>], k: usize, name: &str) -> GaussianMixture {
    let structure: CovarianceStructure = name.parse().unwrap();
    GaussianMixture::builder(k)
        .covariance(structure)
        .start(Start::Labels(labels))
        .tolerance(1e-12)
        .max_iterations(20_000)
        .fit(table.rows())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn check_run(case: &Case, run: &Value) {
    let id = run["id"].as_str().unwrap();
    let k = run["model"]["k"].as_u64().unwrap() as usize;
    let name = run["model"]["covariance"].as_str().unwrap();
    let expected = &run["expected"];
    let fitted = fit(&case.table, &case.labels, k, name);
    let what = |field: &str| format!("{} {id} {field}", case.name);
    let log_likelihood = fitted.log_likelihood(case.table.rows()).unwrap();
    assert_eq!(
        fitted.parameter_count() as u64,
        expected["n_params"].as_u64().unwrap(),
        "{}",
        what("parameters")
    );
    let reference = number(&expected["loglik"]);
    if name == "VVE" {
        // The reference is a lower bound: its software's inner iteration is no maximiser.
        let least = reference - 1e-8 * reference.abs();
        assert!(
            log_likelihood >= least,
            "{}: {log_likelihood} {reference}",
            what("loglik")
        );
        return;
    }
    assert_close(log_likelihood, reference, 1e-8, &what("loglik"));
    for (t, value) in trace_of(expected).iter().enumerate() {
        let Some(reached) = fitted.report().trace.get(t) else {
            break;
        };
        assert_close(*reached, *value, 1e-8, &what(&format!("trace {t}")));
    }
    for (weight, value) in fitted.weights().iter().zip(numbers(&expected["weights"])) {
        assert!((weight - value).abs() <= 1e-5, "{}", what("weight"));
    }
    for (gaussian, value) in fitted
        .components()
        .iter()
        .zip(expected["params"].as_array().unwrap())
    {
        for (mean, value) in gaussian.mean().iter().zip(numbers(&value["mean"])) {
            assert_close(*mean, value, 1e-4, &what("mean"));
        }
        let rows = value["cov"].as_array().unwrap();
        let scale = (0..rows.len())
            .map(|j| gaussian.variance(j))
            .fold(0.0, f64::max);
        for (row, value) in gaussian.covariance_rows().iter().zip(rows) {
            for (entry, value) in row.iter().zip(numbers(value)) {
                assert!(
                    (entry - value).abs() <= 1e-4 * scale,
                    "{}",
                    what("covariance")
                );
            }
        }
    }
}

fn check_case(name: &'static str) {
    let case = Case::read(name);
    let runs = case.json["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 18);
    let mut failures = Vec::new();
    for run in runs {
        let check = std::panic::catch_unwind(|| check_run(&case, run));
        if check.is_err() {
            failures.push(run["id"].as_str().unwrap());
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn faithful() {
    check_case("gmm_faithful");
}

#[test]
fn iris() {
    check_case("gmm_iris");
}

#[test]
fn duplicated_rows() {
    let case = Case::read("hard_duplicated_rows");
    let rows = case.table.rows();
    let labels: Vec<Option<u32>> = (0..450).map(|i| Some(i / 150)).collect();
    let fitted = fit(&case.table, &labels, 3, "full");
    let expected = number(&case.json["expected"]["loglik"]);
    let evaluation = fitted.evaluate(rows).unwrap();
    assert_close(evaluation.log_likelihood, expected, 1e-8, "loglik");
    assert_eq!(evaluation.observations, 450.0);
    let iris = Case::read("gmm_iris");
    let once = fit(&iris.table, &iris.labels, 3, "full");
    let single = once.log_likelihood(iris.table.rows()).unwrap();
    assert_close(evaluation.log_likelihood, 3.0 * single, 1e-9, "three times");
}

#[test]
fn constant_column_is_named() {
    let case = Case::read("hard_constant_column");
    let rows = case.table.rows();
    let labels: Vec<Option<u32>> = (0..rows_of(&case))
        .map(|i| Some(u32::from(case.table.row(i)[0] > 3.0)))
        .collect();
    for structure in CovarianceStructure::ALL {
        let fitted = GaussianMixture::builder(2)
            .covariance(structure)
            .start(Start::Labels(&labels))
            .fit(rows);
        if matches!(
            structure,
            CovarianceStructure::EII | CovarianceStructure::VII
        ) {
            assert!(fitted.is_ok(), "{structure}");
            continue;
        }
        let Err(em::FitError::Estimate { source, .. }) = fitted else {
            panic!("{structure}: {fitted:?}");
        };
        assert_eq!(source.column, Some(2), "{structure}: {source}");
        assert!(source.to_string().contains("column 2"), "{source}");
    }
    let fitted = fit(&case.table, &labels, 2, "spherical");
    let expected = &case.json["spherical"];
    assert_close(
        fitted.log_likelihood(rows).unwrap(),
        number(&expected["loglik"]),
        1e-8,
        "loglik",
    );
    for (k, variance) in numbers(&expected["variances"]).into_iter().enumerate() {
        assert_close(
            fitted.components()[k].variance(0),
            variance,
            1e-6,
            "variance",
        );
    }
}

fn rows_of(case: &Case) -> usize {
    distributions::View::len(case.table.rows())
}

#[test]
fn far_outlier_ends_in_a_finite_fit_or_a_typed_error() {
    let case = Case::read("hard_far_outlier");
    let rows = case.table.rows();
    let one = GaussianMixture::builder(1).fit(rows).unwrap();
    let expected = &case.json["k1"];
    for (mean, value) in one.means()[0].iter().zip(numbers(&expected["mean"])) {
        assert_close(*mean, value, 1e-9, "mean");
    }
    let covariance: Vec<f64> = expected["cov"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(numbers)
        .collect();
    for (value, expected) in one.covariances()[0].iter().zip(covariance) {
        assert_close(*value, expected, 1e-9, "covariance");
    }
    for k in 2..=3 {
        for structure in CovarianceStructure::ALL {
            let fitted = GaussianMixture::builder(k)
                .covariance(structure)
                .max_iterations(500)
                .fit(rows);
            match fitted {
                Ok(fitted) => assert!(fitted.log_likelihood(rows).unwrap().is_finite()),
                Err(em::FitError::Estimate { source, .. }) => {
                    assert!(source.component.is_some(), "{structure}: {source}");
                    assert!(source.effective_count.is_some(), "{structure}: {source}");
                }
                Err(other) => panic!("{structure}: {other}"),
            }
        }
    }
}

#[test]
fn a_loaded_model_scores_with_the_same_bits() {
    let case = Case::read("gmm_iris");
    for structure in CovarianceStructure::ALL {
        let fitted = GaussianMixture::builder(3)
            .covariance(structure)
            .start(Start::Labels(&case.labels))
            .max_iterations(5)
            .fit(case.table.rows())
            .unwrap();
        let text = serde_json::to_string(fitted.mixture().components()).unwrap();
        let read: Vec<gmm::Gaussian> = serde_json::from_str(&text).unwrap();
        let set = gmm::Gaussians::new(structure, read).unwrap();
        assert_eq!(&set, fitted.mixture().components());
        let mixture = em::Mixture::new(fitted.mixture().weights().clone(), set).unwrap();
        let rows = case.table.rows();
        assert_eq!(
            mixture.score_rows(rows),
            fitted.score_samples(rows).unwrap()
        );
        let resumed = em::fit(
            mixture,
            Data::new(rows),
            &Options::default().max_iterations(1),
        );
        assert!(resumed.unwrap().report.trace[1] >= fitted.report().objective);
    }
}
