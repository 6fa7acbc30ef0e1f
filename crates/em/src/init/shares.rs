//! What a start gives every component of every row, made block by block.

use crate::data::Allowed;
use distributions::BLOCK_ROWS;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

/// The K × n matrix of w_i r_ik from which the [first M-step](crate::ComponentSet::estimate_from) is made.
///
/// Of starts that are labels or a few rows no such matrix exists: a start of a million rows in sixteen components holds four bytes a
/// row, where the matrix would take 128. Its parts are written where they are asked for.
///
/// ```
/// use em::Shares;
///
/// // Three rows, shared by two components.
/// let shares = Shares::from_matrix(&[1.0, 0.5, 0.0, 0.0, 0.5, 1.0], 3);
/// assert_eq!(*shares.of_component(1), [0.0, 0.5, 1.0]);
/// let mut block = [0.0; 4];
/// shares.write(1..3, &mut block);
/// assert_eq!(block, [0.5, 0.0, 0.5, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Shares<'a> {
    rows: usize,
    components: usize,
    kind: Kind<'a>,
    row_weights: Option<&'a [f64]>,
    allowed: Option<Allowed<'a>>,
    /// Rows that were given to one component, with all their weight.
    given: BTreeMap<usize, usize>,
}

#[derive(Clone, Debug)]
enum Kind<'a> {
    /// K × n.
    Matrix(Cow<'a, [f64]>),
    /// The component that has each row.
    Owners(Vec<u32>),
    /// Every row a little of everything; and for each component one row more, by this much.
    Drawn {
        each: f64,
        more: Vec<Option<(usize, f64)>>,
    },
}

impl<'a> Shares<'a> {
    /// The owner of a row that no component has.
    pub const NOBODY: u32 = u32::MAX;

    fn new(rows: usize, components: usize, kind: Kind<'a>) -> Self {
        Shares {
            rows,
            components,
            kind,
            row_weights: None,
            allowed: None,
            given: BTreeMap::new(),
        }
    }
    /// A K × n matrix of w_i r_ik, for n ≥ 1 rows.
    pub fn from_matrix(matrix: &'a [f64], rows: usize) -> Self {
        Self::new(
            rows,
            matrix.len() / rows.max(1),
            Kind::Matrix(Cow::Borrowed(matrix)),
        )
    }
    /// The same, owned.
    pub(crate) fn of_matrix(matrix: Vec<f64>, rows: usize) -> Self {
        Self::new(
            rows,
            matrix.len() / rows.max(1),
            Kind::Matrix(Cow::Owned(matrix)),
        )
    }
    /// Each row in the component that it has, or in none.
    pub(crate) fn of_owners(owners: impl Iterator<Item = Option<u32>>, components: usize) -> Self {
        let owners: Vec<u32> = owners.map(|owner| owner.unwrap_or(Self::NOBODY)).collect();
        Self::new(owners.len(), components, Kind::Owners(owners))
    }
    /// Every row `each` of every component, and one row of each component more.
    pub(crate) fn of_drawn(rows: usize, each: f64, more: Vec<Option<(usize, f64)>>) -> Self {
        Self::new(rows, more.len(), Kind::Drawn { each, more })
    }
    /// The same times the weights of the rows, in line with what is known about them.
    pub(crate) fn weighted(
        mut self,
        row_weights: Option<&'a [f64]>,
        allowed: Option<Allowed<'a>>,
    ) -> Self {
        (self.row_weights, self.allowed) = (row_weights, allowed);
        self
    }
    /// n.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// K.
    pub fn components(&self) -> usize {
        self.components
    }
    /// Without component k; those after it move up.
    pub(crate) fn drop_component(&mut self, k: usize) {
        self.components -= 1;
        match &mut self.kind {
            Kind::Matrix(matrix) => {
                let lines = k * self.rows..(k + 1) * self.rows;
                matrix.to_mut().drain(lines);
            }
            Kind::Owners(owners) => {
                for owner in owners.iter_mut().filter(|owner| **owner != Self::NOBODY) {
                    *owner = match (*owner as usize).cmp(&k) {
                        Ordering::Less => *owner,
                        Ordering::Equal => Self::NOBODY,
                        Ordering::Greater => *owner - 1,
                    };
                }
            }
            Kind::Drawn { more, .. } => {
                more.remove(k);
            }
        }
    }
    /// Row i with all its weight belongs to component k.
    pub(crate) fn give(&mut self, row: usize, k: usize) {
        self.given.insert(row, k);
    }

