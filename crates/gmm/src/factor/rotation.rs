//! The rotation in which loadings are reported.

use crate::linalg;

/// Λ R with R orthogonal, Λᵀ Ψ⁻¹ Λ diagonal and falling, and the sum of each column not negative: d × q,
/// row-major.
pub(super) fn canonical(loadings: &[f64], factors: usize, noise: &[f64]) -> Vec<f64> {
    let (d, q) = (noise.len(), factors);
    let mut matrix = vec![0.0; q * q];
    for f in 0..q {
        for g in 0..q {
            let product = |j: usize| loadings[j * q + f] * loadings[j * q + g] / noise[j];
            matrix[f * q + g] = (0..d).map(product).sum();
        }
    }
    let Some(eigen) = (q > 0).then(|| linalg::eigen(&matrix, q)).flatten() else {
        return loadings.to_vec();
    };
    let mut turned = vec![0.0; d * q];
    for (turned, row) in turned.chunks_exact_mut(q).zip(loadings.chunks_exact(q)) {
        for (g, value) in turned.iter_mut().enumerate() {
            let products = row.iter().enumerate();
            *value = products.map(|(f, l)| l * eigen.vectors[f * q + g]).sum();
        }
    }
    for g in 0..q {
        let sum: f64 = turned.iter().skip(g).step_by(q).sum();
        if sum < 0.0 {
            turned.iter_mut().skip(g).step_by(q).for_each(|l| *l = -*l);
        }
    }
    turned
}
