//! The properties of the kernels in every instruction set that this machine has, against the naive EM and against single
//! rows.

#[path = "cases/naive_kmeans.rs"]
mod naive_kmeans;
#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::simd::instruction_set::{InstructionSet, run_in};
use distributions::{Component, RowsView, Scratch};
use em::{ComponentSet, Data, Soft, Start, Workspace, e_step};
use gmm::{
    CovarianceStructure, DegreesOfFreedom, FactorAnalyzer, FactorAnalyzers, FactorStructure,
    GaussianMixture, KMeans, MatrixView, MultivariateT, MultivariateTs,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::cell::Cell;
use synthetic::{Naive, Problem, condition};

/// Dimensions from 1 to 130 and up to 64 components, all that a naive EM computes in a moment; structures
/// whose M-step has a formula.
fn shapes() -> impl Strategy<Value = (u64, usize, usize, usize, CovarianceStructure, bool)> {
    let structures = CovarianceStructure::ALL.into_iter();
    let closed: Vec<_> = structures
        .filter(|s| !matches!(s, CovarianceStructure::EVE | CovarianceStructure::VVE))
        .collect();
    let sizes = prop_oneof![
        6 => (1usize..=8, 1usize..=10),
        2 => (9usize..=64, 1usize..=3),
        1 => (1usize..=2, 11usize..=130),
    ];
    (any::<u64>(), sizes, 0..closed.len(), any::<bool>()).prop_map(
        move |(seed, (k, d), s, single)| {
            // The formulas for eigenvectors take long in many columns.
            let structure = match closed[s] {
                CovarianceStructure::EEV | CovarianceStructure::VEV if d > 10 => {
                    CovarianceStructure::Full
                }
                other => other,
            };
            (seed, k * (4 * d + 3), k, d, structure, single)
        },
    )
}

#[test]
fn kernels_agree_with_naive_ones_in_every_instruction_set() {
    let mut ran = 0;
    let mut searched: Option<Vec<f64>> = None;
    for &set in InstructionSet::ALL {
        if !run_in(set) {
            continue;
        }
        ran += 1;
        let found = common_axes();
        let first = searched.get_or_insert_with(|| found.clone());
        for (a, b) in found.iter().zip(&*first) {
            // Ten thousand rotations; entries are of order 1 to 10.
            assert!((a - b).abs() <= 1e-10 * (1.0 + b.abs()), "{set:?}: {a} {b}");
        }
        let in_single = Cell::new(0);
        let config = Config {
            cases: 40,
            rng_seed: RngSeed::Fixed(20_261_122),
            failure_persistence: None,
            ..Config::default()
        };
        let cases = TestRunner::new(config).run(&shapes(), |(seed, n, k, d, structure, single)| {
            one_iteration(seed, n, k, d, structure, single)?;
            single_rows(seed, n, k, d)?;
            clusters(seed, n, k, d, single)?;
            let precise = single_arithmetic(seed, n, k, d, structure)?;
            in_single.set(in_single.get() + usize::from(precise));
            Ok(())
        });
        assert!(cases.is_ok(), "{set:?}: {cases:?}");
        assert!(in_single.get() >= 10, "{set:?}: {}", in_single.get());
    }
    assert!(run_in(InstructionSet::Widest) && ran >= 2);
}

/// The covariances that the searches for common axes find, and one that all share, in two iterations.
fn common_axes() -> Vec<f64> {
    let mut all = Vec::new();
    for (d, k) in [(3, 2), (9, 5), (17, 3)] {
        let p = Problem::new(31, 40 * d * k, k, d, 3.0);
        for structure in [
            CovarianceStructure::EVE,
            CovarianceStructure::VVE,
            CovarianceStructure::Tied,
        ] {
            let fitted = GaussianMixture::builder(k)
                .covariance(structure)
                .row_weights(&p.weights)
                .start(Start::Labels(&p.labels))
                .max_iterations(2)
                .fit(p.rows())
                .unwrap();
            for component in fitted.components() {
                all.extend(component.covariance());
            }
        }
    }
    all
}

/// The first M-step, an E-step, an M-step and an E-step, of rows in double or single precision.
fn one_iteration(
    seed: u64,
    n: usize,
    k: usize,
    d: usize,
    structure: CovarianceStructure,
    single: bool,
) -> Result<(), TestCaseError> {
    let mut p = Problem::new(seed, n, k, d, 3.0);
    let floats: Vec<f32> = p.values.iter().map(|&x| x as f32).collect();
    if single {
        p.values = floats.iter().map(|&x| f64::from(x)).collect();
    }
    let builder = GaussianMixture::builder(k)
        .covariance(structure)
        .row_weights(&p.weights)
        .start(Start::Labels(&p.labels))
        .max_iterations(1);
    let fitted = if single {
        builder.fit(MatrixView::strided(&floats, n, d, d, 1).unwrap())
    } else {
        builder.fit(p.rows())
    };
    let Ok(fitted) = fitted else { return Ok(()) };
    let model = fitted.mixture();
    // By so much a singular direction blows up the rounding of one M-step, whatever computes it.
    let condition = condition(model);
    let own = |i: usize, c: usize| f64::from(u8::from(p.labels[i] == Some(c as u32)));
    let hard: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..k).map(|c| own(i, c)).collect())
        .collect();
    let naive = Naive::m_step(&p, &hard, k, structure).unwrap();
    let (responsibilities, start) = naive.e_step(&p);
    let naive = Naive::m_step(&p, &responsibilities, k, structure).unwrap();
    let (_, end) = naive.e_step(&p);
    for (ours, theirs) in fitted.report().trace.iter().zip([start, end]) {
        let error = (ours - theirs).abs();
        prop_assert!(error <= 1e-11 * condition * theirs.abs(), "{ours} {theirs}");
    }
    for (c, component) in model.components().components().iter().enumerate() {
        for (e, (x, y)) in component
            .covariance()
            .iter()
            .zip(&naive.covariances[c])
            .enumerate()
        {
            let scale = (component.variance(e / d) * component.variance(e % d)).sqrt();
            prop_assert!((x - y).abs() <= 1e-11 * condition * scale, "{x} {y}");
        }
        for (j, (x, y)) in component.mean().iter().zip(&naive.means[c]).enumerate() {
            let scale = component.variance(j).sqrt();
            prop_assert!((x - y).abs() <= 1e-11 * condition * scale, "{x} {y}");
        }
    }
    Ok(())
}

