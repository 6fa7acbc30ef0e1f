//! Data and models that the benchmarks share: seeded, so that every run sees the same numbers.

use distributions::{Gamma, Normal, ParameterError, Poisson, Sample};
use em::{Mixture, stream};

/// A mixture and rows drawn from it.
pub struct Problem<C, T> {
    /// The mixture.
    pub mixture: Mixture<Vec<C>>,
    /// Its rows.
    pub rows: Vec<T>,
}

/// `rows` draws from a mixture of these components with equal weights.
fn problem<C, T>(components: Vec<C>, rows: usize) -> Problem<C, T>
where
    Mixture<Vec<C>>: Sample<Space = distributions::Scalars<T>>,
    C: distributions::Component,
    T: Copy + Send + Sync + 'static,
{
    let mixture = Mixture::uniform(components);
    let rows = mixture.sample(&mut stream(0, 0), rows);
    Problem { mixture, rows }
}

/// Three overlapping normals.
///
/// # Errors
/// Never: the parameters are valid.
pub fn normals(rows: usize) -> Result<Problem<Normal, f64>, ParameterError> {
    let components = [0.0, 2.0, 5.0].map(|mean| Normal::new(mean, 1.0));
    Ok(problem(
        components.into_iter().collect::<Result<_, _>>()?,
        rows,
    ))
}

/// Three overlapping Poissons.
///
/// # Errors
/// Never: the parameters are valid.
pub fn poissons(rows: usize) -> Result<Problem<Poisson, u64>, ParameterError> {
    let components = [1.0, 5.0, 12.0].map(Poisson::new);
    Ok(problem(
        components.into_iter().collect::<Result<_, _>>()?,
        rows,
    ))
}

/// Three overlapping gammas.
///
/// # Errors
/// Never: the parameters are valid.
pub fn gammas(rows: usize) -> Result<Problem<Gamma, f64>, ParameterError> {
    let components = [(2.0, 2.0), (5.0, 2.0), (20.0, 3.0)].map(|(a, b)| Gamma::new(a, b));
    Ok(problem(
        components.into_iter().collect::<Result<_, _>>()?,
        rows,
    ))
}
