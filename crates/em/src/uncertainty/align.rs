//! The components of a refit in the order of those of the fit.

/// For each component of the fit that of the refit with which it shares most: the assignment σ that
/// maximises Σ_k `shared[k * K + σ(k)]`.
///
/// By shortest augmenting paths with potentials (the Hungarian method; Jonker & Volgenant 1987, Computing 38,
/// 325–340), O(K³); ties go to the lower number.
pub fn assignment(shared: &[f64], count: usize) -> Vec<usize> {
    // Row and column `count` are those of no component, where every path begins.
    let mut row_of = vec![count; count + 1];
    let (mut row_potential, mut potential) = (vec![0.0; count + 1], vec![0.0; count + 1]);
    for row in 0..count {
        row_of[count] = row;
        let mut column = count;
        let mut distance = vec![f64::INFINITY; count];
        let mut before = vec![count; count];
        let mut reached = vec![false; count + 1];
        while row_of[column] != count {
            reached[column] = true;
            let from = row_of[column];
            let (mut nearest, mut least) = (count, f64::INFINITY);
            for other in (0..count).filter(|&other| !reached[other]) {
                let cost = -shared[from * count + other];
                let reduced = cost - row_potential[from] - potential[other];
                if reduced < distance[other] {
                    distance[other] = reduced;
                    before[other] = column;
                }
                if distance[other] < least {
                    (nearest, least) = (other, distance[other]);
                }
            }
            for other in 0..=count {
                if reached[other] {
                    row_potential[row_of[other]] += least;
                    potential[other] -= least;
                } else if other < count {
                    distance[other] -= least;
                }
            }
            column = nearest;
        }
        while column != count {
            row_of[column] = row_of[before[column]];
            column = before[column];
        }
    }
    let mut of_row = vec![0; count];
    for column in 0..count {
        of_row[row_of[column]] = column;
    }
    of_row
}

#[cfg(test)]
mod tests {
    use super::assignment;

    /// Against all permutations, for matrices of whole numbers from a linear congruence.
    #[test]
    fn as_good_as_the_best_of_all_permutations() {
        let mut state = 1u64;
        let mut next = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            f64::from((state >> 60) as u32)
        };
        for count in 1..=6 {
            for _ in 0..50 {
                let shared: Vec<f64> = (0..count * count).map(|_| next()).collect();
                let total = |order: &[usize]| -> f64 {
                    (order.iter().enumerate())
                        .map(|(k, &to)| shared[k * count + to])
                        .sum()
                };
                let found = assignment(&shared, count);
                let mut seen = found.clone();
                seen.sort_unstable();
                assert!(seen.iter().copied().eq(0..count), "{found:?}");
                let best = permutations(count)
                    .iter()
                    .map(|p| total(p))
                    .fold(0.0, f64::max);
                assert_eq!(total(&found), best);
            }
        }
    }

    fn permutations(count: usize) -> Vec<Vec<usize>> {
        if count == 0 {
            return vec![Vec::new()];
        }
        let shorter = permutations(count - 1);
        let insert = |p: &Vec<usize>, at: usize| {
            let mut longer = p.clone();
            longer.insert(at, count - 1);
            longer
        };
        (shorter.iter())
            .flat_map(|p| (0..count).map(move |at| insert(p, at)))
            .collect()
    }

    #[test]
    fn nothing_shared_keeps_the_order() {
        assert_eq!(assignment(&[0.0; 9], 3), [0, 1, 2]);
    }
}
