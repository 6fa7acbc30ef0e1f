//! Least squares by Householder QR with column pivoting.

use super::{DenseError, check_finite};

/// The solution of a least-squares problem.
#[derive(Clone, Debug)]
pub struct LeastSquares {
    /// One per column of the design; 0 for the columns left out as dependent.
    pub coefficients: Vec<f64>,
    /// Numerical rank of the (weighted) design.
    pub rank: usize,
    /// Weighted residual sum of squares.
    pub residual_sum_of_squares: f64,
    /// The columns left out, in rising order; empty at full rank.
    pub dependent: Vec<usize>,
}

/// Minimises Σ (y_i − Σ_j X_ij β_j)², X being `rows` × `columns` in row-major order.
///
/// Columns are scaled to unit length, so the rank does not depend on their units, and pivoted: the
/// rank is the number of pivots above max(rows, columns)·ε. Dependent columns get 0.
///
/// # Errors
/// [`DenseError::NotFinite`] for a bad entry of the design, or of the response, counted on after it.
///
/// # Panics
/// When the lengths do not agree.
///
/// ```
/// use distributions::dense::least_squares;
/// let fit = least_squares(&[1.0, 0.0, 1.0, 1.0, 1.0, 2.0], 2, &[1.0, 3.0, 5.0])?;
/// assert!((fit.coefficients[0] - 1.0).abs() < 1e-14 && (fit.coefficients[1] - 2.0).abs() < 1e-14);
/// # Ok::<(), distributions::dense::DenseError>(())
/// ```
pub fn least_squares(x: &[f64], columns: usize, y: &[f64]) -> Result<LeastSquares, DenseError> {
    solve(x.to_vec(), columns, y.to_vec())
}

/// Minimises Σ w_i (y_i − Σ_j X_ij β_j)²; see [`least_squares`]. A row of weight 0 has no influence,
/// whatever it holds.
///
/// # Errors
/// As [`least_squares`]; a weight that is negative, infinite or NaN is reported as the first entry
/// of its row.
///
/// # Panics
/// When the lengths do not agree.
pub fn weighted_least_squares(
    x: &[f64],
    columns: usize,
    y: &[f64],
    weights: &[f64],
) -> Result<LeastSquares, DenseError> {
    assert_eq!(y.len(), weights.len(), "one weight per row");
    assert_eq!(x.len(), y.len() * columns, "one design row per response");
    let mut design = x.to_vec();
    let mut response = y.to_vec();
    for (i, &weight) in weights.iter().enumerate() {
        if !(0.0..f64::INFINITY).contains(&weight) {
            return Err(DenseError::NotFinite { index: i * columns });
        }
        let root = weight.sqrt();
        let row = &mut design[i * columns..(i + 1) * columns];
        let scaled = |value: f64| if weight == 0.0 { 0.0 } else { root * value };
        row.iter_mut().for_each(|value| *value = scaled(*value));
        response[i] = scaled(response[i]);
    }
    solve(design, columns, response)
}

fn solve(x: Vec<f64>, columns: usize, mut y: Vec<f64>) -> Result<LeastSquares, DenseError> {
    let rows = y.len();
    assert_eq!(x.len(), rows * columns, "one design row per response");
    check_finite(&x)?;
    check_finite(&y).map_err(|error| match error {
        DenseError::NotFinite { index } => DenseError::NotFinite {
            index: x.len() + index,
        },
        other => other,
    })?;
    // One vector per column: Householder works down columns.
    let mut design: Vec<Vec<f64>> = (0..columns)
        .map(|j| (0..rows).map(|i| x[i * columns + j]).collect())
        .collect();
    let scales: Vec<f64> = design.iter_mut().map(|column| normalise(column)).collect();
    let mut order: Vec<usize> = (0..columns).collect();
    let (rank, diagonal) = triangularise(&mut design, &mut order, &mut y);

    let mut coefficients = vec![0.0; columns];
    for k in (0..rank).rev() {
        let mut value = y[k];
        for later in k + 1..rank {
            value -= design[later][k] * coefficients[order[later]];
        }
        coefficients[order[k]] = value / diagonal[k];
    }
    for (coefficient, scale) in coefficients.iter_mut().zip(&scales) {
        if *scale > 0.0 {
            *coefficient /= scale;
        }
    }
    let mut dependent = order[rank..].to_vec();
    dependent.sort_unstable();
    let residual_sum_of_squares = y[rank..].iter().map(|v| v * v).sum();
    Ok(LeastSquares {
        coefficients,
        rank,
        residual_sum_of_squares,
        dependent,
    })
}

/// Scales a column to unit length; returns the length, 0 for a zero column.
fn normalise(column: &mut [f64]) -> f64 {
    let length = norm(column);
    if length > 0.0 {
        column.iter_mut().for_each(|value| *value /= length);
    }
    length
}

/// Euclidean length without overflow.
fn norm(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    largest
        * values
            .iter()
            .map(|v| (v / largest) * (v / largest))
            .sum::<f64>()
            .sqrt()
}

/// Householder reflections with column pivoting, applied to `y` as well. Afterwards
/// `design[j][k]`, k < j, is the strict upper triangle of R; returns the rank and R's diagonal.
fn triangularise(design: &mut [Vec<f64>], order: &mut [usize], y: &mut [f64]) -> (usize, Vec<f64>) {
    let (rows, columns) = (y.len(), design.len());
    let tolerance = rows.max(columns) as f64 * f64::EPSILON;
    let mut diagonal = Vec::with_capacity(columns);
    for k in 0..rows.min(columns) {
        // The longest remaining column, its length computed afresh: downdating loses it.
        let (mut pivot, mut length) = (k, -1.0);
        for (j, column) in design.iter().enumerate().skip(k) {
            let remaining = norm(&column[k..]);
            if remaining > length {
                (pivot, length) = (j, remaining);
            }
        }
        if !(length > tolerance) {
            return (k, diagonal);
        }
        design.swap(k, pivot);
        order.swap(k, pivot);
        let (head, rest) = design.split_at_mut(k + 1);
        let reflector = &mut head[k][k..];
        let alpha = -length.copysign(reflector[0]);
        reflector[0] -= alpha;
        let beta = -1.0 / (alpha * reflector[0]);
        for column in rest {
            reflect(reflector, beta, &mut column[k..]);
        }
        reflect(reflector, beta, &mut y[k..]);
        diagonal.push(alpha);
    }
    (diagonal.len(), diagonal)
}

/// target ← target − β·v·(vᵀ·target), with β = 2/vᵀv.
fn reflect(v: &[f64], beta: f64, target: &mut [f64]) {
    let product: f64 = v.iter().zip(&*target).map(|(a, b)| a * b).sum();
    for (value, direction) in target.iter_mut().zip(v) {
        *value -= beta * product * direction;
    }
}
