//! The distinct rows from which clusters are built up.

use crate::matrix::{MatrixView, Real};
use distributions::{RowsView, View};
use em::{FitError, stream};
use rand::{Rng, RngExt};

/// Distinct rows, columns divided by their standard deviations, with the sums of their row weights.
pub(super) struct Points {
    /// m × d, row-major.
    pub(super) values: Vec<f64>,
    pub(super) weights: Vec<f64>,
    pub(super) dimension: usize,
    /// For each row of the data the point it is, where it was drawn into the sample.
    pub(super) of_row: Vec<Option<u32>>,
    /// How many rows are among the points.
    pub(super) rows_used: usize,
}

impl Points {
    /// The number of points m.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }
    /// The distinct ones among the rows of positive weight, or among `most` of these, drawn by `seed`.
    pub(super) fn new<T: Real>(
        rows: MatrixView<'_, T>,
        row_weights: Option<&[f64]>,
        most: usize,
        seed: u64,
    ) -> Result<Points, FitError> {
        let used = used_rows(rows, row_weights, most, &mut stream(seed, 0))?;
        let weights: Vec<f64> = (used.iter())
            .map(|&row| row_weights.map_or(1.0, |weights| weights[row]))
            .collect();
        let mut sample = vec![0.0; used.len() * rows.width()];
        for (&row, into) in used.iter().zip(sample.chunks_exact_mut(rows.width())) {
            rows.with_row(row, |x| into.copy_from_slice(x));
        }
        let sample = RowsView::new(&sample, rows.width());
        let (shift, scale) = standardization(sample, &weights);
        let mut points = Points {
            values: Vec::new(),
            weights: Vec::new(),
            dimension: rows.width(),
            of_row: vec![None; rows.len()],
            rows_used: used.len(),
        };
        for group in equal_rows(sample) {
            let point = u32::try_from(points.len()).ok();
            let row = sample.at(group[0]).iter().zip(&shift).zip(&scale);
            points
                .values
                .extend(row.map(|((x, shift), scale)| (x - shift) * scale));
            points
                .weights
                .push(group.iter().map(|&place| weights[place]).sum());
            (group.iter()).for_each(|&place| points.of_row[used[place]] = point);
        }
        Ok(points)
    }
}

/// The rows of positive weight, or `most` of them drawn without replacement; checked.
fn used_rows<T: Real, R: Rng + ?Sized>(
    rows: MatrixView<'_, T>,
    row_weights: Option<&[f64]>,
    most: usize,
    rng: &mut R,
) -> Result<Vec<usize>, FitError> {
    check(rows, row_weights)?;
    let positive = |row: &usize| row_weights.is_none_or(|weights| weights[*row] > 0.0);
    let mut used: Vec<usize> = (0..rows.len()).filter(positive).collect();
    if used.is_empty() {
        return Err(FitError::NoRows);
    }
    if used.len() > most {
        for place in 0..most {
            let other = rng.random_range(place..used.len());
            used.swap(place, other);
        }
        used.truncate(most);
        used.sort_unstable();
    }
    Ok(used)
}

/// Checks that weights are such, and rows of positive weight finite.
pub(crate) fn check<T: Real>(
    rows: MatrixView<'_, T>,
    row_weights: Option<&[f64]>,
) -> Result<(), FitError> {
    if let Some(weights) = row_weights {
        if weights.len() != rows.len() {
            return Err(FitError::Shape(format!(
                "{} row weights for {} rows",
                weights.len(),
                rows.len()
            )));
        }
        let valid = |weight: f64| weight >= 0.0 && weight.is_finite();
        if let Some(row) = weights.iter().position(|&weight| !valid(weight)) {
            let weight = weights[row];
            return Err(FitError::RowWeight { row, weight });
        }
    }
    let wild = |row: &usize| {
        let counts = row_weights.is_none_or(|weights| weights[*row] > 0.0);
        counts && !rows.with_row(*row, |row| row.iter().all(|x| x.is_finite()))
    };
    match (0..rows.len()).find(wild) {
        Some(row) => Err(FitError::Observation {
            row,
            requirement: "must be finite",
        }),
        None => Ok(()),
    }
}

/// The weighted means of the columns, and the reciprocals of their standard deviations; 1 for a column
/// that does not vary.
fn standardization(rows: RowsView<'_, f64>, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let d = rows.width();
    let (mut total, mut mean, mut squares) = (0.0, vec![0.0; d], vec![0.0; d]);
    for (row, &weight) in weights.iter().enumerate() {
        total += weight;
        let share = weight / total;
        for ((mean, square), x) in mean.iter_mut().zip(&mut squares).zip(rows.at(row)) {
            let before = x - *mean;
            *mean += before * share;
            *square += weight * before * (x - *mean);
        }
    }
    let scale = squares.iter().map(|square| {
        let scale = 1.0 / (square / total).sqrt();
        if scale.is_finite() { scale } else { 1.0 }
    });
    let scale = scale.collect();
    (mean, scale)
}

/// The rows in groups of equal ones, in the order of their first rows.
fn equal_rows(rows: RowsView<'_, f64>) -> Vec<Vec<usize>> {
    let mut sorted: Vec<usize> = (0..rows.len()).collect();
    // 0 and −0 are one number.
    let order = |&a: &usize, &b: &usize| {
        let pairs = rows.at(a).iter().zip(rows.at(b));
        let mut differing = pairs.map(|(x, y)| (x + 0.0).total_cmp(&(y + 0.0)));
        let found = differing.find(|order| order.is_ne());
        found.unwrap_or(std::cmp::Ordering::Equal)
    };
    sorted.sort_by(order);
    let mut groups: Vec<Vec<usize>> = (sorted.chunk_by(|a, b| order(a, b).is_eq()))
        .map(<[usize]>::to_vec)
        .collect();
    groups.sort_by_key(|group| group[0]);
    groups
}
