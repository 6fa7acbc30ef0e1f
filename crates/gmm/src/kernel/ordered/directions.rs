//! The first discriminant coordinates of some components: projections z = P (x − c) on the directions in which means lie
//! furthest apart, in units of the average covariance (Rao 1948, Journal of the Royal Statistical Society B 10).
//!
//! A projection of a Gaussian is a Gaussian with mean P (μ − c) and covariance P Σ Pᵀ, and its quadratic form is at most that
//! of all columns: a few coordinates bound every density from above, at a small part of the cost.

use super::LANES;
use crate::gaussian::Gaussian;
use crate::linalg;
use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};

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

/// The projection, and what it makes of components.
#[derive(Debug)]
pub(super) struct Directions {
    /// −P c, c being the mean of the means; [`LANES`] coordinates after another.
    start: Vec<f64>,
    /// Pᵀ, [`LANES`] coordinates after another, each d × [`LANES`], with zeros after the coordinates that there are.
    directions: Vec<f64>,
    /// The components in these coordinates.
    components: Vec<Gaussian>,
    /// What is to be added to ln p_k(z) for a bound of ln p_k(x).
    constants: Vec<f64>,
}

impl Directions {
    /// Those of these components; `None` where means lie near to each other, or too far away.
    pub(super) fn of(gaussians: &[Gaussian]) -> Option<Self> {
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
        let components = own?;
        let pairs = gaussians.iter().zip(&components);
        let constants = pairs.map(|(all, own)| all.log_constant() - own.log_constant());
        Some(Directions {
            constants: constants.collect(),
            components,
            start,
            directions,
        })
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
        let starts = self.start.chunks_exact(LANES);
        let panels = self.directions.len() / starts.len();
        let directions = self.directions.chunks_exact(panels).zip(starts);
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
