//! The von Mises–Fisher distribution.

use super::von_mises::concentration_of;
use crate::combine::Narrowest;
use crate::serde_parameters::serde_parameters;
use crate::special::{
    bessel_ratio, bessel_ratio_complement, ln_bessel_i_relative, ln_bessel_i_scaled, ln_gamma,
};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, FromMean, Moments,
    ParameterError, Rows, RowsBuffer, RowsView, Sample, Scratch, Statistics, View, next_coordinate,
};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{LN_2, PI};

/// How far the length of a direction may be from 1: rows are read as their directions.
const LENGTH_TOLERANCE: f64 = 1e-6;

/// The von Mises–Fisher distribution on the directions of d-dimensional space (unit vectors), with
/// mean direction μ and concentration κ.
///
/// A row counts as a direction when its length is within 1e-6 of 1, and is then divided by it, so
/// that rounding in a file does not matter. The mean direction is kept as given and read the same way.
///
/// # Density
/// p(x) = κ^ν exp(κ μ·x) / ((2π)^(d/2) I_ν(κ)) with ν = d/2 − 1, with respect to the area of the
/// sphere. At κ = 0 it is uniform, whatever μ. In two dimensions it is
/// [`VonMises`](crate::VonMises).
///
/// # Sufficient statistics
/// T(x) = x, η = κ μ, A = ln of Γ(d/2) (2/κ)^ν I_ν(κ), h(x) = Γ(d/2)/(2π^(d/2)), one over the area. The
/// M-step also keeps the spread 1 − R² of the mean vector as centred moments
/// ([`DirectionalMoments`]).
///
/// # M-step
/// μ is the direction of the mean vector of length R, and I_{ν+1}(κ)/I_ν(κ) = R is inverted to full
/// precision, through 1 − R where R is near 1. R = 0 gives κ = 0. No maximum exists when all
/// observations coincide (κ → ∞, an unbounded likelihood).
///
/// # Errors
/// [`VonMisesFisher::new`] refuses a mean direction of fewer than two numbers or of a length further
/// than 1e-6 from 1, and a concentration that is negative or not finite.
///
/// # Example
/// ```
/// use distributions::{Density, VonMisesFisher};
/// let family = VonMisesFisher::new(vec![0.0, 0.0, 1.0], 5.0)?;
/// assert!((family.log_density(&[0.0, 0.0, 1.0]) + 0.22839375301487462).abs() < 1e-14);
/// assert_eq!(family.log_density(&[0.0, 0.0, 2.0]), f64::NEG_INFINITY);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Mardia & Jupp (2000), Directional Statistics, sections 9.3 and 10.3; Wood (1994), Simulation of the
/// von Mises Fisher distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct VonMisesFisher {
    mean_direction: Vec<f64>,
    concentration: f64,
    /// μ at length 1 to the last bit.
    direction: Vec<f64>,
    /// The log-density at μ, taken once.
    log_peak: f64,
    /// The largest concentration, where there is a floor.
    floor: Option<Narrowest>,
}

serde_parameters!(VonMisesFisher {
    mean_direction: Vec<f64>,
    concentration: f64
});

/// The length of a vector that is near 1.
fn length(x: &[f64]) -> f64 {
    x.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
}

/// The length of a row that is a direction.
fn direction_length(x: &[f64]) -> Option<f64> {
    let length = length(x);
    ((length - 1.0).abs() <= LENGTH_TOLERANCE).then_some(length)
}

/// ν = d/2 − 1.
fn order(dimension: usize) -> f64 {
    0.5 * dimension as f64 - 1.0
}

/// −ln of the area of the unit sphere.
fn log_uniform(dimension: usize) -> f64 {
    let half = 0.5 * dimension as f64;
    ln_gamma(half) - LN_2 - half * PI.ln()
}

/// ln p at the mean direction.
fn log_peak(dimension: usize, kappa: f64) -> f64 {
    let nu = order(dimension);
    if kappa <= 20.0 {
        return log_uniform(dimension) + (kappa - ln_bessel_i_relative(nu, kappa));
    }
    nu * kappa.ln() - (nu + 1.0) * (2.0 * PI).ln() - ln_bessel_i_scaled(nu, kappa)
}

