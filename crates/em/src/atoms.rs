//! Points of a continuous space that have a mass: there densities count nothing.
//!
//! With a point mass beside continuous components the measure is Lebesgue plus the atoms. At an atom
//! only the components that have one there have a density with respect to it; the others have 0. What
//! follows is for sets of components; [`Vec`]s of components use it.

/// Writes `nothing` into the K × n `matrix` wherever row i is an atom of some component, but not of
/// component k: −∞ for log-densities, 0 for weights.
pub fn hide_beside_atoms(
    matrix: &mut [f64],
    components: usize,
    nothing: f64,
    is_atom: impl Fn(usize, usize) -> bool,
) {
    let rows = matrix.len() / components.max(1);
    for i in 0..rows {
        if !(0..components).any(|k| is_atom(k, i)) {
            continue;
        }
        for k in 0..components {
            if !is_atom(k, i) {
                matrix[k * rows + i] = nothing;
            }
        }
    }
}

/// The K × n matrix of `weights` of a first M-step, as far as the rows are no atoms of others. A
/// component to which nothing is left starts from all rows that are no atoms.
pub fn weights_beside_atoms(
    weights: &[f64],
    components: usize,
    is_atom: impl Fn(usize, usize) -> bool,
) -> Vec<f64> {
    let rows = weights.len() / components.max(1);
    let mut own = weights.to_vec();
    hide_beside_atoms(&mut own, components, 0.0, &is_atom);
    let smooth = |i: usize| !(0..components).any(|k| is_atom(k, i));
    for k in 0..components {
        let (given, left) = (
            &weights[k * rows..(k + 1) * rows],
            &mut own[k * rows..(k + 1) * rows],
        );
        let lost = left.iter().all(|&w| w == 0.0) && given.iter().any(|&w| w > 0.0);
        if lost {
            for (i, left) in left.iter_mut().enumerate().filter(|&(i, _)| smooth(i)) {
                *left = (0..components).map(|j| weights[j * rows + i]).sum();
            }
        }
    }
    own
}
