//! Louis' formula and the bootstraps on one simulated case: an interior maximum, many rows. About a thousand
//! refits to 2000 rows, a few seconds.

use distributions::{Normal, Sample};
use em::select::Replicates;
use em::uncertainty::*;
use em::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

type Normals = Mixture<Vec<Normal>>;

fn parameters(model: &Normals) -> Vec<f64> {
    let mut all = model.weights().to_vec();
    all.extend((model.components().iter()).flat_map(|normal| [normal.mean(), normal.variance()]));
    all
}

#[test]
fn louis_agrees_with_500_bootstrap_replicates() {
    let components = vec![
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(3.5, 1.5).unwrap(),
    ];
    let truth = Mixture::new(Weights::new(vec![0.6, 0.4]).unwrap(), components).unwrap();
    let xs = truth.sample(&mut Xoshiro256PlusPlus::seed_from_u64(17), 2000);
    let (data, options) = (Data::new(&xs[..]), Options::default().tolerance(1e-9));
    let fit = fit_from(&truth, data, Start::Model, &options)
        .unwrap()
        .model;
    let information = Information::observed(&fit, data, 0).unwrap();
    let louis = information
        .standard_errors(Robustness::Model, parameters)
        .unwrap();
    let robust = information
        .standard_errors(Robustness::Sandwich, parameters)
        .unwrap();
    let replicates = Replicates {
        count: 500,
        seed: 1,
        threads: 0,
    };
    let rows = bootstrap(
        &fit,
        data,
        Reweighting::Multinomial,
        &options,
        replicates,
        parameters,
        |_| (),
    );
    let drawn = parametric_bootstrap(&fit, data, &options, replicates, parameters, |_| ());
    for estimates in [rows.unwrap(), drawn.unwrap()] {
        assert!(estimates.failures.is_empty());
        let (errors, intervals) = (estimates.standard_errors(), estimates.intervals(0.95));
        for (a, error) in errors.iter().enumerate() {
            for analytic in [louis[a], robust[a]] {
                // A standard deviation of 500 replicates has a relative error of 1/√1000 = 3 %; the rest is
                // what n = 2000 is short of infinity.
                let ratio = error / analytic.value().unwrap();
                assert!(
                    (0.85..1.15).contains(&ratio),
                    "parameter {a}: ratio {ratio}"
                );
            }
            let [low, high] = louis[a].interval(estimates.fit[a]).unwrap();
            let [from, to] = intervals[a];
            let wide = high - low;
            // The ends of a percentile interval from 500 replicates are known to about 0.12 errors.
            assert!(
                (from - low).abs() < 0.15 * wide,
                "parameter {a}: {from} and {low}"
            );
            assert!(
                (to - high).abs() < 0.15 * wide,
                "parameter {a}: {to} and {high}"
            );
        }
    }
}
