//! Factor analysers, against dense Gaussians, closed forms and scipy's maximum.

#[cfg(feature = "serde")]
mod cases;

use distributions::{Component, Coordinates, Density, RowsBuffer, RowsView, Sample, View};
use em::{ComponentSet, Data, Mixture, Options, Start, Weights, fit_from, stream};
use gmm::{
    CovarianceStructure, FactorAnalyzer, FactorAnalyzers, FactorStructure, Gaussian, Gaussians,
};
use rand::RngExt;

fn structures(factors: usize) -> Vec<FactorStructure> {
    (0..8)
        .map(|bits| FactorStructure {
            factors,
            common_loadings: bits & 1 > 0,
            common_noise: bits & 2 > 0,
            isotropic_noise: bits & 4 > 0,
        })
        .collect()
}

fn analyzer(d: usize, q: usize, seed: u64) -> FactorAnalyzer {
    let mut rng = stream(seed, 0);
    let mut draw = |scale: f64| scale * (rng.random::<f64>() - 0.5);
    let mean = (0..d).map(|_| draw(8.0)).collect();
    let loadings: Vec<Vec<f64>> = (0..d)
        .map(|_| (0..q).map(|_| draw(4.0)).collect())
        .collect();
    let noise = (0..d).map(|_| 0.6 + draw(1.0)).collect();
    FactorAnalyzer::new(mean, &loadings, noise).unwrap()
}

fn two(d: usize, q: usize, rows: usize) -> RowsBuffer<f64> {
    let parts = vec![analyzer(d, q, 1), analyzer(d, q, 2)];
    let set = FactorAnalyzers::new(FactorStructure::own(q), parts).unwrap();
    let weights = Weights::new(vec![0.6, 0.4]).unwrap();
    Mixture::new(weights, set)
        .unwrap()
        .sample(&mut stream(7, 0), rows)
}

#[test]
fn densities_are_those_of_the_dense_covariance() {
    for (d, q) in [(1, 0), (3, 0), (3, 1), (5, 2), (8, 4), (30, 3)] {
        let one = analyzer(d, q, 3);
        let dense = Gaussian::from_matrix(one.mean().to_vec(), one.covariance()).unwrap();
        let structure = FactorStructure {
            isotropic_noise: q == 4,
            ..FactorStructure::own(q)
        };
        let set = FactorAnalyzers::new(structure, vec![one.clone()]).unwrap();
        let xs = one.sample(&mut stream(5, 0), 300);
        let mixture = Mixture::uniform(set);
        let scores = mixture.score_rows(xs.view());
        for (i, score) in scores.iter().enumerate() {
            let expected = dense.log_density(xs.view().at(i));
            // Two ways of summing d squares of order 1.
            assert!((score - expected).abs() < 1e-12 * (1.0 + expected.abs()) * d as f64);
            let single = one.log_density(xs.view().at(i));
            assert!((single - expected).abs() < 1e-12 * (1.0 + expected.abs()) * d as f64);
        }
        assert_eq!(one.log_density(&vec![1e200; d]), f64::NEG_INFINITY);
    }
}

#[test]
fn scores_are_conditional_means_and_loadings_canonical() {
    let xs = two(6, 2, 500);
    let fit = fitted(FactorStructure::own(2), xs.view(), 2);
    let one = fit.model.components()[0].clone();
    let (loadings, noise) = (one.loadings(), one.noise_variances());
    let product = |f: usize, g: usize| -> f64 {
        (0..6)
            .map(|j| loadings[j][f] * loadings[j][g] / noise[j])
            .sum()
    };
    assert!(product(0, 1).abs() < 1e-9 * product(0, 0));
    assert!(product(0, 0) >= product(1, 1));
    for f in 0..2 {
        assert!(loadings.iter().map(|row| row[f]).sum::<f64>() >= 0.0);
    }
    // E[z | x] = Λᵀ Σ⁻¹ (x − μ), by the dense inverse; in canonical loadings M is diagonal:
    // z_f = Σ_j λ_jf (x_j − μ_j)/ψ_j / (1 + Σ_j λ_jf²/ψ_j).
    let x = [1.0, -2.0, 0.5, 3.0, 0.0, 1.5];
    for (f, score) in one.factor_scores(&x).iter().enumerate() {
        let sum: f64 = (0..6)
            .map(|j| loadings[j][f] * (x[j] - one.mean()[j]) / noise[j])
            .sum();
        assert!((score - sum / (1.0 + product(f, f))).abs() < 1e-8);
    }
}

