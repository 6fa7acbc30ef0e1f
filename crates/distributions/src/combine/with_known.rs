//! A family of two parameters, of which some are known.

use crate::{
    Batch, Component, Coordinates, Density, EstimateError, IntervalStatistics, LEAST_SHARE, Obs,
    ParameterError, Statistics, View, next_coordinate,
};

/// A family of two parameters each of which can be estimated given the other.
pub trait ConditionalEstimate: Component {
    /// The names of the parameters.
    const PARAMETERS: &'static [&'static str; 2];
    /// Whether a parameter must be positive: its unconstrained coordinate is then its logarithm.
    const POSITIVE: [bool; 2];
    /// Whether the statistic is taken at the iterate, so that an estimate from rows needs several passes.
    const ITERATED: bool = false;

    /// The parameters.
    fn parameters(&self) -> [f64; 2];

    /// The member with these parameters.
    ///
    /// # Errors
    /// When there is none.
    fn from_parameters(parameters: [f64; 2]) -> Result<Self, ParameterError>;

    /// The estimate of parameter `free`, 0 or 1, from a statistic of positive weight, where the other is that
    /// of `self`: the maximiser of Q, or a step towards it
    /// ([`conditional_one_step`](Self::conditional_one_step)).
    ///
    /// # Errors
    /// When no maximum exists.
    fn conditional_estimate(
        &self,
        free: usize,
        from: &Self::Statistics,
    ) -> Result<f64, EstimateError>;

    /// Whether [`conditional_estimate`](Self::conditional_estimate) of this parameter may overshoot.
    fn conditional_one_step(_free: usize) -> bool {
        false
    }

    /// Where estimating parameter `free` from rows begins when both parameters have no estimate; the present
    /// value by default. For powers that would be 0 or infinite far from the rows.
    fn beginning(_free: usize, _xs: Batch<'_, Self::Space>, _weights: &[f64]) -> Option<f64> {
        None
    }

    /// How narrow a component may become where `self` is the estimate from all rows: a share of
    /// [`LEAST_SHARE`] of its variance, on the scale of the family. `None` where no parameter
    /// alone says so.
    fn narrowest(&self) -> Option<Narrowest> {
        None
    }

    /// Whether the density is [bounded](Component::is_bounded) at every row once parameter `known` is known: it alone
    /// says how narrow the component is.
    fn is_bounded_given(&self, known: usize) -> bool {
        self.narrowest()
            .is_some_and(|floor| floor.parameter == known)
    }
}

/// The value past which a parameter would make a component too narrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Narrowest {
    /// The parameter, 0 or 1.
    pub parameter: usize,
    /// The last value that it may have.
    pub value: f64,
    /// Whether larger values are narrower, as those of a shape; else smaller ones, as those of a scale.
    pub rising: bool,
}

impl Narrowest {
    /// The bound of parameter `parameter`, of which the variance is a multiple to the power `power`, where `whole` is
    /// its value in the estimate from all rows.
    pub(crate) fn least_share_of(parameter: usize, whole: f64, power: i32) -> Self {
        Narrowest {
            parameter,
            value: whole * LEAST_SHARE.powf(1.0 / f64::from(power)),
            rising: power < 0,
        }
    }
    /// Whether the parameter with this value has reached or passed the bound.
    pub(crate) fn is_reached_by(&self, value: f64) -> bool {
        if self.rising {
            !(value < self.value)
        } else {
            !(value > self.value)
        }
    }
    /// The value, or the bound where it has passed that; NaN stays NaN.
    pub(crate) fn bounded(floor: Option<Self>, value: f64) -> f64 {
        match floor {
            Some(floor) if floor.is_reached_by(value) && !value.is_nan() => floor.value,
            _ => value,
        }
    }
    /// The largest sum of the parameters of a beta or a Dirichlet distribution, whose variances are multiples of
    /// 1/(sum + 1), where `whole` is the sum in the estimate from all rows.
    pub(crate) fn largest_size(whole: f64) -> Self {
        Narrowest {
            parameter: 0,
            value: (whole + 1.0) / LEAST_SHARE - 1.0,
            rising: true,
        }
    }
    /// Whether a sum of parameters that was brought to the bound stands there, but for rounding.
    pub(crate) fn is_reached_by_sum(&self, sum: f64) -> bool {
        !(sum < self.value * (1.0 - 1e-12))
    }
    fn holds(&self, parameters: [f64; 2]) -> bool {
        self.is_reached_by(parameters[self.parameter])
    }
}

