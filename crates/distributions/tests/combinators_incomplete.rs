//! Zero-inflated, truncated and censored families and families with a prior: the contract, identities,
//! boundaries and recoveries.

use distributions::combine::*;
use distributions::testing::*;
use distributions::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

const INFINITY: f64 = f64::INFINITY;

fn kept(result: Result<(), Violations>) {
    if let Err(violations) = result {
        panic!("{violations}");
    }
}

/// Σ w ln p: the objective by the plain definition.
fn log_likelihood<C: Component>(component: &C, xs: Batch<'_, C::Space>, weights: &[f64]) -> f64 {
    (weights.iter().enumerate())
        .map(|(i, w)| w * component.log_density(xs.at(i)))
        .sum()
}

fn zero_truncated(rate: f64) -> Truncated<Poisson> {
    Truncated::new(Poisson::new(rate).unwrap(), 0.0, INFINITY).unwrap()
}

const COUNTS: [u64; 9] = [0, 3, 1, 0, 7, 2, 0, 0, 4];
const REALS: [f64; 8] = [0.0, 2.5, 0.3, 0.0, 4.0, 0.9, 0.0, 1.25];

mod zero_inflated {
    use super::*;

    macro_rules! counts_keep_the_contract {
        ($($name:ident: $family:expr, $xs:expr, $last:expr;)+) => {
            $(#[test]
            fn $name() {
                for zero_probability in [0.1, 0.6] {
                    let inflated = ZeroInflated::new(zero_probability, $family.unwrap()).unwrap();
                    let xs: &[u64] = &$xs;
                    kept(Contract::new(&inflated, xs)
                        .coordinates()
                        .total(&Counts { last: $last })
                        .verify());
                }
            })+
        };
    }
    counts_keep_the_contract! {
        poisson: Poisson::new(2.0), COUNTS, 60;
        geometric: Geometric::new(0.3), COUNTS, 200;
        trials: Geometric::trials(0.3), COUNTS, 200;
        binomial: Binomial::new(12, 0.3), COUNTS, 13;
        negative_binomial: NegativeBinomial::new(3.0, 2.0), [0, 3, 1, 0, 9, 2, 0, 0, 5, 4, 7, 3, 6, 12, 0, 0], 400;
    }

    macro_rules! reals_keep_the_contract {
        ($($name:ident: $family:expr;)+) => {
            $(#[test]
            fn $name() {
                let family = $family.unwrap();
                let inflated = ZeroInflated::new(0.3, family).unwrap();
                let rest = |x: f64| inflated.log_density(x).exp();
                let total = Positive { scale: 1.0 }.integrate(&mut |x| rest(x));
                assert!((total + rest(0.0) - 1.0).abs() < 1e-10, "{total}");
                kept(Contract::new(&inflated, &REALS[..])
                    .coordinates()
                    .outside(&[-1.0, INFINITY][..])
                    .verify());
                // The zeros and the rest have nothing to do with each other.
                let fitted = inflated.estimate(&REALS, &[1.0; 8]).unwrap();
                assert_eq!(fitted.zero_probability(), 0.375);
                let positive: Vec<f64> = REALS.iter().copied().filter(|&x| x > 0.0).collect();
                let alone = inflated.family().estimate(&positive, &[1.0; 5]).unwrap();
                for x in positive {
                    let (a, b) = (fitted.family().log_density(x), alone.log_density(x));
                    assert!((a - b).abs() < 1e-13 * b.abs().max(1.0), "{a} {b}");
                }
            })+
        };
    }
    reals_keep_the_contract! {
        gamma: Gamma::new(2.0, 1.0);
        log_normal: LogNormal::new(0.0, 1.0);
        weibull: Weibull::new(1.5, 2.0);
    }

    #[test]
    fn exponential() {
        // 0 lies in the support of the family, where it has a density, not a mass.
        let inflated = ZeroInflated::new(0.3, Exponential::new(2.0).unwrap()).unwrap();
        assert_eq!(inflated.log_density(0.0), 0.3f64.ln());
        kept(
            Contract::new(&inflated, &REALS[..])
                .coordinates()
                .outside(&[-1.0][..])
                .verify(),
        );
    }