/// Seeds of k-means and its first steps, of rows in double or single precision.
fn clusters(seed: u64, n: usize, k: usize, d: usize, single: bool) -> Result<(), TestCaseError> {
    let mut p = Problem::new(seed, n, k, d, 0.7);
    let floats: Vec<f32> = p.values.iter().map(|&x| x as f32).collect();
    if single {
        p.values = floats.iter().map(|&x| f64::from(x)).collect();
    }
    // The naive seeds take long among many.
    let k = k.min(12);
    let mut centres = naive_kmeans::seeds(p.rows(), &p.weights, k, &mut em::stream(seed, 0));
    for steps in 0..4 {
        let builder = KMeans::builder(k)
            .row_weights(&p.weights)
            .seed(seed)
            .tolerance(0.0)
            .max_iterations(steps);
        let found = if single {
            builder.fit(RowsView::new(&floats, d))
        } else {
            builder.fit(p.rows())
        };
        let found = found.unwrap();
        for (ours, theirs) in found
            .centres()
            .values()
            .iter()
            .zip(centres.iter().flatten())
        {
            // Means of some hundred numbers below 20.
            prop_assert!((ours - theirs).abs() <= 1e-12, "{steps}: {ours} {theirs}");
        }
        for (i, &label) in found.labels().iter().enumerate() {
            prop_assert_eq!(label as usize, naive_kmeans::nearest(p.row(i), &centres).0);
        }
        if found.converged() {
            break;
        }
        centres = naive_kmeans::step(p.rows(), &p.weights, &centres);
    }
    Ok(())
}

