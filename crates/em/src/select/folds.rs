//! Rows set aside: K folds, or one part held out.

use crate::error::FitError;
use crate::restart::stream;
use rand::{Rng, RngExt};

/// The stream that shuffles rows: none of those of restarts, which count from 0.
const SHUFFLE: usize = usize::MAX;

/// A partition of rows: which of them each fold sets aside.
///
/// The rows of positive weight are shuffled by a seed and dealt out in turn, so that the sizes of folds
/// differ by one at most. A row of weight 0 belongs to no fold and has no influence on the others. A row
/// whose weight says that it stands for several stays whole: all its copies are in one fold.
///
/// ```
/// use em::select::Folds;
/// let folds = Folds::new(5, None, 2, 7)?;
/// let split = folds.split(0, None);
/// assert_eq!(split.test.iter().sum::<f64>() + split.train.iter().sum::<f64>(), 5.0);
/// # Ok::<(), em::FitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Folds {
    /// The fold of each row, `None` for a row that is never set aside.
    fold: Vec<Option<u32>>,
    count: usize,
}

/// Row weights of the two sides of a split: each row that counts has weight 0 on one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Of the rows that a fit sees.
    pub train: Vec<f64>,
    /// Of the rows that are set aside.
    pub test: Vec<f64>,
}

impl Folds {
    /// `count` folds of `rows` rows, each of which is set aside once.
    ///
    /// # Errors
    /// When there are fewer than two folds, or more than rows of positive weight.
    pub fn new(
        rows: usize,
        row_weights: Option<&[f64]>,
        count: usize,
        seed: u64,
    ) -> Result<Folds, FitError> {
        let shuffled = shuffled(rows, row_weights, seed)?;
        if count < 2 || count > shuffled.len() {
            return Err(FitError::Shape(format!(
                "{count} folds: cross-validation needs at least 2, and no more than rows of positive weight, {}",
                shuffled.len()
            )));
        }
        let mut fold = vec![None; rows];
        for (place, row) in shuffled.into_iter().enumerate() {
            fold[row] = u32::try_from(place % count).ok();
        }
        Ok(Folds { fold, count })
    }
    /// One split that sets aside `fraction` of the rows, to the nearest row, at least one and not all.
    ///
    /// # Errors
    /// When the fraction is not between 0 and 1, or there are fewer than two rows of positive weight.
    pub fn held_out(
        rows: usize,
        row_weights: Option<&[f64]>,
        fraction: f64,
        seed: u64,
    ) -> Result<Folds, FitError> {
        let shuffled = shuffled(rows, row_weights, seed)?;
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(FitError::Shape(format!(
                "a fraction of {fraction} held out: it must lie between 0 and 1"
            )));
        }
        if shuffled.len() < 2 {
            return Err(FitError::Shape(
                "holding rows out needs at least 2 of positive weight".into(),
            ));
        }
        let size = (fraction * shuffled.len() as f64).round() as usize;
        let mut fold = vec![None; rows];
        for row in &shuffled[..size.clamp(1, shuffled.len() - 1)] {
            fold[*row] = Some(0);
        }
        Ok(Folds { fold, count: 1 })
    }
    /// The number of splits.
    pub fn count(&self) -> usize {
        self.count
    }
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.fold.len()
    }
    /// Row weights that set aside the rows of `fold`, where all have `row_weights`.
    pub fn split(&self, fold: usize, row_weights: Option<&[f64]>) -> Split {
        let weight = |row: usize| row_weights.map_or(1.0, |weights| weights[row]);
        let set_aside = |row: usize| self.fold[row].is_some_and(|own| own as usize == fold);
        let side = |tested: bool| {
            let rows = 0..self.fold.len();
            rows.map(|row| {
                if set_aside(row) == tested {
                    weight(row)
                } else {
                    0.0
                }
            })
            .collect()
        };
        Split {
            train: side(false),
            test: side(true),
        }
    }
}

/// The rows of positive weight in an order by chance (Fisher–Yates).
fn shuffled(rows: usize, row_weights: Option<&[f64]>, seed: u64) -> Result<Vec<usize>, FitError> {
    if let Some(weights) = row_weights.filter(|weights| weights.len() != rows) {
        return Err(FitError::Shape(format!(
            "{} row weights for {rows} rows",
            weights.len()
        )));
    }
    let counts = |row: &usize| row_weights.is_none_or(|weights| weights[*row] > 0.0);
    let mut order: Vec<usize> = (0..rows).filter(counts).collect();
    shuffle(&mut order, &mut stream(seed, SHUFFLE));
    Ok(order)
}

fn shuffle<R: Rng>(order: &mut [usize], rng: &mut R) {
    for place in (1..order.len()).rev() {
        order.swap(place, rng.random_range(0..=place));
    }
}
