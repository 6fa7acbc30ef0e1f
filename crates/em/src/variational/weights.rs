//! The posterior of the mixing weights.

use crate::weights::{Counts, WeightModel};
use distributions::simd::add_to_rows;
use distributions::special::{digamma, ln_beta, ln_gamma};
use distributions::{
    Batch, Beta, Coordinates, EstimateError, ExponentialFamily, Obs, ParameterError, Space,
    next_coordinate,
};

/// What is known about the weights before a row is seen.
#[derive(Clone, Debug, PartialEq)]
pub enum WeightsPrior {
    /// π ~ Dirichlet(α, …, α). With α below 1, such as 1/K, components that are not needed empty.
    Dirichlet {
        /// α.
        concentration: f64,
    },
    /// A Dirichlet process, cut off after K components: π_k = v_k Π_{l<k} (1 − v_l), v_k ~ Beta(1, α), and
    /// v_K = 1. The posterior stands the components in the order that suits it best.
    DirichletProcess {
        /// α: after n rows about α ln(1 + n/α) components are to be expected.
        concentration: f64,
    },
    /// The weights themselves, at least 0 and of sum 1.
    Known(Vec<f64>),
}

/// q(π), as weights whose logarithm is E\[ln π_k\]; e to these sums to less than 1.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightsPosterior {
    prior: WeightsPrior,
    counts: Vec<f64>,
    /// E\[ln π_k\].
    logs: Vec<f64>,
    /// E\[π_k\].
    means: Vec<f64>,
    /// KL(q(π) ‖ p(π)).
    divergence: f64,
}

impl WeightsPosterior {
    /// The prior of the weights of `components` components.
    ///
    /// # Errors
    /// When there is no component, the concentration is not positive and finite, or known weights are none.
    pub fn new(prior: WeightsPrior, components: usize) -> Result<Self, ParameterError> {
        ParameterError::require(
            components > 0,
            "number of components",
            components as f64,
            "must be at least 1",
        )?;
        match &prior {
            WeightsPrior::Dirichlet { concentration }
            | WeightsPrior::DirichletProcess { concentration } => ParameterError::require(
                *concentration > 0.0 && (components as f64 * concentration).is_finite(),
                "concentration",
                *concentration,
                "must be positive and finite",
            )?,
            WeightsPrior::Known(weights) => {
                crate::Weights::new(weights.clone())?;
                ParameterError::require(
                    weights.len() == components,
                    "number of weights",
                    weights.len() as f64,
                    "must be the number of components",
                )?;
            }
        }
        Ok(Self::of(&prior, vec![0.0; components]))
    }
    /// The posterior after `counts` rows of each component.
    ///
    /// # Errors
    /// As [`new`](WeightsPosterior::new), and when a count is negative or not finite.
    pub fn after(prior: WeightsPrior, counts: Vec<f64>) -> Result<Self, ParameterError> {
        Self::new(prior.clone(), counts.len())?;
        for &count in &counts {
            let valid = count >= 0.0 && count.is_finite();
            ParameterError::require(valid, "count", count, "must be finite, and at least 0")?;
        }
        Ok(Self::of(&prior, counts))
    }
    /// The posterior after `counts` rows of each component.
    fn of(prior: &WeightsPrior, counts: Vec<f64>) -> Self {
        let (logs, means, divergence) = match prior {
            WeightsPrior::Dirichlet { concentration } => dirichlet(*concentration, &counts),
            WeightsPrior::DirichletProcess { concentration } => {
                Sticks::new(*concentration, &counts).expectations(&counts)
            }
            WeightsPrior::Known(weights) => {
                let logs = weights.iter().map(|weight| weight.ln()).collect();
                (logs, weights.clone(), 0.0)
            }
        };
        WeightsPosterior {
            prior: prior.clone(),
            counts,
            logs,
            means,
            divergence,
        }
    }
    /// p(π).
    pub fn prior(&self) -> &WeightsPrior {
        &self.prior
    }
    /// N_k, the effective counts: that of a component that is not needed is near 0.
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }
    /// E\[π_k\], of sum 1.
    pub fn means(&self) -> &[f64] {
        &self.means
    }
    /// E\[ln π_k\].
    pub fn expected_logs(&self) -> &[f64] {
        &self.logs
    }
    /// KL(q(π) ‖ p(π)), in nats.
    pub fn divergence(&self) -> f64 {
        self.divergence
    }
}

