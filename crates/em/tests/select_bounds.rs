//! Bounds of log-likelihoods, and what is left out by them.

use distributions::{Density, Poisson};
use em::select::{Fitted, Race, mixture_bound, saturated_log_likelihood};
use em::{Data, Mixture, Options, Start, fit_from};
use proptest::prelude::*;

/// Days with 0, 1, … death notices in The Times (Hasselblad 1969).
const DAYS: [f64; 10] = [162.0, 267.0, 271.0, 185.0, 111.0, 61.0, 27.0, 8.0, 3.0, 1.0];

fn fit(components: usize) -> (Mixture<Vec<Poisson>>, f64) {
    let counts: Vec<u64> = (0..10).collect();
    let data = Data::new(&counts[..]).weighted(&DAYS);
    let template = Mixture::uniform(vec![Poisson::new(1.0).unwrap(); components]);
    let fitted = fit_from(&template, data, Start::Random, &Options::default()).unwrap();
    (fitted.model, fitted.report.log_likelihood)
}

fn ln_f(x: usize, rate: f64) -> f64 {
    let rate = rate.max(f64::MIN_POSITIVE);
    Poisson::new(rate).map_or(f64::NAN, |f| f.log_density(x as u64))
}

fn bound(model: &Mixture<Vec<Poisson>>) -> f64 {
    let row = |x: usize| Fitted {
        mode: x as f64,
        weight: DAYS[x],
        log_density: model.log_density(x as u64),
    };
    let rows: Vec<Fitted> = (0..10).map(row).collect();
    mixture_bound(&rows, ln_f)
}

#[test]
fn no_mixture_is_above_the_bound_and_the_best_is_at_it() {
    let fits: Vec<_> = (1..=4).map(fit).collect();
    let best = fits
        .iter()
        .map(|fit| fit.1)
        .fold(f64::NEG_INFINITY, f64::max);
    for (model, log_likelihood) in &fits {
        let bound = bound(model);
        // The bound is computed to 1e-3 nats, and the best fits stop within 1e-7 of theirs.
        assert!(bound >= best - 1e-6, "{bound} {best}");
        assert!(bound >= *log_likelihood);
    }
    // The best of all mixtures, by a grid of 1801 rates and 200,000 steps of EM for their weights (numpy): three
    // rates, one of them 0, and not the two of Hasselblad.
    let highest = -1_989.929_831;
    let rates = [1e-12, 1.345, 2.7].map(|rate| Poisson::new(rate).unwrap());
    let weights = em::Weights::new(vec![0.01, 0.49, 0.5]).unwrap();
    let start = Mixture::new(weights, rates.to_vec()).unwrap();
    let counts: Vec<u64> = (0..10).collect();
    let data = Data::new(&counts[..]).weighted(&DAYS);
    let three = fit_from(&start, data, Start::Model, &Options::default()).unwrap();
    // Where numpy stopped, the same bound is 0.0028 nats above.
    let reached = three.report.log_likelihood;
    assert!(reached > highest && reached < highest + 0.0028, "{reached}");
    // Bounds are computed to 1e-3 nats; EM stops within 1e-7 nats, where the gradient is not quite 0.
    let [two, three] = [bound(&fits[1].0), bound(&three.model)];
    assert!(two > highest && two < highest + 10.0, "{two}");
    assert!(three > highest - 1e-3 && three < highest + 0.05, "{three}");
    assert!(bound(&fits[0].0) > two);
    let saturated = saturated_log_likelihood(&DAYS);
    assert!(
        saturated > best && saturated < best + 3.0,
        "{saturated} {best}"
    );
}

proptest! {
    #[test]
    fn bounds_hold_for_any_pair_of_mixtures(
        rates in prop::collection::vec(0.05..12.0_f64, 4), weights in prop::collection::vec(0.05..1.0_f64, 2)
    ) {
        let mixture = |a: f64, b: f64, weight: f64| {
            let weights = em::Weights::new(vec![weight, 1.0 - weight]).unwrap();
            Mixture::new(weights, vec![Poisson::new(a).unwrap(), Poisson::new(b).unwrap()]).unwrap()
        };
        let (mine, other) = (mixture(rates[0], rates[1], weights[0]), mixture(rates[2], rates[3], weights[1]));
        let reached: f64 = (0..10).map(|x| DAYS[x as usize] * other.log_density(x)).sum();
        prop_assert!(bound(&mine) >= reached);
        prop_assert!(saturated_log_likelihood(&DAYS) >= reached);
    }

    /// However the candidates come in, what is left out in time is what the verdicts name, and never the winner.
    #[test]
    fn what_is_lost_in_time_is_lost_in_the_end(
        likelihoods in prop::collection::vec((-100.0..0.0_f64, 0.0..30.0_f64), 8),
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(), first in 0..8_usize
    ) {
        // Two lanes of four candidates; in a lane likelihoods rise, and bounds lie above them all.
        let (lane, penalty) = (|i: usize| i / 4, |i: usize| 10.0 * (i % 4) as f64);
        let reached = |i: usize| (4 * lane(i)..=i).map(|j| likelihoods[j].0).fold(f64::NEG_INFINITY, f64::max);
        let bound = |i: usize| reached(4 * lane(i) + 3) + likelihoods[i].1;
        let value = |i: usize| penalty(i) - 2.0 * reached(i);
        let run = |order: &[usize]| {
            let race = Race::new(8);
            // Of two threads one may enter long before it asks.
            race.enter(first, lane(first), penalty(first), f64::INFINITY);
            for &i in order {
                race.enter(i, lane(i), penalty(i), f64::INFINITY);
                if !race.is_lost(i) {
                    race.finish(i, Some(value(i)), bound(i));
                }
            }
            race.verdicts()
        };
        let all = {
            let race = Race::new(8);
            for i in 0..8 {
                race.enter(i, lane(i), penalty(i), f64::INFINITY);
                race.finish(i, Some(value(i)), bound(i));
            }
            race.verdicts()
        };
        prop_assert_eq!(&run(&order), &all);
        let winner = (0..8).min_by(|&a, &b| value(a).total_cmp(&value(b))).unwrap();
        prop_assert_eq!(all[winner], None);
    }
}
