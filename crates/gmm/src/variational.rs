//! Gaussians under a normal–inverse-Wishart prior, for variational Bayes.

use crate::gaussian::Gaussian;
use crate::prior::Prior;
use crate::scatter::Scatter;
use crate::student_t::MultivariateT;
use distributions::combine::Columns;
use distributions::special::{digamma, ln_gamma, ln_minus_digamma};
use distributions::{
    Buffer, Coordinates, Density, EstimateError, ParameterError, Reason, Rows, Sample, Statistics,
    StudentT, next_coordinate,
};
use em::ConjugateFamily;
use rand::Rng;

/// The distribution of a new row when mean and covariance have a posterior.
#[derive(Clone, Debug, PartialEq)]
pub enum GaussianPredictive {
    /// Of full covariances: a multivariate t.
    Full(MultivariateT),
    /// Of diagonal covariances: columns that are Student t.
    Diagonal(Columns<StudentT>),
}

impl Density for GaussianPredictive {
    type Space = Rows<f64>;

    fn log_density(&self, x: &[f64]) -> f64 {
        match self {
            GaussianPredictive::Full(joint) => joint.log_density(x),
            GaussianPredictive::Diagonal(columns) => columns.log_density(x),
        }
    }
    fn check_observation(&self, x: &[f64]) -> Result<(), &'static str> {
        match self {
            GaussianPredictive::Full(joint) => joint.check_observation(x),
            GaussianPredictive::Diagonal(columns) => columns.check_observation(x),
        }
    }
}

impl Sample for GaussianPredictive {
    fn empty_buffer(&self) -> Buffer<Rows<f64>> {
        match self {
            GaussianPredictive::Full(joint) => joint.empty_buffer(),
            GaussianPredictive::Diagonal(columns) => columns.empty_buffer(),
        }
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<Rows<f64>>) {
        match self {
            GaussianPredictive::Full(joint) => joint.draw(rng, into),
            GaussianPredictive::Diagonal(columns) => columns.draw(rng, into),
        }
    }
}

/// Whether the covariance of `family` is full, rather than diagonal; other structures have no conjugate
/// prior here.
fn is_full(family: &Gaussian) -> Result<bool, EstimateError> {
    if family.structure().is_spherical() {
        return Err(EstimateError::new(Reason::Unsupported(
            "spherical covariances have no conjugate prior here: use full or diagonal ones".into(),
        )));
    }
    Ok(family.structure().needs_full_scatter())
}

/// ½ (ν − j) for each column j: the shapes of the gamma variables that a Wishart matrix is made of (Bartlett),
/// all ½ ν where covariances are diagonal.
fn shapes(df: f64, dimension: usize, full: bool) -> impl Iterator<Item = f64> {
    (0..dimension).map(move |j| 0.5 * (df - if full { j as f64 } else { 0.0 }))
}

/// N(m, Λ), of Λ what the structure has.
fn centre(of: &Prior, full: bool) -> Result<Gaussian, ParameterError> {
    if full {
        return Ok(of.centre().clone());
    }
    let squares = (0..of.dimension()).map(|j| of.centre().variance(j));
    Gaussian::diagonal(of.mean().to_vec(), squares.collect())
}

/// tr(Λ₀ Λ⁻¹) = |L⁻¹L₀|².
fn trace(before: &Gaussian, after: &Gaussian) -> Result<f64, EstimateError> {
    let d = before.dimension();
    let lower = crate::linalg::cholesky(&before.covariance(), d).map_err(|column| {
        EstimateError::boundary("scale", 0.0, "must be positive definite").in_column(column)
    })?;
    let mut sum = 0.0;
    for j in 0..d {
        let mut column: Vec<f64> = (0..d).map(|i| lower[i * d + j]).collect();
        after.factor().solve(&mut column);
        sum += column.iter().map(|z| z * z).sum::<f64>();
    }
    Ok(sum)
}

/// KL(posterior ‖ prior): of the precisions, Wishart or gamma, and what is to be expected of that of the
/// means given them.
fn divergence(posterior: &Prior, prior: &Prior, full: bool) -> Result<f64, EstimateError> {
    let (after, before) = (centre(posterior, full)?, centre(prior, full)?);
    let (d, df) = (posterior.dimension(), posterior.df());
    let ratio = prior.shrinkage() / posterior.shrinkage();
    let distance = prior.shrinkage() * df * after.squared_mahalanobis(prior.mean());
    let mut sum = 0.5 * (d as f64 * (ratio - 1.0 - ratio.ln()) + distance);
    sum += 0.5 * prior.df() * (after.log_determinant() - before.log_determinant());
    sum += 0.5 * df * (trace(&before, &after)? - d as f64);
    for (mine, theirs) in shapes(df, d, full).zip(shapes(prior.df(), d, full)) {
        sum += ln_gamma(theirs) - ln_gamma(mine) + (mine - theirs) * digamma(mine);
    }
    Ok(sum)
}

