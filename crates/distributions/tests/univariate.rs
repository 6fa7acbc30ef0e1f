//! Distribution functions, quantiles, moments and entropies of every family of the one list: against
//! the density by quadrature and sums, and against tables made with mpmath.
//!
//! `cargo test -p mixture-distributions --test univariate -- --nocapture` prints the largest errors,
//! the figures of docs/numerics.md.

use distributions::testing::*;
use distributions::*;
use std::collections::BTreeMap;
use std::fmt::Debug;

#[macro_use]
#[path = "reference/families.rs"]
mod families;
use families::log_range;

#[path = "reference/table.rs"]
mod table;

/// The tails, moments and entropy of one distribution, its family forgotten.
pub trait Line: Univariate + Entropy {}
impl<F: Univariate + Entropy> Line for F {}

/// The member of a family with these parameters; a family is added here, or its lines of the tables
/// are an error.
fn member(family: &str, p: &[f64]) -> Option<Box<dyn Line>> {
    Some(match family {
        "normal" => Box::new(Normal::new(p[0], p[1]).unwrap()),
        "log_normal" => Box::new(LogNormal::new(p[0], p[1]).unwrap()),
        "exponential" => Box::new(Exponential::new(p[0]).unwrap()),
        "gamma" => Box::new(Gamma::new(p[0], p[1]).unwrap()),
        "inverse_gamma" => Box::new(InverseGamma::new(p[0], p[1]).unwrap()),
        "beta" => Box::new(Beta::new(p[0], p[1]).unwrap()),
        "laplace" => Box::new(Laplace::new(p[0], p[1]).unwrap()),
        "weibull" => Box::new(Weibull::new(p[0], p[1]).unwrap()),
        "pareto" => Box::new(Pareto::new(p[0], p[1]).unwrap()),
        "rayleigh" => Box::new(Rayleigh::new(p[0]).unwrap()),
        "maxwell" => Box::new(Maxwell::new(p[0]).unwrap()),
        "half_normal" => Box::new(HalfNormal::new(p[0]).unwrap()),
        "uniform" => Box::new(Uniform::new(p[0], p[1]).unwrap()),
        "von_mises" => Box::new(VonMises::new(p[0], p[1]).unwrap()),
        "poisson" => Box::new(Poisson::new(p[0]).unwrap()),
        "bernoulli" => Box::new(Bernoulli::new(p[0]).unwrap()),
        "binomial" => Box::new(Binomial::new(p[0] as u64, p[1]).unwrap()),
        "geometric" => Box::new(Geometric::new(p[0]).unwrap()),
        "negative_binomial" => Box::new(NegativeBinomial::new(p[0], p[1]).unwrap()),
        _ => return None,
    })
}

/// What an observation on the line is: a real number, or a count.
trait Element: Copy + Send + Sync + PartialOrd + 'static {
    const COUNTS: bool;
    fn real(self) -> f64;
    fn of(x: f64) -> Self;
}
impl Element for f64 {
    const COUNTS: bool = false;
    fn real(self) -> f64 {
        self
    }
    fn of(x: f64) -> f64 {
        x
    }
}
impl Element for u64 {
    const COUNTS: bool = true;
    fn real(self) -> f64 {
        self as f64
    }
    fn of(x: f64) -> u64 {
        x as u64
    }
}

/// Probabilities at which every member is looked at.
const LEVELS: [f64; 11] = [
    1e-12,
    1e-4,
    0.01,
    0.1,
    0.25,
    0.5,
    0.75,
    0.9,
    0.99,
    0.9999,
    1.0 - 1e-9,
];

