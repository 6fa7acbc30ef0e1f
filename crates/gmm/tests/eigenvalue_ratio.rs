//! Bounds of the ratio of eigenvalues.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Coordinates, RowsView};
use em::{Acceleration, ComponentSet, Data, Driver, Mixture, Options, Start, fit_from_with};
use gmm::{CovarianceStructure, GaussianMixture, Gaussians};
use synthetic::Problem;

use CovarianceStructure as S;

/// All variances of diagonal structures, which are the eigenvalues.
fn variances(set: &Gaussians) -> Vec<f64> {
    let each = set.components().iter();
    each.flat_map(|c| (0..c.dimension()).map(|j| c.variance(j)))
        .collect()
}

fn ratio(values: &[f64]) -> f64 {
    let least = values.iter().fold(f64::INFINITY, |a, &b| a.min(b));
    values.iter().fold(0.0, |a: f64, &b| a.max(b)) / least
}

/// Three clumps of very different size in three columns, the last of 4 rows.
fn uneven() -> (Vec<f64>, Vec<Option<u32>>) {
    let p = Problem::new(21, 64, 3, 3, 2.0);
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for i in 0..p.len() {
        let k = if i < 4 { 2 } else { i % 2 };
        let size = [1.0, 8.0, 0.01][k];
        values.extend(p.row(i).iter().map(|x| size * x + 40.0 * k as f64));
        labels.push(Some(k as u32));
    }
    (values, labels)
}

/// No feasible direction climbs from the M-step; coordinates out of bounds are refused, so that only
/// feasible ones are compared.
#[test]
fn the_m_step_is_the_constrained_maximum() {
    let (values, labels) = uneven();
    let (rows, n) = (RowsView::new(&values, 3), labels.len());
    let mut shares = vec![0.0; 3 * n];
    for (i, label) in labels.iter().enumerate() {
        shares[label.unwrap() as usize * n + i] = 1.0;
    }
    for structure in S::ALL {
        let set = Gaussians::standard(structure, 3, 3);
        let set = set.with_eigenvalue_ratio(6.0).unwrap();
        let best = set.estimate(rows, &shares).unwrap();
        let objective = |set: &Gaussians| -> f64 {
            (0..3 * n)
                .filter(|&e| shares[e] > 0.0)
                .map(|e| set.log_density(e / n, &values[e % n * 3..][..3]))
                .sum()
        };
        let reached = objective(&best);
        let mut x = Vec::new();
        best.pack(&mut x);
        let (mut state, mut feasible) = (1u64, 0);
        for trial in 0..2000 {
            let by = [1e-3, 1e-2, 0.1, 0.5][trial % 4];
            let mut moved = x.clone();
            // A few coordinates at a time: many at once leave the bounds almost surely.
            for _ in 0..1 + trial % 5 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                let j = (state >> 33) as usize % moved.len();
                moved[j] += by * ((state >> 40) as f64 / (1u64 << 23) as f64 - 1.0);
            }
            if let Ok(other) = best.unpack(&mut &moved[..]) {
                feasible += 1;
                assert!(objective(&other) <= reached + 1e-9, "{structure}");
            }
        }
        assert!(feasible > 100, "{structure}: {feasible}");
    }
}

/// Whole fits: the objective never falls, the ratio holds and is active; a wide bound changes no bit.
#[test]
fn fits_stay_within_the_ratio() {
    let (values, labels) = uneven();
    let data = Data::new(RowsView::new(&values, 3));
    let options = Options::default();
    for structure in [S::VVI, S::VII] {
        for acceleration in [Acceleration::None, Acceleration::Daarem] {
            let run = |set: Gaussians| {
                let mut driver = Driver::new(&options).accelerate(acceleration);
                let template = Mixture::uniform(set);
                fit_from_with(&template, data, Start::Labels(&labels), &mut driver).unwrap()
            };
            let plain = Gaussians::standard(structure, 3, 3);
            let bounded = run(plain.clone().with_eigenvalue_ratio(12.0).unwrap());
            for pair in bounded.report.trace.windows(2) {
                assert!(pair[1] >= pair[0] - 1e-10, "{pair:?}");
            }
            let reached = ratio(&variances(bounded.model.components()));
            assert!((reached / 12.0 - 1.0).abs() < 1e-9, "{reached}");
            assert!(!bounded.model.components().at_bound().is_empty());
            let wide = run(plain.clone().with_eigenvalue_ratio(1e12).unwrap());
            let free = run(plain);
            assert_eq!(wide.report.trace, free.report.trace);
            assert!(wide.model.components().at_bound().is_empty());
            assert!(free.report.objective > bounded.report.objective);
        }
    }
}

/// c = 1: one variance for all.
#[test]
fn ratio_one_is_equal_and_spherical() {
    let p = Problem::new(4, 60, 2, 2, 4.0);
    let fit = |structure: S, ratio: Option<f64>| {
        let builder = GaussianMixture::builder(2)
            .covariance(structure)
            .start(Start::Labels(&p.labels));
        let builder = match ratio {
            Some(ratio) => builder.eigenvalue_ratio(ratio),
            None => builder,
        };
        builder.fit(p.rows()).unwrap()
    };
    let equal = fit(S::EII, None);
    for structure in [S::VVV, S::VVI, S::VII] {
        let bounded = fit(structure, Some(1.0));
        let (a, b) = (bounded.report().objective, equal.report().objective);
        // Both stop within 1e-7 of the same maximum.
        assert!((a - b).abs() < 1e-6, "{structure} {a} {b}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    for structure in S::ALL {
        let set = Gaussians::standard(structure, 2, 2);
        assert!(set.clone().with_eigenvalue_ratio(3.0).is_ok());
        for ratio in [0.5, f64::NAN, f64::INFINITY, -1.0] {
            assert!(set.clone().with_eigenvalue_ratio(ratio).is_err());
        }
    }
}