/// E\[ln π\], E\[π\] and KL(q ‖ p) under Dirichlet(α + N_k).
fn dirichlet(concentration: f64, counts: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
    let components = counts.len() as f64;
    let whole = components * concentration + counts.iter().sum::<f64>();
    let (digamma_whole, log_gamma) = (digamma(whole), ln_gamma(concentration));
    let (mut logs, mut means) = (Vec::new(), Vec::new());
    let mut divergence = ln_gamma(whole) - ln_gamma(components * concentration);
    for &count in counts {
        let own = concentration + count;
        let log = digamma(own) - digamma_whole;
        divergence += log_gamma - ln_gamma(own) + count * log;
        logs.push(log);
        means.push(own / whole);
    }
    (logs, means, divergence)
}

/// The components in the order of their sticks.
struct Sticks {
    concentration: f64,
    order: Vec<usize>,
}

impl Sticks {
    /// The order of largest lower bound. Of two neighbours before the last the larger comes first, as
    /// exchanging them shows; the last, whose stick is what is left, may be any.
    fn new(concentration: f64, counts: &[f64]) -> Self {
        let mut falling: Vec<usize> = (0..counts.len()).collect();
        falling.sort_by(|&a, &b| counts[b].total_cmp(&counts[a]));
        let last_is = |place: usize| {
            let mut order = falling.clone();
            let last = order.remove(place);
            order.push(last);
            Sticks {
                concentration,
                order,
            }
        };
        // From the back: the smallest is last unless another is better.
        let mut best = last_is(counts.len() - 1);
        let mut evidence = best.log_evidence(counts);
        for place in (0..counts.len() - 1).rev() {
            if counts[falling[place]] == counts[falling[place + 1]] {
                continue;
            }
            let other = last_is(place);
            let reached = other.log_evidence(counts);
            if reached > evidence {
                (best, evidence) = (other, reached);
            }
        }
        best
    }
    /// For each stick but the last, N of its component, and α + N of all after it.
    fn breaks<'a>(&'a self, counts: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
        let mut after: f64 = counts.iter().sum();
        let before_last = &self.order[..self.order.len() - 1];
        before_last.iter().map(move |&k| {
            after = (after - counts[k]).max(0.0);
            (counts[k], self.concentration + after)
        })
    }
    /// Σ ln B(1 + N, α + after), up to a constant: the most the bound can reach at these counts.
    fn log_evidence(&self, counts: &[f64]) -> f64 {
        let breaks = self.breaks(counts);
        breaks.map(|(own, after)| ln_beta(1.0 + own, after)).sum()
    }
    /// E\[ln π\], E\[π\] and KL(q ‖ p).
    fn expectations(&self, counts: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
        let (mut logs, mut means) = (vec![0.0; counts.len()], vec![0.0; counts.len()]);
        let (mut log_left, mut left, mut divergence) = (0.0, 1.0, 0.0);
        for (&k, (own, after)) in self.order.iter().zip(self.breaks(counts)) {
            let (own, whole) = (1.0 + own, 1.0 + own + after);
            let digamma_whole = digamma(whole);
            logs[k] = log_left + digamma(own) - digamma_whole;
            means[k] = left * own / whole;
            log_left += digamma(after) - digamma_whole;
            left *= after / whole;
            divergence += match (Beta::new(own, after), Beta::new(1.0, self.concentration)) {
                (Ok(posterior), Ok(prior)) => posterior.kl_divergence(&prior),
                _ => f64::INFINITY,
            };
        }
        let last = self.order[self.order.len() - 1];
        (logs[last], means[last]) = (log_left, left);
        (logs, means, divergence)
    }
}

