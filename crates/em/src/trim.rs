//! Trimmed likelihoods: the worst-explained rows do not count.

use crate::data::Data;
use crate::error::FitError;
use crate::model::{LatentModel, chunk_rows};
use crate::options::Options;
use crate::responsibilities::At;
use crate::workspace::Workspace;
use distributions::{BLOCK_ROWS, Batch, View};
use std::sync::Mutex;

/// Which rows of a [trimmed](crate::Options::trim) fit count.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trimmed {
    /// The lowest log-density that still counts, in whole or in part.
    pub cut: f64,
    /// The rows that count, in whole or in part.
    pub rows: usize,
    /// Their weight, (1 − α) Σ w_i.
    pub weight: f64,
}

/// The row weights with which [`Options::trim`](crate::Options::trim) = α counts the rows of `data` under
/// `model`, one pass: 0 for the rows that are trimmed. `rule` is [`Soft`](crate::Soft) for EM.
///
/// Weight of α Σ w_i in total is taken from the rows of lowest log-density: all of a row below the cut,
/// nothing of a row above it. Rows at the cut share what is left to be taken in proportion to their
/// weights, so that a row of weight 3 is the same as three rows, and the order of rows has no part in it.
///
/// ```
/// use distributions::Normal;
/// use em::{Data, Mixture, Options, Soft, trimmed};
///
/// let model = Mixture::uniform(vec![Normal::standard()]);
/// let data = Data::new(&[0.1, -9.0, 0.3, 4.0, -0.2][..]);
/// let (kept, trimmed) = trimmed(&model, data, &Soft, &Options::default().trim(0.3))?;
/// // Weight of 1.5: all of the row of -9, and half of the next.
/// assert_eq!(kept, [1.0, 0.0, 1.0, 0.5, 1.0]);
/// assert_eq!((trimmed.rows, trimmed.weight), (4, 3.5));
/// # Ok::<(), em::FitError>(())
/// ```
///
/// # Errors
/// When α is no fraction below 1, or the data have other shapes than the model needs.
pub fn trimmed<M: LatentModel<R>, R: Sync + ?Sized>(
    model: &M,
    data: Data<'_, Batch<'_, M::Space>>,
    rule: &R,
    options: &Options,
) -> Result<(Vec<f64>, Trimmed), FitError> {
    data.check(model.classes())?;
    let mut trimming = Trimming::asked(options.trim)?.unwrap_or_else(|| Trimming::new(0.0));
    let mut workspace = Workspace::new(data.xs, &model.empty_statistics(), options.threads);
    let trimmed = trimming.trim(model, data, 0, rule, &mut workspace);
    Ok((trimming.weights, trimmed))
}

/// The trimming of a run: a number and a weight for each row, made once.
#[derive(Debug)]
pub(crate) struct Trimming {
    alpha: f64,
    /// What each row adds to the objective per unit of weight.
    values: Vec<f64>,
    /// The weights of the rows after trimming.
    weights: Vec<f64>,
    /// Values and weights in the order of the search for the cut.
    sought: Vec<(f64, f64)>,
}

