//! The numbers of a model, with their places in a model file.

use crate::saved::KnownMixture;
use em::{ComponentSet, FixedWeights, MultinomialLogisticWeights, WeightModel, Weights};
use serde_json::Value;
use tabular::{ModelFile, TableComponents, TableMixture};

/// A number and its JSON pointer.
pub type Number = (String, f64);

/// Weights whose numbers stand in a file.
pub trait NamedWeights: WeightModel {
    /// What is estimated of them.
    fn numbers(&self) -> Vec<Number>;
}

impl NamedWeights for Weights {
    fn numbers(&self) -> Vec<Number> {
        let weights = self.iter().enumerate();
        weights
            .map(|(k, &weight)| (format!("/weights/{k}"), weight))
            .collect()
    }
}

impl NamedWeights for FixedWeights {
    fn numbers(&self) -> Vec<Number> {
        Vec::new()
    }
}

/// The coefficients; the weights of a file are but what these are on the average.
impl NamedWeights for MultinomialLogisticWeights {
    fn numbers(&self) -> Vec<Number> {
        let mut all = Vec::new();
        for k in 0..self.len() - 1 {
            let line = self.coefficients(k).into_iter().enumerate();
            all.extend(line.map(|(j, value)| {
                let place = format!("/concomitant/coefficients/{k}/{j}");
                (place, value)
            }));
        }
        all
    }
}

/// The numbers of a model in which everything is estimated.
pub fn of_table(model: &TableMixture) -> Vec<Number> {
    let mut all = model.weights().numbers();
    of_components(model.components(), &mut all);
    all
}

/// The numbers of a model under what is known.
pub fn of_known<W: NamedWeights>(model: &KnownMixture<W>) -> Vec<Number> {
    let mut all = model.weights().numbers();
    let set = &model.components().0;
    for k in 0..set.len() {
        let (holder, at) = set.holder(k);
        if holder.noise_index() != Some(at) {
            collect(&holder.save(at), format!("/components/{k}"), &mut all);
        }
    }
    all
}

/// The numbers of the model in a file.
pub fn of_file(file: &ModelFile) -> Vec<Number> {
    let concomitant = file.concomitant.as_ref();
    let mut all = concomitant.map_or(Vec::new(), |own| own.weights.numbers());
    all.extend(of_table(&file.model));
    all
}

fn of_components(components: &TableComponents, into: &mut Vec<Number>) {
    for k in 0..components.without_noise() {
        collect(&components.save(k), format!("/components/{k}"), into);
    }
}

fn collect(value: &Value, place: String, into: &mut Vec<Number>) {
    match value {
        Value::Array(items) => (items.iter().enumerate())
            .for_each(|(i, item)| collect(item, format!("{place}/{i}"), into)),
        Value::Object(entries) => {
            (entries.iter()).for_each(|(key, item)| collect(item, format!("{place}/{key}"), into))
        }
        Value::Number(number) => into.extend(number.as_f64().map(|value| (place, value))),
        Value::String(text) if text == "inf" => into.push((place, f64::INFINITY)),
        Value::String(text) if text == "-inf" => into.push((place, f64::NEG_INFINITY)),
        _ => {}
    }
}
