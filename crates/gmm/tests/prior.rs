//! Maximum a posteriori under the prior of means and covariances.
#![allow(clippy::needless_range_loop)] // Formulas are written by index.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Coordinates, RowsView, View};
use em::{ComponentSet, Data, FitError, Mixture, Options, Start, fit_from};
use gmm::{CovarianceStructure, GaussianMixture, Gaussians, Prior};
use synthetic::Problem;

/// A prior that pulls: strong, and not where the data are.
fn strong(d: usize) -> Prior {
    let mean = (0..d).map(|j| 0.5 - j as f64).collect();
    let row = |i: usize| {
        let entry = |j: usize| if i == j { 2.0 + i as f64 } else { 0.3 };
        (0..d).map(entry).collect()
    };
    let scale: Vec<Vec<f64>> = (0..d).map(row).collect();
    Prior::new(mean, 3.0, d as f64 + 4.0, &scale).unwrap()
}

/// The K × n matrix of w_i r_ik, from the labels with a tenth of each row shared by all.
fn shares(p: &Problem, k: usize) -> Vec<f64> {
    let entry = |c: usize, i: usize| {
        let own = if p.labels[i] == Some(c as u32) {
            0.9
        } else {
            0.0
        };
        p.weights[i] * (own + 0.1 / k as f64)
    };
    (0..k * p.len())
        .map(|e| entry(e / p.len(), e % p.len()))
        .collect()
}

/// Σ_ik w_i r_ik ln p_k(x_i) + ln prior: what the M-step maximises.
fn penalised(set: &Gaussians, p: &Problem, shares: &[f64]) -> f64 {
    let n = p.len();
    let sum: f64 = (0..set.len() * n)
        .map(|e| shares[e] * set.log_density(e / n, p.row(e % n)))
        .sum();
    sum + set.log_prior()
}

fn moved(set: &Gaussians, direction: &[f64], by: f64) -> Gaussians {
    let mut x = Vec::new();
    set.pack(&mut x);
    x.iter_mut().zip(direction).for_each(|(x, d)| *x += by * d);
    set.unpack(&mut &x[..]).unwrap()
}

/// The M-step of every structure is where the numerical gradient of the penalised objective vanishes, in
/// coordinates of the class itself, and no step from there climbs.
#[test]
fn every_structure_reaches_a_maximum_of_the_penalised_objective() {
    for structure in CovarianceStructure::ALL {
        for (k, d) in [(1, 1), (3, 1), (2, 2), (3, 3)] {
            let p = Problem::new(7 + d as u64, 60, k, d, 1.5);
            let shares = shares(&p, k);
            let set = Gaussians::standard(structure, k, d)
                .with_prior(strong(d))
                .unwrap();
            let best = set.estimate(p.rows(), &shares).unwrap();
            let reached = penalised(&best, &p, &shares);
            let mut x = Vec::new();
            best.pack(&mut x);
            let total: f64 = shares.iter().sum();
            for j in 0..x.len() {
                let mut axis = vec![0.0; x.len()];
                axis[j] = 1.0;
                let value = |by: f64| penalised(&moved(&best, &axis, by), &p, &shares);
                // Central differences with h = 1e-4 err by h² times a third derivative, of the order of
                // the total weight, and by the rounding of the objective, 1e-13 total / h.
                let gradient = (value(1e-4) - value(-1e-4)) / 2e-4;
                assert!(
                    gradient.abs() <= 1e-6 * total,
                    "{structure} {k} {d}: coordinate {j} has gradient {gradient:e}"
                );
            }
            let mut state = 1u64;
            for _ in 0..50 {
                let direction: Vec<f64> = (0..x.len())
                    .map(|_| {
                        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                        (state >> 40) as f64 / (1u64 << 23) as f64 - 1.0
                    })
                    .collect();
                for by in [0.01, 0.1] {
                    let value = penalised(&moved(&best, &direction, by), &p, &shares);
                    assert!(value <= reached + 1e-11 * reached.abs(), "{structure}");
                }
            }
        }
    }
}

