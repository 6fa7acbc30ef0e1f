//! Moves from a converged fit: two components become one, and a third becomes two.

use crate::driver::Driver;
use crate::error::FitError;
use crate::init::{MixtureData, Shares, first_m_step};
use crate::mixture::Mixture;
use crate::posterior::Posterior;
use crate::report::{Fit, SAME_MAXIMUM};
use crate::responsibilities::Responsibilities;
use crate::restart::stream;
use crate::set::ComponentSet;
use crate::split::{Division, halves, misfit};
use crate::trim::Trimming;
use crate::weights::WeightModel;
use crate::workspace::Workspace;
use distributions::Component;
use std::fmt;

/// A move that was tried: split and merge (Ueda, Nakano, Ghahramani & Hinton 2000, Neural Computation
/// 12, 2109–2128). Components are numbered as in the model from which the move began.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitMerge {
    /// The components that became one.
    pub merged: (usize, usize),
    /// The component that became two.
    pub split: usize,
    /// The objective that EM reached from there; `None` where it failed.
    pub objective: Option<f64>,
    /// Whether it is higher than before, so that the fit went on from there.
    pub accepted: bool,
    /// The passes over the data it took.
    pub passes: usize,
}

impl fmt::Display for SplitMerge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (i, j) = self.merged;
        write!(f, "merged {i} and {j}, split {}: ", self.split)?;
        match (self.objective, self.accepted) {
            (Some(objective), true) => write!(f, "objective {objective}, accepted"),
            (Some(objective), false) => write!(f, "objective {objective}, not higher"),
            (None, _) => f.write_str("no estimate"),
        }
    }
}

/// The generator of move `n` is that of restart `MOVES + n`: far from those of the starts.
const MOVES: usize = 1 << 30;

/// Tries moves from `best` until none of `options.split_merge` in a row raises the objective by more
/// than [`SAME_MAXIMUM`], and leaves the best model in place, with the trace of the run that led to it.
///
/// # Errors
/// Where the checkpoint is of another fit.
pub(crate) fn split_and_merge<S: ComponentSet, W: WeightModel, R: Responsibilities + ?Sized>(
    best: &mut Fit<Mixture<S, W>>,
    data: MixtureData<'_, '_, S, W>,
    driver: &mut Driver<'_, Mixture<S, W>, R>,
    workspace: &mut Workspace<<Mixture<S, W> as Component>::Statistics>,
) -> Result<Vec<SplitMerge>, FitError> {
    let most = driver.options.split_merge;
    let mut tried: Vec<SplitMerge> = Vec::new();
    if most == 0 || best.model.len() < 3 {
        return Ok(tried);
    }
    'from_here: loop {
        let posterior = best.model.posterior(data.xs);
        // Rows that are trimmed have no part in the choice.
        let mut trimming = Trimming::asked(driver.options.trim).ok().flatten();
        let counted = match &mut trimming {
            Some(trimming) => trimming.by(&posterior.log_density, data),
            None => data,
        };
        for (merged, split) in candidates(&best.model, counted, &posterior, most) {
            if driver.out_of_time() {
                return Ok(tried);
            }
            let which = MOVES + tried.len();
            let fit = moved(
                &best.model,
                counted,
                &posterior,
                merged,
                split,
                which,
                driver,
            )
            .map(|model| driver.run(model, data, which, workspace));
            let fit = match fit {
                Some(Err(error)) if driver.refuses_checkpoint() => return Err(error),
                fit => fit.and_then(Result::ok),
            };
            let objective = fit.as_ref().map(|fit| fit.report.objective);
            let before = best.report.objective;
            let accepted = objective.is_some_and(|reached| reached > before + SAME_MAXIMUM);
            tried.push(SplitMerge {
                merged,
                split,
                objective,
                accepted,
                passes: fit.as_ref().map_or(0, |fit| fit.report.passes),
            });
            if let Some(mut fit) = fit.filter(|_| accepted) {
                let events = std::mem::take(&mut best.report.degeneracies);
                fit.report.degeneracies.splice(0..0, events);
                *best = fit;
                continue 'from_here;
            }
        }
        return Ok(tried);
    }
}

/// The components to merge, and the one to split.
type Move = ((usize, usize), usize);

/// The first `most` moves, by the sum of the ranks of what is merged and what is split: pairs by the
/// overlap Σ w r_i r_j / (N_i N_j)^½, components by how badly they explain their rows.
fn candidates<S: ComponentSet, W: WeightModel>(
    model: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    posterior: &Posterior,
    most: usize,
) -> Vec<Move> {
    let count = model.len();
    let overlap = |i: usize, j: usize| -> f64 {
        let sum = |a: usize, b: usize| -> f64 {
            let product = |row: usize| posterior.row(row)[a] * posterior.row(row)[b];
            (0..data.rows())
                .map(|row| data.row_weight(row) * product(row))
                .sum()
        };
        sum(i, j) / (sum(i, i) * sum(j, j)).sqrt()
    };
    let mut pairs: Vec<((usize, usize), f64)> = (0..count)
        .flat_map(|i| (i + 1..count).map(move |j| (i, j)))
        .map(|(i, j)| ((i, j), overlap(i, j)))
        .collect();
    pairs.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut worst: Vec<(usize, f64)> = (0..count)
        .map(|k| (k, misfit(model, data, posterior, k)))
        .collect();
    worst.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut moves: Vec<(usize, Move)> = Vec::new();
    for (rank, &(pair, _)) in pairs.iter().enumerate() {
        for (place, &(k, _)) in worst.iter().enumerate() {
            if k != pair.0 && k != pair.1 {
                moves.push((rank + place, (pair, k)));
            }
        }
    }
    moves.sort_by_key(|tried| tried.0);
    moves.into_iter().take(most).map(|tried| tried.1).collect()
}

/// The model in which the first of `merged` has the rows of both, and the second has those rows of
/// `split` that are nearer to the second of two spread-out seeds among them; `None` where it has no
/// estimate.
fn moved<S: ComponentSet, W: WeightModel, R: ?Sized>(
    model: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    posterior: &Posterior,
    merged: (usize, usize),
    split: usize,
    which: usize,
    driver: &Driver<'_, Mixture<S, W>, R>,
) -> Option<Mixture<S, W>> {
    let rows = data.rows();
    let own: Vec<f64> = (0..rows)
        .map(|row| data.row_weight(row) * posterior.row(row)[split])
        .collect();
    let two = model.subset(&[split, merged.1]);
    let mut rng = stream(driver.options.seed, which);
    let halves = halves(&two, data, &own, Division::Spread, &mut rng).ok()?;
    let its_half = &halves[rows..];
    let mut shares = vec![0.0; rows * model.len()];
    for row in 0..rows {
        let weight = data.row_weight(row);
        for (k, &share) in posterior.row(row).iter().enumerate() {
            let target = match k {
                k if k == merged.1 => merged.0,
                k if k == split && its_half[row] > 0.0 => merged.1,
                k => k,
            };
            shares[target * rows + row] += weight * share;
        }
    }
    first_m_step(model, data, &Shares::of_matrix(shares, rows)).ok()
}
