//! Agglomeration by sums of squares, along chains of nearest neighbours.

use super::hierarchical::Merge;
use super::points::Points;

/// All merges, by rising cost: each unites the two clusters whose union raises Σ_k tr W_k least, by
/// n_a n_b / (n_a + n_b) |c_a − c_b|².
///
/// The cost of Ward's method never falls when clusters grow, so that two clusters that are nearest to each
/// other may be united at once, whatever else is nearer elsewhere: a chain of nearest neighbours finds
/// them in O(m²) time and O(m) memory.
///
/// Source: Murtagh (1983), A survey of recent advances in hierarchical clustering algorithms, The
/// Computer Journal 26.
pub(super) fn merges(points: &Points) -> Vec<Merge> {
    let d = points.dimension;
    let (mut centres, mut weights) = (points.values.clone(), points.weights.clone());
    let mut left: Vec<usize> = (0..points.len()).collect();
    let (mut chain, mut merges) = (Vec::new(), Vec::<Merge>::new());
    while left.len() > 1 {
        let end = match chain.last() {
            Some(&end) => end,
            None => {
                chain.push(left[0]);
                left[0]
            }
        };
        // The one before in the chain comes first, so that of equals it is taken, and the chain ends.
        let before = chain.len().checked_sub(2).map(|place| chain[place]);
        let mut nearest: Option<(usize, f64)> = None;
        for &other in before.iter().chain(&left) {
            if other != end {
                let cost = cost(&centres, &weights, d, end, other);
                if nearest.is_none_or(|(_, least)| cost < least) {
                    nearest = Some((other, cost));
                }
            }
        }
        let Some((other, cost)) = nearest else { break };
        if Some(other) != before {
            chain.push(other);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (a, b) = (end.min(other), end.max(other));
        let total = weights[a] + weights[b];
        let share = weights[b] / total;
        for j in 0..d {
            let difference = centres[b * d + j] - centres[a * d + j];
            centres[a * d + j] += share * difference;
        }
        weights[a] = total;
        left.retain(|&cluster| cluster != b);
        merges.push(Merge { a, b, cost });
    }
    merges.sort_by(|one, other| one.cost.total_cmp(&other.cost));
    merges
}

fn cost(centres: &[f64], weights: &[f64], d: usize, a: usize, b: usize) -> f64 {
    let pairs = (centres[a * d..(a + 1) * d].iter()).zip(&centres[b * d..(b + 1) * d]);
    let squared: f64 = pairs.map(|(x, y)| (x - y) * (x - y)).sum();
    let (a, b) = (weights[a], weights[b]);
    a * (b / (a + b)) * squared
}
