//! The first discriminant coordinates of some components: projections z = P (x − c) on the directions in which means lie
//! furthest apart, in units of the average covariance (Rao 1948, Journal of the Royal Statistical Society B 10).
//!
//! Under diagonal covariances they are columns.
//!
//! A projection of a Gaussian is a Gaussian with mean P (μ − c) and covariance P Σ Pᵀ, and its quadratic form is at most that
//! of all columns: a few coordinates bound every density from above, at a small part of the cost.

use super::LANES;
use super::picked_columns::{PickedColumn, most_are_apart, pick_columns};
use super::sparse::GAP;
use crate::gaussian::{Factor, Gaussian};
use crate::linalg;
use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};
use std::sync::OnceLock;

/// Directions in which means lie so little apart (squared, beside the first) are left out: rounding makes them up.
const LEAST: f64 = 1e-10;

/// Means that lie nearer to each other (squared, in deviations) tell nothing.
const NEAR: f64 = 1.0;

/// The most coordinates.
const MOST: usize = 2 * LANES;

/// How far in deviations the origin may be: coordinates are then wrong by some 1e-5 in many columns, and bounds by less
/// than 1e-3.
const FAR: f64 = 1e9;

/// Rows that are projected together.
const ROWS: usize = 4;

/// The coordinates of components, found when they are first asked for.
#[derive(Debug, Default)]
pub(crate) struct Discriminants(OnceLock<Option<Projection>>);