    /// The positive counts alone decide the rate: λ/(1 − e^−λ) is their mean.
    #[test]
    fn a_poisson_is_fitted_zero_truncated() {
        for start in [1e-3, 0.5, 30.0] {
            let inflated = ZeroInflated::new(0.5, Poisson::new(start).unwrap()).unwrap();
            let fitted = inflated.estimate(&COUNTS, &[1.0; 9]).unwrap();
            let rate = fitted.family().rate();
            assert!((rate / -(-rate).exp_m1() - 3.4).abs() < 1e-13, "{rate}");
            let zero = (4.0 / 9.0 - (-rate).exp()) / -(-rate).exp_m1();
            assert!((fitted.zero_probability() - zero).abs() < 1e-13);
            // P(0) is the share of the zeros.
            assert!((fitted.log_density(0) - (4.0f64 / 9.0).ln()).abs() < 1e-13);
            let truncated = zero_truncated(1.0)
                .estimate(&[3, 1, 7, 2, 4], &[1.0; 5])
                .unwrap();
            assert!((truncated.family().rate() / rate - 1.0).abs() < 1e-13);
        }
    }

    #[test]
    fn fewer_zeros_than_expected_is_the_family_itself() {
        let inflated = ZeroInflated::new(0.5, Poisson::new(1.0).unwrap()).unwrap();
        for xs in [&[0, 1, 1, 2, 3][..], &[1, 2, 3], &[1, 1, 1, 0], &[1, 1]] {
            let weights = vec![1.0; xs.len()];
            let fitted = inflated.estimate(xs, &weights).unwrap();
            let plain = Poisson::new(1.0).unwrap().estimate(xs, &weights).unwrap();
            assert_eq!(fitted.zero_probability(), 0.0, "{xs:?}");
            assert!(
                (fitted.family().rate() / plain.rate() - 1.0).abs() < 1e-13,
                "{xs:?}"
            );
            assert_eq!(fitted.log_density(0), -fitted.family().rate());
        }
    }

    #[test]
    fn nothing_but_zeros_and_nothing_at_all() {
        let inflated = ZeroInflated::new(0.5, Poisson::new(2.0).unwrap()).unwrap();
        let fitted = inflated.estimate(&[0, 0], &[1.0, 2.0]).unwrap();
        assert_eq!(fitted.zero_probability(), 1.0);
        assert_eq!(fitted.family().rate(), 2.0);
        assert_eq!(
            (fitted.log_density(0), fitted.log_density(1)),
            (0.0, f64::NEG_INFINITY)
        );
        assert_eq!(
            (fitted.mean(), fitted.variance(), fitted.quantile(0.9)),
            (0.0, 0.0, 0.0)
        );
        assert_eq!(
            inflated.estimate(&[], &[]).unwrap_err().reason,
            Reason::Empty
        );
        let gamma = ZeroInflated::new(0.5, Gamma::new(0.5, 1.0).unwrap()).unwrap();
        assert_eq!(
            gamma
                .estimate(&[0.0, 0.0], &[1.0, 1.0])
                .unwrap()
                .zero_probability(),
            1.0
        );
        // A density may be infinite where it counts nothing.
        assert_eq!(gamma.log_density(0.0), 0.5f64.ln());
        for bad in [-0.1, 1.5, f64::NAN] {
            assert!(ZeroInflated::new(bad, Poisson::new(1.0).unwrap()).is_err());
        }
        // A boundary rate: all mass at 0 either way.
        let degenerate = ZeroInflated::new(0.25, Poisson::new(0.0).unwrap()).unwrap();
        assert!(degenerate.log_density(0).abs() < 1e-16);
        assert_eq!(degenerate.log_density(1), f64::NEG_INFINITY);
        assert!(
            degenerate
                .estimate(&COUNTS, &[1.0; 9])
                .unwrap()
                .family()
                .rate()
                > 1.0
        );
    }

    /// The M-step against a plain search over p₀ and λ.
    #[test]
    fn no_neighbour_is_better() {
        let weights = [1.0, 0.5, 2.0, 3.0, 1.0, 0.25, 1.0, 2.0, 1.0];
        let inflated = ZeroInflated::new(0.5, Geometric::new(0.5).unwrap()).unwrap();
        let best = inflated.estimate(&COUNTS, &weights).unwrap();
        let top = log_likelihood(&best, &COUNTS[..], &weights);
        for i in 0..50 {
            for j in 1..50 {
                let (zero, p) = (f64::from(i) / 50.0, f64::from(j) / 50.0);
                let other = ZeroInflated::new(zero, Geometric::new(p).unwrap()).unwrap();
                assert!(log_likelihood(&other, &COUNTS[..], &weights) <= top);
            }
        }
    }

