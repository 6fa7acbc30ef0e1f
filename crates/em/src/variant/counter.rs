//! Random numbers by place: a function of seed, iteration and row, and of nothing that ran before.

/// The output function of SplitMix64 (Steele, Lea & Flood 2014).
fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// A key for [`uniform`] from a seed and two numbers, such as a start and an iteration.
pub(super) fn key(seed: u64, first: usize, second: usize) -> u64 {
    mix(mix(mix(seed) ^ first as u64) ^ second as u64)
}

/// A number in \[0, 1), uniform over `place`.
pub(super) fn uniform(key: u64, place: usize) -> f64 {
    // 53 bits: every double of the grid 2⁻⁵³ is reached.
    (mix(key ^ mix(place as u64)) >> 11) as f64 * 2.0f64.powi(-53)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_uniform_and_independent_of_their_neighbours() {
        // 10⁵ numbers: the mean is within 4 standard errors (4/√(12·10⁵) = 0.0037), and so are the
        // correlations with the next place, iteration and start (4/√10⁵ = 0.013).
        let count = 100_000;
        let at = |start, iteration, place| uniform(key(7, start, iteration), place) - 0.5;
        let of = |f: &dyn Fn(usize) -> f64| (0..count).map(f).sum::<f64>() / count as f64;
        assert!(of(&|i| at(0, 1, i)).abs() < 0.0037);
        for (start, iteration, shift) in [(0, 1, 1), (0, 2, 0), (1, 1, 0)] {
            let product = of(&|i| 12.0 * at(0, 1, i) * at(start, iteration, i + shift));
            assert!(product.abs() < 0.013, "{start} {iteration} {shift}");
        }
    }
}