fn fitted(
    structure: FactorStructure,
    rows: RowsView<'_, f64>,
    k: usize,
) -> em::Fit<Mixture<FactorAnalyzers>> {
    let set = FactorAnalyzers::standard(structure, k, rows.width()).unwrap();
    let template = Mixture::uniform(set);
    let options = Options::default().restarts(3).max_iterations(20_000);
    let mut driver = em::Driver::new(&options).accelerate(em::Acceleration::default());
    em::fit_from_with(&template, Data::new(rows), Start::Spread, &mut driver).unwrap()
}

#[cfg(feature = "serde")]
#[test]
fn a_file_holds_all_of_it() {
    let one = analyzer(6, 2, 4);
    let read: FactorAnalyzer = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
    assert_eq!(read, one);
}

#[cfg(feature = "serde")]
#[test]
fn one_factor_reaches_the_maximum_that_scipy_finds() {
    // tests/reference/factor_analysis/generate.py
    let case = cases::Case::read("gmm_iris");
    let rows = case.table.rows();
    for (rows, expected) in [
        (rows, -422.37763545747725),
        (rows.block(50..100), -16.487915127191965),
    ] {
        let fit = fitted(FactorStructure::own(1), rows, 1);
        let reached = fit.report.log_likelihood;
        // The fit stops within 1e-7 nats; a Heywood case is held at its bound, where some of them is lost.
        let lost = if fit.model.components().at_bound(0).is_empty() {
            1e-5
        } else {
            1e-2
        };
        assert!((reached - expected).abs() < lost, "{reached} {expected}");
        let held = fit.model.components().at_bound(0).is_empty();
        let warned = em::Warning::AtBound {
            components: vec![0],
        };
        assert_eq!(fit.report.warnings.contains(&warned), !held);
    }
}

/// From the same responsibilities M-step after M-step comes to rest where no direction climbs, and never
/// falls; with isotropic noise that has a closed form the first is there.
#[test]
fn m_steps_end_in_a_maximum() {
    let xs = two(6, 2, 300);
    let (rows, n) = (xs.view(), 300);
    let shares: Vec<f64> = (0..2 * n)
        .map(|e| {
            let first = 0.2 + 0.6 * f64::from(u8::from(e % n % 3 > 0));
            if e < n { first } else { 1.0 - first }
        })
        .collect();
    for structure in structures(2) {
        let mut set = FactorAnalyzers::standard(structure, 2, 6).unwrap();
        let mut statistics = set.empty_statistics();
        for (e, share) in shares.iter().enumerate() {
            set.accumulate(&mut statistics, e / n, rows.at(e % n), *share);
        }
        let objective = |set: &FactorAnalyzers| -> f64 {
            let term = |(e, share): (usize, &f64)| share * set.log_density(e / n, rows.at(e % n));
            shares.iter().enumerate().map(term).sum()
        };
        let closed =
            structure.isotropic_noise && (structure.common_noise || !structure.common_loadings);
        let steps = if closed { 1 } else { 400 };
        let mut reached = f64::NEG_INFINITY;
        for _ in 0..steps {
            set = set.maximize(&statistics).unwrap();
            let here = objective(&set);
            // Rounding of a sum of 600 terms of order 10.
            assert!(here >= reached - 1e-10, "{structure:?} {here} {reached}");
            reached = here;
        }
        let mut x = Vec::new();
        set.pack(&mut x);
        let mut rng = stream(11, 0);
        for trial in 0..600 {
            let by = [1e-4, 1e-3, 1e-2, 0.1][trial % 4];
            let moved = x.iter().map(|x| x + by * (rng.random::<f64>() - 0.5));
            let moved = set.unpack(&mut &moved.collect::<Vec<_>>()[..]).unwrap();
            let other = objective(&moved);
            // Rounding of a sum of 600 terms of order 10, and what 400 alternations leave.
            assert!(other <= reached + 1e-9, "{structure:?} {other} {reached}");
        }
    }
}

