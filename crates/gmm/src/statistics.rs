//! The statistic of K Gaussians.

use crate::scatter::Scatter;
use distributions::Statistics;
use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};
use std::borrow::Cow;

/// N_k, the mean m_k and the scatter W_k of each component, or of the scatters their sum alone, where no more is asked for: by
/// one covariance for all.
///
/// Parts of the sum are merged by
///
/// W = W₁ + W₂ + Σ_k (N_k1 N_k2 / N_k) (m_k2 − m_k1)(m_k2 − m_k1)ᵀ,
///
/// that of [`Scatter`] for all components together.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianStatistics {
    /// Where only the sum is kept, it stands in the first.
    parts: Vec<Scatter>,
    pooled: bool,
}

impl GaussianStatistics {
    /// Nothing seen, by components in `dimension` columns; `full` keeps the whole of each W, else its diagonal.
    pub(crate) fn each(components: usize, dimension: usize, full: bool) -> Self {
        GaussianStatistics {
            parts: vec![Scatter::new(dimension, full); components],
            pooled: false,
        }
    }
    /// The same, of the whole scatters keeping the sum alone.
    pub(crate) fn pooled(components: usize, dimension: usize) -> Self {
        let others = std::iter::repeat_n(Scatter::of_means(dimension), components - 1);
        GaussianStatistics {
            parts: std::iter::once(Scatter::new(dimension, true))
                .chain(others)
                .collect(),
            pooled: true,
        }
    }
    /// The components' statistics. Where the [sum](Self::is_pooled) alone is kept, the scatter of the first is that of all, and
    /// the others have none.
    pub fn parts(&self) -> &[Scatter] {
        &self.parts
    }
    /// Whether of the scatters only their sum is kept.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }
    /// The same for kernels that add to all components, and of which the scatters are those of each, or the sum in the first.
    pub(crate) fn parts_mut(&mut self) -> &mut [Scatter] {
        &mut self.parts
    }
    /// With a scatter for each, whose sum is right.
    pub(crate) fn with_a_scatter_each(&self) -> Cow<'_, [Scatter]> {
        if !self.pooled {
            return Cow::Borrowed(&self.parts);
        }
        let mut all = Self::each(self.parts.len(), self.parts[0].dimension(), true).parts;
        for (all, part) in all.iter_mut().zip(&self.parts) {
            all.add(part.mean(), part.weight());
        }
        all[0].add_squares(self.parts[0].squares());
        Cow::Owned(all)
    }
    /// Adds what `fill` adds to statistics that have a scatter each.
    pub(crate) fn add_to_each<A>(&mut self, fill: impl FnOnce(&mut [Scatter]) -> A) -> A {
        if !self.pooled {
            return fill(&mut self.parts);
        }
        let mut each = Self::each(self.parts.len(), self.parts[0].dimension(), true).parts;
        let answer = fill(&mut each);
        self.merge_parts(&each);
        answer
    }
    /// Merges statistics of which some have a scatter, all of which are of the sum.
    fn merge_parts(&mut self, others: &[Scatter]) {
        let d = self.parts[0].dimension();
        let (mut ways, mut factors) = (vec![0.0; others.len() * d], vec![0.0; others.len()]);
        let places = ways.chunks_exact_mut(d).zip(&mut factors);
        for ((part, other), (way, factor)) in self.parts.iter_mut().zip(others).zip(places) {
            // Not `> 0.0`, so that NaN is seen.
            if other.weight() != 0.0 {
                way.copy_from_slice(other.mean());
                *factor = part.move_mean(other.weight(), way);
            }
        }
        arch().dispatch(Merge {
            ways: &ways,
            factors: &factors,
            others,
            into: self.parts[0].squares_mut(),
        });
    }
    /// Adds one row to component k.
    pub(crate) fn add(&mut self, k: usize, x: &[f64], weight: f64) {
        if !self.pooled {
            return self.parts[k].add(x, weight);
        }
        let mut way = x.to_vec();
        let factor = self.parts[k].move_mean(weight, &mut way);
        arch().dispatch(Merge {
            ways: &way,
            factors: &[factor],
            others: &[],
            into: self.parts[0].squares_mut(),
        });
    }
}

/// Adds Σ_k f_k d_k d_kᵀ and the scatters of `others`.
struct Merge<'a> {
    ways: &'a [f64],
    factors: &'a [f64],
    others: &'a [Scatter],
    into: &'a mut [f64],
}

impl WithSimd for Merge<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let d = self.ways.len() / self.factors.len();
        for (i, row) in self.into.chunks_exact_mut(d).enumerate() {
            let row = &mut row[..i + 1];
            for (way, factor) in self.ways.chunks_exact(d).zip(self.factors) {
                let scaled = factor * way[i];
                for (into, way) in row.iter_mut().zip(&way[..i + 1]) {
                    *into += scaled * way;
                }
            }
            for other in self.others {
                let theirs = other.squares().chunks_exact(d).nth(i);
                for (into, square) in row.iter_mut().zip(theirs.unwrap_or_default()) {
                    *into += square;
                }
            }
        }
    }
}

impl Statistics for GaussianStatistics {
    fn weight(&self) -> f64 {
        self.parts.weight()
    }
    fn clear(&mut self) {
        Statistics::clear(&mut self.parts);
    }
    fn merge(&mut self, other: &Self) {
        match self.pooled {
            true => self.merge_parts(&other.parts),
            false => self.parts.merge(&other.parts),
        }
    }
    fn scale(&mut self, factor: f64) {
        self.parts.scale(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of three components, in parts, with the sum alone and with a scatter each.
    #[test]
    fn the_sum_is_that_of_all_scatters() {
        let x = |i: usize, j: usize| ((7 * i + 3 * j) % 11) as f64 + 100.0 * j as f64;
        let weight = |i: usize| 0.5 + (i % 4) as f64;
        let mut each = GaussianStatistics::each(3, 5, true);
        let mut sums = [(); 3].map(|()| GaussianStatistics::pooled(3, 5));
        for i in 0..40 {
            let row: Vec<f64> = (0..5).map(|j| x(i, j)).collect();
            each.add(i % 3, &row, weight(i));
            match i % 4 {
                // The third has no row of the second component.
                0 if i % 3 != 1 => sums[2].add(i % 3, &row, weight(i)),
                0 | 1 => sums[0].add(i % 3, &row, weight(i)),
                _ => sums[1].add_to_each(|parts| parts[i % 3].add(&row, weight(i))),
            }
        }
        let [mut sum, second, third] = sums;
        sum.merge(&third);
        sum.merge(&second);
        sum.merge(&GaussianStatistics::pooled(3, 5));
        assert!(sum.is_pooled() && !each.is_pooled());
        let total = |parts: &[Scatter], e: usize| -> f64 {
            parts.iter().map(|part| part.matrix()[e]).sum()
        };
        for e in 0..25 {
            let expected = total(each.parts(), e);
            // Some forty roundings of squares up to 2000.
            assert!((total(sum.parts(), e) - expected).abs() < 1e-11);
            assert!((total(&sum.with_a_scatter_each(), e) - expected).abs() < 1e-11);
        }
        for (a, b) in sum.parts().iter().zip(each.parts()) {
            assert!((a.weight() - b.weight()).abs() < 1e-13);
            for (a, b) in a.mean().iter().zip(b.mean()) {
                assert!((a - b).abs() < 1e-12);
            }
        }
        let half = total(sum.parts(), 0) / 2.0;
        sum.scale(0.5);
        assert_eq!(total(sum.parts(), 0), half);
        sum.clear();
        assert_eq!(sum, GaussianStatistics::pooled(3, 5));
    }
}
