//! Drawing: x = μ + L z with z standard normal.

use super::Gaussian;
use distributions::{RowsBuffer, Sample};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

impl Sample for Gaussian {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        RowsBuffer::new(self.dimension())
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut RowsBuffer<f64>) {
        self.draw_scaled(1.0, rng, into);
    }
}

impl Gaussian {
    /// Appends a draw of μ + `scale` · L z.
    pub(crate) fn draw_scaled<R: Rng + ?Sized>(
        &self,
        scale: f64,
        rng: &mut R,
        into: &mut RowsBuffer<f64>,
    ) {
        let start = into.values.len();
        into.values.extend_from_slice(&self.mean);
        let x = &mut into.values[start..];
        for j in 0..self.mean.len() {
            let z: f64 = StandardNormal.sample(rng);
            let z = scale * z;
            match &*self.covariance {
                super::Covariance::Diagonal(variances) => x[j] += variances[j].sqrt() * z,
                super::Covariance::Full(_) => {
                    for (i, value) in x.iter_mut().enumerate().skip(j) {
                        *value += self.factor.at(i, j) * z;
                    }
                }
            }
        }
    }
}
