//! Expected statistics given an interval: against tables made with mpmath, and by identities.

use distributions::*;

/// The means behind the statistic of one interval: those of the table's columns, where the family is
/// known.
fn means(family: &str, p: &[f64], (low, high): (f64, f64)) -> Option<(f64, Vec<f64>)> {
    // A weight other than 1, which must not matter.
    const WEIGHT: f64 = 0.375;
    let log_probability;
    macro_rules! statistic {
        ($component:expr) => {{
            let component = $component.unwrap();
            let mut into = component.empty_statistics();
            component.accumulate_interval(&mut into, low, high, WEIGHT);
            // A histogram adds up thousands of shares.
            assert!((into.weight() - WEIGHT).abs() <= 1e-13);
            log_probability = component.log_probability(low, high);
            into
        }};
    }
    let moments = |m: Moments| vec![m.mean(), m.variance()];
    let means = match family {
        "normal" => moments(statistic!(Normal::new(p[0], p[1]))),
        "log_normal" => moments(statistic!(LogNormal::new(p[0], p[1]))),
        "gamma" => {
            let gap = statistic!(Gamma::new(p[0], p[1]));
            vec![gap.mean(), gap.gap()]
        }
        "weibull" => {
            let sums = statistic!(Weibull::new(p[0], p[1]));
            let mut means = vec![sums.logs()];
            means.extend(sums.powers());
            means.iter().map(|sum| sum / WEIGHT).collect()
        }
        "exponential" => statistic!(Exponential::new(p[0])).mean().to_vec(),
        "half_normal" => statistic!(HalfNormal::new(p[0])).mean().to_vec(),
        "rayleigh" => statistic!(Rayleigh::new(p[0])).mean().to_vec(),
        "maxwell" => statistic!(Maxwell::new(p[0])).mean().to_vec(),
        "laplace" => statistic!(Laplace::new(p[0], p[1])).mean().to_vec(),
        "pareto" => statistic!(Pareto::new(p[0], p[1])).mean().to_vec(),
        "poisson" => statistic!(Poisson::new(p[0])).mean().to_vec(),
        "binomial" => statistic!(Binomial::new(p[0] as u64, p[1])).mean().to_vec(),
        "beta" => {
            let v = statistic!(Beta::new(p[0], p[1])).values();
            v.to_vec()
        }
        "inverse_gaussian" => {
            let gap = statistic!(InverseGaussian::new(p[0], p[1]));
            vec![gap.mean(), gap.gap()]
        }
        "chi_squared" => statistic!(ChiSquared::new(p[0])).mean().to_vec(),
        "student_t" => {
            let sums = statistic!(StudentT::new(p[0], p[1], p[2]));
            let mut means = vec![sums.mean_precision()];
            means.extend(moments(*sums.moments()));
            means.push(sums.mean_excess());
            means
        }
        "logistic" => {
            let sums = statistic!(Logistic::new(p[0], p[1]));
            let mut means = vec![sums.mean_precision()];
            means.extend(moments(*sums.moments()));
            means
        }
        "gumbel" => {
            let sums = statistic!(Gumbel::new(p[0], p[1]));
            let mut means = vec![sums.logs()];
            means.extend(sums.powers());
            means.iter().map(|sum| sum / WEIGHT).collect()
        }
        "von_mises" => {
            let both = statistic!(VonMises::new(p[0], p[1]));
            [moments(both.cosine), moments(both.sine)].concat()
        }
        "negative_binomial" => {
            let counts = statistic!(NegativeBinomial::new(p[0], p[1]));
            let functions: [fn(f64) -> f64; 3] =
                [|x| x, |x| x * (x - 1.0), |x| special::digamma(x + 0.7)];
            let mean = |f: &fn(f64) -> f64| {
                let terms = counts.iter().map(|(x, weight)| weight * f(x as f64));
                terms.sum::<f64>() / WEIGHT
            };
            functions.iter().map(mean).collect()
        }
        "geometric" => statistic!(Geometric::new(p[0])).mean().to_vec(),
        _ => return None,
    };
    Some((log_probability, means))
}