impl WeightModel for WeightsPosterior {
    type Joint<S: Space> = S;
    type Statistics = Counts;

    fn len(&self) -> usize {
        self.counts.len()
    }
    fn component_batch<'a, S: Space>(xs: Batch<'a, S>) -> Batch<'a, S> {
        xs
    }
    fn component_observation<'a, S: Space>(x: Obs<'a, S>) -> Obs<'a, S> {
        x
    }
    fn log_weight<S: Space>(&self, k: usize, _x: Obs<'_, S>) -> f64 {
        self.logs[k]
    }
    fn add_log_weights<S: Space>(&self, _xs: Batch<'_, S>, rows: usize, joint: &mut [f64]) {
        add_to_rows(joint, rows, &self.logs);
    }
    fn empty_statistics(&self) -> Counts {
        Counts(vec![0.0; self.counts.len()])
    }
    fn accumulate<S: Space>(
        &self,
        into: &mut Counts,
        _xs: Batch<'_, S>,
        rows: usize,
        responsibilities: &[f64],
    ) {
        into.add_matrix(rows, responsibilities);
    }
    fn accumulate_row<S: Space>(&self, into: &mut Counts, _x: Obs<'_, S>, shares: &[f64]) {
        into.add_matrix(1, shares);
    }
    /// The posterior: prior and counts together.
    fn maximize(&self, from: &Counts) -> Result<Self, EstimateError> {
        let total: f64 = from.0.iter().sum();
        if !(total >= 0.0 && total.is_finite()) {
            return Err(EstimateError::empty().with_count(total));
        }
        Ok(Self::of(&self.prior, from.0.clone()))
    }
    fn parameter_count(&self) -> usize {
        match self.prior {
            WeightsPrior::Known(_) => 0,
            _ => self.counts.len() - 1,
        }
    }
    /// The posterior from the counts of those that are kept; known weights are renormalised.
    fn subset(&self, keep: &[usize]) -> Self {
        let counts: Vec<f64> = keep.iter().map(|&k| self.counts[k]).collect();
        let WeightsPrior::Known(weights) = &self.prior else {
            return Self::of(&self.prior, counts);
        };
        let kept: Vec<f64> = keep.iter().map(|&k| weights[k]).collect();
        let whole: f64 = kept.iter().sum();
        let renormalised = if keep.len() == weights.len() {
            kept
        } else if whole > 0.0 {
            kept.iter().map(|weight| weight / whole).collect()
        } else {
            vec![1.0 / keep.len() as f64; keep.len()]
        };
        Self::of(&WeightsPrior::Known(renormalised), counts)
    }
    /// −KL(q(π) ‖ p(π)).
    fn log_prior(&self) -> f64 {
        -self.divergence
    }
    fn overall(&self, k: usize) -> f64 {
        self.means[k]
    }
}

