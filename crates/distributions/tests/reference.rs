//! Log-densities against tables computed with mpmath, and estimates against maxima found with it.

use distributions::*;

#[path = "reference/table.rs"]
mod table;

/// The log-density of one row by both paths, the scalar one and that of a block.
fn both_paths<T, D>(density: D, x: T) -> [f64; 2]
where
    T: Copy + Send + Sync + 'static,
    D: Density<Space = Scalars<T>>,
{
    let xs = [x, x, x];
    let mut prepared = vec![0.0; density.prepared_width() * xs.len()];
    density.prepare(&xs[..], &mut prepared);
    let mut out = [0.0; 3];
    density.log_density_batch(&xs[..], &prepared, &mut out, &mut Scratch::default());
    [density.log_density(x), out[1]]
}

/// The two log-densities of a line of the table; `None` for a family that is not here yet.
fn log_densities(family: &str, p: &[f64], x: &str) -> Option<[f64; 2]> {
    let real = || x.parse::<f64>().expect("real observation");
    let count = || real() as u64;
    // Counts beyond 2⁵³ do not survive the detour over f64.
    let count = || x.parse::<u64>().unwrap_or_else(|_| count());
    Some(match family {
        "normal" => both_paths(Normal::new(p[0], p[1]).unwrap(), real()),
        "log_normal" => both_paths(LogNormal::new(p[0], p[1]).unwrap(), real()),
        "exponential" => both_paths(Exponential::new(p[0]).unwrap(), real()),
        "gamma" => both_paths(Gamma::new(p[0], p[1]).unwrap(), real()),
        "beta" => both_paths(Beta::new(p[0], p[1]).unwrap(), real()),
        "poisson" => both_paths(Poisson::new(p[0]).unwrap(), count()),
        "bernoulli" => both_paths(Bernoulli::new(p[0]).unwrap(), count()),
        "binomial" => both_paths(Binomial::new(p[0] as u64, p[1]).unwrap(), count()),
        "geometric" => both_paths(Geometric::new(p[0]).unwrap(), count()),
        "inverse_gamma" => both_paths(InverseGamma::new(p[0], p[1]).unwrap(), real()),
        "rayleigh" => both_paths(Rayleigh::new(p[0]).unwrap(), real()),
        "maxwell" => both_paths(Maxwell::new(p[0]).unwrap(), real()),
        "half_normal" => both_paths(HalfNormal::new(p[0]).unwrap(), real()),
        "laplace" => both_paths(Laplace::new(p[0], p[1]).unwrap(), real()),
        "pareto" => both_paths(Pareto::new(p[0], p[1]).unwrap(), real()),
        "uniform" => both_paths(Uniform::new(p[0], p[1]).unwrap(), real()),
        "negative_binomial" => both_paths(NegativeBinomial::new(p[0], p[1]).unwrap(), count()),
        "beta_binomial" => both_paths(BetaBinomial::new(p[0] as u64, p[1], p[2]).unwrap(), count()),
        "discrete_uniform" => both_paths(
            DiscreteUniform::new(p[0] as u64, p[1] as u64).unwrap(),
            count(),
        ),
        "weibull" => both_paths(Weibull::new(p[0], p[1]).unwrap(), real()),
        "student_t" => both_paths(StudentT::new(p[0], p[1], p[2]).unwrap(), real()),
        "cauchy" => both_paths(Cauchy::new(p[0], p[1]).unwrap(), real()),
        "logistic" => both_paths(Logistic::new(p[0], p[1]).unwrap(), real()),
        "gumbel" => both_paths(Gumbel::new(p[0], p[1]).unwrap(), real()),
        "inverse_gaussian" => both_paths(InverseGaussian::new(p[0], p[1]).unwrap(), real()),
        "chi_squared" => both_paths(ChiSquared::new(p[0]).unwrap(), real()),
        "von_mises" => both_paths(VonMises::new(p[0], p[1]).unwrap(), real()),
        _ => return None,
    })
}

