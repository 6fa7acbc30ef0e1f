//! Which of several components of one covariance explains a row: a linear question.
//!
//! About a centre c, with y = x − c, δ_k = μ_k − c and b_k = Σ⁻¹δ_k,
//!
//! ln p_k(x) = ln p_c(x) + yᵀb_k − ½ δ_kᵀb_k,
//!
//! p_c being the density with mean c. That is the same for all components and leaves the responsibilities; of its logarithm
//! only the sum over rows is asked for, Σ w (ln p_c(c) − ½ yᵀΣ⁻¹y), and that of the forms is tr(Σ⁻¹S), S the scatter of the
//! rows about c. So no row is whitened.
//!
//! Both lose digits where terms are larger than what they add up to. How large they may become is known from the
//! parameters alone, and where it is too much there are no [`LinearScores`].

use crate::gaussian::{Factor, Gaussian};
use crate::linalg::invert_lower;
use std::f64::consts::LOG2_E;

/// How large the terms of a score and of a form may be for each column: what is lost is then some 1e-14 for each, which is
/// what a whitened row loses.
const LARGEST: f64 = 25.0;

/// Components worked on together.
pub(super) const TILE: usize = 8;

/// Components of one covariance, as scores read them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinearScores {
    /// −b_k log₂e: of [`TILE`] components at a time coordinate after coordinate.
    slopes: Vec<f64>,
    /// ½ δ_kᵀb_k log₂e.
    offsets: Vec<f64>,
    /// Σ⁻¹, d × d: the diagonal, twice what is below, and zeros.
    precision: Vec<f64>,
    /// ln p_c(c).
    log_constant: f64,
}

impl LinearScores {
    /// Those of components whose means, about the centre and whitened, are `means`, for rows that are up to `reaches`
    /// away from it; where they are precise.
    pub(super) fn of(first: &Gaussian, means: &[Vec<f64>], reaches: &[f64]) -> Option<Self> {
        let Factor::Lower { lower, .. } = first.factor() else {
            return None;
        };
        let d = reaches.len();
        let inverse = invert_lower(lower, d);
        let (mut slopes, mut offsets) = (Vec::with_capacity(means.len() * d), Vec::new());
        for tile in means.chunks(TILE) {
            let tile: Vec<Vec<f64>> = tile.iter().map(|mean| slope(&inverse, mean)).collect();
            (0..d).for_each(|j| slopes.extend(tile.iter().map(|slope| -slope[j] * LOG2_E)));
            for slope in &tile {
                let terms = slope.iter().zip(reaches);
                let size: f64 = terms.map(|(slope, reach)| slope.abs() * reach).sum();
                if !(size <= LARGEST * d as f64) {
                    return None;
                }
            }
        }
        for mean in means {
            let square: f64 = mean.iter().map(|m| m * m).sum();
            if !(0.5 * square <= LARGEST * d as f64) {
                return None;
            }
            offsets.push(0.5 * square * LOG2_E);
        }
        let mut precision = product_of_transpose(&inverse, d);
        let mut square = 0.0;
        for (i, row) in precision.chunks_exact_mut(d).enumerate() {
            row[..i].iter_mut().for_each(|value| *value *= 2.0);
            let terms = row[..i + 1].iter().zip(reaches);
            let terms = terms.map(|(value, reach)| (value * reach * reaches[i]).powi(2));
            square += terms.sum::<f64>();
        }
        let precise = square.sqrt() <= LARGEST * d as f64;
        precise.then(|| LinearScores {
            slopes,
            offsets,
            precision,
            log_constant: first.log_constant(),
        })
    }
    pub(super) fn slopes(&self) -> &[f64] {
        &self.slopes
    }
    pub(super) fn offsets(&self) -> &[f64] {
        &self.offsets
    }
    pub(super) fn log_constant(&self) -> f64 {
        self.log_constant
    }
    /// tr(Σ⁻¹S), of which the lower triangle is read. Inlined, to be compiled for the instruction set of a kernel.
    #[inline(always)]
    pub(super) fn trace(&self, scatter: &[f64]) -> f64 {
        let (ours, rest) = self.precision.as_chunks::<TILE>();
        let (theirs, others) = scatter.as_chunks::<TILE>();
        let mut sums = [0.0; TILE];
        for (a, b) in ours.iter().zip(theirs) {
            for l in 0..TILE {
                sums[l] += a[l] * b[l];
            }
        }
        let rest = rest.iter().zip(others).map(|(a, b)| a * b).sum::<f64>();
        sums.iter().sum::<f64>() + rest
    }
}

/// L⁻ᵀ m, from the inverse of L.
fn slope(inverse: &[f64], mean: &[f64]) -> Vec<f64> {
    let mut slope = vec![0.0; mean.len()];
    for (i, (row, m)) in inverse.chunks_exact(mean.len()).zip(mean).enumerate() {
        let terms = slope[..i + 1].iter_mut().zip(&row[..i + 1]);
        terms.for_each(|(slope, entry)| *slope += m * entry);
    }
    slope
}

/// The lower triangle of MᵀM of a lower triangular M, with zeros above.
fn product_of_transpose(lower: &[f64], d: usize) -> Vec<f64> {
    let mut product = vec![0.0; d * d];
    for (last, row) in lower.chunks_exact(d).enumerate() {
        for (i, into) in product.chunks_exact_mut(d).enumerate().take(last + 1) {
            let terms = into[..i + 1].iter_mut().zip(&row[..i + 1]);
            terms.for_each(|(into, entry)| *into += row[i] * entry);
        }
    }
    product
}
