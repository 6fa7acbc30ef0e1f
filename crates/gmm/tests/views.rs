//! Rows in every layout and precision give the bits of the same numbers in `f64`, row after row.

use distributions::{RowsBuffer, RowsView, View};
use em::{Data, FitError, Mixture, OnDegenerate, Options, Start, fit_from, stream};
use gmm::{
    CovarianceStructure, FactorAnalyzers, FactorStructure, GaussianMixture, GaussianMixtureBuilder,
    MatrixView, MultivariateTs, OverMatrix, Real, RowSet,
};
use proptest::prelude::*;
use rand::{Rng, RngExt};

/// n rows of d numbers that an `f32` holds, about two centres.
fn table(rng: &mut impl Rng, n: usize, d: usize) -> RowsBuffer<f64> {
    let mut value = |i: usize| {
        let noise: f32 = (0..4).map(|_| rng.random::<f32>() - 0.5).sum();
        f64::from(noise + if i.is_multiple_of(2) { 0.0 } else { 3.0 })
    };
    let values = (0..n * d).map(|place| value(place / d)).collect();
    RowsBuffer { values, width: d }
}

/// A slice that holds the table at some strides, with NaN elsewhere: what must not be read.
struct Laid<T> {
    values: Vec<T>,
    offset: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<T: Copy> Laid<T> {
    fn new(
        table: &RowsBuffer<f64>,
        (offset, row_stride, column_stride): (usize, usize, usize),
        convert: impl Fn(f64) -> T,
    ) -> Self {
        let d = table.width;
        let n = table.values.len() / d;
        let length = offset + (n - 1) * row_stride + (d - 1) * column_stride + 1;
        let mut values = vec![convert(f64::NAN); length];
        for (place, &x) in table.values.iter().enumerate() {
            values[offset + place / d * row_stride + place % d * column_stride] = convert(x);
        }
        Laid {
            values,
            offset,
            row_stride,
            column_stride,
        }
    }
    fn view(&self, n: usize, d: usize) -> MatrixView<'_, T>
    where
        T: Real,
    {
        let values = &self.values[self.offset..];
        MatrixView::strided(values, n, d, self.row_stride, self.column_stride).unwrap()
    }
}

/// Row-major, column-major, some columns of a wider matrix, of a longer one, every third row, and both strides
/// greater than 1 either way.
fn layouts(n: usize, d: usize) -> Vec<(usize, usize, usize)> {
    vec![
        (0, d, 1),
        (0, 1, n),
        (2, d + 5, 1),
        (3, 1, n + 7),
        (0, 3 * d, 1),
        (1, 2 * d + 1, 2),
        (4, 2, 2 * n + 3),
    ]
}

/// What a fit and its answers are, all of it comparable to the bit.
#[derive(PartialEq, Debug)]
struct Outcome {
    model: Mixture<gmm::Gaussians>,
    trace: Vec<u64>,
    posterior: Vec<u64>,
    scores: Vec<u64>,
    bic: u64,
    filled: Vec<u64>,
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn outcome<'v, T: Real>(
    builder: &GaussianMixtureBuilder<'_>,
    rows: impl Into<MatrixView<'v, T>>,
) -> Result<Outcome, FitError> {
    let rows = rows.into();
    let fitted = builder.fit(rows)?;
    Ok(Outcome {
        model: fitted.mixture().clone(),
        trace: bits(&fitted.report().trace),
        posterior: bits(&fitted.predict_proba(rows)?),
        scores: bits(&fitted.score_samples(rows)?),
        bic: fitted.bic(rows)?.to_bits(),
        filled: bits(&fitted.fill_missing(rows)?.values),
    })
}

/// The outcomes of every layout and precision are `wanted`, errors too.
fn all_agree(
    builder: &GaussianMixtureBuilder<'_>,
    table: &RowsBuffer<f64>,
    wanted: &Result<Outcome, FitError>,
) {
    let d = table.width;
    let n = table.values.len() / d;
    let agrees = |found: Result<Outcome, FitError>, what: &str| match (wanted, found) {
        (Ok(wanted), Ok(found)) => assert!(*wanted == found, "{what}"),
        (Err(wanted), Err(found)) => assert_eq!(wanted.to_string(), found.to_string(), "{what}"),
        (wanted, found) => panic!("{what}: {:?} {:?}", wanted.is_ok(), found.is_ok()),
    };
    for layout in layouts(n, d) {
        let double = Laid::new(table, layout, |x| x);
        agrees(
            outcome(builder, double.view(n, d)),
            &format!("f64 {layout:?}"),
        );
        let single = Laid::new(table, layout, |x| x as f32);
        agrees(
            outcome(builder, single.view(n, d)),
            &format!("f32 {layout:?}"),
        );
    }
}

fn structure(index: usize) -> CovarianceStructure {
    let all = CovarianceStructure::ALL;
    all[index % all.len()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whole rows and rows with gaps, weights, spread starts, every structure.
    #[test]
    fn every_layout_has_the_same_bits(
        seed in 0u64..1 << 32, n in 60usize..330, d in 1usize..9, which in 0usize..14, gaps in any::<bool>(),
    ) {
        let mut rng = stream(seed, 0);
        let mut table = table(&mut rng, n, d);
        if gaps {
            for x in table.values.iter_mut() {
                if rng.random::<f64>() < 0.1 {
                    *x = f64::NAN;
                }
            }
        }
        let weights: Vec<f64> = (0..n).map(|_| f64::from(rng.random_range(0..3u32))).collect();
        let mut builder = GaussianMixture::builder(2)
            .covariance(structure(which))
            .restarts(2)
            .max_iterations(4)
            .row_weights(&weights);
        if gaps {
            builder = builder.missing_cells();
        }
        let wanted = outcome(&builder, table.view());
        all_agree(&builder, &table, &wanted);
    }
}

/// Rows of more columns than are kept on the stack, blocks that are not full, more of them than threads.
#[test]
fn wide_and_long_tables() {
    let mut rng = stream(5, 0);
    for (n, d) in [(700, 33), (300, 130), (40_000, 1), (5000, 3)] {
        let table = table(&mut rng, n, d);
        let labels: Vec<Option<u32>> = (0..n).map(|i| Some(u32::from(i % 2 == 1))).collect();
        let builder = GaussianMixture::builder(2)
            .covariance(CovarianceStructure::Tied)
            .max_iterations(2)
            .start(Start::Labels(&labels));
        let wanted = outcome(&builder, table.view());
        assert!(wanted.is_ok());
        all_agree(&builder, &table, &wanted);
    }
}

/// The floor is computed from all rows at once.
#[test]
fn floors_agree() {
    let mut rng = stream(6, 0);
    let mut table = table(&mut rng, 90, 2);
    // A component on one point.
    for row in table.values.chunks_exact_mut(2).take(30) {
        row.copy_from_slice(&[9.0, 9.0]);
    }
    let builder = GaussianMixture::builder(2).on_degenerate(OnDegenerate::Floor);
    let wanted = outcome(&builder, table.view());
    assert!(wanted.is_ok());
    all_agree(&builder, &table, &wanted);
}

/// The other sets over rows: t distributions and factor analysers.
#[test]
fn other_components_agree() {
    fn agree<S: RowSet + PartialEq>(set: &S, table: &RowsBuffer<f64>) {
        let options = Options {
            max_iterations: 5,
            restarts: 2,
            ..Options::default()
        };
        let template = Mixture::uniform(set.clone());
        let rows = Data::new(table.view());
        let wanted = fit_from(&template, rows, Start::Spread, &options).unwrap();
        let (n, d) = (table.values.len() / table.width, table.width);
        for layout in layouts(n, d) {
            let single = Laid::new(table, layout, |x| x as f32);
            let template = Mixture::uniform(OverMatrix::new(set.clone()));
            let rows = Data::new(single.view(n, d));
            let found = fit_from(&template, rows, Start::Spread, &options).unwrap();
            assert_eq!(bits(&wanted.report.trace), bits(&found.report.trace));
            assert!(wanted.model == found.model.with_components(OverMatrix::into_set));
        }
    }
    let mut rng = stream(7, 0);
    let table = table(&mut rng, 400, 5);
    agree(
        &MultivariateTs::standard(CovarianceStructure::Full, 2, 5),
        &table,
    );
    let factors = FactorAnalyzers::standard(FactorStructure::own(2), 2, 5);
    agree(&factors.unwrap(), &table);
}

#[test]
fn what_is_no_matrix_is_refused() {
    let values = [0.0; 12];
    assert!(MatrixView::strided(&values, 3, 4, 4, 1).is_ok());
    assert!(MatrixView::strided(&values, 3, 4, 5, 1).is_err());
    assert!(MatrixView::strided(&values, 3, 0, 4, 1).is_err());
    assert!(MatrixView::strided(&values, 1 << 40, 4, usize::MAX / 2, 1).is_err());
    assert!(MatrixView::strided(&values, 0, 4, 4, 1).is_ok());
    assert!(MatrixView::column_major(&values, 5).is_err());
    assert!(MatrixView::column_major(&values, 0).is_err());
    assert_eq!(MatrixView::column_major(&values, 4).unwrap().len(), 3);
    // No row is no panic.
    let none = MatrixView::strided(&values[..0], 0, 2, 2, 1).unwrap();
    assert!(GaussianMixture::builder(1).fit(none).is_err());
    let fitted = GaussianMixture::builder(1)
        .fit(RowsView::new(&[1.0f32, 2.0, 4.0], 1))
        .unwrap();
    let none = MatrixView::strided(&values[..0], 0, 1, 1, 1).unwrap();
    assert!(fitted.predict(none).unwrap().is_empty());
    assert!(
        fitted
            .predict(MatrixView::column_major(&values, 4).unwrap())
            .is_err()
    );
}

/// A number that only `f64` holds is not rounded; one of `f32` is what it is in `f64`.
#[test]
fn numbers_are_converted_exactly() {
    let fitted = GaussianMixture::builder(1)
        .fit(RowsView::new(&[0.1f32, 0.3, 0.2], 1))
        .unwrap();
    let mean = (f64::from(0.1f32) + f64::from(0.3f32) + f64::from(0.2f32)) / 3.0;
    // Two roundings of a mean of three numbers.
    assert!((fitted.means()[0][0] - mean).abs() <= 2.0 * f64::EPSILON * mean);
    assert_ne!(mean, 0.2);
}

#[cfg(feature = "ndarray")]
#[test]
fn arrays_agree() {
    use ndarray::{Array2, Axis, ShapeBuilder, s};
    let mut rng = stream(8, 0);
    for (n, d) in [(301, 4), (260, 1), (300, 40)] {
        let table = table(&mut rng, n, d);
        let builder = GaussianMixture::builder(2)
            .covariance(CovarianceStructure::Diagonal)
            .restarts(1)
            .max_iterations(5);
        let wanted = outcome(&builder, table.view()).unwrap();
        let cell = |(i, j): (usize, usize)| table.values[i * d + j];
        let rows = Array2::from_shape_fn((n, d), cell);
        assert!(outcome(&builder, rows.view()).unwrap() == wanted);
        let single = rows.mapv(|x| x as f32);
        assert!(outcome(&builder, single.view()).unwrap() == wanted);
        let columns = Array2::from_shape_fn((n, d).f(), cell);
        assert!(outcome(&builder, columns.view()).unwrap() == wanted);
        let transposed = Array2::from_shape_fn((d, n), |(j, i)| cell((i, j)));
        assert!(outcome(&builder, transposed.t()).unwrap() == wanted);
        // Part of a larger array, and an array backwards both ways.
        let mut larger = Array2::from_elem((2 * n + 1, d + 3), f32::NAN);
        larger.slice_mut(s![1..;2, 2..d + 2]).assign(&single);
        assert!(outcome(&builder, larger.slice(s![1..;2, 2..d + 2])).unwrap() == wanted);
        let mut backwards = rows.clone();
        backwards.invert_axis(Axis(0));
        backwards.invert_axis(Axis(1));
        let backwards = backwards.as_standard_layout().into_owned();
        assert!(outcome(&builder, backwards.slice(s![..;-1, ..;-1])).unwrap() == wanted);
    }
    let empty = Array2::<f64>::zeros((5, 0));
    assert!(GaussianMixture::builder(1).fit(empty.view()).is_err());
}

#[cfg(feature = "faer")]
#[test]
fn faer_matrices_agree() {
    use faer::Mat;
    let mut rng = stream(9, 0);
    for (n, d) in [(301, 4), (260, 1), (300, 40)] {
        let table = table(&mut rng, n, d);
        let builder = GaussianMixture::builder(2)
            .covariance(CovarianceStructure::Diagonal)
            .restarts(1)
            .max_iterations(5);
        let wanted = outcome(&builder, table.view()).unwrap();
        let cell = |i: usize, j: usize| table.values[i * d + j];
        let double = Mat::from_fn(n, d, cell);
        assert!(outcome(&builder, double.as_ref()).unwrap() == wanted);
        let single = Mat::from_fn(n, d, |i, j| cell(i, j) as f32);
        assert!(outcome(&builder, single.as_ref()).unwrap() == wanted);
        let transposed = Mat::from_fn(d, n, |j, i| cell(i, j));
        assert!(outcome(&builder, transposed.transpose()).unwrap() == wanted);
        let larger = Mat::from_fn(n + 4, d + 5, |i, j| {
            let inside = (3..n + 3).contains(&i) && (2..d + 2).contains(&j);
            if inside { cell(i - 3, j - 2) } else { f64::NAN }
        });
        assert!(outcome(&builder, larger.submatrix(3, 2, n, d)).unwrap() == wanted);
        let backwards = Mat::from_fn(n, d, |i, j| cell(n - 1 - i, d - 1 - j));
        let turned = backwards.as_ref().reverse_rows_and_cols();
        assert!(outcome(&builder, turned).unwrap() == wanted);
    }
    let empty = Mat::<f64>::zeros(5, 0);
    assert!(GaussianMixture::builder(1).fit(empty.as_ref()).is_err());
}
