//! The generative story of a mixture: draw the class, then the observation.

use crate::mixture::Mixture;
use crate::set::ComponentSet;
use distributions::{Buffer, Component, Sample};
use rand::{Rng, RngExt};

/// Draws the latent class, then the observation: the generative story of a mixture.
impl<S: ComponentSet + SampleSet> Mixture<S> {
    /// Draws z with p(z = k) = π_k.
    pub fn draw_label<R: Rng + ?Sized>(&self, rng: &mut R) -> usize {
        draw_class(self.weights(), rng)
    }
    /// Draws z with p(z = k) = π_k, then x from p_k; appends x to `into` and returns z.
    pub fn draw_with_label<R: Rng + ?Sized>(
        &self,
        rng: &mut R,
        into: &mut Buffer<S::Space>,
    ) -> usize {
        let k = self.draw_label(rng);
        self.components().draw(k, rng, into);
        k
    }
    /// Draws `count` observations with their latent classes.
    pub fn sample_with_labels<R: Rng + ?Sized>(
        &self,
        rng: &mut R,
        count: usize,
    ) -> (Buffer<S::Space>, Vec<usize>) {
        let mut buffer = self.components().empty_buffer();
        let labels = (0..count)
            .map(|_| self.draw_with_label(rng, &mut buffer))
            .collect();
        (buffer, labels)
    }
}

impl<S: ComponentSet + SampleSet> Sample for Mixture<S> {
    fn empty_buffer(&self) -> Buffer<S::Space> {
        self.components().empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<S::Space>) {
        self.draw_with_label(rng, into);
    }
}

/// A set whose components can be drawn from.
pub trait SampleSet: ComponentSet {
    /// A buffer with no row, of the shape of this set's observations.
    fn empty_buffer(&self) -> Buffer<Self::Space>;
    /// Draws one observation from component k and appends it to `into`.
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut Buffer<Self::Space>);
}

impl<C: Component + Sample> SampleSet for Vec<C> {
    fn empty_buffer(&self) -> Buffer<C::Space> {
        self[0].empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut Buffer<C::Space>) {
        self[k].draw(rng, into);
    }
}

/// The index k with probability `weights[k]`: the latent class of a row whose weights are these.
pub fn draw_class<R: Rng + ?Sized>(weights: &[f64], rng: &mut R) -> usize {
    let mut rest: f64 = rng.random();
    let last = weights.iter().rposition(|&w| w > 0.0).unwrap_or(0);
    for (k, weight) in weights.iter().enumerate().take(last) {
        rest -= weight;
        if rest < 0.0 {
            return k;
        }
    }
    last
}
