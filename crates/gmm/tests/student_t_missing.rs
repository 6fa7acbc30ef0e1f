//! Multivariate t distributions over rows with missing cells.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Coordinates, Density, RowsView, Scratch};
use em::{ComponentSet, Data, Mixture, Options, Start, StopReason, fit_from};
use gmm::{CovarianceStructure, DegreesOfFreedom, IncompleteTs, MultivariateT, MultivariateTs};
use synthetic::Problem;

use CovarianceStructure as S;

/// Two components in four columns, all cells of some rows there.
fn set(structure: S, degrees: DegreesOfFreedom) -> IncompleteTs {
    let component = |centre: f64, df: f64| {
        let scale = |i: usize, j: usize| match (i, j) {
            _ if i == j => 1.0 + 0.5 * i as f64,
            _ if structure.letters().ends_with('I') => 0.0,
            _ => 0.3 + 0.1 * (i * j) as f64,
        };
        let rows: Vec<Vec<f64>> = (0..4)
            .map(|i| (0..4).map(|j| scale(i, j)).collect())
            .collect();
        MultivariateT::new((0..4).map(|j| centre + j as f64).collect(), &rows, df).unwrap()
    };
    let components = vec![component(-1.0, 3.0), component(2.0, 7.0)];
    IncompleteTs::new(MultivariateTs::new(structure, degrees, components).unwrap())
}

fn problem(each: u64, patterns: u64) -> Problem {
    let mut p = Problem::new(17, 220, 2, 4, 2.0).with_gaps(each, patterns);
    // Rows far out, so that latent scales differ.
    for i in (0..p.len()).step_by(23) {
        (0..4).for_each(|j| p.values[4 * i + j] *= 9.0);
    }
    p
}

#[test]
fn a_row_counts_by_the_density_of_its_observed_cells() {
    let (set, p) = (set(S::VVV, DegreesOfFreedom::Free), problem(3, 9));
    for k in 0..2 {
        let whole = set.complete().component(k);
        for i in 0..p.len() {
            let observed: Vec<usize> = (0..4).filter(|&j| !p.row(i)[j].is_nan()).collect();
            let pick = |values: &[f64]| observed.iter().map(|&j| values[j]).collect::<Vec<_>>();
            let scale = whole.scale_matrix();
            let block: Vec<Vec<f64>> = observed.iter().map(|&i| pick(&scale[4 * i..])).collect();
            let marginal = MultivariateT::new(pick(whole.location()), &block, whole.df()).unwrap();
            let (ours, expected) = (
                set.log_density(k, p.row(i)),
                marginal.log_density(&pick(p.row(i))),
            );
            // Two factorisations of matrices of condition 10.
            assert!((ours - expected).abs() <= 1e-12 * expected.abs().max(1.0));
        }
    }
}

#[test]
fn blocks_agree_with_single_rows() {
    for degrees in [DegreesOfFreedom::Free, DegreesOfFreedom::Fixed] {
        for structure in [S::VVV, S::VVI] {
            let (set, p) = (set(structure, degrees), problem(3, 7));
            let (n, rows) = (p.len(), p.rows());
            let mut prepared = vec![0.0; n * set.prepared_width()];
            set.prepare(rows, &mut prepared);
            let mut matrix = vec![0.0; 2 * n];
            set.log_density_matrix(rows, &prepared, &mut matrix, &mut Scratch::default());
            let weights: Vec<f64> = (0..2 * n).map(|e| (e % 4) as f64 / 3.0).collect();
            let (mut block, mut single) = (set.empty_statistics(), set.empty_statistics());
            set.accumulate_matrix(
                &mut block,
                rows,
                &prepared,
                &weights,
                &mut Scratch::default(),
            );
            for (e, &weight) in weights.iter().enumerate() {
                let (k, x) = (e / n, p.row(e % n));
                assert!((matrix[e] - set.log_density(k, x)).abs() < 1e-12 * matrix[e].abs());
                set.accumulate(&mut single, k, x, weight);
            }
            for k in 0..2 {
                let near =
                    |a: f64, b: f64| assert!((a - b).abs() <= 1e-11 * b.abs().max(1.0), "{a} {b}");
                near(block.count(k), single.count(k));
                if degrees == DegreesOfFreedom::Free {
                    near(block.gap(k), single.gap(k));
                    near(block.square(k), single.square(k));
                }
                let (a, b) = (block.scatter(k), single.scatter(k));
                a.mean()
                    .iter()
                    .zip(b.mean())
                    .for_each(|(a, b)| near(*a, *b));
                a.matrix()
                    .iter()
                    .zip(b.matrix())
                    .for_each(|(a, b)| near(*a, b));
            }
        }
    }
}

