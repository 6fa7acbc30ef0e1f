//! M-steps under a floor, against a search for the highest point of the stated constraint.

use distributions::combine::{Truncated, WithKnown};
use distributions::regression::LinearRegression;
use distributions::*;

/// The largest of `value` that random steps of every size find from `start`; it is −∞ outside of the constraint.
fn highest(start: &[f64], value: impl Fn(&[f64]) -> f64) -> f64 {
    let (mut here, mut reached, mut size) = (start.to_vec(), value(start), 1.0);
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1_u32 << 23) - 1.0
    };
    for _ in 0..20_000 {
        let there: Vec<f64> = here.iter().map(|x| x + size * next()).collect();
        let climbed = value(&there);
        if climbed > reached {
            (here, reached, size) = (there, climbed, size * 2.0);
        } else {
            size *= 0.9;
        }
        if size < 1e-9 {
            size = 1.0;
        }
    }
    reached
}

fn sum<F: Density>(family: &F, xs: Batch<'_, F::Space>) -> f64 {
    (0..xs.len()).map(|i| family.log_density(xs.at(i))).sum()
}

/// `narrow` under the floor of `whole`, estimated from rows that lie closer together: it stands at the bound, and no
/// member that `of` makes from numbers, of which it gives none outside the constraint, has a higher likelihood. `at` are
/// the numbers of the estimate.
fn check<F: Component>(
    (template, whole): (&F, &F),
    xs: Batch<'_, F::Space>,
    at: impl Fn(&F) -> Vec<f64>,
    of: impl Fn(&[f64]) -> Option<F>,
) -> F {
    let floored = template.floored(whole).expect("a floor");
    let found = floored.estimate(xs, &vec![1.0; xs.len()]).unwrap();
    assert!(found.is_at_bound() && !whole.floored(whole).unwrap().is_at_bound());
    let value = |x: &[f64]| of(x).map_or(f64::NEG_INFINITY, |family| sum(&family, xs));
    let (own, best) = (sum(&found, xs), highest(&at(&found), value));
    // Log-densities of parameters up to 1e7, of a few rows: their rounding, and what the bound itself rounds to.
    assert!(best <= own + 1e-8 * (1.0 + own.abs()), "{best} > {own}");
    found
}

/// Rows at one end of the support, or at the location, and one beside it.
const NEAR: [f64; 5] = [0.0, 0.0, 1e-5, 0.0, 2e-5];

#[test]
fn families_that_one_parameter_makes_narrow() {
    let root = LEAST_SHARE.sqrt();
    let most = |limit: f64, make: fn(f64) -> Result<Exponential, ParameterError>| {
        move |x: &[f64]| make(x[0].exp()).ok().filter(|one| one.rate() <= limit)
    };
    let (one, whole) = (
        Exponential::new(1.0).unwrap(),
        Exponential::new(0.5).unwrap(),
    );
    let found = check(
        (&one, &whole),
        &NEAR,
        |one| vec![one.rate().ln()],
        most(0.5 / root * (1.0 + 1e-12), Exponential::new),
    );
    assert!((found.rate() * root / 0.5 - 1.0).abs() < 1e-12);

    let (one, whole) = (HalfNormal::new(1.0).unwrap(), HalfNormal::new(2.0).unwrap());
    check(
        (&one, &whole),
        &NEAR,
        |one| vec![one.scale().ln()],
        |x| HalfNormal::new(x[0].exp().max(2.0 * root)).ok(),
    );

    let laplace = |scale: f64| Laplace::new(0.0, scale);
    check(
        (&laplace(1.0).unwrap(), &laplace(3.0).unwrap()),
        &NEAR,
        |one| vec![one.scale().ln()],
        |x| laplace(x[0].exp().max(3.0 * root)).ok(),
    );

    let above: Vec<f64> = NEAR.iter().map(|x| 2.0 + x).collect();
    let pareto = |shape: f64| Pareto::new(2.0, shape);
    check(
        (&pareto(1.0).unwrap(), &pareto(1.5).unwrap()),
        &above[..],
        |one| vec![one.shape().ln()],
        |x| pareto(x[0].exp().min(1.5 / root)).ok(),
    );

    let normal = |variance: f64| NormalWithKnownMean::new(0.0, variance);
    check(
        (&normal(1.0).unwrap(), &normal(4.0).unwrap()),
        &NEAR,
        |one| vec![one.variance().ln()],
        |x| normal(x[0].exp().max(4.0 * LEAST_SHARE)).ok(),
    );
}