    #[test]
    fn its_distribution_function_and_moments() {
        let inflated = ZeroInflated::new(0.3, Poisson::new(2.0).unwrap()).unwrap();
        let mass = |x: u64| inflated.log_density(x).exp();
        let mut below = 0.0;
        for x in 0..12 {
            below += mass(x);
            assert!((inflated.cdf(x as f64) - below).abs() < 1e-14);
            assert!((inflated.sf(x as f64) - (1.0 - below)).abs() < 1e-14);
            assert_eq!(inflated.quantile(below - 1e-9), x as f64);
        }
        let moment = |p: i32| -> f64 { (0..100).map(|x| mass(x) * (x as f64).powi(p)).sum() };
        assert!((inflated.mean() - moment(1)).abs() < 1e-13);
        assert!((inflated.variance() - (moment(2) - moment(1).powi(2))).abs() < 1e-12);
        assert_eq!((inflated.cdf(-0.5), inflated.sf(-0.5)), (0.0, 1.0));
        assert_eq!((inflated.quantile(0.0), inflated.quantile(0.3)), (0.0, 0.0));
        assert!(inflated.quantile(1.5).is_nan());
        let real = ZeroInflated::new(0.3, Exponential::new(2.0).unwrap()).unwrap();
        for p in [0.31, 0.5, 0.99] {
            assert!((real.cdf(real.quantile(p)) - p).abs() < 1e-14);
        }
    }

    #[test]
    fn what_was_drawn_is_found_again() {
        let truth = ZeroInflated::new(0.3, Poisson::new(2.5).unwrap()).unwrap();
        let xs = truth.sample(&mut Xoshiro256PlusPlus::seed_from_u64(11), 20_000);
        let fitted = truth.estimate(&xs, &vec![1.0; xs.len()]).unwrap();
        // Standard errors near 0.004 and 0.015: four of each.
        assert!(
            (fitted.zero_probability() - 0.3).abs() < 0.016,
            "{fitted:?}"
        );
        assert!((fitted.family().rate() - 2.5).abs() < 0.06, "{fitted:?}");
    }
}

mod truncated {
    use super::*;

    #[test]
    fn counts_keep_the_contract() {
        for (low, high, xs) in [
            (0.0, INFINITY, &[3, 1, 7, 2, 1, 4][..]),
            (1.5, INFINITY, &[3, 2, 7, 2, 5, 4]),
            (-1.0, 7.0, &[3, 0, 7, 2, 5, 4]),
            (0.0, 9.0, &[3, 1, 7, 2, 5, 4]),
        ] {
            for rate in [0.7, 4.0] {
                let truncated = Truncated::new(Poisson::new(rate).unwrap(), low, high).unwrap();
                kept(
                    Contract::new(&truncated, xs)
                        .coordinates()
                        .outside(if low >= 0.0 { &[0][..] } else { &[8, 9] })
                        .total(&Counts { last: 80 })
                        .verify(),
                );
            }
        }
    }

    #[test]
    fn reals_keep_the_contract() {
        let xs = [0.6, 2.5, 0.9, 1.4, 0.7];
        for (low, high) in [(0.5, INFINITY), (f64::NEG_INFINITY, 3.0), (0.5, 4.0)] {
            let family = Exponential::new(0.8).unwrap();
            let truncated = Truncated::new(family, low, high).unwrap();
            let between = Between {
                low: low.max(0.0),
                high: high.min(60.0),
            };
            kept(
                Contract::new(&truncated, &xs[..])
                    .coordinates()
                    .outside(&[-1.0, f64::NAN, if low > 0.0 { 0.5 } else { 3.5 }][..])
                    .total(&between)
                    .verify(),
            );
        }
    }

    macro_rules! families_keep_the_contract {
        ($($name:ident: $family:expr, $low:expr;)+) => {
            $(#[test]
            fn $name() {
                let xs = [0.6, 2.5, 0.9, 1.4, 0.7, 1.1, 1.9];
                let high = 7.0;
                for (low, high) in [($low, high), (f64::NEG_INFINITY, high)] {
                    let family = $family.unwrap();
                    let support = family.quantile(0.0).max(low).max(-40.0);
                    let truncated = Truncated::new(family, low, high).unwrap();
                    kept(Contract::new(&truncated, &xs[..])
                        .coordinates()
                        .outside(&[high + 0.1, f64::NAN, if low > 0.0 { low } else { INFINITY }][..])
                        .total(&Between { low: support, high })
                        .verify());
                    // Moments by an independent sum, quantiles by their definition.
                    let between = Between { low: support, high };
                    let mean = expectation(&truncated, &between, |x| x);
                    assert!((truncated.mean() - mean).abs() < 1e-9, "{} {mean}", truncated.mean());
                    let variance = expectation(&truncated, &between, |x| (x - mean).powi(2));
                    assert!((truncated.variance() - variance).abs() < 1e-8);
                    for p in [0.01, 0.3, 0.5, 0.9, 0.999] {
                        assert!((truncated.cdf(truncated.quantile(p)) - p).abs() < 1e-12);
                    }
                }
            }

            )+
        };
    }
    families_keep_the_contract! {
        normal: Normal::new(1.0, 2.0), 0.0;
        log_normal: LogNormal::new(0.0, 1.0), 0.5;
        gamma: Gamma::new(3.0, 2.0), 0.25;
        weibull: Weibull::new(2.0, 1.5), 0.25;
        half_normal: HalfNormal::new(1.5), 0.25;
        rayleigh: Rayleigh::new(1.5), 0.25;
    }

