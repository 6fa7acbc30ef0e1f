//! From the moments of the observed columns to those of all.

use super::pattern::Pattern;
use crate::gaussian::Regression;
use crate::kernel;
use crate::scatter::Scatter;
use distributions::{Scratch, Statistics};

impl Pattern {
    /// Adds rows, given by their observed columns, to the statistics of all components, row i to component k with
    /// weight `weights[k * rows + i]`. `parts` is room for statistics.
    pub(super) fn accumulate(
        &self,
        columns: &[f64],
        weights: &[f64],
        into: &mut [Scatter],
        parts: &mut Vec<Scatter>,
        scratch: &mut Scratch,
    ) {
        let (o, rows) = (self.observed.len(), weights.len() / into.len());
        // Diagonal covariances and a diagonal statistic: then the products of columns are in neither.
        let full = into[0].is_full()
            || (self.regressions.iter()).any(|regression| !regression.gain.is_empty());
        let buffers = |scratch: &mut Scratch| {
            let squares = scratch.take_vec(if full { o * o } else { o });
            Scatter::in_buffers(scratch.take_vec(o), squares)
        };
        parts.extend((0..into.len()).map(|_| buffers(scratch)));
        kernel::accumulate(parts, &self.marginals, columns, weights, rows, scratch);
        for (k, observed) in parts.drain(..).enumerate() {
            self.carry(k, &observed, observed.weight(), &mut into[k], scratch);
            let (mean, squares) = observed.into_buffers();
            scratch.give(squares);
            scratch.give(mean);
        }
    }

    /// Adds what the statistic `observed` of the observed columns, N, m_o and W_oo, makes of all columns by
    /// the regression x_m = μ_m + G (x_o − μ_o) + noise of covariance C:
    ///
    /// m_m = μ_m + G (m_o − μ_o), W_mo = G W_oo, W_mm = G W_oo Gᵀ + `count` C, the count being N but for rows with
    /// latent scales.
    pub(super) fn carry(
        &self,
        k: usize,
        observed: &Scatter,
        count: f64,
        into: &mut Scatter,
        scratch: &mut Scratch,
    ) {
        let (weight, d) = (observed.weight(), into.dimension());
        // Not `weight > 0.0`, so that NaN is seen.
        if weight == 0.0 {
            return;
        }
        let (marginal, regression) = (&self.marginals[k], &self.regressions[k]);
        let full = into.is_full();
        let mut mean = scratch.take_dirty(d);
        for (&j, &value) in self.observed.iter().zip(observed.mean()) {
            mean[j] = value;
        }
        let shift = |i: usize| observed.mean()[i] - marginal.mean()[i];
        for (a, &j) in self.missing.iter().enumerate() {
            let gains = regression.gains(a, self.observed.len()).iter().enumerate();
            mean[j] = regression.mean[a] + gains.map(|(i, gain)| gain * shift(i)).sum::<f64>();
        }
        let mut squares = scratch.take(if full { d * d } else { d });
        let mut write = |i: usize, j: usize, value: f64| {
            if full {
                squares[i.max(j) * d + i.min(j)] = value;
            } else if i == j {
                squares[i] = value;
            }
        };
        for (i, &row) in self.observed.iter().enumerate() {
            write(row, row, observed.square(i));
            if full {
                (0..i).for_each(|j| write(row, self.observed[j], observed.product(i, j)));
            }
        }
        let mut cross = scratch.take_dirty(self.observed.len());
        for (a, &row) in self.missing.iter().enumerate() {
            let m = self.missing.len();
            let noise = |b: usize| count * regression.covariance[a * m + b];
            if regression.gain.is_empty() {
                write(row, row, noise(a));
                continue;
            }
            let gains = regression.gains(a, self.observed.len());
            for (i, entry) in cross.iter_mut().enumerate() {
                let product =
                    |(j, gain): (usize, &f64)| gain * observed.product(i.max(j), i.min(j));
                *entry = gains.iter().enumerate().map(product).sum();
                write(row, self.observed[i], *entry);
            }
            for b in 0..=a {
                let gains = regression.gains(b, self.observed.len());
                let explained: f64 = gains.iter().zip(&cross).map(|(g, c)| g * c).sum();
                write(row, self.missing[b], explained + noise(b));
            }
        }
        into.add_moments(weight, &mean, &squares);
        scratch.give(cross);
        scratch.give(squares);
        scratch.give(mean);
    }
}

impl Regression {
    /// The gains of missing column `a` on the `observed` columns; nothing where they are 0.
    fn gains(&self, a: usize, observed: usize) -> &[f64] {
        if self.gain.is_empty() {
            &[]
        } else {
            &self.gain[a * observed..(a + 1) * observed]
        }
    }
}