/// Those of N(m, Λ), ln κ and ln(ν − d + 1).
impl Coordinates for Prior {
    fn pack(&self, into: &mut Vec<f64>) {
        self.centre().pack(into);
        let least = self.dimension() as f64 - 1.0;
        into.extend([self.shrinkage().ln(), (self.df() - least).ln()]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let centre = self.centre().unpack(from)?;
        let least = self.dimension() as f64 - 1.0;
        let (shrinkage, df) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(Prior::about(centre, shrinkage.exp(), least + df.exp())?)
    }
}

/// (μ, Σ) ~ [`Prior`], with κ > 0. Full: the posterior has κ + N, ν + N, the mean (κ m + N x̄)/(κ + N), and
/// Λ + W + κ N/(κ + N) (x̄ − m)(x̄ − m)ᵀ. Diagonal: the same of the diagonals, every variance being
/// inverse-gamma(ν/2, Λ_jj/2).
///
/// Source: Bishop (2006), section 10.2; Murphy (2007), sections 8 and 9.
impl ConjugateFamily for Gaussian {
    type Prior = Prior;
    type Predictive = GaussianPredictive;

    /// Mean m and covariance Λ/ν.
    fn expectation(&self, belief: &Prior) -> Result<(Self, f64), EstimateError> {
        let (d, full) = (belief.dimension(), is_full(self)?);
        ParameterError::require(
            d == self.dimension(),
            "length of the prior's mean",
            d as f64,
            "must be the number of columns",
        )?;
        ParameterError::require(
            belief.shrinkage() > 0.0,
            "shrinkage",
            belief.shrinkage(),
            "must be positive: without it the mean has no prior",
        )?;
        let scale = centre(belief, full)?.covariance().into_iter();
        let covariance = scale.map(|value| value / belief.df()).collect();
        let member = Gaussian::from_matrix(belief.mean().to_vec(), covariance)?;
        let log_half_df = (0.5 * belief.df()).ln();
        let mut offset = -0.5 * d as f64 / belief.shrinkage();
        for shape in shapes(belief.df(), d, full) {
            // ½ (ψ(shape) − ln(ν/2)).
            offset -= 0.5 * (ln_minus_digamma(shape) + (log_half_df - shape.ln()));
        }
        Ok((member.with_structure(self.structure()), offset))
    }
    fn posterior(&self, prior: &Prior, from: &Scatter) -> Result<Prior, EstimateError> {
        if from.weight() == 0.0 {
            return Ok(prior.clone());
        }
        let scale = prior.centre().covariance();
        let shrinkage = prior.shrinkage();
        let all = from.with_pseudo_rows(prior.mean(), shrinkage, &scale, from.weight());
        let centre = Gaussian::from_matrix(all.mean().to_vec(), all.matrix())?;
        let count = from.weight();
        Ok(Prior::about(centre, shrinkage + count, prior.df() + count)?)
    }
    fn divergence(&self, posterior: &Prior, prior: &Prior) -> f64 {
        let divergence = is_full(self).and_then(|full| divergence(posterior, prior, full));
        divergence.unwrap_or(f64::INFINITY)
    }
    /// Full: multivariate t with ν − d + 1 degrees of freedom and scale matrix
    /// Λ (κ + 1)/(κ (ν − d + 1)). Diagonal: columns with ν degrees of freedom and scale² Λ_jj (κ + 1)/(κ ν).
    fn predictive(&self, belief: &Prior) -> Result<GaussianPredictive, EstimateError> {
        let (d, factor) = (belief.dimension(), 1.0 + 1.0 / belief.shrinkage());
        if is_full(self)? {
            let df = belief.df() - (d as f64 - 1.0);
            let matrix = belief.centre().covariance().into_iter();
            let scale = matrix.map(|value| value * factor / df).collect();
            let gaussian = Gaussian::from_matrix(belief.mean().to_vec(), scale)?;
            let joint = MultivariateT::from_gaussian(gaussian, df)?;
            return Ok(GaussianPredictive::Full(joint.with_fixed_df()));
        }
        let column = |j: usize| {
            let scale = (belief.centre().variance(j) * factor / belief.df()).sqrt();
            let column = StudentT::new(belief.mean()[j], scale, belief.df())?;
            Ok(column.with_fixed_df())
        };
        let columns: Result<Vec<_>, ParameterError> = (0..d).map(column).collect();
        Ok(GaussianPredictive::Diagonal(Columns::new(columns?)?))
    }
}
