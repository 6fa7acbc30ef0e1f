//! The dense solver: identities on random matrices, and Hilbert matrices with known answers.

use distributions::dense::*;
use proptest::prelude::*;

const EPSILON: f64 = f64::EPSILON;

fn multiply(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut c = vec![0.0; n * n];
    for i in 0..n {
        for k in 0..n {
            for j in 0..n {
                c[i * n + j] += a[i * n + k] * b[k * n + j];
            }
        }
    }
    c
}

fn transpose(a: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|i| a[i % n * n + i / n]).collect()
}

fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values
        .into_iter()
        .fold(0.0, |m: f64, v| if v.abs() <= m { m } else { v.abs() })
}

fn distance_from_identity(a: &[f64], n: usize) -> f64 {
    largest(
        a.iter()
            .enumerate()
            .map(|(i, v)| if i % (n + 1) == 0 { v - 1.0 } else { *v }),
    )
}

fn hilbert(n: usize) -> Vec<f64> {
    (0..n * n)
        .map(|i| 1.0 / (i / n + i % n + 1) as f64)
        .collect()
}

/// BBᵀ + I of a random square B: positive definite, eigenvalues at least 1.
fn positive_definite() -> impl Strategy<Value = (usize, Vec<f64>)> {
    (1usize..14).prop_flat_map(|n| {
        prop::collection::vec(-3.0..3.0f64, n * n).prop_map(move |b| {
            let mut a = multiply(&b, &transpose(&b, n), n);
            (0..n).for_each(|i| a[i * n + i] += 1.0);
            (n, a)
        })
    })
}

fn symmetric() -> impl Strategy<Value = (usize, Vec<f64>)> {
    (1usize..14).prop_flat_map(|n| {
        prop::collection::vec(-3.0..3.0f64, n * n).prop_map(move |b| {
            let t = transpose(&b, n);
            (n, b.iter().zip(&t).map(|(x, y)| x + y).collect())
        })
    })
}

proptest! {
    /// The residual of a backward-stable inverse is n·ε·condition; here the condition is at most
    /// the largest row sum over the smallest eigenvalue 1.
    #[test]
    fn inverse_times_matrix_is_identity((n, a) in positive_definite()) {
        let factor = Ldl::new(&a, n).unwrap();
        let product = multiply(&a, &factor.inverse(), n);
        let norm = n as f64 * largest(a.iter().copied());
        prop_assert!(distance_from_identity(&product, n) <= 4.0 * n as f64 * EPSILON * norm);
    }

    #[test]
    fn log_determinant_and_quadratic_form_agree_with_eigenvalues((n, a) in positive_definite()) {
        let factor = Ldl::new(&a, n).unwrap();
        let eigen = symmetric_eigen(&a, n).unwrap();
        let logs: f64 = eigen.values.iter().map(|v| v.ln()).sum();
        // An eigenvalue of at least 1 moves by n·ε·norm, each of the n logarithms by as much.
        let norm = n as f64 * largest(a.iter().copied());
        prop_assert!((factor.ln_determinant() - logs).abs() <= 4.0 * (n * n) as f64 * EPSILON * norm);
        let right: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
        let direct: f64 = factor.solve(&right).iter().zip(&right).map(|(x, y)| x * y).sum();
        prop_assert!((factor.quadratic_form(&right) - direct).abs() <= 1e-10 * direct.abs());
    }

    /// Jacobi: reconstruction and orthogonality to a small multiple of n·ε.
    #[test]
    fn eigenvectors_rebuild_the_matrix((n, a) in symmetric()) {
        let eigen = symmetric_eigen(&a, n).unwrap();
        let v = &eigen.vectors;
        let scaled: Vec<f64> = (0..n * n).map(|i| v[i] * eigen.values[i / n]).collect();
        let rebuilt = multiply(&transpose(v, n), &scaled, n);
        let norm = n as f64 * largest(a.iter().copied());
        let error = largest(rebuilt.iter().zip(&a).map(|(x, y)| x - y));
        prop_assert!(error <= 10.0 * n as f64 * EPSILON * norm, "{error}");
        let gram = multiply(v, &transpose(v, n), n);
        prop_assert!(distance_from_identity(&gram, n) <= 20.0 * n as f64 * EPSILON);
        prop_assert!(eigen.values.is_sorted());
    }

    /// The residual of least squares is orthogonal to the (weighted) columns.
    #[test]
    fn residuals_are_orthogonal_to_the_design(
        rows in 6usize..30, columns in 1usize..5,
        entries in prop::collection::vec(-5.0..5.0f64, 180),
    ) {
        let x = &entries[..rows * columns];
        let y = &entries[150 - rows..150];
        let weights: Vec<f64> = entries[150..].iter().take(rows).map(|v| v.abs()).collect();
        let fit = weighted_least_squares(x, columns, y, &weights).unwrap();
        let residual = |i: usize| {
            y[i] - (0..columns).map(|j| x[i * columns + j] * fit.coefficients[j]).sum::<f64>()
        };
        let scale = 1.0 + largest(fit.coefficients.iter().copied());
        for j in 0..columns {
            let gradient: f64 = (0..rows).map(|i| weights[i] * x[i * columns + j] * residual(i)).sum();
            // Sums of `rows` products of size weight·x·(x·β): 5·5·25·scale each.
            prop_assert!(gradient.abs() <= 1e3 * rows as f64 * scale * 8.0 * EPSILON, "{gradient}");
        }
        let sum: f64 = (0..rows).map(|i| weights[i] * residual(i) * residual(i)).sum();
        prop_assert!((fit.residual_sum_of_squares - sum).abs() <= 1e-11 * (1.0 + sum) * scale);
    }
}

