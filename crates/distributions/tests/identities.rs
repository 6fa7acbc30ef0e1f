//! Identities of exponential families, for random members: E[T] = ∇A, the dual, divergences.

use distributions::testing::*;
use distributions::*;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

#[macro_use]
#[path = "reference/families.rs"]
mod families;
use families::{log_range, matrix};

/// Quadrature and sums reach 1e-10; divergences and means of a few hundred lose a little.
const QUADRATURE: f64 = 1e-7;

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()))
}

/// The statistic's mean by the measure, the density through η, T, A and h, and the way back.
fn exponential_form<F>(family: &F, measure: &impl Measure<F::Space>, xs: Batch<'_, F::Space>)
where
    F: ExponentialFamily + std::fmt::Debug,
{
    let expected = family.expected();
    let size = expected.as_ref().len();
    for j in 0..size {
        let mean = expectation(family, measure, |x| family.statistic(x).as_ref()[j]);
        let claimed = expected.as_ref()[j];
        assert!(
            near(mean, claimed, QUADRATURE),
            "{family:?}: E[T_{j}] = {mean}, not {claimed}"
        );
    }
    let again = family
        .with_expected(expected.as_ref())
        .expect("an interior point");
    let statistics = family.pseudo_statistics(7.0);
    let estimated = family.maximize(&statistics).expect("an interior point");
    assert!(near(statistics.weight(), 7.0, 1e-14));
    for i in 0..xs.len() {
        let x = xs.at(i);
        let value = family.log_density(x);
        let generic = exponential_log_density(family, x);
        // The generic form subtracts what the family's own form avoids.
        assert!(
            near(value, generic, 1e-10),
            "{family:?}: {value}, by η·T + ln h − A {generic}"
        );
        // The raw mean of (x, x²) or (x, ln x) loses the digits that the spread has less.
        let (back, from) = (again.log_density(x), estimated.log_density(x));
        assert!(
            near(value, back, 1e-7),
            "{family:?}: {back} by the dual, not {value}"
        );
        assert!(
            near(value, from, 1e-10),
            "{family:?}: {from} by pseudo-statistics, not {value}"
        );
    }
}

/// KL ≥ 0, 0 to itself, and equal to its integral.
fn divergence<F>(p: &F, q: &F, measure: &impl Measure<F::Space>)
where
    F: ExponentialFamily + std::fmt::Debug,
{
    let to_itself = p.kl_divergence(p);
    assert!(
        (0.0..1e-13).contains(&to_itself.abs()),
        "{p:?}: {to_itself} to itself"
    );
    let claimed = p.kl_divergence(q);
    assert!(claimed >= -1e-13, "{p:?} to {q:?}: {claimed}");
    let integral = expectation(p, measure, |x| {
        let (a, b) = (p.log_density(x), q.log_density(x));
        a - b
    });
    assert!(
        near(integral, claimed, QUADRATURE),
        "{p:?} to {q:?}: {claimed}, integral {integral}"
    );
}

/// At an interior estimate the score Σ w T − (Σ w) E[T] is 0, and the likelihood below a sample's
/// estimate is no higher at the member it was drawn from.
fn score<F>(family: &F, seed: u64)
where
    F: ExponentialFamily + Sample + std::fmt::Debug,
{
    let buffer = family.sample(&mut Xoshiro256PlusPlus::seed_from_u64(seed), 60);
    let xs = <F::Space as Space>::view(&buffer);
    let weights: Vec<f64> = (0..60).map(|i| 0.5 + f64::from(i % 4)).collect();
    // All observations may coincide; then there is nothing interior to test.
    let Ok(fitted) = family.estimate(xs, &weights) else {
        return;
    };
    let total: f64 = weights.iter().sum();
    let mut sums = vec![0.0; family.expected().as_ref().len()];
    let mut sizes = sums.clone();
    let (mut before, mut after) = (0.0, 0.0);
    for (i, &w) in weights.iter().enumerate() {
        let x = xs.at(i);
        for (j, &t) in family.statistic(x).as_ref().iter().enumerate() {
            sums[j] += w * t;
            sizes[j] += w * t.abs();
        }
        before += w * family.log_density(x);
        after += w * fitted.log_density(x);
    }
    assert!(
        after >= before - 1e-11 * before.abs(),
        "{fitted:?}: {after} < {before}"
    );
    if !fitted.natural().as_ref().iter().all(|eta| eta.is_finite()) {
        return;
    }
    for (j, &value) in fitted.score(total, &sums).as_ref().iter().enumerate() {
        assert!(
            value.abs() <= 1e-11 * (total + sizes[j]),
            "{fitted:?}: score {j} is {value}"
        );
    }
}

#[cfg(feature = "serde")]
fn written_and_read<F>(family: &F)
where
    F: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let text = serde_json::to_string(family).unwrap();
    let again: F = serde_json::from_str(&text).unwrap();
    assert_eq!(&again, family, "{text}");
}
#[cfg(not(feature = "serde"))]
fn written_and_read<F>(_family: &F) {}

