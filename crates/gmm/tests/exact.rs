//! What must not change the answer, and what must end in an error that says where: over all structures, far
//! offsets and scales, many dimensions and components, and every kind of data that has no maximum.

#[path = "cases/synthetic.rs"]
mod synthetic;

use em::{Data, Fit, FitError, Mixture, OnDegenerate, Options, Start, fit_from};
use gmm::{CovarianceStructure, Gaussians};
use synthetic::{Naive, Problem, condition};

fn options(iterations: usize) -> Options {
    // A tolerance out of reach: all iterations are made.
    Options::default()
        .max_iterations(iterations)
        .tolerance(1e-300)
        .threads(1)
}

type Fitted = Fit<Mixture<Gaussians>>;

fn fit(
    p: &Problem,
    structure: CovarianceStructure,
    k: usize,
    options: &Options,
) -> Result<Fitted, FitError> {
    let template = Mixture::uniform(Gaussians::standard(structure, k, p.width));
    let data = Data::new(p.rows()).weighted(&p.weights);
    fit_from(&template, data, Start::Labels(&p.labels), options)
}

/// Every structure in dimensions up to 130 and up to 64 components, with row weights: the kernels have forms of
/// their own for 2, 3, 4, up to 8 and more columns, and for whole and partial vectors of rows.
#[test]
fn kernels_are_the_naive_em_in_any_dimension() {
    let shapes = [
        (1, 1),
        (1, 7),
        (1, 64),
        (2, 64),
        (2, 3),
        (3, 33),
        (4, 17),
        (5, 9),
        (6, 12),
        (7, 5),
        (8, 16),
        (9, 3),
        (12, 6),
        (16, 4),
        (17, 2),
        (31, 2),
        (33, 1),
        (64, 2),
        (65, 1),
        (130, 1),
    ];
    let (mut compared, mut degenerate) = (0, 0);
    for (which, (d, k)) in shapes.into_iter().enumerate() {
        // Where the naive EM is slow, two structures of the fourteen.
        let structures = CovarianceStructure::ALL.into_iter().enumerate();
        let chosen = structures.filter(|(s, _)| d * k <= 40 || s % 7 == which % 7);
        for (s, structure) in chosen {
            let n = k * (d + d / 2 + 6) + which;
            let p = Problem::new((which * 14 + s) as u64, n, k, d, 3.0);
            // Too few rows of a component for a covariance of its own is another test's matter.
            let Ok(fitted) = fit(&p, structure, k, &options(2)) else {
                degenerate += 1;
                continue;
            };
            compared += 1;
            let mut naive = Naive::of(&fit(&p, structure, k, &options(0)).unwrap().model);
            for (t, &value) in fitted.report.trace.iter().enumerate() {
                let (responsibilities, expected) = naive.e_step(&p);
                let error = (value - expected).abs() / expected.abs();
                // One clump in three hundred is singular but for 1e-13 (seed 232 in 33 columns).
                let allowed = 1e-12 + 1e-15 * condition(&fitted.model);
                assert!(
                    error < allowed,
                    "{structure} d {d} K {k}, {t}: {value} not {expected}"
                );
                match Naive::m_step(&p, &responsibilities, k, structure) {
                    Some(next) => naive = next,
                    // EVE and VVE: the E-step alone.
                    None => break,
                }
            }
        }
    }
    assert!(compared > 100 && degenerate < 10, "{compared} {degenerate}");
}