    /// Writes the K × m matrix of the m rows in the range.
    pub fn write(&self, rows: Range<usize>, out: &mut [f64]) {
        let size = rows.len().max(1);
        self.kind.write(self.rows, rows.clone(), out);
        if let Some(allowed) = self.allowed {
            allowed.block(rows.clone()).restrict_shares(rows.len(), out);
        }
        for (k, line) in out.chunks_exact_mut(size).enumerate() {
            self.weigh(k, rows.clone(), line);
        }
    }
    /// Turns r_ik of some rows in one component into w_i r_ik.
    fn weigh(&self, k: usize, rows: Range<usize>, line: &mut [f64]) {
        if let Some(weights) = self.row_weights {
            (line.iter_mut().zip(&weights[rows.clone()])).for_each(|(share, w)| *share *= w);
        }
        for (&row, &owner) in self.given.range(rows.clone()) {
            let weight = self.row_weights.map_or(1.0, |weights| weights[row]);
            line[row - rows.start] = if k == owner { weight } else { 0.0 };
        }
    }
    /// The n weights of component k.
    pub fn of_component(&self, k: usize) -> Cow<'_, [f64]> {
        if let Some(matrix) = self.matrix() {
            return Cow::Borrowed(&matrix[k * self.rows..(k + 1) * self.rows]);
        }
        if self.allowed.is_none() {
            let mut line = vec![0.0; self.rows];
            (self.kind).write_line(k, self.rows, 0..self.rows, &mut line);
            self.weigh(k, 0..self.rows, &mut line);
            return Cow::Owned(line);
        }
        let mut line = Vec::with_capacity(self.rows);
        let mut block = vec![0.0; self.components * BLOCK_ROWS];
        for rows in self.blocks() {
            let size = rows.len();
            let block = &mut block[..self.components * size];
            self.write(rows, block);
            line.extend_from_slice(&block[k * size..(k + 1) * size]);
        }
        Cow::Owned(line)
    }
    /// The whole K × n matrix, for what cannot be estimated block by block.
    pub fn to_matrix(&self) -> Cow<'_, [f64]> {
        if let Some(matrix) = self.matrix() {
            return Cow::Borrowed(matrix);
        }
        let mut matrix = vec![0.0; self.components * self.rows];
        self.write(0..self.rows, &mut matrix);
        Cow::Owned(matrix)
    }
    /// The component that has each row, with all its weight, or [`NOBODY`](Self::NOBODY); where shares are such.
    pub fn owners(&self) -> Option<&[u32]> {
        match &self.kind {
            Kind::Owners(owners) if self.allowed.is_none() && self.given.is_empty() => Some(owners),
            _ => None,
        }
    }
    /// w_i; 1 each where there are none.
    pub fn row_weights(&self) -> Option<&[f64]> {
        self.row_weights
    }
    /// N_k = Σ_i w_i r_ik, where each row has one owner.
    pub(crate) fn counts_of_owners(&self) -> Option<Vec<f64>> {
        let owners = self.owners()?;
        let Some(weights) = self.row_weights else {
            return Some(rows_of_owners(owners, self.components));
        };
        let mut counts = vec![0.0; self.components];
        for (&owner, weight) in owners.iter().zip(weights) {
            if let Some(count) = counts.get_mut(owner as usize) {
                *count += weight;
            }
        }
        Some(counts)
    }
    /// The ranges of [`BLOCK_ROWS`] rows.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.rows;
        (0..rows)
            .step_by(BLOCK_ROWS)
            .map(move |start| start..(start + BLOCK_ROWS).min(rows))
    }
    /// The matrix, where it is there as it is.
    fn matrix(&self) -> Option<&[f64]> {
        let plain = self.row_weights.is_none() && self.allowed.is_none() && self.given.is_empty();
        match &self.kind {
            Kind::Matrix(matrix) if plain => Some(matrix),
            _ => None,
        }
    }
}

/// How many rows each has. Those of neighbours are counted apart, so that no addition waits for the one before.
fn rows_of_owners(owners: &[u32], components: usize) -> Vec<f64> {
    const APART: usize = 4;
    let mut counts = vec![[0_u64; APART]; components];
    for neighbours in owners.chunks(APART) {
        for (place, &owner) in neighbours.iter().enumerate() {
            if let Some(counts) = counts.get_mut(owner as usize) {
                counts[place] += 1;
            }
        }
    }
    counts
        .iter()
        .map(|c| c.iter().sum::<u64>() as f64)
        .collect()
}

impl Kind<'_> {
    /// r_ik of some of n rows, in all components.
    fn write(&self, n: usize, rows: Range<usize>, out: &mut [f64]) {
        let size = rows.len().max(1);
        if let Kind::Owners(owners) = self {
            // Each row is in one place: one pass, whatever the number of components.
            out.fill(0.0);
            for (i, &owner) in owners[rows].iter().enumerate() {
                if owner != Shares::NOBODY {
                    out[owner as usize * size + i] = 1.0;
                }
            }
            return;
        }
        for (k, line) in out.chunks_exact_mut(size).enumerate() {
            self.write_line(k, n, rows.clone(), line);
        }
    }
    /// The same in component k.
    fn write_line(&self, k: usize, n: usize, rows: Range<usize>, out: &mut [f64]) {
        match self {
            Kind::Matrix(matrix) => out.copy_from_slice(&matrix[k * n..][rows]),
            Kind::Owners(owners) => {
                for (share, &owner) in out.iter_mut().zip(&owners[rows]) {
                    *share = f64::from(u8::from(owner as usize == k));
                }
            }
            Kind::Drawn { each, more } => {
                out.fill(*each);
                if let Some((row, more)) = more[k]
                    && rows.contains(&row)
                {
                    out[row - rows.start] += more;
                }
            }
        }
    }
}