/// A free location, and free degrees of freedom, at the least scale.
#[test]
fn student_and_cauchy() {
    let xs: Vec<f64> = NEAR.iter().map(|x| 3.0 + 10.0 * x).collect();
    let least = 2.0 * LEAST_SHARE.sqrt();
    let (one, whole) = (
        Cauchy::new(0.0, 1.0).unwrap(),
        Cauchy::new(1.0, 2.0).unwrap(),
    );
    check(
        (&one, &whole),
        &xs[..],
        |one| vec![one.location(), one.scale().ln()],
        |x| Cauchy::new(x[0], x[1].exp().max(least)).ok(),
    );
    let whole = StudentT::new(1.0, 2.0, 5.0).unwrap();
    let fixed = StudentT::new(0.0, 1.0, 3.0).unwrap().with_fixed_df();
    check(
        (&fixed, &whole),
        &xs[..],
        |one| vec![one.location(), one.scale().ln()],
        |x| StudentT::new(x[0], x[1].exp().max(least), 3.0).ok(),
    );
    check(
        (&StudentT::new(0.0, 1.0, 3.0).unwrap(), &whole),
        &xs[..],
        |one| vec![one.location(), one.scale().ln(), one.df().ln()],
        |x| StudentT::new(x[0], x[1].exp().max(least), x[2].exp().min(1e10)).ok(),
    );
    // Rows that all are the same, and the cap of the degrees of freedom.
    let floored = StudentT::new(0.0, 1.0, 3.0)
        .unwrap()
        .floored(&whole)
        .unwrap();
    let same = floored.estimate(&[3.0; 4], &[1.0; 4]).unwrap();
    assert_eq!((same.location(), same.is_at_bound()), (3.0, true));
}

/// M-steps under the floor never lower the likelihood, and end where the estimate from the rows is.
#[test]
fn m_steps_of_student_lead_to_the_constrained_estimate() {
    let xs = [3.0, 3.0, 3.0, 3.0, 3.0001, 3.002, 2.9995, 3.01];
    let weights = [1.0, 2.0, 1.5, 1.0, 1.0, 0.5, 1.0, 0.2];
    let likelihood = |one: &StudentT| -> f64 {
        let rows = xs.iter().zip(&weights);
        rows.map(|(&x, w)| w * one.log_density(x)).sum()
    };
    let template = StudentT::new(2.0, 1.0, 4.0).unwrap();
    for (template, scale) in [
        (template.clone(), 2.0),
        (template.clone().with_fixed_df(), 2.0),
        // A floor that lets the scale be what it is.
        (template.with_fixed_df(), 0.1),
    ] {
        let floored = template
            .floored(&StudentT::new(0.0, scale, 4.0).unwrap())
            .unwrap();
        let best = floored.estimate(&xs, &weights).unwrap();
        assert_eq!(best.is_at_bound(), scale > 1.0, "{best:?}");
        let (mut current, mut before) = (floored, f64::NEG_INFINITY);
        for _ in 0..20_000 {
            let mut statistics = current.empty_statistics();
            for (&x, &w) in xs.iter().zip(&weights) {
                current.accumulate(&mut statistics, x, w);
            }
            current = current.maximize(&statistics).unwrap();
            let reached = likelihood(&current);
            assert!(
                reached >= before - 1e-12 * before.abs(),
                "{before} {reached}"
            );
            if reached == before {
                break;
            }
            before = reached;
        }
        // EM ends where its steps are lost in rounding.
        let gap = likelihood(&best) - before;
        assert!(gap.abs() < 1e-7, "{gap}: {best:?} {current:?}");
        assert_eq!(current.is_at_bound(), best.is_at_bound());
    }
}

/// α/(α + β) from its logit, and α + β not above n.
fn shares(x: &[f64], most: f64) -> Vec<f64> {
    let (last, logs) = x.split_last().expect("a size");
    let all: Vec<f64> = logs.iter().map(|x| x.exp()).chain([1.0]).collect();
    let size = last.exp().min(most) / all.iter().sum::<f64>();
    all.iter().map(|share| size * share).collect()
}

fn logs(concentrations: &[f64]) -> Vec<f64> {
    let (last, others) = concentrations.split_last().expect("two");
    let size: f64 = concentrations.iter().sum();
    let logs = others.iter().map(|a| (a / last).ln());
    logs.chain([size.ln()]).collect()
}