#[test]
fn log_densities_over_the_parameter_space() {
    let mut worst = std::collections::BTreeMap::new();
    let mut failures = Vec::new();
    for line in table::read(include_str!("reference/log_density.csv")) {
        let [_, x, value, sensitivity] = &line.fields[..] else {
            panic!("five columns")
        };
        let (value, sensitivity): (f64, f64) =
            (value.parse().unwrap(), sensitivity.parse().unwrap());
        let found = log_densities(&line.family, &line.parameters, x).expect("a known family");
        // The accuracy promised for every family.
        let allowed = 1e-13 * value.abs().max(1.0) + 4.0 * f64::EPSILON * sensitivity;
        for found in found {
            let share = if found == value {
                0.0
            } else {
                (found - value).abs() / allowed
            };
            let entry = worst.entry(line.family.clone()).or_insert(0.0_f64);
            *entry = entry.max(share);
            if !(share <= 1.0) {
                failures.push(format!(
                    "{} {:?} at {x}: {found:e}, not {value:e}; error {share:.2} of the allowed",
                    line.family, line.parameters
                ));
            }
        }
    }
    println!("largest error, as a share of the allowed: {worst:.3?}");
    assert!(
        failures.is_empty(),
        "{} values:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn log_densities_of_the_published_table() {
    let mut checked = 0;
    for line in table::read(include_str!("reference/univariate.csv")) {
        let Some(found) = log_densities(&line.family, &line.parameters, &line.fields[1]) else {
            continue;
        };
        let value: f64 = line.fields[2].parse().unwrap();
        for found in found {
            // No sensitivity is tabled: normal at mean 1e8 alone needs more than 1e-13, for the
            // rounding of x = 1e8 + 0.01 in the table.
            let tolerance = if line.parameters[0] > 1e6 {
                1e-6
            } else {
                1e-13
            };
            assert!(
                found == value || (found - value).abs() <= tolerance * value.abs().max(1.0),
                "{} {:?} at {}: {found} not {value}",
                line.family,
                line.parameters,
                line.fields[1]
            );
        }
        checked += 1;
    }
    assert!(checked >= 65, "{checked}");
}

/// Rows and weights of a data set.
fn data(name: &str) -> (Vec<f64>, Vec<f64>) {
    let text = match name {
        "eruptions.csv" => include_str!("reference/mle/eruptions.csv"),
        "art.csv" => include_str!("reference/mle/art.csv"),
        "speed.csv" => include_str!("reference/mle/speed.csv"),
        "accuracy.csv" => include_str!("reference/mle/accuracy.csv"),
        "angle.csv" => include_str!("reference/mle/angle.csv"),
        other => panic!("{other}"),
    };
    let row = |line: &str| {
        let (x, w) = line.split_once(',').expect("two columns");
        (x.parse::<f64>().unwrap(), w.parse::<f64>().unwrap())
    };
    text.lines().skip(1).map(row).unzip()
}

/// The fitted component and its weighted log-likelihood.
fn fit<T, C>(template: C, xs: &[T], weights: &[f64]) -> (C, f64)
where
    T: Copy + Send + Sync + 'static,
    C: Component<Space = Scalars<T>>,
{
    let fitted = template.estimate(xs, weights).expect("an estimate");
    let mut log_likelihood = 0.0;
    for (&x, &w) in xs.iter().zip(weights) {
        if w > 0.0 {
            log_likelihood += w * fitted.log_density(x);
        }
    }
    (fitted, log_likelihood)
}

#[test]
fn weighted_maximum_likelihood() {
    let mut checked = 0;
    for line in table::read(include_str!("reference/mle/expected.csv")) {
        let (xs, mut weights) = data(&line.fields[0]);
        if line.fields[2] == "unweighted" {
            weights.fill(1.0);
        }
        let counts: Vec<u64> = xs.iter().map(|&x| x as u64).collect();
        let (found, log_likelihood) = match line.family.as_str() {
            "normal" => {
                let (c, l) = fit(Normal::standard(), &xs, &weights);
                (vec![c.mean(), c.variance()], l)
            }
            "log_normal" => {
                let (c, l) = fit(LogNormal::new(0.0, 1.0).unwrap(), &xs, &weights);
                (vec![c.log_mean(), c.log_variance()], l)
            }
            "exponential" => {
                let (c, l) = fit(Exponential::new(1.0).unwrap(), &xs, &weights);
                (vec![c.rate()], l)
            }
            "gamma" => {
                let (c, l) = fit(Gamma::new(1.0, 1.0).unwrap(), &xs, &weights);
                (vec![c.shape(), c.rate()], l)
            }
            "beta" => {
                let (c, l) = fit(Beta::new(1.0, 1.0).unwrap(), &xs, &weights);
                (vec![c.alpha(), c.beta()], l)
            }
            "poisson" => {
                let (c, l) = fit(Poisson::new(1.0).unwrap(), &counts, &weights);
                (vec![c.rate()], l)
            }
            "geometric" => {
                let (c, l) = fit(Geometric::new(0.5).unwrap(), &counts, &weights);
                (vec![c.probability()], l)
            }
            "rayleigh" => {
                let (c, l) = fit(Rayleigh::new(1.0).unwrap(), &xs, &weights);
                (vec![c.scale()], l)
            }
            "laplace" => {
                // The location is fixed: at the weighted median, where the table has it.
                let template = Laplace::new(line.parameters[0], 1.0).unwrap();
                let (c, l) = fit(template, &xs, &weights);
                (vec![c.location(), c.scale()], l)
            }
            "negative_binomial" => {
                let (c, l) = fit(NegativeBinomial::new(1.0, 1.0).unwrap(), &counts, &weights);
                (vec![c.mean(), c.size()], l)
            }
            "weibull" => {
                let (c, l) = fit(Weibull::new(1.0, 1.0).unwrap(), &xs, &weights);
                (vec![c.shape(), c.scale()], l)
            }
            "student_t" => {
                // The table has df fixed at 4.
                let template = StudentT::new(0.0, 1.0, line.parameters[2]).unwrap();
                let (c, l) = fit(template.with_fixed_df(), &xs, &weights);
                (vec![c.location(), c.scale(), c.df()], l)
            }
            "logistic" => {
                let (c, l) = fit(Logistic::new(0.0, 1.0).unwrap(), &xs, &weights);
                (vec![c.location(), c.scale()], l)
            }
            "von_mises" => {
                let (c, l) = fit(VonMises::new(0.0, 0.0).unwrap(), &xs, &weights);
                (vec![c.mean_direction(), c.concentration()], l)
            }
            _ => continue,
        };
        for (found, expected) in found.iter().zip(&line.parameters) {
            // The tables hold 17 digits, and no estimate here is ill-conditioned.
            assert!(
                (found - expected).abs() <= 1e-12 * expected.abs(),
                "{} on {}: {found} not {expected}",
                line.family,
                line.fields[0]
            );
        }
        let expected: f64 = line.fields[3].parse().unwrap();
        assert!(
            (log_likelihood - expected).abs() <= 1e-12 * expected.abs(),
            "{} on {}: {log_likelihood} not {expected}",
            line.family,
            line.fields[0]
        );
        checked += 1;
    }
    assert!(checked >= 28, "{checked}");
}
