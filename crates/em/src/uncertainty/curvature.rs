//! Scores and curvatures of the complete data, by differences of order six.
//!
//! Everything here is in units of the steps: coordinate j is φ_j / h_j, so that its scores are near
//! [`TARGET`] and no matrix is badly scaled.

use crate::init::MixtureData;
use crate::mixture::Mixture;
use crate::model::chunk_rows;
use crate::select::in_parallel;
use crate::set::ComponentSet;
use crate::uncertainty::blocks::{Block, all_rows, for_each_block};
use crate::uncertainty::point::{FIRST, Point, SECOND, SECOND_OF_ORDER_FOUR};
use crate::uncertainty::refusal::InformationError;
use crate::weights::WeightModel;
use distributions::{Component, Coordinates, Scratch};
use std::ops::Range;

/// The root mean square by which a step changes the log-densities of the component it changes most. The
/// truncation of order six is then near TARGET⁶ ≈ 1e-9 and rounding near ε/TARGET² ≈ 2e-13, both relative.
const TARGET: f64 = 1.0 / 32.0;

/// How far second derivatives of orders four and six may differ, relative to the information: their
/// truncation differs by TARGET⁴ ≈ 1e-6 times the next derivatives where a density is smooth, and by
/// several per cent where it has a kink.
const SMOOTH: f64 = 1e-3;

/// What Louis' formula is made of, over the free coordinates in units of steps.
#[derive(Clone, Debug)]
pub struct Curvature {
    /// Σ w E[B | x] less the curvature of the logarithm of a prior, row-major.
    pub complete: Vec<f64>,
    /// Σ w E[S Sᵀ | x].
    pub squares: Vec<f64>,
    /// Σ w s sᵀ with s = E[S | x], the scores of the rows.
    pub scores: Vec<f64>,
    /// Σ w s and the gradient of the logarithm of a prior: 0 at a maximum.
    pub gradient: Vec<f64>,
}

/// Sets the steps of a point.
pub fn set_steps<S, W>(
    point: &mut Point<Mixture<S, W>>,
    data: MixtureData<'_, '_, S, W>,
    threads: usize,
) -> Result<(), InformationError>
where
    S: ComponentSet + Coordinates,
    W: WeightModel + Coordinates,
{
    let found = in_parallel(point.free.len(), threads, |j| step(point, data, j));
    point.steps = found.into_iter().collect::<Result<_, _>>()?;
    Ok(())
}

/// The step along free coordinate j under which log-densities change by about [`TARGET`].
fn step<S, W>(
    point: &Point<Mixture<S, W>>,
    data: MixtureData<'_, '_, S, W>,
    j: usize,
) -> Result<f64, InformationError>
where
    S: ComponentSet + Coordinates,
    W: WeightModel + Coordinates,
{
    let at = point.coordinates[point.free[j]];
    let (mut step, mut ceiling) = (1e-3 * at.abs().max(1.0), f64::INFINITY);
    // Each turn changes the step by a factor of 2 at least; 1e±300 is far beyond any scale of data.
    for _ in 0..100 {
        match change(point, data, j, step) {
            Some(change) if (0.5 * TARGET..2.0 * TARGET).contains(&change) => {
                // A step that is the difference of two coordinates is taken without rounding.
                return Ok((at + step) - at);
            }
            Some(change) => {
                let wanted = step * (TARGET / change).clamp(1e-6, 1e6);
                step = wanted.min(0.5 * ceiling);
            }
            None => {
                ceiling = step;
                step /= 16.0;
            }
        }
    }
    Err(point.irregular(j))
}

/// The root mean square of (ℓ(3h) − ℓ(−3h))/6 over the rows of the component in which it is largest; `None`
/// where a neighbour gives no finite density.
fn change<S, W>(
    point: &Point<Mixture<S, W>>,
    data: MixtureData<'_, '_, S, W>,
    j: usize,
    step: f64,
) -> Option<f64>
where
    S: ComponentSet + Coordinates,
    W: WeightModel + Coordinates,
{
    let up = point.neighbour(&[(j, 3.0 * step)])?;
    let down = point.neighbour(&[(j, -3.0 * step)])?;
    let components = point.model.len();
    let (mut squares, mut counts) = (vec![0.0; components], vec![0.0; components]);
    for_each_block(&point.model, data, all_rows(data.xs), |block, scratch| {
        let size = block.weights.len();
        let mut high = scratch.take_dirty(block.shares.len());
        let mut low = scratch.take_dirty(block.shares.len());
        block.log_joint_of(&up, &mut high, scratch);
        block.log_joint_of(&down, &mut low, scratch);
        for (entry, &share) in block.shares.iter().enumerate() {
            if share > 0.0 {
                let difference = (high[entry] - low[entry]) / 6.0;
                squares[entry / size] += share * (difference * difference);
                counts[entry / size] += share;
            }
        }
        scratch.give(high);
        scratch.give(low);
    });
    let means = squares
        .iter()
        .zip(&counts)
        .filter(|(_, count)| **count > 0.0);
    let mut largest = 0.0f64;
    for (sum, count) in means {
        if !sum.is_finite() {
            return None;
        }
        largest = largest.max(sum / count);
    }
    Some(largest.sqrt())
}

