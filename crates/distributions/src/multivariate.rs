//! Means and covariances of distributions of vectors.

use crate::combine::Columns;
use crate::special::{bessel_ratio, bessel_ratio_derivative};
use crate::{Dirichlet, DirichletMultinomial, Multinomial, Trials, Univariate, VonMisesFisher};

/// A distribution of vectors: its mean and its covariance.
///
/// ```
/// use distributions::{Dirichlet, Multivariate};
/// let family = Dirichlet::new(vec![1.0, 2.0, 3.0])?;
/// assert_eq!(family.mean(), [1.0 / 6.0, 2.0 / 6.0, 0.5]);
/// // Var(x₃) = m₃(1 − m₃)/(6 + 1)
/// assert!((family.covariance()[8] - 0.25 / 7.0).abs() < 1e-16);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Multivariate {
    /// E\[X\]; NaN where it does not exist.
    fn mean(&self) -> Vec<f64>;
    /// E\[(X − E X)(X − E X)ᵀ\], row after row; infinite or NaN where it does not exist.
    fn covariance(&self) -> Vec<f64>;
}

/// `factor`·(diag(p) − p pᵀ): the covariance of shares.
fn covariance_of_shares(shares: &[f64], factor: f64) -> Vec<f64> {
    let mut matrix = Vec::with_capacity(shares.len() * shares.len());
    for (i, p) in shares.iter().enumerate() {
        for (j, q) in shares.iter().enumerate() {
            // 1 − p from the others: p may be near 1.
            let others = || shares.iter().enumerate().filter(|(l, _)| *l != i);
            let entry = if i == j {
                p * others().map(|(_, other)| other).sum::<f64>()
            } else {
                -p * q
            };
            matrix.push(factor * entry);
        }
    }
    matrix
}

/// The shares a_j / Σ a and the sum.
fn shares(concentrations: &[f64]) -> (Vec<f64>, f64) {
    let total: f64 = concentrations.iter().sum();
    (concentrations.iter().map(|a| a / total).collect(), total)
}

/// The number of trials of a row; one where rows bring their own totals.
fn trials(trials: Trials) -> f64 {
    match trials {
        Trials::Rows => 1.0,
        Trials::Fixed(trials) => trials as f64,
    }
}

/// m = a/A, Cov = (diag(m) − m mᵀ)/(A + 1), with A = Σ a.
impl Multivariate for Dirichlet {
    fn mean(&self) -> Vec<f64> {
        shares(self.concentrations()).0
    }
    fn covariance(&self) -> Vec<f64> {
        let (shares, total) = shares(self.concentrations());
        covariance_of_shares(&shares, 1.0 / (total + 1.0))
    }
}

/// n p and n (diag(p) − p pᵀ); of one trial where rows bring their own totals.
impl Multivariate for Multinomial {
    fn mean(&self) -> Vec<f64> {
        let trials = trials(self.trials());
        self.probabilities().iter().map(|p| trials * p).collect()
    }
    fn covariance(&self) -> Vec<f64> {
        covariance_of_shares(self.probabilities(), trials(self.trials()))
    }
}

/// n m and n (A + n)/(A + 1) (diag(m) − m mᵀ); of one trial where rows bring their own totals.
impl Multivariate for DirichletMultinomial {
    fn mean(&self) -> Vec<f64> {
        let trials = trials(self.trials());
        let (shares, _) = shares(self.concentrations());
        shares.iter().map(|share| trials * share).collect()
    }
    fn covariance(&self) -> Vec<f64> {
        let trials = trials(self.trials());
        let (shares, total) = shares(self.concentrations());
        let spread = 1.0 + (trials - 1.0) / (total + 1.0);
        covariance_of_shares(&shares, trials * spread)
    }
}

/// R μ and (R/κ)(I − μμᵀ) + R′(κ) μμᵀ, where R = I_{d/2}(κ)/I_{d/2−1}(κ).
///
/// Source: Mardia & Jupp (2000), Directional Statistics, section 10.3.
impl Multivariate for VonMisesFisher {
    fn mean(&self) -> Vec<f64> {
        let length = bessel_ratio(order(self), self.concentration());
        let direction = self.mean_direction().iter();
        direction.map(|component| length * component).collect()
    }
    fn covariance(&self) -> Vec<f64> {
        let (order, concentration) = (order(self), self.concentration());
        let across = if concentration > 0.0 {
            bessel_ratio(order, concentration) / concentration
        } else {
            1.0 / self.dimension() as f64
        };
        let along = bessel_ratio_derivative(order, concentration);
        let direction = self.mean_direction();
        let mut matrix = Vec::with_capacity(direction.len() * direction.len());
        for (i, a) in direction.iter().enumerate() {
            for (j, b) in direction.iter().enumerate() {
                let unit = f64::from(u8::from(i == j));
                matrix.push(across * (unit - a * b) + along * a * b);
            }
        }
        matrix
    }
}

fn order(family: &VonMisesFisher) -> f64 {
    0.5 * family.dimension() as f64 - 1.0
}

/// Those of the columns, which are independent.
impl<C: Univariate> Multivariate for Columns<C> {
    fn mean(&self) -> Vec<f64> {
        self.columns().iter().map(C::mean).collect()
    }
    fn covariance(&self) -> Vec<f64> {
        let count = self.columns().len();
        let mut matrix = vec![0.0; count * count];
        for (j, column) in self.columns().iter().enumerate() {
            matrix[j * count + j] = column.variance();
        }
        matrix
    }
}