/// ∫ p over [a, b], or the sum over the counts in (a, b].
fn mass_between<T: Element, F: Density<Space = Scalars<T>>>(family: &F, a: f64, b: f64) -> f64 {
    if T::COUNTS {
        let mut sum = 0.0;
        let mut k = a.floor() + 1.0;
        while k <= b {
            sum += family.log_density(T::of(k)).exp();
            k += 1.0;
        }
        return sum;
    }
    // A heavy tail by decades: the rule for a bounded interval has no points near its thin end.
    let decades = (-6..=300).map(|power| 10f64.powi(power));
    let mut ends: Vec<f64> = decades.flat_map(|end| [-end, end]).collect();
    ends.retain(|end| a < *end && *end < b);
    ends.extend([a, b]);
    ends.sort_by(f64::total_cmp);
    let pieces = ends.windows(2).map(|pair| {
        let piece = Between {
            low: pair[0],
            high: pair[1],
        };
        piece.integrate(&mut |x| family.log_density(T::of(x)).exp())
    });
    pieces.sum()
}

/// The checks that hold for every family, at one member.
fn check<T, F, M>(family: &F, measure: &M)
where
    T: Element,
    F: Density<Space = Scalars<T>> + Univariate + Entropy + Debug,
    M: Measure<Scalars<T>>,
{
    // Ends of the support, and what is outside.
    let (low, high) = (family.quantile(0.0), family.quantile(1.0));
    assert!(low <= high, "{family:?}: support from {low} to {high}");
    for p in [-0.1, 1.1, f64::NAN] {
        assert!(family.quantile(p).is_nan(), "{family:?}: a quantile at {p}");
    }
    assert!(family.cdf(f64::NAN).is_nan() && family.sf(f64::NAN).is_nan());
    assert_eq!(
        (family.cdf(f64::NEG_INFINITY), family.sf(f64::NEG_INFINITY)),
        (0.0, 1.0)
    );
    assert_eq!(
        (family.cdf(f64::INFINITY), family.sf(f64::INFINITY)),
        (1.0, 0.0)
    );
    let mut last = low;
    for p in LEVELS {
        let x = family.quantile(p);
        assert!(x >= last, "{family:?}: quantile {x} at {p} below {last}");
        let (below, above) = (family.cdf(x), family.sf(x));
        assert!(
            (below + above - 1.0).abs() <= 4.0 * f64::EPSILON,
            "{family:?} at {x}"
        );
        assert!(
            family.cdf(last) <= below && family.sf(last) >= above,
            "{family:?} at {x}"
        );
        if T::COUNTS {
            assert!(
                if p <= 0.5 {
                    below >= p
                } else {
                    above <= 1.0 - p
                },
                "{family:?}: {x} at {p}"
            );
            let reached_before = if p <= 0.5 {
                family.cdf(x - 1.0) >= p
            } else {
                family.sf(x - 1.0) <= 1.0 - p
            };
            assert!(
                x == low || !reached_before,
                "{family:?}: {x} not the least at {p}"
            );
            assert_eq!(family.cdf(x + 0.7), below);
        } else {
            // Newton and the rounding of x where F is steep.
            let slope = family.log_density(T::of(x)).exp() * x.abs() * f64::EPSILON;
            let (found, wanted) = if p <= 0.5 {
                (below, p)
            } else {
                (above, 1.0 - p)
            };
            assert!(
                (found - wanted).abs() <= 1e-12 * wanted + 4.0 * slope,
                "{family:?}: {found} at the quantile of {wanted}"
            );
        }
        let between = mass_between(family, last, x);
        let claimed = family.probability(last, x);
        // The rule reaches 1e-10; from −∞ on there is nothing to divide.
        if last.is_finite() {
            let tolerance = if T::COUNTS { 1e-12 } else { 1e-9 };
            assert!(
                (between - claimed).abs() <= tolerance * claimed,
                "{family:?}: {claimed} from {last} to {x}, by the density {between}"
            );
        }
        let logarithm = family.log_probability(last, x);
        assert!(
            logarithm == claimed.ln() || (logarithm - claimed.ln()).abs() <= 1e-9,
            "{family:?}: ln P {logarithm}, P {claimed}"
        );
        last = x;
    }
    moments(family, measure);
}

