//! Gaussian mixtures of every covariance structure have the same bits on 1, 2, 3 and 8 threads.

use distributions::RowsBuffer;
use em::{
    Acceleration, Data, Driver, Hard, Mixture, Options, Responsibilities, Soft, Start,
    fit_from_with, stream,
};
use gmm::{CovarianceStructure, Gaussians};
use rand::RngExt;

#[test]
fn every_structure_has_the_same_bits_on_any_number_of_threads() {
    // More than 64 blocks of 256 rows, and a last one that is not full.
    let (rows, width) = (17_000, 3);
    let rng = &mut stream(1, 0);
    let mut values = Vec::with_capacity(rows * width);
    for i in 0..rows {
        let shift = (i % 3) as f64 * 2.0;
        for j in 0..width {
            let noise: f64 = (0..4).map(|_| rng.random::<f64>() - 0.5).sum();
            values.push(noise * (1.0 + j as f64) + if j == 1 { -shift } else { shift });
        }
    }
    let rows = RowsBuffer { values, width };
    let rules: [&dyn Responsibilities; 2] = [&Soft, &Hard];
    for structure in CovarianceStructure::ALL {
        let template = Mixture::uniform(Gaussians::standard(structure, 3, width));
        for (rule, acceleration) in [
            (rules[0], Acceleration::None),
            (rules[0], Acceleration::Squarem),
            (rules[0], Acceleration::Daarem),
            (rules[1], Acceleration::None),
        ] {
            let fit = |threads: usize| {
                let options = Options::default()
                    .max_iterations(4)
                    .restarts(1)
                    .threads(threads);
                let mut driver = Driver::new(&options).accelerate(acceleration).rule(rule);
                let fitted =
                    fit_from_with(&template, Data::of(&rows), Start::Spread, &mut driver).unwrap();
                format!("{:?} {:?}", fitted.report, fitted.model)
            };
            let one = fit(1);
            for threads in [2, 3, 8] {
                assert!(
                    one == fit(threads),
                    "{structure:?} {acceleration:?} {threads} threads"
                );
            }
        }
    }
}
