//! Normals, draws and comparisons for the tests of what is known.

#![allow(dead_code)]

use distributions::Normal;
use em::{Mixture, Options};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

pub fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

pub fn normals(means: &[f64]) -> Vec<Normal> {
    let made = means.iter().map(|&mean| Normal::new(mean, 1.0));
    made.map(Result::unwrap).collect()
}

pub fn draws(mixture: &Mixture<Vec<Normal>>, seed: u64, count: usize) -> Vec<f64> {
    mixture.sample_with_labels(&mut rng(seed), count).0
}

#[track_caller]
pub fn near(a: f64, b: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance * b.abs().max(1.0),
        "{a} against {b}"
    );
}

pub fn precise() -> Options {
    Options::default().tolerance(1e-11).max_iterations(100_000)
}
