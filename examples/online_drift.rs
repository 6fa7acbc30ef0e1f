//! A stream that changes: two kinds of counts whose rates rise batch after batch, learned by online EM.
//! Falling step sizes converge, and are left behind; a least step size forgets, and follows.
//!
//! Prints:
//! batch  true rates    falling steps  least step 0.1
//! 100    4.0 35.0      3.7 34.3       3.8 34.5
//! 200    6.0 40.0      5.6 38.8       5.9 39.3
//! 300    8.0 45.0      7.5 43.6       7.8 44.3
//! 400    10.0 50.0     9.4 48.3       9.8 49.6

use distributions::{Poisson, Sample};
use em::{Mixture, OnlineEm, OnlineLearner, Options, stream};

fn mixture(low: f64, high: f64) -> Result<Mixture<Vec<Poisson>>, distributions::ParameterError> {
    Ok(Mixture::uniform(vec![
        Poisson::new(low)?,
        Poisson::new(high)?,
    ]))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::default().threads(1);
    let following = OnlineEm {
        least_step: 0.1,
        ..OnlineEm::default()
    };
    let start = mixture(1.0, 30.0)?;
    let mut settling = OnlineLearner::new(start.clone(), OnlineEm::default(), &options)?;
    let mut following = OnlineLearner::new(start, following, &options)?;
    let mut rng = stream(11, 0);
    println!("batch  true rates    falling steps  least step 0.1");
    for batch in 1..=400 {
        let (low, high) = (
            2.0 + 0.02 * f64::from(batch),
            30.0 + 0.05 * f64::from(batch),
        );
        // Each batch is seen once, and not kept.
        let counts = mixture(low, high)?.sample(&mut rng, 200);
        settling.partial_fit_all([&counts[..]].map(<[u64]>::to_vec))?;
        following.partial_fit_all([counts])?;
        if batch % 100 == 0 {
            let rates = |learner: &OnlineLearner<Mixture<Vec<Poisson>>>| {
                let [a, b] = [0, 1].map(|k| learner.model().components()[k].rate());
                format!("{a:.1} {b:.1}")
            };
            let truth = format!("{low:.1} {high:.1}");
            println!(
                "{batch:<5}  {truth:12}  {:13}  {}",
                rates(&settling),
                rates(&following)
            );
        }
    }
    Ok(())
}
