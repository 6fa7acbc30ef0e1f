//! A component of your own: the Lindley distribution, p(x) = θ²/(1 + θ) (1 + x) e^(−θx) for x > 0, which
//! no library has. From T, h, η, A and the inverse of ∇A it gets scoring in blocks, threads, restarts
//! and row weights, and the contract can be checked.
//!
//! Prints:
//! the contract holds
//! weight 0.571, theta 3.103
//! weight 0.429, theta 0.500

use distributions::testing::{Contract, Positive};
use distributions::{
    EstimateError, Exponential, ExponentialFamily, Sample, Scalars, component_from_means,
};
use em::{Data, Mixture, Options, Start, fit_from, stream};

#[derive(Clone, Debug)]
struct Lindley {
    theta: f64,
}

impl ExponentialFamily for Lindley {
    type Vector = [f64; 1];
    fn statistic(&self, x: f64) -> [f64; 1] {
        [x]
    }
    fn log_base(&self, x: f64) -> f64 {
        match x > 0.0 {
            true => x.ln_1p(),
            false => f64::NEG_INFINITY,
        }
    }
    fn natural(&self) -> [f64; 1] {
        [-self.theta]
    }
    fn log_partition(&self) -> f64 {
        self.theta.ln_1p() - 2.0 * self.theta.ln()
    }
    fn expected(&self) -> [f64; 1] {
        [(self.theta + 2.0) / (self.theta * (self.theta + 1.0))]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let m = mean[0];
        let theta = (1.0 - m + ((m - 1.0).powi(2) + 8.0 * m).sqrt()) / (2.0 * m);
        match theta > 0.0 && theta.is_finite() {
            true => Ok(Lindley { theta }),
            false => Err(EstimateError::boundary("theta", theta, "must be positive")),
        }
    }
}
component_from_means!(Lindley, Scalars<f64>);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A Lindley variate is exponential with probability θ/(1 + θ), else a sum of two exponentials.
    let mut rng = stream(7, 0);
    let mut xs = Vec::new();
    for (theta, alone) in [(0.5, 1800), (3.0, 5400)] {
        let values = Exponential::new(theta)?.sample(&mut rng, 9000);
        let (alone, paired) = values.split_at(alone);
        xs.extend_from_slice(alone);
        xs.extend(paired.chunks_exact(2).map(|pair| pair[0] + pair[1]));
    }

    Contract::new(&Lindley { theta: 0.7 }, &xs[..50])
        .outside(&[-1.0, f64::NAN][..])
        .total(&Positive { scale: 2.0 })
        .verify()?;
    println!("the contract holds");

    let template = Mixture::uniform(vec![Lindley { theta: 1.0 }; 2]);
    let data = Data::new(&xs[..]);
    let fitted = fit_from(&template, data, Start::Spread, &Options::default())?;
    for (weight, component) in fitted.model.weights().iter().zip(fitted.model.components()) {
        println!("weight {weight:.3}, theta {:.3}", component.theta);
    }
    Ok(())
}
