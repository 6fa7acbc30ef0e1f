//! Where eigenvalues are cut that may differ by a factor at most.

/// The interval \[m, c m\] into which the eigenvalues λ_kj ≤ c λ_li must be brought: that of the maximiser of
///
/// −½ Σ_k N_k Σ_j (ln λ_kj + d_kj/λ_kj),
///
/// d_kj being the eigenvalues of W_k/N_k; `None` where these need not be cut. With m given λ_kj is d_kj cut at
/// m and c m. The derivative in m then has the sign of −g(m),
///
/// g(m) = Σ_kj N_k ((m − d_kj)⁺ − (d_kj/c − m)⁺),
///
/// which rises, piecewise linearly between the d_kj and d_kj/c: m is its root, found in its piece.
///
/// # References
/// García-Escudero, Gordaliza, Matrán & Mayo-Iscar (2008), A general trimming approach to robust cluster
/// analysis. Annals of Statistics 36, 1324–1345. Fritz, García-Escudero & Mayo-Iscar (2013), A fast
/// algorithm for robust constrained clustering. Computational Statistics & Data Analysis 61, 124–136.
pub(crate) fn truncation(spectra: &[&[f64]], counts: &[f64], ratio: f64) -> Option<(f64, f64)> {
    let all = || {
        let parts = spectra.iter().zip(counts);
        parts.flat_map(|(values, &count)| values.iter().map(move |&value| (value.max(0.0), count)))
    };
    let least = all().fold(f64::INFINITY, |a, (value, _)| a.min(value));
    let greatest = all().fold(0.0, |a: f64, (value, _)| a.max(value));
    if !(greatest > ratio * least && greatest.is_finite()) {
        return None;
    }
    let slope = |m: f64| -> f64 {
        all()
            .map(|(value, count)| count * ((m - value).max(0.0) - (value / ratio - m).max(0.0)))
            .sum()
    };
    let mut knots: Vec<f64> = all()
        .flat_map(|(value, _)| [value, value / ratio])
        .collect();
    knots.sort_by(f64::total_cmp);
    // Negative at the least knot, positive at the greatest.
    let above = knots.partition_point(|&knot| slope(knot) < 0.0);
    let right = knots[above.min(knots.len() - 1)];
    let left = knots[above.saturating_sub(1)];
    let within = 0.5 * (left + right);
    let (mut weight, mut sum) = (0.0, 0.0);
    for (value, count) in all() {
        if value < within {
            weight += count;
            sum += count * value;
        } else if value / ratio > within {
            weight += count;
            sum += count * value / ratio;
        }
    }
    let m = (sum / weight).clamp(left, right);
    Some((m, ratio * m))
}

#[cfg(test)]
mod tests {
    use super::truncation;

    /// −½ Σ N (ln λ + d/λ), with the d cut at m and c m.
    fn objective(spectra: &[&[f64]], counts: &[f64], ratio: f64, m: f64) -> f64 {
        let mut sum = 0.0;
        for (values, count) in spectra.iter().zip(counts) {
            for value in *values {
                let cut = value.clamp(m, ratio * m);
                sum -= 0.5 * count * (cut.ln() + value / cut);
            }
        }
        sum
    }

    /// The naive form of Fritz et al.: the best of the candidates of all 2Kd + 1 pieces.
    fn best_of_candidates(spectra: &[&[f64]], counts: &[f64], ratio: f64) -> f64 {
        let mut knots: Vec<f64> = (spectra.iter())
            .flat_map(|values| values.iter().flat_map(|v| [*v, v / ratio]))
            .collect();
        knots.sort_by(f64::total_cmp);
        knots.insert(0, 0.0);
        knots.push(2.0 * knots[knots.len() - 1]);
        let mut best = f64::NEG_INFINITY;
        for piece in knots.windows(2) {
            let within = 0.5 * (piece[0] + piece[1]);
            let (mut weight, mut sum) = (0.0, 0.0);
            for (values, count) in spectra.iter().zip(counts) {
                for value in *values {
                    if *value < within {
                        weight += count;
                        sum += count * value;
                    } else if *value > ratio * within {
                        weight += count;
                        sum += count * value / ratio;
                    }
                }
            }
            if weight > 0.0 && sum > 0.0 {
                best = best.max(objective(spectra, counts, ratio, sum / weight));
            }
        }
        best
    }

    #[test]
    fn the_root_is_the_best_candidate_and_the_best_point_of_a_grid() {
        let mut state = 9u64;
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for trial in 0..200 {
            let (k, d) = (1 + trial % 4, 1 + trial % 3);
            let spectra: Vec<Vec<f64>> = (0..k)
                .map(|_| (0..d).map(|_| (8.0 * draw() - 4.0).exp()).collect())
                .collect();
            let spectra: Vec<&[f64]> = spectra.iter().map(|part| &part[..]).collect();
            let counts: Vec<f64> = (0..k).map(|_| 0.1 + 50.0 * draw()).collect();
            let ratio = 1.0 + 20.0 * draw();
            let Some((m, high)) = truncation(&spectra, &counts, ratio) else {
                continue;
            };
            assert_eq!(high, ratio * m);
            let reached = objective(&spectra, &counts, ratio, m);
            let best = best_of_candidates(&spectra, &counts, ratio);
            assert!(
                (reached - best).abs() <= 1e-12 * best.abs().max(1.0),
                "{reached} {best}"
            );
            for step in -400..400 {
                let other = m * (f64::from(step) / 100.0).exp();
                assert!(objective(&spectra, &counts, ratio, other) <= reached + 1e-11);
            }
        }
    }

    #[test]
    fn what_is_within_the_ratio_is_not_cut() {
        assert_eq!(truncation(&[&[1.0, 2.0], &[4.0]], &[3.0, 1.0], 4.0), None);
        assert_eq!(truncation(&[&[0.0], &[0.0]], &[3.0, 1.0], 4.0), None);
        assert_eq!(
            truncation(&[&[f64::INFINITY], &[1.0]], &[3.0, 1.0], 4.0),
            None
        );
        // A component on a point: m with N₁ m = N₂ (d/c − m), which is 1.
        let (low, high) = truncation(&[&[0.0], &[8.0]], &[1.0, 1.0], 4.0).unwrap();
        assert_eq!((low, high), (1.0, 4.0));
    }
}