/// 256 random members; those that failed once are kept in a committed file and tried first.
fn config() -> ProptestConfig {
    let file = FileFailurePersistence::Direct("tests/identities.proptest-regressions");
    ProptestConfig {
        cases: 256,
        failure_persistence: Some(Box::new(file)),
        ..ProptestConfig::default()
    }
}

macro_rules! identities {
    ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        proptest! {
            #![proptest_config(config())]
            #[test]
            fn $name(u in 0.001..0.999, v in 0.001..0.999, t in 0.001..0.999, seed: u64) {
                let family = $make(u, v);
                let measure = $measure(&family);
                // Fixed parts (trials, support) follow v: the other member keeps it.
                let other = $make(t, v);
                exponential_form(&family, &measure, &$observations[..]);
                divergence(&family, &other, &measure);
                score(&family, seed);
                written_and_read(&family);
            }
        }
    };
}
for_each_family!(identities);

/// As above, with fewer members: their integrals are over two dimensions.
macro_rules! identities_in_rows {
    ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 48, ..config() })]
            #[test]
            fn $name(u in 0.001..0.999, v in 0.001..0.999, t in 0.001..0.999, seed: u64) {
                let (family, other) = ($make(u, v), $make(t, v));
                let measure = $measure(&family);
                exponential_form(&family, &measure, $observations.view());
                divergence(&family, &other, &measure);
                entropy(&family, &measure);
                score(&family, seed);
                written_and_read(&family);
            }
        }
    };
}
for_each_vector_family!(identities_in_rows);

/// The entropy is the mean of −ln p.
fn entropy<F: Entropy + Density + std::fmt::Debug>(family: &F, measure: &impl Measure<F::Space>) {
    let sum = expectation(family, measure, |x| -family.log_density(x));
    let claimed = family.entropy();
    assert!(
        near(sum, claimed, QUADRATURE),
        "{family:?}: entropy {claimed}, by the measure {sum}"
    );
}

/// The gradient of A by central differences inside the natural space, for those whose member can be
/// reached from η.
fn gradient<F: ExponentialFamily>(at: impl Fn(&[f64]) -> F, eta: &[f64]) {
    let family = at(eta);
    for (j, &expected) in family.expected().as_ref().iter().enumerate() {
        let step = 1e-5 * (1.0 + eta[j].abs());
        let shifted = |sign: f64| {
            let mut eta = eta.to_vec();
            eta[j] += sign * step;
            at(&eta).log_partition()
        };
        let slope = (shifted(1.0) - shifted(-1.0)) / (2.0 * step);
        // The error of a central difference, step² times a third derivative.
        assert!(
            near(slope, expected, 1e-6),
            "coordinate {j}: {slope}, not {expected}"
        );
    }
}