/// Sums over rows of a chunk, and which components each coordinate changes.
struct Sums {
    second: Vec<f64>,
    second_of_order_four: Vec<f64>,
    squares: Vec<f64>,
    scores: Vec<f64>,
    gradient: Vec<f64>,
    changes: Vec<bool>,
}

impl Sums {
    fn new(free: usize, components: usize) -> Self {
        Sums {
            second: vec![0.0; free],
            second_of_order_four: vec![0.0; free],
            squares: vec![0.0; free * free],
            scores: vec![0.0; free * free],
            gradient: vec![0.0; free],
            changes: vec![false; free * components],
        }
    }
    fn merge(&mut self, later: &Sums) {
        let pairs = [
            (&mut self.second, &later.second),
            (&mut self.second_of_order_four, &later.second_of_order_four),
            (&mut self.squares, &later.squares),
            (&mut self.scores, &later.scores),
            (&mut self.gradient, &later.gradient),
        ];
        for (sum, more) in pairs {
            sum.iter_mut()
                .zip(more)
                .for_each(|(sum, more)| *sum += more);
        }
        let marks = self.changes.iter_mut().zip(&later.changes);
        marks.for_each(|(mark, more)| *mark |= more);
    }
}

/// The curvature of the log-likelihood at a point whose steps are set.
pub fn curvature<S, W>(
    point: &Point<Mixture<S, W>>,
    data: MixtureData<'_, '_, S, W>,
    threads: usize,
) -> Result<Curvature, InformationError>
where
    S: ComponentSet + Coordinates,
    W: WeightModel + Coordinates,
{
    let (free, components) = (point.free.len(), point.model.len());
    let near: Vec<Vec<Mixture<S, W>>> = (0..free)
        .map(|j| point.six(&[j]).ok_or_else(|| point.irregular(j)))
        .collect::<Result<_, _>>()?;
    let (rows, chunk) = (data.rows(), chunk_rows(data.xs));
    let parts = in_parallel(rows.div_ceil(chunk), threads, |which| {
        let rows = which * chunk..((which + 1) * chunk).min(rows);
        let mut sums = Sums::new(free, components);
        for_each_block(&point.model, data, rows, |block, scratch| {
            add_block(&mut sums, block, &near, scratch);
        });
        sums
    });
    let mut sums = Sums::new(free, components);
    parts.iter().for_each(|part| sums.merge(part));
    let mut complete = vec![0.0; free * free];
    for j in 0..free {
        let (six, four) = (sums.second[j], sums.second_of_order_four[j]);
        let scale = six.abs() + sums.squares[j * free + j];
        if !((six - four).abs() <= SMOOTH * scale) {
            return Err(point.irregular(j));
        }
        complete[j * free + j] = -six - prior_second(&point.model, &near[j]);
        sums.gradient[j] += prior_first(&near[j]);
    }
    let pairs = coupled(point, &sums.changes, components);
    let along = in_parallel(pairs.len(), threads, |pair| {
        let (j, l) = pairs[pair];
        along_both(point, data, j, l)
    });
    for (&(j, l), value) in pairs.iter().zip(along) {
        // (u + v)ᵀB(u + v) = uᵀBu + 2uᵀBv + vᵀBv.
        let own = complete[j * free + j] + complete[l * free + l];
        let entry = 0.5 * (value? - own);
        complete[j * free + l] = entry;
        complete[l * free + j] = entry;
    }
    Ok(Curvature {
        complete,
        squares: sums.squares,
        scores: sums.scores,
        gradient: sums.gradient,
    })
}

