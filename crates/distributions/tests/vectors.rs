//! What the families over rows of numbers, and the compound counts, have to do beyond the contract:
//! estimates against maxima found elsewhere, boundaries, draws, limits of one family in another.

use distributions::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * b.abs().max(1e-300)
}

fn parameter(error: &EstimateError) -> &'static str {
    match error.reason {
        Reason::Boundary { parameter, .. } => parameter,
        ref other => panic!("{other:?}"),
    }
}

/// With 40 digits (mpmath).
#[test]
fn divergence_and_entropy_of_the_published_dirichlet() {
    let p = Dirichlet::new(vec![1.0, 2.0, 3.0]).unwrap();
    let q = Dirichlet::new(vec![1.0, 1.0, 1.0]).unwrap();
    assert!(near(p.kl_divergence(&q), 0.551_197_381_662_155_37, 4e-15));
    assert!(near(p.entropy(), -1.244_344_562_222_100_7, 4e-15));
}

#[test]
fn two_shares_are_a_beta_and_two_dimensions_a_circle() {
    let shares: [f64; 10] = [0.2, 0.8, 0.25, 0.75, 0.5, 0.5, 0.9, 0.1, 0.125, 0.875];
    let firsts: Vec<f64> = shares.iter().copied().step_by(2).collect();
    let weights = [1.0, 2.0, 0.5, 1.0, 3.0];
    let pair = Dirichlet::new(vec![1.0, 1.0]).unwrap();
    let pair = pair.estimate(RowsView::new(&shares, 2), &weights).unwrap();
    let beta = Beta::new(1.0, 1.0)
        .unwrap()
        .estimate(&firsts, &weights)
        .unwrap();
    // Two ways to the same root, each exact to a few roundings.
    assert!(
        near(pair.concentrations()[0], beta.alpha(), 1e-13),
        "{pair:?} {beta:?}"
    );
    assert!(
        near(pair.concentrations()[1], beta.beta(), 1e-13),
        "{pair:?} {beta:?}"
    );

    let angles = [0.3_f64, 1.0, -2.0, 0.9, 0.1];
    let points: Vec<f64> = angles.iter().flat_map(|x| [x.cos(), x.sin()]).collect();
    let fisher = VonMisesFisher::new(vec![0.0, 1.0], 2.0).unwrap();
    let fisher = fisher
        .estimate(RowsView::new(&points, 2), &weights)
        .unwrap();
    let circle = VonMises::new(0.0, 1.0)
        .unwrap()
        .estimate(&angles, &weights)
        .unwrap();
    assert!(near(fisher.concentration(), circle.concentration(), 1e-13));
    for (x, point) in angles.iter().zip(points.chunks(2)) {
        assert!((fisher.log_density(point) - circle.log_density(*x)).abs() < 1e-13);
    }
}

/// Rows within 1e-9 of each other: as differences of sums the gaps would have no correct digit.
#[test]
fn concentrated_rows_keep_their_digits() {
    let tiny = 2f64.powi(-32);
    let mut shares = Vec::new();
    let mut points = Vec::new();
    for (a, b) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
        let (a, b): (f64, f64) = (a * tiny, b * tiny);
        shares.extend([0.25 + a, 0.25 + b, 0.5 - a - b]);
        points.extend([a, b, (1.0 - a * a - b * b).sqrt()]);
    }
    let ones = [1.0; 4];
    let dirichlet = Dirichlet::new(vec![1.0; 3]).unwrap();
    let fitted = dirichlet
        .estimate(RowsView::new(&shares, 3), &ones)
        .unwrap();
    // n = (d − 1)/(Σ variance_j/mean_j) to first order in 1/n.
    let spread = (0.5 / 0.25 + 0.5 / 0.25 + 1.0 / 0.5) * tiny * tiny;
    let size: f64 = fitted.concentrations().iter().sum();
    assert!(near(size, 2.0 / spread, 1e-8), "{size} {}", 2.0 / spread);
    let fisher = VonMisesFisher::new(vec![1.0, 0.0, 0.0], 1.0).unwrap();
    let fitted = fisher.estimate(RowsView::new(&points, 3), &ones).unwrap();
    // In three dimensions 1 − R = 1/κ at large κ, and 1 − R² is the spread t².
    let kappa = 2.0 / (tiny * tiny);
    assert!(near(fitted.concentration(), kappa, 1e-8), "{fitted:?}");
}