/// The closed forms of Fraley & Raftery (2007), written out.
#[test]
fn closed_forms_of_the_paper() {
    use CovarianceStructure as S;
    let (k, d) = (2, 3);
    let p = Problem::new(3, 40, k, d, 1.0);
    let (n, shares, prior) = (p.len(), shares(&p, k), strong(d));
    let (kappa, nu, scale) = (prior.shrinkage(), prior.df(), prior.scale());
    let counts: Vec<f64> = (0..k).map(|c| shares[c * n..][..n].iter().sum()).collect();
    let mut means = vec![vec![0.0; d]; k];
    let mut squares = vec![vec![0.0; d * d]; k];
    for c in 0..k {
        let w = &shares[c * n..][..n];
        let average = |j: usize| (0..n).map(|i| w[i] * p.row(i)[j]).sum::<f64>() / counts[c];
        let own: Vec<f64> = (0..d).map(average).collect();
        let shrink = kappa * counts[c] / (kappa + counts[c]);
        for e in 0..d * d {
            let (a, b) = (e / d, e % d);
            let moment = (0..n).map(|i| w[i] * (p.row(i)[a] - own[a]) * (p.row(i)[b] - own[b]));
            squares[c][e] = moment.sum::<f64>()
                + shrink * (own[a] - prior.mean()[a]) * (own[b] - prior.mean()[b]);
        }
        for j in 0..d {
            means[c][j] = (counts[c] * own[j] + kappa * prior.mean()[j]) / (counts[c] + kappa);
        }
    }
    let (total, columns) = (counts.iter().sum::<f64>(), d as f64);
    let pooled = |e: usize| squares[0][e] + squares[1][e];
    let trace = |c: usize| (0..d).map(|j| squares[c][j * d + j]).sum::<f64>();
    // The inverse-gamma scale of spherical covariances: the average of the diagonal.
    let variance = (0..d).map(|j| scale[j][j]).sum::<f64>() / columns;
    let expected = |s: S, c: usize, e: usize| -> f64 {
        let (a, b) = (e / d, e % d);
        let diagonal = if a == b { 1.0 } else { 0.0 };
        match s {
            S::Full => (scale[a][b] + squares[c][e]) / (nu + counts[c] + columns + 2.0),
            S::Tied => (scale[a][b] + pooled(e)) / (nu + total + columns + k as f64 + 1.0),
            S::Diagonal => diagonal * (scale[a][b] + squares[c][e]) / (nu + counts[c] + 3.0),
            S::EEI => diagonal * (scale[a][b] + pooled(e)) / (nu + total + k as f64 + 2.0),
            S::Spherical => {
                diagonal * (variance + trace(c)) / (nu + (counts[c] + 1.0) * columns + 2.0)
            }
            _ => {
                let all = variance + trace(0) + trace(1);
                diagonal * all / (nu + (total + k as f64) * columns + 2.0)
            }
        }
    };
    for s in [S::Full, S::Tied, S::Diagonal, S::EEI, S::Spherical, S::EII] {
        let set = Gaussians::standard(s, k, d)
            .with_prior(prior.clone())
            .unwrap();
        let best = set.estimate(p.rows(), &shares).unwrap();
        for c in 0..k {
            for j in 0..d {
                assert!((best[c].mean()[j] - means[c][j]).abs() < 1e-13);
            }
            for e in 0..d * d {
                let (got, want) = (best[c].covariance()[e], expected(s, c, e));
                // Two sums of 40 terms in different order.
                assert!((got - want).abs() < 1e-13 * variance, "{s} {got} {want}");
            }
        }
    }
}

/// The posterior never falls, and the report holds it beside the log-likelihood.
#[test]
fn the_objective_never_falls() {
    for structure in CovarianceStructure::ALL {
        let p = Problem::new(11, 90, 3, 3, 1.0);
        let prior = Prior::fraley_raftery(p.rows(), Some(&p.weights), 3, structure).unwrap();
        let set = Gaussians::standard(structure, 3, 3)
            .with_prior(prior)
            .unwrap();
        let template = Mixture::uniform(set);
        let data = Data::new(p.rows()).weighted(&p.weights);
        let options = Options::default().max_iterations(60);
        let fitted = fit_from(&template, data, Start::Labels(&p.labels), &options).unwrap();
        let report = &fitted.report;
        for pair in report.trace.windows(2) {
            // Rounding as DEFINITIONS bounds it: 64 ε times the sum of absolute terms.
            let slack = 64.0 * f64::EPSILON * 2.0 * pair[0].abs().max(100.0);
            assert!(pair[1] >= pair[0] - slack, "{structure}: {pair:?}");
        }
        let model = &fitted.model;
        let evaluation = model.evaluate(data).unwrap();
        assert!((report.log_likelihood - evaluation.log_likelihood).abs() < 1e-9);
        let penalty = report.objective - report.log_likelihood;
        assert!((penalty - model.components().log_prior()).abs() < 1e-9);
        assert!(model.components().prior().is_some());
    }
}

