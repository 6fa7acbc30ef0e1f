//! Fits in single precision: what they may be used for, and what they give.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Component, RowsView};
use em::{Data, Mixture, Soft, Start, Tally, Workspace, e_step};
use gmm::{
    CovarianceStructure, Gaussian, GaussianMixture, Gaussians, MatrixView, OverMatrix, Prior,
};
use synthetic::Problem;

/// Rows that an `f32` holds, about three centres.
fn problem(seed: u64, n: usize, d: usize) -> (Problem, Vec<f32>) {
    let mut p = Problem::new(seed, n, 3, d, 1.5);
    let floats: Vec<f32> = p.values.iter().map(|&x| x as f32).collect();
    p.values = floats.iter().map(|&x| f64::from(x)).collect();
    (p, floats)
}

/// The first M-step from the labels.
fn start(p: &Problem, structure: CovarianceStructure) -> Mixture<Gaussians> {
    let fitted = GaussianMixture::builder(3)
        .covariance(structure)
        .start(Start::Labels(&p.labels))
        .max_iterations(0)
        .fit(p.rows())
        .unwrap();
    fitted.mixture().clone()
}

/// One iteration over rows in double or single precision, arithmetic in either.
fn iterate(
    model: &Mixture<Gaussians>,
    p: &Problem,
    floats: Option<&[f32]>,
    single: bool,
    threads: usize,
) -> (Tally, Mixture<Gaussians>) {
    let model = model.clone().with_components(|set| {
        let set = set.with_single_precision(single);
        assert_eq!(set.is_in_single_precision(), single);
        set
    });
    let Some(floats) = floats else {
        let data = Data::new(p.rows()).weighted(&p.weights);
        let mut workspace = Workspace::new(p.rows(), &model.empty_statistics(), threads);
        let tally = e_step(&model, data, 0, &Soft, &mut workspace);
        return (tally, model.maximize(workspace.statistics()).unwrap());
    };
    let rows = MatrixView::from(RowsView::new(floats, p.width));
    let model = model.with_components(OverMatrix::<_, f32>::new);
    let mut workspace = Workspace::new(rows, &model.empty_statistics(), threads);
    let data = Data::new(rows).weighted(&p.weights);
    let tally = e_step(&model, data, 0, &Soft, &mut workspace);
    let next = model.maximize(workspace.statistics()).unwrap();
    (tally, next.with_components(OverMatrix::into_set))
}

/// The largest difference of means, in deviations, and of covariances, in products of deviations.
fn apart(a: &Gaussians, b: &Gaussians) -> f64 {
    let mut largest = 0.0f64;
    for (a, b) in a.components().iter().zip(b.components()) {
        let d = a.dimension();
        for i in 0..d {
            let deviation = |j: usize| b.variance(j).sqrt();
            largest = largest.max((a.mean()[i] - b.mean()[i]).abs() / deviation(i));
            for j in 0..d {
                let e = i * d + j;
                let scale = deviation(i) * deviation(j);
                largest = largest.max((a.covariance()[e] - b.covariance()[e]).abs() / scale);
            }
        }
    }
    largest
}

#[test]
fn an_iteration_is_right_to_a_millionth() {
    for (d, n) in [
        (1, 700),
        (2, 1501),
        (7, 900),
        (8, 1025),
        (9, 800),
        (33, 1200),
    ] {
        let (p, floats) = problem(d as u64, n, d);
        for structure in [
            CovarianceStructure::Full,
            CovarianceStructure::Diagonal,
            CovarianceStructure::Tied,
            CovarianceStructure::Spherical,
        ] {
            let model = start(&p, structure);
            let (tally, expected) = iterate(&model, &p, None, false, 1);
            let (ours, next) = iterate(&model, &p, Some(&floats), true, 1);
            let difference = apart(next.components(), expected.components());
            // The switch admits errors of a row of 1e-6 deviations, of which sums over rows keep a part.
            assert!(difference <= 2e-6, "{d} {structure}: {difference:e}");
            for (a, b) in next.weights().iter().zip(expected.weights().iter()) {
                assert!((a - b).abs() <= 1e-6 * b, "{d} {structure}: {a} {b}");
            }
            let error = (ours.objective - tally.objective).abs();
            // What the stopping rule takes for rounding.
            assert!(
                error <= em::rounding_bound(ours.magnitude),
                "{d}: {error:e}"
            );
            assert!(em::rounding_bound(ours.magnitude) <= 6e-8 * tally.magnitude);
        }
    }
}

/// Rows of `f64` that an `f32` holds, and any number of threads, give the same bits.
#[test]
fn rows_of_either_type_on_any_threads_give_the_same_bits() {
    for d in [2, 13] {
        let (p, floats) = problem(40 + d as u64, 3000, d);
        let model = start(&p, CovarianceStructure::Full);
        let (tally, next) = iterate(&model, &p, Some(&floats), true, 1);
        for (rows, threads) in [(Some(&floats[..]), 2), (None, 1), (None, 3)] {
            let (other, same) = iterate(&model, &p, rows, true, threads);
            assert_eq!(tally.objective.to_bits(), other.objective.to_bits());
            assert_eq!(
                next.components().components(),
                same.components().components()
            );
        }
    }
}

