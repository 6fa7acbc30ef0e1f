//! The score of components against formulas, and its mean and variance against their identities.

use distributions::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

#[test]
fn scores_agree_with_their_formulas() {
    // A step of 1e-2 and order six: truncation h⁶ f⁽⁷⁾/140, of size 1e-13 to 1e-11 here.
    let near = |found: Vec<f64>, expected: &[f64]| {
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() <= 1e-10 * (1.0 + expected.abs()),
                "{found} not {expected}"
            );
        }
    };
    // ln λ: x − λ.
    near(score(&Poisson::new(3.0).unwrap(), 5), &[2.0]);
    // logit p: x − n p.
    near(score(&Binomial::new(10, 0.3).unwrap(), 4), &[1.0]);
    // ln a: a (ln b + ln x − ψ(a)); ln b: a − b x.
    let (a, b, x): (f64, f64, f64) = (2.5, 1.5, 0.8);
    let shape = a * (b.ln() + x.ln() - special::digamma(a));
    near(score(&Gamma::new(a, b).unwrap(), x), &[shape, a - b * x]);
    // Location: (ν + 1) z / (σ (ν + z²)), with z = (x − μ)/σ; ln σ: (ν + 1) z²/(ν + z²) − 1.
    let family = StudentT::new(1.0, 2.0, 4.0).unwrap().with_fixed_df();
    let z: f64 = 1.5;
    let pull = 5.0 * z / (4.0 + z * z);
    near(score(&family, 4.0), &[pull / 2.0, pull * z - 1.0]);
}

#[test]
fn its_mean_is_zero() {
    let family = Weibull::new(1.7, 2.0).unwrap();
    let drawn = family.sample(&mut Xoshiro256PlusPlus::seed_from_u64(1), 20_000);
    let scores: Vec<Vec<f64>> = drawn.iter().map(|&x| score(&family, x)).collect();
    for j in 0..2 {
        let mean = scores.iter().map(|s| s[j]).sum::<f64>() / 20_000.0;
        let square = scores.iter().map(|s| s[j] * s[j]).sum::<f64>() / 20_000.0;
        // Five standard errors.
        assert!(mean.abs() < 5.0 * (square / 20_000.0).sqrt(), "{mean}");
    }
}

#[test]
fn at_a_bound_there_is_none() {
    let family = Bernoulli::new(0.0).unwrap();
    assert!(score(&family, 0)[0].is_nan());
}