    /// The upper 0.1 % of a normal: the maximum is where the score of the truncated sample vanishes, that
    /// is, where its first two moments are those of the data.
    #[test]
    fn a_heavily_truncated_normal() {
        let xs: Vec<f64> = (0..400)
            .map(|i| {
                // Quantiles of the normal beyond 3.09.
                let tail = 1e-3 * (f64::from(i) + 0.5) / 400.0;
                -special::normal_quantile(tail)
            })
            .collect();
        let low = 3.09;
        let start = Truncated::new(Normal::new(3.0, 1.0).unwrap(), low, INFINITY).unwrap();
        let fitted = start.estimate(&xs, &[1.0; 400]).unwrap();
        let moment = |p: i32| xs.iter().map(|x| x.powi(p)).sum::<f64>() / 400.0;
        let mean = moment(1);
        assert!((fitted.mean() - mean).abs() < 1e-8, "{fitted:?}");
        assert!(
            (fitted.variance() - (moment(2) - mean * mean)).abs() < 1e-8,
            "{fitted:?}"
        );
    }

    #[test]
    fn at_all_numbers_it_is_the_family() {
        let plain = Exponential::new(0.8).unwrap();
        let all = Truncated::new(plain.clone(), f64::NEG_INFINITY, INFINITY).unwrap();
        for x in [-1.0, 0.0, 0.3, 7.0] {
            assert_eq!(all.log_density(x), plain.log_density(x));
            assert!((all.cdf(x) - plain.cdf(x)).abs() < 1e-15);
        }
        let fitted = all.estimate(&REALS, &[1.0; 8]).unwrap();
        assert_eq!(fitted.family(), &plain.estimate(&REALS, &[1.0; 8]).unwrap());
    }

    /// λ/(1 − e^−λ) = x̄, for light and for heavy truncation.
    #[test]
    fn the_zero_truncated_poisson_solves_its_equation() {
        for tenth in [1u64, 2, 10, 40, 300] {
            // Counts 1 with one 2 among so many: rates from about 2/tenth up.
            let xs = [1, 2];
            let weights = [tenth as f64, 1.0];
            let mean = (tenth as f64 + 2.0) / (tenth as f64 + 1.0);
            let rate = zero_truncated(5.0)
                .estimate(&xs, &weights)
                .unwrap()
                .family()
                .rate();
            let found = rate / -(-rate).exp_m1();
            // Of the excess over 1 the equation loses what 1/λ says.
            assert!(
                ((found - mean) / (mean - 1.0)).abs() < 1e-11 * tenth as f64,
                "{tenth}: {rate}"
            );
        }
    }

    #[test]
    fn beyond_a_memoryless_bound() {
        // Exponential given X > a: the excess over a is exponential with the same rate.
        let truncated = Truncated::new(Exponential::new(9.0).unwrap(), 3.0, INFINITY).unwrap();
        let rate = truncated
            .estimate(&[3.5, 4.0, 6.0], &[1.0; 3])
            .unwrap()
            .family()
            .rate();
        assert!((rate - 2.0 / 3.0).abs() < 1e-13, "{rate}");
        // Far out in the tail less of the digits is left, as less of the sample is seen.
        let far = Truncated::new(Exponential::new(9.0).unwrap(), 10.0, INFINITY).unwrap();
        let rate = far
            .estimate(&[10.5, 11.0, 13.0], &[1.0; 3])
            .unwrap()
            .family()
            .rate();
        assert!((rate - 2.0 / 3.0).abs() < 1e-9, "{rate}");
    }

    #[test]
    fn no_maximum_is_a_typed_error() {
        let boundary = |error: EstimateError| match error.reason {
            Reason::Boundary { parameter, .. } => assert_eq!(parameter, "observed_information"),
            other => panic!("{other}"),
        };
        // All ones: the rate of a zero-truncated Poisson falls to 0.
        boundary(
            zero_truncated(1.0)
                .estimate(&[1, 1, 1], &[1.0; 3])
                .unwrap_err(),
        );
        // Above the middle of a bounded interval a rate would have to be negative.
        let bounded = Truncated::new(Exponential::new(1.0).unwrap(), 0.0, 1.0).unwrap();
        boundary(bounded.estimate(&[0.6, 0.7], &[1.0; 2]).unwrap_err());
        let empty = zero_truncated(1.0).estimate(&[2], &[0.0]).unwrap_err();
        assert_eq!(empty.reason, Reason::Empty);
        let poisson = || Poisson::new(1.0).unwrap();
        assert!(Truncated::new(poisson(), 2.0, 2.0).is_err());
        assert!(Truncated::new(poisson(), f64::NAN, 2.0).is_err());
        assert!(Truncated::new(Poisson::new(0.0).unwrap(), 0.0, INFINITY).is_err());
    }