impl VonMisesFisher {
    /// The von Mises–Fisher distribution with this mean direction, a unit vector, and concentration.
    ///
    /// # Errors
    /// When `mean_direction` has fewer than two numbers or is no unit vector, or `concentration` is
    /// negative or not finite.
    pub fn new(mean_direction: Vec<f64>, concentration: f64) -> Result<Self, ParameterError> {
        let dimension = mean_direction.len();
        ParameterError::require(
            dimension > 1,
            "mean_direction",
            dimension as f64,
            "must have at least two numbers",
        )?;
        let Some(size) = direction_length(&mean_direction) else {
            return Err(ParameterError::new(
                "mean_direction",
                length(&mean_direction),
                "must have length 1",
            ));
        };
        ParameterError::require(
            concentration >= 0.0 && concentration.is_finite(),
            "concentration",
            concentration,
            "must be non-negative and finite",
        )?;
        Ok(VonMisesFisher {
            direction: mean_direction.iter().map(|entry| entry / size).collect(),
            mean_direction,
            concentration,
            log_peak: log_peak(dimension, concentration),
            floor: None,
        })
    }
    /// The member with this mean direction and this concentration, or the largest above the same floor.
    fn above_floor(
        &self,
        mean_direction: Vec<f64>,
        concentration: f64,
    ) -> Result<Self, ParameterError> {
        let concentration = Narrowest::bounded(self.floor, concentration);
        Ok(VonMisesFisher {
            floor: self.floor,
            ..Self::new(mean_direction, concentration)?
        })
    }
    /// The member with η = κ μ; at κ = 0 the direction is that of `self`.
    fn with_natural(&self, eta: &[f64]) -> Result<Self, ParameterError> {
        let largest = eta.iter().fold(0.0_f64, |top, entry| top.max(entry.abs()));
        if largest == 0.0 {
            return self.above_floor(self.mean_direction.clone(), 0.0);
        }
        let scaled: Vec<f64> = eta.iter().map(|entry| entry / largest).collect();
        let size = length(&scaled);
        let direction = scaled.iter().map(|entry| entry / size).collect();
        self.above_floor(direction, largest * size)
    }
    /// The member whose mean vector this is, of spread 1 − R².
    fn with_vector(&self, mean: &[f64], spread: f64) -> Result<Self, EstimateError> {
        let size = length(mean);
        if size == 0.0 {
            // Uniform; the direction says nothing and is kept.
            return Ok(self.above_floor(self.mean_direction.clone(), 0.0)?);
        }
        let found = concentration_of(order(self.dimension()), size, spread);
        let concentration = match (found, self.floor) {
            (Err(error), Some(floor)) if error.is_boundary() => floor.value,
            (found, _) => found?,
        };
        let direction = mean.iter().map(|entry| entry / size).collect();
        Ok(self.above_floor(direction, concentration)?)
    }
    /// μ.
    pub fn mean_direction(&self) -> &[f64] {
        &self.mean_direction
    }
    /// κ.
    pub fn concentration(&self) -> f64 {
        self.concentration
    }
    /// The number of coordinates d, fixed.
    pub fn dimension(&self) -> usize {
        self.direction.len()
    }
}

impl Density for VonMisesFisher {
    type Space = Rows<f64>;

    /// κ(μ·x − 1) is −κ/2 times the squared chord, which does not cancel near μ.
    fn log_density(&self, x: &[f64]) -> f64 {
        let Some(size) = direction_length(x).filter(|_| x.len() == self.dimension()) else {
            return f64::NEG_INFINITY;
        };
        let mut chord = 0.0;
        for (entry, mean) in x.iter().zip(&self.direction) {
            let across = entry / size - mean;
            chord += across * across;
        }
        self.log_peak - 0.5 * self.concentration * chord
    }
    fn check_observation(&self, x: &[f64]) -> Result<(), &'static str> {
        if x.len() != self.dimension() {
            Err("must have the dimension of the mean direction")
        } else if direction_length(x).is_none() {
            Err("must be a unit vector")
        } else {
            Ok(())
        }
    }
    fn prepared_width(&self) -> usize {
        self.dimension() + 1
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.dimension() == other.dimension()
    }
    /// The coordinates at length 1, then 1 for rows that are directions.
    fn prepare(&self, xs: RowsView<'_, f64>, into: &mut [f64]) {
        let (rows, d) = (xs.len(), self.dimension());
        if xs.width() != d {
            return;
        }
        for i in 0..rows {
            let x = xs.at(i);
            if let Some(size) = direction_length(x) {
                for (j, entry) in x.iter().enumerate() {
                    into[j * rows + i] = entry / size;
                }
                into[d * rows + i] = 1.0;
            }
        }
    }
    fn log_density_batch(
        &self,
        _xs: RowsView<'_, f64>,
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let rows = out.len();
        let (coordinates, directions) = prepared.split_at(self.dimension() * rows);
        out.fill(0.0);
        for (column, mean) in coordinates.chunks_exact(rows.max(1)).zip(&self.direction) {
            for (chord, entry) in out.iter_mut().zip(column) {
                let across = entry - mean;
                *chord += across * across;
            }
        }
        for (value, &is_direction) in out.iter_mut().zip(directions) {
            *value = if is_direction == 0.0 {
                f64::NEG_INFINITY
            } else {
                self.log_peak - 0.5 * self.concentration * *value
            };
        }
    }
}