#[test]
fn boundary_estimates() {
    let rows = [3, 0, 0, 2, 1, 0];
    let ones = [1.0; 2];
    let multinomial = Multinomial::uniform(3).unwrap();
    let fitted = multinomial
        .estimate(RowsView::new(&rows, 3), &ones)
        .unwrap();
    assert_eq!(fitted.log_density(&[0, 0, 1]), f64::NEG_INFINITY);
    assert!(fitted.log_density(&[1, 1, 0]).is_finite());
    let empty = multinomial
        .estimate(RowsView::new(&[0; 6], 3), &ones)
        .unwrap();
    assert_eq!(empty, multinomial);

    // Shares alone, and directions alone, have no maximum.
    let same = [0.2, 0.3, 0.5, 0.2, 0.3, 0.5];
    let dirichlet = Dirichlet::new(vec![1.0; 3]).unwrap();
    let error = dirichlet
        .estimate(RowsView::new(&same, 3), &ones)
        .unwrap_err();
    assert_eq!(parameter(&error), "concentrations");
    let fisher = VonMisesFisher::new(vec![0.0, 1.0], 1.0).unwrap();
    let error = fisher
        .estimate(RowsView::new(&[0.6, 0.8, 0.6, 0.8], 2), &ones)
        .unwrap_err();
    assert_eq!(parameter(&error), "concentration");
    let opposite = fisher
        .estimate(RowsView::new(&[1.0, 0.0, -1.0, 0.0], 2), &ones)
        .unwrap();
    assert_eq!(opposite.concentration(), 0.0);

    // Limits of a Dirichlet at the edge of the simplex.
    let at = |a: f64| {
        Dirichlet::new(vec![a, 2.0])
            .unwrap()
            .log_density(&[0.0, 1.0])
    };
    assert_eq!((at(0.5), at(2.0)), (f64::INFINITY, f64::NEG_INFINITY));
    assert!(near(at(1.0), 2f64.ln(), 1e-15));
    let large = Dirichlet::new(vec![1.0, 20.0]).unwrap();
    assert!(near(large.log_density(&[0.0, 1.0]), 20f64.ln(), 1e-13));
}

#[test]
fn compound_counts_at_the_boundary() {
    let family = BetaBinomial::new(10, 2.0, 3.0).unwrap();
    let ones = [1.0; 4];
    // All 0, and all n: a point mass.
    let zero = family.estimate(&[0; 4], &ones).unwrap();
    assert_eq!((zero.alpha(), zero.log_density(0)), (0.0, 0.0));
    assert_eq!(zero.log_density(1), f64::NEG_INFINITY);
    let all = family.estimate(&[10; 4], &ones).unwrap();
    assert_eq!((all.beta(), all.log_density(10)), (0.0, 0.0));
    // No more variance than a binomial: that binomial, to rounding.
    let flat = family.estimate(&[4, 5, 5, 6], &ones).unwrap();
    let binomial = Binomial::new(10, 0.5).unwrap();
    for x in 0..=10 {
        assert!((flat.log_density(x) - binomial.log_density(x)).abs() < 1e-13);
    }
    // Nothing between the ends: each row is 0 or n for ever.
    let ends = family.estimate(&[0, 10, 0, 0], &ones).unwrap();
    assert!((ends.log_density(0) - 0.75f64.ln()).abs() < 1e-13);
    assert!((ends.log_density(10) - 0.25f64.ln()).abs() < 1e-13);
    // One trial says nothing about α + β.
    let one = BetaBinomial::new(1, 2.0, 3.0).unwrap();
    let one = one.estimate(&[0, 1, 1, 1], &ones).unwrap();
    assert!(near(one.alpha() + one.beta(), 5.0, 1e-14) && near(one.alpha(), 3.75, 1e-14));
}