/// ln N_k; none where the weights are known.
impl Coordinates for WeightsPosterior {
    fn pack(&self, into: &mut Vec<f64>) {
        if !matches!(self.prior, WeightsPrior::Known(_)) {
            into.extend(self.counts.iter().map(|count| count.ln()));
        }
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        if matches!(self.prior, WeightsPrior::Known(_)) {
            return Ok(self.clone());
        }
        let counts = self.counts.iter().map(|_| next_coordinate(from));
        let counts: Vec<f64> = counts
            .map(|log| log.map(f64::exp))
            .collect::<Result<_, _>>()?;
        // Counts of as many rows as there are: an extrapolated logarithm may claim 1e49, of which the
        // divergence has no digit, and the bound could seem to rise.
        let [rows, claimed]: [f64; 2] = [&self.counts, &counts].map(|counts| counts.iter().sum());
        if !(claimed <= 2.0 * rows) {
            let because = "the counts of all components are more than twice the rows";
            return Err(EstimateError::boundary("counts", claimed, because));
        }
        Ok(Self::after(self.prior.clone(), counts)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: [f64; 4] = [3.0, 0.25, 8.5, 3.5];

    /// Σ N_k E\[ln π_k\] − KL(q ‖ p): the logarithm of the evidence of labels with these counts.
    fn bound(prior: WeightsPrior) -> f64 {
        let posterior = WeightsPosterior::of(&prior, COUNTS.to_vec());
        let pairs = posterior.logs.iter().zip(&COUNTS);
        pairs.map(|(log, count)| count * log).sum::<f64>() - posterior.divergence
    }

    #[test]
    fn extrapolated_counts_are_of_no_more_rows_than_there_are() {
        let posterior = WeightsPosterior::of(
            &WeightsPrior::Dirichlet { concentration: 0.2 },
            COUNTS.to_vec(),
        );
        let mut packed = Vec::new();
        posterior.pack(&mut packed);
        assert!(posterior.unpack(&mut &packed[..]).is_ok());
        // As met on Old Faithful: a component of 1e-47 rows that was said to have 1e49.
        packed[1] = 113.0;
        assert!(posterior.unpack(&mut &packed[..]).is_err());
    }

    #[test]
    fn known_labels_have_the_evidence_of_a_dirichlet_multinomial() {
        for concentration in [0.01, 0.7, 1.0, 25.0] {
            let (whole, rows) = (4.0 * concentration, COUNTS.iter().sum::<f64>());
            let mut exact = ln_gamma(whole) - ln_gamma(whole + rows);
            for count in COUNTS {
                exact += ln_gamma(concentration + count) - ln_gamma(concentration);
            }
            // A dozen terms of size 100 at most.
            assert!((bound(WeightsPrior::Dirichlet { concentration }) - exact).abs() < 1e-12);
        }
    }

    #[test]
    fn sticks_stand_in_the_best_of_all_orders() {
        for concentration in [0.01, 0.7, 1.0, 3.0, 25.0] {
            let mut best = f64::NEG_INFINITY;
            for code in 0..256_usize {
                let order: Vec<usize> = (0..4).map(|place| code >> (2 * place) & 3).collect();
                if (0..4).all(|k| order.contains(&k)) {
                    let mut exact = 0.0;
                    for place in 0..3 {
                        let after: f64 = order[place + 1..].iter().map(|&k| COUNTS[k]).sum();
                        exact += ln_beta(1.0 + COUNTS[order[place]], concentration + after)
                            - ln_beta(1.0, concentration);
                    }
                    best = best.max(exact);
                }
            }
            // A dozen terms of size 100 at most.
            let reached = bound(WeightsPrior::DirichletProcess { concentration });
            assert!(
                (reached - best).abs() < 1e-12,
                "{concentration}: {reached} {best}"
            );
        }
    }

    #[test]
    fn mean_weights_sum_to_one_and_follow_their_components() {
        let process = WeightsPrior::DirichletProcess { concentration: 2.0 };
        let posterior = WeightsPosterior::of(&process, COUNTS.to_vec());
        // Four terms of at most 1.
        assert!((posterior.means.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        let turned = posterior.subset(&[2, 3, 0, 1]);
        assert_eq!(turned.means[..2], posterior.means[2..]);
        // The counts are summed in another order.
        assert!((turned.divergence - posterior.divergence).abs() < 1e-13);
    }

    #[test]
    fn what_is_no_prior_is_refused() {
        for concentration in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(WeightsPosterior::new(WeightsPrior::Dirichlet { concentration }, 2).is_err());
            let process = WeightsPrior::DirichletProcess { concentration };
            assert!(WeightsPosterior::new(process, 2).is_err());
        }
        assert!(WeightsPosterior::new(WeightsPrior::Known(vec![0.5, 0.5]), 3).is_err());
        let none = WeightsPrior::Dirichlet { concentration: 1.0 };
        assert!(WeightsPosterior::new(none, 0).is_err());
    }
}