#[test]
fn the_gradient_of_the_log_partition_is_the_mean_of_the_statistic() {
    for (a, b) in [(0.7, 1.3), (4.0, 0.2), (30.0, 5.0)] {
        let normal = |eta: &[f64]| Normal::new(-0.5 * eta[0] / eta[1], -0.5 / eta[1]).unwrap();
        gradient(normal, &[a - 2.0, -b]);
        let log_normal =
            |eta: &[f64]| LogNormal::new(-0.5 * eta[0] / eta[1], -0.5 / eta[1]).unwrap();
        gradient(log_normal, &[a - 2.0, -b]);
        gradient(|eta| Exponential::new(-eta[0]).unwrap(), &[-a]);
        gradient(|eta| Gamma::new(eta[1], -eta[0]).unwrap(), &[-b, a]);
        gradient(|eta| Beta::new(eta[0], eta[1]).unwrap(), &[a, b]);
        gradient(|eta| Poisson::new(eta[0].exp()).unwrap(), &[a.ln()]);
        let logistic = |eta: f64| 1.0 / (1.0 + (-eta).exp());
        gradient(|eta| Bernoulli::new(logistic(eta[0])).unwrap(), &[b - 2.0]);
        gradient(
            |eta| Binomial::new(30, logistic(eta[0])).unwrap(),
            &[b - 2.0],
        );
        gradient(|eta| Geometric::new(-eta[0].exp_m1()).unwrap(), &[-b]);
        let von_mises =
            |eta: &[f64]| VonMises::new(eta[1].atan2(eta[0]), eta[0].hypot(eta[1])).unwrap();
        gradient(von_mises, &[a, -b]);
        gradient(|eta| Dirichlet::new(eta.to_vec()).unwrap(), &[a, b, a * b]);
        let fisher = |eta: &[f64]| {
            let size = eta.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
            let direction = eta.iter().map(|entry| entry / size).collect();
            VonMisesFisher::new(direction, size).unwrap()
        };
        gradient(fisher, &[a, -b, 0.5, a * b]);
    }
}

/// Divergences with 20 digits (mpmath).
#[test]
fn divergences_of_the_published_table() {
    let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-14 * b.max(1.0), "{a} not {b}");
    let normal = |m, v| Normal::new(m, v).unwrap();
    near(
        normal(0.0, 1.0).kl_divergence(&normal(1.0, 2.0)),
        0.34657359027997265471,
    );
    let gamma = |a, b| Gamma::new(a, b).unwrap();
    near(
        gamma(2.0, 3.0).kl_divergence(&gamma(1.0, 1.0)),
        0.18806329043324349746,
    );
    let exponential = |r| Exponential::new(r).unwrap();
    near(
        exponential(1.0).kl_divergence(&exponential(2.0)),
        0.30685281944005469058,
    );
    let poisson = |r| Poisson::new(r).unwrap();
    near(
        poisson(3.0).kl_divergence(&poisson(5.0)),
        0.46752312870202795038,
    );
    let bernoulli = |p| Bernoulli::new(p).unwrap();
    near(
        bernoulli(0.3).kl_divergence(&bernoulli(0.5)),
        0.082282878505051855798,
    );
    let geometric = |p| Geometric::new(p).unwrap();
    near(
        geometric(0.3).kl_divergence(&geometric(0.5)),
        0.27427626168350619615,
    );
    let beta = |a, b| Beta::new(a, b).unwrap();
    near(
        beta(2.0, 3.0).kl_divergence(&beta(1.0, 1.0)),
        0.23490664978800031023,
    );
    let von_mises = |m, k| VonMises::new(m, k).unwrap();
    near(
        von_mises(0.0, 2.0).kl_divergence(&von_mises(1.0, 1.0)),
        0.43046087627793231568,
    );
    // Boundary parameters: finite, or infinite, never NaN.
    assert_eq!(poisson(0.0).kl_divergence(&poisson(2.0)), 2.0);
    assert_eq!(poisson(2.0).kl_divergence(&poisson(0.0)), f64::INFINITY);
    assert_eq!(bernoulli(1.0).kl_divergence(&bernoulli(0.5)), 2f64.ln());
    assert_eq!(bernoulli(0.5).kl_divergence(&bernoulli(1.0)), f64::INFINITY);
    assert_eq!(bernoulli(1.0).kl_divergence(&bernoulli(1.0)), 0.0);
    let all = Categorical::new(vec![1.0, 0.0]).unwrap();
    let half = Categorical::uniform(2).unwrap();
    near(all.kl_divergence(&half), 2f64.ln());
    assert_eq!(half.kl_divergence(&all), f64::INFINITY);
}