/// Mean, variance and entropy against the integrals that define them; the rule reaches 1e-10.
fn moments<T, F, M>(family: &F, measure: &M)
where
    T: Element,
    F: Density<Space = Scalars<T>> + Univariate + Entropy + Debug,
    M: Measure<Scalars<T>>,
{
    let near = |what: &str, found: f64, claimed: f64, scale: f64| {
        assert!(
            (found - claimed).abs() <= 1e-8 * scale,
            "{family:?}: {what} {claimed}, by the density {found}"
        );
    };
    let entropy = expectation(family, measure, |x| -family.log_density(x));
    near("entropy", entropy, family.entropy(), 1.0 + entropy.abs());
    let (mean, variance) = (family.mean(), family.variance());
    let is_line = family.quantile(0.0).is_finite() || family.quantile(1.0).is_infinite();
    // An infinite moment cannot be summed, and one that barely exists not to eight digits.
    let heavy = family.sf(mean + 1e3 * variance.sqrt()) > 1e-10;
    if !variance.is_finite() || heavy || !is_line {
        return;
    }
    let integral = expectation(family, measure, |x| x.real());
    near("mean", integral, mean, mean.abs() + variance.sqrt());
    let integral = expectation(family, measure, |x| (x.real() - mean).powi(2));
    near(
        "variance",
        integral,
        variance,
        variance + f64::EPSILON * mean * mean,
    );
}

macro_rules! over_the_list {
    // A label has no place on the line.
    (categorical, $($rest:tt)*) => {};
    // Its mean and variance are those of the circle: tested below.
    (von_mises, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        #[test]
        fn von_mises() {
            for (u, v) in members() {
                let family = $make(u, v);
                let measure = $measure(&family);
                on_the_circle(&family, &measure);
            }
        }
    };
    ($name:ident, $make:expr, $observations:expr, $outside:expr, $measure:expr) => {
        #[test]
        fn $name() {
            for (u, v) in members() {
                let family = $make(u, v);
                let measure = $measure(&family);
                check(&family, &measure);
            }
        }
    };
}

/// Parameters from a grid over the unit square.
fn members() -> impl Iterator<Item = (f64, f64)> {
    let grid = [0.01, 0.2, 0.5, 0.77, 0.99];
    grid.into_iter().flat_map(move |u| grid.map(|v| (u, v)))
}

for_each_family!(over_the_list);
for_each_other_family!(over_the_list);

fn on_the_circle(family: &VonMises, measure: &Circle) {
    let (mean, pi) = (family.mean_direction(), std::f64::consts::PI);
    assert_eq!(
        (family.quantile(0.0), family.quantile(1.0)),
        (mean - pi, mean + pi)
    );
    let mut last = mean - pi;
    for p in LEVELS {
        let x = family.quantile(p);
        let between = mass_between(family, last, x);
        assert!(
            (family.probability(last, x) - between).abs() <= 1e-8,
            "{family:?} at {p}"
        );
        let (found, wanted) = if p <= 0.5 {
            (family.cdf(x), p)
        } else {
            (family.sf(x), 1.0 - p)
        };
        // One ulp of x, at a density of up to 6.
        assert!(
            (found - wanted).abs() <= 1e-13 * wanted + 1e-14,
            "{family:?}: {found} at {p}"
        );
        assert!((family.cdf(x) + family.sf(x) - 1.0).abs() <= 4.0 * f64::EPSILON);
        last = x;
    }
    let length = expectation(family, measure, |x: f64| (x - mean).cos());
    assert!(
        (1.0 - length - family.variance()).abs() < 1e-12,
        "{family:?}"
    );
    let entropy = expectation(family, measure, |x| -family.log_density(x));
    assert!((entropy - family.entropy()).abs() < 1e-10, "{family:?}");
}

/// Largest error of each family, as a share of what is allowed.
#[derive(Default)]
struct Worst {
    shares: BTreeMap<String, f64>,
    relative: BTreeMap<String, f64>,
    failures: Vec<String>,
}

