//! The score of any component: the gradient of its log-density.

use crate::{Coordinates, Density, Obs};

/// The step of the differences, relative to a coordinate of size 1 or more. With the sixth-order rule
/// below, its truncation (10⁻¹²) and the rounding of the log-density (10⁻¹⁴) are then both far below what
/// standard errors need.
const STEP: f64 = 1e-2;

/// ∂ ln p(x | θ)/∂θ_j in the unconstrained coordinates of [`Coordinates`], for components of any kind:
/// what standard errors are made of.
///
/// By central differences of order six: Σ_m c_m (f(θ + m h) − f(θ − m h))/h with c = (3/4, −3/20,
/// 1/60); an exponential family has its exact score in natural coordinates,
/// [`ExponentialFamily::score`](crate::ExponentialFamily::score). An entry is NaN where the coordinate is
/// infinite (a parameter at its bound), or where a neighbour is no component or has density 0 at `x`.
///
/// ```
/// use distributions::{Normal, score};
/// // (x − μ)/σ² and ½((x − μ)²/σ² − 1), as the coordinates are μ and ln σ².
/// let found = score(&Normal::new(1.0, 4.0)?, 4.0);
/// assert!((found[0] - 0.75).abs() < 1e-10 && (found[1] - 0.625).abs() < 1e-10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn score<C: Density + Coordinates>(component: &C, x: Obs<'_, C::Space>) -> Vec<f64> {
    let mut at = Vec::new();
    component.pack(&mut at);
    (0..at.len())
        .map(|j| {
            let step = STEP * at[j].abs().max(1.0);
            let log_density = |multiple: f64| {
                let mut moved = at.clone();
                moved[j] += multiple * step;
                match component.unpack(&mut &moved[..]) {
                    Ok(neighbour) => neighbour.log_density(x),
                    Err(_) => f64::NAN,
                }
            };
            let difference = |m: f64| log_density(m) - log_density(-m);
            let sum = 0.75 * difference(1.0) - 0.15 * difference(2.0) + difference(3.0) / 60.0;
            let slope = sum / step;
            if slope.is_finite() { slope } else { f64::NAN }
        })
        .collect()
}
