//! The single multivariate t distribution.

use super::degrees::{Evidence, newton_df};
use super::*;
use distributions::{Component, Coordinates, Density, Sample, Statistics};
use em::stream;

fn example(df: f64) -> MultivariateT {
    let rows = [
        vec![4.0, 2.0, 0.6],
        vec![2.0, 5.0, 1.5],
        vec![0.6, 1.5, 3.0],
    ];
    MultivariateT::new(vec![1.0, -2.0, 0.5], &rows, df).unwrap()
}

#[test]
fn invalid_parameters_are_refused_by_their_names() {
    let refused = |location: &[f64], scale: &[&[f64]], df: f64| {
        let rows: Vec<Vec<f64>> = scale.iter().map(|row| row.to_vec()).collect();
        let error = MultivariateT::new(location.to_vec(), &rows, df).unwrap_err();
        error.parameter
    };
    assert_eq!(refused(&[], &[], 4.0), "length of scale_matrix");
    assert_eq!(
        refused(&[0.0], &[&[1.0, 0.0]], 4.0),
        "length of scale_matrix"
    );
    assert_eq!(refused(&[f64::NAN], &[&[1.0]], 4.0), "location");
    assert_eq!(refused(&[0.0], &[&[0.0]], 4.0), "scale_matrix");
    assert_eq!(
        refused(&[0.0, 0.0], &[&[1.0, 2.0], &[2.0, 1.0]], 4.0),
        "scale_matrix"
    );
    for df in [0.0, -1.0, 1e-301, 1e301, f64::INFINITY, f64::NAN] {
        assert_eq!(refused(&[0.0], &[&[1.0]], df), "df");
    }
}

#[test]
fn moments_exist_from_their_orders_on() {
    assert!(example(1.0).mean().is_none() && example(1.1).mean().is_some());
    assert!(example(2.0).covariance().is_none());
    let covariance = example(4.0).covariance().unwrap();
    assert_eq!(covariance[0], 8.0);
}

#[test]
fn coordinates_come_back() {
    for t in [example(3.0), example(3.0).with_fixed_df()] {
        let mut coordinates = Vec::new();
        t.pack(&mut coordinates);
        assert_eq!(coordinates.len(), t.parameter_count());
        let back = t.unpack(&mut &coordinates[..]).unwrap();
        assert!((back.df() - 3.0).abs() < 1e-15);
        assert!((back.log_density(&[0.0; 3]) - t.log_density(&[0.0; 3])).abs() < 1e-14);
    }
    // Beyond the bounds stands the bound.
    let t = example(3.0);
    let mut coordinates = Vec::new();
    t.pack(&mut coordinates);
    for (coordinate, bound) in [(300.0, MOST_DF), (-300.0, LEAST_DF)] {
        *coordinates.last_mut().unwrap() = coordinate;
        assert_eq!(t.unpack(&mut &coordinates[..]).unwrap().df(), bound);
    }
}

/// The step for the degrees of freedom is Newton's in 1/ν, with derivatives of Σ w ln p by differences.
#[test]
fn the_step_for_the_degrees_of_freedom_is_newtons() {
    for (truth, df) in [
        (0.8, 1.2),
        (3.0, 4.0),
        (3.0, 2.5),
        (12.0, 20.0),
        (1e6, 50.0),
    ] {
        let drawn = example(truth).sample(&mut stream(5, 0), 4000);
        let at = |df: f64| -> f64 {
            let t = example(df);
            drawn.values.chunks_exact(3).map(|x| t.log_density(x)).sum()
        };
        // Central differences in 1/ν: a step of 1e-3 of it leaves errors of 1e-6 of the derivatives, and
        // rounding of 1e-13 · 1e6 of the second.
        let (s, step) = (1.0 / df, 1e-3 / df);
        let (below, here, above) = (at(1.0 / (s - step)), at(df), at(1.0 / (s + step)));
        let slope = (above - below) / (2.0 * step);
        let curvature = (above - 2.0 * here + below) / (step * step);
        assert!(curvature < 0.0, "{truth} {df}");
        let expected = (1.0 - slope / curvature / s).clamp(0.1, 10.0);
        let t = example(df);
        let mut statistics = t.empty_statistics();
        for x in drawn.values.chunks_exact(3) {
            t.accumulate(&mut statistics, x, 1.0);
        }
        assert_eq!(statistics.weight(), 4000.0);
        let evidence = Evidence {
            count: 4000.0,
            gap: statistics.gap(0) / 4000.0,
            square: statistics.square(0) / 4000.0,
            exponent: t.tail.exponent(),
        };
        let found = df / newton_df(&[evidence], df, false).unwrap();
        assert!(
            (found - expected).abs() < 1e-4,
            "{truth} {df}: {found} {expected}"
        );
    }
}

/// A step that overshoots is shortened towards a step that cannot: the same but for ν.
#[test]
fn a_shortened_step_keeps_the_rest() {
    let drawn = example(2.0).sample(&mut stream(6, 0), 500);
    let t = example(30.0);
    let mut statistics = t.empty_statistics();
    for x in drawn.values.chunks_exact(3) {
        t.accumulate(&mut statistics, x, 1.0);
    }
    let next = t.maximize(&statistics).unwrap();
    assert!(t.one_step() && next.df() < 30.0);
    let half = t.toward(&next, 0.5);
    assert_eq!(half.scale_matrix(), next.scale_matrix());
    assert!((half.df() - (30.0 * next.df()).sqrt()).abs() < 1e-12);
    let total =
        |t: &MultivariateT| -> f64 { drawn.values.chunks_exact(3).map(|x| t.log_density(x)).sum() };
    assert!(total(&t.toward(&next, 0.0)) > total(&t));
    assert!(!t.with_fixed_df().one_step());
}

#[test]
fn far_rows_are_scored_and_infinite_ones_are_not() {
    let t = example(4.0);
    // ln p falls by (ν + d) ln 10 a decade, whether or not the squared distance is a number.
    let at = |decade: i32| t.log_density(&[10f64.powi(decade), 0.0, 0.0]);
    for decade in [20, 100, 153, 154, 200, 300, 306] {
        let fall = at(decade) - at(decade + 1);
        assert!((fall - 7.0 * 10f64.ln()).abs() < 1e-9, "{decade}: {fall}");
    }
    assert_eq!(t.log_density(&[f64::INFINITY, 0.0, 0.0]), f64::NEG_INFINITY);
    assert_eq!(t.log_density(&[f64::NAN, 0.0, 0.0]), f64::NEG_INFINITY);
}

#[cfg(feature = "serde")]
#[test]
fn files_hold_the_whole_matrix() {
    let t =
        MultivariateT::new(vec![0.1, 0.2], &[vec![0.3, 0.0], vec![0.0, 1.0 / 3.0]], 4.5).unwrap();
    let text = serde_json::to_string(&t).unwrap();
    assert_eq!(
        text,
        r#"{"location":[0.1,0.2],"scale_matrix":[[0.3,0.0],[0.0,0.3333333333333333]],"df":4.5}"#
    );
    let back: MultivariateT = serde_json::from_str(&text).unwrap();
    assert_eq!(back, t);
    let refused = r#"{"location":[0.1],"scale_matrix":[[1.0]],"df":0.0}"#;
    assert!(serde_json::from_str::<MultivariateT>(refused).is_err());
}