impl Worst {
    /// `allowed` is relative to the value.
    fn add(&mut self, what: &str, at: String, found: f64, value: f64, allowed: f64) {
        let error = if found == value {
            0.0
        } else {
            (found / value - 1.0).abs()
        };
        let share = error / allowed;
        let keep = |map: &mut BTreeMap<String, f64>, value: f64| {
            let entry = map.entry(what.to_owned()).or_insert(0.0);
            *entry = entry.max(value);
        };
        keep(&mut self.shares, share);
        keep(&mut self.relative, error);
        if !(share <= 1.0) {
            self.failures.push(format!(
                "{what} {at}: {found:e}, not {value:e}: {share:.2} of the allowed"
            ));
        }
    }
    fn finish(self, title: &str) {
        println!("{title}, share of the allowed: {:.3?}", self.shares);
        println!(
            "{title}, relative: {:?}",
            self.relative
                .iter()
                .map(|(k, v)| format!("{k} {v:.1e}"))
                .collect::<Vec<_>>()
        );
        assert!(
            self.failures.is_empty(),
            "{}:\n{}",
            self.failures.len(),
            self.failures.join("\n")
        );
    }
}

#[test]
fn tails_over_the_parameter_space() {
    let mut worst = Worst::default();
    let mut quantiles = Worst::default();
    for line in table::read(include_str!("reference/distribution_functions.csv")) {
        let family = member(&line.family, &line.parameters).expect("a known family");
        let number = |i: usize| line.fields[i].parse::<f64>().unwrap();
        let x = number(1);
        for (side, found) in [(0, family.cdf(x)), (1, family.sf(x))] {
            let value = number(2 + side);
            if value == 0.0 || value == 1.0 {
                continue;
            }
            // The promise of log-densities, for the logarithm of a tail: an exponent of size
            // ln value is behind it.
            let sensitivity = number(4 + side);
            let allowed = 1e-13 * value.ln().abs().max(1.0) + 4.0 * f64::EPSILON * sensitivity;
            let at = format!("{:?} at {x}, side {side}", line.parameters);
            worst.add(&line.family, at.clone(), found, value, allowed);
            // Back from the tail, on the side where p holds it.
            if side == 0 && (1e-300..0.5).contains(&value) {
                let back = family.cdf(family.quantile(value));
                if ["poisson", "binomial", "geometric", "negative_binomial"]
                    .contains(&line.family.as_str())
                {
                    let at_most = family.quantile(value * (1.0 + allowed));
                    let at_least = family.quantile(value * (1.0 - allowed));
                    assert!(at_least <= x && x <= at_most, "{} {at}", line.family);
                } else {
                    // One ulp of the quantile, as seen through F.
                    let ulp = 4e-16 * x.abs();
                    let ulp = family.probability(x - ulp, x + ulp) / value;
                    quantiles.add(&line.family, at, back, value, 2.0 * allowed + 4.0 * ulp);
                }
            }
        }
    }
    worst.finish("tails");
    quantiles.finish("quantiles");
}

#[test]
fn moments_at_extreme_parameters() {
    let mut worst = Worst::default();
    for line in table::read(include_str!("reference/moments.csv")) {
        let family = member(&line.family, &line.parameters).expect("a known family");
        let number = |i: usize| line.fields[i].parse::<f64>().unwrap();
        let at = |what: &str| format!("{what} {:?}", line.parameters);
        // Exponents up to 600 (log-normal); shape − 2 of 1e-9 (inverse gamma).
        let hard = match line.family.as_str() {
            "log_normal" => 600.0 * f64::EPSILON,
            "von_mises" => 1e-14,
            // ln Γ(1 + 2/k) of 110.
            "weibull" => 200.0 * f64::EPSILON,
            _ => 0.0,
        };
        worst.add(
            &line.family,
            at("mean"),
            family.mean(),
            number(1),
            4e-15 + hard,
        );
        worst.add(
            &line.family,
            at("variance"),
            family.variance(),
            number(2),
            4e-15 + hard,
        );
        let (found, value) = (family.entropy(), number(3));
        // Absolute below 1: an entropy may be near 0.
        if value == 0.0 {
            assert!(
                found.abs() <= 1e-15,
                "{} {:?}",
                line.family,
                line.parameters
            );
            continue;
        }
        let scale = value.abs().max(1.0) / value.abs();
        worst.add(&line.family, at("entropy"), found, value, 1e-13 * scale);
    }
    worst.finish("moments");
}

