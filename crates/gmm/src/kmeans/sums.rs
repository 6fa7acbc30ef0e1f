//! Sums of the rows of each cluster, kept by what changes.

use distributions::Statistics;

/// What a cluster holds.
#[derive(Clone, Debug, Default)]
struct Tally {
    /// How many rows of positive weight.
    rows: i64,
    /// Σ w, and the sum of all weights that ever came or went.
    weight: f64,
    weight_moved: f64,
    /// Σ w Σ_j |y_j|, and the same of all rows that ever came or went.
    length: f64,
    length_moved: f64,
}

/// Σ w y of the rows of each cluster: rows come and go, so that those which stay cost nothing.
#[derive(Clone, Debug)]
pub(super) struct ClusterSums {
    /// K × d.
    sums: Vec<f64>,
    tallies: Vec<Tally>,
    dimension: usize,
    /// How many labels changed.
    changed: usize,
}

/// Sums that took part in more than so many times what they hold are made anew: until then they are off by at
/// most as many times what a sum over the rows may be off.
const STALE: f64 = 8.0;

impl ClusterSums {
    pub(super) fn new(clusters: usize, dimension: usize) -> Self {
        ClusterSums {
            sums: vec![0.0; clusters * dimension],
            tallies: vec![Tally::default(); clusters],
            dimension,
            changed: 0,
        }
    }
    /// Whether any label changed.
    pub(super) fn changed(&self) -> bool {
        self.changed > 0
    }
    /// A row comes to a cluster, and leaves another.
    #[inline(always)]
    pub(super) fn change(&mut self, y: &[f64], weight: f64, from: Option<u32>, to: u32) {
        self.changed += 1;
        // Rows without weight need not be finite.
        if weight > 0.0 {
            let length = weight * absolute(y);
            self.add(y, weight, length, to, 1);
            if let Some(from) = from {
                self.add(y, -weight, length, from, -1);
            }
        }
    }
    #[inline(always)]
    fn add(&mut self, y: &[f64], weight: f64, length: f64, to: u32, rows: i64) {
        let (k, d) = (to as usize, self.dimension);
        for (sum, y) in self.sums[k * d..(k + 1) * d].iter_mut().zip(y) {
            *sum += weight * y;
        }
        let tally = &mut self.tallies[k];
        tally.rows += rows;
        tally.weight += weight;
        tally.weight_moved += weight.abs();
        tally.length += rows as f64 * length;
        tally.length_moved += length;
    }
    /// Clusters without rows hold nothing, not even what rounding left.
    pub(super) fn tidy(&mut self) {
        let d = self.dimension;
        for (tally, sums) in self.tallies.iter_mut().zip(self.sums.chunks_exact_mut(d)) {
            if tally.rows == 0 {
                *tally = Tally::default();
                sums.fill(0.0);
            }
        }
    }
    /// Whether rows that left may have taken digits along.
    pub(super) fn is_stale(&self) -> bool {
        let fresh = |moved: f64, held: f64| moved <= STALE * held;
        !self.tallies.iter().all(|tally| {
            fresh(tally.weight_moved, tally.weight) && fresh(tally.length_moved, tally.length)
        })
    }
    /// The clusters without rows.
    pub(super) fn empty(&self) -> Vec<usize> {
        let rows = self.tallies.iter().map(|tally| tally.rows);
        rows.enumerate()
            .filter(|own| own.1 == 0)
            .map(|own| own.0)
            .collect()
    }
    /// The means, K × d, of those that have rows.
    pub(super) fn means(&self) -> Vec<f64> {
        let mut means = self.sums.clone();
        for (mean, tally) in means.chunks_exact_mut(self.dimension).zip(&self.tallies) {
            mean.iter_mut().for_each(|sum| *sum /= tally.weight);
        }
        means
    }
}

/// Σ_j |y_j|, in sums that do not wait for each other.
#[inline(always)]
fn absolute(y: &[f64]) -> f64 {
    let (parts, rest) = y.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for part in parts {
        (sums.iter_mut().zip(part)).for_each(|(sum, y)| *sum += y.abs());
    }
    sums.iter().sum::<f64>() + rest.iter().map(|y| y.abs()).sum::<f64>()
}

impl Statistics for ClusterSums {
    fn weight(&self) -> f64 {
        self.tallies.iter().map(|tally| tally.weight).sum()
    }
    fn clear(&mut self) {
        self.sums.fill(0.0);
        self.tallies.fill(Tally::default());
        self.changed = 0;
    }
    fn merge(&mut self, other: &Self) {
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            *sum += other;
        }
        for (tally, other) in self.tallies.iter_mut().zip(&other.tallies) {
            tally.rows += other.rows;
            tally.weight += other.weight;
            tally.weight_moved += other.weight_moved;
            tally.length += other.length;
            tally.length_moved += other.length_moved;
        }
        self.changed += other.changed;
    }
    fn scale(&mut self, factor: f64) {
        self.sums.iter_mut().for_each(|sum| *sum *= factor);
        for tally in &mut self.tallies {
            tally.weight *= factor;
            tally.weight_moved *= factor;
            tally.length *= factor;
            tally.length_moved *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_take_digits_along_are_noticed() {
        let mut sums = ClusterSums::new(2, 1);
        (1..=100).for_each(|i| sums.change(&[0.01 * f64::from(i)], 0.3, None, 0));
        assert!(!sums.is_stale());
        sums.change(&[1e16], 0.3, None, 0);
        assert!(!sums.is_stale());
        sums.change(&[1e16], 0.3, Some(0), 1);
        assert!(sums.is_stale());
        // A weight that dwarfs the others, at the mean.
        let mut sums = ClusterSums::new(2, 1);
        (1..=100).for_each(|i| sums.change(&[0.01 * f64::from(i)], 1e-12, None, 0));
        sums.change(&[1e-12], 1e6, None, 0);
        sums.change(&[1e-12], 1e6, Some(0), 1);
        assert!(sums.is_stale());
    }

    #[test]
    fn clusters_without_rows_hold_nothing() {
        let mut sums = ClusterSums::new(2, 1);
        let weights = [0.1, 0.2, 0.7];
        weights
            .iter()
            .for_each(|&w| sums.change(&[0.3], w, None, 0));
        weights
            .iter()
            .rev()
            .for_each(|&w| sums.change(&[0.3], w, Some(0), 1));
        sums.tidy();
        assert_eq!(sums.empty(), [0]);
        assert!((sums.means()[1] - 0.3).abs() < 1e-15);
        assert!(!sums.is_stale());
    }
}
