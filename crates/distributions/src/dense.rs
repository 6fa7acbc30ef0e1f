//! Small dense symmetric algebra for parameter-sized systems.

/// Placeholder until the solver lands.
pub fn solve_positive_definite(matrix: &[f64], right: &[f64]) -> Result<Vec<f64>, usize> {
    let n = right.len();
    let mut l = matrix.to_vec();
    let mut x = right.to_vec();
    for j in 0..n {
        for k in 0..j {
            let f = l[j * n + k];
            for i in j..n {
                l[i * n + j] -= f * l[i * n + k];
            }
        }
        if !(l[j * n + j] > 0.0) {
            return Err(j);
        }
        let d = l[j * n + j].sqrt();
        for i in j..n {
            l[i * n + j] /= d;
        }
    }
    for i in 0..n {
        for k in 0..i {
            x[i] -= l[i * n + k] * x[k];
        }
        x[i] /= l[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            x[i] -= l[k * n + i] * x[k];
        }
        x[i] /= l[i * n + i];
    }
    Ok(x)
}
