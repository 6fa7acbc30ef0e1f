//! The lines of a regression: the mean response of each component over one predictor.

use super::axes::Range;
use super::data::Data;
use tabular::{Design, PredictorColumn};

/// How many points a line has.
const POINTS: usize = 120;

/// The mean response of each component over a predictor.
pub struct Lines {
    /// For each component its points; outside of what is drawn too.
    pub points: Vec<Vec<(f64, f64)>>,
    /// Whether other predictors are held at their means.
    pub others: bool,
}

impl Lines {
    /// Lines over column i of the data, where column j is the response of a regression on it. None
    /// where it is not, or where a line would need the level of a category or a number of trials.
    pub fn new(data: &Data<'_>, (i, j): (usize, usize), across: Range) -> Option<Self> {
        let part = data.part(i);
        let specification = &data.file.specification.parts[part];
        let regression = specification.regression.as_ref()?;
        let is_response = data.part(j) == part && data.columns[j].name == regression.response;
        if !is_response || specification.trials_column().is_some() {
            return None;
        }
        let mut names = regression.predictor_columns().ok()?;
        if !names.contains(&data.columns[i].name) {
            return None;
        }
        names.extend(regression.offset.clone());
        let step = (across.high - across.low) / (POINTS - 1) as f64;
        let grid: Vec<f64> = (0..POINTS).map(|p| across.low + step * p as f64).collect();
        let sources = names.iter().map(|name| {
            if *name == data.columns[i].name {
                return Some(PredictorColumn::Numbers(grid.clone()));
            }
            let mut columns = data.columns.iter().chain(&data.undrawn);
            let column = columns.find(|column| column.name == *name)?;
            let mean = weighted_mean(&column.values, &data.weights)?;
            Some(PredictorColumn::Numbers(vec![mean; POINTS]))
        });
        let sources: Vec<PredictorColumn> = sources.collect::<Option<_>>()?;
        let design = Design::new(regression).ok()?.matrix(&sources, POINTS);
        let set = &data.file.model.components().parts()[part];
        let line = |k: usize| {
            let rows = design.values.chunks_exact(design.width);
            let means = rows.map(|x| set.mean_given(k, x));
            let points = grid.iter().zip(means).map(|(&x, y)| Some((x, y?)));
            points.collect::<Option<Vec<_>>>()
        };
        let count = data.file.model.components().without_noise();
        let points = (0..count).map(line).collect::<Option<_>>()?;
        let others = names.len() > 1;
        Some(Lines { points, others })
    }
    /// What is said of them below a picture.
    pub fn note(&self) -> &'static str {
        match self.others {
            true => "lines are the mean of each component, other predictors at their means",
            false => "lines are the mean of each component",
        }
    }
}

/// Σ w x / Σ w over the rows that have a value.
fn weighted_mean(values: &[f64], weights: &[f64]) -> Option<f64> {
    let present = values.iter().zip(weights).filter(|(x, _)| x.is_finite());
    let (sum, total) = present.fold((0.0, 0.0), |(sum, total), (x, w)| (sum + w * x, total + w));
    (total > 0.0).then(|| sum / total)
}
