//! A uniform background beside any components.

use crate::atoms::hide_beside_atoms;
use crate::init::Shares;
use crate::sample::SampleSet;
use crate::set::ComponentSet;
use distributions::combine::Columns;
use distributions::{
    Batch, Buffer, Coordinates, Density, EstimateError, Obs, ParameterError, Rows, Sample, Scalars,
    Scratch, Space, Statistics, Uniform, View,
};
use rand::Rng;
use std::marker::PhantomData;

/// A set of components and one more that is fixed: noise, against which outliers do not count.
///
/// The noise is a density of its own: [`Uniform`] for numbers, a box ([`Columns`] of them) for rows, or
/// [`ConstantDensity`] where only its volume is given. It has no parameter, and stands last, at index
/// K, unless the components are sorted or left out: then [`noise_index`](WithNoise::noise_index) says
/// where. Outside of its box it is 0.
///
/// ```
/// use distributions::Normal;
/// use em::{Data, Mixture, Options, WithNoise, fit};
///
/// let xs = [0.1, -0.2, 0.3, 0.0, -0.1, 0.2, 5.1, 4.9, 5.0, 4.8, 5.2, 90.0, -70.0];
/// let normals = vec![Normal::new(0.0, 1.0)?, Normal::new(5.0, 1.0)?];
/// let start = Mixture::uniform(WithNoise::in_bounding_box(normals, &xs[..])?);
/// let fitted = fit(start, Data::new(&xs[..]), &Options::default())?;
/// // The two far values belong to the noise.
/// assert!(fitted.model.components().components()[1].variance() < 0.1);
/// assert!((fitted.model.weights()[2] - 2.0 / 13.0).abs() < 0.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Banfield & Raftery (1993), Model-Based Gaussian and Non-Gaussian Clustering.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "Unchecked<S, D>",
        bound(
            deserialize = "S: ComponentSet + serde::Deserialize<'de>, D: serde::Deserialize<'de>"
        )
    )
)]
pub struct WithNoise<S, D> {
    components: S,
    noise: D,
    /// Where the noise stands among the components; `None` where it was left out.
    noise_index: Option<usize>,
}

/// As read, before the index is known to be one.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename = "WithNoise", deny_unknown_fields)]
struct Unchecked<S, D> {
    components: S,
    noise: D,
    noise_index: Option<usize>,
}

#[cfg(feature = "serde")]
impl<S: ComponentSet, D> TryFrom<Unchecked<S, D>> for WithNoise<S, D> {
    type Error = ParameterError;
    fn try_from(read: Unchecked<S, D>) -> Result<Self, ParameterError> {
        let most = read.components.len();
        if let Some(index) = read.noise_index.filter(|&index| index > most) {
            return Err(ParameterError::new(
                "noise_index",
                index as f64,
                "must not exceed the number of the other components",
            ));
        }
        Ok(WithNoise {
            components: read.components,
            noise: read.noise,
            noise_index: read.noise_index,
        })
    }
}

impl<S: ComponentSet, D: Density<Space = S::Space>> WithNoise<S, D> {
    /// The components, and after them the noise.
    pub fn new(components: S, noise: D) -> Self {
        WithNoise {
            noise_index: Some(components.len()),
            components,
            noise,
        }
    }
}

impl<S: ComponentSet<Space: BoundingBox>> WithNoise<S, <S::Space as BoundingBox>::Noise> {
    /// The components, and uniform noise in the smallest box that holds the data.
    ///
    /// # Errors
    /// When there is no row, or a column holds one value only, or one that is not finite.
    pub fn in_bounding_box(components: S, xs: Batch<'_, S::Space>) -> Result<Self, ParameterError> {
        Ok(WithNoise::new(components, <S::Space>::noise_around(xs)?))
    }
}

