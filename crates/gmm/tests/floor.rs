//! A floor under the eigenvalues of covariances.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Coordinates, LEAST_SHARE, RowsView};
use em::{
    Acceleration, ComponentSet, Data, Driver, FitError, Mixture, OnDegenerate, Options, Start,
    Warning, fit_from, fit_from_with,
};
use gmm::{CovarianceStructure, Gaussians};
use synthetic::Problem;

use CovarianceStructure as S;

/// Rows of which the first clump lies in a plane, almost on a line and in part on a point.
fn degenerate() -> Vec<f64> {
    let p = Problem::new(5, 60, 2, 3, 3.0);
    let mut values = Vec::new();
    for i in 0..p.len() {
        let x = p.row(i);
        values.extend(if i % 2 == 0 {
            [x[0], 2.0 * x[0], 1.0]
        } else {
            [x[0] + 30.0, x[1], x[2]]
        });
    }
    values
}

/// ε of the rows: a share of the average variance.
fn least(rows: &[f64], d: usize) -> f64 {
    let n = rows.len() / d;
    let variance = |j: usize| {
        let mean = (0..n).map(|i| rows[i * d + j]).sum::<f64>() / n as f64;
        (0..n)
            .map(|i| (rows[i * d + j] - mean).powi(2))
            .sum::<f64>()
            / n as f64
    };
    LEAST_SHARE * (0..d).map(variance).sum::<f64>() / d as f64
}

/// The M-step under the floor is the maximiser: no feasible direction climbs. Coordinates that would leave
/// the constraint are refused, so that only feasible ones are compared.
#[test]
fn the_m_step_is_the_constrained_maximum() {
    let values = degenerate();
    let rows = RowsView::new(&values, 3);
    let n = values.len() / 3;
    let weights = vec![1.0; n];
    let mut shares = vec![0.0; 2 * n];
    (0..n).for_each(|i| shares[(i % 2) * n + i] = 1.0);
    for structure in S::ALL {
        let set = Gaussians::standard(structure, 2, 3);
        let set = set.floored(rows, &weights).unwrap();
        let best = set.estimate(rows, &shares).unwrap();
        let objective = |set: &Gaussians| -> f64 {
            (0..2 * n)
                .filter(|&e| shares[e] > 0.0)
                .map(|e| set.log_density(e / n, &values[e % n * 3..][..3]))
                .sum()
        };
        let reached = objective(&best);
        let mut x = Vec::new();
        best.pack(&mut x);
        let (mut state, mut feasible) = (1u64, 0);
        for trial in 0..400 {
            let by = [1e-3, 1e-2, 0.1, 1.0][trial % 4];
            let moved: Vec<f64> = (x.iter())
                .map(|x| {
                    state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                    x + by * ((state >> 40) as f64 / (1u64 << 23) as f64 - 1.0)
                })
                .collect();
            if let Ok(other) = best.unpack(&mut &moved[..]) {
                feasible += 1;
                let value = objective(&other);
                // Sums of 120 terms of up to 1e3 each.
                assert!(value <= reached + 1e-8, "{structure}: {value} {reached}");
            }
        }
        assert!(feasible > 20, "{structure}: {feasible}");
    }
}

/// Where nothing comes near the floor, the bits are those without.
#[test]
fn an_idle_floor_changes_no_bit() {
    let p = Problem::new(9, 80, 2, 3, 4.0);
    for structure in S::ALL {
        let template = Mixture::uniform(Gaussians::standard(structure, 2, 3));
        let start = Start::Labels(&p.labels);
        let data = Data::new(p.rows());
        let options = Options::default();
        let plain = fit_from(&template, data, start, &options).unwrap();
        let options = options.on_degenerate(OnDegenerate::Floor);
        let floored = fit_from(&template, data, start, &options).unwrap();
        assert_eq!(plain.report.trace, floored.report.trace, "{structure}");
        assert_eq!(
            plain.model.components().components(),
            floored.model.components().components()
        );
        assert!(floored.model.components().at_bound().is_empty());
    }
}

/// What collapses without a floor converges with one: the log-likelihood never falls, no eigenvalue is
/// below ε, and the components that are held are named.
#[test]
fn fits_that_collapse_are_held() {
    let values = degenerate();
    let data = Data::new(RowsView::new(&values, 3));
    let labels: Vec<Option<u32>> = (0..values.len() / 3).map(|i| Some(i as u32 % 2)).collect();
    let start = Start::Labels(&labels);
    for acceleration in [Acceleration::None, Acceleration::Daarem] {
        for structure in [S::VVI, S::VVV] {
            let template = Mixture::uniform(Gaussians::standard(structure, 2, 3));
            let plain = fit_from(&template, data, start, &Options::default());
            assert!(
                matches!(plain, Err(FitError::Estimate { .. })),
                "{structure}"
            );
            let options = Options::default().on_degenerate(OnDegenerate::Floor);
            let mut driver = Driver::new(&options).accelerate(acceleration);
            let fitted = fit_from_with(&template, data, start, &mut driver).unwrap();
            let report = &fitted.report;
            assert!(report.stop_reason.is_converged());
            assert_eq!(report.objective, report.log_likelihood);
            for pair in report.trace.windows(2) {
                assert!(pair[1] >= pair[0] - 1e-10 * pair[0].abs(), "{pair:?}");
            }
            assert_eq!(fitted.model.components().at_bound(), [0]);
            let held = Warning::AtBound {
                components: vec![0],
            };
            assert!(report.warnings.contains(&held));
            let epsilon = least(&values, 3);
            let variance = fitted.model.components()[0].variance(2);
            assert!(
                (variance / epsilon - 1.0).abs() < 1e-6,
                "{variance} {epsilon}"
            );
        }
    }
}

/// Restarts from random starts on rows with duplicates, more components than distinct rows included.
#[test]
fn random_starts_survive() {
    let values: Vec<f64> = (0..40)
        .flat_map(|i| [(i % 4) as f64, (i % 2) as f64])
        .collect();
    let rows = RowsView::new(&values, 2);
    let template = Mixture::uniform(Gaussians::standard(S::VVV, 3, 2));
    let options = Options::default()
        .on_degenerate(OnDegenerate::Floor)
        .restarts(4);
    let fitted = fit_from(&template, Data::new(rows), Start::Random, &options).unwrap();
    assert!(
        fitted
            .report
            .starts
            .iter()
            .all(|start| start.outcome.is_ok())
    );
}

/// A model to start from that lies below the floor is brought above it first.
#[test]
fn a_start_below_the_floor_is_raised() {
    let values = degenerate();
    let data = Data::new(RowsView::new(&values, 3));
    let narrow = vec![
        vec![1e-9, 0.0, 0.0],
        vec![0.0, 1.0, 0.5],
        vec![0.0, 0.5, 2.0],
    ];
    let narrow = gmm::Gaussian::new(vec![0.0; 3], &narrow).unwrap();
    let broad = gmm::Gaussian::standard(3);
    let set = Gaussians::new(S::VVV, vec![narrow, broad]).unwrap();
    let options = Options::default()
        .on_degenerate(OnDegenerate::Floor)
        .max_iterations(0);
    let fitted = fit_from(&Mixture::uniform(set), data, Start::Model, &options).unwrap();
    let first = &fitted.model.components()[0];
    assert!((first.variance(0) / least(&values, 3) - 1.0).abs() < 1e-9);
    assert!((first.covariance()[5] - 0.5).abs() < 1e-12);
}