#[test]
fn beta_and_dirichlet() {
    let most = |whole: f64| (whole + 1.0) / LEAST_SHARE - 1.0;
    let (one, whole) = (Beta::new(1.0, 1.0).unwrap(), Beta::new(2.0, 3.0).unwrap());
    for xs in [
        [0.3, 0.3, 0.30001],
        [0.9999, 0.9999, 0.9999],
        [1e-6, 1e-6, 1.001e-6],
    ] {
        let found = check(
            (&one, &whole),
            &xs,
            |one| logs(&[one.alpha(), one.beta()]),
            |x| {
                let both = shares(x, most(5.0));
                Beta::new(both[0], both[1]).ok()
            },
        );
        assert!(((found.alpha() + found.beta()) / most(5.0) - 1.0).abs() < 1e-12);
    }
    // Known parameters leave nothing that could collapse.
    let known = |names: &[&str]| WithKnown::new(one.clone(), names).unwrap();
    assert!(known(&["alpha"]).is_bounded() && known(&["beta"]).is_bounded());
    let free = known(&[]);
    let floored = free.floored(&WithKnown::new(whole, &[]).unwrap()).unwrap();
    let found = floored.estimate(&[0.3; 3], &[1.0; 3]).unwrap();
    assert!(found.is_at_bound() && (found.family().alpha() / 1.8e6 - 1.0).abs() < 1e-4);

    let (one, whole) = (vec![1.0; 3], vec![2.0, 3.0, 1.0]);
    let (one, whole) = (Dirichlet::new(one).unwrap(), Dirichlet::new(whole).unwrap());
    let values = [0.2, 0.3, 0.5, 0.2, 0.3, 0.5, 0.20001, 0.3, 0.49999];
    let found = check(
        (&one, &whole),
        RowsView::new(&values, 3),
        |one| logs(one.concentrations()),
        |x| Dirichlet::new(shares(x, most(6.0))).ok(),
    );
    let size: f64 = found.concentrations().iter().sum();
    assert!((size / most(6.0) - 1.0).abs() < 1e-12);
}

#[test]
fn directions() {
    let row = |a: f64| [a.cos() * 0.6, a.sin() * 0.6, 0.8];
    let values = [row(0.5), row(0.5), row(0.50001)].concat();
    let of = |x: &[f64], kappa: f64| {
        let (sine, cosine) = x[1].sin_cos();
        let direction = vec![x[0].cos() * sine, x[0].sin() * sine, cosine];
        VonMisesFisher::new(direction, kappa).ok()
    };
    let (one, whole) = (of(&[0.0, 1.0], 1.0).unwrap(), of(&[0.0, 1.0], 4.0).unwrap());
    let found = check(
        (&one, &whole),
        RowsView::new(&values, 3),
        |one| {
            let m = one.mean_direction();
            vec![m[1].atan2(m[0]), m[2].acos(), one.concentration().ln()]
        },
        |x| of(x, x[2].exp().min(4.0 / LEAST_SHARE)),
    );
    assert!((found.concentration() * LEAST_SHARE / 4.0 - 1.0).abs() < 1e-12);
}

#[test]
fn regressions() {
    let design = [1.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 5.0];
    let ys: Vec<f64> = design.chunks(2).map(|x| 2.0 - 0.5 * x[1]).collect();
    let regression = |b: &[f64], v: f64| LinearRegression::new(b.to_vec(), v);
    let (one, whole) = (regression(&[0.0; 2], 1.0), regression(&[0.0; 2], 3.0));
    let (one, whole) = (one.unwrap(), whole.unwrap());
    assert!(
        one.estimate((RowsView::new(&design, 2), &ys), &[1.0; 4])
            .is_err()
    );
    let found = check(
        (&one, &whole),
        (RowsView::new(&design, 2), &ys),
        |one| [one.coefficients(), &[one.variance().ln()]].concat(),
        |x| regression(&x[..2], x[2].exp().max(3.0 * LEAST_SHARE)).ok(),
    );
    assert!((found.coefficients()[1] + 0.5).abs() < 1e-12);
    assert_eq!(found.variance(), found.least_variance());
}

/// The floor is under the family before truncation; what is left of the interval changes the maximum beside it.
#[test]
fn truncated_families() {
    let truncated = |mean: f64, v: f64| {
        let normal = Normal::new(mean, v).ok()?;
        Truncated::new(normal, 0.0, 2.0).ok()
    };
    // At the end of the interval: much of the narrowest normal is unseen.
    let xs = [1.9998, 1.9995, 1.9992, 1.9989];
    check(
        (&truncated(1.0, 1.0).unwrap(), &truncated(1.0, 1.5).unwrap()),
        &xs,
        |one| vec![one.family().mean(), one.family().variance().ln()],
        |x| truncated(x[0], x[1].exp().max(1.5 * LEAST_SHARE)),
    );
    let gamma = |shape: f64, rate: f64| {
        let gamma = WithKnown::new(Gamma::new(shape, rate).ok()?, &[]).ok()?;
        Truncated::new(gamma, 0.0, 9.0).ok()
    };
    check(
        (&gamma(1.0, 1.0).unwrap(), &gamma(2.0, 1.0).unwrap()),
        &[3.0, 3.0, 3.0001],
        |one| {
            let gamma = one.family().family();
            vec![gamma.shape().ln(), (gamma.shape() / gamma.rate()).ln()]
        },
        |x| {
            let shape = x[0].exp().min(2.0 / LEAST_SHARE);
            gamma(shape, shape / x[1].exp())
        },
    );
    // Relative to the family as if nothing were unseen; these rows are no sign of a truncated normal.
    let rows = [0.1, 0.2, 0.3, 0.5, 0.9, 1.3, 1.9, 1.95];
    let one = truncated(1.0, 1.0).unwrap();
    let pooled = one.pooled(&rows, &[1.0; 8]).unwrap();
    let plain = Normal::standard().estimate(&rows, &[1.0; 8]).unwrap();
    assert_eq!(pooled.family(), &plain);
}

