//! What every univariate family has, over the one list of families, so that none can be added without:
//! a divergence, draws, a score, a file form, and a conjugate prior where it is an exponential family.
//! (Distribution functions, quantiles, moments and entropies: `univariate.rs`.)

use distributions::combine::WithPrior;
use distributions::testing::*;
use distributions::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use std::fmt::Debug;

#[macro_use]
#[path = "reference/families.rs"]
mod families;
use families::log_range;

/// Pairs of members: near to each other, and apart.
const PAIRS: [(f64, f64, f64); 4] = [
    (0.3, 0.6, 0.31),
    (0.5, 0.4, 0.9),
    (0.8, 0.7, 0.2),
    (0.15, 0.9, 0.5),
];

/// The mean of ln p − ln q under p by quadrature of the measure, which reaches about 1e-10; heavy tails
/// lose some.
fn divergence<F: Density + Debug>(
    (p, q): (&F, &F),
    measure: &impl Measure<F::Space>,
    found: f64,
    itself: f64,
) {
    let wanted = expectation(p, measure, |x| p.log_density(x) - q.log_density(x));
    assert!(
        (found - wanted).abs() <= 1e-7 * (1.0 + wanted.abs()) || found == wanted,
        "{p:?} to {q:?}: {found}, by quadrature {wanted}"
    );
    assert!(itself.abs() <= 1e-13, "{p:?}: {itself} to itself");
}

/// The mean of the score is 0, and the file form leads back.
fn score_and_file<F>(family: &F, measure: &impl Measure<F::Space>)
where
    F: Component + Coordinates + PartialEq + Debug + Serde,
{
    let mut coordinates = Vec::new();
    family.pack(&mut coordinates);
    for j in 0..coordinates.len() {
        let mean = expectation(family, measure, |x| score(family, x)[j]);
        // The score by differences is good to 1e-10 of the log-densities it is made of.
        assert!(mean.abs() <= 1e-6, "{family:?}: score {j} has mean {mean}");
    }
    assert!(coordinates.len() >= family.parameter_count(), "{family:?}");
    family.written_and_read();
}

/// What has a file form, where the crate is built with one.
trait Serde {
    fn written_and_read(&self);
}
#[cfg(feature = "serde")]
impl<F: serde::Serialize + serde::de::DeserializeOwned + PartialEq + Debug> Serde for F {
    fn written_and_read(&self) {
        let text = serde_json::to_string(self).unwrap();
        assert_eq!(&serde_json::from_str::<F>(&text).unwrap(), self, "{text}");
    }
}
#[cfg(not(feature = "serde"))]
impl<F> Serde for F {
    fn written_and_read(&self) {}
}

/// An observation as a real number.
trait Real: Copy + Send + Sync + 'static {
    fn real(self) -> f64;
}
impl Real for f64 {
    fn real(self) -> f64 {
        self
    }
}
impl Real for u64 {
    fn real(self) -> f64 {
        self as f64
    }
}

const DRAWS: usize = 20_000;

/// Kolmogorov's test of 20 000 draws against the distribution function: √n D > 2.7 has a probability of
/// 2e^(−2·2.7²) = 9e-7 for a continuous distribution, and less for counts.
fn draws_follow<T: Real, F>(family: &F)
where
    F: Sample<Space = Scalars<T>> + Univariate + Debug,
{
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(17);
    let mut drawn: Vec<f64> = (family.sample(&mut rng, DRAWS).into_iter())
        .map(Real::real)
        .collect();
    drawn.sort_by(f64::total_cmp);
    let n = DRAWS as f64;
    let mut farthest = 0.0_f64;
    for (i, &x) in drawn.iter().enumerate() {
        // Of equal draws only the last counts in the empirical distribution.
        if drawn.get(i + 1) != Some(&x) {
            farthest = farthest.max((family.cdf(x) - (i + 1) as f64 / n).abs());
        }
    }
    assert!(
        farthest * n.sqrt() <= 2.7,
        "{family:?}: √n D = {}",
        farthest * n.sqrt()
    );
}

/// Without data the estimate is the centre of the prior, and with them it lies between.
fn conjugate_prior<F: ExponentialFamily + Debug>(centre: &F, other: &F) {
    let prior = WithPrior::new(other.clone(), centre.clone(), 5.0).unwrap();
    let fitted = prior.maximize(&prior.empty_statistics()).unwrap();
    let to = |member: &F| centre.kl_divergence(member);
    assert!(to(fitted.family()).abs() <= 1e-12, "{fitted:?}");
    let together = prior.maximize(&other.pseudo_statistics(5.0)).unwrap();
    let (half, whole) = (to(together.family()), to(other));
    assert!(half < whole, "{centre:?}, {together:?}, {other:?}");
    let log_prior = together.log_prior();
    assert!(
        (log_prior + 5.0 * half).abs() <= 1e-10 * (1.0 + half),
        "{log_prior}"
    );
}