/// A common offset and a scale of the data are those of the parameters. With an offset μ a mean has a rounding
/// error of ε μ, which moves densities by as many standard deviations; scales that are no powers of two round the
/// data by ε. Either is multiplied by the condition of the problem, here below 1e3.
#[test]
fn offset_and_scale_change_nothing() {
    let mut p = Problem::new(21, 240, 3, 4, 3.0);
    // So few digits that none is lost at 1e8.
    p.values
        .iter_mut()
        .for_each(|x| *x = (*x * 1048576.0).round() / 1048576.0);
    for structure in CovarianceStructure::ALL {
        let plain = fit(&p, structure, 3, &options(5)).unwrap();
        for (offset, scale, tolerance) in [
            (1e8, 1.0, 1e3 * f64::EPSILON * 1e8),
            (-1e8, 1.0, 1e3 * f64::EPSILON * 1e8),
            (0.0, 1e-12, 1e3 * 16.0 * f64::EPSILON),
            (0.0, 1e150, 1e3 * 16.0 * f64::EPSILON),
        ] {
            let mut q = p.clone();
            q.values.iter_mut().for_each(|x| *x = *x * scale + offset);
            let moved = fit(&q, structure, 3, &options(5)).unwrap();
            let weight: f64 = p.weights.iter().sum();
            let jacobian = weight * 4.0 * f64::ln(scale);
            let (a, b) = (
                plain.report.log_likelihood,
                moved.report.log_likelihood + jacobian,
            );
            assert!(
                (a - b).abs() < tolerance * a.abs().max(jacobian.abs()),
                "{structure}: {a} {b}"
            );
            for k in 0..3 {
                let (a, b) = (&plain.model.components()[k], &moved.model.components()[k]);
                for e in 0..16 {
                    let size = (a.variance(e / 4) * a.variance(e % 4)).sqrt();
                    let back = b.covariance()[e] / scale / scale;
                    let error = (a.covariance()[e] - back).abs() / size;
                    assert!(error < tolerance, "{structure} {offset} {scale}: {error:e}");
                }
                for j in 0..4 {
                    let back = (b.mean()[j] - offset) / scale;
                    assert!((a.mean()[j] - back).abs() < tolerance * a.variance(j).sqrt());
                }
            }
        }
    }
}

/// Two clusters a million standard deviations apart: labels are certain, and the estimates those of each alone.
#[test]
fn two_far_clusters_are_exact() {
    let mut p = Problem::new(22, 200, 2, 3, 0.0);
    for i in 0..200 {
        p.labels[i] = Some((i % 2) as u32);
        p.values[i * 3..i * 3 + 3]
            .iter_mut()
            .for_each(|x| *x += 1e6 * (i % 2) as f64);
    }
    for structure in CovarianceStructure::ALL {
        let fitted = fit(&p, structure, 2, &options(3)).unwrap();
        let posterior = fitted.model.posterior(p.rows());
        for i in 0..200 {
            assert_eq!(posterior.row(i)[i % 2], 1.0);
            assert_eq!(posterior.row(i)[1 - i % 2], 0.0);
        }
        let hard: Vec<Vec<f64>> = (0..200)
            .map(|i| (0..2).map(|k| f64::from(u8::from(i % 2 == k))).collect())
            .collect();
        // What the labels give is what EM stays at.
        let Some(naive) = Naive::m_step(&p, &hard, 2, structure) else {
            continue;
        };
        for k in 0..2 {
            let gaussian = &fitted.model.components()[k];
            for e in 0..9 {
                let size = (gaussian.variance(e / 3) * gaussian.variance(e % 3)).sqrt();
                let error = (gaussian.covariance()[e] - naive.covariances[k][e]).abs() / size;
                // The naive sums have the digits of 1e6.
                assert!(error < 1e-9, "{structure}: {error:e}");
            }
        }
    }
}

/// A problem whose rows have been spoilt.
fn spoilt(change: impl Fn(usize, &mut [f64])) -> Problem {
    let mut p = Problem::new(23, 90, 2, 3, 4.0);
    p.labels = (0..90).map(|i| Some(i % 2)).collect();
    for (i, row) in p.values.chunks_exact_mut(3).enumerate() {
        change(i, row);
    }
    p
}

/// What must be named: the component, and where it can be told the column.
type Named = (Option<usize>, Option<usize>);

/// What an error names.
fn named(error: &FitError) -> Named {
    match error {
        FitError::Estimate { source, .. } => (source.component, source.column),
        other => panic!("{other}"),
    }
}

