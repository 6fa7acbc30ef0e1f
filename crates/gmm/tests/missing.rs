//! Rows with missing cells: against the naive EM, complete rows, deleted rows, and products of normals.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Component, Density, Normal, RowsView, Sample, Scratch};
use em::{ComponentSet, Data, Fit, FitError, Mixture, Options, Start, Weights, fit_from};
use gmm::{CovarianceStructure, Gaussian, GaussianMixture, Gaussians, IncompleteGaussians};
use synthetic::{Naive, Problem};

const NONE: f64 = f64::NAN;

fn options(iterations: usize) -> Options {
    // A tolerance out of reach: all iterations are made.
    Options::default()
        .max_iterations(iterations)
        .tolerance(1e-300)
        .threads(1)
}

fn template(structure: CovarianceStructure, k: usize, d: usize) -> Mixture<IncompleteGaussians> {
    let set = Gaussians::standard(structure, k, d);
    Mixture::uniform(IncompleteGaussians::new(set))
}

type Fitted = Fit<Mixture<IncompleteGaussians>>;

fn fit(p: &Problem, structure: CovarianceStructure, k: usize, options: &Options) -> Fitted {
    let data = Data::new(p.rows()).weighted(&p.weights);
    let start = Start::Labels(&p.labels);
    fit_from(&template(structure, k, p.width), data, start, options).unwrap()
}

fn gaussians(fitted: Fitted) -> Mixture<Gaussians> {
    (fitted.model).with_components(IncompleteGaussians::into_gaussians)
}

/// Every structure, by its letters; the trace is that of the naive EM from the same model.
#[test]
fn traces_are_those_of_the_naive_em() {
    for (seed, d, k, patterns) in [(1, 3, 2, 5), (2, 5, 3, 12), (3, 1, 2, 2), (4, 8, 2, 20)] {
        let p = Problem::new(seed, 60 * k + 20 * d, k, d, 2.0).with_gaps(4, patterns);
        for structure in CovarianceStructure::ALL {
            let fitted = fit(&p, structure, k, &options(8));
            let mut naive = Naive::of(&gaussians(fit(&p, structure, k, &options(0))));
            for &value in &fitted.report.trace {
                let (responsibilities, expected) = naive.e_step(&p);
                let error = (value - expected).abs() / expected.abs();
                // Rounding only: both are the same formulas.
                assert!(error < 1e-11, "{structure} {d}: {value} not {expected}");
                match naive.next(&p, &responsibilities, structure) {
                    Some(next) => naive = next,
                    None => break,
                }
            }
            let trace = &fitted.report.trace;
            let rises = trace.windows(2).all(|w| w[1] >= w[0] - 1e-12 * w[0].abs());
            assert!(rises && trace.len() == 9, "{structure}: {trace:?}");
        }
    }
}

/// Rows without gaps take the way of complete rows: the same bits.
#[test]
fn complete_rows_are_fitted_to_the_same_bits() {
    let p = Problem::new(7, 700, 3, 4, 2.0);
    for structure in CovarianceStructure::ALL {
        let with = fit(&p, structure, 3, &options(4));
        let template = Mixture::uniform(Gaussians::standard(structure, 3, 4));
        let data = Data::new(p.rows()).weighted(&p.weights);
        let without = fit_from(&template, data, Start::Labels(&p.labels), &options(4)).unwrap();
        assert_eq!(with.report.trace, without.report.trace, "{structure}");
        assert_eq!(gaussians(with), without.model, "{structure}");
    }
}

/// In one column a row with a gap is no row.
#[test]
fn in_one_column_gaps_are_deleted_rows() {
    let p = Problem::new(5, 400, 2, 1, 3.0);
    let mut gaps = p.clone();
    let mut rest = p.clone();
    for i in (0..400).filter(|i| i % 3 == 1) {
        gaps.values[i] = NONE;
        gaps.weights[i] = 0.0;
        rest.weights[i] = 0.0;
    }
    for structure in [CovarianceStructure::EII, CovarianceStructure::Spherical] {
        let a = fit(&gaps, structure, 2, &options(6));
        let b = fit(&rest, structure, 2, &options(6));
        for (a, b) in a.report.trace.iter().zip(&b.report.trace) {
            assert!((a - b).abs() <= 1e-13 * b.abs());
        }
    }
}

