//! Estimates of the families whose M-steps go part of the way, and of those beside them: against
//! maxima found with mpmath, from elsewhere by M-steps, moved and scaled, and at the boundary.

use distributions::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

#[path = "reference/table.rs"]
mod table;

/// Rows and weights of a data set.
fn data(name: &str, weighted: bool) -> (Vec<f64>, Vec<f64>) {
    let text = match name {
        "eruptions.csv" => include_str!("reference/mle/eruptions.csv"),
        "speed.csv" => include_str!("reference/mle/speed.csv"),
        other => panic!("{other}"),
    };
    let row = |line: &str| {
        let (x, w) = line.split_once(',').expect("two columns");
        let weight = if weighted { w.parse().unwrap() } else { 1.0 };
        (x.parse::<f64>().unwrap(), weight)
    };
    text.lines().skip(1).map(row).unzip()
}

fn likelihood<C: Component<Space = Scalars<f64>>>(at: &C, xs: &[f64], weights: &[f64]) -> f64 {
    let rows = xs.iter().zip(weights).filter(|&(_, &w)| w > 0.0);
    rows.map(|(&x, &w)| w * at.log_density(x)).sum()
}

/// M-steps from `start`, those of one step halved where they overshoot, until nothing is gained.
fn climb<C: Component<Space = Scalars<f64>>>(start: C, xs: &[f64], weights: &[f64]) -> C {
    let mut current = start;
    let mut reached = likelihood(&current, xs, weights);
    for _ in 0..20_000 {
        let mut statistics = current.empty_statistics();
        for (&x, &w) in xs.iter().zip(weights) {
            if w > 0.0 {
                current.accumulate(&mut statistics, x, w);
            }
        }
        let whole = current.maximize(&statistics).expect("an M-step");
        let (mut next, mut value) = (whole.clone(), likelihood(&whole, xs, weights));
        let mut fraction = 1.0;
        let slack = 64.0 * f64::EPSILON * reached.abs();
        while current.one_step() && value < reached - slack && fraction > 1e-9 {
            fraction *= 0.5;
            next = current.toward(&whole, fraction);
            value = likelihood(&next, xs, weights);
        }
        // Monotone: what the driver relies on.
        assert!(value >= reached - slack, "{value} after {reached}");
        (current, reached) = (next, value);
    }
    current
}

#[test]
fn weighted_maxima() {
    let lines = table::read(include_str!("reference/mle/continuous.csv"));
    assert_eq!(lines.len(), 10);
    for line in lines {
        let (xs, weights) = data(&line.fields[0], line.fields[2] == "weighted");
        let (found, reached) = match line.family.as_str() {
            "student_t" => {
                let template = StudentT::new(0.0, 1.0, 1.0).unwrap();
                let c = template.estimate(&xs, &weights).unwrap();
                let found = vec![c.location(), c.scale(), c.df()];
                (found, likelihood(&c, &xs, &weights))
            }
            "cauchy" => {
                let c = Cauchy::new(0.0, 1.0).unwrap().estimate(&xs, &weights);
                let c = c.unwrap();
                let found = vec![c.location(), c.scale()];
                (found, likelihood(&c, &xs, &weights))
            }
            "gumbel" => {
                let c = Gumbel::new(0.0, 1.0).unwrap().estimate(&xs, &weights);
                let c = c.unwrap();
                let found = vec![c.location(), c.scale()];
                (found, likelihood(&c, &xs, &weights))
            }
            "inverse_gaussian" => {
                let template = InverseGaussian::new(1.0, 1.0).unwrap();
                let c = template.estimate(&xs, &weights).unwrap();
                let found = vec![c.mean(), c.shape()];
                (found, likelihood(&c, &xs, &weights))
            }
            "chi_squared" => {
                let c = ChiSquared::new(1.0).unwrap().estimate(&xs, &weights);
                let c = c.unwrap();
                (vec![c.df()], likelihood(&c, &xs, &weights))
            }
            other => panic!("{other}"),
        };
        for (found, expected) in found.iter().zip(&line.parameters) {
            // At df = 117 the likelihood is flat: its derivative in ν, of size 1/ν² a row, is known
            // to 1e-16/ν, so ν itself to a few hundred roundings more than the others.
            let tolerance = if line.family == "student_t" {
                1e-10
            } else {
                1e-12
            };
            assert!(
                (found - expected).abs() <= tolerance * expected.abs(),
                "{} on {}: {found} not {expected}",
                line.family,
                line.fields[0]
            );
        }
        let expected: f64 = line.fields[3].parse().unwrap();
        assert!((reached - expected).abs() <= 1e-12 * expected.abs());
    }
}