/// A family with known parameters: the M-step keeps them and estimates the others, which alone count.
///
/// # Density
/// That of the family.
///
/// # M-step
/// The maximum of Q in the free parameter, the known one staying as it is
/// ([`ConditionalEstimate`]); closed forms and bounded Newton iterations, docs/families.md lists them. With
/// no known parameter it is that of the family; with two nothing is estimated.
///
/// # Errors
/// [`WithKnown::new`] refuses a name that is no parameter of the family.
///
/// # Example
/// ```
/// use distributions::combine::WithKnown;
/// use distributions::{Component, Gamma};
/// // The sum of four waiting times of one rate: shape 4.
/// let family = WithKnown::new(Gamma::new(4.0, 1.0)?, &["shape"])?;
/// let fitted = family.estimate(&[6.0, 10.0], &[1.0, 1.0])?;
/// assert_eq!((fitted.family().shape(), fitted.family().rate()), (4.0, 0.5));
/// assert_eq!(fitted.parameter_count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Meng & Rubin (1993), Maximum likelihood estimation via the ECM algorithm, Biometrika 80, 267–278: each of
/// these M-steps is a conditional maximisation.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WithKnown<F> {
    family: F,
    known: [bool; 2],
    /// The floor, where there is one.
    #[cfg_attr(feature = "serde", serde(skip))]
    narrowest: Option<Narrowest>,
}

/// Passes over the rows within which a parameter comes to rest; logistic locations and scales, the slowest,
/// need about 60.
const PASSES: usize = 500;
/// Halvings of a step that lowered the log-likelihood.
const HALVINGS: i32 = 40;

