//! Distribution functions, quantiles, moments and entropies of the continuous location-scale and
//! positive families, against mpmath tables (`reference/tails.csv`, its generator beside it).

use distributions::*;

#[path = "reference/table.rs"]
mod table;

/// The accuracy of a tail: that of the special functions, times the tail's own sensitivity to the
/// rounding of its argument, which is largest for tails of 1e-200: about the size of its logarithm.
const TAIL: f64 = 1e-13;

fn family(name: &str, p: &[f64]) -> Box<dyn Univariate> {
    match name {
        "student_t" => Box::new(StudentT::new(p[0], p[1], p[2]).unwrap()),
        "cauchy" => Box::new(Cauchy::new(p[0], p[1]).unwrap()),
        "logistic" => Box::new(Logistic::new(p[0], p[1]).unwrap()),
        "gumbel" => Box::new(Gumbel::new(p[0], p[1]).unwrap()),
        "inverse_gaussian" => Box::new(InverseGaussian::new(p[0], p[1]).unwrap()),
        "chi_squared" => Box::new(ChiSquared::new(p[0]).unwrap()),
        other => panic!("{other}"),
    }
}

fn near(found: f64, expected: f64, tolerance: f64) -> bool {
    found == expected || (found - expected).abs() <= tolerance * expected.abs()
}

#[test]
fn both_tails() {
    let mut failures = Vec::new();
    let lines = table::read(include_str!("reference/tails.csv"));
    assert!(lines.len() >= 148, "{}", lines.len());
    for line in lines {
        let law = family(&line.family, &line.parameters);
        let number = |i: usize| line.fields[i].parse::<f64>().unwrap();
        let (x, below, above) = (number(1), number(2), number(3));
        let cases = [("cdf", law.cdf(x), below), ("sf", law.sf(x), above)];
        for (what, found, expected) in cases {
            if !near(found, expected, TAIL * (1.0 - expected.ln())) {
                let error = (found - expected) / expected;
                failures.push(format!(
                    "{} {:?} {what}({x}) = {found:e}, not {expected:e}: {error:e}",
                    line.family, line.parameters
                ));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn quantiles_lead_back() {
    let laws: [(&str, &[f64]); 12] = [
        ("student_t", &[0.0, 1.0, 0.1]),
        ("student_t", &[1.0, 2.0, 4.0]),
        ("student_t", &[1.0, 2.0, 1e9]),
        ("cauchy", &[0.5, 2.0]),
        ("logistic", &[0.5, 2.0]),
        ("gumbel", &[0.5, 2.0]),
        ("gumbel", &[0.0, 1e-3]),
        ("inverse_gaussian", &[1.0, 1.0]),
        ("inverse_gaussian", &[2.0, 100.0]),
        ("chi_squared", &[0.5]),
        ("chi_squared", &[3.0]),
        ("chi_squared", &[500.0]),
    ];
    for (name, parameters) in laws {
        let law = family(name, parameters);
        for p in [1e-12, 1e-3, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0 - 1e-9] {
            let x = law.quantile(p);
            // The smaller tail is met, to the rounding of x times how steep F is there; steepest are
            // the far tails about a location that is not 0.
            let (found, expected) = if p <= 0.5 {
                (law.cdf(x), p)
            } else {
                (law.sf(x), 1.0 - p)
            };
            assert!(
                near(found, expected, 1e-12),
                "{name} {parameters:?}: quantile({p}) = {x}, back to {found}"
            );
        }
        assert!(law.quantile(-0.1).is_nan() && law.quantile(1.1).is_nan());
        assert!(law.quantile(f64::NAN).is_nan());
        assert_eq!(law.quantile(1.0), f64::INFINITY);
        let lowest = law.quantile(0.0);
        let expected = if name == "inverse_gaussian" || name == "chi_squared" {
            0.0
        } else {
            f64::NEG_INFINITY
        };
        assert_eq!(lowest, expected, "{name}");
        let ends = (law.cdf(f64::INFINITY), law.sf(f64::INFINITY));
        assert_eq!(ends, (1.0, 0.0), "{name}");
        let ends = (law.cdf(f64::NEG_INFINITY), law.sf(f64::NEG_INFINITY));
        assert_eq!(ends, (0.0, 1.0), "{name}");
        assert!(
            law.cdf(f64::NAN).is_nan() && law.sf(f64::NAN).is_nan(),
            "{name}"
        );
    }
}

/// Means, variances and entropies with 20 digits (mpmath).
#[test]
fn moments_and_entropies() {
    fn check<D: Univariate + Entropy + std::fmt::Debug>(law: D, expected: [f64; 3]) {
        let found = [law.mean(), law.variance(), law.entropy()];
        for (found, expected) in found.into_iter().zip(expected) {
            let both_nan = found.is_nan() && expected.is_nan();
            assert!(
                both_nan || near(found, expected, 1e-14),
                "{law:?}: {found}, not {expected}"
            );
        }
    }
    let nan = f64::NAN;
    let student = |m, s, df| StudentT::new(m, s, df).unwrap();
    check(student(0.0, 1.0, 4.0), [0.0, 2.0, 1.6817600168786663564]);
    check(
        student(1.0, 2.0, 30.0),
        [1.0, 4.2857142857142857143, 2.1456905103471527885],
    );
    // ½ ln 2πe: the normal distribution.
    check(student(0.0, 1.0, 1e300), [0.0, 1.0, 1.4189385332046727418]);
    check(
        student(0.0, 1.0, 1.5),
        [0.0, f64::INFINITY, 2.1496594678446493],
    );
    check(
        Cauchy::new(0.0, 1.0).unwrap(),
        [nan, nan, 2.5310242469692907930],
    );
    let half = student(3.0, 1.0, 0.5);
    assert!(half.mean().is_nan() && half.variance().is_nan());
    check(
        Logistic::new(0.0, 1.0).unwrap(),
        [0.0, 3.2898681336964528729, 2.0],
    );
    check(
        Gumbel::new(0.0, 1.0).unwrap(),
        [
            0.57721566490153286061,
            1.6449340668482264365,
            1.5772156649015328606,
        ],
    );
    check(
        ChiSquared::new(3.0).unwrap(),
        [3.0, 6.0, 2.0541199559354118268],
    );
    check(
        InverseGaussian::new(1.0, 1.0).unwrap(),
        [1.0, 1.0, 0.87694560787233886473],
    );
}