impl<S, D> WithNoise<S, D> {
    /// The components that are no noise.
    pub fn components(&self) -> &S {
        &self.components
    }
    /// The density of the noise.
    pub fn noise(&self) -> &D {
        &self.noise
    }
    /// Which component is the noise; `None` where it was left out.
    pub fn noise_index(&self) -> Option<usize> {
        self.noise_index
    }
    /// Component k among those that are no noise; `None` for the noise.
    fn inner(&self, k: usize) -> Option<usize> {
        match self.noise_index {
            Some(noise) if k == noise => None,
            Some(noise) if k > noise => Some(k - 1),
            _ => Some(k),
        }
    }
    /// The error of an inner component, by its number among all.
    fn outer(&self, mut error: EstimateError) -> EstimateError {
        error.component = error.component.map(|k| self.number(k));
        error
    }
    /// The number among all of component k of those that are no noise.
    fn number(&self, k: usize) -> usize {
        k + usize::from(self.noise_index.is_some_and(|noise| k >= noise))
    }
    fn with_components(&self, components: S) -> Self
    where
        D: Clone,
    {
        WithNoise {
            components,
            noise: self.noise.clone(),
            noise_index: self.noise_index,
        }
    }
    /// Calls `f` with the rows of the K × n matrix `all` that are not the noise's, contiguous.
    fn with_inner<R>(
        &self,
        all: &[f64],
        rows: usize,
        scratch: &mut Scratch,
        f: impl FnOnce(&[f64], &mut Scratch) -> R,
    ) -> R {
        let Some(noise) = self.noise_index else {
            return f(all, scratch);
        };
        let (before, after) = (&all[..noise * rows], &all[(noise + 1) * rows..]);
        if after.is_empty() {
            return f(before, scratch);
        }
        let mut inner = scratch.take_dirty(all.len() - rows);
        inner[..before.len()].copy_from_slice(before);
        inner[before.len()..].copy_from_slice(after);
        let result = f(&inner, scratch);
        scratch.give(inner);
        result
    }
}

/// The statistic of the components, and the weight of the noise.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NoiseStatistics<T> {
    /// The statistic of the components that are no noise.
    pub components: T,
    /// The weight of the noise.
    pub noise: f64,
}

impl<T: Statistics> Statistics for NoiseStatistics<T> {
    fn weight(&self) -> f64 {
        self.components.weight() + self.noise
    }
    fn clear(&mut self) {
        self.components.clear();
        self.noise = 0.0;
    }
    fn merge(&mut self, other: &Self) {
        self.components.merge(&other.components);
        self.noise += other.noise;
    }
    fn scale(&mut self, factor: f64) {
        self.components.scale(factor);
        self.noise *= factor;
    }
}

