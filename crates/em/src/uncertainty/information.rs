//! The observed information of a fitted mixture.

use crate::fit::check_data;
use crate::init::MixtureData;
use crate::mixture::Mixture;
use crate::responsibilities::Soft;
use crate::set::ComponentSet;
use crate::uncertainty::curvature::{Curvature, curvature, set_steps};
use crate::uncertainty::point::Point;
use crate::uncertainty::refusal::InformationError;
use crate::uncertainty::standard_error::{Robustness, StandardError, delta};
use crate::weights::WeightModel;
use distributions::Coordinates;
use distributions::dense::{DenseError, Ldl, symmetric_eigen};

/// The gain above which parameters are no maximum: nearer, they lie within a tenth of a standard error
/// of it, because the gain is half the squared distance in units of standard errors.
const AT_MAXIMUM: f64 = 0.005;
/// The least eigenvalue of the information, where that of complete data has diagonal 1. Differences leave
/// an error near 1e-9 there.
const POSITIVE: f64 = 1e-7;

/// The observed information of a fit, by Louis' formula (1982, Journal of the Royal Statistical Society B
/// 44, 226–233):
///
/// I = −∇²L = Σ_i w_i { E\[B_i | x_i\] − Var(S_i | x_i) },
///
/// where S_i = ∇ ln π_z p_z(x_i) and B_i = −∇² of the same are score and curvature of the complete data, and
/// expectations are over z given x_i, that is, weighted by responsibilities. Row weights are frequencies:
/// doubled, they halve variances. The logarithm of a prior is part of what is maximised, and so its curvature
/// part of I.
///
/// Derivatives are taken in the coordinates of [`Coordinates`](distributions::Coordinates), by differences of
/// order six whose steps follow the scale of the data, to about 1e-8 of the information of complete data.
/// Parameters at a bound (a weight of 0) are held, and errors conditional on them.
///
/// ```
/// use distributions::Poisson;
/// use em::uncertainty::{Information, Robustness, StandardError};
/// use em::{Data, Mixture};
///
/// // One Poisson component: the error of the rate λ is √(λ/n).
/// let counts = [2_u64, 4, 3, 7];
/// let fit = Mixture::uniform(vec![Poisson::new(4.0)?]);
/// let information = Information::observed(&fit, Data::new(&counts[..]), 0)?;
/// let rate = |fit: &Mixture<Vec<Poisson>>| vec![fit.components()[0].rate()];
/// let errors = information.standard_errors(Robustness::Model, rate)?;
/// assert!(matches!(errors[0], StandardError::Estimated(error) if (error - 1.0).abs() < 1e-8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Information<M> {
    point: Point<M>,
    curvature: Curvature,
    /// I, in units of steps.
    information: Vec<f64>,
    /// I⁻¹, in units of steps.
    inverse: Vec<f64>,
}

impl<S, W> Information<Mixture<S, W>>
where
    S: ComponentSet + Coordinates,
    W: WeightModel + Coordinates,
{
    /// The information of `data` at `fit`, its maximum-likelihood (or maximum a posteriori) estimate, by
    /// `threads` threads (0: every core), with the same bits for any number.
    ///
    /// # Errors
    /// [`InformationError`] where the likelihood has no standard errors at `fit`.
    pub fn observed(
        fit: &Mixture<S, W>,
        data: MixtureData<'_, '_, S, W>,
        threads: usize,
    ) -> Result<Self, InformationError> {
        check_data::<_, Soft>(fit, data)?;
        let floors = fit.components().at_bound();
        if !floors.is_empty() {
            return Err(InformationError::Floor { components: floors });
        }
        fit.evaluate(data)?;
        let mut point = Point::new(fit)?;
        set_steps(&mut point, data, threads)?;
        let curvature = curvature(&point, data, threads)?;
        let Curvature {
            complete,
            squares,
            scores,
            gradient,
        } = &curvature;
        // Var(S) = E[SSᵀ] − ssᵀ.
        let information: Vec<f64> = (complete.iter().zip(squares).zip(scores))
            .map(|((complete, squares), scores)| complete - (squares - scores))
            .collect();
        // Complete data have more information, so that this is at most the gain: far from a maximum the
        // curvature may have any sign.
        let free = gradient.len();
        let least = (0..free).map(|j| 0.5 * gradient[j] * gradient[j] / squares[j * free + j]);
        let gain = least.fold(0.0, f64::max);
        if !(gain <= AT_MAXIMUM) {
            return Err(InformationError::NotAMaximum { gain });
        }
        let inverse = inverted(&information, squares, free)?;
        let gain = 0.5 * quadratic(&inverse, gradient, gradient);
        if !(gain <= AT_MAXIMUM) {
            return Err(InformationError::NotAMaximum { gain });
        }
        Ok(Information {
            point,
            curvature,
            information,
            inverse,
        })
    }
}