impl<F: ConditionalEstimate> WithKnown<F> {
    /// The family, the parameters of these names known.
    ///
    /// # Errors
    /// When the family has no parameter of a name.
    pub fn new(family: F, known: &[&str]) -> Result<Self, ParameterError> {
        let mut which = [false; 2];
        for name in known {
            let place = F::PARAMETERS.iter().position(|own| own == name);
            let place = place.ok_or_else(|| {
                ParameterError::new("known", f64::NAN, "must be parameters of the family")
            })?;
            which[place] = true;
        }
        Ok(WithKnown {
            family,
            known: which,
            narrowest: None,
        })
    }
    /// The only free parameter, where one is known.
    fn free(&self) -> Option<usize> {
        match self.known {
            [true, false] => Some(1),
            [false, true] => Some(0),
            _ => None,
        }
    }
    fn with_family(&self, family: F) -> Self {
        WithKnown {
            family,
            ..self.clone()
        }
    }
    /// The same, raised to the floor where it lies below.
    fn raised(self) -> Result<Self, EstimateError> {
        match self.narrowest {
            Some(floor) if floor.holds(self.family.parameters()) => {
                self.with_free(floor.parameter, floor.value)
            }
            _ => Ok(self),
        }
    }
    /// The estimate `found` under the floor: where it has none, or passes the floor, its parameter stays there,
    /// and `other` estimates the other one given it.
    fn above_floor(
        &self,
        found: Result<Self, EstimateError>,
        other: impl Fn(&Self) -> Result<Self, EstimateError>,
    ) -> Result<Self, EstimateError> {
        let Some(floor) = self.narrowest else {
            return found;
        };
        match found {
            Ok(found) if !floor.holds(found.family.parameters()) => return Ok(found),
            Err(error) if !error.is_boundary() => return Err(error),
            _ => {}
        }
        let mut at_floor = self.with_free(floor.parameter, floor.value)?;
        at_floor.known[floor.parameter] = true;
        at_floor.narrowest = None;
        let family = other(&at_floor)?.family;
        Ok(self.with_family(family))
    }
    /// The same with parameter `free` at `value`; the other keeps its bits.
    fn with_free(&self, free: usize, value: f64) -> Result<Self, EstimateError> {
        let mut parameters = self.family.parameters();
        parameters[free] = value;
        Ok(self.with_family(F::from_parameters(parameters)?))
    }
    fn coordinate(&self, free: usize) -> f64 {
        let value = self.family.parameters()[free];
        if F::POSITIVE[free] { value.ln() } else { value }
    }
    fn with_coordinate(&self, free: usize, coordinate: f64) -> Result<Self, EstimateError> {
        let positive = F::POSITIVE[free];
        self.with_free(
            free,
            if positive {
                coordinate.exp()
            } else {
                coordinate
            },
        )
    }
    fn log_likelihood(&self, xs: Batch<'_, F::Space>, weights: &[f64]) -> f64 {
        let weighty = weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0.0);
        weighty
            .map(|(i, weight)| weight * self.log_density(xs.at(i)))
            .sum()
    }
    /// The M-step without a floor.
    fn unbounded(&self, from: &F::Statistics) -> Result<Self, EstimateError> {
        match (self.known, self.free()) {
            ([false, false], _) => Ok(self.with_family(self.family.maximize(from)?)),
            (_, None) => Ok(self.clone()),
            (_, Some(free)) => {
                let value = self.family.conditional_estimate(free, from);
                (value.and_then(|value| self.with_free(free, value)))
                    .map_err(|error| error.with_count(from.weight()))
            }
        }
    }
    /// The estimate from rows without a floor.
    fn unbounded_estimate(
        &self,
        xs: Batch<'_, F::Space>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        let Some(free) = self.free() else {
            return match self.known {
                [true, true] => Ok(self.clone()),
                _ => Ok(self.with_family(self.family.estimate(xs, weights)?)),
            };
        };
        if !F::ITERATED {
            return self.unbounded(&super::accumulated(self, xs, weights));
        }
        let started = self.family.estimate(xs, weights).ok();
        let started = started.and_then(|all| self.with_free(free, all.parameters()[free]).ok());
        let begun = || self.with_free(free, F::beginning(free, xs, weights)?).ok();
        let mut current = started.or_else(begun).unwrap_or_else(|| self.clone());
        for _ in 0..PASSES {
            let next = current.stepped(free, xs, weights)?;
            let (from, to) = (current.coordinate(free), next.coordinate(free));
            current = next;
            if !((to - from).abs() > 2.0 * f64::EPSILON * to.abs().max(1e-3)) {
                break;
            }
        }
        Ok(current)
    }
    /// One M-step from the rows, shortened until the log-likelihood does not fall.
    fn stepped(
        &self,
        free: usize,
        xs: Batch<'_, F::Space>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        let whole = self.unbounded(&super::accumulated(self, xs, weights))?;
        if !F::conditional_one_step(free) {
            return Ok(whole);
        }
        let floor = self.log_likelihood(xs, weights);
        let shorter = |halving| self.toward(&whole, 0.5_f64.powi(halving));
        let mut steps = (0..HALVINGS).map(shorter);
        let risen = steps.find(|next| next.log_likelihood(xs, weights) >= floor);
        Ok(risen.unwrap_or_else(|| self.clone()))
    }
}

impl<F> WithKnown<F> {
    /// The family.
    pub fn family(&self) -> &F {
        &self.family
    }
    /// Which of its parameters are known.
    pub fn known(&self) -> [bool; 2] {
        self.known
    }
}

impl<F: ConditionalEstimate> Density for WithKnown<F> {
    crate::forward_density!(F; family);
}

impl<F: ConditionalEstimate> Component for WithKnown<F> {
    crate::forward_statistics!(F; family);

