//! Starts from clusters of the rows: agglomeration, k-means.

use crate::args::{Fit, Init};
use crate::explain::Context;
use crate::failure::{Failure, say};
use crate::start::Chosen;
use distributions::{RowsBuffer, RowsView};
use gmm::{Agglomeration, Agglomerative, KMeans, KMeansStart};
use tabular::{PartSpecification, Values};

/// The start that `--init kmeans` or `--init hierarchical` names, from rows of weights `row_weights`; `None`
/// where neither is given.
pub fn chosen(
    arguments: &Fit,
    context: Context<'_>,
    count: usize,
    row_weights: Option<&[f64]>,
) -> Result<Option<Chosen>, Failure> {
    let name = match arguments.start.init {
        Some(Init::KMeans) => "kmeans",
        Some(Init::Hierarchical) => "hierarchical",
        _ => return Ok(None),
    };
    check_combinations(arguments, name)?;
    let rows = vectors(context, name)?;
    let failed = |error: em::FitError| {
        let components = context.specification.template(count);
        components.map_or_else(Failure::from, |components| {
            context.failure(&error, &components)
        })
    };
    if name == "kmeans" {
        let mut builder = KMeans::builder(count)
            .standardized(true)
            .threads(arguments.threads.map_or(0, usize::from));
        if let Some(weights) = row_weights {
            builder = builder.row_weights(weights);
        }
        let start = KMeansStart::of_copy(builder, rows).map_err(failed)?;
        return Ok(Some(Chosen::KMeans(Box::new(start))));
    }
    let mut builder = Agglomerative::new(Agglomeration::Likelihood).seed(arguments.seed);
    if let Some(weights) = row_weights {
        builder = builder.row_weights(weights);
    }
    let tree = builder.fit(rows).map_err(failed)?;
    let labels = tree.labels(count).map_err(failed)?;
    let used = tree.rows_used();
    if used < labels.len() {
        say(&format!(
            "--init hierarchical: a sample of {used} of the {} rows",
            labels.len()
        ));
    }
    Ok(Some(Chosen::Labels {
        labels,
        names: Vec::new(),
    }))
}

/// Refuses what such clusters know nothing of.
fn check_combinations(arguments: &Fit, name: &str) -> Result<(), Failure> {
    let refused = [
        (arguments.known.known_labels.is_some(), "--known-labels"),
        (arguments.known.group.is_some(), "--group"),
        (arguments.model.noise, "--noise"),
    ];
    if let Some((_, option)) = refused.iter().find(|(given, _)| *given) {
        return Err(Failure::input(format!(
            "--init {name} cannot be combined with {option}"
        )));
    }
    match arguments.restarts {
        Some(restarts) if restarts > 1 && name == "hierarchical" => Err(Failure::input(format!(
            "--restarts {restarts}: --init hierarchical has one start"
        ))),
        _ => Ok(()),
    }
}

/// The rows of the one part, of a family whose clusters have centres.
fn vectors<'a>(context: Context<'a>, name: &str) -> Result<RowsView<'a, f64>, Failure> {
    let suits = |part: &PartSpecification| {
        ["gaussian", "multivariate_t", "factor_analyzers", "normal"].contains(&part.family.as_str())
    };
    let ([part], [field]) = (
        &context.specification.parts[..],
        context.typed.table.fields(),
    ) else {
        return Err(Failure::input(format!(
            "--init {name} is for models of one part"
        )));
    };
    if !suits(part) {
        return Err(Failure::input(format!(
            "--init {name} is for the families gaussian, multivariate_t, factor_analyzers and normal, not for {}",
            part.family
        )));
    }
    let rows = match &field.values {
        Values::Vectors(values) => RowsBuffer::view(values),
        Values::FileVectors(file) => file.view(),
        other => match other.reals() {
            Some(values) => RowsView::new(values, 1),
            None => {
                return Err(Failure::input(format!(
                    "--init {name} needs columns of numbers"
                )));
            }
        },
    };
    // NaN is a gap among the cells of a vector.
    if field.missing.is_some() || rows.values().iter().any(|x| x.is_nan()) {
        return Err(Failure::input(format!(
            "--init {name} needs complete rows: --missing drop leaves the others out"
        )));
    }
    Ok(rows)
}
