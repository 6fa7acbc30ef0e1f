//! What the tests of regressions share.
#![allow(dead_code)]

use distributions::RowsBuffer;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// |a − b| ≤ relative·|b| + absolute.
#[track_caller]
pub fn near(a: f64, b: f64, relative: f64, absolute: f64) {
    let allowed = relative * b.abs() + absolute;
    assert!(
        (a - b).abs() <= allowed,
        "{a} against {b} within {allowed:e}"
    );
}

pub const XS: [f64; 8] = [-1.5, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0];
pub const LABELS: [u64; 8] = [0, 1, 0, 0, 1, 0, 1, 1];
pub const COUNTS: [u64; 8] = [0, 2, 1, 3, 2, 7, 5, 200];
pub const TRIALS: [u64; 8] = [3, 5, 1, 0, 9, 100, 4, 8];
pub const SUCCESSES: [u64; 8] = [0, 2, 0, 0, 7, 71, 4, 6];
pub const REALS: [f64; 8] = [0.3, -1.0, 2.0, 2.5, 2.0, 4.5, 3.0, 7.5];

/// An intercept and x; with `offset` one more column.
pub fn small_design(offset: bool) -> RowsBuffer<f64> {
    let mut design = RowsBuffer::new(if offset { 3 } else { 2 });
    for (i, x) in XS.into_iter().enumerate() {
        design.values.extend([1.0, x]);
        if offset {
            design.values.push(0.25 * i as f64 - 1.0);
        }
    }
    design
}

/// Random rows: an intercept, `columns` − 1 predictors, a response, weights with some of 0.
pub fn random_rows(
    seed: u64,
    rows: usize,
    columns: usize,
) -> (Vec<f64>, Vec<f64>, Vec<f64>, Xoshiro256PlusPlus) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut design, mut ys, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..rows {
        let x: Vec<f64> = (0..columns)
            .map(|j| {
                if j == 0 {
                    1.0
                } else {
                    rng.random::<f64>() * j as f64
                }
            })
            .collect();
        let mean: f64 = x
            .iter()
            .enumerate()
            .map(|(j, v)| v * (j as f64 - 0.5))
            .sum();
        ys.push(mean + rng.random::<f64>() - 0.5);
        design.extend(x);
        weights.push(if i % 7 == 3 { 0.0 } else { rng.random() });
    }
    (design, ys, weights, rng)
}
