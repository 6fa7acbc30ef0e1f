//! A floor under the eigenvalues of covariances.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Coordinates, LEAST_SHARE, RowsView};
use em::{
    Acceleration, ComponentSet, Data, Driver, FitError, Mixture, OnDegenerate, Options, Start,
    Warning, fit_from, fit_from_with,
};
use gmm::{
    CovarianceStructure, DegreesOfFreedom, FactorAnalyzers, FactorStructure, Gaussians,
    IncompleteTs, MultivariateTs,
};
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

/// The set under the floor, fitted from labels: what has no estimate without one converges, no iteration lowers the
/// objective, and the first component is held.
fn held<Set: ComponentSet<Space = distributions::Rows<f64>> + Coordinates + 'static>(
    set: Set,
    rows: RowsView<'_, f64>,
) -> Set {
    let template = Mixture::uniform(set);
    let labels: Vec<Option<u32>> = (0..rows.values().len() / rows.width())
        .map(|i| Some(i as u32 % 2))
        .collect();
    let (data, start) = (Data::new(rows), Start::Labels(&labels));
    let plain = fit_from(&template, data, start, &Options::default());
    assert!(matches!(plain, Err(FitError::Estimate { .. })));
    let options = Options::default().on_degenerate(OnDegenerate::Floor);
    let mut last = None;
    for acceleration in [Acceleration::None, Acceleration::Daarem] {
        let mut driver = Driver::new(&options).accelerate(acceleration);
        let fitted = fit_from_with(&template, data, start, &mut driver).unwrap();
        let report = &fitted.report;
        assert!(
            report.stop_reason.is_converged(),
            "{:?}",
            report.stop_reason
        );
        for pair in report.trace.windows(2) {
            assert!(pair[1] >= pair[0] - 1e-10 * pair[0].abs(), "{pair:?}");
        }
        assert!(fitted.model.components().at_bound().contains(&0));
        last = Some(fitted.model.components().clone());
    }
    last.expect("two fits")
}

/// Heavy tails contract sooner; the floor is relative to scales that an outlier does not widen.
#[test]
fn multivariate_t_components_are_held() {
    let mut values = degenerate();
    let ts = |structure| MultivariateTs::standard(structure, 2, 3);
    for structure in [S::VVI, S::VVV, S::VEV] {
        for degrees in [
            DegreesOfFreedom::Fixed,
            DegreesOfFreedom::Free,
            DegreesOfFreedom::Common,
        ] {
            let set = ts(structure).with_degrees(degrees);
            let set = held(set, RowsView::new(&values, 3));
            let least = |t: &MultivariateTs| -> f64 {
                let s = t.scale_matrix(0);
                (0..3).map(|j| s[j * 3 + j]).fold(f64::INFINITY, f64::min)
            };
            assert!(least(&set) > 0.0 && least(&set) < 1e-2);
        }
    }
    let gap = 3 * 7 + 1;
    values[gap] = f64::NAN;
    held(IncompleteTs::new(ts(S::VVV)), RowsView::new(&values, 3));
    // One row a million away: variances would grow by 1e10, scales of the t distribution hardly do.
    let clean = degenerate();
    let mut far = clean.clone();
    far.extend([1e6, 1e6, 1e6]);
    let weights = |values: &[f64]| vec![1.0; values.len() / 3];
    let narrow = |values: &[f64]| -> f64 {
        let tiny = gmm::MultivariateT::new(vec![0.0; 3], &tiny(), 4.0).unwrap();
        let set = MultivariateTs::new(S::VVV, DegreesOfFreedom::Free, vec![tiny]).unwrap();
        let floored = set.floored(RowsView::new(values, 3), &weights(values));
        floored.unwrap().scale_matrix(0)[0]
    };
    assert!(
        narrow(&far) < 2.0 * narrow(&clean),
        "{} {}",
        narrow(&far),
        narrow(&clean)
    );
}

fn tiny() -> Vec<Vec<f64>> {
    let row = |j: usize| (0..3).map(|i| if i == j { 1e-12 } else { 0.0 }).collect();
    (0..3).map(row).collect()
}