/// Adds the rows of a block; `near[j]` are the six neighbours along coordinate j.
fn add_block<S: ComponentSet, W: WeightModel>(
    sums: &mut Sums,
    block: &Block<'_, '_, S, W>,
    near: &[Vec<Mixture<S, W>>],
    scratch: &mut Scratch,
) {
    let (free, size, entries) = (near.len(), block.weights.len(), block.shares.len());
    // S of every coordinate, and s, with 0 where a row cannot be of a component.
    let mut complete = scratch.take(free * entries);
    let mut observed = scratch.take(free * size);
    let mut neighbours: Vec<_> = (0..6).map(|_| scratch.take_dirty(entries)).collect();
    for (j, models) in near.iter().enumerate() {
        for (values, model) in neighbours.iter_mut().zip(models) {
            block.log_joint_of(model, values, scratch);
        }
        let score = &mut complete[j * entries..(j + 1) * entries];
        let row_score = &mut observed[j * size..(j + 1) * size];
        for (entry, &share) in block.shares.iter().enumerate() {
            if !(share > 0.0) {
                continue;
            }
            let (mut first, mut second, mut four) = (0.0, 0.0, 0.0);
            let here = block.log_joint[entry];
            for m in 0..3 {
                let up = neighbours[2 * m][entry] - here;
                let down = neighbours[2 * m + 1][entry] - here;
                first += FIRST[m] * (up - down);
                second += SECOND[m] * (up + down);
                four += SECOND_OF_ORDER_FOUR[m] * (up + down);
            }
            score[entry] = first;
            row_score[entry % size] += share * first;
            sums.second[j] += share * second;
            sums.second_of_order_four[j] += share * four;
            if first != 0.0 || second != 0.0 {
                sums.changes[j * (entries / size) + entry / size] = true;
            }
        }
        sums.gradient[j] += row_score.iter().sum::<f64>();
    }
    for j in 0..free {
        for l in 0..=j {
            let (a, b) = (&complete[j * entries..], &complete[l * entries..]);
            let square: f64 = (0..entries).map(|e| block.shares[e] * (a[e] * b[e])).sum();
            let (a, b) = (&observed[j * size..], &observed[l * size..]);
            // Observed scores are weighted sums here: w s = Σ_k w r S.
            let score: f64 = (0..size)
                .filter(|&i| block.weights[i] > 0.0)
                .map(|i| a[i] * (b[i] / block.weights[i]))
                .sum();
            for (matrix, value) in [(&mut sums.squares, square), (&mut sums.scores, score)] {
                matrix[j * free + l] += value;
                if l < j {
                    matrix[l * free + j] += value;
                }
            }
        }
    }
    neighbours
        .into_iter()
        .for_each(|values| scratch.give(values));
    scratch.give(observed);
    scratch.give(complete);
}

/// The pairs of free coordinates that may have a mixed derivative: both of the weights, or both of the
/// components and of one component at least.
fn coupled<M>(point: &Point<M>, changes: &[bool], components: usize) -> Vec<(usize, usize)> {
    let of_weights = |j: usize| point.free[j] < point.of_weights;
    let changed = |j: usize| &changes[j * components..(j + 1) * components];
    let mut pairs = Vec::new();
    for j in 0..point.free.len() {
        for l in 0..j {
            let mut both = changed(j).iter().zip(changed(l));
            if of_weights(j) == of_weights(l) && both.any(|(a, b)| *a && *b) {
                pairs.push((j, l));
            }
        }
    }
    pairs
}

/// −Σ w E[(u + v)ᵀ ∇²ℓ (u + v)] with u and v the steps along two coordinates.
fn along_both<S, W>(
    point: &Point<Mixture<S, W>>,
    data: MixtureData<'_, '_, S, W>,
    j: usize,
    l: usize,
) -> Result<f64, InformationError>
where
    S: ComponentSet + Coordinates,
    W: WeightModel + Coordinates,
{
    let models = point.six(&[j, l]).ok_or_else(|| point.irregular(j))?;
    let mut sum = prior_second(&point.model, &models);
    let rows: Range<usize> = all_rows(data.xs);
    for_each_block(&point.model, data, rows, |block, scratch| {
        let mut values = scratch.take_dirty(block.shares.len());
        for (which, model) in models.iter().enumerate() {
            block.log_joint_of(model, &mut values, scratch);
            let mut change = 0.0;
            for (entry, &share) in block.shares.iter().enumerate() {
                if share > 0.0 {
                    change += share * (values[entry] - block.log_joint[entry]);
                }
            }
            sum += SECOND[which / 2] * change;
        }
        scratch.give(values);
    });
    match sum.is_finite() {
        true => Ok(-sum),
        false => Err(point.irregular(j)),
    }
}

/// The second derivative of the logarithm of the prior in the direction of six neighbours.
fn prior_second<M: Component>(model: &M, six: &[M]) -> f64 {
    let here = model.log_prior();
    (0..3)
        .map(|m| {
            let (up, down) = (
                six[2 * m].log_prior() - here,
                six[2 * m + 1].log_prior() - here,
            );
            SECOND[m] * (up + down)
        })
        .sum()
}

/// Its first derivative.
fn prior_first<M: Component>(six: &[M]) -> f64 {
    (0..3)
        .map(|m| FIRST[m] * (six[2 * m].log_prior() - six[2 * m + 1].log_prior()))
        .sum()
}
