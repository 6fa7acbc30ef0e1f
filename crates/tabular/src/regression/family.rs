//! The families of regressions: sets of them as a part of a model.

use super::Design;
use crate::registry::read;
use crate::{Bound, Family, Form, FromField, Kind, ModelError, PartSet, PartSpecification};
use distributions::regression::{GeneralizedRegression, LinearRegression};
use distributions::{Buffer, Component, Coordinates, Obs, Pair, ParameterError, Rows};
use em::{CommonSlopes, ComponentSet, LinearCommonSlopes};
use rand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};
use std::marker::PhantomData;

use super::response::{DrawnResponse, Regression};

/// A set of regressions, whatever couples them.
trait RegressionSet: ComponentSet<Space: FromField> + Coordinates + 'static {
    type Member: Regression + Component<Space = Self::Space>;
    fn member(&self, k: usize) -> &Self::Member;
}

impl<C: Regression + Coordinates + 'static> RegressionSet for Vec<C>
where
    C::Space: FromField,
{
    type Member = C;
    fn member(&self, k: usize) -> &C {
        &self[k]
    }
}

impl RegressionSet for LinearCommonSlopes {
    type Member = LinearRegression;
    fn member(&self, k: usize) -> &LinearRegression {
        &self.components()[k]
    }
}

impl<R: DrawnResponse> RegressionSet for CommonSlopes<R>
where
    Pair<Rows<f64>, R::Space>: FromField,
{
    type Member = GeneralizedRegression<R>;
    fn member(&self, k: usize) -> &GeneralizedRegression<R> {
        &self.components()[k]
    }
}

/// How a set of regressions stands in files, and how responses are drawn.
#[derive(Clone, Debug)]
pub(crate) struct Conditional(Design);

impl<S: RegressionSet> Form<S> for Conditional {
    fn save(&self, set: &S, k: usize) -> Value {
        let member = set.member(k);
        let coefficients = self.0.coefficient_order(member.coefficients());
        match member.variance() {
            Some(variance) => json!({ "coefficients": coefficients, "variance": variance }),
            None => json!({ "coefficients": coefficients }),
        }
    }
    fn is_conditional(&self) -> bool {
        true
    }
    fn mean_given(&self, set: &S, k: usize, x: &[f64]) -> Option<f64> {
        Some(set.member(k).mean(x))
    }
    fn empty_buffer(&self, set: &S) -> Buffer<S::Space> {
        set.member(0).empty_buffer(self.0.width())
    }
    /// A response to the predictors that are given.
    ///
    /// # Panics
    /// When none are: a regression says nothing about predictors.
    fn draw(
        &self,
        set: &S,
        k: usize,
        given: Option<Obs<'_, S::Space>>,
        rng: &mut dyn Rng,
        into: &mut Buffer<S::Space>,
    ) {
        match given {
            Some(given) => set.member(k).draw_response(given, rng, into),
            None => panic!("a regression draws responses to given predictors"),
        }
    }
}

/// The parameters of all components, coefficients in the order of the matrix.
pub(crate) struct Parameters {
    coefficients: Vec<Vec<f64>>,
    /// As many where the family has variances, else none.
    variances: Vec<f64>,
    offset: bool,
}

/// A component and what is wrong with it.
type Wrong = (usize, ParameterError);

/// Makes the sets of a family.
pub(crate) trait RegressionFamily: 'static {
    /// Whether a component has a variance.
    const VARIANCE: bool;
    fn independent(given: Parameters, field: usize, form: Conditional) -> Made;
    fn common(given: Parameters, own: usize, field: usize, form: Conditional) -> Made;
}
type Made = Result<Box<dyn PartSet>, Wrong>;

/// Linear regressions.
pub(crate) struct Linear;
/// Regressions with a canonical link.
pub(crate) struct Generalized<R>(PhantomData<R>);

impl RegressionFamily for Linear {
    const VARIANCE: bool = true;
    fn independent(given: Parameters, field: usize, form: Conditional) -> Made {
        let pairs = given.coefficients.into_iter().zip(given.variances);
        let set = pairs.enumerate().map(|(k, (coefficients, variance))| {
            let made = LinearRegression::new(coefficients, variance).map_err(|error| (k, error))?;
            Ok(if given.offset {
                made.with_offset()
            } else {
                made
            })
        });
        let set = set.collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(Bound::with_form(field, set, form)))
    }
    fn common(mut given: Parameters, own: usize, field: usize, form: Conditional) -> Made {
        let variances = std::mem::take(&mut given.variances);
        let (offset, (own, common)) = (given.offset, parted(given, own));
        let set = LinearCommonSlopes::new(own, common, variances).map_err(|error| (0, error))?;
        let set = if offset { set.with_offset() } else { set };
        Ok(Box::new(Bound::with_form(field, set, form)))
    }
}

