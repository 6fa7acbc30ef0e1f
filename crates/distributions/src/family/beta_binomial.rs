//! The beta-binomial distribution.

use super::count_masses::counts_between;
use super::dirichlet_multinomial::{Compound, Concentration, check_concentration, saddle};
use super::{CountHistogram, divergence, overdispersion};
use crate::serde_parameters::serde_parameters;
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, IntervalStatistics, ParameterError,
    Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate,
};
use rand::Rng;
use rand_distr::Distribution;

/// Up to this number of trials the log-density of every count is tabled once.
const TABLED_TRIALS: u64 = 1023;

/// The number of successes in n trials (fixed) of a probability that is beta distributed with
/// parameters α and β: a binomial with more variance.
///
/// # Density
/// P(x) = C(n, x) B(x + α, n − x + β)/B(α, β) for x = 0, …, n. One of α and β may be 0: all mass is
/// then at 0, or at n.
///
/// # Sufficient statistics
/// None of fixed size; the weight of each count is kept ([`CountHistogram`]).
///
/// # M-step
/// Σ w (ψ(α + x) − ψ(α)) = Σ w (ψ(β + n − x) − ψ(β)) = N (ψ(α + β + n) − ψ(α + β)): a Newton iteration
/// for α + β in a bracket, and for each α + β one for α/(α + β), to full precision. Counts that vary
/// no more than those of a binomial get an α + β so large that the two cannot be told apart; counts
/// that are all 0 get α = 0, all n β = 0. With one trial α + β has no meaning and is kept.
///
/// # Errors
/// [`BetaBinomial::new`] refuses 0 trials, an α or β that is negative or not finite, and both 0.
///
/// # Example
/// ```
/// use distributions::{BetaBinomial, Component, Density};
/// let family = BetaBinomial::new(4, 1.0, 1.0)?; // uniform on 0, …, 4
/// assert!((family.log_density(2) - 0.2f64.ln()).abs() < 1e-15);
/// let fitted = family.estimate(&[0, 4, 1, 3, 4], &[1.0; 5])?;
/// let mean = fitted.alpha() / (fitted.alpha() + fitted.beta());
/// assert!(mean > 0.5 && fitted.alpha() < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, section 6.2.2.
#[derive(Clone, Debug, PartialEq)]
pub struct BetaBinomial {
    trials: u64,
    alpha: f64,
    beta: f64,
    compound: Compound,
    /// What depends on α and on β, taken once.
    successes: Concentration,
    failures: Concentration,
    /// ln P(0), …, ln P(n), where n is small.
    table: Vec<f64>,
}

serde_parameters!(BetaBinomial {
    trials: u64,
    alpha: f64,
    beta: f64
});

