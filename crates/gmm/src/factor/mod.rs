//! Factor analysers: Gaussians whose covariance is that of a few factors, and noise.

mod common_loadings;
mod conditional;
mod coordinates;
mod estimate;
mod kernel;
mod noise;
mod rotation;
#[cfg(feature = "serde")]
mod serde_form;
mod set;

pub use estimate::{FactorStructure, LEAST_NOISE};
pub use set::FactorAnalyzers;

use crate::gaussian::Gaussian;
use crate::linalg;
use distributions::ParameterError;

/// A factor analyser in d columns with q factors: x = μ + Λ z + e with z ~ N(0, I), e ~ N(0, Ψ), so that
/// x ~ N(μ, Λ Λᵀ + Ψ) with **loadings** Λ (d × q) and diagonal **noise variances** Ψ.
///
/// # Density
/// With M = I + Λᵀ Ψ⁻¹ Λ, the mean of the factors is E\[z | x\] = M⁻¹ Λᵀ Ψ⁻¹ (x − μ) =: z, and
/// ln p(x) = −½ {d ln 2π + ln det Ψ + ln det M + |Ψ^(−½) (x − μ − Λ z)|² + |z|²}: O(d q) a row, and a sum of
/// squares, which does not cancel where loadings are large.
///
/// # Files
/// `{"mean": [..], "loadings": [[..], ..], "noise_variances": [..]}`, d rows of q loadings, of which Λ Λᵀ
/// alone matters to the density.
///
/// ```
/// use gmm::{FactorAnalyzer, Gaussian};
/// use distributions::Density;
///
/// let one = FactorAnalyzer::new(vec![0.0, 1.0], &[vec![1.0], vec![2.0]], vec![0.5, 1.0])?;
/// let dense = Gaussian::new(vec![0.0, 1.0], &[vec![1.5, 2.0], vec![2.0, 5.0]])?;
/// let x = [0.3, -0.7];
/// assert!((one.log_density(&x) - dense.log_density(&x)).abs() < 1e-14);
/// assert_eq!(one.covariance(), dense.covariance());
/// # Ok::<(), distributions::ParameterError>(())
/// ```
///
/// # References
/// Ghahramani & Hinton (1996), The EM algorithm for mixtures of factor analyzers; Tipping & Bishop (1999),
/// Mixtures of probabilistic principal component analyzers, Neural Computation 11.
#[derive(Clone, Debug)]
pub struct FactorAnalyzer {
    /// The mean and the noise.
    noise: Gaussian,
    /// d × q, row-major.
    loadings: Vec<f64>,
    factors: usize,
    /// M⁻¹ Λᵀ Ψ⁻¹ = Λᵀ Σ⁻¹, q × d.
    projection: Vec<f64>,
    /// M⁻¹, q × q: the covariance of the factors given a row.
    remainder: Vec<f64>,
    /// −½ {d ln 2π + ln det Ψ + ln det M}.
    log_constant: f64,
}

/// Equal parameters; all else follows from them.
impl PartialEq for FactorAnalyzer {
    fn eq(&self, other: &Self) -> bool {
        self.noise == other.noise
            && self.factors == other.factors
            && self.loadings == other.loadings
    }
}

