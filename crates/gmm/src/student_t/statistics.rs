//! What an M-step of multivariate t distributions needs to know about the rows.

use super::tail::Latent;
use crate::scatter::Scatter;
use distributions::Statistics;

/// Of each component: the [`Scatter`] of the rows, weighted by w u, and Σ w, Σ w (u − 1 − ln u) and
/// Σ w (u − 1)², where u = (ν + d)/(ν + δ²) is the latent scale that a row is expected to have under the
/// current iterate.
///
/// The *gap* u − 1 − ln u ≥ 0 and the square carry what the degrees of freedom need, without cancellation
/// when they are many and every u is near 1. They are not added up where these are fixed.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LatentScatters {
    pub(crate) scatters: Vec<Scatter>,
    pub(crate) counts: Vec<f64>,
    pub(crate) gaps: Vec<f64>,
    pub(crate) squares: Vec<f64>,
}

impl LatentScatters {
    /// Nothing seen, by `components` components in `dimension` columns; `full` keeps the whole of each
    /// scatter, else its diagonal.
    pub fn new(components: usize, dimension: usize, full: bool) -> Self {
        LatentScatters {
            scatters: vec![Scatter::new(dimension, full); components],
            counts: vec![0.0; components],
            gaps: vec![0.0; components],
            squares: vec![0.0; components],
        }
    }
    /// The scatter of component k; its weight is Σ w u.
    pub fn scatter(&self, k: usize) -> &Scatter {
        &self.scatters[k]
    }
    /// Σ w of component k.
    pub fn count(&self, k: usize) -> f64 {
        self.counts[k]
    }
    /// Σ w (u − 1 − ln u) of component k.
    pub fn gap(&self, k: usize) -> f64 {
        self.gaps[k]
    }
    /// Σ w (u − 1)² of component k.
    pub fn square(&self, k: usize) -> f64 {
        self.squares[k]
    }
    /// Adds one row to component k with weight `weight`, at its latent scale.
    pub(crate) fn add(&mut self, k: usize, x: &[f64], weight: f64, latent: Latent) {
        let Latent { scale, excess, gap } = latent;
        self.counts[k] += weight;
        self.gaps[k] += weight * gap;
        self.squares[k] += weight * excess * excess;
        if weight * scale > 0.0 {
            self.scatters[k].add(x, weight * scale);
        }
    }
}

impl Statistics for LatentScatters {
    fn weight(&self) -> f64 {
        self.counts.iter().sum()
    }
    fn clear(&mut self) {
        self.scatters.iter_mut().for_each(Scatter::clear);
        self.counts.fill(0.0);
        self.gaps.fill(0.0);
        self.squares.fill(0.0);
    }
    fn merge(&mut self, other: &Self) {
        self.scatters.merge(&other.scatters);
        let sums = |mine: &mut [f64], theirs: &[f64]| {
            mine.iter_mut().zip(theirs).for_each(|(m, t)| *m += t);
        };
        sums(&mut self.counts, &other.counts);
        sums(&mut self.gaps, &other.gaps);
        sums(&mut self.squares, &other.squares);
    }
    fn scale(&mut self, factor: f64) {
        self.scatters.scale(factor);
        for sums in [&mut self.counts, &mut self.gaps, &mut self.squares] {
            sums.iter_mut().for_each(|sum| *sum *= factor);
        }
    }
}