impl BetaBinomial {
    /// The distribution of successes in `trials` trials whose probability is beta distributed.
    ///
    /// # Errors
    /// When `trials` is 0, `alpha` or `beta` is negative or not finite, or their sum is not positive
    /// and finite.
    pub fn new(trials: u64, alpha: f64, beta: f64) -> Result<Self, ParameterError> {
        ParameterError::require(trials > 0, "trials", 0.0, "must be at least 1")?;
        check_concentration("alpha", alpha)?;
        check_concentration("beta", beta)?;
        let size = alpha + beta;
        ParameterError::require(
            size > 0.0 && size.is_finite(),
            "beta",
            beta,
            "must have a positive and finite sum with alpha",
        )?;
        let mut family = BetaBinomial {
            trials,
            alpha,
            beta,
            compound: Compound::new(size),
            successes: Concentration::new(alpha),
            failures: Concentration::new(beta),
            table: Vec::new(),
        };
        if trials <= TABLED_TRIALS {
            let constant = family.total();
            let of = |x: u64| family.log_density_of(constant, x, family.saddles(x));
            family.table = (0..=trials).map(of).collect();
        }
        Ok(family)
    }
    /// n, fixed.
    pub fn trials(&self) -> u64 {
        self.trials
    }
    /// α.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }
    /// β.
    pub fn beta(&self) -> f64 {
        self.beta
    }
    /// The Kullback–Leibler divergence KL(self ‖ other), in nats, summed over the counts: ∞ where `other`
    /// has fewer trials, or no mass at a count.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        let terms =
            (0..=self.trials).map(|x| divergence::term(self.log_density(x), other.log_density(x)));
        terms.sum::<f64>() + other.sf(self.trials as f64)
    }
    /// What the number of trials adds to every log-density, and ln(1 + n/(α + β)).
    fn total(&self) -> (f64, f64) {
        let n = self.trials as f64;
        self.compound.total(n, saddle(n))
    }
    /// The [`saddle`]s of x and of n − x.
    fn saddles(&self, x: u64) -> (f64, f64) {
        (saddle(x as f64), saddle((self.trials - x) as f64))
    }
    /// ln P(x) for x ≤ n, from [`total`](Self::total) and [`saddles`](Self::saddles).
    #[inline]
    fn log_density_of(&self, total: (f64, f64), x: u64, saddles: (f64, f64)) -> f64 {
        let (n, rest) = (self.trials as f64, (self.trials - x) as f64);
        if self.alpha == 0.0 || self.beta == 0.0 {
            let sure = if self.alpha == 0.0 {
                x == 0
            } else {
                rest == 0.0
            };
            return if sure { 0.0 } else { f64::NEG_INFINITY };
        }
        let of = |part: &Concentration, count: f64, saddle: f64| {
            part.count(count, saddle, n, &self.compound, total.1)
        };
        total.0 + of(&self.successes, x as f64, saddles.0) + of(&self.failures, rest, saddles.1)
    }
    /// P(0), P(1), … in order, or P(n), P(n − 1), ….
    fn masses(&self, falling: bool) -> impl Iterator<Item = f64> + '_ {
        let place = move |i: u64| if falling { self.trials - i } else { i };
        (0..=self.trials).map(move |i| self.log_density(place(i)).exp())
    }
    /// The number of the first `count` masses that does not carry the sum past `limit`.
    fn reached(&self, falling: bool, limit: f64) -> u64 {
        let (mut sum, mut steps) = (0.0, 0);
        for mass in self.masses(falling).take(self.trials as usize) {
            sum += mass;
            let past = if falling { sum > limit } else { sum >= limit };
            if past {
                break;
            }
            steps += 1;
        }
        steps
    }
}

impl Density for BetaBinomial {
    type Space = Scalars<u64>;

    fn log_density(&self, x: u64) -> f64 {
        if x > self.trials {
            return f64::NEG_INFINITY;
        }
        match self.table.get(x as usize) {
            Some(&tabled) => tabled,
            None => self.log_density_of(self.total(), x, self.saddles(x)),
        }
    }
    fn check_observation(&self, x: u64) -> Result<(), &'static str> {
        if x <= self.trials {
            Ok(())
        } else {
            Err("must not exceed the number of trials")
        }
    }
    fn prepared_width(&self) -> usize {
        if self.table.is_empty() { 2 } else { 0 }
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.trials == other.trials
    }
    /// The saddles of x and of n − x, where there is no table.
    fn prepare(&self, xs: &[u64], into: &mut [f64]) {
        if into.is_empty() {
            return;
        }
        let (successes, failures) = into.split_at_mut(xs.len());
        for ((success, failure), &x) in successes.iter_mut().zip(failures).zip(xs) {
            (*success, *failure) = self.saddles(x.min(self.trials));
        }
    }
    fn log_density_batch(
        &self,
        xs: &[u64],
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        if prepared.is_empty() {
            for (value, &x) in out.iter_mut().zip(xs) {
                let tabled = usize::try_from(x).ok().and_then(|x| self.table.get(x));
                *value = tabled.copied().unwrap_or(f64::NEG_INFINITY);
            }
            return;
        }
        let total = self.total();
        let (successes, failures) = prepared.split_at(xs.len());
        for (i, (value, &x)) in out.iter_mut().zip(xs).enumerate() {
            *value = if x <= self.trials {
                self.log_density_of(total, x, (successes[i], failures[i]))
            } else {
                f64::NEG_INFINITY
            };
        }
    }
}

impl Component for BetaBinomial {
    type Statistics = CountHistogram;