macro_rules! complete {
    // The line has no place for labels; the circle has a test of its own for draws.
    (categorical, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        complete!(categorical: $make, $measure, |_| ());
    };
    (von_mises, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        complete!(von_mises: $make, $measure, |_| ());
    };
    ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        complete!($name: $make, $measure, draws_follow);
    };
    ($name:ident: $make:expr, $measure:expr, $drawn:expr) => {
        #[test]
        fn $name() {
            for (u, v, other) in PAIRS {
                // Fixed parts (trials, support, bounds) follow v: the other member keeps it.
                let (p, q) = ($make(u, v), $make(other, v));
                let measure = $measure(&p);
                divergence((&p, &q), &measure, p.kl_divergence(&q), p.kl_divergence(&p));
                score_and_file(&p, &measure);
                $drawn(&p);
            }
        }
    };
}

for_each_family!(complete);
for_each_other_family!(complete);

mod priors {
    use super::*;

    const STRENGTH: f64 = 2.5;
    /// Moves of a coordinate away from the mode.
    const MOVES: [f64; 6] = [-1.0, -0.1, -1e-3, 1e-3, 0.1, 1.0];

    /// The estimate under a prior is the maximum of Σ w ln p(x | θ) + strength·E[ln p(X | θ)], X distributed as the
    /// centre: no member near it or farther off has more. The mean is a quadrature, good to about 1e-10.
    fn mode_is_the_maximum<F>(
        (family, centre): (&F, &F),
        xs: Batch<'_, F::Space>,
        measure: &impl Measure<F::Space>,
    ) where
        F: ExponentialFamily + Coordinates + Debug,
    {
        let prior = WithPrior::new(family.clone(), centre.clone(), STRENGTH).unwrap();
        let weights: Vec<f64> = (0..xs.len()).map(|i| 0.5 + (i % 3) as f64).collect();
        let mode = prior.estimate(xs, &weights).unwrap();
        let objective = |member: &F| {
            let rows = weights.iter().enumerate();
            let rows: f64 = rows
                .map(|(i, weight)| weight * member.log_density(xs.at(i)))
                .sum();
            rows + STRENGTH * expectation(centre, measure, |x| member.log_density(x))
        };
        let most = objective(mode.family());
        let mut coordinates = Vec::new();
        mode.family().pack(&mut coordinates);
        for j in 0..coordinates.len() {
            for by in MOVES {
                let mut moved = coordinates.clone();
                moved[j] += by;
                let Ok(member) = mode.family().unpack(&mut &moved[..]) else {
                    continue;
                };
                let value = objective(&member);
                assert!(
                    value <= most + 1e-8 * (1.0 + most.abs()),
                    "{mode:?} has {most}, {member:?} has {value}"
                );
                // The maximum is no plateau.
                assert!(by.abs() < 1.0 || value < most, "{mode:?}, {member:?}");
            }
        }
    }

    macro_rules! prior {
        ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
            #[test]
            fn $name() {
                for (u, v, other) in PAIRS {
                    let (family, centre) = ($make(u, v), $make(other, v));
                    conjugate_prior(&family, &centre);
                    let measure = $measure(&centre);
                    mode_is_the_maximum((&family, &centre), &$observations, &measure);
                }
            }
        };
    }
    for_each_family!(prior);

    /// From reference/generate_prior_modes.py: golden section on the objective at 40 digits.
    #[test]
    fn modes_of_chi_squared() {
        let (xs, weights) = ([0.1, 2.5, 0.3, 4.0, 0.9], [1.0, 2.0, 1.0, 0.5, 3.0]);
        for (centre, strength, mode) in [
            (4.0, 2.5, 2.041_169_272_844_488_1),
            (0.5, 10.0, 0.742_024_315_163_533_2),
        ] {
            let centre = ChiSquared::new(centre).unwrap();
            let start = ChiSquared::new(1.0).unwrap();
            let prior = WithPrior::new(start, centre, strength).unwrap();
            let found = prior.estimate(&xs, &weights).unwrap();
            assert!(
                (found.family().df() / mode - 1.0).abs() < 1e-13,
                "{found:?}"
            );
        }
    }
}
