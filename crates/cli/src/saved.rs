//! Models of every kind in the form in which checkpoints hold them.

use crate::failure::Failure;
use distributions::combine::Repeated;
use em::{ComponentSet, FixedComponents, Mixture, WeightModel, Weights};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tabular::{
    ModelError, ModelFile, PartSpecification, Specification, Table, TableComponents, TableMixture,
};

/// A model as it stands in the file: with its parts, because components may have been dropped.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedModel {
    parts: Vec<PartSpecification>,
    /// In the form of their kind.
    weights: Value,
    components: Vec<Value>,
    /// The components that are not estimated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fixed: Vec<usize>,
}

impl SavedModel {
    fn components(&self, table: &Table) -> Result<TableComponents, ModelError> {
        let parts = self.parts.clone();
        let components = Specification { parts }.load(&self.components)?;
        Ok(components.tabled(table))
    }
    fn weights<W: DeserializeOwned>(&self) -> Result<W, ModelError> {
        W::deserialize(&self.weights).map_err(|error| ModelError::new(format!("weights: {error}")))
    }
}

/// A model of a fit that a checkpoint can hold, to the bit.
pub trait Checkpointed: Clone + Sized {
    /// Its form in the file.
    ///
    /// # Errors
    /// When its weights have none.
    fn saved(&self, specification: &Specification) -> Result<SavedModel, Failure>;
    /// The model of a form.
    ///
    /// # Errors
    /// When the form is that of another kind.
    fn restored(saved: SavedModel, table: &Table) -> Result<Self, ModelError>;
}

fn saved_weights<W: Serialize>(weights: &W) -> Result<Value, Failure> {
    serde_json::to_value(weights).map_err(|error| Failure::input(format!("--checkpoint: {error}")))
}

impl Checkpointed for TableMixture {
    fn saved(&self, specification: &Specification) -> Result<SavedModel, Failure> {
        let components = self.components();
        let arranged = specification.arranged_as(components);
        let described = 0..components.without_noise();
        Ok(SavedModel {
            weights: saved_weights(self.weights())?,
            components: described.map(|k| arranged.save(components, k)).collect(),
            parts: arranged.parts,
            fixed: Vec::new(),
        })
    }
    fn restored(saved: SavedModel, table: &Table) -> Result<Self, ModelError> {
        let weights: Weights = saved.weights()?;
        let parts = saved.parts;
        let (parts, values) = (Specification { parts }, weights.to_vec());
        let model = ModelFile::model(&parts, values, &saved.components)?;
        let components = model.components().clone().tabled(table);
        // With the prior of the weights.
        let model = Mixture::new(weights, components);
        model.map_err(|error| ModelError::new(error.to_string()))
    }
}

/// A mixture under what is known of rows and components.
pub type KnownMixture<W> = Mixture<Repeated<FixedComponents<TableComponents>>, W>;

impl<W: WeightModel + Serialize + DeserializeOwned> Checkpointed for KnownMixture<W> {
    fn saved(&self, specification: &Specification) -> Result<SavedModel, Failure> {
        let set = &self.components().0;
        let described: Vec<usize> = (0..set.len()).filter(|&k| !is_noise(set, k)).collect();
        let save = |k: &usize| {
            let (holder, at) = set.holder(*k);
            specification.save(holder, at)
        };
        Ok(SavedModel {
            parts: arranged(specification, set).parts,
            weights: saved_weights(self.weights())?,
            components: described.iter().map(save).collect(),
            fixed: (0..set.len()).filter(|&k| set.is_fixed(k)).collect(),
        })
    }
    fn restored(saved: SavedModel, table: &Table) -> Result<Self, ModelError> {
        let components = saved.components(table)?;
        let set = Repeated(FixedComponents::new(&components, &saved.fixed));
        let model = Mixture::new(saved.weights()?, set);
        model.map_err(|error| ModelError::new(error.to_string()))
    }
}

/// Whether component k is noise.
fn is_noise(set: &FixedComponents<TableComponents>, k: usize) -> bool {
    let (holder, at) = set.holder(k);
    holder.noise_index() == Some(at)
}

/// The specification of the components of both kinds: the families of a mixed part go with them.
fn arranged(
    specification: &Specification,
    set: &FixedComponents<TableComponents>,
) -> Specification {
    if let Some(free) = set.all_free() {
        return specification.arranged_as(free);
    }
    let mut arranged = specification.clone();
    let noise = (0..set.len()).any(|k| is_noise(set, k));
    for (p, part) in arranged.parts.iter_mut().enumerate() {
        let family = |k: usize| {
            let (holder, at) = set.holder(k);
            holder.parts()[p].families().get(at).cloned()
        };
        let held = |k: usize| {
            let (holder, at) = set.holder(k);
            holder.parts()[p].held().get(at).cloned()
        };
        part.components = (0..set.len()).filter_map(family).collect();
        part.held = (0..set.len()).filter_map(held).collect();
        part.noise = part.noise.take().filter(|_| noise);
    }
    arranged
}

/// The components of both kinds as one set: through the form of files, whose numbers are exact.
pub fn whole(
    set: &FixedComponents<TableComponents>,
    specification: &Specification,
) -> Result<TableComponents, ModelError> {
    if let Some(free) = set.all_free() {
        return Ok(free.clone());
    }
    let components: Vec<Value> = (0..set.len())
        .filter(|&k| !is_noise(set, k))
        .map(|k| {
            let (holder, at) = set.holder(k);
            specification.save(holder, at)
        })
        .collect();
    arranged(specification, set).load(&components)
}
