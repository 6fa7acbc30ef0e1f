//! Posteriors of the parameters of a part's components, in place of points.

mod component;
mod family;
mod weights;

pub(crate) use family::Posterior;
pub(crate) use weights::RawWeightsPosterior;

use crate::{ModelError, PartPrior, PartSpecification, PriorChoice, Specification, Table};

impl Specification {
    /// The same specification, where the parameters of every part have a conjugate prior, weakly informed by
    /// the rows of `table`: its template holds posteriors, and what it loads scores by predictive
    /// densities.
    ///
    /// # Errors
    /// When a family has no conjugate prior, or its rows give none.
    pub fn with_posteriors(
        &self,
        choice: &PriorChoice,
        table: &Table,
        row_weights: Option<&[f64]>,
        components: usize,
    ) -> Result<Specification, ModelError> {
        let mut with = self.clone();
        let ones = vec![1.0; table.rows()];
        let weights = row_weights.unwrap_or(&ones);
        for (field, part) in with.parts.iter_mut().enumerate() {
            part.prior = None;
            let field = &table.fields()[field];
            let prior = part
                .posterior()?
                .prior(part, choice, field, weights, components);
            let parameters = prior.map_err(|error| {
                ModelError(format!(
                    "the prior of family {} over {}: {error}",
                    part.family,
                    part.columns.join(", ")
                ))
            })?;
            part.prior = Some(PartPrior::Conjugate { parameters });
        }
        let names = |wanted: &[&str]| {
            let mut parts = self.parts.iter();
            parts.any(|part| wanted.contains(&part.family.as_str()))
        };
        let real = ["gaussian", "normal"];
        if choice.fraley_raftery.is_some() && !names(&real) {
            return Err(ModelError::new(
                "shrinkage and df are those of families gaussian and normal, of which the model has no part",
            ));
        }
        let only_real = (self.parts.iter()).all(|part| real.contains(&part.family.as_str()));
        if choice.strength.is_some() && only_real {
            return Err(ModelError::new(
                "families gaussian and normal have shrinkage=S and df=NU; strength=S is for other families",
            ));
        }
        Ok(with)
    }
    /// Whether the components are posteriors.
    pub fn is_variational(&self) -> bool {
        self.parts.iter().any(PartSpecification::is_variational)
    }
}

impl PartSpecification {
    /// Whether its components are posteriors.
    pub fn is_variational(&self) -> bool {
        matches!(self.prior, Some(PartPrior::Conjugate { .. }))
    }
    /// How posteriors of its family are made.
    ///
    /// # Errors
    /// When the family has no conjugate prior here.
    pub(crate) fn posterior(&self) -> Result<Posterior, ModelError> {
        let refused = [
            (self.interval, " over intervals"),
            (self.noise.is_some(), " beside noise"),
            (!self.held.is_empty(), " with parameters that are held"),
            (self.means.is_some(), " with means that are fixed or shared"),
            (
                self.eigenvalue_ratio.is_some(),
                " under a bound of eigenvalues",
            ),
            (
                self.set_parameter().is_some(),
                " where one of its parameters is set",
            ),
        ];
        let why = match refused.iter().find(|(given, _)| *given) {
            Some((_, why)) => why,
            None => match Posterior::of(&self.family) {
                Some(found) => return Ok(found),
                None => "",
            },
        };
        Err(ModelError(format!(
            "family {} has no conjugate prior{why}; variational Bayes has {}",
            self.family,
            Posterior::names()
        )))
    }
}
