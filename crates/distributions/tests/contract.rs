//! The contract of a component: every family keeps it, and planted faults are found.

use distributions::testing::*;
use distributions::*;

#[macro_use]
#[path = "reference/families.rs"]
mod families;
use families::{log_range, matrix};

macro_rules! keeps_the_contract {
    ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        #[test]
        fn $name() {
            for (u, v) in [(0.5, 0.5), (0.1, 0.7), (0.9, 0.2), (0.3, 0.95)] {
                let component = $make(u, v);
                let measure = $measure(&component);
                let kept = Contract::new(&component, &$observations[..])
                    .coordinates()
                    .outside(&$outside[..])
                    .total(&measure)
                    .verify();
                if let Err(violations) = kept {
                    panic!("{component:?}\n{violations}");
                }
            }
        }
    };
}

macro_rules! keeps_the_contract_in_rows {
    ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        #[test]
        fn $name() {
            for (u, v) in [(0.5, 0.5), (0.1, 0.7), (0.9, 0.2), (0.3, 0.95)] {
                let component = $make(u, v);
                let measure = $measure(&component);
                let kept = Contract::new(&component, $observations.view())
                    .coordinates()
                    .outside($outside.view())
                    .total(&measure)
                    .verify();
                if let Err(violations) = kept {
                    panic!("{component:?}\n{violations}");
                }
            }
        }
    };
}

mod kept {
    use super::*;
    for_each_vector_family!(keeps_the_contract_in_rows);
    for_each_other_vector_family!(keeps_the_contract_in_rows);
    for_each_family!(keeps_the_contract);
    for_each_other_family!(keeps_the_contract);
}

#[test]
fn the_list_holds_every_family() {
    let listed = {
        let mut listed = Vec::new();
        macro_rules! push {
            ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
                listed.push(stringify!($name));
            };
        }
        for_each_family!(push);
        for_each_other_family!(push);
        for_each_vector_family!(push);
        for_each_other_vector_family!(push);
        listed
    };
    // Modules of family/mod.rs that hold no family.
    let helpers = [
        "beta_statistics",
        "bounded",
        "bounded_angle",
        "bounded_beta",
        "bounded_inverse_gaussian",
        "bounded_sech",
        "common",
        "count_masses",
        "count_histogram",
        "latent_scale",
        "counts",
        "divergence",
        "dirichlet_statistics",
        "floor",
        "log_gamma",
        "log_gap",
        "overdispersion",
        "reciprocal_gap",
        "saddle_point",
        "student_t_estimate",
        "conditional",
        "nothing_to_estimate",
        "trials",
        "truncated_normal",
        "von_mises_distribution",
        "weibull_distribution",
    ];
    let modules = include_str!("../src/family/mod.rs");
    for line in modules.lines() {
        let Some(module) = line
            .strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'))
        else {
            continue;
        };
        assert!(
            listed.contains(&module) || helpers.contains(&module),
            "family {module} is not in the list of tests/reference/families.rs"
        );
    }
}

/// A normal distribution of variance 1, with a fault to choose.
#[derive(Clone, Debug)]
struct Planted {
    mean: f64,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Unnormalised,
    Unmergeable,
    LowersObjective,
    WrongCount,
    NanOutside,
    BatchDiffers,
    ZeroWeightCounts,
}

/// Σ w and Σ w x, whose merge forgets the sum on demand.
#[derive(Clone)]
struct Sums {
    weight: f64,
    sum: f64,
    forgets: bool,
}

impl Statistics for Sums {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        (self.weight, self.sum) = (0.0, 0.0);
    }
    fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        if !self.forgets {
            self.sum += other.sum;
        }
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.sum *= factor;
    }
}