impl Trimming {
    pub(crate) fn new(alpha: f64) -> Self {
        Trimming {
            alpha,
            values: Vec::new(),
            weights: Vec::new(),
            sought: Vec::new(),
        }
    }
    /// The trimming that options ask for; `None` where every row counts.
    ///
    /// # Errors
    /// When `alpha` is no fraction below 1.
    pub(crate) fn asked(alpha: f64) -> Result<Option<Self>, FitError> {
        if !(0.0..1.0).contains(&alpha) {
            return Err(FitError::Shape(format!(
                "a fraction of {alpha} of the rows cannot be trimmed: it must be at least 0 and below 1"
            )));
        }
        Ok((alpha > 0.0).then(|| Trimming::new(alpha)))
    }
    /// The data with the row weights of the last cut.
    pub(crate) fn of<'a, V: View>(&'a self, data: Data<'a, V>) -> Data<'a, V> {
        data.weighted(&self.weights)
    }
    /// The data with the row weights that the cut by these values leaves.
    pub(crate) fn by<'a, V: View>(&'a mut self, values: &[f64], data: Data<'a, V>) -> Data<'a, V> {
        self.values.clear();
        self.values.extend_from_slice(values);
        self.cut(&data);
        self.of(data)
    }
    /// One pass that scores every row under `model`, and the cut.
    pub(crate) fn trim<M: LatentModel<R>, R: Sync + ?Sized>(
        &mut self,
        model: &M,
        data: Data<'_, Batch<'_, M::Space>>,
        iteration: usize,
        rule: &R,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Trimmed {
        self.values.resize(data.rows(), 0.0);
        let size = chunk_rows(data.xs);
        // A chunk is one slot's alone: no lock is ever waited for.
        let chunks: Vec<Mutex<&mut [f64]>> = self.values.chunks_mut(size).map(Mutex::new).collect();
        let every = 0..workspace.chunks();
        workspace.run_chunks(every, |slot| {
            let first = slot.rows.start;
            let Ok(mut values) = chunks[first / size].lock() else {
                return;
            };
            let mut blocks = values.chunks_mut(BLOCK_ROWS);
            for start in slot.rows.clone().step_by(BLOCK_ROWS) {
                let Some(values) = blocks.next() else { return };
                let block = data.block(start..start + values.len());
                let at = At {
                    iteration,
                    row: start,
                };
                model.score(block, at, rule, values, &mut slot.scratch);
            }
        });
        drop(chunks);
        self.cut(&data)
    }
    /// Sets the weights by the values.
    fn cut<V: View>(&mut self, data: &Data<'_, V>) -> Trimmed {
        let weighty = (0..data.rows()).filter(|&i| data.row_weight(i) > 0.0);
        self.sought.clear();
        (self.sought).extend(weighty.map(|i| (self.values[i], data.row_weight(i))));
        let taken = share_of(self.alpha, data.observations());
        let cut = cut(&mut self.sought, self.alpha, data.observations());
        // In the order of the rows: the search leaves its own.
        let (mut below, mut tied) = (0.0, 0.0);
        for (i, &value) in self.values.iter().enumerate() {
            if value < cut {
                below += data.row_weight(i);
            } else if value == cut {
                tied += data.row_weight(i);
            }
        }
        let share = (1.0 - (taken - below) / tied).clamp(0.0, 1.0);
        self.weights.clear();
        let kept = self.values.iter().enumerate().map(|(i, &value)| {
            let weight = data.row_weight(i);
            if value < cut {
                0.0
            } else if value == cut {
                share * weight
            } else {
                weight
            }
        });
        self.weights.extend(kept);
        Trimmed {
            cut,
            rows: self.weights.iter().filter(|&&weight| weight > 0.0).count(),
            weight: self.weights.iter().sum(),
        }
    }
}

/// The least value that counts where `alpha` of the weight, `observations` in total, is taken from the
/// (value, weight) pairs of the lowest values.
pub(crate) fn cut(pairs: &mut [(f64, f64)], alpha: f64, observations: f64) -> f64 {
    weighted_quantile(pairs, share_of(alpha, observations))
}

/// α n, and a whole number where it differs from one by rounding only: 0.07 · 100 is 7 rows.
fn share_of(alpha: f64, observations: f64) -> f64 {
    let taken = alpha * observations;
    let whole = taken.round();
    if (taken - whole).abs() <= 4.0 * f64::EPSILON * observations {
        whole
    } else {
        taken
    }
}

/// The least value up to which the (value, weight) pairs have more weight than `amount`, by halving the
/// pairs in question (Hoare's selection): time in proportion to their number.
fn weighted_quantile(pairs: &mut [(f64, f64)], mut amount: f64) -> f64 {
    let mut rest = pairs;
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let (low, pivot, high) = rest.select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0));
        let below: f64 = low.iter().map(|pair| pair.1).sum();
        if below > amount {
            rest = low;
        } else if below + pivot.1 > amount || high.is_empty() {
            return pivot.0;
        } else {
            amount -= below + pivot.1;
            rest = high;
        }
    }
    f64::NEG_INFINITY
}
