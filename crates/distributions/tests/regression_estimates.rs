//! Estimates agree with least squares on the rows and end where the score is zero, whatever the units
//! and offsets.

mod regression_support;

use distributions::dense::weighted_least_squares;
use distributions::regression::*;
use distributions::*;
use rand::RngExt;
use regression_support::*;

#[test]
fn the_linear_m_step_is_least_squares_on_the_rows() {
    for (seed, columns) in [(1, 1), (2, 2), (3, 5), (4, 12)] {
        let (mut design, mut ys, weights, _) = random_rows(seed, 700, columns);
        // Rows of weight 0 have no influence, whatever they hold.
        design[3 * columns] = f64::NAN;
        ys[10] = f64::INFINITY;
        for intercept in [true, false] {
            if !intercept {
                // Not constant any more: the path without elimination.
                design
                    .iter_mut()
                    .step_by(columns)
                    .enumerate()
                    .for_each(|(i, x)| {
                        *x += 0.5 * ((i % 5) as f64);
                    });
            }
            let expected = weighted_least_squares(&design, columns, &ys, &weights).unwrap();
            let template = LinearRegression::new(vec![0.0; columns], 1.0).unwrap();
            let xs = RowsView::new(&design, columns);
            let fitted = template.estimate((xs, &ys), &weights).unwrap();
            // Normal equations square the condition number, here below 100.
            for (a, b) in fitted.coefficients().iter().zip(&expected.coefficients) {
                near(*a, *b, 1e-11, 1e-11);
            }
            let total: f64 = weights.iter().sum();
            near(
                fitted.variance(),
                expected.residual_sum_of_squares / total,
                1e-12,
                0.0,
            );
            // The residuals are orthogonal to every column.
            for j in 0..columns {
                let moment: f64 = (0..ys.len())
                    .filter(|&i| weights[i] > 0.0)
                    .map(|i| weights[i] * xs.at(i)[j] * (ys[i] - fitted.mean(xs.at(i))))
                    .sum();
                near(moment, 0.0, 0.0, 1e-9);
            }
        }
    }
}

/// Offsets of 1e8 in a column and in the response leave the digits that the data still have.
#[test]
fn large_offsets_cost_no_digits() {
    let (design, ys, weights, mut rng) = random_rows(9, 600, 3);
    // Multiples of 2⁻²⁰ survive the addition of 2²⁷ exactly: the shifted data are the same data.
    let coarse = |x: f64| (x * 1048576.0).round() / 1048576.0;
    let plain: Vec<f64> = design.iter().map(|&x| coarse(x)).collect();
    let responses: Vec<f64> = ys.iter().map(|&y| coarse(y)).collect();
    let far = 134_217_728.0;
    let moved: Vec<f64> = plain
        .chunks_exact(3)
        .flat_map(|x| [x[0], x[1] + far, x[2] - far])
        .collect();
    let moved_ys: Vec<f64> = responses.iter().map(|y| y + far).collect();
    let template = LinearRegression::new(vec![0.0; 3], 1.0).unwrap();
    let fit = |design: &[f64], ys: &[f64]| {
        (template.estimate((RowsView::new(design, 3), ys), &weights)).unwrap()
    };
    let (near_zero, far_away) = (fit(&plain, &responses), fit(&moved, &moved_ys));
    // The slopes as if nothing were there; the residuals with the rounding of x·β ≈ 1e8, 3e-8 each.
    for j in 1..3 {
        near(
            far_away.coefficients()[j],
            near_zero.coefficients()[j],
            0.0,
            1e-8,
        );
    }
    near(far_away.variance(), near_zero.variance(), 1e-7, 0.0);

    // One pass about 0: the means of blocks round at 1e8·ε/2 = 1e-8, as data of that size do.
    let mut one_pass = template.empty_statistics();
    let mut scratch = Scratch::default();
    let xs = (RowsView::new(&moved, 3), &moved_ys[..]);
    for start in (0..600).step_by(BLOCK_ROWS) {
        let end = (start + BLOCK_ROWS).min(600);
        let block = xs.block(start..end);
        template.accumulate_batch(
            &mut one_pass,
            block,
            &[],
            &weights[start..end],
            &mut scratch,
        );
    }
    let centred = template.maximize(&one_pass).unwrap();
    for j in 1..3 {
        near(
            centred.coefficients()[j],
            near_zero.coefficients()[j],
            0.0,
            1e-8,
        );
    }
    near(centred.variance(), near_zero.variance(), 1e-7, 0.0);

    // Scoring: η itself rounds at 1e8·ε·|β| ≈ 3e-8, and no more than that is lost.
    let labels: Vec<u64> = (0..600)
        .map(|_| u64::from(rng.random::<f64>() < 0.4))
        .collect();
    let logistic = LogisticRegression::new(vec![0.0; 3]).unwrap();
    let fit = |design: &[f64]| {
        (logistic.estimate((RowsView::new(design, 3), &labels), &weights)).unwrap()
    };
    let (near_zero, far_away) = (fit(&plain), fit(&moved));
    for j in 1..3 {
        near(
            far_away.coefficients()[j],
            near_zero.coefficients()[j],
            0.0,
            1e-6,
        );
    }
}

