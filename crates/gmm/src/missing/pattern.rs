//! One pattern of missing cells: what the observed columns say about the missing ones.

use crate::gaussian::{Gaussian, Regression};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// A pattern of missing cells under K Gaussians.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The observed columns, rising.
    pub(super) observed: Vec<usize>,
    /// The missing columns, rising.
    pub(super) missing: Vec<usize>,
    /// The distributions of the observed columns; none where nothing is observed.
    pub(super) marginals: Vec<Gaussian>,
    /// The regressions of the missing on the observed columns.
    pub(super) regressions: Vec<Regression>,
}

impl Pattern {
    fn new(gaussians: &[Gaussian], row: &[f64]) -> Self {
        let columns = 0..row.len();
        let (missing, observed): (Vec<usize>, Vec<usize>) = columns.partition(|&j| row[j].is_nan());
        let split = |gaussian: &Gaussian| gaussian.split(&observed, &missing);
        let (marginals, regressions) = match observed.len() {
            0 => Default::default(),
            _ => gaussians.iter().map(split).unzip(),
        };
        Pattern {
            observed,
            missing,
            marginals,
            regressions,
        }
    }
    /// The observed cells of a row of this pattern.
    pub(super) fn observed_part(&self, x: &[f64]) -> Vec<f64> {
        self.observed.iter().map(|&j| x[j]).collect()
    }
    fn is_of(&self, row: &[f64]) -> bool {
        self.missing.iter().all(|&j| row[j].is_nan())
            && self.observed.iter().all(|&j| !row[j].is_nan())
    }
}

/// The missing cells of a row as the bits of a number. Beyond 64 columns different patterns may have the
/// same number.
pub(super) fn signature(row: &[f64]) -> u64 {
    let bit = |(j, x): (usize, &f64)| u64::from(x.is_nan()) << j;
    let words = row.chunks(64);
    let bits = words.map(|row| row.iter().enumerate().map(bit).fold(0, |a, b| a | b));
    bits.fold(0, |sum, bits| mixed(sum) ^ bits)
}

/// The bits of a number well mixed, and 0 for 0 (the end of SplitMix64: Steele, Lea & Flood 2014).
fn mixed(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Numbers kept for patterns at most: 64 MiB. What has no room is computed for each block.
const ROOM: usize = 1 << 23;

/// The patterns that were met under some Gaussians: each is factorised once. What is found here and what
/// is made anew are the same bits, so that it does not matter which thread comes first.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    met: RwLock<HashMap<u64, Arc<Pattern>>>,
}

impl Patterns {
    /// The pattern of a row.
    pub(super) fn of(&self, gaussians: &[Gaussian], row: &[f64]) -> Arc<Pattern> {
        let signature = signature(row);
        // After a panic elsewhere there is only no memory.
        let known = self.met.read().ok();
        if let Some(pattern) = known.and_then(|met| met.get(&signature).cloned())
            && pattern.is_of(row)
        {
            return pattern;
        }
        let pattern = Arc::new(Pattern::new(gaussians, row));
        // A factor and what is packed of it, gains and covariances: about four matrices.
        let size = 4 * gaussians.len() * row.len() * row.len();
        if let Ok(mut met) = self.met.write()
            && met.len() * size < ROOM
        {
            met.entry(signature).or_insert_with(|| pattern.clone());
        }
        pattern
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_tell_patterns_apart() {
        for d in [1, 2, 5, 64, 65, 130] {
            let mut seen = std::collections::HashSet::new();
            for gap in 0..d {
                let mut row = vec![0.5; d];
                row[gap] = f64::NAN;
                assert!(seen.insert(signature(&row)), "{d} {gap}");
            }
            assert_eq!(signature(&vec![0.5; d]), 0);
        }
    }

    /// Two patterns of one signature are told apart by the row.
    #[test]
    fn a_pattern_knows_its_rows() {
        let gaussians = [Gaussian::standard(3)];
        let pattern = Pattern::new(&gaussians, &[1.0, f64::NAN, 2.0]);
        assert!(pattern.is_of(&[7.0, f64::NAN, 8.0]));
        assert!(!pattern.is_of(&[f64::NAN, f64::NAN, 8.0]));
        assert!(!pattern.is_of(&[7.0, 1.0, 8.0]));
        assert_eq!(
            (&pattern.observed[..], &pattern.missing[..]),
            (&[0, 2][..], &[1][..])
        );
    }
}