/// Data without a maximum end in an error that names component and column; under a policy the fit goes on
/// and says what was done, or ends in such an error all the same.
#[test]
fn degenerate_data_end_in_an_error_or_the_policy() {
    use CovarianceStructure as S;
    let cases: [(&str, Problem, S, Named); 9] = [
        (
            "collinear",
            spoilt(|_, x| x[2] = 3.0 * x[0] - x[1]),
            S::Full,
            (Some(0), Some(2)),
        ),
        (
            "collinear, pooled",
            spoilt(|_, x| x[2] = 3.0 * x[0] - x[1]),
            S::Tied,
            (Some(0), Some(2)),
        ),
        (
            "constant",
            spoilt(|_, x| x[1] = 7.25),
            S::Full,
            (Some(0), Some(1)),
        ),
        (
            "constant, diagonal",
            spoilt(|_, x| x[1] = 7.25),
            S::Diagonal,
            (Some(0), Some(1)),
        ),
        (
            "constant in one",
            spoilt(|i, x| {
                if i % 2 == 1 {
                    x[1] = 7.25
                }
            }),
            S::Diagonal,
            (Some(1), Some(1)),
        ),
        (
            "duplicated column",
            spoilt(|_, x| x[2] = x[0]),
            S::Full,
            (Some(0), Some(2)),
        ),
        (
            "identical rows",
            spoilt(|_, x| x.copy_from_slice(&[1.0, 2.0, 3.0])),
            S::Full,
            (Some(0), Some(0)),
        ),
        (
            "identical rows of one",
            spoilt(|i, x| {
                if i % 2 == 1 {
                    x.fill(9.0)
                }
            }),
            S::VVI,
            (Some(1), Some(0)),
        ),
        (
            "identical rows, spherical",
            spoilt(|_, x| x.fill(9.0)),
            S::Spherical,
            (Some(0), None),
        ),
    ];
    for (name, p, structure, expected) in &cases {
        let error = fit(p, *structure, 2, &options(50)).unwrap_err();
        assert_eq!(named(&error), *expected, "{name}: {error}");
        for policy in [OnDegenerate::Reset, OnDegenerate::Drop] {
            match fit(p, *structure, 2, &options(50).on_degenerate(policy)) {
                Ok(fitted) => {
                    assert!(!fitted.report.degeneracies.is_empty(), "{name} {policy:?}");
                    assert!(
                        fitted.report.log_likelihood.is_finite(),
                        "{name} {policy:?}"
                    );
                }
                Err(error) => assert!(named(&error).0.is_some(), "{name} {policy:?}: {error}"),
            }
        }
    }
    // A component without variance is left out, the other kept.
    let (_, p, structure, _) = &cases[4];
    let options = Options::default().on_degenerate(OnDegenerate::Drop);
    let fitted = fit(p, *structure, 2, &options).unwrap();
    assert_eq!(
        (fitted.model.len(), fitted.report.degeneracies[0].component),
        (1, 1)
    );
}

/// As many components as distinct rows, or more, from every start.
#[test]
fn more_components_than_distinct_rows() {
    let mut p = spoilt(|i, x| x.fill((i % 3) as f64));
    for k in [3, 4] {
        // Three rows lie in a plane: only without orientation does the whole have a covariance.
        let template = Mixture::uniform(Gaussians::standard(CovarianceStructure::Diagonal, k, 3));
        let data = Data::new(p.rows());
        let error = fit_from(&template, data, Start::Spread, &options(50)).unwrap_err();
        match (&error, k) {
            (
                FitError::TooFewDistinctRows {
                    distinct: 3,
                    components: 4,
                },
                4,
            ) => {}
            (FitError::Estimate { source, .. }, 3) => assert!(source.component.is_some()),
            _ => panic!("{error}"),
        }
    }
    p.labels = (0..90).map(|i| Some(i % 3)).collect();
    let error = fit(&p, CovarianceStructure::Diagonal, 3, &options(50)).unwrap_err();
    assert_eq!(named(&error), (Some(0), Some(0)));
    p.values.truncate(6);
    let template = Mixture::uniform(Gaussians::standard(CovarianceStructure::Full, 3, 3));
    let error = fit_from(&template, Data::new(p.rows()), Start::Spread, &options(5)).unwrap_err();
    assert_eq!(
        error,
        FitError::TooFewRows {
            rows: 2,
            components: 3
        }
    );
}

/// A row at 1e6 standard deviations: a component of its own has no covariance, and says so; in a component with
/// other rows it is part of a regular fit.
#[test]
fn a_far_outlier_ends_by_name() {
    let mut p = spoilt(|i, x| {
        if i == 17 {
            x.fill(1e6)
        }
    });
    p.labels = (0..90).map(|i| Some(u32::from(i == 17))).collect();
    for structure in [
        CovarianceStructure::Full,
        CovarianceStructure::Diagonal,
        CovarianceStructure::VEE,
    ] {
        let error = fit(&p, structure, 2, &options(50)).unwrap_err();
        assert_eq!(named(&error).0, Some(1), "{structure}: {error}");
    }
    // A covariance that all share is regular, and the outlier certain.
    let fitted = fit(&p, CovarianceStructure::Tied, 2, &options(50)).unwrap();
    assert_eq!(fitted.model.posterior(p.rows()).label(17), Some(1));
    let options = options(50).on_degenerate(OnDegenerate::Drop);
    let dropped = fit(&p, CovarianceStructure::Full, 2, &options).unwrap();
    assert_eq!(dropped.model.len(), 1);
    assert!(dropped.report.log_likelihood.is_finite());
}