/// Both derivatives of the likelihood vanish.
#[test]
fn the_estimate_is_a_stationary_point() {
    let counts: Vec<u64> = vec![0, 3, 1, 10, 9, 4, 4, 7, 2, 0, 8, 10];
    let weights: Vec<f64> = (0..12).map(|i| 0.5 + f64::from(i % 4)).collect();
    let family = BetaBinomial::new(10, 1.0, 1.0).unwrap();
    let fitted = family.estimate(&counts, &weights).unwrap();
    // Against sums of 1/(α + i), which are the derivatives, written out.
    let (a, b) = (fitted.alpha(), fitted.beta());
    let sum = |from: f64, n: u64| (0..n).map(|i| 1.0 / (from + i as f64)).sum::<f64>();
    let (mut alpha, mut beta, mut size) = (0.0, 0.0, 0.0);
    for (&x, w) in counts.iter().zip(&weights) {
        let whole = w * sum(a + b, 10);
        alpha += w * sum(a, x) - whole;
        beta += w * sum(b, 10 - x) - whole;
        size += whole;
    }
    assert!(
        alpha.abs() < 1e-13 * size && beta.abs() < 1e-13 * size,
        "{alpha} {beta}"
    );
    // A row of two counts is the same family.
    let rows: Vec<u64> = counts.iter().flat_map(|&x| [x, 10 - x]).collect();
    let pair = DirichletMultinomial::new(vec![1.0, 1.0]).unwrap();
    let pair = pair.estimate(RowsView::new(&rows, 2), &weights).unwrap();
    assert!(near(pair.concentrations()[0], a, 1e-13) && near(pair.concentrations()[1], b, 1e-13));
    for (x, row) in counts.iter().zip(rows.chunks(2)) {
        assert!((pair.log_density(row) - fitted.log_density(*x)).abs() < 1e-12);
    }
}

#[test]
fn an_infinite_size_is_the_poisson() {
    let poisson = Poisson::new(3.5).unwrap();
    let limit = NegativeBinomial::new(3.5, f64::INFINITY).unwrap();
    for x in [0, 1, 3, 50, 100_000] {
        assert!(near(limit.log_density(x), poisson.log_density(x), 1e-14));
    }
    let known = NegativeBinomial::new(1.0, 3.0).unwrap().with_fixed_size();
    let fitted = known.estimate(&[1, 2, 3], &[1.0; 3]).unwrap();
    assert_eq!(
        (fitted.mean(), fitted.size(), fitted.parameter_count()),
        (2.0, 3.0, 1)
    );
}