/// What the rounding of the ends is of the width of a narrow interval.
fn end_rounding(low: f64, high: f64) -> f64 {
    let narrow = high.is_finite() && low.is_finite() && (high - low) < 1e-6 * low.abs();
    if narrow {
        2.0 * f64::EPSILON * high.abs() / (high - low)
    } else {
        0.0
    }
}

#[test]
fn conditional_means_over_intervals() {
    let mut worst = std::collections::BTreeMap::new();
    let mut logs = std::collections::BTreeMap::new();
    let mut failures = Vec::new();
    for line in include_str!("reference/interval_statistics.csv")
        .lines()
        .skip(1)
    {
        let fields: Vec<&str> = line.split(',').collect();
        let numbers =
            |field: &str| -> Vec<f64> { field.split(' ').map(|v| v.parse().unwrap()).collect() };
        let (p, low, high) = (
            numbers(fields[1]),
            numbers(fields[2])[0],
            numbers(fields[3])[0],
        );
        let (log_probability, found) = means(fields[0], &p, (low, high)).expect("a known family");
        let value = numbers(fields[4])[0];
        // The promise of log-densities; intervals of 1e-9 are limited by the rounding of their ends.
        let error = (log_probability - value).abs();
        let allowed = 1e-13 * value.abs().max(1.0) + 4.0 * end_rounding(low, high);
        let entry = logs.entry(fields[0].to_owned()).or_insert(0.0_f64);
        *entry = entry.max(error / value.abs().max(1.0));
        if !(error <= allowed) {
            failures.push(format!(
                "{line}: ln P is {log_probability:e}, error {error:.1e}"
            ));
        }
        let values = numbers(fields[5]);
        for (j, (found, value)) in found.iter().zip(&values).enumerate() {
            // Relative, however small the value: a variance far in the tail, the gap of a narrow
            // interval. Those of intervals of 1e-9 are limited by the rounding of their ends.
            let ends = end_rounding(low, high);
            let second = match fields[0] {
                "normal" | "log_normal" | "gamma" | "inverse_gaussian" => j == 1,
                "von_mises" => j % 2 == 1,
                "beta" | "student_t" | "logistic" => j >= 2,
                _ => false,
            };
            let allowed = 5e-14 + if second { 4.0 * ends } else { 0.0 };
            // A mean near 0 is as good as the spread about it, or for the logarithm of a Weibull
            // near its scale, as that of 1.
            let scale = match (fields[0], j) {
                ("normal" | "log_normal", 0) => values[1].sqrt(),
                ("student_t" | "logistic", 1) => values[2].sqrt(),
                ("gumbel", 0 | 2 | 3) | ("weibull", 0 | 2) => 0.01,
                ("weibull", 3) => 0.02 * values[0].abs(),
                _ => 0.0,
            };
            let error = (found - value).abs() / value.abs().max(scale).max(f64::MIN_POSITIVE);
            let entry = worst.entry(fields[0].to_owned()).or_insert(0.0_f64);
            *entry = entry.max(error);
            if !(error <= allowed) {
                failures.push(format!(
                    "{line}: mean {j} is {found:e}, relative error {error:.1e}"
                ));
            }
        }
    }
    for (family, error) in worst {
        println!("{family}: {error:.1e}, ln P {:.1e}", logs[&family]);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Splitting the line and adding the expected statistics, each weighted by its probability, gives the
/// statistic of the whole line: what `pseudo_statistics` says. Compared through the M-step.
fn split<C>(component: &C, cuts: &[f64], measure: impl Fn(&C) -> Vec<f64>)
where
    C: ExponentialFamily + IntervalStatistics + std::fmt::Debug,
{
    let mut into = component.empty_statistics();
    let mut ends = vec![f64::NEG_INFINITY];
    ends.extend(cuts);
    ends.push(f64::INFINITY);
    for pair in ends.windows(2) {
        let share = component.probability(pair[0], pair[1]);
        component.accumulate_interval(&mut into, pair[0], pair[1], share);
    }
    let whole = component
        .maximize(&component.pseudo_statistics(1.0))
        .unwrap();
    let parts = component.maximize(&into).unwrap();
    for (a, b) in measure(&parts).iter().zip(measure(&whole)) {
        assert!(
            (a - b).abs() <= 1e-12 * b.abs().max(1e-3),
            "{parts:?} from parts of {whole:?}"
        );
    }
}

#[test]
fn intervals_of_the_whole_line_add_up() {
    let cuts = [-3.0, -1.0, 0.0, 0.2, 0.5, 0.50001, 1.0, 1.7, 4.0, 30.0];
    for (u, v) in [(0.3, 0.8), (2.0, 5.0), (40.0, 30.0)] {
        split(&Normal::new(u, v).unwrap(), &cuts, |c| {
            vec![c.mean(), c.variance()]
        });
        split(&LogNormal::new(u / 10.0, v).unwrap(), &cuts, |c| {
            vec![c.log_mean(), c.log_variance()]
        });
        split(&Gamma::new(u, v).unwrap(), &cuts, |c| {
            vec![c.shape(), c.rate()]
        });
        split(&Beta::new(u, v).unwrap(), &cuts, |c| {
            vec![c.alpha(), c.beta()]
        });
        split(&InverseGaussian::new(u, v).unwrap(), &cuts, |c| {
            vec![c.mean(), c.shape()]
        });
        split(&ChiSquared::new(u).unwrap(), &cuts, |c| vec![c.df()]);
        split(&VonMises::new(0.3, u).unwrap(), &cuts[1..8], |c| {
            vec![c.mean_direction(), c.concentration()]
        });
        split(&NormalWithKnownMean::new(u, v).unwrap(), &cuts, |c| {
            vec![c.variance()]
        });
        split(&NormalWithKnownVariance::new(u, v).unwrap(), &cuts, |c| {
            vec![c.mean()]
        });
        split(&InverseGamma::new(u, v).unwrap(), &cuts, |c| {
            vec![c.shape(), c.scale()]
        });
        split(&Exponential::new(u).unwrap(), &cuts, |c| vec![c.rate()]);
        split(&HalfNormal::new(u).unwrap(), &cuts, |c| vec![c.scale()]);
        split(&Rayleigh::new(u).unwrap(), &cuts, |c| vec![c.scale()]);
        split(&Maxwell::new(u).unwrap(), &cuts, |c| vec![c.scale()]);
        split(&Laplace::new(0.4, u).unwrap(), &cuts, |c| vec![c.scale()]);
        split(&Pareto::new(0.4, u).unwrap(), &cuts[4..], |c| {
            vec![c.shape()]
        });
        split(&Poisson::new(u).unwrap(), &cuts, |c| vec![c.rate()]);
        split(&Binomial::new(40, u / 50.0).unwrap(), &cuts, |c| {
            vec![c.probability()]
        });
        split(&Bernoulli::new(u / 50.0).unwrap(), &cuts, |c| {
            vec![c.probability()]
        });
        split(&Geometric::new(1.0 / (1.0 + u)).unwrap(), &cuts, |c| {
            vec![c.probability()]
        });
        split(&Geometric::trials(1.0 / (1.0 + u)).unwrap(), &cuts, |c| {
            vec![c.probability()]
        });
    }
}

/// The Weibull is no exponential family: its four sums over the parts are those over the whole, and
/// the M-step from them stays where it is.
#[test]
fn a_weibull_explains_its_own_intervals() {
    for (shape, scale) in [(0.4, 2.0), (1.0, 1.0), (3.0, 0.7), (60.0, 1.1)] {
        let family = Weibull::new(shape, scale).unwrap();
        let (mut parts, mut whole) = (family.empty_statistics(), family.empty_statistics());
        for pair in [f64::NEG_INFINITY, 0.2, 0.5, 1.0, 1.3, 8.0, f64::INFINITY].windows(2) {
            let share = family.probability(pair[0], pair[1]);
            family.accumulate_interval(&mut parts, pair[0], pair[1], share);
        }
        family.accumulate_interval(&mut whole, f64::NEG_INFINITY, f64::INFINITY, 1.0);
        for (a, b) in parts.powers().iter().zip(whole.powers()) {
            assert!((a - b).abs() <= 1e-13 * b.abs().max(1.0), "{family:?}");
        }
        let fitted = family.maximize(&whole).unwrap();
        assert!((fitted.shape() / shape - 1.0).abs() <= 1e-13, "{fitted:?}");
        assert!((fitted.scale() / scale - 1.0).abs() <= 1e-13, "{fitted:?}");
    }
}

/// As an interval shrinks to a point, its statistic becomes that of the point.
#[test]
fn shrinking_intervals() {
    fn shrink<C>(component: C, xs: &[f64])
    where
        C: Component<Space = Scalars<f64>> + IntervalStatistics + std::fmt::Debug,
        C::Statistics: std::fmt::Debug,
    {
        for &x in xs {
            let mut point = component.empty_statistics();
            component.accumulate(&mut point, x, 1.0);
            // One unit in the last place, and nothing at all.
            for low in [f64::from_bits(x.to_bits() - 1), x] {
                let mut interval = component.empty_statistics();
                component.accumulate_interval(&mut interval, low, x, 1.0);
                let near = |a: &str, b: &str| {
                    let numbers = |text: &str| -> Vec<f64> {
                        text.split(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)))
                            .filter_map(|word| word.parse().ok())
                            .collect()
                    };
                    let (a, b) = (numbers(a), numbers(b));
                    a.len() == b.len()
                        && a.iter()
                            .zip(b)
                            .all(|(a, b)| (a - b).abs() <= 1e-13 * b.abs().max(1.0))
                };
                let (a, b) = (format!("{interval:?}"), format!("{point:?}"));
                assert!(near(&a, &b), "{component:?} at {x}: {a}, not {b}");
            }
        }
    }
    let xs = [0.01, 0.7, 3.0, 25.0];
    shrink(Normal::new(0.5, 2.0).unwrap(), &xs);
    shrink(LogNormal::new(0.5, 2.0).unwrap(), &xs);
    shrink(Exponential::new(0.5).unwrap(), &xs);
    shrink(Gamma::new(0.5, 2.0).unwrap(), &xs);
    shrink(InverseGamma::new(0.5, 2.0).unwrap(), &xs);
    shrink(Weibull::new(0.8, 2.0).unwrap(), &xs);
    shrink(Rayleigh::new(0.8).unwrap(), &xs);
    shrink(Maxwell::new(0.8).unwrap(), &xs);
    shrink(HalfNormal::new(0.8).unwrap(), &xs);
    shrink(Laplace::new(0.8, 1.0).unwrap(), &xs);
    shrink(Pareto::new(0.005, 1.0).unwrap(), &xs);
    shrink(Beta::new(0.8, 3.0).unwrap(), &[0.01, 0.3, 0.99]);
    shrink(ChiSquared::new(3.0).unwrap(), &xs);
    shrink(InverseGaussian::new(0.8, 2.0).unwrap(), &xs);
    shrink(StudentT::new(0.5, 2.0, 4.0).unwrap(), &xs);
    shrink(Cauchy::new(0.5, 2.0).unwrap(), &xs);
    shrink(Logistic::new(0.5, 2.0).unwrap(), &xs);
    shrink(Gumbel::new(0.5, 2.0).unwrap(), &xs);
    shrink(VonMises::new(0.5, 2.0).unwrap(), &xs[..3]);
}

