//! A component whose estimate has no closed form: the Gompertz distribution of lifetimes, with hazard
//! b e^(cx). Its M-step is one Newton step from the current iterate; the driver checks each step and
//! shortens it where the likelihood would fall.
//!
//! Prints:
//! the contract holds
//! weight 0.60, level 0.002, growth 0.90
//! weight 0.40, level 1.936, growth 0.62

use distributions::testing::{Contract, Positive};
use distributions::{Component, Density, EstimateError, MeanStatistics, Scalars, Statistics};
use em::{Data, Mixture, Options, Start, fit_from, stream};
use rand::RngExt;

/// p(x) = b e^(cx) exp(−b g(x)) for x ≥ 0, where g(x) = (e^(cx) − 1)/c.
#[derive(Clone, Debug)]
struct Gompertz {
    level: f64,
    growth: f64,
}

impl Density for Gompertz {
    type Space = Scalars<f64>;
    fn log_density(&self, x: f64) -> f64 {
        let (b, c) = (self.level, self.growth);
        match (0.0..f64::INFINITY).contains(&x) {
            true => b.ln() + c * x - b * (c * x).exp_m1() / c,
            false => f64::NEG_INFINITY,
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        let inside = (0.0..f64::INFINITY).contains(&x);
        inside
            .then_some(())
            .ok_or("must be non-negative and finite")
    }
}

impl Component for Gompertz {
    /// The means of x, g(x), and its first two derivatives in c: `&self` is the iterate.
    type Statistics = MeanStatistics<[f64; 4]>;
    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0; 4])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: f64, weight: f64) {
        let (c, power) = (self.growth, (self.growth * x).exp());
        let g = (c * x).exp_m1() / c;
        let slope = (x * power - g) / c;
        into.add(&[x, g, slope, (x * x * power - 2.0 * slope) / c], weight);
    }
    /// Given c, b is 1/mean(g). What is left, c mean(x) − ln mean(g), takes a Newton step in ln c.
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let ([x, g, slope, curve], c) = (from.mean(), self.growth);
        let first = c * (x - slope / g);
        let second = c * c * ((slope / g).powi(2) - curve / g) + first;
        let step = if second < 0.0 { -first / second } else { first };
        let growth = c * step.clamp(-0.7, 0.7).exp();
        let moved = growth - c;
        let level = 1.0 / (g + moved * (slope + 0.5 * moved * curve));
        match level > 0.0 && level.is_finite() {
            true => Ok(Gompertz { level, growth }),
            false => Err(EstimateError::boundary("level", level, "must be positive")),
        }
    }
    fn parameter_count(&self) -> usize {
        2
    }
    fn one_step(&self) -> bool {
        true
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let between = |a: f64, b: f64| a * (b / a).powf(fraction);
        Gompertz {
            level: between(self.level, next.level),
            growth: between(self.growth, next.growth),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = stream(5, 0);
    let mut lifetime = |b: f64, c: f64| (1.0 - rng.random::<f64>().ln() * c / b).ln() / c;
    let mut xs: Vec<f64> = (0..2000).map(|_| lifetime(2.0, 0.5)).collect();
    xs.extend((0..3000).map(|_| lifetime(0.002, 0.9)));

    let start = Gompertz {
        level: 0.5,
        growth: 0.5,
    };
    let contract = Contract::new(&start, &xs[..50]).outside(&[-1.0, f64::NAN][..]);
    contract.total(&Positive { scale: 2.0 }).verify()?;
    println!("the contract holds");

    let data = Data::new(&xs[..]);
    let template = Mixture::uniform(vec![start; 2]);
    let fitted = fit_from(&template, data, Start::Spread, &Options::default())?;
    for (weight, one) in fitted.model.weights().iter().zip(fitted.model.components()) {
        println!(
            "weight {weight:.2}, level {:.3}, growth {:.2}",
            one.level, one.growth
        );
    }
    Ok(())
}