/// No direction within the constraint climbs from where EM under the floor has come to rest.
#[test]
fn a_fit_of_t_distributions_ends_at_a_constrained_maximum() {
    let values = degenerate();
    let rows = RowsView::new(&values, 3);
    let n = values.len() / 3;
    let set = MultivariateTs::standard(S::VVV, 1, 3)
        .with_fixed_df(3.0)
        .unwrap();
    // The clump in a plane alone.
    let weights: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { 0.0 }).collect();
    let set = set.floored(rows, &vec![1.0; n]).unwrap();
    let options = Options::default()
        .on_degenerate(OnDegenerate::Floor)
        .tolerance(1e-11);
    let data = Data::new(rows).weighted(&weights);
    let fitted = em::fit(Mixture::uniform(set), data, &options).unwrap();
    let model = fitted.model.components();
    let objective = |t: &MultivariateTs| -> f64 {
        let weighty = (0..n).filter(|i| i % 2 == 0);
        weighty
            .map(|i| t.log_density(0, &values[i * 3..][..3]))
            .sum()
    };
    let floor = {
        let floored = MultivariateTs::new(
            S::VVV,
            DegreesOfFreedom::Free,
            vec![gmm::MultivariateT::new(vec![0.0; 3], &tiny(), 3.0).unwrap()],
        );
        let weights = vec![1.0; n];
        floored
            .unwrap()
            .with_fixed_df(3.0)
            .unwrap()
            .floored(rows, &weights)
            .unwrap()
            .scale_matrix(0)[0]
    };
    let (reached, best) = (objective(model), model.clone());
    let mut x = Vec::new();
    best.pack(&mut x);
    let (mut state, mut feasible) = (1u64, 0);
    for trial in 0..3000 {
        let by = [1e-4, 1e-3, 1e-2, 0.1][trial % 4];
        let moved: Vec<f64> = (x.iter())
            .map(|x| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                x + by * ((state >> 40) as f64 / (1u64 << 23) as f64 - 1.0)
            })
            .collect();
        // Of the plain class, so that the constraint is checked here: the least eigenvalue of S.
        let plain = MultivariateTs::new(S::VVV, DegreesOfFreedom::Free, best.components()).unwrap();
        let plain = plain.with_fixed_df(3.0).unwrap();
        let Ok(other) = plain.unpack(&mut &moved[..]) else {
            continue;
        };
        if least_eigenvalue(&other.scale_matrix(0)) < floor {
            continue;
        }
        feasible += 1;
        // A stop at 1e-11 nats leaves gains of that size.
        assert!(
            objective(&other) <= reached + 1e-7,
            "{} {reached}",
            objective(&other)
        );
    }
    assert!(feasible > 100, "{feasible}");
}

/// The least root of the characteristic polynomial of a 3 × 3 matrix, by bisection of Sylvester's criterion.
fn least_eigenvalue(s: &[f64]) -> f64 {
    let positive = |t: f64| {
        let (a, b, c) = (s[0] - t, s[4] - t, s[8] - t);
        let second = a * b - s[1] * s[3];
        let third = a * (b * c - s[5] * s[7]) - s[1] * (s[3] * c - s[5] * s[6])
            + s[2] * (s[3] * s[7] - b * s[6]);
        a > 0.0 && second > 0.0 && third > 0.0
    };
    let (mut low, mut high) = (0.0, s[0]);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if positive(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Noise variances always have a least one; under a floor a component whose rows coincide stays there.
#[test]
fn factor_analysers_are_held() {
    let values: Vec<f64> = (0..60)
        .flat_map(|i| {
            let (z, w) = (f64::from(i * 7 % 11), f64::from(i * 5 % 13));
            if i % 2 == 0 {
                [1.0, 2.0, 3.0, 4.0]
            } else {
                [
                    z + 0.1 * w,
                    z - 0.2 * w,
                    2.0 * z + 0.3 * f64::from(i % 7),
                    w,
                ]
            }
        })
        .collect();
    let rows = RowsView::new(&values, 4);
    for bits in 0..8 {
        let structure = FactorStructure {
            factors: 1,
            common_loadings: bits & 1 > 0,
            common_noise: bits & 2 > 0,
            isotropic_noise: bits & 4 > 0,
        };
        let set = FactorAnalyzers::standard(structure, 2, 4).unwrap();
        if structure.common_noise {
            continue;
        }
        let set = held(set, rows);
        assert_eq!(set.at_bound(0), [0, 1, 2, 3], "{structure:?}");
        let noise = set[0].noise_variances();
        let all: Vec<f64> = (0..4).map(|j| column_variance(&values, j)).collect();
        let mean = all.iter().sum::<f64>() / 4.0;
        for (noise, variance) in noise.iter().zip(&all) {
            let whole = if structure.isotropic_noise {
                mean
            } else {
                *variance
            };
            assert!((noise / (gmm::LEAST_NOISE * whole) - 1.0).abs() < 1e-12);
        }
    }
}

fn column_variance(values: &[f64], j: usize) -> f64 {
    let column: Vec<f64> = values[j..].iter().step_by(4).copied().collect();
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n
}