#[test]
fn fits_end_where_those_of_double_precision_end() {
    for (d, structure) in [
        (2, CovarianceStructure::Full),
        (3, CovarianceStructure::Tied),
        (9, CovarianceStructure::Diagonal),
        (12, CovarianceStructure::Full),
    ] {
        let (p, floats) = problem(70 + d as u64, 2000, d);
        let builder = GaussianMixture::builder(3)
            .covariance(structure)
            .row_weights(&p.weights)
            .start(Start::Labels(&p.labels));
        let rows = MatrixView::from(RowsView::new(&floats, d));
        let double = builder.clone().fit(rows).unwrap();
        let single = builder.single_precision().fit(rows).unwrap();
        assert!(single.report().stop_reason.is_converged());
        let (ours, theirs) = (single.report().objective, double.report().objective);
        // Either stops where less than 1e-7 remains to be gained.
        assert!((ours - theirs).abs() <= 1e-6, "{d}: {ours} {theirs}");
        assert!(!single.mixture().components().is_in_single_precision());
        let trace = &single.report().trace;
        assert_eq!(trace[trace.len() - 1], ours);
        assert!(
            trace
                .windows(2)
                .all(|two| two[1] >= two[0] - 6e-8 * two[0].abs())
        );
    }
}

/// Where single precision is not precise enough, the bits are those of double.
#[test]
fn double_precision_takes_over_where_it_must() {
    let spheres = |distance: f64, variance: f64| {
        let at = |mean: f64| Gaussian::spherical(vec![mean; 2], variance).unwrap();
        let pair = vec![at(0.0), at(distance)];
        let set = Gaussians::new(CovarianceStructure::Full, pair).unwrap();
        set.with_single_precision(true).is_in_single_precision()
    };
    assert!(spheres(5.0, 1.0) && spheres(0.05, 1e-4) && spheres(5e4, 1e8));
    // Too far apart; too small and too large for squares.
    assert!(!spheres(100.0, 1.0) && !spheres(0.0, 1e-14) && !spheres(0.0, 1e14));
    let correlated = |rest: f64| {
        let covariance = vec![vec![1.0, 1.0 - rest], vec![1.0 - rest, 1.0]];
        let one = Gaussian::new(vec![0.0; 2], &covariance).unwrap();
        let set = Gaussians::new(CovarianceStructure::Full, vec![one]).unwrap();
        set.with_single_precision(true).is_in_single_precision()
    };
    assert!(correlated(0.1) && !correlated(1e-5));
    // Far from 0 but not from each other: what counts is the distance from the centre.
    let offset = |mean: f64| Gaussian::spherical(vec![1e6 + mean; 2], 1.0).unwrap();
    let set = Gaussians::new(CovarianceStructure::Full, vec![offset(0.0), offset(4.0)]).unwrap();
    assert!(set.with_single_precision(true).is_in_single_precision());

    // Far apart all the time, the fit has the bits of double precision.
    let p = Problem::new(5, 600, 3, 2, 60.0);
    let builder = GaussianMixture::builder(3).start(Start::Labels(&p.labels));
    let double = builder.clone().max_iterations(5).fit(p.rows()).unwrap();
    let single = builder
        .single_precision()
        .max_iterations(5)
        .fit(p.rows())
        .unwrap();
    assert_eq!(
        double.mixture().components().components(),
        single.mixture().components().components()
    );
}

/// Rows that single precision cannot score are scored in double, rows of no weight are not looked at.
#[test]
fn rows_far_away_and_rows_of_no_weight() {
    let (mut p, mut floats) = problem(9, 1200, 3);
    let model = start(&p, CovarianceStructure::Full);
    for (row, value, weight) in [(3, f32::NAN, 0.0), (700, 3e14, 0.0), (900, 2e3, 0.5)] {
        p.values[row * 3] = f64::from(value);
        floats[row * 3] = value;
        p.weights[row] = weight;
    }
    let (tally, expected) = iterate(&model, &p, None, false, 1);
    let (ours, next) = iterate(&model, &p, Some(&floats), true, 1);
    assert!((ours.objective - tally.objective).abs() <= em::rounding_bound(ours.magnitude));
    assert!(apart(next.components(), expected.components()) <= 2e-6);
    // Weights of any size.
    p.weights.iter_mut().for_each(|weight| *weight *= 1e30);
    let (_, heavy) = iterate(&model, &p, Some(&floats), true, 1);
    assert!(apart(heavy.components(), expected.components()) <= 2e-6);
}

#[test]
fn what_does_not_go_with_single_precision_is_refused() {
    let (p, _) = problem(1, 60, 2);
    let builder = GaussianMixture::builder(3).single_precision();
    let labelled = builder.clone().known_labels(&p.labels).fit(p.rows());
    for refused in [builder.clone().missing_cells().fit(p.rows()), labelled] {
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("double precision"), "{message}");
    }
    // A prior and row weights do.
    let prior = Prior::fraley_raftery(p.rows(), None, 3, CovarianceStructure::Full).unwrap();
    let builder = builder.prior(prior).start(Start::Labels(&p.labels));
    assert!(builder.row_weights(&p.weights).fit(p.rows()).is_ok());
}
