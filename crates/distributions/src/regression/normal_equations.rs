//! The weighted normal equations, about the mean where the design has an intercept.

use super::CrossProducts;
use crate::dense::{DenseError, Ldl};
use crate::{EstimateError, Reason, Statistics};

/// Above this factor, by which the other columns inflate the variance of a coefficient, the column
/// is taken for dependent: its part that is its own is 10⁻¹³ of its sum of squares, a few hundred
/// roundings.
const INFLATION: f64 = 1e13;

/// (S + W x̄x̄ᵀ) β = s + t x̄: least squares in terms of centred sums.
///
/// S and x̄ are centred products and means of the columns of a design with weights of sum W; s and t
/// are the sums of residual × (x − x̄) and of residuals. Where a column is constant (an intercept) it
/// is eliminated first, exactly: what remains is S β = s for the other columns, which no offset of a
/// column can spoil. Without a constant column the whole matrix is formed, and a column whose mean
/// is far larger than its spread loses twice the digits of their ratio.
#[derive(Clone, Debug)]
pub struct NormalEquations {
    /// The columns of the system, in order: all, or all but the intercept.
    kept: Vec<usize>,
    /// The constant column.
    intercept: Option<usize>,
    matrix: Vec<f64>,
    right: Vec<f64>,
    mean: Vec<f64>,
    /// t / W: what the intercept makes the mean of the linear predictor.
    level: f64,
}

impl NormalEquations {
    /// The equations for the first `gradient.len()` columns of `design`, where `gradient` is s and
    /// `total` is t. A constant column counts as intercept if it is among the first `candidates`.
    pub fn new(design: &CrossProducts, gradient: &[f64], total: f64, candidates: usize) -> Self {
        let columns = gradient.len();
        let (weight, mean) = (design.weight(), &design.mean()[..columns]);
        // Constant: its spread is that of its own rounding.
        let constant = |&j: &usize| {
            let rounding = 4.0 * f64::EPSILON * mean[j];
            mean[j] != 0.0 && design.product(j, j) <= weight * rounding * rounding
        };
        let intercept = (0..candidates.min(columns)).find(constant);
        let kept: Vec<usize> = (0..columns).filter(|&j| Some(j) != intercept).collect();
        let raw = if intercept.is_some() { 0.0 } else { 1.0 };
        let matrix = kept
            .iter()
            .flat_map(|&j| kept.iter().map(move |&l| (j, l)))
            .map(|(j, l)| design.product(j, l) + raw * (weight * mean[j] * mean[l]))
            .collect();
        let right = kept
            .iter()
            .map(|&j| gradient[j] + raw * (total * mean[j]))
            .collect();
        NormalEquations {
            kept,
            intercept,
            matrix,
            right,
            mean: mean.to_vec(),
            level: total / weight,
        }
    }
    /// The same equations, each multiplied by `factor`: rows of a variance enter a system with others
    /// by its reciprocal.
    pub fn scaled(mut self, factor: f64) -> Self {
        let sides = self.matrix.iter_mut().chain(&mut self.right);
        sides.for_each(|value| *value *= factor);
        self
    }
    /// The columns that the system is about, in order.
    pub fn kept(&self) -> &[usize] {
        &self.kept
    }
    /// The constant column that was eliminated.
    pub fn intercept(&self) -> Option<usize> {
        self.intercept
    }
    /// The symmetric matrix over the kept columns, row-major.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }
    /// The right side over the kept columns.
    pub fn right(&self) -> &[f64] {
        &self.right
    }
    /// All coefficients, from those of the kept columns.
    pub fn complete(&self, kept: &[f64]) -> Vec<f64> {
        let mut coefficients = vec![0.0; self.mean.len()];
        let mut level = self.level;
        for (&j, &value) in self.kept.iter().zip(kept) {
            coefficients[j] = value;
            level -= self.mean[j] * value;
        }
        if let Some(j) = self.intercept {
            coefficients[j] = level / self.mean[j];
        }
        coefficients
    }
    /// The coefficients.
    ///
    /// # Errors
    /// [`Reason::Singular`], naming the column that depends on the others.
    pub fn solve(&self) -> Result<Vec<f64>, EstimateError> {
        solve_scaled(&self.matrix, &self.right)
            .map(|solution| self.complete(&solution))
            .map_err(|at| dependent_column(self.kept[at]))
    }
}

/// The error of a design whose column `column` says nothing that the others do not.
pub fn dependent_column(column: usize) -> EstimateError {
    EstimateError::new(Reason::Singular {
        because: "the column is a linear combination of the ones before it",
    })
    .in_column(column)
}

/// Solves A·x = right for a positive semi-definite A by LDLᵀ after scaling the diagonal to 1, so that
/// the units of the columns do not matter.
///
/// # Errors
/// The row that depends on others.
pub fn solve_scaled(matrix: &[f64], right: &[f64]) -> Result<Vec<f64>, usize> {
    let size = right.len();
    let mut scale = Vec::with_capacity(size);
    for j in 0..size {
        let diagonal = matrix[j * size + j];
        if !(diagonal > 0.0 && diagonal < f64::INFINITY) {
            return Err(j);
        }
        scale.push(1.0 / diagonal.sqrt());
    }
    let scaled: Vec<f64> = (0..size * size)
        .map(|at| matrix[at] * scale[at / size] * scale[at % size])
        .collect();
    let factor = Ldl::new(&scaled, size).map_err(|error| match error {
        DenseError::Pivot { index, .. } => index,
        DenseError::NotFinite { index } => index / size,
        _ => size - 1,
    })?;
    let inverse = factor.inverse();
    // The last of them depends on those before it.
    if let Some(j) = (0..size).rfind(|j| !(inverse[j * size + j] < INFLATION)) {
        return Err(j);
    }
    let mut solution: Vec<f64> = right.iter().zip(&scale).map(|(r, s)| r * s).collect();
    factor.solve_in_place(&mut solution);
    solution
        .iter_mut()
        .zip(&scale)
        .for_each(|(value, s)| *value *= s);
    if let Some(j) = solution.iter().position(|value| !value.is_finite()) {
        return Err(j);
    }
    Ok(solution)
}