/// Independent columns: a maximum of the likelihood of the observed cells is that of each column alone.
#[test]
fn one_diagonal_component_has_the_moments_of_what_was_observed() {
    let p = Problem::new(9, 500, 1, 6, 1.0).with_gaps(3, 30);
    let fitted = gaussians(fit(&p, CovarianceStructure::Diagonal, 1, &options(500)));
    let gaussian = &fitted.components()[0];
    for j in 0..6 {
        let seen = |i: &usize| !p.row(*i)[j].is_nan();
        let rows: Vec<usize> = (0..500).filter(seen).collect();
        assert!(rows.len() < 500 && rows.len() > 100);
        let xs: Vec<f64> = rows.iter().map(|&i| p.row(i)[j]).collect();
        let weights: Vec<f64> = rows.iter().map(|&i| p.weights[i]).collect();
        let normal = Normal::standard().estimate(&xs[..], &weights).unwrap();
        // EM converges by the share of observed cells, a half at least, an iteration.
        assert!((gaussian.mean()[j] - normal.mean()).abs() < 1e-12);
        assert!((gaussian.variance(j) - normal.variance()).abs() < 1e-12 * normal.variance());
    }
}

/// Under a diagonal structure the density is the product of the normals of the observed cells.
#[test]
fn a_diagonal_density_is_a_product_of_normals() {
    let p = Problem::new(6, 300, 2, 5, 2.0).with_gaps(3, 25);
    let fitted = fit(&p, CovarianceStructure::Diagonal, 2, &options(3));
    let scores = fitted.model.score_rows(p.rows());
    let model = gaussians(fitted);
    for (i, score) in scores.iter().enumerate() {
        let joint = (0..2).map(|k| {
            let gaussian = &model.components()[k];
            let cells = p.row(i).iter().enumerate().filter(|(_, x)| !x.is_nan());
            let factors = cells.map(|(j, &x)| {
                let normal = Normal::new(gaussian.mean()[j], gaussian.variance(j)).unwrap();
                normal.log_density(x)
            });
            model.weights()[k] * factors.sum::<f64>().exp()
        });
        let expected = joint.sum::<f64>().ln();
        assert!((score - expected).abs() < 1e-12 * expected.abs().max(1.0));
    }
}

/// Blocks, single rows and the marginal mixture agree; a row of nothing has density 1.
#[test]
fn densities_are_those_of_the_marginals() {
    let p = Problem::new(8, 600, 3, 4, 2.0).with_gaps(3, 12);
    let fitted = fit(&p, CovarianceStructure::Full, 3, &options(3)).model;
    let door = GaussianMixture::builder(3).missing_cells();
    let door = door.row_weights(&p.weights).start(Start::Labels(&p.labels));
    let door = door
        .max_iterations(3)
        .tolerance(1e-300)
        .fit(p.rows())
        .unwrap();
    assert_eq!(
        &fitted
            .clone()
            .with_components(IncompleteGaussians::into_gaussians),
        door.mixture()
    );
    let scores = door.score_samples(p.rows()).unwrap();
    assert_eq!(scores, fitted.score_rows(p.rows()));
    for i in (0..600).step_by(7) {
        let observed: Vec<usize> = (0..4).filter(|&j| !p.row(i)[j].is_nan()).collect();
        let x: Vec<f64> = observed.iter().map(|&j| p.row(i)[j]).collect();
        let expected = door.marginal(&observed).unwrap().log_density(&x);
        for value in [scores[i], fitted.log_density(p.row(i))] {
            assert!(
                (value - expected).abs() < 1e-12 * expected.abs().max(1.0),
                "{value} {expected}"
            );
        }
    }
    let nothing = [NONE; 4];
    let posterior = door.posterior(RowsView::new(&nothing, 4)).unwrap();
    assert!(posterior.log_density[0].abs() < 1e-15);
    for (r, weight) in posterior.row(0).iter().zip(door.weights()) {
        assert!((r - weight).abs() < 1e-15);
    }
}