/// A function of the components, which are compared themselves.
impl PartialEq for Discriminants {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Discriminants {
    /// Those of these components, always the same; `None` where these have none.
    pub(super) fn of(&self, gaussians: &[Gaussian]) -> Option<&Projection> {
        self.0.get_or_init(|| Projection::of(gaussians)).as_ref()
    }
}

/// The projection, and what it makes of components.
#[derive(Debug)]
pub(super) struct Projection {
    /// −P c, c being the mean of the means; [`LANES`] coordinates after another.
    start: Vec<f64>,
    coordinates: Coordinates,
    /// The components in these coordinates.
    components: Vec<Gaussian>,
    /// What is to be added to ln p_k(z) for a bound of ln p_k(x).
    constants: Vec<f64>,
}

/// P.
#[derive(Debug)]
enum Coordinates {
    /// Pᵀ, [`LANES`] coordinates after another, each d × [`LANES`], with zeros after the coordinates that there are.
    Directions(Vec<f64>),
    /// Columns as they are, where all covariances are diagonal: projections then have diagonal covariances too.
    Columns(Vec<usize>),
}

impl Projection {
    fn of(gaussians: &[Gaussian]) -> Option<Self> {
        if gaussians.iter().all(is_diagonal) {
            return Self::of_columns(gaussians);
        }
        let (count, d) = (gaussians.len(), gaussians[0].dimension());
        let share = 1.0 / count as f64;
        let (mut centre, mut within) = (vec![0.0; d], vec![0.0; d * d]);
        for gaussian in gaussians {
            let covariance = gaussian.covariance();
            let pairs = within.iter_mut().zip(&covariance);
            pairs.for_each(|(sum, value)| *sum += share * value);
            let pairs = centre.iter_mut().zip(gaussian.mean());
            pairs.for_each(|(sum, value)| *sum += share * value);
        }
        let lower = linalg::cholesky(&within, d).ok()?;
        let ways = gaussians.iter().map(|gaussian| {
            let pairs = gaussian.mean().iter().zip(&centre);
            pairs.map(|(mean, centre)| mean - centre).collect()
        });
        let ways: Vec<Vec<f64>> = ways.collect();
        let mut whitened = ways.clone();
        for way in &mut whitened {
            linalg::solve_lower(&lower, way);
        }
        let products: Vec<f64> = (whitened.iter())
            .flat_map(|a| whitened.iter().map(|b| linalg::inner(a, b)))
            .collect();
        let eigen = linalg::eigen(&products, count)?;
        if !(eigen.values[0] > NEAR) {
            return None;
        }
        let some = (eigen.values.iter()).take_while(|&&value| value > LEAST * eigen.values[0]);
        let coordinates = some.count().min(MOST);
        let mut directions = vec![0.0; d * coordinates.next_multiple_of(LANES)];
        for coordinate in 0..coordinates {
            let mut direction = vec![0.0; d];
            for (k, mean) in whitened.iter().enumerate() {
                let share = eigen.vectors[k * count + coordinate];
                let pairs = direction.iter_mut().zip(mean);
                pairs.for_each(|(sum, value)| *sum += share * value);
            }
            let length = eigen.values[coordinate].sqrt();
            direction.iter_mut().for_each(|x| *x /= length);
            linalg::solve_lower_from_left(&lower, d, &mut direction);
            for (j, x) in direction.into_iter().enumerate() {
                directions[place(d, coordinate, j)] = x;
            }
        }
        let mut start = vec![0.0; coordinates.next_multiple_of(LANES)];
        for (coordinate, start) in start.iter_mut().enumerate().take(coordinates) {
            let terms = (0..d).map(|j| directions[place(d, coordinate, j)] * centre[j]);
            let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
            if !(size <= FAR) {
                return None;
            }
            *start = -sum;
        }
        let own = gaussians.iter().zip(&ways);
        let own = own.map(|(gaussian, way)| projected(&directions, gaussian, way, coordinates));
        let own: Option<Vec<Gaussian>> = own.collect();
        Some(Self::with(
            gaussians,
            own?,
            start,
            Coordinates::Directions(directions),
        ))
    }
    /// Columns as coordinates; `None` where most means lie too near to another even there.
    fn of_columns(gaussians: &[Gaussian]) -> Option<Self> {
        let picked = pick_columns(gaussians, MOST);
        let far = |column: &PickedColumn| !(column.centre.abs() <= FAR * column.within.sqrt());
        if picked.iter().any(far) || !most_are_apart(gaussians, &picked, 2.0 * GAP) {
            return None;
        }
        let own = gaussians.iter().map(|gaussian| {
            let means = picked
                .iter()
                .map(|own| gaussian.mean()[own.column] - own.centre);
            let mut variances = vec![0.0; picked.len() * picked.len()];
            for (l, own) in picked.iter().enumerate() {
                variances[l * (picked.len() + 1)] = gaussian.variance(own.column);
            }
            Gaussian::from_matrix(means.collect(), variances).ok()
        });
        let own: Option<Vec<Gaussian>> = own.collect();
        let start = picked.iter().map(|own| -own.centre).collect();
        let columns = picked.iter().map(|own| own.column).collect();
        Some(Self::with(
            gaussians,
            own?,
            start,
            Coordinates::Columns(columns),
        ))
    }
    fn with(
        gaussians: &[Gaussian],
        own: Vec<Gaussian>,
        start: Vec<f64>,
        coordinates: Coordinates,
    ) -> Self {
        let pairs = gaussians.iter().zip(&own);
        let constants = pairs.map(|(all, own)| all.log_constant() - own.log_constant());
        Projection {
            constants: constants.collect(),
            components: own,
            start,
            coordinates,
        }
    }
    /// How many coordinates there are.
    pub(super) fn coordinates(&self) -> usize {
        self.components[0].dimension()
    }
    pub(super) fn components(&self) -> &[Gaussian] {
        &self.components
    }
    pub(super) fn constants(&self) -> &[f64] {
        &self.constants
    }
    /// Writes the first coordinates of rows column after column, each `stride` numbers from the one before.
    pub(super) fn project<'a>(
        &self,
        rows: usize,
        row: impl Fn(usize) -> &'a [f64],
        columns: &mut [f64],
        stride: usize,
    ) {
        let directions = match &self.coordinates {
            Coordinates::Columns(picked) => {
                let columns = columns.chunks_exact_mut(stride);
                for ((column, &j), &start) in columns.zip(picked).zip(&self.start) {
                    for (i, x) in column[..rows].iter_mut().enumerate() {
                        *x = row(i)[j] + start;
                    }
                }
                return;
            }
            Coordinates::Directions(directions) => directions,
        };
        let starts = self.start.chunks_exact(LANES);
        let panels = directions.len() / starts.len();
        let directions = directions.chunks_exact(panels).zip(starts);
        for ((directions, start), columns) in directions.zip(columns.chunks_mut(LANES * stride)) {
            arch().dispatch(Project {
                start,
                directions,
                rows,
                row: &row,
                columns,
                stride,
            });
        }
    }
}