/// A steep line: the residual variance is 10⁻¹⁸ of that of the responses, and keeps its digits.
#[test]
fn a_steep_line_keeps_its_residual_variance() {
    let (design, ys, weights, _) = random_rows(12, 500, 2);
    let steep: Vec<f64> = design
        .chunks_exact(2)
        .zip(&ys)
        // Powers of two: no rounding in the slope.
        .map(|(x, y)| (x[1] * 1048576.0).round() * 512.0 + (y * 1048576.0).round() / 1048576.0)
        .collect();
    let coarse: Vec<f64> = design
        .chunks_exact(2)
        .flat_map(|x| [1.0, (x[1] * 1048576.0).round() / 1048576.0])
        .collect();
    let flat: Vec<f64> = ys
        .iter()
        .map(|y| (y * 1048576.0).round() / 1048576.0)
        .collect();
    let xs = RowsView::new(&coarse, 2);
    let template = LinearRegression::new(vec![0.0; 2], 1.0).unwrap();
    let level = template.estimate((xs, &flat), &weights).unwrap();
    let high = template.estimate((xs, &steep), &weights).unwrap();
    // Residuals of responses of 5e8 round at 6e-8, beside a deviation of 0.3.
    near(high.variance(), level.variance(), 1e-6, 0.0);
    near(
        high.coefficients()[1],
        level.coefficients()[1] + 536_870_912.0,
        0.0,
        1e-6,
    );
}

#[test]
fn scoring_ends_where_the_score_is_zero() {
    let (design, _, weights, mut rng) = random_rows(21, 900, 4);
    let xs = RowsView::new(&design, 4);
    let truth = [-0.5, 1.0, -0.8, 0.3];
    let poisson = PoissonRegression::new(truth.to_vec()).unwrap();
    let logistic = LogisticRegression::new(truth.to_vec()).unwrap();
    let binomial = BinomialRegression::new(truth.to_vec()).unwrap();
    let rows = |i: usize| xs.at(i);
    let counts: Vec<u64> = (0..900)
        .map(|i| poisson.draw_response(rows(i), &mut rng))
        .collect();
    let labels: Vec<u64> = (0..900)
        .map(|i| logistic.draw_response(rows(i), &mut rng))
        .collect();
    let trials: Vec<u64> = (0..900).map(|i| i % 6).collect();
    let successes: Vec<u64> = (0..900)
        .map(|i| binomial.draw_response(rows(i), trials[i], &mut rng))
        .collect();
    let mut scratch = Scratch::default();
    macro_rules! ends {
        ($template:expr, $ys:expr) => {{
            let fitted = $template.estimate((xs, $ys), &weights).unwrap();
            let (_, _, statistics) = fitted.evaluate((xs, $ys), &weights, &mut scratch);
            for score in statistics.score() {
                // 900 terms of size up to about 10 round at 1e-13 together.
                near(score, 0.0, 0.0, 1e-11);
            }
            // Near the truth: four standard errors are about 0.6.
            for (a, b) in fitted.coefficients().iter().zip(&truth) {
                near(*a, *b, 0.0, 0.8);
            }
            // Another step stays.
            let again = fitted.maximize(&statistics).unwrap();
            for (a, b) in again.coefficients().iter().zip(fitted.coefficients()) {
                near(*a, *b, 1e-12, 1e-12);
            }
        }};
    }
    ends!(poisson, &counts[..]);
    ends!(logistic, &labels[..]);
    ends!(binomial, (&successes[..], &trials[..]));
}