impl FactorAnalyzer {
    /// The factor analyser with this mean (d numbers), these loadings (d rows of q numbers, q below d) and
    /// noise variances (d numbers).
    ///
    /// # Errors
    /// When shapes differ, a number is not finite, or a noise variance is not positive.
    pub fn new(
        mean: Vec<f64>,
        loadings: &[Vec<f64>],
        noise_variances: Vec<f64>,
    ) -> Result<Self, ParameterError> {
        let (d, factors) = (mean.len(), loadings.first().map_or(0, Vec::len));
        let ragged = loadings.iter().find(|row| row.len() != factors);
        ParameterError::require(
            loadings.len() == d && ragged.is_none(),
            "length of loadings",
            ragged.map_or(loadings.len(), Vec::len) as f64,
            "must be a row for each number of the mean, and rows of one length",
        )?;
        ParameterError::require(
            factors == 0 || factors < d,
            "number of factors",
            factors as f64,
            "must be less than the number of columns",
        )?;
        let noise = Gaussian::diagonal(mean, noise_variances).map_err(renamed)?;
        FactorAnalyzer::build(noise, loadings.concat(), factors)
    }
    /// From a mean with its noise, and loadings row after row.
    pub(crate) fn build(
        noise: Gaussian,
        loadings: Vec<f64>,
        factors: usize,
    ) -> Result<Self, ParameterError> {
        let (d, q) = (noise.dimension(), factors);
        let wild = loadings.iter().find(|loading| !loading.is_finite());
        let wild = wild.copied().unwrap_or(0.0);
        ParameterError::require(wild == 0.0, "loadings", wild, "must be finite")?;
        let mut scaled = vec![0.0; q * d];
        for j in 0..d {
            for f in 0..q {
                scaled[f * d + j] = loadings[j * q + f] / noise.variance(j);
            }
        }
        let mut matrix = vec![0.0; q * q];
        for f in 0..q {
            for g in 0..q {
                let products = (0..d).map(|j| scaled[f * d + j] * loadings[j * q + g]);
                matrix[f * q + g] = products.sum::<f64>() + f64::from(u8::from(f == g));
            }
        }
        let (mut half_log_determinant, mut remainder) = (0.0, Vec::new());
        if q > 0 {
            let lower = linalg::cholesky(&matrix, q).map_err(|_| {
                let largest = matrix.iter().fold(0.0f64, |a, b| a.max(b.abs()));
                ParameterError::new(
                    "loadings",
                    largest,
                    "must have a finite square, in units of the noise",
                )
            })?;
            half_log_determinant = (0..q).map(|f| lower[f * q + f].ln()).sum();
            remainder = linalg::inverse_from_cholesky(&lower, q);
        }
        let mut projection = vec![0.0; q * d];
        for f in 0..q {
            for g in 0..q {
                let factor = remainder[f * q + g];
                for j in 0..d {
                    projection[f * d + j] += factor * scaled[g * d + j];
                }
            }
        }
        Ok(FactorAnalyzer {
            log_constant: noise.log_constant() - half_log_determinant,
            noise,
            loadings,
            factors,
            projection,
            remainder,
        })
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.noise.dimension()
    }
    /// The number of factors q.
    pub fn factors(&self) -> usize {
        self.factors
    }
    /// μ.
    pub fn mean(&self) -> &[f64] {
        self.noise.mean()
    }
    /// The diagonal of Ψ.
    pub fn noise_variances(&self) -> Vec<f64> {
        (0..self.dimension())
            .map(|j| self.noise.variance(j))
            .collect()
    }
    /// Λ as d rows of q numbers. Estimates are turned so that Λᵀ Ψ⁻¹ Λ is diagonal and falling, and the sum
    /// of each column not negative (where loadings are common and noise is not, Ψ⁻¹ is the mean of all).
    pub fn loadings(&self) -> Vec<Vec<f64>> {
        rows_of(&self.loadings, self.dimension(), self.factors)
    }
    /// E\[z | x\], the q factor scores of a row; their covariance is (I + Λᵀ Ψ⁻¹ Λ)⁻¹, the same for all rows.
    ///
    /// # Panics
    /// When `x` has another length.
    pub fn factor_scores(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.dimension(), "dimensions");
        self.project(x)
    }
    /// M⁻¹ Λᵀ Ψ⁻¹ (x − μ).
    fn project(&self, x: &[f64]) -> Vec<f64> {
        let rows = self.projection.chunks_exact(self.dimension());
        let score = |row: &[f64]| {
            let terms = row.iter().zip(x).zip(self.mean());
            terms.map(|((b, x), mean)| b * (x - mean)).sum()
        };
        rows.map(score).collect()
    }
    /// Λ Λᵀ + Ψ, row-major.
    pub fn covariance(&self) -> Vec<f64> {
        let (d, q) = (self.dimension(), self.factors);
        let mut matrix = vec![0.0; d * d];
        for i in 0..d {
            for j in 0..d {
                let products = (0..q).map(|f| self.loadings[i * q + f] * self.loadings[j * q + f]);
                matrix[i * d + j] = products.sum();
            }
            matrix[i * d + i] += self.noise.variance(i);
        }
        matrix
    }
}

/// A row-major matrix as rows; also of no columns.
fn rows_of(values: &[f64], rows: usize, columns: usize) -> Vec<Vec<f64>> {
    (0..rows)
        .map(|i| values[i * columns..(i + 1) * columns].to_vec())
        .collect()
}

/// An error of the diagonal Gaussian in the names of the factor analyser.
fn renamed(mut error: ParameterError) -> ParameterError {
    error.parameter = match error.parameter {
        "covariance" | "variance" | "variances" => "noise_variances",
        "length of covariance" | "length of variances" => "length of noise_variances",
        other => other,
    };
    error
}

impl distributions::Density for FactorAnalyzer {
    type Space = distributions::Rows<f64>;
    fn log_density(&self, x: &[f64]) -> f64 {
        let (z, q) = (self.project(x), self.factors);
        let mut form: f64 = z.iter().map(|z| z * z).sum();
        for (j, (x, mean)) in x.iter().zip(self.mean()).enumerate() {
            let explained = self.loadings[j * q..(j + 1) * q].iter().zip(&z);
            let rest = x - mean - explained.map(|(l, z)| l * z).sum::<f64>();
            form += rest * rest / self.noise.variance(j);
        }
        let density = self.log_constant - 0.5 * form;
        // Differences of infinities: the row is infinitely far away.
        if density.is_nan() {
            f64::NEG_INFINITY
        } else {
            density
        }
    }
    fn check_observation(&self, x: &[f64]) -> Result<(), &'static str> {
        crate::gaussian::check_row(x, self.dimension())
    }
}

impl distributions::Multivariate for FactorAnalyzer {
    fn mean(&self) -> Vec<f64> {
        self.mean().to_vec()
    }
    fn covariance(&self) -> Vec<f64> {
        self.covariance()
    }
}

impl distributions::Sample for FactorAnalyzer {
    fn empty_buffer(&self) -> distributions::RowsBuffer<f64> {
        distributions::RowsBuffer::new(self.dimension())
    }
    fn draw<R: rand::Rng + ?Sized>(&self, rng: &mut R, into: &mut distributions::RowsBuffer<f64>) {
        use rand_distr::{Distribution, StandardNormal};
        let start = into.values.len();
        self.noise.draw(rng, into);
        for f in 0..self.factors {
            let z: f64 = StandardNormal.sample(rng);
            for (j, value) in into.values[start..].iter_mut().enumerate() {
                *value += self.loadings[j * self.factors + f] * z;
            }
        }
    }
}