/// Centred moments of every coordinate of unit vectors.
///
/// 1 − R² is the sum of their variances, where R is the length of the mean vector: the concentration of
/// directions that lie close together is known to full precision, not as a difference from 1.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DirectionalMoments {
    coordinates: Vec<Moments>,
}

impl DirectionalMoments {
    /// The statistic with these moments of each coordinate.
    pub fn new(coordinates: Vec<Moments>) -> Self {
        DirectionalMoments { coordinates }
    }
    /// Moments of each coordinate.
    pub fn coordinates(&self) -> &[Moments] {
        &self.coordinates
    }
    /// 1 − R², the squared length that the mean vector falls short of.
    pub fn spread(&self) -> f64 {
        self.coordinates.iter().map(Moments::variance).sum()
    }
    /// With a mean vector and its spread, of which only the sum is used: each coordinate gets a part.
    fn of_vector(mean: &[f64], spread: f64, weight: f64) -> Self {
        let part = weight * spread / mean.len() as f64;
        let moments = |&entry: &f64| Moments::new(weight, entry, part);
        DirectionalMoments::new(mean.iter().map(moments).collect())
    }
}

impl Statistics for DirectionalMoments {
    fn weight(&self) -> f64 {
        self.coordinates.first().map_or(0.0, Moments::weight)
    }
    fn clear(&mut self) {
        self.coordinates.iter_mut().for_each(Statistics::clear);
    }
    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.coordinates.iter_mut().zip(&other.coordinates) {
            mine.merge(theirs);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.coordinates
            .iter_mut()
            .for_each(|moments| moments.scale(factor));
    }
}

impl FromMean for DirectionalMoments {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        let length = length(mean);
        Self::of_vector(mean, ((1.0 - length) * (1.0 + length)).max(0.0), weight)
    }
}

impl Component for VonMisesFisher {
    type Statistics = DirectionalMoments;

    fn empty_statistics(&self) -> DirectionalMoments {
        DirectionalMoments::new(vec![Moments::default(); self.dimension()])
    }
    fn accumulate(&self, into: &mut DirectionalMoments, x: &[f64], weight: f64) {
        let size = length(x);
        for (moments, entry) in into.coordinates.iter_mut().zip(x) {
            moments.add(entry / size, weight);
        }
    }
    fn accumulate_batch(
        &self,
        into: &mut DirectionalMoments,
        _xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        let columns = prepared.chunks_exact(weights.len().max(1));
        for (moments, column) in into.coordinates.iter_mut().zip(columns) {
            moments.add_slice(column, weights);
        }
    }
    fn maximize(&self, from: &DirectionalMoments) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let mean: Vec<f64> = from.coordinates.iter().map(Moments::mean).collect();
        self.with_vector(&mean, from.spread())
            .map_err(|error| error.with_count(from.weight()))
    }
    fn parameter_count(&self) -> usize {
        self.dimension()
    }
    /// The variance of directions close together is a multiple of 1/κ, that of all is 1 at most. Whatever κ, the best
    /// direction is that of the mean vector; given it, the log-likelihood is concave in κ.
    fn floored(&self, whole: &Self) -> Option<Self> {
        let widest = whole.concentration.max(1.0);
        let floored = VonMisesFisher {
            floor: Some(Narrowest::least_share_of(0, widest, -1)),
            ..self.clone()
        };
        let direction = self.mean_direction.clone();
        floored.above_floor(direction, self.concentration).ok()
    }
    fn is_at_bound(&self) -> bool {
        self.floor
            .is_some_and(|floor| floor.is_reached_by(self.concentration))
    }
}

impl ExponentialFamily for VonMisesFisher {
    type Vector = Vec<f64>;