/// det H₁₀ = 2.164179226431492…e-53 (OEIS A005249 gives its reciprocal, an integer). The entries
/// 1/(i+j+1) are rounded, which the smallest eigenvalue 1.09e-13 turns into a relative change of
/// about ε/1.09e-13 = 2e-3 of the determinant at worst; the measured error is 6.3e-5.
#[test]
fn hilbert_determinant() {
    let ln_determinant = Ldl::new(&hilbert(10), 10).unwrap().ln_determinant();
    println!(
        "H10: error {:e}",
        ln_determinant - 2.164_179_226_431_492e-53f64.ln()
    );
    assert!((ln_determinant - 2.164_179_226_431_492e-53f64.ln()).abs() < 2e-3);
    // At size 6 (condition 1.5e7), det = 1/186313420339200000.
    let small = Ldl::new(&hilbert(6), 6).unwrap().ln_determinant();
    assert!((small + 186_313_420_339_200_000f64.ln()).abs() < 1.5e7 * EPSILON);
}

/// Extreme eigenvalues of H₆ (mpmath, 20 digits); absolute errors are a few ε of the largest.
#[test]
fn hilbert_eigenvalues() {
    let eigen = symmetric_eigen(&hilbert(6), 6).unwrap();
    assert!((eigen.values[5] - HILBERT_6_LARGEST).abs() < 8.0 * EPSILON);
    assert!((eigen.values[0] - HILBERT_6_SMALLEST).abs() < 8.0 * EPSILON);
}

const HILBERT_6_LARGEST: f64 = 1.618899858924339097;
const HILBERT_6_SMALLEST: f64 = 1.0827994845655497685e-7;