    #[test]
    fn its_distribution_function_and_moments() {
        let truncated = Truncated::new(Poisson::new(2.0).unwrap(), 0.0, 6.0).unwrap();
        let mass = |x: u64| truncated.log_density(x).exp();
        let mut below = 0.0;
        for x in 1..6 {
            below += mass(x);
            assert!((truncated.cdf(x as f64) - below).abs() < 1e-14);
            assert!((truncated.sf(x as f64) - (1.0 - below)).abs() < 1e-14);
            assert_eq!(truncated.quantile(below - 1e-9), x as f64);
        }
        assert_eq!(
            (truncated.quantile(0.0), truncated.quantile(1.0)),
            (1.0, 6.0)
        );
        let moment = |p: i32| -> f64 { (0..9).map(|x| mass(x) * (x as f64).powi(p)).sum() };
        assert!((truncated.mean() - moment(1)).abs() < 1e-13);
        assert!((truncated.variance() - (moment(2) - moment(1).powi(2))).abs() < 1e-12);

        let real = Truncated::new(Exponential::new(2.0).unwrap(), 1.0, INFINITY).unwrap();
        assert!((real.mean() - 1.5).abs() < 1e-10, "{}", real.mean());
        assert!((real.variance() - 0.25).abs() < 1e-10);
        let both = Truncated::new(Exponential::new(2.0).unwrap(), 0.5, 1.5).unwrap();
        let mean = 0.5 + 0.5 - 1.0 / 2f64.exp_m1();
        assert!((both.mean() - mean).abs() < 1e-10);
        for p in [0.01, 0.5, 0.999] {
            assert!((both.cdf(both.quantile(p)) - p).abs() < 1e-14);
        }
    }

    #[test]
    fn what_was_drawn_is_found_again() {
        // The interval holds 3 % of the family: draws by inversion.
        let truth = Truncated::new(Exponential::new(1.0).unwrap(), 3.5, 9.0).unwrap();
        let xs = truth.sample(&mut Xoshiro256PlusPlus::seed_from_u64(5), 20_000);
        assert!(xs.iter().all(|&x| x > 3.5 && x <= 9.0));
        let fitted = truth.estimate(&xs, &vec![1.0; xs.len()]).unwrap();
        // A standard error near 0.009.
        assert!((fitted.family().rate() - 1.0).abs() < 0.036, "{fitted:?}");
        let truth = zero_truncated(1.2);
        let xs = truth.sample(&mut Xoshiro256PlusPlus::seed_from_u64(6), 20_000);
        let fitted = truth.estimate(&xs, &vec![1.0; xs.len()]).unwrap();
        assert!((fitted.family().rate() - 1.2).abs() < 0.04, "{fitted:?}");
    }
}

mod censored {
    use super::*;

    const LOW: [f64; 8] = [0.5, 1.0, 3.0, f64::NEG_INFINITY, 0.25, 2.0, 0.0, 1.5];
    const HIGH: [f64; 8] = [0.5, 2.5, INFINITY, 0.75, 0.25, 2.0, 4.0, 1.5];

    #[test]
    fn it_keeps_the_contract() {
        let censored = Censored(Exponential::new(0.8).unwrap());
        kept(
            Contract::new(&censored, (&LOW[..], &HIGH[..]))
                .coordinates()
                .outside((
                    &[2.0, -1.0, -3.0, f64::NAN][..],
                    &[1.0, -1.0, -2.0, 1.0][..],
                ))
                .verify(),
        );
        let low = [0.0, 2.0, 5.0, -1.0, 1.0, 3.0];
        let high = [0.0, 5.0, INFINITY, 2.0, 1.0, 3.0];
        let counts = Censored(Poisson::new(2.0).unwrap());
        kept(
            Contract::new(&counts, (&low[..], &high[..]))
                .coordinates()
                .outside((&[1.5, -1.0, -3.0][..], &[1.5, -1.0, -1.0][..]))
                .verify(),
        );
    }

