//! What was chosen: which families over which columns.

use crate::{PartSpecification, TableComponents};
use serde_json::Value;
use std::fmt;

/// Why a specification or a model file cannot be used, as one sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelError(pub String);

impl ModelError {
    /// The error that `sentence` states.
    pub fn new(sentence: impl Into<String>) -> Self {
        ModelError(sentence.into())
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ModelError {}

/// The choice of a model: its parts, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Specification {
    /// The parts.
    pub parts: Vec<PartSpecification>,
}

impl Specification {
    /// The columns of all parts, in order.
    pub fn columns(&self) -> Vec<String> {
        let columns = self.parts.iter().flat_map(|part| part.columns.clone());
        columns.collect()
    }
    /// Whether the model is a regression.
    pub fn is_regression(&self) -> bool {
        self.parts.iter().any(|part| part.regression.is_some())
    }
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// Naming the family, the setting or the column.
    pub fn check(&self) -> Result<(), ModelError> {
        if self.parts.is_empty() {
            return Err(ModelError::new("a model needs at least one part"));
        }
        let mut seen = std::collections::HashSet::new();
        let noise = self.has_noise();
        for part in &self.parts {
            part.check()?;
            if part.kind()?.is_regression() && self.parts.len() > 1 {
                return Err(ModelError(format!(
                    "family {} is a regression, which cannot be part of a product",
                    part.family
                )));
            }
            if part.noise.is_some() != noise {
                return Err(ModelError::new(
                    "noise is in all parts of a model, or in none",
                ));
            }
            for column in &part.columns {
                if !seen.insert(column) {
                    return Err(ModelError(format!("column {column} is used twice")));
                }
            }
        }
        Ok(())
    }
    /// Checks that `parts`, those of another model, observe the same columns and levels, so that
    /// its parameters mean the same here.
    ///
    /// # Errors
    /// Naming the columns or the levels.
    pub fn check_observes_as(&self, parts: &[PartSpecification]) -> Result<(), ModelError> {
        let joined = |parts: &[PartSpecification]| {
            let columns = parts.iter().map(|part| part.columns.join(", "));
            columns.collect::<Vec<_>>().join("; ")
        };
        let columns = |parts: &[PartSpecification]| -> Vec<Vec<String>> {
            parts.iter().map(|part| part.columns.clone()).collect()
        };
        if columns(parts) != columns(&self.parts) {
            return Err(ModelError(format!(
                "the parts are of columns {}, but of {} in the model to be fitted",
                joined(parts),
                joined(&self.parts)
            )));
        }
        for (mine, theirs) in self.parts.iter().zip(parts) {
            if mine.interval != theirs.interval {
                return Err(ModelError(format!(
                    "columns {} are the ends of intervals in one of the two models only",
                    mine.columns.join(", ")
                )));
            }
            if mine.regression != theirs.regression {
                return Err(ModelError(format!(
                    "column {} is regressed on other terms than in the model to be fitted",
                    mine.columns[0]
                )));
            }
            let named = !mine.levels.is_empty() && !theirs.levels.is_empty();
            if named && mine.levels != theirs.levels {
                return Err(ModelError(format!(
                    "column {} has the levels {}, but {} in the model to be fitted",
                    mine.columns.join(", "),
                    theirs.levels.join(", "),
                    mine.levels.join(", ")
                )));
            }
        }
        Ok(())
    }
    /// K components whose fixed parts are set, and the noise where there is some; the rest is to be
    /// estimated.
    ///
    /// # Errors
    /// When a part is wrong.
    pub fn template(&self, components: usize) -> Result<TableComponents, ModelError> {
        self.check()?;
        let parts = (self.parts.iter().enumerate())
            .map(|(field, part)| part.with_noise(field, part.template(field, components)?))
            .collect::<Result<_, _>>()?;
        Ok(TableComponents::new(parts))
    }
    /// The components written in a file, and the noise where there is some.
    ///
    /// # Errors
    /// Naming the component and what is wrong with it.
    pub fn load(&self, components: &[Value]) -> Result<TableComponents, ModelError> {
        self.check()?;
        if components.is_empty() {
            return Err(ModelError::new("a model needs at least one component"));
        }
        let parts = self.parts.iter().enumerate().map(|(field, part)| {
            let wrong = |(k, error)| self.in_component(k, field, &error);
            let given = (components.iter().enumerate())
                .map(|(k, component)| self.part_of(component, field).map_err(|error| (k, error)));
            let given: Vec<&Value> = given.collect::<Result<_, _>>().map_err(wrong)?;
            part.with_noise(field, part.load(field, &given).map_err(wrong)?)
        });
        Ok(TableComponents::new(
            parts.collect::<Result<_, ModelError>>()?,
        ))
    }
    /// The same specification for components in another order, or fewer: the families of a mixed
    /// part go with its components.
    pub fn arranged_as(&self, components: &TableComponents) -> Specification {
        let mut arranged = self.clone();
        for (part, set) in arranged.parts.iter_mut().zip(components.parts()) {
            part.components = set.families();
            part.held = set.held();
            part.noise = part.noise.take().filter(|_| set.noise_index().is_some());
        }
        arranged
    }
    /// Component k in the form of model files.
    pub fn save(&self, components: &TableComponents, k: usize) -> Value {
        let mut saved = components.save(k);
        for (field, part) in self.parts.iter().enumerate() {
            if part.levels.is_empty() {
                continue;
            }
            let parameters = match self.parts.len() {
                1 => Some(&mut saved),
                _ => saved.pointer_mut(&format!("/parts/{field}")),
            };
            if let Some(Value::Object(parameters)) = parameters {
                parameters.insert("levels".into(), part.levels.clone().into());
            }
        }
        saved
    }
    /// The parameters of part `field` in a component.
    fn part_of<'a>(&self, component: &'a Value, field: usize) -> Result<&'a Value, ModelError> {
        if self.parts.len() == 1 {
            return Ok(component);
        }
        let parts = component.get("parts").and_then(Value::as_array);
        match parts {
            Some(parts)
                if parts.len() == self.parts.len()
                    && component
                        .as_object()
                        .is_some_and(|entries| entries.len() == 1) =>
            {
                Ok(&parts[field])
            }
            _ => Err(ModelError(format!(
                "must be {{\"parts\": [...]}} with {} parts",
                self.parts.len()
            ))),
        }
    }
    fn in_component(&self, k: usize, field: usize, error: &ModelError) -> ModelError {
        if self.parts.len() == 1 {
            ModelError(format!("component {k}: {error}"))
        } else {
            ModelError(format!("component {k}, part {field}: {error}"))
        }
    }
}
