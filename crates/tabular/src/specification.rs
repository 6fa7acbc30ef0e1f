//! What was chosen: which families over which columns.

use crate::mixed::MixedSet;
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

/// The family name of a part whose components are of different families.
pub const MIXED: &str = "mixed";

/// One part of a model: a family over one column, or over several that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSpecification {
    /// The name of the family.
    pub family: String,
    /// The columns it observes.
    pub columns: Vec<String>,
    /// For different families in one mixture ("mixed"), the family of each component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
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
    /// The kind of column that it observes.
    ///
    /// # Errors
    /// When no family has its name, or the families of a mixed part observe different kinds.
    pub fn kind(&self) -> Result<Kind, ModelError> {
        let families = self.families()?;
        let kind = families[0].kind;
        match families.iter().find(|family| family.kind != kind) {
            None => Ok(kind),
            Some(other) => Err(ModelError(format!(
                "families {} and {} observe different kinds of columns",
                families[0].name, other.name
            ))),
        }
    }
    /// The names of what can be set.
    ///
    /// # Errors
    /// When no family has its name.
    pub fn known_settings(&self) -> Result<Vec<&'static str>, ModelError> {
        let families = self.families()?;
        Ok((families.iter())
            .flat_map(|family| family.settings.iter().copied())
            .collect())
    }
    /// Its families: one, or those of the components of a mixed part.
    fn families(&self) -> Result<Vec<&'static Family>, ModelError> {
        if self.is_mixed() {
            if self.components.is_empty() {
                return Err(ModelError::new(
                    "a mixed part names the families of its components",
                ));
            }
            return self.components.iter().map(|name| family(name)).collect();
        }
        if !self.components.is_empty() {
            return Err(ModelError(format!(
                "family {} has no list of components",
                self.family
            )));
        }
        Ok(vec![family(&self.family)?])
    }
    /// Whether its components are of different families.
    fn is_mixed(&self) -> bool {
        self.family == MIXED
    }
    /// Component k of a mixed part as a part of one component.
    fn member(&self, k: usize) -> Result<PartSpecification, ModelError> {
        let name = &self.components[k];
        let known = family(name)?.settings;
        let mut member = self.clone();
        member.components.clear();
        member.family = name.clone();
        member
            .settings
            .retain(|key, _| known.contains(&key.as_str()));
        Ok(member)
    }
    /// K components whose fixed parts are set.
    fn template(&self, field: usize, components: usize) -> Result<Box<dyn PartSet>, ModelError> {
        if !self.is_mixed() {
            return (family(&self.family)?.template)(self, field, components);
        }
        self.check_count(components)?;
        let members = (0..components).map(|k| {
            let member = self.member(k)?;
            Ok((member.family.clone(), member.template(field, 1)?))
        });
        Ok(Box::new(MixedSet::new(
            members.collect::<Result<_, ModelError>>()?,
        )))
    }
    /// K components from their parameters; an error names the component.
    fn load(
        &self,
        field: usize,
        given: &[&Value],
    ) -> Result<Box<dyn PartSet>, (usize, ModelError)> {
        let at = |k: usize| move |error: ModelError| (k, error);
        if !self.is_mixed() {
            let own = (given.iter().enumerate())
                .map(|(k, component)| self.own_parameters(component).map_err(at(k)));
            let own: Vec<Value> = own.collect::<Result<_, _>>()?;
            let family = family(&self.family).map_err(at(0))?;
            return (family.load)(self, field, &own);
        }
        self.check_count(given.len()).map_err(at(0))?;
        let members = given.iter().enumerate().map(|(k, component)| {
            let member = self.member(k).map_err(at(k))?;
            let mut component = (*component).clone();
            let named = component
                .as_object_mut()
                .and_then(|entries| entries.shift_remove("family"));
            if named.is_some_and(|named| named != *member.family) {
                return Err((
                    k,
                    ModelError(format!("its family must be {}", member.family)),
                ));
            }
            let set = member
                .load(field, &[&component])
                .map_err(|(_, error)| (k, error))?;
            Ok((member.family.clone(), set))
        });
        Ok(Box::new(MixedSet::new(members.collect::<Result<_, _>>()?)))
    }
    fn check_count(&self, components: usize) -> Result<(), ModelError> {
        if components == self.components.len() {
            return Ok(());
        }
        Err(ModelError(format!(
            "{components} components, but {} families",
            self.components.len()
        )))
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
    fn check(&self) -> Result<(), ModelError> {
        let (kind, known) = (self.kind()?, self.known_settings()?);
        for key in self.settings.keys() {
            if !known.contains(&key.as_str()) {
                let known = match &known[..] {
                    [] => "it has no setting".to_string(),
                    known => format!("it has {}", known.join(", ")),
                };
                return Err(ModelError(format!(
                    "family {} has no setting {key}; {known}",
                    self.family
                )));
            }
        }
        if self.columns.is_empty() || (kind != Kind::Vectors && self.columns.len() != 1) {
            let wanted = if kind == Kind::Vectors {
                "at least one column"
            } else {
                "one column"
            };
            return Err(ModelError(format!(
                "family {} takes {wanted} a part, not {}",
                self.family,
                self.columns.len()
            )));
        }
        if self.covariance.is_some() && kind != Kind::Vectors {
            return Err(ModelError(format!(
                "family {} has no covariance structure",
                self.family
            )));
        }
        if (kind == Kind::Codes) == self.levels.is_empty() {
            return Err(ModelError(format!(
                "family {}: levels belong to categorical columns, and only to them",
                self.family
            )));
        }
        Ok(())
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
        let parts = (self.parts.iter().enumerate())
            .map(|(field, part)| part.template(field, components))
            .collect::<Result<_, _>>()?;
        Ok(TableComponents::new(parts))
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
        let parts = self.parts.iter().enumerate().map(|(field, part)| {
            let wrong = |(k, error)| self.in_component(k, field, &error);
            let given = (components.iter().enumerate())
                .map(|(k, component)| self.part_of(component, field).map_err(|error| (k, error)));
            let given: Vec<&Value> = given.collect::<Result<_, _>>().map_err(wrong)?;
            part.load(field, &given).map_err(wrong)
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