impl Density for Planted {
    type Space = Scalars<f64>;
    fn log_density(&self, x: f64) -> f64 {
        if !x.is_finite() {
            let nan = self.fault == Fault::NanOutside;
            return if nan { f64::NAN } else { f64::NEG_INFINITY };
        }
        let value = -0.5 * (x - self.mean).powi(2);
        if self.fault == Fault::Unnormalised {
            value
        } else {
            value - 0.5 * std::f64::consts::TAU.ln()
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        if x.is_finite() {
            Ok(())
        } else {
            Err("must be finite")
        }
    }
    fn log_density_batch(&self, xs: &[f64], _: &[f64], out: &mut [f64], _: &mut Scratch) {
        for (value, &x) in out.iter_mut().zip(xs) {
            *value = self.log_density(x);
            if self.fault == Fault::BatchDiffers {
                *value += 1e-6;
            }
        }
    }
}

impl Component for Planted {
    type Statistics = Sums;
    fn empty_statistics(&self) -> Sums {
        Sums {
            weight: 0.0,
            sum: 0.0,
            forgets: self.fault == Fault::Unmergeable,
        }
    }
    fn accumulate(&self, into: &mut Sums, x: f64, weight: f64) {
        into.weight += weight;
        into.sum += weight * x;
    }
    fn accumulate_batch(
        &self,
        into: &mut Sums,
        xs: &[f64],
        _: &[f64],
        weights: &[f64],
        _: &mut Scratch,
    ) {
        for (&x, &w) in xs.iter().zip(weights) {
            if w > 0.0 || self.fault == Fault::ZeroWeightCounts {
                self.accumulate(into, x, w);
            }
        }
    }
    fn maximize(&self, from: &Sums) -> Result<Self, EstimateError> {
        let mean = from.sum / from.weight;
        let off = if self.fault == Fault::LowersObjective {
            5.0
        } else {
            0.0
        };
        Ok(Planted {
            mean: mean + off,
            fault: self.fault,
        })
    }
    fn parameter_count(&self) -> usize {
        if self.fault == Fault::WrongCount {
            2
        } else {
            1
        }
    }
}

impl Coordinates for Planted {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.mean);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Planted {
            mean: next_coordinate(from)?,
            fault: self.fault,
        })
    }
}

/// The rules that a planted fault is found to break.
fn broken(fault: Fault) -> Vec<&'static str> {
    let component = Planted { mean: 1.0, fault };
    let measure = Reals {
        centre: 1.0,
        scale: 1.0,
    };
    let result = Contract::new(&component, &[0.0, 1.0, 3.0, 0.5, 2.0][..])
        .coordinates()
        .outside(&[f64::INFINITY][..])
        .total(&measure)
        .verify();
    let mut rules: Vec<_> = match result {
        Ok(()) => Vec::new(),
        Err(violations) => violations.0.into_iter().map(|v| v.rule).collect(),
    };
    rules.dedup();
    rules
}

#[test]
fn planted_faults_are_found() {
    assert_eq!(broken(Fault::None), [""; 0]);
    let found = |fault, rule| {
        let rules = broken(fault);
        assert!(rules.contains(&rule), "{fault:?}: {rules:?}");
    };
    found(Fault::Unnormalised, "the density integrates to one");
    found(
        Fault::Unmergeable,
        "statistics merged over a split are those of the whole",
    );
    found(
        Fault::LowersObjective,
        "an M-step does not lower the objective",
    );
    found(
        Fault::WrongCount,
        "the parameter count is the number of coordinates",
    );
    found(Fault::NanOutside, "off the support the log-density is −∞");
    found(Fault::BatchDiffers, "a block is scored like its rows");
    found(
        Fault::ZeroWeightCounts,
        "a row of weight 0 has no influence",
    );
}