#[cfg(feature = "serde")]
#[test]
fn files_hold_infinities_and_trials() {
    let limit = NegativeBinomial::new(2.0, f64::INFINITY).unwrap();
    let text = serde_json::to_string(&limit).unwrap();
    assert_eq!(text, r#"{"mean":2.0,"size":"inf"}"#);
    assert_eq!(
        serde_json::from_str::<NegativeBinomial>(&text).unwrap(),
        limit
    );
    assert!(serde_json::from_str::<NegativeBinomial>(r#"{"mean":2,"size":"big"}"#).is_err());
    let rows = DirichletMultinomial::new(vec![1.0, 2.0]).unwrap();
    let text = serde_json::to_string(&rows).unwrap();
    assert_eq!(text, r#"{"trials":"rows","concentrations":[1.0,2.0]}"#);
    let fixed = rows.with_trials(Trials::Fixed(7));
    let text = serde_json::to_string(&fixed).unwrap();
    assert_eq!(
        serde_json::from_str::<DirichletMultinomial>(&text).unwrap(),
        fixed
    );
    let plain = serde_json::to_string(&Multinomial::uniform(2).unwrap()).unwrap();
    assert_eq!(plain, r#"{"probabilities":[0.5,0.5]}"#);
}

/// Means of 100 000 draws within 5.5 standard errors of E[T]: by chance past that once in 1e7 or so.
fn draws_have_their_means<T, F>(family: &F)
where
    T: Copy + Send + Sync + 'static,
    F: ExponentialFamily<Space = Rows<T>> + Sample + std::fmt::Debug,
{
    const DRAWS: usize = 100_000;
    let buffer = family.sample(&mut Xoshiro256PlusPlus::seed_from_u64(7), DRAWS);
    let expected = family.expected();
    for (j, &claimed) in expected.as_ref().iter().enumerate() {
        let mut moments = Moments::default();
        for i in 0..DRAWS {
            let x = buffer.view().at(i);
            assert!(family.check_observation(x).is_ok());
            moments.add(family.statistic(x).as_ref()[j], 1.0);
        }
        let error = (moments.variance() / DRAWS as f64).sqrt();
        let off = (moments.mean() - claimed).abs();
        assert!(
            off <= 5.5 * error + 1e-15,
            "{family:?}: T_{j} off by {off}, error {error}"
        );
    }
}

#[test]
fn draws_of_rows() {
    let p = vec![0.1, 0.0, 0.6, 0.3];
    for trials in [Trials::Rows, Trials::Fixed(2), Trials::Fixed(50)] {
        draws_have_their_means(&Multinomial::new(p.clone()).unwrap().with_trials(trials));
    }
    for a in [vec![0.05, 0.2], vec![1.0, 2.0, 3.0], vec![300.0, 20.0, 0.5]] {
        draws_have_their_means(&Dirichlet::new(a).unwrap());
    }
    for kappa in [0.0, 1e-3, 1.0, 30.0, 1e4, 1e9] {
        for mean in [vec![0.6, -0.8], vec![0.0, 0.6, 0.8], vec![0.5; 4]] {
            draws_have_their_means(&VonMisesFisher::new(mean, kappa).unwrap());
        }
    }
    // A compound has E[x_j] = n a_j/s.
    let family = DirichletMultinomial::new(vec![0.2, 1.0]).unwrap();
    let family = family.with_trials(Trials::Fixed(12));
    let buffer = family.sample(&mut Xoshiro256PlusPlus::seed_from_u64(8), 100_000);
    let mut moments = Moments::default();
    buffer
        .values
        .chunks(2)
        .for_each(|row| moments.add(row[0] as f64, 1.0));
    let error = (moments.variance() / 1e5).sqrt();
    assert!((moments.mean() - 2.0).abs() < 5.5 * error, "{moments:?}");
}

#[test]
fn distribution_functions_of_counts() {
    let family = BetaBinomial::new(10, 2.0, 3.0).unwrap();
    // The published table, 20 digits.
    assert!(near(family.cdf(0.0), 0.065934065934065934066, 1e-13));
    assert!(near(family.sf(4.0), 0.40559440559440559441, 1e-13));
    assert_eq!(
        (family.cdf(10.0), family.sf(10.0), family.cdf(-0.5)),
        (1.0, 0.0, 0.0)
    );
    assert!(near(family.mean(), 4.0, 1e-15) && near(family.variance(), 6.0, 1e-15));
    assert!(near(family.entropy(), 2.2577232124962407627, 1e-13));
    let uniform = DiscreteUniform::new(0, 9).unwrap();
    assert_eq!((uniform.cdf(3.0), uniform.sf(3.5)), (0.4, 0.6));
    assert!(near(uniform.variance(), 8.25, 1e-15) && near(uniform.entropy(), 10f64.ln(), 1e-15));
    for p in [0.0, 1e-9, 0.1, 0.25, 0.4, 0.5, 0.75, 0.999, 1.0] {
        for x in [family.quantile(p), uniform.quantile(p)] {
            assert!(x.fract() == 0.0 && (0.0..=10.0).contains(&x));
        }
        let x = family.quantile(p);
        assert!(family.cdf(x) >= p - 1e-15 && (x == 0.0 || family.cdf(x - 1.0) < p + 1e-15));
        let x = uniform.quantile(p);
        assert!(uniform.cdf(x) >= p && (x == 0.0 || uniform.cdf(x - 1.0) < p));
    }
    assert!(family.quantile(f64::NAN).is_nan() && family.cdf(f64::NAN).is_nan());
}