    macro_rules! families_keep_the_contract {
        ($($name:ident: $family:expr;)+) => {
            $(#[test]
            fn $name() {
                let family = $family.unwrap();
                let censored = Censored(family.clone());
                let xs = (&LOW[..], &HIGH[..]);
                kept(Contract::new(&censored, xs).coordinates().verify());
                // Known rows are the family, bit for bit.
                let known = [0.5, 2.5, 0.3, 4.0, 0.9];
                let fitted = censored.estimate((&known, &known), &[1.0; 5]).unwrap();
                assert_eq!(fitted.0, family.estimate(&known, &[1.0; 5]).unwrap());
                // Thin intervals are nearly known: the likelihoods differ by their widths.
                let wide: Vec<f64> = known.iter().map(|x| x + 1e-6).collect();
                let thin = censored.estimate((&known, &wide), &[1.0; 5]).unwrap();
                for x in known {
                    assert!((thin.0.log_density(x) - fitted.0.log_density(x)).abs() < 1e-5);
                }
            }

            )+
        };
    }
    families_keep_the_contract! {
        normal: Normal::new(1.0, 2.0);
        log_normal: LogNormal::new(0.0, 1.0);
        gamma: Gamma::new(3.0, 2.0);
        weibull: Weibull::new(2.0, 1.5);
        half_normal: HalfNormal::new(1.5);
        rayleigh: Rayleigh::new(1.5);
    }

    #[test]
    fn known_rows_are_the_family_bit_for_bit() {
        let plain = Exponential::new(0.8).unwrap();
        let censored = Censored(plain.clone());
        let weights = [1.0, 0.5, 0.0, 2.0, 1.0, 1.0, 3.0, 1.0];
        let xs = (&REALS[..], &REALS[..]);
        assert_eq!(
            censored.estimate(xs, &weights).unwrap().0,
            plain.estimate(&REALS, &weights).unwrap()
        );
        let (mut mine, mut theirs) = (censored.empty_statistics(), plain.empty_statistics());
        let mut scratch = Scratch::default();
        censored.accumulate_batch(&mut mine, xs, &[], &weights, &mut scratch);
        plain.accumulate_batch(&mut theirs, &REALS, &[], &weights, &mut scratch);
        assert_eq!(mine, theirs);
        let (mut a, mut b) = ([0.0; 8], [0.0; 8]);
        censored.log_density_batch(xs, &[], &mut a, &mut scratch);
        plain.log_density_batch(&REALS, &[], &mut b, &mut scratch);
        assert_eq!(a, b);
        let counts = [0.0, 3.0, 1.0, 4.0];
        let fitted = Censored(Poisson::new(9.0).unwrap()).estimate((&counts, &counts), &[1.0; 4]);
        assert_eq!(fitted.unwrap().0.rate(), 2.0);
    }

    #[test]
    fn counts_are_half_open() {
        let counts = Censored(Poisson::new(2.0).unwrap());
        let plain = Poisson::new(2.0).unwrap();
        assert!((counts.log_density((3.0, 4.0)) - counts.log_density((4.0, 4.0))).abs() < 1e-14);
        let masses: f64 = (3..=5).map(|x| plain.log_density(x).exp()).sum();
        assert!((counts.log_density((2.0, 5.0)) - masses.ln()).abs() < 1e-14);
        assert_eq!(counts.log_density((f64::NEG_INFINITY, INFINITY)), 0.0);
        assert_eq!(counts.log_density((1.5, 1.5)), f64::NEG_INFINITY);
        assert_eq!(counts.log_density((5.0, 3.0)), f64::NEG_INFINITY);
    }

    /// Right-censored: events by the total time, for light and for heavy censoring.
    #[test]
    fn a_right_censored_exponential() {
        for running in [1.0, 10.0, 5000.0] {
            let low = [1.0, 2.0, 3.0];
            let high = [1.0, 2.0, INFINITY];
            let weights = [1.0, 1.0, running];
            let fitted = Censored(Exponential::new(40.0).unwrap())
                .estimate((&low, &high), &weights)
                .unwrap();
            let exact = 2.0 / (3.0 + 3.0 * running);
            assert!(
                (fitted.0.rate() / exact - 1.0).abs() < 1e-11,
                "{}",
                fitted.0.rate()
            );
        }
        // No event at all: the rate falls to 0.
        let never = Censored(Exponential::new(1.0).unwrap());
        assert!(never.estimate((&[3.0], &[INFINITY]), &[2.0]).is_err());
    }

