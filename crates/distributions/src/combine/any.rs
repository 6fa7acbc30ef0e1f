//! Components of different families in one mixture.

use crate::{
    Batch, Buffer, Component, Coordinates, Density, EstimateError, Obs, Reason, Sample, Scratch,
    Space, Statistics, Univariate,
};
use rand::Rng;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Any component over the space `S`, its family known only when the program runs.
///
/// A `Vec<AnyComponent<S>>` is a mixture of different families, such as a point mass beside a
/// Poisson. A block costs one virtual call. Each component keeps its family for life: an M-step of
/// a gamma gives a gamma.
///
/// ```
/// use distributions::combine::AnyComponent;
/// use distributions::{Component, Density, Exponential, Gamma, Scalars};
/// let components: Vec<AnyComponent<Scalars<f64>>> = vec![
///     AnyComponent::new(Exponential::new(1.0)?),
///     AnyComponent::new(Gamma::new(2.0, 3.0)?),
/// ];
/// assert_eq!(components[0].log_density(2.0), -2.0);
/// let fitted = components[0].estimate(&[1.0, 3.0], &[1.0, 1.0])?;
/// assert_eq!(fitted.downcast_ref::<Exponential>().unwrap().rate(), 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Made by [`AnyComponent::univariate`], it also keeps its distribution function, quantiles and
/// moments, through every M-step:
///
/// ```
/// use distributions::combine::AnyComponent;
/// use distributions::{Component, Exponential, Univariate};
/// let component = AnyComponent::univariate(Exponential::new(1.0)?);
/// let fitted = component.estimate(&[1.0, 3.0], &[1.0, 1.0])?;
/// assert_eq!(fitted.sf(4.0), (-2f64).exp());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AnyComponent<S: Space> {
    component: Arc<dyn Erased<S>>,
    line: Option<AsUnivariate>,
}

/// The way back to what a component of a forgotten type is on the real line.
type AsUnivariate = fn(&dyn Any) -> Option<&dyn Univariate>;

impl<S: Space> AnyComponent<S> {
    /// The component, its type forgotten.
    pub fn new<C>(component: C) -> Self
    where
        C: Component<Space = S> + Sample + Coordinates + 'static,
    {
        AnyComponent {
            component: Arc::new(component),
            line: None,
        }
    }
    /// The component, its type forgotten, but not what it is on the real line.
    pub fn univariate<C>(component: C) -> Self
    where
        C: Component<Space = S> + Sample + Coordinates + Univariate + 'static,
    {
        AnyComponent {
            component: Arc::new(component),
            line: Some(|component| {
                let component: &C = component.downcast_ref()?;
                Some(component)
            }),
        }
    }
    /// What it is on the real line, where [`AnyComponent::univariate`] made it.
    pub fn as_univariate(&self) -> Option<&dyn Univariate> {
        self.line.and_then(|line| line(self.component.as_any()))
    }
    /// `component` of the family of `self`.
    fn of_the_family(&self, component: Self) -> Self {
        AnyComponent {
            line: self.line,
            ..component
        }
    }
    /// The component, where it is a `C`.
    pub fn downcast_ref<C: 'static>(&self) -> Option<&C> {
        self.component.as_any().downcast_ref()
    }
}

impl<S: Space> Clone for AnyComponent<S> {
    fn clone(&self) -> Self {
        AnyComponent {
            component: Arc::clone(&self.component),
            line: self.line,
        }
    }
}

impl<S: Space> fmt::Debug for AnyComponent<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyComponent({})", self.component.type_name())
    }
}

/// The statistic of any component.
pub struct AnyStatistics(Box<dyn ErasedStatistics>);

impl Clone for AnyStatistics {
    fn clone(&self) -> Self {
        self.0.duplicate()
    }
}

/// # Panics
/// [`merge`](Statistics::merge) of statistics of different kinds.
impl Statistics for AnyStatistics {
    fn weight(&self) -> f64 {
        self.0.total()
    }
    fn clear(&mut self) {
        self.0.forget();
    }
    fn merge(&mut self, other: &Self) {
        self.0.absorb(other.0.as_any());
    }
    fn scale(&mut self, factor: f64) {
        self.0.rescale(factor);
    }
}