impl<M: Coordinates> Information<M> {
    /// I in the coordinates that are not held, row-major.
    pub fn matrix(&self) -> Vec<f64> {
        let steps = &self.point.steps;
        let free = steps.len();
        (self.information.iter().enumerate())
            .map(|(at, value)| value / (steps[at / free] * steps[at % free]))
            .collect()
    }
    /// Which coordinates are not held, that is, not at a bound.
    pub fn free(&self) -> &[usize] {
        &self.point.free
    }
    /// The covariance matrix of the estimates of the coordinates that are not held, row-major.
    pub fn covariance(&self, robustness: Robustness) -> Vec<f64> {
        let steps = &self.point.steps;
        let free = steps.len();
        (self.in_steps(robustness).iter().enumerate())
            .map(|(at, value)| value * (steps[at / free] * steps[at % free]))
            .collect()
    }
    /// The standard errors of whatever `parameters` reads off a model, by the delta method.
    ///
    /// # Errors
    /// Where a model near the fit does not have as many parameters, or one is not finite.
    pub fn standard_errors(
        &self,
        robustness: Robustness,
        parameters: impl Fn(&M) -> Vec<f64>,
    ) -> Result<Vec<StandardError>, InformationError> {
        delta(&self.point, &self.in_steps(robustness), parameters)
    }
    fn in_steps(&self, robustness: Robustness) -> Vec<f64> {
        match robustness {
            Robustness::Model => self.inverse.clone(),
            Robustness::Sandwich => sandwich(&self.inverse, &self.curvature.scores),
        }
    }
}

/// uᵀAv.
pub fn quadratic(matrix: &[f64], u: &[f64], v: &[f64]) -> f64 {
    let rows = matrix.chunks_exact(v.len().max(1)).zip(u);
    rows.map(|(row, u)| u * row.iter().zip(v).map(|(a, v)| a * v).sum::<f64>())
        .sum()
}

/// A⁻¹JA⁻¹ of symmetric matrices.
fn sandwich(inverse: &[f64], scores: &[f64]) -> Vec<f64> {
    let free = inverse.len().isqrt();
    let row = |i: usize| &inverse[i * free..(i + 1) * free];
    (0..free * free)
        .map(|at| {
            quadratic(
                scores,
                row((at / free).max(at % free)),
                row((at / free).min(at % free)),
            )
        })
        .collect()
}

/// The inverse of the information, compared with `squares`, the information of complete data.
fn inverted(
    information: &[f64],
    squares: &[f64],
    free: usize,
) -> Result<Vec<f64>, InformationError> {
    let singular = |_: DenseError| InformationError::Singular {
        eigenvalue: f64::NAN,
    };
    let scale: Vec<f64> = (0..free).map(|j| squares[j * free + j].sqrt()).collect();
    let relative: Vec<f64> = (information.iter().enumerate())
        .map(|(at, value)| value / (scale[at / free] * scale[at % free]))
        .collect();
    let eigen = symmetric_eigen(&relative, free).map_err(singular)?;
    if let Some(&eigenvalue) = eigen.values.first()
        && !(eigenvalue > POSITIVE)
    {
        return Err(InformationError::Singular { eigenvalue });
    }
    let inverse = Ldl::new(&relative, free).map_err(singular)?.inverse();
    Ok((inverse.iter().enumerate())
        .map(|(at, value)| value / (scale[at / free] * scale[at % free]))
        .collect())
}
