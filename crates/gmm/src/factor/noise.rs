//! Noise variances that maximise the likelihood of factor analysers given the loadings.

use super::FactorAnalyzer;
use crate::linalg::{eigen, inner};

/// One ψ_j for all of these after the other, each the maximiser given all else and not below `least`. With B = Σ⁻¹,
/// b = B_jj and c = (B S B)_jj a change δ of ψ_j turns the objective of a component by
/// −ln(1 + δb) + δc/(1 + δb), which rises up to δ = (c − b)/b² and falls from there; B follows by a matrix of rank one
/// (Zhao, Yu & Jiang 2008, Statistics and Computing 18, for one component).
pub(super) fn noise(
    all: &[FactorAnalyzer],
    covariances: &[Vec<f64>],
    counts: &[f64],
    least: &[f64],
) -> Vec<f64> {
    let d = least.len();
    let mut noise = all[0].noise_variances();
    let mut inverses: Vec<Vec<f64>> = all.iter().map(inverse).collect();
    let mut rows = vec![vec![0.0; d]; all.len()];
    let mut terms = Vec::with_capacity(all.len());
    for j in 0..d {
        terms.clear();
        for (((row, inverse), covariance), &count) in
            rows.iter_mut().zip(&inverses).zip(covariances).zip(counts)
        {
            row.copy_from_slice(&inverse[j * d..(j + 1) * d]);
            let own = row[j];
            let lines = covariance.chunks_exact(d).zip(&*row);
            let spread: f64 = lines.map(|(line, factor)| factor * inner(line, row)).sum();
            terms.push(Term {
                count,
                before: 1.0 / own,
                spread: spread / own / own,
            });
        }
        // Rounding where a column is all but explained by the others.
        if !terms.iter().all(Term::is_valid) {
            continue;
        }
        let most = least[j] - noise[j];
        let change = highest(&terms, 0.0, most);
        // The bound itself, not what rounding makes of it.
        noise[j] = if change <= most {
            least[j]
        } else {
            noise[j] + change
        };
        for (inverse, row) in inverses.iter_mut().zip(&rows) {
            let factor = change / (1.0 + change * row[j]);
            for (line, left) in inverse.chunks_exact_mut(d).zip(row) {
                let scale = factor * left;
                (line.iter_mut().zip(row)).for_each(|(value, right)| *value -= scale * right);
            }
        }
    }
    noise
}

/// Σ⁻¹ = Ψ⁻¹ (I − Λ Λᵀ Σ⁻¹).
fn inverse(one: &FactorAnalyzer) -> Vec<f64> {
    let (d, q) = (one.dimension(), one.factors());
    let noise = one.noise_variances();
    (0..d * d)
        .map(|e| (e / d, e % d))
        .map(|(i, j)| {
            let explained = (0..q).map(|f| one.loadings[i * q + f] * one.projection[f * d + j]);
            (f64::from(u8::from(i == j)) - explained.sum::<f64>()) / noise[i]
        })
        .collect()
}

/// The one variance of all columns, the maximiser given Λ and not below `least`: along the axes u of Λ Λᵀ, of lengths l,
/// the objective is Σ −ln(l + σ²) − uᵀSu / (l + σ²). `None` where Λ is not finite.
pub(super) fn isotropic_noise(one: &FactorAnalyzer, covariance: &[f64], least: f64) -> Option<f64> {
    let (d, q) = (one.dimension(), one.factors());
    let products: Vec<f64> = (0..d * d)
        .map(|e| (e / d * q, e % d * q))
        .map(|(i, j)| inner(&one.loadings[i..i + q], &one.loadings[j..j + q]))
        .collect();
    let axes = eigen(&products, d)?;
    let terms: Vec<Term> = (0..d)
        .map(|f| {
            let axis: Vec<f64> = axes.vectors[f..].iter().step_by(d).copied().collect();
            let lines = covariance.chunks_exact(d).zip(&axis);
            Term {
                count: 1.0,
                // There are no more than q.
                before: if f < q { axes.values[f].max(0.0) } else { 0.0 },
                spread: lines.map(|(line, u)| u * inner(line, &axis)).sum(),
            }
        })
        .collect();
    Some(highest(&terms, one.noise.variance(0), least))
}

/// −n ln(l + x) − n s/(l + x), a part of the objective: it rises up to x = s − l, and falls from there.
struct Term {
    count: f64,
    before: f64,
    spread: f64,
}

impl Term {
    fn is_valid(&self) -> bool {
        self.before > 0.0 && self.before.is_finite() && self.spread.is_finite()
    }
}

/// Where the sum of these is highest, not below `least`; no lower than at `current`.
fn highest(terms: &[Term], current: f64, least: f64) -> f64 {
    let height = |x: f64| -> f64 {
        let part = |t: &Term| t.count * ((t.before + x).ln() + t.spread / (t.before + x));
        -terms.iter().map(part).sum::<f64>()
    };
    let slope = |x: f64| -> f64 {
        let part = |t: &Term| t.count * (t.spread / (t.before + x) - 1.0) / (t.before + x);
        terms.iter().map(part).sum()
    };
    // A maximum lies between the tops of the terms, if not at the bound: beside the highest of them.
    let mut tops: Vec<f64> = terms
        .iter()
        .map(|t| (t.spread - t.before).max(least))
        .collect();
    tops.push(current.max(least));
    tops.sort_by(f64::total_cmp);
    tops.dedup();
    let heights: Vec<f64> = tops.iter().map(|&top| height(top)).collect();
    let best = (0..tops.len()).fold(
        0,
        |best, i| if heights[i] > heights[best] { i } else { best },
    );
    let rising = slope(tops[best]) > 0.0;
    let beyond = if rising {
        tops.get(best + 1)
    } else {
        tops[..best].last()
    };
    let (mut near, mut far) = (tops[best], beyond.copied().unwrap_or(tops[best]));
    let mut reached = heights[best];
    for _ in 0..MOST_HALVINGS {
        let middle = 0.5 * (near + far);
        if middle == near || middle == far {
            break;
        }
        // Uphill, and no valley since.
        if (slope(middle) > 0.0) == rising && height(middle) >= reached {
            (near, reached) = (middle, height(middle));
        } else {
            far = middle;
        }
    }
    near
}

/// Until the interval is of the size of rounding, of 1 in what it was.
const MOST_HALVINGS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_point_is_that_of_a_fine_grid() {
        for seed in 0..60_u64 {
            let mut rng = em::stream(seed, 0);
            let mut draw = || -4.0 * rand::RngExt::random::<f64>(&mut rng).ln();
            let count = 1 + seed as usize % 4;
            let terms: Vec<Term> = (0..count)
                .map(|_| Term {
                    count: draw(),
                    before: 0.1 + draw(),
                    spread: draw() * draw(),
                })
                .collect();
            let height = |x: f64| -> f64 {
                let part = |t: &Term| t.count * ((t.before + x).ln() + t.spread / (t.before + x));
                -terms.iter().map(part).sum::<f64>()
            };
            let least = -0.05;
            let found = highest(&terms, 1.0, least);
            let grid = (0..20_000).map(|i| least + 1e-2 * f64::from(i));
            let best = grid.map(height).fold(f64::NEG_INFINITY, f64::max);
            // Rounding of at most four terms.
            assert!(
                found >= least && height(found) >= best - 1e-13 * best.abs().max(1.0),
                "{seed}"
            );
        }
    }
}