/// Conditional maximisation takes few iterations here.
#[cfg(feature = "serde")]
#[test]
fn few_iterations_are_enough() {
    let case = cases::Case::read("gmm_iris");
    let set = FactorAnalyzers::standard(FactorStructure::own(1), 1, 4).unwrap();
    let (data, options) = (Data::new(case.table.rows()), Options::default());
    let fit = fit_from(&Mixture::uniform(set), data, Start::Spread, &options).unwrap();
    assert!(fit.report.iterations() <= 20, "{}", fit.report.iterations());
}

#[test]
fn isotropic_noise_is_probabilistic_principal_components() {
    let xs = two(6, 2, 400);
    let rows = xs.view();
    let scatter = Gaussian::standard(6)
        .estimate(rows, &[1.0; 400])
        .unwrap()
        .covariance();
    for q in [1, 2, 4] {
        let structure = FactorStructure {
            isotropic_noise: true,
            ..FactorStructure::own(q)
        };
        let fit = fitted(structure, rows, 1);
        let one = &fit.model.components()[0];
        // Tipping & Bishop: σ² is the mean of the least eigenvalues; here from ln L at the maximum,
        // −n/2 {d ln 2π + Σ_(i ≤ q) ln λ_i + (d − q) ln σ² + d}, with eigenvalues by Jacobi's method.
        let values = jacobi(&scatter, 6);
        let noise = values[q..].iter().sum::<f64>() / (6 - q) as f64;
        let logs: f64 = values[..q].iter().map(|value| value.ln()).sum();
        let constant = 6.0 * ((2.0 * std::f64::consts::PI).ln() + 1.0);
        let expected = -200.0 * (constant + logs + (6 - q) as f64 * noise.ln());
        assert!(
            (fit.report.log_likelihood - expected).abs() < 1e-5,
            "q = {q}"
        );
        assert!((one.noise_variances()[3] / noise - 1.0).abs() < 1e-3);
    }
}

/// Eigenvalues, falling.
fn jacobi(matrix: &[f64], d: usize) -> Vec<f64> {
    let mut a = matrix.to_vec();
    for _ in 0..60 {
        for p in 0..d {
            for q in p + 1..d {
                let angle = 0.5 * (2.0 * a[p * d + q]).atan2(a[q * d + q] - a[p * d + p]);
                let (s, c) = angle.sin_cos();
                for i in 0..d {
                    let (x, y) = (a[i * d + p], a[i * d + q]);
                    (a[i * d + p], a[i * d + q]) = (c * x - s * y, s * x + c * y);
                }
                for i in 0..d {
                    let (x, y) = (a[p * d + i], a[q * d + i]);
                    (a[p * d + i], a[q * d + i]) = (c * x - s * y, s * x + c * y);
                }
            }
        }
    }
    let mut values: Vec<f64> = (0..d).map(|j| a[j * d + j]).collect();
    values.sort_by(|x, y| y.total_cmp(x));
    values
}

