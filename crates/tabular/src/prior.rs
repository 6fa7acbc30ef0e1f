//! Priors of the components of a part.

use crate::combined::{FamilyAlone, Listed};
use crate::registry::read;
use crate::{
    Bound, Form, FromField, ModelError, PartSet, PartSpecification, Specification, Table, Values,
};
use distributions::combine::WithPrior;
use distributions::{
    Bernoulli, Beta, Binomial, Buffer, Categorical, ChiSquared, Dirichlet, Exponential,
    ExponentialFamily, Gamma, Geometric, HalfNormal, InverseGamma, InverseGaussian, Laplace,
    LogNormal, Maxwell, Multinomial, Normal, Obs, Pareto, Poisson, Rayleigh, RowsView, VonMises,
    VonMisesFisher,
};
use em::{SampleSet, Shares};
use gmm::Prior;
use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The prior of a part's components, with all its numbers: a fit that goes on from a file is the same fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PartPrior {
    /// The normal–inverse-Wishart (or normal–inverse-gamma) prior of Gaussian components.
    NormalInverseWishart(Prior),
    /// The conjugate prior of an exponential family: so many observations more, distributed as the centre.
    PseudoObservations {
        /// The parameters of the centre.
        centre: Value,
        /// How many observations it is worth.
        strength: f64,
    },
    /// The conjugate prior of parameters that have a posterior: of variational Bayes. The components in a file
    /// are then posteriors, which have the parameters that the prior has.
    Conjugate {
        /// The parameters of the prior.
        parameters: Value,
    },
}

/// The priors to be made from the rows of a fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriorChoice {
    /// For Gaussian parts that of Fraley & Raftery (2007), with this shrinkage and these degrees of freedom
    /// where they are given.
    pub fraley_raftery: Option<FraleyRaftery>,
    /// For the other parts pseudo-observations, as many as this, distributed as the rows are as a whole.
    pub strength: Option<f64>,
}

/// What may be tuned in the prior of Fraley & Raftery (2007).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FraleyRaftery {
    /// κ, 0.01 by default.
    pub shrinkage: Option<f64>,
    /// ν, by default the number of columns and 2.
    pub df: Option<f64>,
}

impl Specification {
    /// The same specification with priors made from the rows of `table`, for K components.
    ///
    /// # Errors
    /// When a part has no such prior, or its rows give none: an estimate on the boundary, a singular
    /// covariance.
    pub fn with_priors(
        &self,
        choice: &PriorChoice,
        table: &Table,
        row_weights: Option<&[f64]>,
        components: usize,
    ) -> Result<Specification, ModelError> {
        let mut with = self.clone();
        let ones = vec![1.0; table.rows()];
        let weights = row_weights.unwrap_or(&ones);
        let (mut gaussians, mut others) = (0, 0);
        for (field, part) in with.parts.iter_mut().enumerate() {
            let prior = if part.family == "gaussian" {
                gaussians += 1;
                let tuned = choice.fraley_raftery.as_ref();
                tuned.map(|tuned| part.fraley_raftery(tuned, field, table, weights, components))
            } else {
                others += 1;
                let strength = choice.strength;
                strength.map(|strength| part.pseudo_observations(strength, field, table, weights))
            };
            part.prior = prior.transpose()?;
        }
        if choice.fraley_raftery.is_some() && gaussians == 0 {
            return Err(ModelError::new(
                "the prior fraley-raftery is one of family gaussian (over one column, too), of which the \
                 model has no part",
            ));
        }
        if choice.strength.is_some() && others == 0 {
            return Err(ModelError::new(
                "the prior of family gaussian is fraley-raftery; strength=S is for other families",
            ));
        }
        Ok(with)
    }
}