/// Where nothing comes near it, an estimate has the bits that it has without a floor.
#[test]
fn an_idle_floor_changes_no_bit() {
    fn check<F: Component + std::fmt::Debug>(family: &F, xs: Batch<'_, F::Space>) {
        let weights = vec![1.0; xs.len()];
        let plain = family.estimate(xs, &weights).unwrap();
        let floored = family.floored(&family.pooled(xs, &weights).unwrap());
        let held = floored.unwrap().estimate(xs, &weights).unwrap();
        assert!(!held.is_at_bound());
        for i in 0..xs.len() {
            let (a, b) = (plain.log_density(xs.at(i)), held.log_density(xs.at(i)));
            assert_eq!(a.to_bits(), b.to_bits(), "{plain:?} {held:?}");
        }
    }
    let xs = [0.1, 0.35, 0.2, 0.8, 0.55, 0.3, 0.7];
    check(&Exponential::new(1.0).unwrap(), &xs);
    check(&HalfNormal::new(1.0).unwrap(), &xs);
    check(&Laplace::new(0.3, 1.0).unwrap(), &xs);
    check(&Pareto::new(0.05, 1.0).unwrap(), &xs);
    check(&NormalWithKnownMean::new(0.3, 1.0).unwrap(), &xs);
    check(&StudentT::new(0.0, 1.0, 4.0).unwrap(), &xs);
    check(&StudentT::new(0.0, 1.0, 4.0).unwrap().with_fixed_df(), &xs);
    check(&Cauchy::new(0.0, 1.0).unwrap(), &xs);
    check(&Beta::new(1.0, 1.0).unwrap(), &xs);
    let normal = Normal::new(0.5, 0.1).unwrap();
    check(&Truncated::new(normal, -1.0, 2.0).unwrap(), &xs);
    let rows: Vec<f64> = xs.iter().flat_map(|x| [x * 0.5, 1.0 - x * 0.5]).collect();
    check(
        &Dirichlet::new(vec![1.0; 2]).unwrap(),
        RowsView::new(&rows, 2),
    );
    let rows: Vec<f64> = xs.iter().flat_map(|x| [x.cos(), x.sin()]).collect();
    let direction = VonMisesFisher::new(vec![1.0, 0.0], 1.0).unwrap();
    check(&direction, RowsView::new(&rows, 2));
    let design: Vec<f64> = (0..7).flat_map(|i| [1.0, f64::from(i * i)]).collect();
    let regression = LinearRegression::new(vec![0.0; 2], 1.0).unwrap();
    check(&regression, (RowsView::new(&design, 2), &xs[..]));
}

/// Half of the rows on one value, at which a Cauchy distribution has no maximum: a t distribution of lighter tails has
/// one, and where nine tenths are there the standard deviation stands in.
#[test]
fn pooled_scales_where_the_family_has_none() {
    let weights = [1.0; 10];
    let cauchy = Cauchy::new(0.0, 1.0).unwrap();
    let xs = [1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 4.5, 2.0, 6.0, 5.0];
    assert!(cauchy.estimate(&xs, &weights).is_err());
    let lighter = StudentT::new(0.0, 1.0, 4.0).unwrap().with_fixed_df();
    let lighter = lighter.estimate(&xs, &weights).unwrap();
    let pooled = cauchy.pooled(&xs, &weights).unwrap();
    assert_eq!(pooled.scale(), lighter.scale());
    let xs = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 11.0];
    let pooled = cauchy.pooled(&xs, &weights).unwrap();
    // Mean 2, mean square 13.
    assert!((pooled.scale() - 3.0).abs() < 1e-12);
    assert!(cauchy.pooled(&[2.0; 3], &[1.0; 3]).is_err());
}