impl<S, D> ComponentSet for WithNoise<S, D>
where
    S: ComponentSet,
    D: Density<Space = S::Space> + Clone,
{
    type Space = S::Space;
    type Statistics = NoiseStatistics<S::Statistics>;

    fn len(&self) -> usize {
        self.components.len() + usize::from(self.noise_index.is_some())
    }
    fn is_given(&self, k: usize) -> bool {
        self.inner(k).is_none_or(|k| self.components.is_given(k))
    }
    fn log_density(&self, k: usize, x: Obs<'_, S::Space>) -> f64 {
        match self.inner(k) {
            Some(k) => self.components.log_density(k, x),
            None if (0..self.len()).any(|k| self.is_atom(k, x)) => f64::NEG_INFINITY,
            None => self.noise.log_density(x),
        }
    }
    fn check_observation(&self, x: Obs<'_, S::Space>) -> Result<(), &'static str> {
        let verdict = self.components.check_observation(x);
        let noise = self.noise_index.is_some() && self.noise.check_observation(x).is_ok();
        if noise { Ok(()) } else { verdict }
    }
    fn has_atoms(&self) -> bool {
        self.components.has_atoms()
    }
    fn is_atom(&self, k: usize, x: Obs<'_, S::Space>) -> bool {
        self.inner(k).is_some_and(|k| self.components.is_atom(k, x))
    }
    fn prepared_width(&self) -> usize {
        self.components.prepared_width() + self.noise.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.components.shares_preparation(&other.components)
            && (self.noise.prepared_width() == 0 || self.noise.shares_preparation(&other.noise))
    }
    fn prepare(&self, xs: Batch<'_, S::Space>, into: &mut [f64]) {
        let (components, noise) = into.split_at_mut(self.components.prepared_width() * xs.len());
        self.components.prepare(xs, components);
        self.noise.prepare(xs, noise);
    }
    fn log_density_matrix(
        &self,
        xs: Batch<'_, S::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        let (mine, theirs) = prepared.split_at(self.components.prepared_width() * rows);
        let inner = self.components.len() * rows;
        self.components
            .log_density_matrix(xs, mine, &mut out[..inner], scratch);
        let Some(noise) = self.noise_index else {
            return;
        };
        // Those after the noise move up by one.
        out.copy_within(noise * rows..inner, (noise + 1) * rows);
        let row = &mut out[noise * rows..(noise + 1) * rows];
        self.noise.log_density_batch(xs, theirs, row, scratch);
        if self.has_atoms() {
            let is_atom = |k: usize, i: usize| self.is_atom(k, xs.at(i));
            hide_beside_atoms(out, self.len(), f64::NEG_INFINITY, is_atom);
        }
    }
    fn empty_statistics(&self) -> Self::Statistics {
        NoiseStatistics {
            components: self.components.empty_statistics(),
            noise: 0.0,
        }
    }
    fn accumulate(&self, into: &mut Self::Statistics, k: usize, x: Obs<'_, S::Space>, weight: f64) {
        match self.inner(k) {
            Some(k) => (self.components).accumulate(&mut into.components, k, x, weight),
            None => into.noise += weight,
        }
    }
    fn accumulate_matrix(
        &self,
        into: &mut Self::Statistics,
        xs: Batch<'_, S::Space>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        let (mine, _) = prepared.split_at(self.components.prepared_width() * rows);
        if let Some(noise) = self.noise_index {
            into.noise += distributions::simd::sum(&weights[noise * rows..(noise + 1) * rows]);
        }
        self.with_inner(weights, rows, scratch, |inner, scratch| {
            self.components
                .accumulate_matrix(&mut into.components, xs, mine, inner, scratch);
        });
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        let components = self.components.maximize(&from.components);
        Ok(self.with_components(components.map_err(|error| self.outer(error))?))
    }
    fn parameter_count(&self) -> usize {
        self.components.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.components.log_prior()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        let inner: Vec<usize> = keep.iter().filter_map(|&k| self.inner(k)).collect();
        WithNoise {
            components: self.components.subset(&inner),
            noise: self.noise.clone(),
            noise_index: keep.iter().position(|&k| self.inner(k).is_none()),
        }
    }
    fn one_step(&self) -> bool {
        self.components.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        self.with_components(self.components.toward(&next.components, fraction))
    }
    fn estimate_from(
        &self,
        xs: Batch<'_, S::Space>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        let weights = &*shares.to_matrix();
        let mut scratch = Scratch::default();
        let components = self.with_inner(weights, xs.len(), &mut scratch, |inner, _| {
            self.components.estimate(xs, inner)
        });
        Ok(self.with_components(components.map_err(|error| self.outer(error))?))
    }
    fn floored(&self, xs: Batch<'_, S::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        let floored = self.components.floored(xs, weights);
        Ok(self.with_components(floored.map_err(|error| self.outer(error))?))
    }
    fn at_bound(&self) -> Vec<usize> {
        let held = self.components.at_bound().into_iter();
        held.map(|k| self.number(k)).collect()
    }
    fn squared_distance(&self, a: Obs<'_, S::Space>, b: Obs<'_, S::Space>) -> Option<f64> {
        self.components.squared_distance(a, b)
    }
}

impl<S: Coordinates, D: Clone> Coordinates for WithNoise<S, D> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.components.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.with_components(self.components.unpack(from)?))
    }
}