/// From a poor start, repeated M-steps reach the estimate and never fall.
#[test]
fn m_steps_climb_to_the_estimate() {
    let (xs, weights) = data("speed.csv", true);
    // Linear convergence ends where the likelihood no longer resolves the step: √ε of a deviation.
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-7 * b.abs();
    let fixed = StudentT::new(700.0, 300.0, 4.0).unwrap().with_fixed_df();
    let (a, b) = (
        climb(fixed.clone(), &xs, &weights),
        fixed.estimate(&xs, &weights).unwrap(),
    );
    assert!(near(a.location(), b.location()) && near(a.scale(), b.scale()));
    let (xs_all, ones) = data("speed.csv", false);
    let free = StudentT::new(700.0, 300.0, 2.0).unwrap();
    let (a, b) = (
        climb(free.clone(), &xs_all, &ones),
        free.estimate(&xs_all, &ones).unwrap(),
    );
    // ν moves by about 1/ν² of its distance a step: far slower than the others.
    assert!((a.df() / b.df() - 1.0).abs() < 1e-4, "{a:?} {b:?}");
    assert!(likelihood(&a, &xs_all, &ones) <= likelihood(&b, &xs_all, &ones) + 1e-10);
    let start = Cauchy::new(700.0, 300.0).unwrap();
    let (a, b) = (
        climb(start.clone(), &xs, &weights),
        start.estimate(&xs, &weights).unwrap(),
    );
    assert!(near(a.location(), b.location()) && near(a.scale(), b.scale()));
    let start = Logistic::new(700.0, 300.0).unwrap();
    let (a, b) = (
        climb(start.clone(), &xs, &weights),
        start.estimate(&xs, &weights).unwrap(),
    );
    assert!(near(a.location(), b.location()) && near(a.scale(), b.scale()));
    let start = Gumbel::new(700.0, 300.0).unwrap();
    let (a, b) = (
        climb(start.clone(), &xs, &weights),
        start.estimate(&xs, &weights).unwrap(),
    );
    assert!(near(a.location(), b.location()) && near(a.scale(), b.scale()));
}

/// Moved by an offset and scaled by a power of two, data give the moved and scaled estimate.
#[test]
fn location_and_scale_are_those_of_the_data() {
    fn check<C: Component<Space = Scalars<f64>>>(template: C, of: impl Fn(&C) -> (f64, f64)) {
        let (xs, weights) = data("speed.csv", true);
        let (location, scale) = of(&template.estimate(&xs, &weights).unwrap());
        for (offset, factor) in [
            (0.0, 2f64.powi(-480)),
            (0.0, 2f64.powi(480)),
            (2f64.powi(30), 1.0),
        ] {
            let moved: Vec<f64> = xs.iter().map(|x| factor * (x + offset)).collect();
            let (m, s) = of(&template.estimate(&moved, &weights).unwrap());
            let expected = factor * (location + offset);
            // An offset of 1e9 leaves 1e-9 of the scale of each location.
            let tolerance = 1e-11 * factor * scale + 4.0 * f64::EPSILON * expected.abs();
            assert!((m - expected).abs() <= tolerance, "{m}, not {expected}");
            let tolerance = if offset == 0.0 { 1e-12 } else { 1e-8 };
            assert!(
                (s / (factor * scale) - 1.0).abs() <= tolerance,
                "{s}, not {}",
                factor * scale
            );
        }
    }
    check(StudentT::new(0.0, 1.0, 4.0).unwrap().with_fixed_df(), |c| {
        (c.location(), c.scale())
    });
    check(Cauchy::new(0.0, 1.0).unwrap(), |c| {
        (c.location(), c.scale())
    });
    check(Logistic::new(0.0, 1.0).unwrap(), |c| {
        (c.location(), c.scale())
    });
    check(Gumbel::new(0.0, 1.0).unwrap(), |c| {
        (c.location(), c.scale())
    });
}

