//! The data of a fit: observations, row weights, and what is known about the latent classes.

use crate::error::FitError;
use crate::row_cache::{BlockCache, Places};
use crate::row_source::RowSource;
use distributions::{Space, View};
use std::ops::Range;

/// Observations with what is known about each row. Borrowed: nothing is copied.
///
/// ```
/// use em::Data;
/// let data = Data::new(&[1.0, 2.0, 3.0][..]).weighted(&[1.0, 2.0, 0.5]);
/// assert_eq!(data.observations(), 3.5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Data<'a, V> {
    /// The observations.
    pub xs: V,
    /// Row weights w_i ≥ 0: (possibly fractional) frequencies; `None` is 1 each. A row of weight 0
    /// has no influence at all.
    pub row_weights: Option<&'a [f64]>,
    /// Rows whose components are restricted; `None` is no restriction.
    pub allowed: Option<Allowed<'a>>,
    /// Where something may be kept of the rows.
    places: Option<Places<'a>>,
}

/// Rows whose components are restricted: partial labels.
///
/// Row i with `index[i]` = j may only come from component k with probability in proportion to the
/// evidence e_jk = exp(`log_evidence[j * K + k]`): r_ik ∝ π_k p_k(x_i) e_jk. Evidence 0 or 1 makes a
/// known label (one 1) or a must-belong mask (several); fractions are the plausibilities of Côme et
/// al. (2009). [`Allowed::FREE`] as index leaves the row free.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    /// For each row the line of the table, or [`Allowed::FREE`].
    pub index: &'a [u32],
    /// A table of ln e, lines of K numbers.
    pub log_evidence: &'a [f64],
}

impl Allowed<'_> {
    /// The index of a row about which nothing is known.
    pub const FREE: u32 = u32::MAX;

    /// What is known about the rows in the range.
    pub(crate) fn block(&self, rows: Range<usize>) -> Self {
        Allowed {
            index: &self.index[rows],
            ..*self
        }
    }
    /// Brings a K × n matrix of starting shares in line with what is known: those of a restricted row
    /// are multiplied by its evidence, with their sum kept. A row that had none, or none where it is
    /// allowed, is shared by the evidence alone.
    pub(crate) fn restrict_shares(&self, rows: usize, shares: &mut [f64]) {
        let components = shares.len() / rows.max(1);
        for (i, &line) in self.index.iter().enumerate() {
            if line == Allowed::FREE {
                continue;
            }
            let start = line as usize * components;
            let logs = &self.log_evidence[start..start + components];
            let largest = logs.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            let evidence = |k: usize| (logs[k] - largest).exp();
            let before: f64 = (0..components).map(|k| shares[k * rows + i]).sum();
            let left: f64 = (0..components)
                .map(|k| shares[k * rows + i] * evidence(k))
                .sum();
            let wanted = if before > 0.0 { before } else { 1.0 };
            for (k, share) in shares[i..].iter_mut().step_by(rows).enumerate() {
                *share = if left > 0.0 {
                    *share * evidence(k) * (wanted / left)
                } else {
                    evidence(k) * wanted / (0..components).map(evidence).sum::<f64>()
                };
            }
        }
    }

    /// The table in which line k allows component k alone: index = label.
    pub fn labels(components: usize) -> Vec<f64> {
        let mut table = vec![f64::NEG_INFINITY; components * components];
        table
            .iter_mut()
            .step_by(components + 1)
            .for_each(|e| *e = 0.0);
        table
    }
}

