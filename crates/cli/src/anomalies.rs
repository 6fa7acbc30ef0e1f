//! Rows of low density.

use crate::args::Missing;
use crate::failure::Failure;
use crate::trim::incomparable;
use clap::Args;
use tabular::ModelFile;

/// Which rows are anomalies.
#[derive(Args, Clone, Debug)]
pub struct Anomalies {
    /// Add the column flagged: 1 where the log-density lies below this quantile of those of the data.
    #[arg(long, value_name = "QUANTILE", value_parser = quantile, conflicts_with = "total",
          allow_hyphen_values = true)]
    pub flag_below: Option<f64>,
}

impl Anomalies {
    /// Refuses what has log-densities that do not compare from row to row.
    pub fn check(&self, file: &ModelFile, missing: Missing) -> Result<(), Failure> {
        let intervals = file.specification.parts.iter().any(|part| part.interval);
        let grouped = file.group.is_some();
        match incomparable(grouped, missing, intervals, file.model.components()) {
            Some(why) if self.flag_below.is_some() => Err(Failure::input(format!(
                "--flag-below cannot be combined with {why}"
            ))),
            _ => Ok(()),
        }
    }
}

fn quantile(text: &str) -> Result<f64, String> {
    tabular::parse_number(text)
        .filter(|&quantile| quantile > 0.0 && quantile < 1.0)
        .ok_or_else(|| "must be a number between 0 and 1".to_string())
}

/// For each score whether it lies below the weighted quantile: below the least score t for which the scores
/// s ≤ t have at least a share of `quantile` of all weight. Ties with t are not flagged, so that the flagged
/// rows weigh less than that share; a density of 0 is flagged whatever the quantile.
pub fn flags(scores: &[f64], weights: &[f64], quantile: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..scores.len()).filter(|&i| weights[i] > 0.0).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let share = quantile * order.iter().map(|&i| weights[i]).sum::<f64>();
    let mut below = 0.0;
    let reached = order.iter().find(|&&i| {
        below += weights[i];
        below >= share
    });
    let threshold = reached.map_or(f64::NEG_INFINITY, |&i| scores[i]);
    let flagged = |&score: &f64| score < threshold || score == f64::NEG_INFINITY;
    scores.iter().map(flagged).collect()
}

#[cfg(test)]
mod tests {
    use super::flags;

    #[test]
    fn ties_with_the_quantile_are_not_below_it() {
        let scores = [3.0, 1.0, 2.0, 2.0, 5.0];
        let flagged = |weights: &[f64], quantile| -> Vec<usize> {
            let flags = flags(&scores, weights, quantile);
            (0..5).filter(|&i| flags[i]).collect()
        };
        // A share of 0.2 is reached at 1, of 0.21 and 0.6 at the ties 2, of 0.61 at 3.
        assert!(flagged(&[1.0; 5], 0.2).is_empty());
        assert_eq!(flagged(&[1.0; 5], 0.21), [1]);
        assert_eq!(flagged(&[1.0; 5], 0.6), [1]);
        assert_eq!(flagged(&[1.0; 5], 0.61), [1, 2, 3]);
        // Row 1 stands for seven rows of eleven, or for none: it is still compared.
        assert!(flagged(&[1.0, 7.0, 1.0, 1.0, 1.0], 0.6).is_empty());
        assert_eq!(flagged(&[1.0, 0.0, 1.0, 1.0, 1.0], 0.5), [1]);
    }

    #[test]
    fn a_density_of_zero_is_always_flagged() {
        let flagged = flags(&[f64::NEG_INFINITY, f64::NEG_INFINITY, 1.0], &[1.0; 3], 0.1);
        assert_eq!(flagged, [true, true, false]);
    }
}
