//! What was chosen: which families over which columns.

use crate::registry::{Family, family};
use crate::{Kind, PartSet, TableComponents};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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

/// One part of a model: a family over one column, or over several that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSpecification {
    /// The name of the family.
    pub family: String,
    /// The columns it observes.
    pub columns: Vec<String>,
    /// What the family fixes, such as the number of trials.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    /// The covariance structure of a multivariate family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariance: Option<String>,
    /// The names of the levels of a categorical column; code c is level c.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
}

impl PartSpecification {
    /// Its family.
    ///
    /// # Errors
    /// When no family has that name.
    pub fn family(&self) -> Result<&'static Family, ModelError> {
        family(&self.family)
    }
    /// A whole number ≥ 1 that must be set.
    pub(crate) fn whole_setting(&self, key: &str) -> Result<u64, ModelError> {
        let given = self.settings.get(key).ok_or_else(|| {
            ModelError(format!(
                "family {} needs --set {key}=NUMBER (column {})",
                self.family,
                self.columns.join(",")
            ))
        })?;
        given.as_u64().filter(|&value| value > 0).ok_or_else(|| {
            ModelError(format!(
                "family {}: {key} = {given} must be a whole number, at least 1",
                self.family
            ))
        })
    }
    /// Checks what can be checked without data.
    fn check(&self) -> Result<&'static Family, ModelError> {
        let family = self.family()?;
        for key in self.settings.keys() {
            if !family.settings.contains(&key.as_str()) {
                let known = match family.settings {
                    [] => "it has no setting".to_string(),
                    known => format!("it has {}", known.join(", ")),
                };
                return Err(ModelError(format!(
                    "family {} has no setting {key}; {known}",
                    self.family
                )));
            }
        }
        if self.columns.is_empty() || (family.kind != Kind::Vectors && self.columns.len() != 1) {
            return Err(ModelError(format!(
                "family {} takes {} column a part, not {}",
                self.family,
                if family.kind == Kind::Vectors {
                    "at least one"
                } else {
                    "one"
                },
                self.columns.len()
            )));
        }
        if self.covariance.is_some() && family.kind != Kind::Vectors {
            return Err(ModelError(format!(
                "family {} has no covariance structure",
                self.family
            )));
        }
        if (family.kind == Kind::Codes) == self.levels.is_empty() {
            return Err(ModelError(format!(
                "family {}: levels belong to categorical columns, and only to them",
                self.family
            )));
        }
        Ok(family)
    }
    /// The parameters of one component without what the specification already says, which must
    /// agree.
    fn own_parameters(&self, component: &Value) -> Result<Value, ModelError> {
        let Value::Object(given) = component else {
            return Err(ModelError(format!(
                "a component of family {} must be an object of parameters, not {component}",
                self.family
            )));
        };
        let mut given = given.clone();
        for (key, value) in &self.settings {
            let stated = given.entry(key.clone()).or_insert_with(|| value.clone());
            if stated != value {
                return Err(ModelError(format!("{key} is {stated}, but {value} is set")));
            }
        }
        if !self.levels.is_empty() {
            let levels = given.shift_remove("levels");
            if levels.is_some_and(|levels| levels != Value::from(self.levels.clone())) {
                return Err(ModelError(format!(
                    "column {}: the levels of the component are not those of the model",
                    self.columns[0]
                )));
            }
        }
        Ok(Value::Object(given))
    }
}

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
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// Naming the family, the setting or the column.
    pub fn check(&self) -> Result<(), ModelError> {
        if self.parts.is_empty() {
            return Err(ModelError::new("a model needs at least one part"));
        }
        let mut seen = std::collections::HashSet::new();
        for part in &self.parts {
            part.check()?;
            for column in &part.columns {
                if !seen.insert(column) {
                    return Err(ModelError(format!("column {column} is used twice")));
                }
            }
        }
        Ok(())
    }
    /// K components whose fixed parts are set; the rest is to be estimated.
    ///
    /// # Errors
    /// When a part is wrong.
    pub fn template(&self, components: usize) -> Result<TableComponents, ModelError> {
        self.check()?;
        self.each_part(|field, part, family| (family.template)(part, field, components))
    }
    /// The components written in a file.
    ///
    /// # Errors
    /// Naming the component and what is wrong with it.
    pub fn load(&self, components: &[Value]) -> Result<TableComponents, ModelError> {
        self.check()?;
        if components.is_empty() {
            return Err(ModelError::new("a model needs at least one component"));
        }
        self.each_part(|field, part, family| {
            let parameters = (components.iter().enumerate()).map(|(k, component)| {
                let component = self.part_of(component, field);
                let own = component.and_then(|component| part.own_parameters(component));
                own.map_err(|error| self.in_component(k, field, &error))
            });
            let parameters: Vec<Value> = parameters.collect::<Result<_, _>>()?;
            (family.load)(part, field, &parameters)
                .map_err(|(k, error)| self.in_component(k, field, &error))
        })
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
    fn each_part(
        &self,
        mut make: impl FnMut(
            usize,
            &PartSpecification,
            &'static Family,
        ) -> Result<Box<dyn PartSet>, ModelError>,
    ) -> Result<TableComponents, ModelError> {
        let parts = (self.parts.iter().enumerate())
            .map(|(field, part)| make(field, part, part.family()?))
            .collect::<Result<_, _>>()?;
        Ok(TableComponents::new(parts))
    }
}
