//! A chart of orientations: d(d − 1)/2 numbers for d orthonormal axes whose directions do not matter.
//!
//! The Cayley transform A = (Q − I)(Q + I)⁻¹ of an orthogonal Q is skew, and every skew A comes from one; only
//! a Q that has the eigenvalue −1 has none. The directions of the axes are free here, and can always be chosen
//! so that Q + I is far from singular (Kahan 2006, Is there a small skew Cayley transform with zero
//! diagonal?): elimination meets pivots 1 + q_jj, and the direction that makes q_jj positive makes them at
//! least 1. That choice does not depend on the directions given, so that neighbouring orientations have
//! neighbouring coordinates, but where a q_jj passes through 0.

use distributions::{EstimateError, next_coordinate};

/// Appends the coordinates of the axes, row-major, axis j in column j: the entries of A below its diagonal.
pub(crate) fn pack_rotation(axes: &[f64], d: usize, into: &mut Vec<f64>) {
    let mut turned = axes.to_vec();
    // The factors of Q + I, made column by column; the directions are chosen on the way.
    let mut factors = vec![0.0; d * d];
    for j in 0..d {
        let mut column: Vec<f64> = (0..d).map(|i| axes[i * d + j]).collect();
        eliminate(&factors, &mut column, j);
        if column[j] < 0.0 {
            column.iter_mut().for_each(|v| *v = -*v);
            (0..d).for_each(|i| turned[i * d + j] = -turned[i * d + j]);
        }
        // What the elimination makes of the identity's column: nothing above and at its row but 1.
        let mut unit = vec![0.0; d];
        unit[j] = 1.0;
        for i in 0..d {
            factors[i * d + j] = column[i] + unit[i];
        }
        for i in j + 1..d {
            factors[i * d + j] /= factors[j * d + j];
        }
    }
    // A (Q + I) = Q − I, and A = I − 2 (Q + I)⁻¹: below the diagonal −2 times the inverse.
    for j in 0..d {
        let mut column = vec![0.0; d];
        column[j] = 1.0;
        eliminate(&factors, &mut column, d);
        for i in (0..d).rev() {
            let known: f64 = (i + 1..d).map(|l| factors[i * d + l] * column[l]).sum();
            column[i] = (column[i] - known) / factors[i * d + i];
        }
        into.extend(column[j + 1..].iter().map(|v| -2.0 * v));
    }
}

/// The first `steps` steps of the elimination whose multipliers stand below the diagonal of `factors`.
fn eliminate(factors: &[f64], column: &mut [f64], steps: usize) {
    let d = column.len();
    for p in 0..steps {
        for i in p + 1..d {
            column[i] -= factors[i * d + p] * column[p];
        }
    }
}

/// The axes whose coordinates stand at the front of `from`: Q = (I + A)(I − A)⁻¹, row-major.
///
/// # Errors
/// When a coordinate is missing or not finite.
pub(crate) fn unpack_rotation(d: usize, from: &mut &[f64]) -> Result<Vec<f64>, EstimateError> {
    let mut skew = vec![0.0; d * d];
    for j in 0..d {
        for i in j + 1..d {
            let value = next_coordinate(from)?;
            skew[i * d + j] = value;
            skew[j * d + i] = -value;
        }
    }
    // I − A has a positive definite symmetric part, so that elimination needs no exchange of rows.
    let mut factors: Vec<f64> = skew.iter().map(|v| -v).collect();
    (0..d).for_each(|i| factors[i * d + i] = 1.0);
    for p in 0..d {
        for i in p + 1..d {
            let multiplier = factors[i * d + p] / factors[p * d + p];
            factors[i * d + p] = multiplier;
            for j in p + 1..d {
                factors[i * d + j] -= multiplier * factors[p * d + j];
            }
        }
    }
    // Both factors of Q commute: (I − A) Q = I + A, column by column.
    let mut axes = vec![0.0; d * d];
    for j in 0..d {
        let mut column: Vec<f64> = (0..d).map(|i| skew[i * d + j]).collect();
        column[j] += 1.0;
        eliminate(&factors, &mut column, d);
        for i in (0..d).rev() {
            let known: f64 = (i + 1..d).map(|l| factors[i * d + l] * column[l]).sum();
            column[i] = (column[i] - known) / factors[i * d + i];
        }
        (0..d).for_each(|i| axes[i * d + j] = column[i]);
    }
    Ok(axes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use em::stream;
    use rand::RngExt;

    #[test]
    fn orientations_come_back_whatever_their_directions() {
        let mut rng = stream(3, 0);
        for d in 1..=9 {
            for _ in 0..50 {
                let mut random = || rng.random::<f64>() - 0.5;
                let raw: Vec<f64> = (0..d * d).map(|_| random()).collect();
                let symmetric: Vec<f64> = (0..d * d)
                    .map(|e| raw[e] + raw[e % d * d + e / d])
                    .collect();
                let axes = crate::linalg::eigen(&symmetric, d).unwrap().vectors;
                let flipped: Vec<f64> = (0..d * d)
                    .map(|e| if (e % d) % 2 == 0 { -axes[e] } else { axes[e] })
                    .collect();
                let (mut first, mut second) = (Vec::new(), Vec::new());
                pack_rotation(&axes, d, &mut first);
                pack_rotation(&flipped, d, &mut second);
                assert_eq!(first.len(), d * (d - 1) / 2);
                for (a, b) in first.iter().zip(&second) {
                    assert!((a - b).abs() < 1e-12 * a.abs().max(1.0), "{a} {b}");
                }
                let back = unpack_rotation(d, &mut &first[..]).unwrap();
                for j in 0..d {
                    // The axis or its opposite.
                    let inner: f64 = (0..d).map(|i| axes[i * d + j] * back[i * d + j]).sum();
                    assert!((inner.abs() - 1.0).abs() < 1e-13, "{d} {inner}");
                }
            }
        }
        assert!(unpack_rotation(2, &mut &[f64::NAN][..]).is_err());
        assert!(unpack_rotation(3, &mut &[1.0][..]).is_err());
    }
}
