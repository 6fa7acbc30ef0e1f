//! Normal mixtures, fits and comparisons for the tests of standard errors.

#![allow(dead_code)]

use distributions::*;
use em::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

pub type Normals = Mixture<Vec<Normal>>;

/// Converged far beyond what errors need, so that comparisons with closed forms hold to many digits.
pub fn tight() -> Options {
    Options::default().tolerance(1e-12).threads(2)
}

pub fn fitted<S: ComponentSet>(
    start: &Mixture<S>,
    data: Data<'_, Batch<'_, S::Space>>,
) -> Mixture<S> {
    fit_from(start, data, Start::Model, &tight()).unwrap().model
}

pub fn close(found: f64, wanted: f64, relative: f64, what: &str) {
    assert!(
        (found - wanted).abs() <= relative * wanted.abs(),
        "{what}: {found} instead of {wanted}"
    );
}

pub fn normal_parameters(model: &Normals) -> Vec<f64> {
    let mut all = model.weights().to_vec();
    all.extend(
        model
            .components()
            .iter()
            .flat_map(|c| [c.mean(), c.variance()]),
    );
    all
}

pub fn drawn<S: ComponentSet + SampleSet>(
    truth: &Mixture<S>,
    count: usize,
    seed: u64,
) -> Buffer<S::Space> {
    truth.sample(&mut Xoshiro256PlusPlus::seed_from_u64(seed), count)
}

pub fn two_normals() -> Normals {
    let components = vec![
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(4.0, 2.0).unwrap(),
    ];
    Mixture::new(Weights::new(vec![0.6, 0.4]).unwrap(), components).unwrap()
}
