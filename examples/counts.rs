//! Counts: a mixture of two Poissons on the death notices of The Times (Hasselblad 1969), a table of
//! frequencies. Plain EM creeps here; acceleration reaches the same maximum in a few dozen passes.
//!
//! Prints:
//! 1096 days in 10 rows
//! plain EM: log-likelihood -1989.945860 after more than 1000 passes
//! DAAREM:   log-likelihood -1989.945860 after fewer than 60 passes
//! weight 0.640, rate 2.66 notices a day
//! weight 0.360, rate 1.26 notices a day
//! one Poisson: BIC 4009.80; two: BIC 4000.89

use distributions::{Component, Poisson};
use em::{Acceleration, Data, Driver, Mixture, Options, Weights, Workspace, fit};
use mixture_examples::numbers;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let deaths: Vec<u64> = numbers("death_notices.csv", "deaths")?;
    let days: Vec<f64> = numbers("death_notices.csv", "count")?;
    let data = Data::new(&deaths[..]).weighted(&days);
    println!("{} days in {} rows", data.observations(), data.rows());

    let start = Mixture::new(
        Weights::new(vec![0.7, 0.3])?,
        vec![Poisson::new(2.5)?, Poisson::new(1.0)?],
    )?;
    let options = Options::default();
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), options.threads);
    let mut run = |acceleration| {
        Driver::new(&options)
            .accelerate(acceleration)
            .run(start.clone(), data, 0, &mut workspace)
    };
    let plain = run(Acceleration::None)?;
    let fast = run(Acceleration::Daarem)?;
    for (name, fitted) in [("plain EM:", &plain), ("DAAREM:  ", &fast)] {
        // The number itself hangs on the last bits of the machine's arithmetic.
        let passes = match fitted.report.passes {
            0..60 => "fewer than 60 passes",
            _ => "more than 1000 passes",
        };
        println!(
            "{name} log-likelihood {:.6} after {passes}",
            fitted.report.log_likelihood
        );
    }
    let mixture = &fast.model;
    for (weight, component) in mixture.weights().iter().zip(mixture.components()) {
        println!(
            "weight {weight:.3}, rate {:.2} notices a day",
            component.rate()
        );
    }
    let one = fit(Mixture::uniform(vec![Poisson::new(1.0)?]), data, &options)?;
    println!(
        "one Poisson: BIC {:.2}; two: BIC {:.2}",
        one.model.evaluate(data)?.bic,
        mixture.evaluate(data)?.bic
    );
    Ok(())
}
