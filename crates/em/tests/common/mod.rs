//! Random mixtures of every family, random data from them, and comparisons: shared by the property
//! tests. Everything comes from one seed, so that a failure is one number.
#![allow(dead_code)]

use distributions::*;
use em::{Data, Mixture, Soft, Weights, Workspace, e_step};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

pub fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// A family of which random members can be made: parameters in a range where five iterations from a
/// disturbed start stay away from degenerate fits.
pub trait Random: Component<Space = Scalars<Self::Element>> + Sample {
    type Element: Copy + Send + Sync + 'static;
    fn random<R: Rng>(rng: &mut R) -> Self;
    /// An observation as a real number.
    fn real(x: Self::Element) -> f64;
}

fn between<R: Rng>(rng: &mut R, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

macro_rules! random {
    ($($family:ident over $element:ty = |$rng:ident| $make:expr;)+) => {
        $(impl Random for $family {
            type Element = $element;
            fn random<R: Rng>($rng: &mut R) -> Self {
                $make.unwrap()
            }
            fn real(x: $element) -> f64 {
                x as f64
            }
        })+
    };
}

random! {
    Normal over f64 = |rng| Normal::new(between(rng, -5.0, 5.0), between(rng, 0.1, 4.0));
    LogNormal over f64 = |rng| LogNormal::new(between(rng, -2.0, 2.0), between(rng, 0.05, 1.0));
    Exponential over f64 = |rng| Exponential::new(between(rng, 0.1, 5.0));
    Gamma over f64 = |rng| Gamma::new(between(rng, 0.5, 20.0), between(rng, 0.5, 5.0));
    Beta over f64 = |rng| Beta::new(between(rng, 0.5, 10.0), between(rng, 0.5, 10.0));
    Poisson over u64 = |rng| Poisson::new(between(rng, 0.5, 30.0));
    Bernoulli over u64 = |rng| Bernoulli::new(between(rng, 0.05, 0.95));
    Binomial over u64 = |rng| Binomial::new(12, between(rng, 0.05, 0.95));
    Geometric over u64 = |rng| Geometric::new(between(rng, 0.05, 0.9));
    Categorical over u32 = |rng| {
        let raw: Vec<f64> = (0..4).map(|_| between(rng, 0.1, 1.0)).collect();
        let total: f64 = raw.iter().sum();
        Categorical::new(raw.iter().map(|p| p / total).collect())
    };
    StudentT over f64 = |rng| {
        StudentT::new(between(rng, -5.0, 5.0), between(rng, 0.3, 2.0), between(rng, 2.0, 20.0))
    };
    Cauchy over f64 = |rng| Cauchy::new(between(rng, -5.0, 5.0), between(rng, 0.3, 2.0));
    Logistic over f64 = |rng| Logistic::new(between(rng, -5.0, 5.0), between(rng, 0.2, 2.0));
    InverseGaussian over f64 = |rng| {
        InverseGaussian::new(between(rng, 0.5, 5.0), between(rng, 0.5, 20.0))
    };
    ChiSquared over f64 = |rng| ChiSquared::new(between(rng, 1.0, 20.0));
    VonMises over f64 = |rng| VonMises::new(between(rng, -3.0, 3.0), between(rng, 0.5, 20.0));
    InverseGamma over f64 = |rng| InverseGamma::new(between(rng, 1.0, 20.0), between(rng, 0.5, 5.0));
    Rayleigh over f64 = |rng| Rayleigh::new(between(rng, 0.2, 5.0));
    Maxwell over f64 = |rng| Maxwell::new(between(rng, 0.2, 5.0));
    HalfNormal over f64 = |rng| HalfNormal::new(between(rng, 0.2, 5.0));
    Laplace over f64 = |rng| Laplace::new(1.0, between(rng, 0.2, 5.0));
    Pareto over f64 = |rng| Pareto::new(0.5, between(rng, 0.5, 10.0));
    NormalWithKnownMean over f64 = |rng| NormalWithKnownMean::new(1.0, between(rng, 0.1, 9.0));
    NormalWithKnownVariance over f64 = |rng| NormalWithKnownVariance::new(between(rng, -5.0, 5.0), 2.0);
    NegativeBinomial over u64 = |rng| {
        NegativeBinomial::new(between(rng, 0.5, 20.0), between(rng, 0.3, 10.0))
    };
    BetaBinomial over u64 = |rng| {
        BetaBinomial::new(12, between(rng, 0.3, 10.0), between(rng, 0.3, 10.0))
    };
    DiscreteUniform over u64 = |rng| {
        DiscreteUniform::new(rng.random_range(0..3), rng.random_range(7..12))
    };
    Uniform over f64 = |rng| Uniform::new(between(rng, -2.0, 0.0), between(rng, 1.0, 3.0));
}

/// Runs a generic check once for every family.
#[macro_export]
macro_rules! for_every_family {
    ($check:ident) => {
        for_every_family!($check: normal Normal, log_normal LogNormal, exponential Exponential,
            gamma Gamma, beta Beta, poisson Poisson, bernoulli Bernoulli, binomial Binomial,
            geometric Geometric, categorical Categorical, von_mises VonMises,
            student_t StudentT, cauchy Cauchy, logistic Logistic,
            inverse_gaussian InverseGaussian, chi_squared ChiSquared, inverse_gamma InverseGamma,
            rayleigh Rayleigh, maxwell Maxwell, half_normal HalfNormal, laplace Laplace, pareto Pareto,
            normal_with_known_mean NormalWithKnownMean,
            normal_with_known_variance NormalWithKnownVariance,
            negative_binomial NegativeBinomial, beta_binomial BetaBinomial,
            discrete_uniform DiscreteUniform, uniform Uniform);
    };
    ($check:ident: $($name:ident $family:ident),+) => {
        mod $check {
            $(#[test]
            fn $name() {
                super::common::cases(
                    concat!(stringify!($check), "::", stringify!($name)),
                    super::$check::<distributions::$family>,
                );
            })+
        }
    };
}

/// Runs `check` on 256 seeds, through proptest, which keeps the seeds that once failed in
/// proptest-regressions.
pub fn cases(name: &'static str, check: fn(u64) -> Result<(), String>) {
    use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
    let regressions = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/proptest-regressions/seeds.txt"
    );
    let mut runner = TestRunner::new_with_rng(
        Config {
            cases: 256,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(regressions))),
            source_file: Some(file!()),
            ..Config::default()
        },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let outcome = runner.run(&proptest::prelude::any::<u64>(), |seed| {
        check(seed).map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
}

/// A random mixture of 1 to `most` components.
pub fn mixture<C: Random, R: Rng>(rng: &mut R, most: usize) -> Mixture<Vec<C>> {
    let count = rng.random_range(1..=most);
    let raw: Vec<f64> = (0..count).map(|_| between(rng, 0.2, 1.0)).collect();
    let total: f64 = raw.iter().sum();
    let weights = Weights::new(raw.iter().map(|w| w / total).collect()).unwrap();
    Mixture::new(weights, (0..count).map(|_| C::random(rng)).collect()).unwrap()
}

/// Up to `most` rows drawn from the mixture, at least ten a component.
pub fn rows<C: Random, R: Rng>(
    rng: &mut R,
    mixture: &Mixture<Vec<C>>,
    most: usize,
) -> Vec<C::Element> {
    let count = rng.random_range(10 * mixture.len()..=most.max(10 * mixture.len()));
    mixture.sample(rng, count)
}

/// Random row weights, some of them 0.
pub fn row_weights<R: Rng>(rng: &mut R, rows: usize) -> Vec<f64> {
    (0..rows)
        .map(|_| match rng.random_range(0..5) {
            0 => 0.0,
            1 => f64::from(rng.random_range(1..5u8)),
            _ => between(rng, 0.01, 3.0),
        })
        .collect()
}

/// Five iterations of plain EM by the two steps themselves (the driver would stop earlier where
/// nothing is to be gained): the objective at each model, and the last model. `None` where an M-step
/// has no maximum or a row no density.
pub fn five<C: Random>(
    start: &Mixture<Vec<C>>,
    data: Data<'_, &[C::Element]>,
) -> Option<(Vec<f64>, Mixture<Vec<C>>)> {
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), 1);
    let mut model = start.clone();
    let mut trace = Vec::new();
    for iteration in 0..5 {
        let tally = e_step(&model, data, iteration, &Soft, &mut workspace);
        if tally.unexplained.is_some() {
            return None;
        }
        trace.push(tally.objective);
        model = model.maximize(workspace.statistics()).ok()?;
    }
    Some((trace, model))
}

/// Whether two sequences agree to `tolerance` relative (absolute below 1).
pub fn agree(what: &str, a: &[f64], b: &[f64], tolerance: f64) -> Result<(), String> {
    if a.len() != b.len() {
        return Err(format!("{what}: {} against {} values", a.len(), b.len()));
    }
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        // Written so that NaN fails; equal infinities agree.
        if x != y && !((x - y).abs() <= tolerance * x.abs().max(1.0)) {
            return Err(format!("{what}[{i}]: {x} against {y}"));
        }
    }
    Ok(())
}