#[test]
fn the_published_tables() {
    let mut checked = 0;
    let named = |family: &str| match family {
        "lognormal" => "log_normal".to_owned(),
        other => other.to_owned(),
    };
    // The published table has the size of a negative binomial first.
    let ordered = |family: &str, p: &[f64]| match family {
        "negative_binomial" => vec![p[1], p[0]],
        _ => p.to_vec(),
    };
    for line in table::read(include_str!("reference/published/table.csv")) {
        let (name, p) = (named(&line.family), ordered(&line.family, &line.parameters));
        let Some(family) = member(&name, &p) else {
            continue;
        };
        let number = |i: usize| line.fields[i].parse::<f64>().unwrap();
        // Elsewhere ln v up to 730 and the deviances of the counts; a mean of 1e8 is rounded.
        let tolerance = if p[0] > 1e6 { 1e-6 } else { 2e-13 };
        for (found, value) in [
            (family.cdf(number(1)), number(3)),
            (family.sf(number(1)), number(4)),
        ] {
            assert!(
                (found - value).abs() <= tolerance * value,
                "{name} {p:?} at {}: {found:e} not {value:e}",
                line.fields[1]
            );
        }
        checked += 1;
    }
    assert!(checked >= 60, "{checked} tails");
    let mut checked = 0;
    for line in table::read(include_str!("reference/published/moments.csv")) {
        let (name, p) = (named(&line.family), ordered(&line.family, &line.parameters));
        let Some(family) = member(&name, &p) else {
            continue;
        };
        for (found, text) in [family.mean(), family.variance(), family.entropy()]
            .iter()
            .zip(&line.fields[1..])
        {
            let value: f64 = text.parse().unwrap();
            assert!(
                (found - value).abs() <= 1e-14 * value.abs().max(1.0),
                "{name} {p:?}: {found} not {value}"
            );
        }
        checked += 1;
    }
    assert!(checked >= 27, "{checked} moments");
}

#[test]
fn boundary_parameters() {
    let poisson = Poisson::new(0.0).unwrap();
    assert_eq!(
        (poisson.cdf(-1.0), poisson.cdf(0.0), poisson.sf(0.0)),
        (0.0, 1.0, 0.0)
    );
    assert_eq!(
        (
            poisson.quantile(0.0),
            poisson.quantile(0.7),
            poisson.quantile(1.0)
        ),
        (0.0, 0.0, 0.0)
    );
    assert_eq!(poisson.entropy(), 0.0);
    for (p, at) in [(0.0, 0.0), (1.0, 7.0)] {
        let binomial = Binomial::new(7, p).unwrap();
        assert_eq!(
            [0.0, 0.3, 1.0].map(|level| binomial.quantile(level)),
            [at; 3]
        );
        assert_eq!(
            (binomial.cdf(at), binomial.sf(at), binomial.cdf(at - 0.5)),
            (1.0, 0.0, 0.0)
        );
        assert_eq!(
            (binomial.entropy(), Univariate::variance(&binomial)),
            (0.0, 0.0)
        );
        let bernoulli = Bernoulli::new(p).unwrap();
        assert_eq!(
            [0.0, 0.3, 1.0].map(|level| bernoulli.quantile(level)),
            [p; 3]
        );
        assert_eq!(bernoulli.entropy(), 0.0);
    }
    let sure = Geometric::trials(1.0).unwrap();
    assert_eq!([0.0, 0.3, 1.0].map(|level| sure.quantile(level)), [1.0; 3]);
    assert_eq!(
        (sure.cdf(0.9), sure.cdf(1.0), sure.entropy(), sure.mean()),
        (0.0, 1.0, 0.0, 1.0)
    );
    let none = NegativeBinomial::new(0.0, 3.0).unwrap();
    assert_eq!(
        (
            none.cdf(0.0),
            none.sf(0.0),
            none.quantile(1.0),
            none.entropy()
        ),
        (1.0, 0.0, 0.0, 0.0)
    );
    let even = VonMises::new(0.0, 0.0).unwrap();
    assert!((even.cdf(1.0) - (0.5 + 0.5 / std::f64::consts::PI)).abs() < 1e-15);
    assert_eq!(
        (even.variance(), even.entropy()),
        (1.0, std::f64::consts::TAU.ln())
    );
    // Counts are steps: F(2.7) = F(2).
    let counts = Poisson::new(3.0).unwrap();
    assert_eq!(
        (counts.cdf(2.7), counts.cdf(-1.0), counts.sf(-0.1)),
        (counts.cdf(2.0), 0.0, 1.0)
    );
    // Moments that do not exist.
    assert_eq!(
        Univariate::mean(&Pareto::new(1.0, 1.0).unwrap()),
        f64::INFINITY
    );
    assert_eq!(
        Univariate::variance(&InverseGamma::new(2.0, 1.0).unwrap()),
        f64::INFINITY
    );
    let atom = PointMass::new(2.5).unwrap();
    assert_eq!(
        (
            atom.cdf(2.4),
            atom.cdf(2.5),
            atom.sf(2.5),
            atom.quantile(0.2)
        ),
        (0.0, 1.0, 0.0, 2.5)
    );
}