impl<S, D> SampleSet for WithNoise<S, D>
where
    S: SampleSet,
    D: Sample<Space = S::Space> + Clone,
{
    fn empty_buffer(&self) -> Buffer<S::Space> {
        self.noise.empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut Buffer<S::Space>) {
        match self.inner(k) {
            Some(k) => self.components.draw(k, rng, into),
            None => self.noise.draw(rng, into),
        }
    }
}

/// Spaces in which data have a bounding box.
pub trait BoundingBox: Space {
    /// The uniform density in a box.
    type Noise: Density<Space = Self> + Clone;
    /// The uniform density in the smallest box that holds all rows.
    ///
    /// # Errors
    /// When there is no row, or a column holds one value only, or one that is not finite.
    fn noise_around(xs: Batch<'_, Self>) -> Result<Self::Noise, ParameterError>;
}

/// From the least to the largest value.
fn uniform_around(xs: impl Iterator<Item = f64>) -> Result<Uniform, ParameterError> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for x in xs {
        ParameterError::require(x.is_finite(), "noise", x, "must be finite")?;
        (low, high) = (low.min(x), high.max(x));
    }
    Uniform::new(low, high)
}

impl BoundingBox for Scalars<f64> {
    type Noise = Uniform;
    fn noise_around(xs: &[f64]) -> Result<Uniform, ParameterError> {
        uniform_around(xs.iter().copied())
    }
}

impl BoundingBox for Rows<f64> {
    type Noise = Columns<Uniform>;
    fn noise_around(xs: Batch<'_, Self>) -> Result<Columns<Uniform>, ParameterError> {
        let column = |j: usize| xs.values().iter().skip(j).step_by(xs.width()).copied();
        let columns = (0..xs.width()).map(|j| uniform_around(column(j)));
        Columns::new(columns.collect::<Result<_, _>>()?)
    }
}

/// The same density 1/V everywhere in the space `S`: noise of which only the volume V is known.
///
/// No density on an unbounded space, but a background all the same; there is no way to draw from it.
#[derive(Debug)]
pub struct ConstantDensity<S> {
    volume: f64,
    /// −ln V, taken once.
    log_density: f64,
    space: PhantomData<fn() -> S>,
}

impl<S> Clone for ConstantDensity<S> {
    fn clone(&self) -> Self {
        ConstantDensity { ..*self }
    }
}

impl<S> PartialEq for ConstantDensity<S> {
    fn eq(&self, other: &Self) -> bool {
        self.volume == other.volume
    }
}

impl<S> ConstantDensity<S> {
    /// The density 1/`volume`.
    ///
    /// # Errors
    /// When `volume` is not positive and finite.
    pub fn new(volume: f64) -> Result<Self, ParameterError> {
        let valid = volume > 0.0 && volume.is_finite();
        ParameterError::require(valid, "volume", volume, "must be positive and finite")?;
        Ok(ConstantDensity {
            volume,
            log_density: -volume.ln(),
            space: PhantomData,
        })
    }
    /// V.
    pub fn volume(&self) -> f64 {
        self.volume
    }
}

impl<S: Space> Density for ConstantDensity<S> {
    type Space = S;
    fn log_density(&self, _x: Obs<'_, S>) -> f64 {
        self.log_density
    }
    fn log_density_batch(
        &self,
        _xs: Batch<'_, S>,
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        out.fill(self.log_density);
    }
}

#[cfg(feature = "serde")]
const _: () = {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename = "ConstantDensity", deny_unknown_fields)]
    struct Parameters {
        volume: f64,
    }

    impl<S> Serialize for ConstantDensity<S> {
        fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
            Parameters {
                volume: self.volume,
            }
            .serialize(to)
        }
    }
    impl<'de, S> Deserialize<'de> for ConstantDensity<S> {
        fn deserialize<T: Deserializer<'de>>(from: T) -> Result<Self, T::Error> {
            let read = Parameters::deserialize(from)?;
            ConstantDensity::new(read.volume).map_err(serde::de::Error::custom)
        }
    }
};
