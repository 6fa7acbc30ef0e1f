//! Why a fit is listed but not ranked: the spikes of an unbounded likelihood must not win.

use distributions::dense::symmetric_eigen;
use std::fmt;

/// The least share of the pooled spread that a component may have in any direction.
pub const SMALLEST_SPREAD: f64 = 1e-6;

/// Why a fit is listed but not ranked.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Objection {
    /// Components had no estimate on the way.
    Degenerate {
        /// How often.
        events: usize,
    },
    /// A component has too few observations.
    FewObservations {
        /// The component.
        component: usize,
        /// Its effective count N_k.
        effective_count: f64,
        /// What it needs, D + 1.
        needed: usize,
    },
    /// A component is next to a point, a line or a plane.
    SmallSpread {
        /// The component.
        component: usize,
        /// The least of its eigenvalues as a share of the pooled ones.
        share: f64,
    },
    /// The criterion is no finite number.
    NoValue,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Objection::Degenerate { events } => {
                write!(f, "components that had no estimate on the way: {events}")
            }
            Objection::FewObservations {
                component,
                effective_count,
                needed,
            } => write!(
                f,
                "component {component} has an effective count of {effective_count:.4}, fewer than {needed}"
            ),
            Objection::SmallSpread { component, share } => write!(
                f,
                "component {component} is a spike: in one direction its variance is {share:.1e} of that of the data"
            ),
            Objection::NoValue => write!(f, "the criterion is no finite number"),
        }
    }
}

/// The first objection to a fit: an event of degeneracy, a component with N_k < D + 1, or one whose least
/// relative eigenvalue ([`smallest_relative_eigenvalue`]) is below [`SMALLEST_SPREAD`].
///
/// `dimension` is D, the number of columns; `spreads` has an entry for each component whose likelihood is
/// unbounded, `None` for others, such as those of counts.
pub fn objection(
    degeneracies: usize,
    effective_counts: &[f64],
    dimension: usize,
    spreads: &[Option<f64>],
) -> Option<Objection> {
    if degeneracies > 0 {
        return Some(Objection::Degenerate {
            events: degeneracies,
        });
    }
    let needed = dimension + 1;
    let few = (effective_counts.iter().enumerate()).find(|(_, count)| !(**count >= needed as f64));
    if let Some((component, &effective_count)) = few {
        return Some(Objection::FewObservations {
            component,
            effective_count,
            needed,
        });
    }
    let shares = (spreads.iter().enumerate()).filter_map(|(k, share)| Some((k, (*share)?)));
    let spike = shares
        .into_iter()
        .find(|(_, share)| !(*share >= SMALLEST_SPREAD));
    spike.map(|(component, share)| Objection::SmallSpread { component, share })
}

/// The least eigenvalue of S^(−1/2) Σ S^(−1/2): the variance of a component in the direction in which it
/// is least, as a share of the variance of the data in that direction. It does not depend on units. Both
/// are D × D, row after row; 0 where S is singular or a number is not finite.
///
/// ```
/// use em::select::smallest_relative_eigenvalue;
/// let share = smallest_relative_eigenvalue(&[4.0, 0.0, 0.0, 1.0], &[8.0, 0.0, 0.0, 10.0], 2);
/// assert!((share - 0.1).abs() < 1e-15);
/// ```
///
/// # Panics
/// When the matrices are not of that size.
pub fn smallest_relative_eigenvalue(within: &[f64], pooled: &[f64], dimension: usize) -> f64 {
    assert!(
        within.len() == dimension * dimension && pooled.len() == within.len(),
        "two {dimension} × {dimension} matrices"
    );
    let scale: Vec<f64> = (0..dimension)
        .map(|i| pooled[i * dimension + i].sqrt())
        .collect();
    if !scale.iter().all(|&scale| scale > 0.0 && scale.is_finite()) {
        return 0.0;
    }
    // In units of each column's own spread, so that the eigenvectors of S are found to full precision.
    let scaled = |matrix: &[f64]| -> Vec<f64> {
        let entries = matrix.iter().enumerate();
        entries
            .map(|(index, value)| value / (scale[index / dimension] * scale[index % dimension]))
            .collect()
    };
    let (within, pooled) = (scaled(within), scaled(pooled));
    let Ok(axes) = symmetric_eigen(&pooled, dimension) else {
        return 0.0;
    };
    if !axes.values.iter().all(|&value| value > 0.0) {
        return 0.0;
    }
    // Entry (a, b) is v_aᵀ Σ v_b / √(λ_a λ_b).
    let vector = |a: usize, i: usize| axes.vectors[a * dimension + i];
    let mut whitened = vec![0.0; dimension * dimension];
    for a in 0..dimension {
        for b in 0..dimension {
            let mut sum = 0.0;
            for i in 0..dimension {
                for j in 0..dimension {
                    sum += vector(a, i) * within[i * dimension + j] * vector(b, j);
                }
            }
            whitened[a * dimension + b] = sum / (axes.values[a] * axes.values[b]).sqrt();
        }
    }
    let Ok(shares) = symmetric_eigen(&whitened, dimension) else {
        return 0.0;
    };
    shares.values.first().copied().unwrap_or(0.0)
}