    fn statistic(&self, x: &[f64]) -> Vec<f64> {
        let size = length(x);
        x.iter().map(|entry| entry / size).collect()
    }
    fn log_base(&self, x: &[f64]) -> f64 {
        match self.check_observation(x) {
            Ok(()) => log_uniform(self.dimension()),
            Err(_) => f64::NEG_INFINITY,
        }
    }
    fn natural(&self) -> Vec<f64> {
        let entries = self.direction.iter();
        entries.map(|entry| self.concentration * entry).collect()
    }
    fn log_partition(&self) -> f64 {
        ln_bessel_i_relative(order(self.dimension()), self.concentration)
    }
    fn expected(&self) -> Vec<f64> {
        let length = bessel_ratio(order(self.dimension()), self.concentration);
        self.direction.iter().map(|entry| length * entry).collect()
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let length = length(mean);
        self.with_vector(mean, (1.0 - length) * (1.0 + length))
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.dimension() == other.dimension()
    }
    /// The statistic from the parameters themselves: 1 − R from 1 − I_{ν+1}/I_ν.
    fn pseudo_statistics(&self, weight: f64) -> DirectionalMoments {
        let complement = bessel_ratio_complement(order(self.dimension()), self.concentration);
        let spread = complement * (2.0 - complement);
        DirectionalMoments::of_vector(&self.expected(), spread, weight)
    }
    /// (κ′ − κ)(1 − A) + κ′A(1 − μ·μ′) + the difference of the log-densities at the modes: no term is of
    /// the size of κ where the two are close.
    fn kl_divergence(&self, other: &Self) -> f64 {
        if self.dimension() != other.dimension() {
            return f64::INFINITY;
        }
        let complement = bessel_ratio_complement(order(self.dimension()), self.concentration);
        let pairs = self.direction.iter().zip(&other.direction);
        let chord: f64 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
        (other.concentration - self.concentration) * complement
            + 0.5 * other.concentration * (1.0 - complement) * chord
            + (self.log_peak - other.log_peak)
    }
}

impl Entropy for VonMisesFisher {
    fn entropy(&self) -> f64 {
        let complement = bessel_ratio_complement(order(self.dimension()), self.concentration);
        self.concentration * complement - self.log_peak
    }
}

/// κ μ: the whole space, and smooth at κ = 0.
impl Coordinates for VonMisesFisher {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend(self.natural());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let eta = (0..self.dimension()).map(|_| next_coordinate(from));
        Ok(self.with_natural(&eta.collect::<Result<Vec<f64>, _>>()?)?)
    }
}

impl Sample for VonMisesFisher {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        RowsBuffer::new(self.dimension())
    }
    /// The part along μ by rejection from a transformed beta variable (Wood 1994), written with 1 − it,
    /// which is small at large κ; the part across it is a uniform direction.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut RowsBuffer<f64>) {
        let fall = draw_fall(self.dimension(), self.concentration, rng);
        let start = into.values.len();
        let normal = |_: &f64| -> f64 { StandardNormal.sample(rng) };
        into.values.extend(self.direction.iter().map(normal));
        let row = &mut into.values[start..];
        // The component along μ taken out, twice, as rounding leaves some the first time.
        for _ in 0..2 {
            let along: f64 = row.iter().zip(&self.direction).map(|(a, b)| a * b).sum();
            for (entry, mean) in row.iter_mut().zip(&self.direction) {
                *entry -= along * mean;
            }
        }
        let across = (fall * (2.0 - fall)).sqrt() / length(row).max(f64::MIN_POSITIVE);
        for (entry, mean) in row.iter_mut().zip(&self.direction) {
            *entry = *entry * across + (1.0 - fall) * mean;
        }
        let size = length(row);
        row.iter_mut().for_each(|entry| *entry /= size);
    }
}

/// Draws 1 − μ·x.
fn draw_fall<R: Rng + ?Sized>(dimension: usize, kappa: f64, rng: &mut R) -> f64 {
    let m = dimension as f64 - 1.0;
    let b = m / (2.0 * kappa + (4.0 * kappa * kappa + m * m).sqrt());
    // Wood's x₀ = (1 − b)/(1 + b), where the envelope touches, and 1 − x₀.
    let (touch, rest) = ((1.0 - b) / (1.0 + b), 2.0 * b / (1.0 + b));
    let beta = rand_distr::Beta::new(0.5 * m, 0.5 * m);
    loop {
        let z = beta.as_ref().map_or(0.5, |beta| beta.sample(rng));
        let fall = 2.0 * b * z / (1.0 - (1.0 - b) * z);
        let u: f64 = 1.0 - rng.random::<f64>();
        // κ(w − x₀) + m ln((1 − x₀ w)/(1 − x₀²)) for w = 1 − fall.
        let inside = (rest + touch * fall) / (rest * (1.0 + touch));
        if kappa * (rest - fall) + m * inside.ln() >= u.ln() {
            return fall;
        }
    }
}