/// [`Statistics`] without `Self` in its signatures. The names differ from the trait's, so that no
/// call can mean the wrong one.
trait ErasedStatistics: Send + Sync {
    fn total(&self) -> f64;
    fn forget(&mut self);
    fn absorb(&mut self, other: &dyn Any);
    fn rescale(&mut self, factor: f64);
    fn duplicate(&self) -> AnyStatistics;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Statistics> ErasedStatistics for T {
    fn total(&self) -> f64 {
        self.weight()
    }
    fn forget(&mut self) {
        self.clear();
    }
    fn absorb(&mut self, other: &dyn Any) {
        let other = other.downcast_ref().expect("statistics of one family");
        self.merge(other);
    }
    fn rescale(&mut self, factor: f64) {
        self.scale(factor);
    }
    fn duplicate(&self) -> AnyStatistics {
        AnyStatistics(Box::new(self.clone()))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// [`Component`], [`Sample`] and [`Coordinates`] without `Self` in their signatures.
trait Erased<S: Space>: Send + Sync {
    fn log_density(&self, x: Obs<'_, S>) -> f64;
    fn check_observation(&self, x: Obs<'_, S>) -> Result<(), &'static str>;
    fn has_atoms(&self) -> bool;
    fn is_atom(&self, x: Obs<'_, S>) -> bool;
    fn prepared_width(&self) -> usize;
    fn shares_preparation(&self, other: &dyn Any) -> bool;
    fn prepare(&self, xs: Batch<'_, S>, into: &mut [f64]);
    fn log_density_batch(
        &self,
        xs: Batch<'_, S>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    );
    fn empty_statistics(&self) -> AnyStatistics;
    fn accumulate(&self, into: &mut dyn Any, x: Obs<'_, S>, weight: f64);
    fn accumulate_batch(
        &self,
        into: &mut dyn Any,
        xs: Batch<'_, S>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    );
    fn maximize(&self, from: &dyn Any) -> Result<AnyComponent<S>, EstimateError>;
    fn parameter_count(&self) -> usize;
    fn log_prior(&self) -> f64;
    fn is_bounded(&self) -> bool;
    fn floored(&self, whole: &dyn Any) -> Option<AnyComponent<S>>;
    fn is_at_bound(&self) -> bool;
    fn impossible_levels(&self) -> Vec<(usize, usize)>;
    fn one_step(&self) -> bool;
    fn toward(&self, next: &dyn Any, fraction: f64) -> Option<AnyComponent<S>>;
    fn estimate(&self, xs: Batch<'_, S>, weights: &[f64])
    -> Result<AnyComponent<S>, EstimateError>;
    fn pooled(&self, xs: Batch<'_, S>, weights: &[f64]) -> Result<AnyComponent<S>, EstimateError>;
    fn squared_distance(&self, a: Obs<'_, S>, b: Obs<'_, S>) -> Option<f64>;
    fn pack(&self, into: &mut Vec<f64>);
    fn unpack(&self, from: &mut &[f64]) -> Result<AnyComponent<S>, EstimateError>;
    fn empty_buffer(&self) -> Buffer<S>;
    fn draw(&self, rng: &mut dyn Rng, into: &mut Buffer<S>);
    fn type_name(&self) -> &'static str;
    fn as_any(&self) -> &dyn Any;
}

impl<S, C> Erased<S> for C
where
    S: Space,
    C: Component<Space = S> + Sample + Coordinates + 'static,
{
    fn log_density(&self, x: Obs<'_, S>) -> f64 {
        Density::log_density(self, x)
    }
    fn check_observation(&self, x: Obs<'_, S>) -> Result<(), &'static str> {
        Density::check_observation(self, x)
    }
    fn has_atoms(&self) -> bool {
        Density::has_atoms(self)
    }
    fn is_atom(&self, x: Obs<'_, S>) -> bool {
        Density::is_atom(self, x)
    }
    fn prepared_width(&self) -> usize {
        Density::prepared_width(self)
    }
    fn shares_preparation(&self, other: &dyn Any) -> bool {
        other
            .downcast_ref()
            .is_some_and(|other| Density::shares_preparation(self, other))
    }
    fn prepare(&self, xs: Batch<'_, S>, into: &mut [f64]) {
        Density::prepare(self, xs, into);
    }
    fn log_density_batch(
        &self,
        xs: Batch<'_, S>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        Density::log_density_batch(self, xs, prepared, out, scratch);
    }
    fn empty_statistics(&self) -> AnyStatistics {
        AnyStatistics(Box::new(Component::empty_statistics(self)))
    }
    fn accumulate(&self, into: &mut dyn Any, x: Obs<'_, S>, weight: f64) {
        let into = into.downcast_mut().expect("a statistic of this family");
        Component::accumulate(self, into, x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut dyn Any,
        xs: Batch<'_, S>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let into = into.downcast_mut().expect("a statistic of this family");
        Component::accumulate_batch(self, into, xs, prepared, weights, scratch);
    }
    fn maximize(&self, from: &dyn Any) -> Result<AnyComponent<S>, EstimateError> {
        let from = from.downcast_ref().ok_or_else(|| {
            EstimateError::new(Reason::Unsupported(
                "the statistic is that of another family".to_owned(),
            ))
        })?;
        Component::maximize(self, from).map(AnyComponent::new)
    }
    fn parameter_count(&self) -> usize {
        Component::parameter_count(self)
    }
    fn log_prior(&self) -> f64 {
        Component::log_prior(self)
    }
    fn is_bounded(&self) -> bool {
        Component::is_bounded(self)
    }
    fn floored(&self, whole: &dyn Any) -> Option<AnyComponent<S>> {
        Component::floored(self, whole.downcast_ref()?).map(AnyComponent::new)
    }
    fn is_at_bound(&self) -> bool {
        Component::is_at_bound(self)
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        Component::impossible_levels(self)
    }
    fn one_step(&self) -> bool {
        Component::one_step(self)
    }
    fn toward(&self, next: &dyn Any, fraction: f64) -> Option<AnyComponent<S>> {
        let next = next.downcast_ref()?;
        Some(AnyComponent::new(Component::toward(self, next, fraction)))
    }
    fn estimate(
        &self,
        xs: Batch<'_, S>,
        weights: &[f64],
    ) -> Result<AnyComponent<S>, EstimateError> {
        Component::estimate(self, xs, weights).map(AnyComponent::new)
    }
    fn pooled(&self, xs: Batch<'_, S>, weights: &[f64]) -> Result<AnyComponent<S>, EstimateError> {
        Component::pooled(self, xs, weights).map(AnyComponent::new)
    }
    fn squared_distance(&self, a: Obs<'_, S>, b: Obs<'_, S>) -> Option<f64> {
        Component::squared_distance(self, a, b)
    }
    fn pack(&self, into: &mut Vec<f64>) {
        Coordinates::pack(self, into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<AnyComponent<S>, EstimateError> {
        Coordinates::unpack(self, from).map(AnyComponent::new)
    }
    fn empty_buffer(&self) -> Buffer<S> {
        Sample::empty_buffer(self)
    }
    fn draw(&self, rng: &mut dyn Rng, into: &mut Buffer<S>) {
        Sample::draw(self, rng, into);
    }
    fn type_name(&self) -> &'static str {
        std::any::type_name::<C>()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<S: Space> Density for AnyComponent<S> {
    type Space = S;

    fn log_density(&self, x: Obs<'_, S>) -> f64 {
        self.component.log_density(x)
    }
    fn check_observation(&self, x: Obs<'_, S>) -> Result<(), &'static str> {
        self.component.check_observation(x)
    }
    fn has_atoms(&self) -> bool {
        self.component.has_atoms()
    }
    fn is_atom(&self, x: Obs<'_, S>) -> bool {
        self.component.is_atom(x)
    }
    fn prepared_width(&self) -> usize {
        self.component.prepared_width()
    }
    /// Where both are of one family, and that shares.
    fn shares_preparation(&self, other: &Self) -> bool {
        self.component.shares_preparation(other.component.as_any())
    }
    fn prepare(&self, xs: Batch<'_, S>, into: &mut [f64]) {
        self.component.prepare(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: Batch<'_, S>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.component.log_density_batch(xs, prepared, out, scratch);
    }
}

/// # Panics
/// [`accumulate`](Component::accumulate) into a statistic made by a component of another family.
/// [`maximize`](Component::maximize) from one is a typed error.
impl<S: Space> Component for AnyComponent<S> {
    type Statistics = AnyStatistics;

    fn empty_statistics(&self) -> AnyStatistics {
        self.component.empty_statistics()
    }
    fn accumulate(&self, into: &mut AnyStatistics, x: Obs<'_, S>, weight: f64) {
        self.component
            .accumulate(into.0.as_mut().as_any_mut(), x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut AnyStatistics,
        xs: Batch<'_, S>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let into = into.0.as_mut().as_any_mut();
        self.component
            .accumulate_batch(into, xs, prepared, weights, scratch);
    }
    fn maximize(&self, from: &AnyStatistics) -> Result<Self, EstimateError> {
        let next = self.component.maximize(from.0.as_ref().as_any())?;
        Ok(self.of_the_family(next))
    }
    fn parameter_count(&self) -> usize {
        self.component.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.component.log_prior()
    }
    fn is_bounded(&self) -> bool {
        self.component.is_bounded()
    }
    /// Where both are of one family, and that has one.
    fn floored(&self, whole: &Self) -> Option<Self> {
        let floored = self.component.floored(whole.component.as_any())?;
        Some(self.of_the_family(floored))
    }
    fn is_at_bound(&self) -> bool {
        self.component.is_at_bound()
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        self.component.impossible_levels()
    }
    fn one_step(&self) -> bool {
        self.component.one_step()
    }
    /// `next` itself where it is of another family: there is nothing between the two.
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        self.component
            .toward(next.component.as_any(), fraction)
            .map_or_else(|| next.clone(), |between| self.of_the_family(between))
    }
    fn estimate(&self, xs: Batch<'_, S>, weights: &[f64]) -> Result<Self, EstimateError> {
        let next = self.component.estimate(xs, weights)?;
        Ok(self.of_the_family(next))
    }
    fn pooled(&self, xs: Batch<'_, S>, weights: &[f64]) -> Result<Self, EstimateError> {
        let whole = self.component.pooled(xs, weights)?;
        Ok(self.of_the_family(whole))
    }
    fn squared_distance(&self, a: Obs<'_, S>, b: Obs<'_, S>) -> Option<f64> {
        self.component.squared_distance(a, b)
    }
}

impl<S: Space> Coordinates for AnyComponent<S> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.component.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.of_the_family(self.component.unpack(from)?))
    }
}

impl<S: Space> Sample for AnyComponent<S> {
    fn empty_buffer(&self) -> Buffer<S> {
        self.component.empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<S>) {
        // A reference to a generator is a generator of known size, as a trait object needs.
        let mut rng = rng;
        self.component.draw(&mut rng, into);
    }
}

/// What the component is on the real line; NaN throughout where [`AnyComponent::new`] forgot it.
impl<S: Space> Univariate for AnyComponent<S> {
    fn cdf(&self, x: f64) -> f64 {
        self.as_univariate().map_or(f64::NAN, |line| line.cdf(x))
    }
    fn sf(&self, x: f64) -> f64 {
        self.as_univariate().map_or(f64::NAN, |line| line.sf(x))
    }
    fn quantile(&self, p: f64) -> f64 {
        self.as_univariate()
            .map_or(f64::NAN, |line| line.quantile(p))
    }
    fn mean(&self) -> f64 {
        self.as_univariate().map_or(f64::NAN, |line| line.mean())
    }
    fn variance(&self) -> f64 {
        self.as_univariate()
            .map_or(f64::NAN, |line| line.variance())
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.as_univariate()
            .map_or(f64::NAN, |line| line.probability(low, high))
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        self.as_univariate()
            .map_or(f64::NAN, |line| line.log_probability(low, high))
    }
}
