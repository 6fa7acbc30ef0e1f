//! Linear regressions with common slopes: the M-step against dense least squares, one component,
//! merging, errors.

mod regression_data;

use distributions::dense::weighted_least_squares;
use distributions::regression::{LinearRegression, LinearStatistics};
use distributions::{Component, Coordinates, Reason, RowsView, Scratch, Statistics, View};
use em::{
    ComponentSet, Data, FitError, LinearCommonSlopes, Mixture, Options, Start, fit, fit_from,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use regression_data::{NPREG, near};

const ROWS: usize = 300;

/// Rows of an intercept and an indicator of each component's own, two common columns and an offset;
/// responses about two levels; weights of two components.
struct Rows {
    design: Vec<f64>,
    responses: Vec<f64>,
    weights: Vec<f64>,
}

fn rows(far: f64) -> Rows {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let (mut design, mut responses) = (Vec::new(), Vec::new());
    for i in 0..ROWS {
        let (u, v): (f64, f64) = (rng.random(), rng.random());
        let indicator = f64::from(u8::from(i % 3 == 0));
        design.extend([1.0, indicator, u, far + v, 0.5 * u]);
        let noise: f64 = rng.random();
        let level = if i % 2 == 0 { 3.0 } else { -4.0 };
        responses.push(level + indicator + 2.0 * u - v + noise * noise);
    }
    // Component 0 has mostly the even rows.
    let weights = (0..2 * ROWS).map(|at| {
        let share = if at % 2 == at / ROWS { 0.9 } else { 0.1 };
        share * rng.random::<f64>()
    });
    let weights = weights.collect();
    Rows {
        design,
        responses,
        weights,
    }
}

impl Rows {
    fn batch(&self) -> (RowsView<'_, f64>, &[f64]) {
        (RowsView::new(&self.design, 5), &self.responses)
    }
    /// The statistics of some rows at `set`.
    fn seen(
        &self,
        set: &LinearCommonSlopes,
        range: std::ops::Range<usize>,
    ) -> Vec<LinearStatistics> {
        let shares: Vec<f64> = [0, ROWS]
            .iter()
            .flat_map(|start| self.weights[start + range.start..start + range.end].to_vec())
            .collect();
        let mut seen = set.empty_statistics();
        let block = self.batch().block(range);
        set.accumulate_matrix(&mut seen, block, &[], &shares, &mut Scratch::default());
        seen
    }
}

fn template() -> LinearCommonSlopes {
    let own = vec![vec![2.0, 0.5], vec![-3.0, 0.0]];
    let set = LinearCommonSlopes::new(own, vec![1.0, 0.0], vec![1.0, 0.25]).unwrap();
    set.with_offset()
}

/// At the M-step's variances the coefficients are the weighted least-squares fit of the whole system
/// written out, and at its coefficients the variances are the mean squares of the residuals: both
/// conditions of the maximum.
#[test]
fn the_step_satisfies_both_conditions_of_the_maximum() {
    let rows = rows(0.0);
    let next = template()
        .maximize(&rows.seen(&template(), 0..ROWS))
        .unwrap();
    let (mut wide, mut wanted, mut working) = (Vec::new(), Vec::new(), Vec::new());
    for k in 0..2 {
        let component = &next.components()[k];
        let (mut sum, mut weight) = (0.0, 0.0);
        for i in 0..ROWS {
            let x = &rows.design[5 * i..5 * i + 5];
            let w = rows.weights[k * ROWS + i];
            let own = |j: usize| if j == k { [x[0], x[1]] } else { [0.0; 2] };
            wide.extend([own(0), own(1), [x[2], x[3]]].concat());
            wanted.push(rows.responses[i] - x[4]);
            working.push(w / component.variance());
            let residual = rows.responses[i] - component.mean(x);
            sum += w * residual * residual;
            weight += w;
        }
        // Sums of 300 terms that do not cancel.
        near(component.variance(), sum / weight, 1e-12, 0.0);
    }
    let direct = weighted_least_squares(&wide, 6, &wanted, &working).unwrap();
    for k in 0..2 {
        let own = next.own_coefficients(k);
        // A system of condition about 1e3.
        near(own[0], direct.coefficients[2 * k], 1e-11, 1e-11);
        near(own[1], direct.coefficients[2 * k + 1], 1e-11, 1e-11);
    }
    for j in 0..2 {
        near(
            next.common_coefficients()[j],
            direct.coefficients[4 + j],
            1e-11,
            1e-11,
        );
    }
    assert!(next.components()[0].variance() != next.components()[1].variance());
    assert_eq!(next.parameter_count(), 2 * 3 + 2);
}

#[test]
fn statistics_merge_and_an_offset_costs_no_digit() {
    for far in [0.0, 1e6] {
        let rows = rows(far);
        let whole = template()
            .maximize(&rows.seen(&template(), 0..ROWS))
            .unwrap();
        let mut parts = template().empty_statistics();
        for range in [0..100, 100..101, 101..ROWS] {
            parts.merge(&rows.seen(&template(), range));
        }
        let merged = template().maximize(&parts).unwrap();
        for (a, b) in whole.components().iter().zip(merged.components()) {
            for (a, b) in a.coefficients().iter().zip(b.coefficients()).skip(1) {
                // Rows at 1e6 round at 1e-10 of their spread.
                near(*a, *b, 1e-9, 1e-9);
            }
            near(a.variance(), b.variance(), 1e-9, 0.0);
        }
    }
    let (near_0, at_1e6) = (rows(0.0), rows(1e6));
    let estimate = |rows: &Rows| template().estimate(rows.batch(), &rows.weights).unwrap();
    let (near_0, at_1e6) = (estimate(&near_0), estimate(&at_1e6));
    for (a, b) in near_0.components().iter().zip(at_1e6.components()) {
        near(b.variance(), a.variance(), 1e-8, 0.0);
        near(b.coefficients()[3], a.coefficients()[3], 1e-7, 0.0);
    }
}

#[test]
fn common_slopes_of_one_component_are_a_regression() {
    let rows = rows(0.0);
    let one = LinearCommonSlopes::new(vec![vec![0.0; 2]], vec![0.0; 2], vec![1.0]).unwrap();
    let joint = one
        .with_offset()
        .estimate(rows.batch(), &rows.weights[..ROWS])
        .unwrap();
    let alone = LinearRegression::new(vec![0.0; 4], 1.0)
        .unwrap()
        .with_offset();
    let alone = alone.estimate(rows.batch(), &rows.weights[..ROWS]).unwrap();
    for (a, b) in joint.components()[0]
        .coefficients()
        .iter()
        .zip(alone.coefficients())
    {
        near(*a, *b, 1e-12, 1e-12);
    }
    near(
        joint.components()[0].variance(),
        alone.variance(),
        1e-12,
        0.0,
    );
}

#[test]
fn a_fit_never_falls_and_every_start_ends_at_the_maximum() {
    let design: Vec<f64> = (NPREG.iter()).flat_map(|r| [1.0, r.0, r.0 * r.0]).collect();
    let ys: Vec<f64> = NPREG.iter().map(|r| r.1).collect();
    let data = Data::new((RowsView::new(&design, 3), &ys[..]));
    let set = LinearCommonSlopes::new(vec![vec![0.0; 2]; 2], vec![0.0], vec![1.0; 2]).unwrap();
    let template = Mixture::uniform(set);
    let labels: Vec<Option<u32>> = NPREG.iter().map(|row| Some(row.3 - 1)).collect();
    let options = Options::default().tolerance(1e-10);
    let fitted = fit_from(&template, data, Start::Labels(&labels), &options).unwrap();
    assert!(fitted.report.stop_reason.is_converged());
    let trace = &fitted.report.trace;
    assert!(
        trace.windows(2).all(|pair| pair[1] >= pair[0] - 1e-10),
        "{trace:?}"
    );
    for start in [Start::Spread, Start::Random] {
        let best = fit_from(&template, data, start, &options).unwrap();
        assert!(best.report.log_likelihood >= fitted.report.log_likelihood - 1e-8);
        // Direct maximisation, regression_data/common_slope.py; its gradient vanishes to 1e-5.
        near(best.report.log_likelihood, -700.1547778975, 1e-9, 0.0);
    }
    // Fewer parameters than with a curvature of each component's own, whose maximum is higher.
    assert!(fitted.report.log_likelihood < -642.5320137360928);
    let set = fitted.model.components();
    let mut packed = Vec::new();
    set.pack(&mut packed);
    let unpacked = set.unpack(&mut &packed[..]).unwrap();
    assert_eq!(packed.len(), set.parameter_count());
    near(
        unpacked.components()[1].variance(),
        set.components()[1].variance(),
        1e-15,
        0.0,
    );
    assert_eq!(unpacked.common_coefficients(), set.common_coefficients());
}

#[test]
fn what_has_no_estimate_is_named() {
    let estimate_error = |design: &[f64], ys: &[f64], start: Start<'_>| {
        let set = LinearCommonSlopes::new(vec![vec![0.0]; 2], vec![0.0; 2], vec![1.0; 2]).unwrap();
        let data = Data::new((RowsView::new(design, 3), ys));
        let options = Options::default();
        match fit_from(&Mixture::uniform(set), data, start, &options) {
            Err(FitError::Estimate { source, .. }) => source,
            other => panic!("{:?}", other.map(|fit| fit.report.log_likelihood)),
        }
    };
    let labels: Vec<Option<u32>> = (0..40).map(|i| Some(i % 2)).collect();
    let x = |i: u32| f64::from(i % 8);
    let dependent: Vec<f64> = (0..40)
        .flat_map(|i| [1.0, x(i), 2.0 * x(i) - 1.0])
        .collect();
    let ys: Vec<f64> = (0..40).map(|i: u32| f64::from(i * i % 13)).collect();
    let error = estimate_error(&dependent, &ys, Start::Labels(&labels));
    assert_eq!((error.component, error.column), (None, Some(2)));
    assert!(matches!(error.reason, Reason::Singular { .. }));

    // Component 1 is on its line exactly, and component 0 is not.
    let sound: Vec<f64> = (0..40).flat_map(|i| [1.0, x(i), x(i) * x(i)]).collect();
    let line = |i: u32| if i % 2 == 1 { 2.0 } else { ys[i as usize] };
    let alone: Vec<f64> = (0..40)
        .flat_map(|i| {
            if i % 2 == 0 {
                [1.0, x(i), x(i) * x(i)]
            } else {
                [1.0, 0.0, 0.0]
            }
        })
        .collect();
    let exact: Vec<f64> = (0..40).map(line).collect();
    let error = estimate_error(&alone, &exact, Start::Labels(&labels));
    assert_eq!(error.component, Some(1));
    assert!(matches!(error.reason, Reason::Boundary { .. }), "{error}");

    let one = vec![Some(0); 40];
    let error = estimate_error(&sound, &ys, Start::Labels(&one));
    assert_eq!((error.component, error.reason), (Some(1), Reason::Empty));
    let refused = LinearCommonSlopes::new(vec![vec![0.0]; 2], vec![1.0], vec![1.0]);
    assert_eq!(refused.unwrap_err().parameter, "variance");
    let set = LinearCommonSlopes::new(vec![vec![0.0]], vec![0.0; 2], vec![1.0]).unwrap();
    let fitted = fit(
        Mixture::uniform(set),
        Data::new((RowsView::new(&sound, 3), &ys[..])),
        &Options::default(),
    );
    assert!(fitted.is_ok());
}

#[cfg(feature = "serde")]
#[test]
fn a_file_holds_parameters() {
    let set = LinearCommonSlopes::new(vec![vec![1.5], vec![-0.5]], vec![0.25], vec![1.0, 2.0]);
    let set = set.unwrap().with_offset();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(
        text,
        r#"{"coefficients":[[1.5],[-0.5]],"common_coefficients":[0.25],"variances":[1.0,2.0],"offset":true}"#
    );
    let read: LinearCommonSlopes = serde_json::from_str(&text).unwrap();
    assert_eq!(read, set);
}