#[test]
fn boundary_estimates() {
    let ones = [1.0; 3];
    // Valid answers at the boundary: finite log-likelihood of what was seen, −∞ for the rest.
    let zeros = Poisson::new(2.0)
        .unwrap()
        .estimate(&[0, 0, 0], &ones)
        .unwrap();
    assert_eq!(zeros.rate(), 0.0);
    assert_eq!(zeros.log_density(0), 0.0);
    assert_eq!(zeros.log_density(1), f64::NEG_INFINITY);
    let sure = Bernoulli::new(0.5)
        .unwrap()
        .estimate(&[1, 1, 1], &ones)
        .unwrap();
    assert_eq!(
        (sure.log_density(1), sure.log_density(0)),
        (0.0, f64::NEG_INFINITY)
    );
    for (count, probability) in [(0, 0.0), (100, 1.0)] {
        let template = Binomial::new(100, 0.5).unwrap();
        let sure = template.estimate(&[count; 3], &ones).unwrap();
        assert_eq!(sure.probability(), probability);
        assert_eq!(sure.log_density(count), 0.0);
        assert_eq!(sure.log_density(50), f64::NEG_INFINITY);
    }
    let first = Geometric::new(0.5)
        .unwrap()
        .estimate(&[0, 0, 0], &ones)
        .unwrap();
    assert_eq!((first.probability(), first.log_density(0)), (1.0, 0.0));
    assert_eq!(first.log_density(1), f64::NEG_INFINITY);
    let label = Categorical::uniform(3)
        .unwrap()
        .estimate(&[2, 2, 2], &ones)
        .unwrap();
    assert_eq!(label.log_density(2), 0.0);
    assert_eq!(label.log_density(0), f64::NEG_INFINITY);
    let opposite = [0.0, std::f64::consts::PI, 1.0, 1.0 - std::f64::consts::PI];
    let uniform = VonMises::new(0.3, 2.0)
        .unwrap()
        .estimate(&opposite, &[1.0; 4])
        .unwrap();
    assert!(uniform.concentration() < 1e-15);

    // No estimate: typed, naming the parameter.
    let parameter = |error: EstimateError| match error.reason {
        Reason::Boundary { parameter, .. } => parameter,
        other => panic!("{other:?}"),
    };
    let same = [0.7; 3];
    assert_eq!(
        parameter(Normal::standard().estimate(&same, &ones).unwrap_err()),
        "variance"
    );
    let log_normal = LogNormal::new(0.0, 1.0).unwrap();
    assert_eq!(
        parameter(log_normal.estimate(&same, &ones).unwrap_err()),
        "log_variance"
    );
    let gamma = Gamma::new(1.0, 1.0).unwrap();
    assert_eq!(
        parameter(gamma.estimate(&same, &ones).unwrap_err()),
        "shape"
    );
    let beta = Beta::new(1.0, 1.0).unwrap();
    assert_eq!(parameter(beta.estimate(&same, &ones).unwrap_err()), "alpha");
    let von_mises = VonMises::new(0.0, 1.0).unwrap();
    assert_eq!(
        parameter(von_mises.estimate(&same, &ones).unwrap_err()),
        "concentration"
    );
    let exponential = Exponential::new(1.0).unwrap();
    assert_eq!(
        parameter(exponential.estimate(&[0.0; 3], &ones).unwrap_err()),
        "rate"
    );
    let weibull = Weibull::new(1.0, 1.0).unwrap();
    assert_eq!(
        parameter(weibull.estimate(&same, &ones).unwrap_err()),
        "shape"
    );
    let counts = NegativeBinomial::new(1.0, 3.0).unwrap();
    let poisson = counts.estimate(&[1, 2, 3], &ones).unwrap();
    assert_eq!((poisson.mean(), poisson.size()), (2.0, f64::INFINITY));
    let never = counts.estimate(&[0, 0, 0], &ones).unwrap();
    assert_eq!(
        (never.mean(), never.size(), never.log_density(0)),
        (0.0, 3.0, 0.0)
    );
    assert_eq!(never.log_density(1), f64::NEG_INFINITY);
    let nothing = gamma.estimate(&[1.0, 2.0], &[0.0, 0.0]).unwrap_err();
    assert_eq!(nothing.reason, Reason::Empty);
}