fn parameter(error: EstimateError) -> &'static str {
    match error.reason {
        Reason::Boundary { parameter, .. } => parameter,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_estimate_is_a_typed_error() {
    let same = [0.7; 3];
    let ones = [1.0; 3];
    let student = StudentT::new(0.0, 1.0, 4.0).unwrap();
    let refused = [
        student.estimate(&same, &ones).map(|_| ()),
        student
            .clone()
            .with_fixed_df()
            .estimate(&same, &ones)
            .map(|_| ()),
        Cauchy::new(0.0, 1.0)
            .unwrap()
            .estimate(&same, &ones)
            .map(|_| ()),
        Logistic::new(0.0, 1.0)
            .unwrap()
            .estimate(&same, &ones)
            .map(|_| ()),
        Gumbel::new(0.0, 1.0)
            .unwrap()
            .estimate(&same, &ones)
            .map(|_| ()),
    ];
    for result in refused {
        assert_eq!(parameter(result.unwrap_err()), "scale");
    }
    let inverse = InverseGaussian::new(1.0, 1.0).unwrap();
    assert_eq!(
        parameter(inverse.estimate(&same, &ones).unwrap_err()),
        "shape"
    );
    let known = NormalWithKnownMean::new(0.7, 1.0).unwrap();
    assert_eq!(
        parameter(known.estimate(&same, &ones).unwrap_err()),
        "variance"
    );
    // One value determines these.
    let square = ChiSquared::new(1.0).unwrap().estimate(&same, &ones);
    assert!((special::digamma(0.5 * square.unwrap().df()) - (0.35_f64).ln()).abs() < 1e-14);
    let known = NormalWithKnownVariance::new(0.0, 1.0).unwrap();
    assert!((known.estimate(&same, &ones).unwrap().mean() - 0.7).abs() < 1e-15);
    // Nothing observed.
    let nothing = [0.0; 3];
    let rows = [1.0, 2.0, 3.0];
    let empty = [
        student.estimate(&rows, &nothing).map(|_| ()),
        Cauchy::new(0.0, 1.0)
            .unwrap()
            .estimate(&rows, &nothing)
            .map(|_| ()),
        Logistic::new(0.0, 1.0)
            .unwrap()
            .estimate(&rows, &nothing)
            .map(|_| ()),
        Gumbel::new(0.0, 1.0)
            .unwrap()
            .estimate(&rows, &nothing)
            .map(|_| ()),
        inverse.estimate(&rows, &nothing).map(|_| ()),
        ChiSquared::new(1.0)
            .unwrap()
            .estimate(&rows, &nothing)
            .map(|_| ()),
        known.estimate(&rows, &nothing).map(|_| ()),
    ];
    for result in empty {
        assert_eq!(result.unwrap_err().reason, Reason::Empty);
    }
    // Most of the weight on one value: the Cauchy likelihood grows without bound there.
    let piled = [1.0, 1.0, 1.0, 2.0, 5.0];
    let piled = Cauchy::new(0.0, 1.0).unwrap().estimate(&piled, &[1.0; 5]);
    assert_eq!(parameter(piled.unwrap_err()), "scale");
}

/// Tails no longer than normal: ν at its cap, location and scale those of the normal estimate.
#[test]
fn light_tails_give_the_normal_distribution() {
    let xs: Vec<f64> = (0..40).map(|i| f64::from(i) / 7.0).collect();
    let weights = vec![1.0; 40];
    let student = StudentT::new(0.0, 1.0, 3.0).unwrap();
    let fitted = student.estimate(&xs, &weights).unwrap();
    let normal = Normal::standard().estimate(&xs, &weights).unwrap();
    assert_eq!(fitted.df(), 1e10);
    assert!((fitted.location() - normal.mean()).abs() < 1e-9);
    assert!((fitted.scale() / normal.variance().sqrt() - 1.0).abs() < 1e-9);
    assert_eq!(fitted.parameter_count(), 3);
    // And M-steps stay there.
    let mut statistics = fitted.empty_statistics();
    for &x in &xs {
        fitted.accumulate(&mut statistics, x, 1.0);
    }
    let next = fitted.maximize(&statistics).unwrap();
    assert!((next.df() / 1e10 - 1.0).abs() < 1e-6, "{next:?}");
}

/// A fixed ν stays: through M-steps, coordinates, and files.
#[test]
fn a_fixed_df_stays_fixed() {
    let fixed = StudentT::new(1.0, 2.0, 4.0).unwrap().with_fixed_df();
    let fitted = fixed.estimate(&[1.0, 2.0, 4.0, 9.0], &[1.0; 4]).unwrap();
    assert_eq!((fitted.df(), fitted.has_fixed_df()), (4.0, true));
    let mut packed = Vec::new();
    fixed.pack(&mut packed);
    assert_eq!(packed.len(), 2);
    assert!(fixed.unpack(&mut &packed[..]).unwrap().has_fixed_df());
    assert_eq!(fixed.clone().with_free_df().parameter_count(), 3);
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&fixed).unwrap();
        assert_eq!(serde_json::from_str::<StudentT>(&text).unwrap(), fixed);
        let free = r#"{"location":1.0,"scale":2.0,"df":4.0}"#;
        let free: StudentT = serde_json::from_str(free).unwrap();
        assert!(!free.has_fixed_df());
        assert!(
            serde_json::from_str::<StudentT>(r#"{"location":1.0,"scale":2.0,"df":0.0}"#).is_err()
        );
    }
}