/// One row at a time and blocks of rows give one statistic.
#[test]
fn single_rows_and_blocks_accumulate_alike() {
    let p = Problem::new(11, 200, 2, 5, 1.0).with_gaps(3, 15);
    for structure in [CovarianceStructure::Full, CovarianceStructure::Diagonal] {
        // A full iterate under a diagonal structure too: a start from parameters may be so.
        let full = gaussians(fit(&p, CovarianceStructure::Full, 2, &options(2)));
        let set = Gaussians::new(structure, full.components().components().to_vec()).unwrap();
        let set = IncompleteGaussians::new(set);
        let weights: Vec<f64> = (0..400).map(|e| (e % 7) as f64).collect();
        let mut prepared = vec![0.0; 200 * set.prepared_width()];
        set.prepare(p.rows(), &mut prepared);
        let (mut whole, mut single) = (set.empty_statistics(), set.empty_statistics());
        set.accumulate_matrix(
            &mut whole,
            p.rows(),
            &prepared,
            &weights,
            &mut Scratch::default(),
        );
        for (e, &weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            set.accumulate(&mut single, e / 200, p.row(e % 200), weight);
        }
        for (a, b) in whole.parts().iter().zip(single.parts()) {
            for e in 0..25 {
                let scale = (b.square(e / 5) * b.square(e % 5)).sqrt();
                assert!((a.matrix()[e] - b.matrix()[e]).abs() < 1e-13 * scale);
            }
            for (a, b) in a.mean().iter().zip(b.mean()) {
                assert!((a - b).abs() < 1e-13);
            }
        }
    }
}

