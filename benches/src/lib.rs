//! Data and models that the benchmarks share: seeded, so that every run sees the same numbers.

mod clock;
mod clumps;
mod worker;

pub use clock::{cpu_seconds, fma_peak};
pub use clumps::{Clumps, GRID};
pub use worker::{Outcome, numbers, peak_memory};

use distributions::combine::Columns;
use distributions::{
    Bernoulli, Component, Exponential, Gamma, Normal, ParameterError, Poisson, Rows, RowsBuffer,
    RowsView, Sample, StudentT,
};
use em::{
    ComponentSet, Data, FitError, Mixture, Options, Start, Workspace, e_step, fit_from, stream,
};
use rand::RngExt;
use std::time::Instant;

/// Seconds this thread has run; on a busy machine it is less than what the clock says.
fn seconds(since: Instant) -> f64 {
    let running = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let running = running.as_deref().and_then(|text| text.split(' ').next());
    match running.and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()) {
        Some(nanoseconds) => 1e-9 * nanoseconds,
        None => since.elapsed().as_secs_f64(),
    }
}

/// The best time in seconds of an E- and an M-step on one thread, from the first M-step from labels.
///
/// # Errors
/// When an M-step has no estimate.
pub fn iteration<S: ComponentSet<Space = Rows<f64>>>(
    set: S,
    rows: RowsView<'_, f64>,
    labels: &[Option<u32>],
) -> Result<f64, FitError> {
    let since = Instant::now();
    let options = Options::default().max_iterations(0).threads(1);
    let (template, start) = (Mixture::uniform(set), Start::Labels(labels));
    let mut model = fit_from(&template, Data::new(rows), start, &options)?.model;
    let mut workspace = Workspace::new(rows, &model.empty_statistics(), 1);
    let mut best = f64::INFINITY;
    for iteration in 0..9 {
        let begin = seconds(since);
        e_step(&model, Data::new(rows), 0, &em::Soft, &mut workspace);
        let next = model.maximize(workspace.statistics());
        model = next.map_err(|source| FitError::Estimate { iteration, source })?;
        best = best.min(seconds(since) - begin);
    }
    Ok(best)
}

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

/// Three overlapping exponentials.
///
/// # Errors
/// Never: the parameters are valid.
pub fn exponentials(rows: usize) -> Result<Problem<Exponential, f64>, ParameterError> {
    let components = [0.2, 1.0, 5.0].map(Exponential::new);
    Ok(problem(
        components.into_iter().collect::<Result<_, _>>()?,
        rows,
    ))
}

/// Three overlapping t distributions with 4 degrees of freedom, fixed.
///
/// # Errors
/// Never: the parameters are valid.
pub fn student_ts(rows: usize) -> Result<Problem<StudentT, f64>, ParameterError> {
    let component = |location| StudentT::new(location, 1.0, 4.0).map(StudentT::with_fixed_df);
    let components = [0.0, 3.0, 7.0].map(component);
    Ok(problem(
        components.into_iter().collect::<Result<_, _>>()?,
        rows,
    ))
}

/// Classes of binary columns with seeded probabilities, and rows drawn from them.
///
/// # Errors
/// When there is no column.
pub fn latent_classes(
    rows: usize,
    columns: usize,
    classes: usize,
) -> Result<(Vec<Columns<Bernoulli>>, RowsBuffer<u64>), ParameterError> {
    let mut generator = stream(0, 1);
    let class = |_| {
        let columns = (0..columns).map(|_| Bernoulli::new(generator.random_range(0.05..0.95)));
        Columns::new(columns.collect::<Result<_, _>>()?)
    };
    let classes: Vec<Columns<Bernoulli>> = (0..classes).map(class).collect::<Result<_, _>>()?;
    let answers = Mixture::uniform(classes.clone()).sample(&mut stream(0, 2), rows);
    Ok((classes, answers))
}