/// An E-step in single precision, and the M-step that follows, against the naive one; whether it is precise enough.
fn single_arithmetic(
    seed: u64,
    n: usize,
    k: usize,
    d: usize,
    structure: CovarianceStructure,
) -> Result<bool, TestCaseError> {
    let p = Problem::new(seed, n, k, d, 2.0 / (d as f64).sqrt());
    let builder = GaussianMixture::builder(k).covariance(structure);
    let builder = builder.start(Start::Labels(&p.labels)).max_iterations(0);
    let Ok(start) = builder.fit(p.rows()) else {
        return Ok(false);
    };
    let model = start.mixture().clone();
    let model = model.with_components(|set| set.with_single_precision(true));
    if !model.components().is_in_single_precision() {
        return Ok(false);
    }
    let mut workspace = Workspace::new(p.rows(), &model.empty_statistics(), 1);
    let data = Data::new(p.rows()).weighted(&p.weights);
    let tally = e_step(&model, data, 0, &Soft, &mut workspace);
    let Ok(next) = model.maximize(workspace.statistics()) else {
        return Ok(false);
    };
    let components = model.components().components();
    let naive = Naive {
        weights: model.weights().to_vec(),
        means: components.iter().map(|c| c.mean().to_vec()).collect(),
        covariances: components.iter().map(|c| c.covariance()).collect(),
    };
    let (responsibilities, objective) = naive.e_step(&p);
    let naive = Naive::m_step(&p, &responsibilities, k, structure).unwrap();
    prop_assert!((tally.objective - objective).abs() <= 1e-6 * objective.abs());
    // As in double precision, what an M-step loses is blown up by the condition of what it starts from.
    let condition = condition(&next);
    for (c, component) in next.components().components().iter().enumerate() {
        for (j, (x, y)) in component.mean().iter().zip(&naive.means[c]).enumerate() {
            let scale = component.variance(j).sqrt();
            prop_assert!((x - y).abs() <= 1e-5 * scale, "mean {x} {y}");
        }
        let (ours, theirs) = (component.covariance(), &naive.covariances[c]);
        for (e, (x, y)) in ours.iter().zip(theirs).enumerate() {
            let scale = (component.variance(e / d) * component.variance(e % d)).sqrt();
            prop_assert!((x - y).abs() <= 1e-5 * condition.sqrt() * scale, "{x} {y}");
        }
    }
    Ok(true)
}

/// Blocks of multivariate t distributions and of factor analysers, whose single rows take plain loops.
fn single_rows(seed: u64, n: usize, k: usize, d: usize) -> Result<(), TestCaseError> {
    let p = Problem::new(seed, n, k, d, 3.0);
    let identity: Vec<Vec<f64>> = (0..d)
        .map(|i| (0..d).map(|j| if i == j { 2.0 } else { 0.5 }).collect())
        .collect();
    let tails = (0..k)
        .map(|c| MultivariateT::new(p.row(c).to_vec(), &identity, 1.5 + c as f64).unwrap())
        .collect();
    block_agrees(
        &MultivariateTs::new(CovarianceStructure::Full, DegreesOfFreedom::Free, tails).unwrap(),
        p.rows(),
    )?;
    if d > 2 {
        let loadings: Vec<Vec<f64>> = (0..d).map(|j| vec![(j % 3) as f64 - 0.6]).collect();
        let analyzers = (0..k)
            .map(|c| FactorAnalyzer::new(p.row(c).to_vec(), &loadings, vec![1.5; d]).unwrap())
            .collect();
        let set = FactorAnalyzers::new(FactorStructure::own(1), analyzers).unwrap();
        block_agrees(&set, p.rows())?;
    }
    Ok(())
}

fn block_agrees<S>(set: &S, rows: RowsView<'_, f64>) -> Result<(), TestCaseError>
where
    S: ComponentSet<Space = distributions::Rows<f64>>,
{
    use distributions::View;
    let n = rows.len();
    let mut prepared = vec![0.0; n * set.prepared_width()];
    set.prepare(rows, &mut prepared);
    let mut matrix = vec![0.0; set.len() * n];
    set.log_density_matrix(rows, &prepared, &mut matrix, &mut Scratch::default());
    for (e, block) in matrix.iter().enumerate() {
        let single = set.log_density(
            e / n,
            &rows.values()[e % n * rows.width()..][..rows.width()],
        );
        prop_assert!(
            (block - single).abs() <= 1e-12 * single.abs().max(1.0),
            "{block} {single}"
        );
    }
    Ok(())
}
