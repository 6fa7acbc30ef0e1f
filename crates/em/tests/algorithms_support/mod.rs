//! Mixtures and a way to run an algorithm, for the tests of the algorithms beside EM.

#![allow(dead_code)]

use distributions::{Component, Gamma, Poisson, Sample};
use em::{Algorithm, Data, Fit, FitError, LatentModel, Mixture, Options, Variant, Weights, stream};

pub fn options() -> Options {
    Options::default().threads(1)
}

pub fn by<M: LatentModel, A: Algorithm<M> + ?Sized>(
    algorithm: &A,
    start: &M,
    data: Data<'_, distributions::Batch<'_, M::Space>>,
    options: &Options,
) -> Result<Fit<M>, FitError> {
    Variant::new(algorithm, options).fit(start.clone(), data)
}

pub fn mixture<C: Component>(weights: &[f64], components: Vec<C>) -> Mixture<Vec<C>> {
    Mixture::new(Weights::new(weights.to_vec()).unwrap(), components).unwrap()
}

pub fn poissons(weights: &[f64], rates: &[f64]) -> Mixture<Vec<Poisson>> {
    let components = rates.iter().map(|&rate| Poisson::new(rate).unwrap());
    mixture(weights, components.collect())
}

pub fn gammas() -> Mixture<Vec<Gamma>> {
    mixture(
        &[0.4, 0.6],
        vec![Gamma::new(2.0, 2.0).unwrap(), Gamma::new(9.0, 1.5).unwrap()],
    )
}

pub fn drawn<M: Sample>(model: &M, rows: usize) -> distributions::Buffer<M::Space> {
    model.sample(&mut stream(5, 0), rows)
}