/// The Gaussian of P (x − c) in these directions; `way` is μ − c.
fn projected(
    directions: &[f64],
    gaussian: &Gaussian,
    way: &[f64],
    coordinates: usize,
) -> Option<Gaussian> {
    let d = way.len();
    let direction = |l: usize| (0..d).map(move |j| directions[place(d, l, j)]);
    let along = |l: usize| direction(l).zip(way).map(|(p, way)| p * way).sum();
    let mean = (0..coordinates).map(along).collect();
    let covariance = gaussian.covariance();
    let mut whole = vec![0.0; coordinates * coordinates];
    for a in 0..coordinates {
        let own: Vec<f64> = direction(a).collect();
        let rows = covariance.chunks_exact(d);
        let part: Vec<f64> = rows.map(|row| linalg::inner(row, &own)).collect();
        for b in 0..=a {
            let value = direction(b).zip(&part).map(|(p, part)| p * part).sum();
            (whole[a * coordinates + b], whole[b * coordinates + a]) = (value, value);
        }
    }
    Gaussian::from_matrix(mean, whole).ok()
}

fn is_diagonal(gaussian: &Gaussian) -> bool {
    matches!(gaussian.factor(), Factor::Diagonal(_))
}

/// Where the coefficient of column `j` for a coordinate stands.
fn place(d: usize, coordinate: usize, j: usize) -> usize {
    (coordinate / LANES * d + j) * LANES + coordinate % LANES
}

/// Up to [`LANES`] coordinates.
struct Project<'a, F> {
    start: &'a [f64],
    directions: &'a [f64],
    rows: usize,
    row: F,
    columns: &'a mut [f64],
    stride: usize,
}

impl<'r, F: Fn(usize) -> &'r [f64]> WithSimd for Project<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F64_LANES {
            8 => self.with_vectors::<S, 1>(simd),
            4 => self.with_vectors::<S, 2>(simd),
            2 => self.with_vectors::<S, 4>(simd),
            _ => self.with_vectors::<S, 8>(simd),
        }
    }
}

impl<'r, F: Fn(usize) -> &'r [f64]> Project<'_, F> {
    /// The coordinates of a row are `V` vectors.
    #[inline(always)]
    fn with_vectors<S: Simd, const V: usize>(self, simd: S) {
        let (start, _) = S::as_simd_f64s(self.start);
        let (directions, _) = S::as_simd_f64s(self.directions);
        let (directions, _) = directions.as_chunks::<V>();
        let mut begin = [simd.splat_f64s(0.0); V];
        begin.copy_from_slice(&start[..V]);
        for first in (0..self.rows).step_by(ROWS) {
            let mut at = [first; ROWS];
            let mut rows: [&[f64]; ROWS] = [&[]; ROWS];
            for r in 0..ROWS {
                // Past the last row, the last row again.
                at[r] = (first + r).min(self.rows - 1);
                rows[r] = &(self.row)(at[r])[..directions.len()];
            }
            let mut sums = [begin; ROWS];
            for (j, direction) in directions.iter().enumerate() {
                for r in 0..ROWS {
                    let x = simd.splat_f64s(rows[r][j]);
                    for v in 0..V {
                        sums[r][v] = simd.mul_add_e_f64s(x, direction[v], sums[r][v]);
                    }
                }
            }
            for r in 0..ROWS {
                let mut coordinates = [0.0; LANES];
                let (vectors, _) = S::as_mut_simd_f64s(&mut coordinates);
                vectors[..V].copy_from_slice(&sums[r]);
                let columns = self.columns.chunks_exact_mut(self.stride);
                for (column, &coordinate) in columns.zip(&coordinates) {
                    column[at[r]] = coordinate;
                }
            }
        }
    }
}