impl<'a, V: View> Data<'a, V> {
    /// Observations of weight 1 about which nothing else is known.
    pub fn new(xs: V) -> Self {
        Data {
            xs,
            row_weights: None,
            allowed: None,
            places: None,
        }
    }
    /// The rows of a source, of weight 1 each.
    pub fn of<S: RowSource + ?Sized>(source: &'a S) -> Self
    where
        S::Space: Space<Batch<'a> = V>,
    {
        Data::new(source.rows())
    }
    /// The same observations with these row weights.
    pub fn weighted(mut self, row_weights: &'a [f64]) -> Self {
        self.row_weights = Some(row_weights);
        self
    }
    /// The same observations with these restrictions.
    pub fn allowing(mut self, allowed: Allowed<'a>) -> Self {
        self.allowed = Some(allowed);
        self
    }
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.xs.len()
    }
    /// w_i.
    pub fn row_weight(&self, row: usize) -> f64 {
        self.row_weights.map_or(1.0, |weights| weights[row])
    }
    /// n = Σ w_i.
    pub fn observations(&self) -> f64 {
        match self.row_weights {
            Some(weights) => weights.iter().sum(),
            None => self.rows() as f64,
        }
    }
    /// The number of rows of positive weight.
    pub fn weighty_rows(&self) -> usize {
        match self.row_weights {
            Some(weights) => weights.iter().filter(|&&w| w > 0.0).count(),
            None => self.rows(),
        }
    }
    /// The rows in the range.
    pub fn block(&self, rows: Range<usize>) -> Self {
        Data {
            xs: self.xs.block(rows.clone()),
            row_weights: self.row_weights.map(|weights| &weights[rows.clone()]),
            allowed: self.allowed.map(|allowed| allowed.block(rows.clone())),
            places: (self.places).map(|places| places.from(rows)),
        }
    }
    /// The same, of whose rows something may be kept there.
    pub(crate) fn caching(mut self, places: Places<'a>) -> Self {
        self.places = Some(places);
        self
    }
    /// Whether something may be kept of these rows.
    pub(crate) fn is_cached(&self) -> bool {
        self.places.is_some()
    }
    /// The place for what may be kept of these rows as one block, with their weights.
    pub(crate) fn cache(&self) -> Option<BlockCache<'a>> {
        self.places?.block(self.rows(), self.row_weights)
    }
    /// Adds the log evidence of the restricted rows to a K × n matrix of joint log-densities.
    pub(crate) fn restrict(&self, joint: &mut [f64]) {
        let Some(allowed) = self.allowed else { return };
        let rows = self.rows();
        let components = joint.len() / rows;
        for (i, &line) in allowed.index.iter().enumerate() {
            if line != Allowed::FREE {
                let start = line as usize * components;
                let evidence = &allowed.log_evidence[start..start + components];
                for (k, e) in evidence.iter().enumerate() {
                    joint[k * rows + i] += e;
                }
            }
        }
    }
    /// Checks lengths, row weights and indices.
    pub(crate) fn check(&self, components: usize) -> Result<(), FitError> {
        let rows = self.rows();
        if let Some(weights) = self.row_weights {
            if weights.len() != rows {
                return Err(FitError::Shape(format!(
                    "{} row weights for {rows} rows",
                    weights.len()
                )));
            }
            for (row, &weight) in weights.iter().enumerate() {
                if !(weight >= 0.0 && weight.is_finite()) {
                    return Err(FitError::RowWeight { row, weight });
                }
            }
        }
        let observations = self.observations();
        if !observations.is_finite() {
            return Err(FitError::Shape(format!(
                "the row weights sum to {observations}: divide them by a common factor"
            )));
        }
        if let Some(allowed) = self.allowed {
            let lines = allowed.log_evidence.len() / components.max(1);
            let valid = |&line: &u32| line == Allowed::FREE || (line as usize) < lines;
            if allowed.index.len() != rows || !allowed.index.iter().all(valid) {
                return Err(FitError::Shape(format!(
                    "restricted rows need an index for each of {rows} rows, into a table of \
                     {lines} lines"
                )));
            }
            let mut table = allowed.log_evidence.chunks(components.max(1));
            let valid = |line: &[f64]| {
                let possible = line.iter().any(|&e| e > f64::NEG_INFINITY);
                line.len() == components && possible && line.iter().all(|&e| e < f64::INFINITY)
            };
            if let Some(line) = table.position(|line| !valid(line)) {
                return Err(FitError::Shape(format!(
                    "line {line} of the evidence must hold {components} logarithms, below infinity \
                     and not all -infinity"
                )));
            }
        }
        if self.weighty_rows() == 0 {
            return Err(FitError::NoRows);
        }
        Ok(())
    }
}