impl PartSpecification {
    fn fraley_raftery(
        &self,
        tuned: &FraleyRaftery,
        field: usize,
        table: &Table,
        weights: &[f64],
        components: usize,
    ) -> Result<PartPrior, ModelError> {
        let wrong = |error: distributions::ParameterError| {
            ModelError(format!(
                "the prior of columns {}: {error}",
                self.columns.join(", ")
            ))
        };
        let source = &table.fields()[field];
        let rows: RowsView<'_, f64> = match &source.values {
            Values::Vectors(values) => values.view(),
            Values::FileVectors(file) => file.view(),
            _ => return Err(ModelError::new("a Gaussian part observes vectors")),
        };
        let observed: Vec<f64> = match &source.missing {
            None => weights.to_vec(),
            Some(missing) => (weights.iter().zip(missing))
                .map(|(&weight, &missing)| if missing { 0.0 } else { weight })
                .collect(),
        };
        let structure = crate::gaussian::structure(self)?;
        let mut prior =
            Prior::fraley_raftery(rows, Some(&observed), components, structure).map_err(wrong)?;
        if let Some(shrinkage) = tuned.shrinkage {
            prior = prior.with_shrinkage(shrinkage).map_err(wrong)?;
        }
        if let Some(df) = tuned.df {
            prior = prior.with_df(df).map_err(wrong)?;
        }
        Ok(PartPrior::NormalInverseWishart(prior))
    }
    /// Centred at the estimate of one component from all rows.
    fn pseudo_observations(
        &self,
        strength: f64,
        field: usize,
        table: &Table,
        weights: &[f64],
    ) -> Result<PartPrior, ModelError> {
        self.conjugate()?;
        let whole = self
            .template(field, 1)?
            .estimate(table.view(), &Shares::from_matrix(weights, table.rows()));
        let whole = whole.map_err(|error| {
            ModelError(format!(
                "the centre of the prior of column {}: {error}",
                self.columns.join(", ")
            ))
        })?;
        let prior = PartPrior::PseudoObservations {
            centre: whole.save(0),
            strength,
        };
        let with = PartSpecification {
            prior: Some(prior.clone()),
            ..self.clone()
        };
        with.template(field, 1)?;
        Ok(prior)
    }
    /// Its components as [`WithPrior`] of its family.
    ///
    /// # Errors
    /// When the family has no conjugate prior here.
    pub(crate) fn conjugate(&self) -> Result<Conjugate, ModelError> {
        let no_prior = |why: &str| {
            Err(ModelError(format!(
                "family {} has no prior by pseudo-observations{why}",
                self.family
            )))
        };
        if self.interval {
            return no_prior(" over intervals");
        }
        if !self.held.is_empty() {
            return no_prior(" where a parameter of a component is fixed");
        }
        if let Some(key) = self.set_parameter() {
            return no_prior(&format!(" where its {key} is set"));
        }
        Ok(match self.family.as_str() {
            "normal" => Conjugate::of::<Normal>(),
            "log_normal" => Conjugate::of::<LogNormal>(),
            "exponential" => Conjugate::of::<Exponential>(),
            "gamma" => Conjugate::of::<Gamma>(),
            "inverse_gamma" => Conjugate::of::<InverseGamma>(),
            "chi_squared" => Conjugate::of::<ChiSquared>(),
            "inverse_gaussian" => Conjugate::of::<InverseGaussian>(),
            "beta" => Conjugate::of::<Beta>(),
            "rayleigh" => Conjugate::of::<Rayleigh>(),
            "maxwell" => Conjugate::of::<Maxwell>(),
            "half_normal" => Conjugate::of::<HalfNormal>(),
            "laplace" => Conjugate::of::<Laplace>(),
            "pareto" => Conjugate::of::<Pareto>(),
            "von_mises" => Conjugate::of::<VonMises>(),
            "poisson" => Conjugate::of::<Poisson>(),
            "bernoulli" => Conjugate::of::<Bernoulli>(),
            "binomial" => Conjugate::of::<Binomial>(),
            "geometric" => Conjugate::of::<Geometric>(),
            "categorical" => Conjugate::of::<Categorical>(),
            "multinomial" => Conjugate::of::<Multinomial>(),
            "dirichlet" => Conjugate::of::<Dirichlet>(),
            "von_mises_fisher" => Conjugate::of::<VonMisesFisher>(),
            "weibull"
            | "gumbel"
            | "student_t"
            | "cauchy"
            | "logistic"
            | "negative_binomial"
            | "beta_binomial"
            | "dirichlet_multinomial" => {
                return no_prior(
                    ": it is no exponential family, which alone have conjugate priors",
                );
            }
            _ => return no_prior(""),
        })
    }
    /// The name of a setting that fixes what its family otherwise estimates.
    pub(crate) fn set_parameter(&self) -> Option<&str> {
        let mut keys = self.settings.keys().map(String::as_str);
        keys.find(|key| !NEVER_ESTIMATED.contains(key))
    }
    /// Checks that the prior is one of the family.
    pub(crate) fn check_prior(&self) -> Result<(), ModelError> {
        match &self.prior {
            None => Ok(()),
            Some(PartPrior::NormalInverseWishart(_)) if self.family == "gaussian" => Ok(()),
            Some(PartPrior::NormalInverseWishart(_)) => Err(ModelError(format!(
                "family {} has no normal–inverse-Wishart prior",
                self.family
            ))),
            Some(PartPrior::PseudoObservations { .. }) => self.conjugate().map(|_| ()),
            Some(PartPrior::Conjugate { .. }) => self.posterior().map(|_| ()),
        }
    }
}

