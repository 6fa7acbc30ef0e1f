//! One system for the coefficients of all components.

use distributions::EstimateError;
use distributions::regression::{NormalEquations, dependent_column, solve_scaled};

/// The equations of all components as one system: the unknowns of each component's own, component
/// after component, then the common ones. LDLᵀ in that order eliminates the own ones first, so the
/// common ones are found from what the components leave (the Schur complement).
pub(super) struct Joint<'a> {
    equations: &'a [NormalEquations],
    own: usize,
    /// Component and column of each unknown; no component for a common one.
    unknowns: Vec<(Option<usize>, usize)>,
}

impl<'a> Joint<'a> {
    pub(super) fn new(equations: &'a [NormalEquations], own: usize) -> Self {
        let mut unknowns = Vec::new();
        for (k, part) in equations.iter().enumerate() {
            let columns = part.kept().iter().filter(|&&j| j < own);
            unknowns.extend(columns.map(|&j| (Some(k), j)));
        }
        let common = equations.first().map_or(&[][..], NormalEquations::kept);
        unknowns.extend(common.iter().filter(|&&j| j >= own).map(|&j| (None, j)));
        Joint {
            equations,
            own,
            unknowns,
        }
    }
    /// Where column j of component k stands among the unknowns.
    fn place(&self, k: usize, j: usize) -> usize {
        let wanted = (Some(k).filter(|_| j < self.own), j);
        let found = self.unknowns.iter().position(|&unknown| unknown == wanted);
        found.unwrap_or(0)
    }
    /// The step of every component's coefficients.
    ///
    /// # Errors
    /// Naming the column, and the component where it is one of its own.
    pub(super) fn steps(&self) -> Result<Vec<Vec<f64>>, EstimateError> {
        let size = self.unknowns.len();
        let mut matrix = vec![0.0; size * size];
        let mut right = vec![0.0; size];
        let mut places = Vec::with_capacity(self.equations.len());
        for (k, part) in self.equations.iter().enumerate() {
            let at: Vec<usize> = part.kept().iter().map(|&j| self.place(k, j)).collect();
            let rows = part.matrix().chunks_exact(at.len().max(1));
            for ((row, &i), value) in rows.zip(&at).zip(part.right()) {
                right[i] += value;
                for (entry, &j) in row.iter().zip(&at) {
                    matrix[i * size + j] += entry;
                }
            }
            places.push(at);
        }
        let solution = solve_scaled(&matrix, &right).map_err(|unknown| {
            let (component, column) = self.unknowns[unknown];
            let error = dependent_column(column);
            match component {
                Some(k) => error.in_component(k),
                None => error,
            }
        })?;
        let parts = self.equations.iter().zip(&places);
        Ok(parts
            .map(|(part, at)| {
                let kept: Vec<f64> = at.iter().map(|&i| solution[i]).collect();
                part.complete(&kept)
            })
            .collect())
    }
}