/// Samples lead back to the parameters: within five of the estimate's standard errors, which are
/// below 3/√n of the scale (of ln ν: 12/√n at ν = 5), with a fixed seed.
#[test]
fn samples_lead_back() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let n = 20_000;
    let weights = vec![1.0; n];
    let truth = StudentT::new(3.0, 0.5, 5.0).unwrap();
    let fitted = truth
        .estimate(&truth.sample(&mut rng, n), &weights)
        .unwrap();
    let step = 3.0 / (n as f64).sqrt();
    assert!((fitted.location() - 3.0).abs() < 0.5 * step, "{fitted:?}");
    assert!((fitted.scale() / 0.5 - 1.0).abs() < step, "{fitted:?}");
    assert!((fitted.df() / 5.0).ln().abs() < 4.0 * step, "{fitted:?}");
}

/// Divergences against quadrature, 0 to itself.
#[test]
fn divergences() {
    use distributions::testing::{TwoSided, expectation};
    let cauchy = |m, s| Cauchy::new(m, s).unwrap();
    let gumbel = |m, s| Gumbel::new(m, s).unwrap();
    for (m, s) in [(0.0, 1.0), (0.5, 3.0), (-2.0, 0.7), (1e-9, 1.0)] {
        let (p, q) = (cauchy(0.0, 1.0), cauchy(m, s));
        let measure = TwoSided {
            centre: 0.0,
            scale: 1.0,
        };
        let integral = expectation(&p, &measure, |x| p.log_density(x) - q.log_density(x));
        // What the double-exponential rule reaches on tails like 1/x².
        assert!((p.kl_divergence(&q) - integral).abs() < 1e-9);
        assert_eq!(p.kl_divergence(&q), q.kl_divergence(&p));
        let (p, q) = (gumbel(0.0, 1.0), gumbel(m, s));
        let integral = expectation(&p, &measure, |x| p.log_density(x) - q.log_density(x));
        assert!((p.kl_divergence(&q) - integral).abs() < 1e-9);
        assert!(p.kl_divergence(&p).abs() < 1e-15);
    }
}
