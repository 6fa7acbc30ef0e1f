//! One part of a model as it was chosen.

use crate::factor_analyzers::FACTOR_ANALYZERS;
use crate::mixed::{Member, MixedSet};
use crate::prior::PartPrior;
use crate::registry::{Family, family};
use crate::{Kind, ModelError, Noise, PartSet, RegressionSpecification};
use distributions::Trials;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// Whether its two columns hold the ends of intervals in which the values lie.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interval: bool,
    /// The box of the noise that stands beside the components, as the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// Of a regression, the response and its predictors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regression: Option<RegressionSpecification>,
    /// For each component the parameters that stay as they are in it alone; empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Map<String, Value>>,
    /// The settings that were estimated from the data, and count as parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub estimated: Vec<String>,
    /// The largest ratio of any two eigenvalues of the covariances of a Gaussian part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eigenvalue_ratio: Option<f64>,
    /// Which means of a Gaussian part are estimated; each by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<gmm::Means>,
    /// The prior of its components.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<PartPrior>,
}

impl PartSpecification {
    /// The kind of column that it observes.
    ///
    /// # Errors
    /// When no family has its name, or the families of a mixed part observe different kinds.
    pub fn kind(&self) -> Result<Kind, ModelError> {
        let families = self.families()?;
        let all = |kind: Kind| families.iter().all(|family| family.over(kind).is_some());
        let mut kinds = families.iter().map(|family| family.kind);
        if let Some(kind) = kinds.find(|&kind| all(kind)) {
            return Ok(kind);
        }
        let first = families[0];
        let other = families
            .iter()
            .find(|family| family.over(first.kind).is_none());
        let other = other.map_or(first.name, |family| family.name);
        Err(ModelError(format!(
            "families {} and {other} observe different kinds of columns",
            first.name
        )))
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
    /// Whether it has a covariance structure.
    ///
    /// # Errors
    /// When no family has its name.
    pub fn has_covariance(&self) -> Result<bool, ModelError> {
        Ok(self.families()?.iter().all(|family| family.covariance))
    }
    /// Whether a row may lack some of its columns: NaN stands for a missing cell. Uniform noise beside the
    /// components needs whole rows.
    ///
    /// # Errors
    /// When no family has its name.
    pub fn allows_gaps(&self) -> Result<bool, ModelError> {
        let families = self.families()?;
        Ok(self.noise.is_none()
            && !self.is_variational()
            && families.iter().all(|family| family.allows_gaps()))
    }
    /// Its families, over intervals where the part is: one, or those of the components of a mixed part.
    fn families(&self) -> Result<Vec<&'static Family>, ModelError> {
        let families = self.named_families()?.into_iter();
        families
            .map(|family| match (&family.of_intervals, self.interval) {
                (_, false) => Ok(family),
                (Some(of_intervals), true) => Ok(&**of_intervals),
                (None, true) => Err(ModelError(format!(
                    "family {} does not observe intervals",
                    family.name
                ))),
            })
            .collect()
    }
    /// Whether the ends of its intervals are counts.
    ///
    /// # Errors
    /// When no family has its name, or the families of a mixed part observe different kinds.
    pub fn is_interval_of_counts(&self) -> Result<bool, ModelError> {
        let families = self.named_families()?;
        let counts = families.iter().filter(|family| family.kind == Kind::Counts);
        match counts.count() {
            0 => Ok(false),
            all if all == families.len() => Ok(self.interval),
            _ => Err(ModelError::new(
                "the components of a part over intervals are all of counts, or none is",
            )),
        }
    }
    /// The families by their names.
    fn named_families(&self) -> Result<Vec<&'static Family>, ModelError> {
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
    pub(crate) fn is_mixed(&self) -> bool {
        self.family == MIXED
    }
    /// Whether each component is a set of its own.
    fn has_members(&self) -> bool {
        self.is_mixed() || !self.held.is_empty()
    }
    /// Component k as a part of one component, and its family over the part's column.
    fn member(&self, k: usize) -> Result<(PartSpecification, &'static Family), ModelError> {
        let families = self.families()?;
        let mut member = self.clone();
        let listed = if self.is_mixed() {
            member.family = self.components[k].clone();
            families[k]
        } else {
            families[0]
        };
        let own = listed.over(self.kind()?).unwrap_or(listed);
        member.components.clear();
        member.held.clear();
        member
            .settings
            .retain(|key, _| own.settings.contains(&key.as_str()));
        if let Some(held) = self.held.get(k) {
            member.settings.extend(held.clone());
        }
        Ok((member, own))
    }
    /// Component k with the set that holds it.
    fn member_of(&self, k: usize, member: PartSpecification, set: Box<dyn PartSet>) -> Member {
        Member {
            family: if self.is_mixed() {
                member.family
            } else {
                String::new()
            },
            held: self.held.get(k).cloned().unwrap_or_default(),
            set,
        }
    }
    /// Keeps parameter `key` of component `k` of `count` where it is: at `value`.
    ///
    /// # Errors
    /// When that cannot be, saying what can.
    pub fn hold(
        &mut self,
        k: usize,
        key: &str,
        value: Value,
        count: usize,
    ) -> Result<(), ModelError> {
        self.held.resize(count, Map::new());
        let (member, own) = self.member(k)?;
        let free = own
            .settings
            .iter()
            .filter(|key| !member.settings.contains_key(**key));
        let free: Vec<&str> = free.copied().collect();
        if !free.contains(&key) || self.covariance.is_some() || self.interval {
            let known = match &free[..] {
                _ if self.covariance.is_some() || self.interval => "none here".to_string(),
                [] => "none".to_string(),
                free => free.join(", "),
            };
            return Err(ModelError(format!(
                "family {}: {key} cannot be fixed alone; what can is {known}",
                member.family
            )));
        }
        self.held[k].insert(key.to_string(), value);
        Ok(())
    }
    /// K components whose fixed parts are set.
    pub(crate) fn template(
        &self,
        field: usize,
        components: usize,
    ) -> Result<Box<dyn PartSet>, ModelError> {
        if let Some(PartPrior::PseudoObservations { centre, strength }) = &self.prior {
            return (self.conjugate()?.template)(field, components, centre, *strength);
        }
        if let Some(PartPrior::Conjugate { parameters }) = &self.prior {
            return (self.posterior()?.template)(self, field, components, parameters);
        }
        if !self.has_members() {
            return (self.families()?[0].template)(self, field, components);
        }
        self.check_count(components)?;
        let members = (0..components).map(|k| {
            let (member, own) = self.member(k)?;
            let set = (own.template)(&member, field, 1)?;
            Ok(self.member_of(k, member, set))
        });
        Ok(Box::new(MixedSet::new(
            members.collect::<Result<_, ModelError>>()?,
        )))
    }
    /// K components from their parameters; an error names the component.
    pub(crate) fn load(
        &self,
        field: usize,
        given: &[&Value],
    ) -> Result<Box<dyn PartSet>, (usize, ModelError)> {
        let at = |k: usize| move |error: ModelError| (k, error);
        if let Some(PartPrior::Conjugate { parameters }) = &self.prior {
            return self.load_posteriors(field, given, parameters);
        }
        if !self.has_members() {
            let families = self.families().map_err(at(0))?;
            return self.load_as(families[0], field, given);
        }
        self.check_count(given.len()).map_err(at(0))?;
        let members = given.iter().enumerate().map(|(k, component)| {
            let (member, own) = self.member(k).map_err(at(k))?;
            let mut component = (*component).clone();
            let named = component
                .as_object_mut()
                .filter(|_| self.is_mixed())
                .and_then(|entries| entries.shift_remove("family"));
            if named.is_some_and(|named| named != *member.family) {
                return Err((
                    k,
                    ModelError(format!("its family must be {}", member.family)),
                ));
            }
            let set = member
                .load_as(own, field, &[&component])
                .map_err(|(_, error)| (k, error))?;
            Ok(self.member_of(k, member, set))
        });
        Ok(Box::new(MixedSet::new(members.collect::<Result<_, _>>()?)))
    }
    /// K posteriors. What the part sets is no part of them.
    fn load_posteriors(
        &self,
        field: usize,
        given: &[&Value],
        prior: &Value,
    ) -> Result<Box<dyn PartSet>, (usize, ModelError)> {
        let posterior = self.posterior().map_err(|error| (0, error))?;
        let without_settings = PartSpecification {
            settings: Map::new(),
            ..self.clone()
        };
        let own = (given.iter().enumerate())
            .map(|(k, one)| (without_settings.own_parameters(one)).map_err(|error| (k, error)));
        let own: Vec<Value> = own.collect::<Result<_, _>>()?;
        (posterior.load)(self, field, &own, prior)
    }
    /// K components of one family.
    fn load_as(
        &self,
        family: &Family,
        field: usize,
        given: &[&Value],
    ) -> Result<Box<dyn PartSet>, (usize, ModelError)> {
        let own = (given.iter().enumerate())
            .map(|(k, component)| self.own_parameters(component).map_err(|error| (k, error)));
        let own: Vec<Value> = own.collect::<Result<_, _>>()?;
        if let Some(PartPrior::PseudoObservations { centre, strength }) = &self.prior {
            // What is wrong with a component is said as without the prior.
            (family.load)(self, field, &own)?;
            let conjugate = self.conjugate().map_err(|error| (0, error))?;
            return (conjugate.load)(field, &own, centre, *strength);
        }
        (family.load)(self, field, &own)
    }
    fn check_count(&self, components: usize) -> Result<(), ModelError> {
        if !self.held.is_empty() && components != self.held.len() {
            return Err(ModelError(format!(
                "{components} components, but what is fixed in {}",
                self.held.len()
            )));
        }
        if !self.is_mixed() || components == self.components.len() {
            return Ok(());
        }
        Err(ModelError(format!(
            "{components} components, but {} families",
            self.components.len()
        )))
    }
    /// What must be set under `key`.
    fn required(&self, key: &str) -> Result<&Value, ModelError> {
        self.settings.get(key).ok_or_else(|| {
            ModelError(format!(
                "family {} needs --set {key}=NUMBER (column {})",
                self.family,
                self.columns.join(",")
            ))
        })
    }
    /// A whole number, at least `least`, that must be set.
    pub(crate) fn count_setting(&self, key: &str, least: u64) -> Result<u64, ModelError> {
        let given = self.required(key)?;
        given
            .as_u64()
            .filter(|&value| value >= least)
            .ok_or_else(|| {
                ModelError(format!(
                    "family {}: {key} = {given} must be a whole number, at least {least}",
                    self.family
                ))
            })
    }
    /// The number of trials that is set: a whole number, or "rows" for the total of each row.
    pub(crate) fn trials_setting(&self) -> Result<Trials, ModelError> {
        let given = self.required("trials")?;
        Trials::deserialize(given).map_err(|_| {
            ModelError(format!(
                "family {}: trials = {given} must be a whole number, or rows for the total of each \
                 row",
                self.family
            ))
        })
    }
    /// A number that must be set.
    pub(crate) fn number_setting(&self, key: &str) -> Result<f64, ModelError> {
        let given = self.required(key)?;
        given.as_f64().ok_or_else(|| {
            ModelError(format!(
                "family {}: {key} = {given} must be a number",
                self.family
            ))
        })
    }
    /// Checks what can be checked without data.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
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
        let mut held = self.held.iter().flat_map(|own| own.keys());
        let wrong = |key: &&String| {
            !known.contains(&key.as_str()) || self.covariance.is_some() || self.interval
        };
        if let Some(key) = held.find(wrong) {
            return Err(ModelError(format!(
                "family {}: {key} of one component cannot be fixed alone",
                self.family
            )));
        }
        if let Some(key) = (self.estimated.iter()).find(|key| !self.settings.contains_key(*key)) {
            return Err(ModelError(format!(
                "family {}: {key} is estimated, but not among the settings",
                self.family
            )));
        }
        if kind.is_regression() {
            self.check_regression()?;
        } else if self.regression.is_some() {
            return Err(ModelError(format!(
                "family {} is no regression: it has no response and no predictors",
                self.family
            )));
        } else if kind == Kind::Intervals {
            self.is_interval_of_counts()?;
            if self.columns.len() != 2 {
                return Err(ModelError(format!(
                    "family {} over intervals takes two columns a part, the low and the high ends, not {}",
                    self.family,
                    self.columns.len()
                )));
            }
        } else if self.columns.is_empty() || (!kind.is_vector() && self.columns.len() != 1) {
            let wanted = if kind.is_vector() {
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
        if self.covariance.is_some() && !self.has_covariance()? {
            return Err(ModelError(format!(
                "family {} has no covariance structure",
                self.family
            )));
        }
        self.check_prior()?;
        if self.means.is_some() && self.family != "gaussian" {
            return Err(ModelError(format!(
                "the means of family {} are estimated, each by itself",
                self.family
            )));
        }
        if self.eigenvalue_ratio.is_some() && self.family != "gaussian" {
            return Err(ModelError(format!(
                "family {} has no bound of eigenvalues",
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
        let parameters = self.family != FACTOR_ANALYZERS;
        for (key, value) in self.settings.iter().filter(|_| parameters) {
            let stated = given.entry(key.clone()).or_insert_with(|| value.clone());
            if !agree(stated, value) {
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

/// For serde: a mark that is not set is not written.
fn is_false(mark: &bool) -> bool {
    !mark
}

/// Whether two values are the same, 12 and 12.0 included.
fn agree(a: &Value, b: &Value) -> bool {
    a == b || (a.is_number() && a.as_f64() == b.as_f64())
}