/// More than 64 columns, and a pattern for nearly every row.
#[test]
fn many_columns_and_patterns() {
    let p = Problem::new(12, 300, 1, 70, 1.0).with_gaps(10, 250);
    let fitted = fit(&p, CovarianceStructure::Full, 1, &options(1));
    let naive = Naive::of(&gaussians(fit(
        &p,
        CovarianceStructure::Full,
        1,
        &options(0),
    )));
    let (responsibilities, start) = naive.e_step(&p);
    let next = naive
        .next(&p, &responsibilities, CovarianceStructure::Full)
        .unwrap();
    for (value, expected) in fitted.report.trace.iter().zip([start, next.e_step(&p).1]) {
        assert!(
            (value - expected).abs() < 1e-10 * expected.abs(),
            "{value} not {expected}"
        );
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let p = Problem::new(13, 5000, 3, 6, 1.5).with_gaps(4, 200);
    for structure in [CovarianceStructure::Full, CovarianceStructure::VEI] {
        let one = fit(&p, structure, 3, &options(5));
        for threads in [2, 5] {
            let many = fit(&p, structure, 3, &options(5).threads(threads));
            assert_eq!(one.report.trace, many.report.trace);
            assert_eq!(one.model, many.model);
        }
    }
}

/// Common offset and scale, as for complete rows. Powers of two, about 1e-12 and 1e150: a scale must not round.
#[test]
fn offset_and_scale_carry_over() {
    let p = Problem::new(14, 300, 2, 4, 3.0).with_gaps(4, 10);
    let plain = gaussians(fit(&p, CovarianceStructure::Full, 2, &options(5)));
    // Data at 1e8 have 8 digits left.
    for (offset, scale, tolerance) in [
        (1e8, 1.0, 1e-6),
        (0.0, 2f64.powi(-40), 1e-11),
        (0.0, 2f64.powi(498), 1e-11),
    ] {
        let mut q = p.clone();
        q.values.iter_mut().for_each(|x| *x = *x * scale + offset);
        let moved = gaussians(fit(&q, CovarianceStructure::Full, 2, &options(5)));
        for (a, b) in (plain.components().components().iter()).zip(moved.components().components())
        {
            for e in 0..16 {
                let size = (a.variance(e / 4) * a.variance(e % 4)).sqrt();
                let back = b.covariance()[e] / scale / scale;
                assert!(
                    (a.covariance()[e] - back).abs() < tolerance * size,
                    "{offset} {scale}"
                );
            }
        }
    }
}

/// The start has the means and variances of what was observed, and covariances that are positive definite.
#[test]
fn the_first_m_step_takes_what_was_observed() {
    let values = [1.0, 2.0, 3.0, NONE, NONE, 6.0, 5.0, 4.0];
    let template = template(CovarianceStructure::Full, 1, 2);
    let data = Data::new(RowsView::new(&values, 2));
    let start = Start::Labels(&[Some(0); 4]);
    let fitted = gaussians(fit_from(&template, data, start, &options(0)).unwrap());
    let gaussian = &fitted.components()[0];
    assert_eq!(gaussian.mean(), [3.0, 4.0]);
    // By hand: (4 + 0 + 8/3 + 4)/4 with the variance 8/3 for the gap; products of the rows without one.
    for (value, expected) in gaussian
        .covariance()
        .iter()
        .zip([8.0 / 3.0, 1.0, 1.0, 8.0 / 3.0])
    {
        assert!((value - expected).abs() < 1e-15);
    }
}

/// A column that a component has never seen stays as the whole has it; one that nobody has seen is named.
#[test]
fn columns_without_a_cell() {
    let mut p = Problem::new(15, 60, 2, 2, 5.0);
    p.labels = (0..60).map(|i| Some(i % 2)).collect();
    (0..60).step_by(2).for_each(|i| p.values[i * 2 + 1] = NONE);
    assert!(
        fit(&p, CovarianceStructure::Diagonal, 2, &options(20))
            .report
            .log_likelihood
            .is_finite()
    );
    (0..60).for_each(|i| p.values[i * 2 + 1] = NONE);
    let data = Data::new(p.rows());
    let template = template(CovarianceStructure::Full, 2, 2);
    for start in [Start::Labels(&p.labels), Start::Spread, Start::Random] {
        match fit_from(&template, data, start, &options(5)) {
            Err(FitError::Estimate { source, .. }) => assert_eq!(source.column, Some(1)),
            other => panic!("{other:?}"),
        }
    }
}

/// NaN is refused unless it is said to be a missing cell; infinity always; a row of nothing does not count.
#[test]
fn gaps_are_never_silent() {
    let p = Problem::new(16, 100, 2, 3, 5.0).with_gaps(2, 8);
    let refused = GaussianMixture::builder(2).fit(p.rows()).unwrap_err();
    assert!(matches!(refused, FitError::Observation { .. }), "{refused}");
    let mut infinite = p.clone();
    infinite.values[4] = f64::INFINITY;
    let refused = GaussianMixture::builder(2)
        .missing_cells()
        .fit(infinite.rows());
    assert!(matches!(refused, Err(FitError::Observation { row: 1, .. })));
    let mut more = p.clone();
    more.values.extend([NONE; 30]);
    let builder = || GaussianMixture::builder(2).missing_cells().restarts(2);
    let (with, without) = (
        builder().fit(more.rows()).unwrap(),
        builder().fit(p.rows()).unwrap(),
    );
    let (a, b) = (
        with.evaluate(more.rows()).unwrap(),
        without.evaluate(p.rows()).unwrap(),
    );
    assert_eq!(a.observations, b.observations);
    assert!((a.log_likelihood - b.log_likelihood).abs() < 1e-6);
    let data = Data::new(more.rows());
    let refused = fit_from(
        &template(CovarianceStructure::Full, 2, 3),
        data,
        Start::Spread,
        &options(1),
    );
    assert!(matches!(
        refused,
        Err(FitError::Observation { row: 100, .. })
    ));
    // A model of complete rows answers for incomplete ones when asked to.
    let row = [1.0, NONE, 0.5];
    let complete = Problem::new(16, 100, 2, 3, 5.0);
    let fitted = GaussianMixture::builder(2).fit(complete.rows()).unwrap();
    assert!(fitted.predict(RowsView::new(&row, 3)).is_err());
    assert!(
        fitted
            .with_missing_cells()
            .predict(RowsView::new(&row, 3))
            .is_ok()
    );
}

/// Every start finds the clumps, the same ones each time.
#[test]
fn starts_work_with_gaps() {
    let p = Problem::new(17, 400, 3, 4, 6.0).with_gaps(4, 12);
    let fit = |start: Start<'_>| {
        let builder = GaussianMixture::builder(3).missing_cells().start(start);
        builder.fit(p.rows()).unwrap()
    };
    let best = fit(Start::Labels(&p.labels)).report().log_likelihood;
    for start in [
        Start::Spread,
        Start::Random,
        Start::SmallEm(Default::default()),
    ] {
        let fitted = fit(start);
        assert!(
            (fitted.report().log_likelihood - best).abs() < 1e-4 * best.abs(),
            "{start:?}"
        );
        assert_eq!(fitted.mixture(), fit(start).mixture());
    }
}