    #[test]
    fn repeated_steps_never_lower_the_likelihood() {
        let xs = (&LOW[..], &HIGH[..]);
        let mut current = Censored(Exponential::new(20.0).unwrap());
        let mut before = log_likelihood(&current, xs, &[1.0; 8]);
        for _ in 0..50 {
            let mut statistics = current.empty_statistics();
            for i in 0..8 {
                current.accumulate(&mut statistics, xs.at(i), 1.0);
            }
            current = current.maximize(&statistics).unwrap();
            let after = log_likelihood(&current, xs, &[1.0; 8]);
            assert!(after >= before - 1e-13 * before.abs(), "{before} {after}");
            before = after;
        }
        let fitted = current.estimate(xs, &[1.0; 8]).unwrap();
        assert!((log_likelihood(&fitted, xs, &[1.0; 8]) - before).abs() < 1e-12);
    }

    #[test]
    fn what_was_drawn_is_found_again() {
        let truth = Poisson::new(3.0).unwrap();
        let drawn = truth.sample(&mut Xoshiro256PlusPlus::seed_from_u64(8), 20_000);
        // Known up to 2, then in two classes.
        let ends = drawn.iter().map(|&x| match x {
            0..=2 => (x as f64, x as f64),
            3..=4 => (2.0, 4.0),
            _ => (4.0, INFINITY),
        });
        let (low, high): (Vec<f64>, Vec<f64>) = ends.unzip();
        let weights = vec![1.0; low.len()];
        let fitted = Censored(Poisson::new(1.0).unwrap()).estimate((&low, &high), &weights);
        // A standard error of √(3/20 000) = 0.012 if nothing were hidden; 0.014 or so here.
        assert!((fitted.unwrap().0.rate() - 3.0).abs() < 0.06);
    }
}

mod with_prior {
    use super::*;

    #[test]
    fn it_keeps_the_contract() {
        let prior = |strength| {
            WithPrior::new(
                Gamma::new(2.0, 1.0).unwrap(),
                Gamma::new(3.0, 0.5).unwrap(),
                strength,
            )
        };
        for strength in [0.0, 0.1, 4.0] {
            let gamma = prior(strength).unwrap();
            kept(
                Contract::new(&gamma, &[0.5, 2.0, 3.5, 1.0][..])
                    .coordinates()
                    .outside(&[-1.0][..])
                    .total(&Positive { scale: 2.0 })
                    .verify(),
            );
        }
        let normal =
            WithPrior::new(Normal::standard(), Normal::new(1.0, 2.0).unwrap(), 2.5).unwrap();
        kept(
            Contract::new(&normal, &[0.5, 2.0, 3.5, 1.0][..])
                .coordinates()
                .verify(),
        );
    }

    #[test]
    fn without_strength_it_is_the_family_and_with_much_the_centre() {
        let (family, centre) = (Gamma::new(2.0, 1.0).unwrap(), Gamma::new(3.0, 0.5).unwrap());
        let xs = [0.5, 2.0, 3.5, 1.0];
        let fitted = |strength: f64| {
            let prior = WithPrior::new(family.clone(), centre.clone(), strength).unwrap();
            prior.estimate(&xs, &[1.0; 4]).unwrap().family().clone()
        };
        let plain = family.estimate(&xs, &[1.0; 4]).unwrap();
        assert_eq!(fitted(0.0), plain);
        assert!((fitted(1e-9).shape() / plain.shape() - 1.0).abs() < 1e-8);
        assert!((fitted(1e12).shape() / 3.0 - 1.0).abs() < 1e-10);
    }

    /// The conjugate density by its definition: strength·(⟨η, ∇A(η₀)⟩ − A(η)), its difference between
    /// two members.
    #[test]
    fn the_prior_is_the_conjugate_density() {
        let centre = Gamma::new(3.0, 0.5).unwrap();
        let of = |member: &Gamma| {
            let inner: f64 = (member.natural().iter().zip(centre.expected()))
                .map(|(eta, mean)| eta * mean)
                .sum();
            2.5 * (inner - member.log_partition())
        };
        let prior = |member: &Gamma| {
            WithPrior::new(member.clone(), centre.clone(), 2.5)
                .unwrap()
                .log_prior()
        };
        let (a, b) = (Gamma::new(2.0, 0.7).unwrap(), Gamma::new(9.0, 2.0).unwrap());
        assert!(((prior(&a) - prior(&b)) - (of(&a) - of(&b))).abs() < 1e-12);
        assert!(prior(&centre).abs() < 1e-14);
    }

