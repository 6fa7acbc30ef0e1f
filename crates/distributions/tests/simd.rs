//! The vector kernels against mpmath tables (`reference/special/vector_*.csv`), the standard library
//! and the special values. The same tests run with and without the feature `simd`.

use distributions::simd::*;
use distributions::special::log_sum_exp;

/// The distance to the next double above |x|.
fn ulp(x: f64) -> f64 {
    let x = x.abs();
    if x == f64::MAX {
        x - x.next_down()
    } else {
        x.next_up() - x
    }
}

/// Largest error in ulp over a table of x, value and rest.
fn table_error(name: &str, text: &str, kernel: fn(&mut [f64])) -> f64 {
    let rows: Vec<[f64; 3]> = text
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',').map(|v| v.parse().unwrap());
            std::array::from_fn(|_| fields.next().unwrap())
        })
        .collect();
    let mut values: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    kernel(&mut values);
    let (mut worst, mut at) = (0.0, f64::NAN);
    for (actual, [x, value, rest]) in values.iter().zip(&rows) {
        let error = ((actual - value) - rest).abs() / ulp(*value);
        assert!(!error.is_nan(), "{name}({x}) = {actual}, expected {value}");
        if error > worst {
            (worst, at) = (error, *x);
        }
    }
    println!(
        "{name}: {} points, largest error {worst:.3} ulp at {at:?}",
        rows.len()
    );
    worst
}

/// Horner's rule leaves about half an ulp beside the last rounding.
#[test]
fn exp_is_within_two_ulp() {
    assert!(
        table_error(
            "exp",
            include_str!("reference/special/vector_exp.csv"),
            exp_slice
        ) <= 1.5
    );
}

#[test]
fn ln_is_within_two_ulp() {
    assert!(
        table_error(
            "ln",
            include_str!("reference/special/vector_ln.csv"),
            ln_slice
        ) <= 1.5
    );
}

/// A wider net than the tables: the standard library is within one ulp itself.
#[test]
fn dense_comparison_with_the_standard_library() {
    let points: Vec<f64> = (0..400_000)
        .map(|i| -746.0 + 1456.0 * f64::from(i) / 4e5)
        .collect();
    let mut vector = points.clone();
    exp_slice(&mut vector);
    for (x, v) in points.iter().zip(&vector) {
        assert!(
            *v == x.exp() || (v - x.exp()).abs() <= 2.0 * ulp(x.exp()),
            "exp {x}"
        );
    }
    let mut logs = vector.clone();
    ln_slice(&mut logs);
    for (v, l) in vector.iter().zip(&logs) {
        assert!(
            *l == v.ln() || (l - v.ln()).abs() <= 2.0 * ulp(v.ln()),
            "ln {v}"
        );
    }
}

/// ln(1 + x) from the subnormal numbers to the largest, and densely where 1 + x rounds most.
#[test]
fn ln_1p_is_within_two_ulp() {
    let mut points: Vec<f64> = (0..200_000)
        .map(|i| (-745.0 + 1454.7 * f64::from(i) / 2e5).exp())
        .collect();
    points.extend((0..200_000).map(|i| 4.0 * f64::from(i) / 2e5));
    let mut vector = points.clone();
    ln_1p_slice(&mut vector);
    for (x, v) in points.iter().zip(&vector) {
        let expected = x.ln_1p();
        assert!((v - expected).abs() <= 2.0 * ulp(expected), "ln_1p {x}");
    }
    let mut ends = [0.0, f64::INFINITY, f64::NAN, f64::MAX];
    ln_1p_slice(&mut ends);
    assert_eq!(ends[..2], [0.0, f64::INFINITY]);
    assert!(ends[2].is_nan());
    assert_eq!(ends[3], f64::MAX.ln());
}

#[test]
fn special_values() {
    let mut x = [
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        710.0,
        -746.0,
        1e300,
        -1e300,
        -5e5,
    ];
    exp_slice(&mut x);
    assert_eq!(x[..4], [1.0, 1.0, f64::INFINITY, 0.0]);
    assert!(x[4].is_nan());
    assert_eq!(x[5..], [f64::INFINITY, 0.0, f64::INFINITY, 0.0, 0.0]);
    let mut y = [
        1.0,
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -1.0,
        -1e-320,
    ];
    ln_slice(&mut y);
    assert_eq!(
        y[..4],
        [0.0, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY]
    );
    assert!(y[4..].iter().all(|v| v.is_nan()));
}

#[test]
fn copies_equal_the_in_place_forms() {
    let source: Vec<f64> = (0..37).map(|i| 0.3 * f64::from(i)).collect();
    let (mut copy, mut place) = (vec![0.0; 37], source.clone());
    exp_into(&source, &mut copy);
    exp_slice(&mut place);
    assert_eq!(copy, place);
    ln_into(&source, &mut copy);
    place.copy_from_slice(&source);
    ln_slice(&mut place);
    assert_eq!(copy, place);
}

/// Values spread over thousands of nats, by a multiplicative generator.
fn joint(components: usize, rows: usize, spread: f64) -> Vec<f64> {
    let mut state = 12345u64;
    (0..components * rows)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            -spread * ((state >> 11) as f64 / (1u64 << 53) as f64)
        })
        .collect()
}

