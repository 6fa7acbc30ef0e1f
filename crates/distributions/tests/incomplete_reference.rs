//! Truncated and censored maxima against mpmath; the generator stands beside the table.

use distributions::combine::{Censored, Number, Truncated};
use distributions::*;

const TABLE: &str = include_str!("reference/incomplete.csv");

/// One line of the table.
struct Case {
    family: String,
    bounds: (f64, f64),
    low: Vec<f64>,
    high: Vec<f64>,
    weights: Vec<f64>,
    parameters: Vec<f64>,
    log_likelihood: f64,
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

fn cases() -> impl Iterator<Item = Case> {
    TABLE.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let rows: Vec<Vec<f64>> = (cells[3].split(' '))
            .map(|row| row.split(':').map(number).collect())
            .collect();
        let column = |j: usize| rows.iter().map(|row| row[j]).collect();
        Case {
            family: cells[0].to_owned(),
            bounds: (number(cells[1]), number(cells[2])),
            low: column(0),
            high: column(1),
            weights: column(2),
            parameters: cells[4].split(' ').map(number).collect(),
            log_likelihood: number(cells[5]),
        }
    })
}

/// Fits the case from a far start and compares. A Newton step that only gets near (the Weibull's) meets
/// the parameters to the root of what the likelihood tells.
fn check<T, F>(case: &Case, start: F, parameters: impl Fn(&F) -> Vec<f64>)
where
    T: Number,
    F: IntervalStatistics<Space = Scalars<T>> + Coordinates,
{
    let (found, reached) = if case.bounds == (f64::NEG_INFINITY, f64::INFINITY) {
        let xs = (&case.low[..], &case.high[..]);
        let fitted = Censored(start).estimate(xs, &case.weights).unwrap();
        let rows = case.low.iter().zip(&case.high).zip(&case.weights);
        let total: f64 = rows
            .map(|((&low, &high), w)| w * fitted.log_density((low, high)))
            .sum();
        (parameters(&fitted.0), total)
    } else {
        let truncated = Truncated::new(start, case.bounds.0, case.bounds.1).unwrap();
        let xs: Vec<T> = (case.low.iter())
            .map(|&x| T::from_real(x).unwrap())
            .collect();
        let fitted = truncated.estimate(&xs, &case.weights).unwrap();
        let rows = xs.iter().zip(&case.weights);
        let total: f64 = rows.map(|(&x, w)| w * fitted.log_density(x)).sum();
        (parameters(fitted.family()), total)
    };
    let name = &case.family;
    let bounds = case.bounds;
    assert!(
        (reached - case.log_likelihood).abs() < 1e-12 * case.log_likelihood.abs(),
        "{name} {bounds:?}: {reached} for {}",
        case.log_likelihood
    );
    for (mine, exact) in found.iter().zip(&case.parameters) {
        // Where two thirds of the sample are unseen, as in the first line, a few digits go.
        let error = (mine - exact).abs() / exact.abs().max(1.0);
        assert!(error < 1e-10, "{name} {bounds:?}: {mine} for {exact}");
    }
}

#[test]
fn maxima_are_met() {
    let mut seen = 0;
    for case in cases() {
        seen += 1;
        match case.family.as_str() {
            "normal" => check(&case, Normal::new(20.0, 3.0).unwrap(), |f| {
                vec![f.mean(), f.variance()]
            }),
            "log_normal" => check(&case, LogNormal::new(2.0, 3.0).unwrap(), |f| {
                vec![f.log_mean(), f.log_variance()]
            }),
            "weibull" => check(&case, Weibull::new(3.0, 9.0).unwrap(), |f| {
                vec![f.shape(), f.scale()]
            }),
            "gamma" => check(&case, Gamma::new(7.0, 9.0).unwrap(), |f| {
                vec![f.shape(), f.rate()]
            }),
            "geometric" => check(&case, Geometric::new(0.9).unwrap(), |f| {
                vec![f.probability()]
            }),
            "negative_binomial" => check(&case, NegativeBinomial::new(20.0, 9.0).unwrap(), |f| {
                vec![f.mean(), f.size()]
            }),
            "beta" => check(&case, Beta::new(9.0, 0.5).unwrap(), |f| {
                vec![f.alpha(), f.beta()]
            }),
            "logistic" => check(&case, Logistic::new(9.0, 0.5).unwrap(), |f| {
                vec![f.location(), f.scale()]
            }),
            "gumbel" => check(&case, Gumbel::new(4.0, 2.5).unwrap(), |f| {
                vec![f.location(), f.scale()]
            }),
            "inverse_gaussian" => check(&case, InverseGaussian::new(9.0, 0.5).unwrap(), |f| {
                vec![f.mean(), f.shape()]
            }),
            "von_mises" => check(&case, VonMises::new(-1.0, 0.5).unwrap(), |f| {
                vec![f.mean_direction(), f.concentration()]
            }),
            "poisson" => check(&case, Poisson::new(30.0).unwrap(), |f| vec![f.rate()]),
            other => panic!("{other}"),
        }
    }
    assert_eq!(seen, 26);
}