    fn maximize(&self, from: &F::Statistics) -> Result<Self, EstimateError> {
        if self.known != [true, true] && !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        self.above_floor(self.unbounded(from), |at_floor| {
            // What was summed at the iterate belongs to its parameters.
            let iterate = if F::ITERATED { self } else { at_floor };
            let Some(free) = at_floor.free() else {
                return Ok(at_floor.clone());
            };
            at_floor.with_free(free, iterate.family.conditional_estimate(free, from)?)
        })
    }
    fn parameter_count(&self) -> usize {
        let known = self.known.iter().filter(|known| **known).count();
        self.family.parameter_count() - known
    }
    fn log_prior(&self) -> f64 {
        self.family.log_prior()
    }
    /// Where nothing is estimated, or nothing that would make it narrower.
    fn is_bounded(&self) -> bool {
        let is_enough =
            |parameter: usize| self.known[parameter] && self.family.is_bounded_given(parameter);
        self.known == [true, true] || is_enough(0) || is_enough(1)
    }
    /// Where nothing is known and the family has a floor of its own, that; else that of
    /// [`narrowest`](ConditionalEstimate::narrowest).
    fn floored(&self, whole: &Self) -> Option<Self> {
        if self.is_bounded() {
            return Some(self.clone());
        }
        let own = self.family.floored(&whole.family);
        if let Some(family) = own.filter(|_| self.known == [false, false]) {
            return Some(self.with_family(family));
        }
        let floored = WithKnown {
            narrowest: Some(whole.family.narrowest()?),
            ..self.clone()
        };
        floored.raised().ok()
    }
    fn pooled(&self, xs: Batch<'_, F::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        match self.known {
            [false, false] => Ok(self.with_family(self.family.pooled(xs, weights)?)),
            _ => self.estimate(xs, weights),
        }
    }
    fn is_at_bound(&self) -> bool {
        let parameters = self.family.parameters();
        let held = self.narrowest.is_some_and(|floor| floor.holds(parameters));
        held || self.family.is_at_bound()
    }
    fn one_step(&self) -> bool {
        match self.known {
            [false, false] => self.family.one_step(),
            _ => self.free().is_some_and(F::conditional_one_step),
        }
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let Some(free) = self.free() else {
            return self.with_family(self.family.toward(&next.family, fraction));
        };
        let (from, to) = (self.coordinate(free), next.coordinate(free));
        let between = self.with_coordinate(free, from + (to - from) * fraction);
        between.unwrap_or_else(|_| self.clone())
    }
    /// From the estimate without knowledge where there is one, repeated until nothing changes where the
    /// statistic is taken at the iterate.
    fn estimate(&self, xs: Batch<'_, F::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        let found = self.unbounded_estimate(xs, weights);
        self.above_floor(found, |at_floor| at_floor.unbounded_estimate(xs, weights))
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        self.family.impossible_levels()
    }
    fn squared_distance(&self, a: Obs<'_, F::Space>, b: Obs<'_, F::Space>) -> Option<f64> {
        self.family.squared_distance(a, b)
    }
}

/// The coordinates of the family, or that of the only free parameter.
impl<F: ConditionalEstimate + Coordinates> Coordinates for WithKnown<F> {
    fn pack(&self, into: &mut Vec<f64>) {
        match self.known {
            [false, false] => self.family.pack(into),
            _ => into.extend(self.free().map(|free| self.coordinate(free))),
        }
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        match (self.known, self.free()) {
            ([false, false], _) => self.with_family(self.family.unpack(from)?).raised(),
            (_, Some(free)) => (self.with_coordinate(free, next_coordinate(from)?)?).raised(),
            (_, None) => Ok(self.clone()),
        }
    }
}

super::forward::forward_distribution!(WithKnown; family; ConditionalEstimate);

impl<F: ConditionalEstimate + IntervalStatistics> IntervalStatistics for WithKnown<F> {
    fn accumulate_interval(&self, into: &mut F::Statistics, low: f64, high: f64, weight: f64) {
        self.family.accumulate_interval(into, low, high, weight);
    }
}
