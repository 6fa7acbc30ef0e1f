//! From the moments of the observed columns to those of all.

use super::pattern::Pattern;
use crate::gaussian::Regression;
use crate::kernel;
use crate::scatter::Scatter;
use distributions::Scratch;

impl Pattern {
    /// Adds rows, given by their observed columns, to the statistic of component k.
    pub(super) fn accumulate(
        &self,
        k: usize,
        columns: &[f64],
        weights: &[f64],
        into: &mut Scatter,
        scratch: &mut Scratch,
    ) {
        let marginal = &self.marginals[k];
        let o = marginal.dimension();
        // Diagonal covariances and a diagonal statistic: then the products of columns are in neither.
        let full = into.is_full() || !self.regressions[k].gain.is_empty();
        let squares = scratch.take_vec(if full { o * o } else { o });
        let mut observed = Scatter::in_buffers(scratch.take_vec(o), squares);
        kernel::accumulate(
            std::slice::from_mut(&mut observed),
            std::slice::from_ref(marginal),
            columns,
            weights,
            weights.len(),
            scratch,
        );
        self.carry(k, &observed, into, scratch);
        let (mean, squares) = observed.into_buffers();
        scratch.give(squares);
        scratch.give(mean);
    }

    /// Adds what the statistic `observed` of the observed columns, N, m_o and W_oo, makes of all columns by
    /// the regression x_m = μ_m + G (x_o − μ_o) + noise of covariance C:
    ///
    /// m_m = μ_m + G (m_o − μ_o), W_mo = G W_oo, W_mm = G W_oo Gᵀ + N C.
    pub(super) fn carry(
        &self,
        k: usize,
        observed: &Scatter,
        into: &mut Scatter,
        scratch: &mut Scratch,
    ) {
        use distributions::Statistics;
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
            let noise = |b: usize| weight * regression.covariance[a * m + b];
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