type Made = Result<Box<dyn PartSet>, ModelError>;
/// An error names the component.
type Read = Result<Box<dyn PartSet>, (usize, ModelError)>;

/// The settings of families with a conjugate prior that are no parameters to estimate.
const NEVER_ESTIMATED: [&str; 4] = ["trials", "support", "location", "minimum"];

/// How components with a conjugate prior are made and read.
pub(crate) struct Conjugate {
    pub(crate) template: fn(usize, usize, &Value, f64) -> Made,
    pub(crate) load: fn(usize, &[Value], &Value, f64) -> Read,
}

impl Conjugate {
    fn of<F>() -> Self
    where
        F: ExponentialFamily<Space: FromField> + Listed,
    {
        Conjugate {
            template: |field, components, centre, strength| {
                let family = with_prior::<F>(centre, centre, strength)?;
                let set = vec![family; components];
                Ok(Box::new(Bound::with_form(field, set, FamilyAlone)))
            },
            load: |field, components, centre, strength| {
                let read = components.iter().enumerate().map(|(k, parameters)| {
                    with_prior::<F>(parameters, centre, strength).map_err(|error| (k, error))
                });
                let set: Vec<WithPrior<F>> = read.collect::<Result<_, _>>()?;
                Ok(Box::new(Bound::with_form(field, set, FamilyAlone)))
            },
        }
    }
}

fn with_prior<F: ExponentialFamily + Listed>(
    parameters: &Value,
    centre: &Value,
    strength: f64,
) -> Result<WithPrior<F>, ModelError> {
    let wrong = |error: &dyn std::fmt::Display| ModelError(format!("the prior: {error}"));
    let centre = read::<F>(centre).map_err(|error| wrong(&error))?;
    WithPrior::new(read::<F>(parameters)?, centre, strength).map_err(|error| wrong(&error))
}

/// In files a component has the parameters of its family; the prior stands in the specification.
impl<F> Form<Vec<WithPrior<F>>> for FamilyAlone
where
    F: ExponentialFamily + Listed,
{
    fn save(&self, set: &Vec<WithPrior<F>>, k: usize) -> Value {
        // A family is a map of numbers under fixed names: there is nothing that could fail.
        serde_json::to_value(set[k].family()).unwrap_or(Value::Null)
    }
    fn empty_buffer(&self, set: &Vec<WithPrior<F>>) -> Buffer<F::Space> {
        SampleSet::empty_buffer(set)
    }
    fn draw(
        &self,
        set: &Vec<WithPrior<F>>,
        k: usize,
        _given: Option<Obs<'_, F::Space>>,
        mut rng: &mut dyn Rng,
        into: &mut Buffer<F::Space>,
    ) {
        SampleSet::draw(set, k, &mut rng, into);
    }
}