/// The whole range of parameters: no NaN, tails that belong together, and quantiles in order.
#[test]
fn extreme_parameters() {
    fn sane(name: String, line: &impl Line) {
        let mut last = f64::NEG_INFINITY;
        for p in [0.0, 1e-300, 1e-9, 0.3, 0.5, 0.9, 1.0 - 1e-12, 1.0] {
            let x = line.quantile(p);
            let (below, above) = (line.cdf(x), line.sf(x));
            assert!(x >= last, "{name}: quantile {x:e} at {p:e} below {last:e}");
            assert!(
                (below + above - 1.0).abs() <= 4.0 * f64::EPSILON,
                "{name} at {x:e}"
            );
            last = x;
        }
        for value in [line.mean(), line.variance(), line.entropy()] {
            assert!(!value.is_nan(), "{name}");
        }
    }
    for a in [1e-300, 1e-10, 1e-3, 1.0, 1e6, 1e15, 1e300] {
        sane(format!("gamma {a:e}"), &Gamma::new(a, 1.0).unwrap());
        sane(
            format!("inverse gamma {a:e}"),
            &InverseGamma::new(a, 1.0).unwrap(),
        );
        sane(format!("exponential {a:e}"), &Exponential::new(a).unwrap());
        sane(format!("weibull {a:e}"), &Weibull::new(a, 1.0).unwrap());
        sane(format!("von Mises {a:e}"), &VonMises::new(0.3, a).unwrap());
        sane(
            format!("log-normal {a:e}"),
            &LogNormal::new(0.0, a).unwrap(),
        );
        sane(format!("pareto {a:e}"), &Pareto::new(1.0, a).unwrap());
        sane(format!("half-normal {a:e}"), &HalfNormal::new(a).unwrap());
        sane(format!("maxwell {a:e}"), &Maxwell::new(a).unwrap());
        sane(format!("poisson {a:e}"), &Poisson::new(a).unwrap());
        for b in [1e-300, 1e-3, 1.0, 1e6, 1e12, 1e20] {
            sane(format!("beta {a:e} {b:e}"), &Beta::new(a, b).unwrap());
            sane(
                format!("negative binomial {a:e} {b:e}"),
                &NegativeBinomial::new(a, b).unwrap(),
            );
        }
        for n in [1, 1000, 1_000_000_000, u64::MAX] {
            let p = a.min(0.5);
            sane(format!("binomial {n} {p:e}"), &Binomial::new(n, p).unwrap());
        }
        sane(
            format!("geometric {a:e}"),
            &Geometric::new(a.min(1.0)).unwrap(),
        );
    }
}