/// Where the interval has no mass at all, or what there is underflows: finite, inside the support.
#[test]
fn intervals_without_mass() {
    fn finite<C: IntervalStatistics + std::fmt::Debug>(component: C, low: f64, high: f64)
    where
        C::Statistics: std::fmt::Debug,
    {
        let mut into = component.empty_statistics();
        component.accumulate_interval(&mut into, low, high, 2.0);
        assert_eq!(into.weight(), 2.0);
        let text = format!("{into:?}");
        assert!(
            !text.contains("NaN") && !text.contains("inf"),
            "{component:?}: {text}"
        );
    }
    for (low, high) in [
        (-3.0, -1.0),
        (f64::NEG_INFINITY, -1e300),
        (1e300, f64::INFINITY),
        (1e10, 1e10 + 1.0),
        (-1.0, 0.0),
    ] {
        finite(Normal::new(0.0, 1.0).unwrap(), low, high.min(1e305));
        finite(Normal::new(0.0, 1.0).unwrap(), low, high);
        finite(LogNormal::new(0.0, 1.0).unwrap(), low, high);
        finite(Exponential::new(1.0).unwrap(), low, high);
        finite(Laplace::new(0.0, 1.0).unwrap(), low, high);
        finite(Gamma::new(2.0, 1.0).unwrap(), low, high);
        finite(Beta::new(2.0, 1.0).unwrap(), low, high);
        finite(ChiSquared::new(2.0).unwrap(), low, high);
        finite(VonMises::new(2.0, 1.0).unwrap(), low, high);
        finite(VonMises::new(2.0, 1e9).unwrap(), low, high);
        finite(NegativeBinomial::new(2.0, 1.0).unwrap(), low, high);
        finite(NegativeBinomial::new(0.0, 1.0).unwrap(), low, high);
        finite(NegativeBinomial::new(1e17, 9.0).unwrap(), low, high);
        finite(BetaBinomial::new(9, 0.3, 0.2).unwrap(), low, high);
        finite(BetaBinomial::new(9, 0.0, 0.2).unwrap(), low, high);
        finite(Pareto::new(2.0, 1.0).unwrap(), low, high);
        finite(Poisson::new(2.0).unwrap(), low, high);
        finite(Poisson::new(0.0).unwrap(), low, high);
        finite(Poisson::new(1e17).unwrap(), low, high);
        finite(Binomial::new(5, 0.0).unwrap(), low, high);
        finite(Binomial::new(5, 1.0).unwrap(), low, high);
        finite(Binomial::new(1 << 60, 0.5).unwrap(), low, high);
        finite(Geometric::new(1.0).unwrap(), low, high);
        finite(Geometric::new(1e-300).unwrap(), low, high);
    }
    // Squares and powers of 1e300 are no doubles.
    for (low, high) in [
        (-3.0, -1.0),
        (1e10, 1e10 + 1.0),
        (1e10, f64::INFINITY),
        (-1.0, 0.0),
    ] {
        finite(Rayleigh::new(1.0).unwrap(), low, high);
        finite(Maxwell::new(1.0).unwrap(), low, high);
        finite(HalfNormal::new(1.0).unwrap(), low, high);
        finite(Weibull::new(1.5, 1.0).unwrap(), low, high);
        finite(InverseGamma::new(1.5, 1.0).unwrap(), low, high);
        finite(InverseGaussian::new(1.5, 1.0).unwrap(), low, high);
        finite(StudentT::new(0.0, 1.0, 0.5).unwrap(), low, high);
        finite(Cauchy::new(0.0, 1.0).unwrap(), low, high);
        finite(Logistic::new(0.0, 1.0).unwrap(), low, high);
        finite(Gumbel::new(0.0, 1.0).unwrap(), low, high);
    }
}