#[test]
fn without_factors_it_is_the_diagonal_family() {
    let xs = two(4, 1, 300);
    let labels: Vec<Option<u32>> = (0..300).map(|i| Some(i % 2)).collect();
    let pairs = [
        (false, false, CovarianceStructure::Diagonal),
        (true, false, CovarianceStructure::EEI),
        (false, true, CovarianceStructure::Spherical),
        (true, true, CovarianceStructure::EII),
    ];
    for (common_noise, isotropic_noise, structure) in pairs {
        let own = FactorStructure {
            common_noise,
            isotropic_noise,
            ..FactorStructure::own(0)
        };
        let set = FactorAnalyzers::standard(own, 2, 4).unwrap();
        let gaussians = Gaussians::standard(structure, 2, 4);
        assert_eq!(set.parameter_count(), gaussians.parameter_count());
        let (data, options) = (Data::new(xs.view()), Options::default());
        let start = Start::Labels(&labels);
        let mine = fit_from(&Mixture::uniform(set), data, start, &options).unwrap();
        let theirs = fit_from(&Mixture::uniform(gaussians), data, start, &options).unwrap();
        let (a, b) = (mine.report.log_likelihood, theirs.report.log_likelihood);
        assert!((a - b).abs() < 1e-6, "{structure:?}: {a} {b}");
    }
}

#[test]
fn the_likelihood_never_falls_whatever_is_shared() {
    let xs = two(5, 1, 250);
    let rows = xs.view();
    let weights: Vec<f64> = (0..250).map(|i| 0.5 * f64::from(i % 3)).collect();
    for structure in structures(1).into_iter().chain(structures(2)) {
        let set = FactorAnalyzers::standard(structure, 2, 5).unwrap();
        let (k, d, q) = (2, 5, structure.factors);
        let each = d * q - q * (q - 1) / 2;
        let noise = if structure.isotropic_noise { 1 } else { d };
        let expected = k * d
            + each * if structure.common_loadings { 1 } else { k }
            + noise * if structure.common_noise { 1 } else { k };
        assert_eq!(set.parameter_count(), expected);
        let options = Options::default().restarts(2).max_iterations(200);
        let data = Data::new(rows).weighted(&weights);
        let fit = fit_from(&Mixture::uniform(set), data, Start::Spread, &options).unwrap();
        let trace = &fit.report.trace;
        for pair in trace.windows(2) {
            // Rounding of a sum of 250 terms of order 10.
            assert!(pair[1] >= pair[0] - 1e-10, "{structure:?}: {pair:?}");
        }
        let set = fit.model.components();
        let (first, second) = (&set[0], &set[1]);
        if structure.common_noise {
            assert_eq!(first.noise_variances(), second.noise_variances());
        }
        if structure.isotropic_noise {
            let noise = first.noise_variances();
            assert!(noise.iter().all(|value| *value == noise[0]));
        }
        if structure.common_loadings && structure.common_noise {
            assert_eq!(first.loadings(), second.loadings());
        }
    }
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    assert!(FactorAnalyzers::standard(FactorStructure::own(4), 2, 4).is_err());
    assert!(FactorAnalyzers::standard(FactorStructure::own(2), 2, 4).is_err());
    assert!(FactorAnalyzers::standard(FactorStructure::own(1), 2, 4).is_ok());
    let principal = FactorStructure {
        isotropic_noise: true,
        ..FactorStructure::own(3)
    };
    assert!(FactorAnalyzers::standard(principal, 2, 4).is_ok());
    assert!(FactorAnalyzer::new(vec![0.0; 2], &[vec![1.0], vec![1.0]], vec![1.0, 0.0]).is_err());
    assert!(FactorAnalyzer::new(vec![0.0; 2], &[vec![1.0]], vec![1.0, 1.0]).is_err());
    assert!(FactorAnalyzer::new(vec![0.0; 2], &[vec![f64::NAN], vec![1.0]], vec![1.0; 2]).is_err());
    // A column that does not vary has no noise.
    let values: Vec<f64> = (0..40)
        .flat_map(|i| [f64::from(i), 2.0, f64::from(i * i % 7)])
        .collect();
    let set = FactorAnalyzers::standard(FactorStructure::own(0), 1, 3).unwrap();
    let data = Data::new(RowsView::new(&values, 3));
    let error = fit_from(
        &Mixture::uniform(set),
        data,
        Start::Spread,
        &Options::default(),
    );
    assert!(error.unwrap_err().to_string().contains("column 1"));
}