#[test]
fn repeated_newton_steps_reach_the_estimate() {
    // A one-step M-step from far away, its steps halved where the likelihood falls.
    let xs = [0.1, 2.5, 0.3, 4.0, 0.9, 1.7];
    let weights = [1.0, 0.5, 2.0, 1.0, 1.0, 0.25];
    let best = Weibull::new(1.0, 1.0)
        .unwrap()
        .estimate(&xs, &weights)
        .unwrap();
    let likelihood = |c: &Weibull| -> f64 {
        xs.iter()
            .zip(weights)
            .map(|(&x, w)| w * c.log_density(x))
            .sum()
    };
    let mut current = Weibull::new(5.0, 0.5).unwrap();
    for _ in 0..60 {
        let mut statistics = current.empty_statistics();
        for (&x, w) in xs.iter().zip(weights) {
            current.accumulate(&mut statistics, x, w);
        }
        let next = current.maximize(&statistics).unwrap();
        let mut fraction = 1.0;
        let mut shortened = next.clone();
        while likelihood(&shortened) < likelihood(&current) && fraction > 1e-6 {
            fraction *= 0.5;
            shortened = current.toward(&next, fraction);
        }
        current = shortened;
    }
    assert!(
        (current.shape() / best.shape() - 1.0).abs() < 1e-12,
        "{current:?} {best:?}"
    );
    assert!(
        (current.scale() / best.scale() - 1.0).abs() < 1e-12,
        "{current:?} {best:?}"
    );
}

#[test]
fn ends_of_the_support() {
    let at = |shape| Gamma::new(shape, 2.0).unwrap().log_density(0.0);
    assert_eq!(
        (at(0.5), at(1.0), at(2.0)),
        (f64::INFINITY, 2f64.ln(), f64::NEG_INFINITY)
    );
    assert!(
        Gamma::new(1.0, 2.0)
            .unwrap()
            .check_observation(0.0)
            .is_err()
    );
    let beta = Beta::new(0.5, 1.0).unwrap();
    assert_eq!(
        (beta.log_density(0.0), beta.log_density(1.0)),
        (f64::INFINITY, 0.5f64.ln())
    );
    assert!(beta.check_observation(1.0).is_err());
    assert_eq!(Poisson::new(1e-300).unwrap().log_density(0), -1e-300);
}

#[test]
fn concentrated_observations_keep_their_digits() {
    // Relative spread 1e-9: as differences of sums the gaps would have no correct digit. The shape
    // is mean²/variance up to 1/3, and so is the size of the beta up to 1.
    let unit = [-1.0, 0.0, 1.0, 2.0, -2.0];
    let xs: Vec<f64> = unit.iter().map(|z| 0.25 + z * 2f64.powi(-32)).collect();
    let shape = 0.25f64.powi(2) / (2.0 * 2f64.powi(-64));
    let ones = [1.0; 5];
    let gamma = Gamma::new(1.0, 1.0).unwrap().estimate(&xs, &ones).unwrap();
    assert!((gamma.shape() / shape - 1.0).abs() < 1e-12, "{gamma:?}");
    let beta = Beta::new(1.0, 1.0).unwrap().estimate(&xs, &ones).unwrap();
    let size = 0.25 * 0.75 / (2.0 * 2f64.powi(-64));
    assert!(
        ((beta.alpha() + beta.beta()) / size - 1.0).abs() < 1e-9,
        "{beta:?}"
    );
    // κ is 1/(circular variance ≈ variance of the angle) up to a constant.
    let von_mises = VonMises::new(0.0, 1.0)
        .unwrap()
        .estimate(&xs, &ones)
        .unwrap();
    let kappa = 1.0 / (2.0 * 2f64.powi(-64));
    assert!(
        (von_mises.concentration() / kappa - 1.0).abs() < 1e-6,
        "{von_mises:?}"
    );
}
