//! Sums over given rows, for families over rows of numbers.

use super::Measure;
use crate::{Rows, RowsBuffer, View};
use std::f64::consts::{FRAC_PI_2, TAU};

/// Rows with a weight each: Σ f over all rows of counts of a total, or a rule for an integral.
#[derive(Clone, Debug)]
pub struct Points<T> {
    rows: RowsBuffer<T>,
    weights: Vec<f64>,
}

impl<T> Points<T> {
    /// The sum of `weights[i]` times f at row i.
    ///
    /// # Panics
    /// When there is not one weight for each row.
    pub fn new(rows: RowsBuffer<T>, weights: Vec<f64>) -> Self {
        assert_eq!(
            rows.values.len(),
            rows.width * weights.len(),
            "one weight for each row"
        );
        Points { rows, weights }
    }
}

impl Points<u64> {
    /// All rows of `width` counts that sum to `total`.
    pub fn of_total(width: usize, total: u64) -> Self {
        let mut rows = RowsBuffer::new(width);
        let mut row = vec![0; width];
        fill(&mut row, 0, total, &mut rows.values);
        let weights = vec![1.0; rows.view().len()];
        Points::new(rows, weights)
    }
}

/// Appends all rows that agree with `row` before `column` and sum to `rest` from there on.
fn fill(row: &mut [u64], column: usize, rest: u64, into: &mut Vec<u64>) {
    if column + 1 == row.len() {
        row[column] = rest;
        into.extend_from_slice(row);
        return;
    }
    for count in 0..=rest {
        row[column] = count;
        fill(row, column + 1, rest - count, into);
    }
}

/// Steps of the rules below, and how many on each side: on from here, doubles end.
const STEP: f64 = 1.0 / 16.0;
const STEPS: i32 = 56;

/// Numbers in (0, 1) with their differences from 1 and their weights, by the double-exponential rule.
fn unit_interval() -> Vec<(f64, f64, f64)> {
    let points = (-STEPS..=STEPS).map(|i| {
        let t = STEP * f64::from(i);
        let inner = FRAC_PI_2 * t.sinh();
        let (x, rest) = (
            1.0 / (1.0 + (-2.0 * inner).exp()),
            1.0 / (1.0 + (2.0 * inner).exp()),
        );
        (x, rest, 2.0 * x * rest * FRAC_PI_2 * t.cosh() * STEP)
    });
    points.collect()
}

impl Points<f64> {
    /// The rows of three positive numbers that sum to 1, with respect to two of them: the unit square
    /// bent to a triangle.
    pub fn triangle() -> Self {
        let line = unit_interval();
        let (mut rows, mut weights) = (RowsBuffer::new(3), Vec::new());
        for &(x, rest, weight) in &line {
            for &(share, other, inner) in &line {
                rows.values.extend([x, rest * share, rest * other]);
                weights.push(weight * rest * inner);
            }
        }
        Points::new(rows, weights)
    }
    /// The unit sphere in three dimensions, with respect to its area.
    pub fn sphere() -> Self {
        const TURN: i32 = 256;
        let (mut rows, mut weights) = (RowsBuffer::new(3), Vec::new());
        for (x, rest, weight) in unit_interval() {
            // The height 2x − 1, and the radius of the circle there.
            let (height, radius) = (x - rest, 2.0 * (x * rest).sqrt());
            for i in 0..TURN {
                let angle = TAU * f64::from(i) / f64::from(TURN);
                rows.values
                    .extend([radius * angle.cos(), radius * angle.sin(), height]);
                weights.push(2.0 * weight * TAU / f64::from(TURN));
            }
        }
        Points::new(rows, weights)
    }
}

impl<T: Copy + Send + Sync + 'static> Measure<Rows<T>> for Points<T> {
    fn integrate<'a>(&'a self, f: &mut dyn FnMut(&'a [T]) -> f64) -> f64 {
        let rows = self.rows.view();
        let mut sum = 0.0;
        for (i, &weight) in self.weights.iter().enumerate() {
            sum += weight * f(rows.at(i));
        }
        sum
    }
}