impl<R: DrawnResponse> RegressionFamily for Generalized<R>
where
    Pair<Rows<f64>, R::Space>: FromField,
{
    const VARIANCE: bool = false;
    fn independent(given: Parameters, field: usize, form: Conditional) -> Made {
        let set = given.coefficients.into_iter().enumerate();
        let set = set.map(|(k, coefficients)| {
            let made = GeneralizedRegression::<R>::new(coefficients).map_err(|error| (k, error))?;
            Ok(if given.offset {
                made.with_offset()
            } else {
                made
            })
        });
        let set = set.collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(Bound::with_form(field, set, form)))
    }
    fn common(given: Parameters, own: usize, field: usize, form: Conditional) -> Made {
        let (offset, (own, common)) = (given.offset, parted(given, own));
        let set = CommonSlopes::<R>::new(own, common).map_err(|error| (0, error))?;
        let set = if offset { set.with_offset() } else { set };
        Ok(Box::new(Bound::with_form(field, set, form)))
    }
}

/// Each component's own coefficients, and the common ones, which are those of the first.
fn parted(given: Parameters, own: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut all = given.coefficients;
    let common = all
        .first()
        .map_or(Vec::new(), |first| first[own..].to_vec());
    (all.iter_mut()).for_each(|coefficients| coefficients.truncate(own));
    (all, common)
}

/// The line of a family of regressions.
pub(crate) fn regression_line<F: RegressionFamily>(
    name: &'static str,
    kind: Kind,
    settings: &'static [&'static str],
) -> Family {
    Family {
        name,
        kind,
        settings,
        covariance: false,
        of_intervals: None,
        line: None,
        template: Box::new(|part, field, components| {
            let design = part.regression_of()?.design()?;
            let given = Parameters {
                coefficients: vec![vec![0.0; design.coefficients()]; components],
                variances: vec![1.0; components],
                offset: design.has_offset(),
            };
            made::<F>(given, field, design).map_err(|(_, error)| error)
        }),
        load: Box::new(|part, field, components| {
            let design = part.regression_of().and_then(|part| part.design());
            let design = design.map_err(|error| (0, error))?;
            let given = parameters::<F>(part, &design, components)?;
            made::<F>(given, field, design)
        }),
    }
}

fn made<F: RegressionFamily>(
    given: Parameters,
    field: usize,
    design: Design,
) -> Result<Box<dyn PartSet>, (usize, ModelError)> {
    let (own, common) = (design.own(), design.has_common());
    let form = Conditional(design);
    let made = if common {
        F::common(given, own, field, form)
    } else {
        F::independent(given, field, form)
    };
    made.map_err(|(k, error)| (k, ModelError(error.to_string())))
}

/// A component in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InFile {
    coefficients: Vec<f64>,
    #[serde(default)]
    variance: Option<f64>,
    /// A setting, which agrees with that of the part.
    #[serde(default)]
    #[expect(dead_code, reason = "checked where it is set")]
    trials: Option<Value>,
}

/// The parameters of all components in a file.
fn parameters<F: RegressionFamily>(
    part: &PartSpecification,
    design: &Design,
    components: &[Value],
) -> Result<Parameters, (usize, ModelError)> {
    let mut given = Parameters {
        coefficients: Vec::new(),
        variances: Vec::new(),
        offset: design.has_offset(),
    };
    for (k, component) in components.iter().enumerate() {
        let wrong = |why: String| (k, ModelError(why));
        let read = read::<InFile>(component).map_err(|error| (k, error))?;
        if read.coefficients.len() != design.coefficients() {
            return Err(wrong(format!(
                "{} coefficients for the {} terms {}",
                read.coefficients.len(),
                design.coefficients(),
                design.names().join(", ")
            )));
        }
        match (F::VARIANCE, read.variance) {
            (true, Some(variance)) => given.variances.push(variance),
            (false, None) => {}
            (true, None) => return Err(wrong("missing field `variance`".into())),
            (false, Some(_)) => {
                return Err(wrong(format!("family {} has no variance", part.family)));
            }
        }
        let coefficients = design.matrix_order(&read.coefficients);
        if let Some(first) = given.coefficients.first() {
            let first: &Vec<f64> = first;
            let mut common = design.own()..design.coefficients();
            if let Some(j) = common.find(|&j| coefficients[j] != first[j]) {
                return Err(wrong(format!(
                    "the coefficient of {} is {}, but {} in component 0, and it is common to all",
                    design.name_in_matrix(j).unwrap_or_default(),
                    coefficients[j],
                    first[j]
                )));
            }
        }
        given.coefficients.push(coefficients);
    }
    Ok(given)
}