/// Identical rows, a constant and a duplicated column: the likelihood is unbounded, the posterior not,
/// under the prior of other, spread rows.
#[test]
fn what_has_no_maximum_of_the_likelihood_has_one_of_the_posterior() {
    let mut values = Vec::new();
    for i in 0..12 {
        let x = if i < 6 { 1.0 } else { 5.0 + (i % 3) as f64 };
        values.extend([x, x, 4.0]);
    }
    let rows = RowsView::new(&values, 3);
    for structure in CovarianceStructure::ALL {
        let builder = GaussianMixture::builder(2).covariance(structure);
        let identity: Vec<Vec<f64>> = (0..3)
            .map(|i| (0..3).map(|j| f64::from(u8::from(i == j))).collect())
            .collect();
        let prior = Prior::new(vec![3.0; 3], 0.01, 5.0, &identity).unwrap();
        let fitted = builder.clone().prior(prior).fit(rows).unwrap();
        assert!(fitted.report().stop_reason.is_converged(), "{structure}");
        assert!(fitted.components().iter().all(|c| c.variance(2) > 1e-3));
    }
    let plain = GaussianMixture::builder(2).fit(rows);
    assert!(matches!(plain, Err(FitError::Estimate { .. })));
}

/// The defaults of the paper, from moments computed here by the textbook formulas.
#[test]
fn defaults_come_from_the_data() {
    let values = [1.0, 4.0, 2.0, 0.0, 6.0, 5.0, 3.0, -1.0];
    let rows = RowsView::new(&values, 2);
    // Means 3 and 2; sums of squares 14 and 26, products (−2·2 − 1·−2 + 3·3 + 0·−3) = 7.
    let share = 1.0 / 3.0 / 3.0;
    let full = Prior::fraley_raftery(rows, None, 3, CovarianceStructure::VEV).unwrap();
    assert_eq!(
        (full.mean(), full.shrinkage(), full.df()),
        (&[3.0, 2.0][..], 0.01, 4.0)
    );
    let expected = [[14.0, 7.0], [7.0, 26.0]];
    for (row, expected) in full.scale().iter().zip(expected) {
        for (got, want) in row.iter().zip(expected) {
            assert!((got - want * share).abs() < 1e-15 * want);
        }
    }
    let diagonal = Prior::fraley_raftery(rows, None, 3, CovarianceStructure::EVI).unwrap();
    assert!((diagonal.scale()[0][0] - 20.0 * share).abs() < 1e-14);
    assert_eq!(diagonal.scale()[0][0], diagonal.scale()[1][1]);
    assert_eq!(diagonal.scale()[0][1], 0.0);
    // Weights are frequencies.
    let twice: Vec<f64> = values.iter().chain(&values).copied().collect();
    let doubled =
        Prior::fraley_raftery(RowsView::new(&twice, 2), None, 3, CovarianceStructure::Full);
    let weighted = Prior::fraley_raftery(rows, Some(&[2.0; 4]), 3, CovarianceStructure::Full);
    let (doubled, weighted) = (doubled.unwrap().scale(), weighted.unwrap().scale());
    assert!((doubled[1][1] / weighted[1][1] - 1.0).abs() < 1e-14);
}

#[test]
fn what_is_no_prior_is_refused() {
    let rows = RowsView::new(&[1.0, 2.0, 3.0, 4.0], 2);
    let full = CovarianceStructure::Full;
    // Two rows have a singular covariance, one has none.
    assert!(Prior::fraley_raftery(rows, None, 2, full).is_err());
    let one = rows.block(0..1);
    assert!(Prior::fraley_raftery(one, None, 2, CovarianceStructure::EII).is_err());
    let unit = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
    for (shrinkage, df) in [(-1.0, 4.0), (f64::NAN, 4.0), (0.1, 1.0), (0.1, f64::NAN)] {
        assert!(Prior::new(vec![0.0; 2], shrinkage, df, &unit).is_err());
    }
    let prior = Prior::new(vec![0.0; 2], 0.0, 4.0, &unit).unwrap();
    assert!(Gaussians::standard(full, 2, 3).with_prior(prior).is_err());
}

/// A component of no row is the prior's mode where the prior has a mean, and an error where not.
#[test]
fn a_component_of_no_row() {
    let unit = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
    let rows = RowsView::new(&[1.0, 2.0, 3.0, 4.0], 2);
    let with = |shrinkage: f64| {
        let prior = Prior::new(vec![7.0; 2], shrinkage, 4.0, &unit).unwrap();
        let set = Gaussians::standard(CovarianceStructure::Full, 2, 2);
        set.with_prior(prior)
            .unwrap()
            .estimate(rows, &[1.0, 1.0, 0.0, 0.0])
    };
    let mode = with(0.5).unwrap();
    assert_eq!(mode[1].mean(), [7.0, 7.0]);
    assert!((mode[1].variance(0) - 1.0 / 8.0).abs() < 1e-16);
    assert_eq!(with(0.0).unwrap_err().component, Some(1));
}