/// Polynomial fit in powers of x: Vandermonde columns of condition 1e7, exact answer 1, 1, 1, ….
#[test]
fn vandermonde_least_squares() {
    let (rows, columns) = (21, 8);
    let points: Vec<f64> = (0..rows).map(|i| i as f64 / 20.0).collect();
    let x: Vec<f64> = points
        .iter()
        .flat_map(|t| (0..columns).map(move |j| t.powi(j)))
        .collect();
    let y: Vec<f64> = points
        .iter()
        .map(|t| (0..columns).map(|j| t.powi(j)).sum())
        .collect();
    let fit = least_squares(&x, columns as usize, &y).unwrap();
    assert_eq!(fit.rank, 8);
    // Condition 1e7 times ε.
    assert!(largest(fit.coefficients.iter().map(|c| c - 1.0)) < 1e7 * EPSILON);
}

#[test]
fn dependent_columns_are_found_and_named() {
    // Third column = first + 1e6·second; fourth zero.
    let x: Vec<f64> = (0..8)
        .flat_map(|i| {
            let t = i as f64;
            [1.0, t * 1e-6, 1.0 + t, 0.0]
        })
        .collect();
    let y: Vec<f64> = (0..8).map(|i| 2.0 + 3.0 * i as f64).collect();
    let fit = least_squares(&x, 4, &y).unwrap();
    assert_eq!(fit.rank, 2);
    assert_eq!(fit.dependent.len(), 2);
    assert!(fit.dependent.contains(&3));
    for i in 0..8 {
        let value: f64 = (0..4).map(|j| x[i * 4 + j] * fit.coefficients[j]).sum();
        assert!((value - y[i]).abs() < 1e-12);
    }
    // Fewer rows than columns.
    assert_eq!(least_squares(&[1.0, 2.0, 3.0], 3, &[6.0]).unwrap().rank, 1);
}

#[test]
fn refusals() {
    assert_eq!(
        Ldl::new(&[1.0, 2.0, 2.0, 4.0], 2).unwrap_err(),
        DenseError::Pivot {
            index: 1,
            value: 0.0
        }
    );
    assert!(matches!(
        Ldl::new(&[-1.0], 1),
        Err(DenseError::Pivot { index: 0, .. })
    ));
    assert!(matches!(
        Ldl::new(&[0.0], 1),
        Err(DenseError::Pivot { index: 0, .. })
    ));
    let bad = [1.0, 0.0, f64::NAN, 1.0];
    assert_eq!(
        Ldl::new(&bad, 2).unwrap_err(),
        DenseError::NotFinite { index: 2 }
    );
    assert!(matches!(
        symmetric_eigen(&bad, 2),
        Err(DenseError::NotFinite { .. })
    ));
    assert!(matches!(
        least_squares(&[1.0], 1, &[f64::NAN]),
        Err(DenseError::NotFinite { index: 1 })
    ));
    assert!(weighted_least_squares(&[1.0], 1, &[1.0], &[-1.0]).is_err());
    // Overflow on the way is a failed pivot, not a finite-looking answer.
    assert!(Ldl::new(&[1e-300, 1e300, 1e300, 1e300], 2).is_err());
}

#[test]
fn zero_weight_rows_do_not_matter() {
    let x = [1.0, 0.0, 1.0, 1.0, f64::NAN, f64::INFINITY];
    let fit = weighted_least_squares(&x, 2, &[1.0, 3.0, f64::NAN], &[2.0, 1.0, 0.0]).unwrap();
    assert!((fit.coefficients[0] - 1.0).abs() < 4.0 * EPSILON);
    assert!((fit.coefficients[1] - 2.0).abs() < 8.0 * EPSILON);
}

#[test]
fn extreme_scales() {
    for scale in [1e-290, 1e290] {
        let eigen = symmetric_eigen(&[2.0 * scale, scale, scale, 2.0 * scale], 2).unwrap();
        assert!((eigen.values[0] / scale - 1.0).abs() < 4.0 * EPSILON);
        assert!((eigen.values[1] / scale - 3.0).abs() < 8.0 * EPSILON);
    }
    let zero = symmetric_eigen(&[0.0; 9], 3).unwrap();
    assert_eq!(zero.values, [0.0; 3]);
}
