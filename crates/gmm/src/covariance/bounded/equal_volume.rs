//! Eigenvalues with equal products: EVI, EVV, and EVE with its axes given.

use super::root::root;
use crate::variance_bound::VarianceBound;

/// λ_kj within the bound with Σ_j ln λ_kj the same for all k that minimise Σ_k N_k Σ_j (ln λ_kj + s_kj/λ_kj), the
/// s_kj ≥ 0 being `variances`, of which one is positive.
///
/// Given v = Σ_j ln λ_kj and the bounds, each component has λ_kj = s_kj/κ_k cut at the bounds, with the κ_k that
/// gives the sum. κ_k falls in v, and v is the root of Σ_k N_k (1 − κ_k). The bounds of a ratio stand where the
/// objective does not change when they move, and all λ_kj with them: where Σ_kj N_k (1 − s_kj/λ_kj) = 0.
pub(in crate::covariance) fn equal_volume(
    variances: &[Vec<f64>],
    counts: &[f64],
    bound: VarianceBound,
) -> Vec<Vec<f64>> {
    let problem = EqualVolume {
        logs: (variances.iter())
            .map(|part| part.iter().map(|s| s.ln()).collect())
            .collect(),
        counts,
    };
    let best = match bound {
        VarianceBound::Floor(least) => problem.between(least.ln(), f64::INFINITY),
        VarianceBound::Ratio(ratio) => problem.within_width(ratio.ln()),
    };
    (best.into_iter())
        .map(|part| part.into_iter().map(f64::exp).collect())
        .collect()
}

struct EqualVolume<'a> {
    /// ln s_kj.
    logs: Vec<Vec<f64>>,
    counts: &'a [f64],
}

/// ln λ_j of one component, and its κ.
struct Level {
    logs: Vec<f64>,
    kappa: f64,
}

impl EqualVolume<'_> {
    fn within_width(&self, width: f64) -> Vec<Vec<f64>> {
        let finite = || self.logs.concat().into_iter().filter(|x| x.is_finite());
        let least = finite().fold(f64::INFINITY, f64::min);
        let greatest = finite().fold(f64::NEG_INFINITY, f64::max);
        // Below, all is cut from above; above, all from below.
        let slope = |low: f64| self.slope(&self.between(low, low + width));
        let low = root(slope, least - width - 1.0, greatest + 1.0);
        self.between(low, low + width)
    }
    /// The best with low ≤ ln λ_kj ≤ high.
    fn between(&self, low: f64, high: f64) -> Vec<Vec<f64>> {
        let d = self.logs[0].len() as f64;
        let cut = |part: &Vec<f64>| part.iter().map(|x| x.clamp(low, high)).sum::<f64>();
        let sums = || self.logs.iter().map(cut);
        let least = sums().fold(f64::INFINITY, f64::min);
        let greatest = sums().fold(f64::NEG_INFINITY, f64::max);
        // Where all eigenvalues are at one bound, the κ_k are what they tend to there.
        let total: f64 = self.counts.iter().sum();
        let tends = |extreme: fn(f64, f64) -> f64, from: f64, to: f64| {
            let kappa = |part: &Vec<f64>| (part.iter().copied().fold(from, extreme) - to).exp();
            let parts = self.logs.iter().zip(self.counts);
            total - parts.map(|(part, count)| count * kappa(part)).sum::<f64>()
        };
        if least <= d * low && tends(f64::max, f64::NEG_INFINITY, low) >= 0.0 {
            return (self.logs.iter())
                .map(|part| vec![low; part.len()])
                .collect();
        }
        if greatest >= d * high && tends(f64::min, f64::INFINITY, high) <= 0.0 {
            return (self.logs.iter())
                .map(|part| vec![high; part.len()])
                .collect();
        }
        let excess = |sum: f64| -> f64 {
            let parts = self.logs.iter().zip(self.counts);
            let kappa = |part: &Vec<f64>| level(part, low, high, sum).kappa;
            let term = |(part, count): (&Vec<f64>, &f64)| count * (1.0 - kappa(part));
            parts.map(term).sum()
        };
        let sum = root(excess, least, greatest);
        (self.logs.iter())
            .map(|part| level(part, low, high, sum).logs)
            .collect()
    }
    /// Σ_kj N_k (1 − s_kj/λ_kj).
    fn slope(&self, logs: &[Vec<f64>]) -> f64 {
        let parts = self.logs.iter().zip(logs).zip(self.counts);
        let term = |((part, logs), count): ((&Vec<f64>, &Vec<f64>), &f64)| {
            let pairs = part.iter().zip(logs);
            count * pairs.map(|(x, log)| 1.0 - (x - log).exp()).sum::<f64>()
        };
        parts.map(term).sum()
    }
}

/// ln λ_j = x_j − ln κ cut at the bounds, with the given sum, which is between d times these.
fn level(logs: &[f64], low: f64, high: f64, sum: f64) -> Level {
    let shifted = |shift: f64| logs.iter().map(move |x| (x + shift).clamp(low, high));
    let mut knots: Vec<f64> = (logs.iter().filter(|x| x.is_finite()))
        .flat_map(|x| [low - x, high - x])
        .filter(|knot| knot.is_finite())
        .collect();
    knots.sort_by(f64::total_cmp);
    let (Some(&first), Some(&last)) = (knots.first(), knots.last()) else {
        // No extent at all: any will do.
        return Level {
            logs: vec![sum / logs.len() as f64; logs.len()],
            kappa: 0.0,
        };
    };
    let above = knots.partition_point(|&knot| shifted(knot).sum::<f64>() < sum);
    if above == knots.len() && high.is_finite() {
        return stretched(logs, low, high, sum, last);
    }
    // The piece between two knots, its ends beyond the first and the last.
    let left = if above == 0 {
        first - 1.0
    } else {
        knots[above - 1]
    };
    let right = knots.get(above).copied().unwrap_or(last + 1.0);
    let within = 0.5 * (left + right);
    let (mut free, mut rest) = (0.0, sum);
    for x in logs {
        let log = x + within;
        if log > low && log < high {
            free += 1.0;
            rest -= x;
        } else {
            rest -= log.clamp(low, high);
        }
    }
    let shift = if free > 0.0 { rest / free } else { within };
    let shift = shift.max(left).min(if above < knots.len() {
        right
    } else {
        f64::INFINITY
    });
    Level {
        logs: shifted(shift).collect(),
        kappa: (-shift).exp(),
    }
}

/// What columns with an extent cannot make up stands in those without, which cost nothing.
fn stretched(logs: &[f64], low: f64, high: f64, sum: f64, shift: f64) -> Level {
    let extended = logs.iter().filter(|x| x.is_finite()).count() as f64;
    let flat = logs.len() as f64 - extended;
    if flat == 0.0 {
        let logs = logs.iter().map(|x| (x + shift).clamp(low, high)).collect();
        return Level {
            logs,
            kappa: (-shift).exp(),
        };
    }
    let each = ((sum - extended * high) / flat).clamp(low, high);
    let value = |x: &f64| if x.is_finite() { high } else { each };
    Level {
        logs: logs.iter().map(value).collect(),
        kappa: 0.0,
    }
}