/// Filling in is the conditional mean of Gaussian mixture regression; draws have its mean and variance.
#[test]
fn missing_cells_are_filled_in() {
    let p = Problem::new(18, 300, 2, 3, 2.0);
    let fitted = GaussianMixture::builder(2).fit(p.rows()).unwrap();
    let (row, x) = ([NONE, 0.4, NONE, 1.0, 2.0, 3.0, NONE, NONE, NONE], [0.4]);
    let filled = fitted.fill_missing(RowsView::new(&row, 3)).unwrap().values;
    let given = fitted.conditional(&[1]).unwrap();
    let mean = given.mean(&x).unwrap();
    assert!((filled[0] - mean[0]).abs() < 1e-12 && (filled[2] - mean[1]).abs() < 1e-12);
    assert_eq!(filled[1..6], [0.4, filled[2], 1.0, 2.0, 3.0]);
    for (value, mean) in filled[6..].iter().zip(fitted.mean()) {
        assert!((value - mean).abs() < 1e-12);
    }
    let many: Vec<f64> = [NONE, 0.4, NONE].repeat(40_000);
    let drawn = fitted.draw_missing(RowsView::new(&many, 3), 5).unwrap();
    let moments = Gaussian::standard(3).with_structure(CovarianceStructure::Full);
    let mut statistics = moments.empty_statistics();
    drawn
        .values
        .chunks(3)
        .for_each(|row| statistics.add(row, 1.0));
    let variance = given.covariance(&x).unwrap();
    // Five standard errors of a mean of 40 000.
    for (j, at) in [(0, 0), (2, 1)] {
        let error = 5.0 * (variance[at * 3] / 4e4).sqrt();
        assert!((statistics.mean()[j] - mean[at]).abs() < error);
        let relative = statistics.square(j) / 4e4 / variance[at * 3] - 1.0;
        // A variance of 40 000 draws of kurtosis at most 10.
        assert!(relative.abs() < 5.0 * (9.0f64 / 4e4).sqrt(), "{relative}");
    }
    assert_eq!(
        drawn,
        fitted.draw_missing(RowsView::new(&many, 3), 5).unwrap()
    );
}

/// Cells are lost at random from draws of a known mixture: the fit is near it, and nearer than without
/// the rows that have gaps.
#[test]
fn gaps_lose_less_than_their_rows() {
    let components = vec![
        Gaussian::new(vec![0.0, 0.0], &[vec![1.0, 0.8], vec![0.8, 1.0]]).unwrap(),
        Gaussian::new(vec![3.0, -1.0], &[vec![0.5, -0.2], vec![-0.2, 1.5]]).unwrap(),
    ];
    let set = Gaussians::new(CovarianceStructure::Full, components).unwrap();
    let truth = Mixture::new(Weights::new(vec![0.6, 0.4]).unwrap(), set).unwrap();
    let rows = truth.sample(&mut em::stream(3, 0), 4000);
    let mut gaps = rows.clone();
    for (e, x) in gaps.values.iter_mut().enumerate() {
        // Two rows in three lose one cell.
        if e / 2 % 3 == e % 2 {
            *x = NONE;
        }
    }
    let whole: Vec<f64> = (gaps
        .values
        .chunks(2)
        .filter(|x| !x[0].is_nan() && !x[1].is_nan()))
    .flatten()
    .copied()
    .collect();
    let fit = |values: &[f64]| {
        let builder = GaussianMixture::builder(2)
            .missing_cells()
            .start_model(&truth);
        builder.fit(RowsView::new(values, 2)).unwrap()
    };
    let (all, some) = (fit(&gaps.values), fit(&whole));
    let held_out = truth.sample(&mut em::stream(4, 0), 20_000);
    let score = |fitted: &GaussianMixture| fitted.score(held_out.view()).unwrap();
    assert!(score(&all) > score(&some));
}