#[test]
fn columns_agree_with_log_sum_exp() {
    for components in [1, 2, 5, 33] {
        for rows in [1, 7, 63, 64, 65, 200] {
            for spread in [1e-3, 10.0, 1e3, 1e6] {
                let before = joint(components, rows, spread);
                let (mut after, mut out) = (before.clone(), vec![0.0; rows]);
                log_sum_exp_columns(&mut after, rows, &mut out);
                for i in 0..rows {
                    let column: Vec<f64> = (0..components).map(|k| before[k * rows + i]).collect();
                    let lse = log_sum_exp(&column);
                    // One rounding of the sum and one of its logarithm, both within ln K + |max|.
                    let size = lse.abs().max(1.0);
                    assert!((out[i] - lse).abs() <= 4.0 * f64::EPSILON * size);
                    let mut total = 0.0;
                    for k in 0..components {
                        let r = after[k * rows + i];
                        total += r;
                        // exp turns the roundings of lse and of the difference into relative
                        // errors of ε·|lse| and ε·|difference|; the kernel adds a few ε.
                        let difference = column[k] - lse;
                        let expected = difference.exp();
                        let roundings = 8.0 + 2.0 * size + difference.abs();
                        let allowed = f64::EPSILON * roundings * expected;
                        assert!((r - expected).abs() <= allowed + 1e-307);
                    }
                    // K products and K sums, each half an ulp.
                    let allowed = (2.0 + components as f64 / 2.0) * f64::EPSILON;
                    assert!((total - 1.0).abs() <= allowed, "{total}");
                }
            }
        }
    }
}

/// Single precision, against the same numbers in double.
#[test]
fn columns_of_single_precision_agree_with_those_of_double() {
    for components in [1, 2, 5, 33] {
        for rows in [1, 15, 16, 17, 200, 300] {
            for spread in [1e-3, 10.0, 1e3] {
                let mut single: Vec<f32> = (joint(components, rows, spread).iter())
                    .map(|&x| x as f32)
                    .collect();
                let mut double: Vec<f64> = single.iter().map(|&x| f64::from(x)).collect();
                let largest = |i: usize| {
                    let column = double.iter().skip(i).step_by(rows);
                    column.fold(f64::NEG_INFINITY, |a, &b| a.max(b))
                };
                let shifts: Vec<f64> = (0..rows).map(largest).collect();
                let differences: Vec<f64> = (double.iter().enumerate())
                    .map(|(e, x)| shifts[e % rows] - x)
                    .collect();
                let (mut out, mut expected) = (vec![0.0; rows], vec![0.0; rows]);
                log_sum_exp_columns_f32(&mut single, rows, &mut out);
                log_sum_exp_columns(&mut double, rows, &mut expected);
                let epsilon = f64::from(f32::EPSILON);
                for ((a, b), shift) in out.iter().zip(&expected).zip(&shifts) {
                    // Roundings of the largest, of the logarithm and of their sum, and those of K terms and of adding them.
                    let size = b.abs().max(shift.abs()).max(1.0) + components as f64 / 2.0;
                    assert!((a - b).abs() <= 2.0 * epsilon * size, "{a} {b}");
                }
                for ((a, b), difference) in single.iter().zip(&double).zip(&differences) {
                    let sums = components as f64 / 2.0;
                    // The difference and its product with log₂e are rounded, once each and relative to their size.
                    let allowed = epsilon * (4.0 + sums + 2.0 * difference) * b;
                    assert!((f64::from(*a) - b).abs() <= allowed + 1e-37, "{a} {b}");
                }
            }
        }
    }
}

/// Independent of where it stands in the slice: blocks and tails use the same arithmetic.
#[test]
fn columns_do_not_depend_on_their_position() {
    let rows = 131;
    let values = joint(3, rows, 50.0);
    let (mut whole, mut out) = (values.clone(), vec![0.0; rows]);
    log_sum_exp_columns(&mut whole, rows, &mut out);
    for i in 0..rows {
        let mut one: Vec<f64> = (0..3).map(|k| values[k * rows + i]).collect();
        let mut lse = [0.0];
        log_sum_exp_columns(&mut one, 1, &mut lse);
        assert_eq!(lse[0].to_bits(), out[i].to_bits());
        for k in 0..3 {
            assert_eq!(one[k].to_bits(), whole[k * rows + i].to_bits());
        }
    }
}

#[test]
fn columns_with_infinities() {
    let inf = f64::INFINITY;
    let mut values = [-inf, -inf, 1.0, inf, -inf, 2.0, f64::NAN, 0.0];
    let mut out = [0.0; 4];
    log_sum_exp_columns(&mut values, 4, &mut out);
    assert_eq!((out[0], values[0], values[4]), (-inf, 0.0, 0.0));
    assert_eq!((out[1], values[1], values[5]), (2.0, 0.0, 1.0));
    assert!(out[2].is_nan() && values[2].is_nan() && values[6].is_nan());
    assert!(out[3].is_nan() && values[3].is_nan() && values[7].is_nan());
    let inf = f32::INFINITY;
    let mut values = [-inf, -inf, 1.0, inf, -inf, 2.0, f32::NAN, 0.0];
    log_sum_exp_columns_f32(&mut values, 4, &mut out);
    assert_eq!(
        (out[0], values[0], values[4]),
        (f64::NEG_INFINITY, 0.0, 0.0)
    );
    assert_eq!((out[1], values[1], values[5]), (2.0, 0.0, 1.0));
    assert!(out[2].is_nan() && values[2].is_nan() && values[6].is_nan());
    assert!(out[3].is_nan() && values[3].is_nan() && values[7].is_nan());
    log_sum_exp_columns(&mut [], 0, &mut []);
    log_sum_exp_columns(&mut [], 3, &mut [0.0; 3]);
}
