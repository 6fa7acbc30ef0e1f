//! The naive k-means that is obviously correct: greedy k-means++, and Lloyd's steps.

use distributions::{RowsView, View};
use rand::{Rng, RngExt};

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The number of the nearest centre, ties to the first, and the squared distance.
pub fn nearest(x: &[f64], centres: &[Vec<f64>]) -> (usize, f64) {
    let squares = centres.iter().map(|c| squared(x, c)).enumerate();
    squares.fold(
        (0, f64::INFINITY),
        |best, own| if own.1 < best.1 { own } else { best },
    )
}

pub fn inertia(rows: RowsView<'_, f64>, weights: &[f64], centres: &[Vec<f64>]) -> f64 {
    let parts = (0..rows.len()).map(|i| weights[i] * nearest(rows.at(i), centres).1);
    parts.sum()
}

/// Rows drawn in proportion to `chance`, in rising order.
fn drawn(chance: &[f64], count: usize, rng: &mut impl Rng) -> Vec<usize> {
    let total: f64 = chance.iter().sum();
    let mut places: Vec<f64> = (0..count).map(|_| total * rng.random::<f64>()).collect();
    places.sort_by(f64::total_cmp);
    let sum_to = |i: usize| chance[..=i].iter().sum::<f64>();
    let row = |place: f64| (0..chance.len()).position(|i| place < sum_to(i)).unwrap();
    places.into_iter().map(row).collect()
}

/// Of 2 + ⌊ln K⌋ rows drawn in proportion to w d², the one that leaves the least inertia.
pub fn seeds(
    rows: RowsView<'_, f64>,
    weights: &[f64],
    k: usize,
    rng: &mut impl Rng,
) -> Vec<Vec<f64>> {
    let mut seeds = vec![rows.at(drawn(weights, 1, rng)[0]).to_vec()];
    while seeds.len() < k {
        let chance: Vec<f64> = (0..rows.len())
            .map(|i| weights[i] * nearest(rows.at(i), &seeds).1)
            .collect();
        let tried = drawn(&chance, 2 + (k as f64).ln() as usize, rng);
        let with = |i: usize| [&seeds[..], &[rows.at(i).to_vec()]].concat();
        let of = |i: &usize| inertia(rows, weights, &with(*i));
        let best = tried.into_iter().min_by(|a, b| of(a).total_cmp(&of(b)));
        seeds = with(best.unwrap());
    }
    seeds
}

/// One step: labels, then means; a centre without rows goes to the row furthest from its own.
pub fn step(rows: RowsView<'_, f64>, weights: &[f64], centres: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let own: Vec<(usize, f64)> = (0..rows.len())
        .map(|i| nearest(rows.at(i), centres))
        .collect();
    let mut far: Vec<usize> = (0..rows.len()).filter(|&i| weights[i] > 0.0).collect();
    far.sort_by(|&a, &b| own[b].1.total_cmp(&own[a].1));
    let mut far = far.into_iter();
    let mean = |k: usize| {
        let of: Vec<usize> = (0..rows.len())
            .filter(|&i| own[i].0 == k && weights[i] > 0.0)
            .collect();
        let total: f64 = of.iter().map(|&i| weights[i]).sum();
        let sum = |j: usize| of.iter().map(|&i| weights[i] * rows.at(i)[j]).sum::<f64>();
        let mean = (0..rows.width()).map(|j| sum(j) / total).collect();
        if of.is_empty() {
            rows.at(far.next().unwrap()).to_vec()
        } else {
            mean
        }
    };
    (0..centres.len()).map(mean).collect()
}