/// Complete rows take the way of complete rows, to the same bits.
#[test]
fn without_gaps_it_is_the_complete_fit() {
    let p = Problem::new(3, 150, 2, 3, 3.0);
    let complete = MultivariateTs::standard(S::VEE, 2, 3);
    let (data, start) = (Data::new(p.rows()), Start::Labels(&p.labels));
    let options = Options::default();
    let a = fit_from(&Mixture::uniform(complete.clone()), data, start, &options).unwrap();
    let b = fit_from(
        &Mixture::uniform(IncompleteTs::new(complete)),
        data,
        start,
        &options,
    )
    .unwrap();
    assert_eq!(a.report.trace, b.report.trace);
    assert_eq!(a.model.components(), b.model.components().complete());
}

fn fitted(structure: S, degrees: DegreesOfFreedom, p: &Problem) -> em::Fit<Mixture<IncompleteTs>> {
    let template = match degrees {
        DegreesOfFreedom::Fixed => MultivariateTs::standard(structure, 2, 4)
            .with_fixed_df(4.0)
            .unwrap(),
        _ => MultivariateTs::standard(structure, 2, 4).with_degrees(degrees),
    };
    let data = Data::new(p.rows()).weighted(&p.weights);
    let options = Options::default().tolerance(1e-10).max_iterations(5000);
    let template = Mixture::uniform(IncompleteTs::new(template));
    fit_from(&template, data, Start::Labels(&p.labels), &options).unwrap()
}

/// EM is exact: it never falls, and ends where the log-likelihood of the observed cells has no slope in any of
/// the parameters, which a difference quotient tells.
#[test]
fn fits_end_where_the_observed_likelihood_is_flat() {
    let p = problem(4, 12);
    for (structure, degrees) in [
        (S::VVV, DegreesOfFreedom::Fixed),
        (S::VVV, DegreesOfFreedom::Free),
        (S::EEE, DegreesOfFreedom::Common),
        (S::VVI, DegreesOfFreedom::Free),
        (S::VEE, DegreesOfFreedom::Free),
        (S::EVI, DegreesOfFreedom::Fixed),
    ] {
        let fit = fitted(structure, degrees, &p);
        assert!(
            fit.report.stop_reason != StopReason::ObjectiveFell,
            "{structure}"
        );
        for pair in fit.report.trace.windows(2) {
            assert!(pair[1] >= pair[0] - 1e-9, "{structure} {pair:?}");
        }
        let (set, weights) = (fit.model.components(), fit.model.weights());
        let objective = |set: &IncompleteTs| -> f64 {
            (0..p.len())
                .map(|i| {
                    let joint = |k: usize| weights[k] * set.log_density(k, p.row(i)).exp();
                    p.weights[i] * (joint(0) + joint(1)).ln()
                })
                .sum()
        };
        let mut x = Vec::new();
        set.pack(&mut x);
        for j in 0..x.len() {
            let at = |by: f64| {
                let mut moved = x.clone();
                moved[j] += by;
                objective(&set.unpack(&mut &moved[..]).unwrap())
            };
            let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            // EM stops 1e-10 nats below the maximum: with curvatures up to 1e3 a slope of 1e-3 is left.
            assert!(slope.abs() < 2e-3, "{structure} {degrees:?} {j}: {slope}");
        }
    }
}

#[test]
fn rows_without_observed_cells_are_refused_unless_they_count_nothing() {
    let values = [
        1.0,
        f64::NAN,
        f64::NAN,
        f64::NAN,
        0.5,
        2.0,
        0.1,
        0.3,
        1.4,
        0.9,
        0.2,
        1.1,
    ];
    let rows = RowsView::new(&values, 2);
    let template = Mixture::uniform(IncompleteTs::new(MultivariateTs::standard(S::VVI, 1, 2)));
    let fit = |data| fit_from(&template, data, Start::Spread, &Options::default());
    assert!(fit(Data::new(rows)).is_err());
    let weights = [1.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    assert!(fit(Data::new(rows).weighted(&weights)).is_ok());
}