    #[test]
    fn never_on_the_boundary() {
        let poisson = |rate: f64| Poisson::new(rate).unwrap();
        let prior = WithPrior::new(poisson(1.0), poisson(2.0), 0.5).unwrap();
        // All zeros, one distinct value, nothing.
        assert_eq!(
            prior
                .estimate(&[0, 0], &[1.0, 1.0])
                .unwrap()
                .family()
                .rate(),
            0.4
        );
        assert_eq!(prior.estimate(&[], &[]).unwrap().family().rate(), 2.0);
        let normal = WithPrior::new(Normal::standard(), Normal::standard(), 1.0).unwrap();
        let fitted = normal.estimate(&[3.0, 3.0], &[1.0, 1.0]).unwrap();
        assert!((fitted.family().variance() - 7.0 / 3.0).abs() < 1e-14);
        let bernoulli = |p: f64| Bernoulli::new(p).unwrap();
        let prior = WithPrior::new(bernoulli(0.5), bernoulli(0.5), 2.0).unwrap();
        assert_eq!(
            prior
                .estimate(&[1, 1], &[1.0, 1.0])
                .unwrap()
                .family()
                .probability(),
            0.75
        );
        // A family that is on the boundary all the same has prior −∞, not NaN.
        let lost = WithPrior::new(poisson(0.0), poisson(2.0), 0.5).unwrap();
        assert_eq!(lost.log_prior(), f64::NEG_INFINITY);
        for p in [0.0, 1.0] {
            let prior = WithPrior::new(bernoulli(p), bernoulli(0.5), 2.0).unwrap();
            assert_eq!(prior.log_prior(), f64::NEG_INFINITY);
            assert!(WithPrior::new(bernoulli(0.5), bernoulli(p), 2.0).is_err());
        }
        assert!(WithPrior::new(poisson(1.0), poisson(0.0), 1.0).is_err());
        assert!(WithPrior::new(poisson(1.0), poisson(1.0), -1.0).is_err());
        assert!(WithPrior::new(poisson(1.0), poisson(1.0), f64::NAN).is_err());
    }
}

#[cfg(feature = "serde")]
#[test]
fn in_files_their_parameters_stand_beside_the_familys() {
    use serde_json::{from_str, to_string};
    let inflated = ZeroInflated::new(0.25, Poisson::new(2.5).unwrap()).unwrap();
    let text = to_string(&inflated).unwrap();
    assert_eq!(text, r#"{"zero_probability":0.25,"rate":2.5}"#);
    assert_eq!(from_str::<ZeroInflated<Poisson>>(&text).unwrap(), inflated);
    for wrong in [
        r#"{"zero_probability":1.25,"rate":2.5}"#,
        r#"{"zero_probability":0.25,"rate":-2.5}"#,
        r#"{"zero_probability":0.25,"rate":2.5,"more":1}"#,
        r#"{"rate":2.5}"#,
    ] {
        assert!(from_str::<ZeroInflated<Poisson>>(wrong).is_err(), "{wrong}");
    }
    let truncated = zero_truncated(2.5);
    let text = to_string(&truncated).unwrap();
    assert_eq!(text, r#"{"low":0.0,"high":"inf","rate":2.5}"#);
    assert_eq!(from_str::<Truncated<Poisson>>(&text).unwrap(), truncated);
    assert!(from_str::<Truncated<Poisson>>(r#"{"low":3,"high":2,"rate":1}"#).is_err());
    assert!(from_str::<Truncated<Poisson>>(r#"{"low":"no","high":2,"rate":1}"#).is_err());
    let centre = Poisson::new(1.5).unwrap();
    let prior = WithPrior::new(Poisson::new(2.5).unwrap(), centre, 0.5).unwrap();
    let text = to_string(&prior).unwrap();
    assert_eq!(
        text,
        r#"{"rate":2.5,"prior":{"centre":{"rate":1.5},"strength":0.5}}"#
    );
    assert_eq!(from_str::<WithPrior<Poisson>>(&text).unwrap(), prior);
    let censored = Censored(Poisson::new(2.5).unwrap());
    assert_eq!(to_string(&censored).unwrap(), r#"{"rate":2.5}"#);
}

/// Counts no more dispersed than a zero-truncated Poisson have the maximum at that: size ∞.
#[test]
fn a_zero_truncated_negative_binomial_may_be_a_poisson() {
    let xs = [1, 2, 3, 2, 3, 3, 4];
    let start = Truncated::new(NegativeBinomial::new(3.0, 2.0).unwrap(), 0.0, INFINITY).unwrap();
    let fitted = start.estimate(&xs, &[1.0; 7]).unwrap();
    let poisson = zero_truncated(1.0).estimate(&xs, &[1.0; 7]).unwrap();
    assert_eq!(fitted.family().size(), INFINITY);
    let (mean, rate) = (fitted.family().mean(), poisson.family().rate());
    assert!((mean / rate - 1.0).abs() < 1e-12, "{mean} {rate}");
    for x in [0.0, 1.0, 5.0, 40.0] {
        let (limit, law) = (fitted.family(), Poisson::new(mean).unwrap());
        assert_eq!((limit.cdf(x), limit.sf(x)), (law.cdf(x), law.sf(x)));
    }
}
