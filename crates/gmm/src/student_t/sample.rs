//! Drawing: x = μ + L z/√τ with z standard normal and τ ~ Gamma(ν/2, ν/2).

use super::{MultivariateT, MultivariateTs, Tail};
use crate::gaussian::Gaussian;
use distributions::{Gamma, RowsBuffer, Sample};
use em::SampleSet;
use rand::Rng;

fn draw<R: Rng + ?Sized>(
    gaussian: &Gaussian,
    tail: &Tail,
    rng: &mut R,
    into: &mut RowsBuffer<f64>,
) {
    let half = 0.5 * tail.df();
    // A gamma draw is never 0, even where its shape is tiny.
    let scale = Gamma::new(half, half).map_or(1.0, |gamma| gamma.sample(rng, 1)[0]);
    gaussian.draw_scaled(1.0 / scale.sqrt(), rng, into);
}

impl Sample for MultivariateT {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        RowsBuffer::new(self.dimension())
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut RowsBuffer<f64>) {
        draw(&self.gaussian, &self.tail, rng, into);
    }
}

impl SampleSet for MultivariateTs {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        RowsBuffer::new(self.dimension())
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut RowsBuffer<f64>) {
        draw(&self.gaussians[k], &self.tails[k], rng, into);
    }
}