/// An offset is a column with coefficient 1: ln(exposure) turns counts into rates.
#[test]
fn exposures_are_offsets() {
    let exposures = [10.0f64, 20.0, 5.0, 40.0, 8.0, 16.0];
    let counts = [3u64, 9, 1, 9, 2, 3];
    let design: Vec<f64> = (0..6)
        .flat_map(|i| {
            let group = if i < 3 { [1.0, 0.0] } else { [0.0, 1.0] };
            [group[0], group[1], exposures[i].ln()]
        })
        .collect();
    let template = PoissonRegression::new(vec![0.0; 2]).unwrap().with_offset();
    let fitted = template
        .estimate((RowsView::new(&design, 3), &counts), &[1.0; 6])
        .unwrap();
    // Events by exposure.
    near(fitted.coefficients()[0], (13f64 / 35.0).ln(), 1e-12, 0.0);
    near(fitted.coefficients()[1], (14f64 / 64.0).ln(), 1e-12, 0.0);
    near(
        fitted.mean(&[1.0, 0.0, 100f64.ln()]),
        1300.0 / 35.0,
        1e-12,
        0.0,
    );

    // Linear: the offset is taken off the response.
    let offset = small_design(true);
    let linear = LinearRegression::new(vec![0.0; 2], 1.0).unwrap();
    let with = (linear.clone().with_offset())
        .estimate((offset.view(), &REALS), &[1.0; 8])
        .unwrap();
    let less: Vec<f64> = (0..8).map(|i| REALS[i] - offset.view().at(i)[2]).collect();
    let plain = small_design(false);
    let without = linear.estimate((plain.view(), &less), &[1.0; 8]).unwrap();
    for (a, b) in with.coefficients().iter().zip(without.coefficients()) {
        near(*a, *b, 1e-13, 1e-13);
    }
    near(with.variance(), without.variance(), 1e-13, 0.0);
}

/// Weights from 1e-200 to 1e200, columns and responses in other units.
#[test]
fn units_do_not_matter() {
    let (design, ys, weights, _) = random_rows(40, 200, 3);
    let template = LinearRegression::new(vec![0.0; 3], 1.0).unwrap();
    let xs = RowsView::new(&design, 3);
    let plain = template.estimate((xs, &ys), &weights).unwrap();
    for (unit, scale, weight) in [(1e-40, 1e30, 1e-200), (1e40, 1e-30, 1e100)] {
        let other: Vec<f64> = design
            .chunks_exact(3)
            .flat_map(|x| [x[0], x[1] * unit, x[2] / unit])
            .collect();
        let responses: Vec<f64> = ys.iter().map(|y| y * scale).collect();
        let masses: Vec<f64> = weights.iter().map(|w| w * weight).collect();
        let fitted = template
            .estimate((RowsView::new(&other, 3), &responses), &masses)
            .unwrap();
        let back = [scale, scale / unit, scale * unit];
        for (j, unit) in back.into_iter().enumerate() {
            near(
                fitted.coefficients()[j] / unit,
                plain.coefficients()[j],
                1e-10,
                1e-10,
            );
        }
        near(
            fitted.variance() / (scale * scale),
            plain.variance(),
            1e-10,
            0.0,
        );
    }
}