    fn empty_statistics(&self) -> CountHistogram {
        CountHistogram::default()
    }
    fn accumulate(&self, into: &mut CountHistogram, x: u64, weight: f64) {
        into.add(x, weight);
    }
    fn maximize(&self, from: &CountHistogram) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let (mut failures, mut totals) = (CountHistogram::default(), CountHistogram::default());
        for (x, weight) in from.iter() {
            failures.add(self.trials.saturating_sub(x), weight);
        }
        totals.add(self.trials, from.weight());
        let current = [self.alpha, self.beta];
        let found = overdispersion::estimate(&[from, &failures], &totals, &current)
            .map_err(|error| error.with_count(from.weight()))?;
        Ok(BetaBinomial::new(self.trials, found[0], found[1])?)
    }
    fn parameter_count(&self) -> usize {
        2
    }
    /// A mass is at most 1.
    fn is_bounded(&self) -> bool {
        true
    }
}

/// ln α and ln β.
impl Coordinates for BetaBinomial {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.alpha.ln(), self.beta.ln()]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (log_alpha, log_beta) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(BetaBinomial::new(
            self.trials,
            log_alpha.exp(),
            log_beta.exp(),
        )?)
    }
}

impl Sample for BetaBinomial {
    fn empty_buffer(&self) -> Vec<u64> {
        Vec::new()
    }
    /// A binomial count whose probability is beta distributed.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u64>) {
        let mut shares = [0.0; 2];
        super::dirichlet::draw_shares(&[self.alpha, self.beta], rng, &mut shares);
        into.push(
            rand_distr::Binomial::new(self.trials, shares[0])
                .map_or(0, |binomial| binomial.sample(rng)),
        );
    }
}

/// By sums over the counts, from the nearer end.
impl Univariate for BetaBinomial {
    fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        if x < 0.0 {
            return 0.0;
        }
        if x >= self.trials as f64 {
            return 1.0;
        }
        self.masses(false)
            .take(x as usize + 1)
            .sum::<f64>()
            .min(1.0)
    }
    fn sf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        if x < 0.0 {
            return 1.0;
        }
        if x >= self.trials as f64 {
            return 0.0;
        }
        let above = (self.trials - x as u64) as usize;
        self.masses(true).take(above).sum::<f64>().min(1.0)
    }
    fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        let count = if self.alpha == 0.0 || (p == 0.0 && self.beta > 0.0) {
            0
        } else if self.beta == 0.0 || p == 1.0 {
            self.trials
        } else if p <= 0.5 {
            self.reached(false, p)
        } else {
            self.trials - self.reached(true, 1.0 - p)
        };
        count as f64
    }
    fn mean(&self) -> f64 {
        self.trials as f64 * (self.alpha / (self.alpha + self.beta))
    }
    fn variance(&self) -> f64 {
        let (n, s) = (self.trials as f64, self.alpha + self.beta);
        n * (self.alpha / s) * (self.beta / s) * ((s + n) / (s + 1.0))
    }
}

/// Summed over the counts.
impl Entropy for BetaBinomial {
    fn entropy(&self) -> f64 {
        let mut sum = 0.0;
        for x in 0..=self.trials {
            let log_mass = self.log_density(x);
            if log_mass > f64::NEG_INFINITY {
                sum -= log_mass.exp() * log_mass;
            }
        }
        sum
    }
}

impl IntervalStatistics for BetaBinomial {
    /// The expected weight of each count, so that the M-step stays exact: of every count in turn, as
    /// the masses may fall from both ends towards the middle.
    fn accumulate_interval(&self, into: &mut CountHistogram, low: f64, high: f64, weight: f64) {
        let (least, greatest) = (self.quantile(0.0), self.quantile(1.0));
        let (first, last) = counts_between(low, high, greatest);
        let (first, last) = (first.clamp(least, greatest) as u64, last.max(least) as u64);
        let top = (first..=last).fold(f64::NEG_INFINITY, |top, x| top.max(self.log_density(x)));
        let mass = |x: u64| (self.log_density(x) - top).exp();
        let total: f64 = (first..=last).map(mass).sum();
        for x in first..=last {
            into.add(x, weight * (mass(x) / total));
        }
    }
}
