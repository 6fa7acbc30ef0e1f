//! The mixture of some columns of a model: their marginal distribution.

use distributions::RowsBuffer;
use serde_json::{Value, json};
use tabular::{
    Field, Kind, ModelFile, PartSpecification, Specification, Table, TableMixture, Values,
};

/// The marginal distribution of some columns.
pub struct Marginal {
    specification: Specification,
    model: TableMixture,
    components: Vec<Vec<Value>>,
    /// For each column of the model, its place among those asked for.
    order: Vec<usize>,
}

/// π_k p_k at some points, and their sum.
pub struct Densities {
    /// p at each point.
    pub total: Vec<f64>,
    /// For each component π_k p_k at each point.
    pub parts: Vec<Vec<f64>>,
}

/// An elliptical distribution: Gaussian, or of Student's t.
#[derive(Clone, Debug, PartialEq)]
pub struct Elliptical {
    /// The centre.
    pub mean: Vec<f64>,
    /// The scale matrix; without degrees of freedom, the covariance.
    pub scale: Vec<Vec<f64>>,
    /// The degrees of freedom, where it is a t distribution.
    pub df: Option<f64>,
}

impl Marginal {
    /// The marginal distribution of `columns`; `None` where it has no closed form here.
    pub fn new(file: &ModelFile, columns: &[&str]) -> Option<Self> {
        let count = file.model.components().without_noise();
        let saved: Vec<Value> = (0..count)
            .map(|k| file.specification.save(file.model.components(), k))
            .collect();
        let several = file.specification.parts.len() > 1;
        let mut parts = Vec::new();
        let mut components: Vec<Vec<Value>> = vec![Vec::new(); count];
        for (p, part) in file.specification.parts.iter().enumerate() {
            // Of intervals the distribution of what lies within.
            let part = &match part.interval {
                true => PartSpecification {
                    columns: vec![super::intervals::name(part)],
                    interval: false,
                    ..part.clone()
                },
                false => part.clone(),
            };
            let wanted = |name: &String| columns.contains(&name.as_str());
            let keep: Vec<usize> = (0..part.columns.len())
                .filter(|&j| wanted(&part.columns[j]))
                .collect();
            if keep.is_empty() {
                continue;
            }
            if part.regression.is_some() || is_singular(&part.family) {
                return None;
            }
            let own: Vec<Value> = (saved.iter())
                .map(|component| match several {
                    true => component["parts"][p].clone(),
                    false => component.clone(),
                })
                .collect();
            let (part, own) = match keep.len() == part.columns.len() {
                true => (part.clone(), own),
                false => restricted(part, &own, &keep)?,
            };
            parts.push(part);
            components
                .iter_mut()
                .zip(own)
                .for_each(|(all, own)| all.push(own));
        }
        let specification = Specification { parts };
        let order = (specification.columns().iter())
            .map(|name| columns.iter().position(|column| column == name))
            .collect::<Option<Vec<usize>>>()?;
        if order.len() != columns.len() {
            return None;
        }
        let whole = components.iter().map(|parts| match parts.as_slice() {
            [only] => only.clone(),
            parts => json!({ "parts": parts }),
        });
        let whole: Vec<Value> = whole.collect();
        let model = ModelFile::model(&specification, file.model.weights().to_vec(), &whole).ok()?;
        Some(Marginal {
            specification,
            model,
            components,
            order,
        })
    }

    /// The densities at points, given column by column in the order asked for.
    pub fn densities(&self, columns: &[Vec<f64>]) -> Densities {
        let rows = columns.first().map_or(0, Vec::len);
        let mut place = 0;
        let fields = self.specification.parts.iter().map(|part| {
            let width = part.columns.len();
            let own: Vec<&Vec<f64>> = (place..place + width)
                .map(|column| &columns[self.order[column]])
                .collect();
            place += width;
            Field {
                values: values(part, &own, rows),
                missing: None,
            }
        });
        let table = Table::new(fields.collect());
        let posterior = self.model.posterior(table.view());
        let total: Vec<f64> = posterior
            .log_density
            .iter()
            .map(|value| value.exp())
            .collect();
        let part =
            |k: usize| -> Vec<f64> { (0..rows).map(|i| posterior.row(i)[k] * total[i]).collect() };
        Densities {
            parts: (0..posterior.components).map(part).collect(),
            total,
        }
    }

    /// Component k, where it is elliptical; in the order asked for.
    pub fn elliptical(&self, k: usize) -> Option<Elliptical> {
        let components = self.components.get(k)?;
        let parts: Vec<Elliptical> = (self.specification.parts.iter().zip(components))
            .map(|(part, parameters)| elliptical(part, parameters))
            .collect::<Option<_>>()?;
        if parts.len() > 1 && parts.iter().any(|part| part.df.is_some()) {
            // A product of t distributions is not elliptical.
            return None;
        }
        let d = self.order.len();
        let mut whole = Elliptical {
            mean: vec![0.0; d],
            scale: vec![vec![0.0; d]; d],
            df: parts.first()?.df,
        };
        let mut start = 0;
        for part in &parts {
            for (i, &mean) in part.mean.iter().enumerate() {
                let to = self.order[start + i];
                whole.mean[to] = mean;
                for (j, &scale) in part.scale[i].iter().enumerate() {
                    whole.scale[to][self.order[start + j]] = scale;
                }
            }
            start += part.mean.len();
        }
        Some(whole)
    }
}

/// Whether a family has no density over the plane of its columns, but on a sphere or where a sum is fixed.
fn is_singular(family: &str) -> bool {
    let singular = [
        "dirichlet",
        "von_mises_fisher",
        "multinomial",
        "dirichlet_multinomial",
    ];
    singular.contains(&family)
}

/// The values of a part at points of the plane or the line, whole numbers where it has them.
fn values(part: &PartSpecification, columns: &[&Vec<f64>], rows: usize) -> Values {
    let rows_of = || (0..rows).flat_map(|i| columns.iter().map(move |column| column[i]));
    match part.kind() {
        Ok(Kind::Vectors) => Values::Vectors(RowsBuffer {
            values: rows_of().collect(),
            width: columns.len(),
        }),
        Ok(Kind::CountVectors) => Values::CountVectors(RowsBuffer {
            values: rows_of().map(|value| value as u64).collect(),
            width: columns.len(),
        }),
        Ok(Kind::Counts) => Values::Counts(columns[0].iter().map(|&value| value as u64).collect()),
        Ok(Kind::Codes) => Values::Codes(columns[0].iter().map(|&value| value as u32).collect()),
        _ => Values::Reals(columns[0].clone()),
    }
}

fn vector(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

fn matrix(value: &Value) -> Option<Vec<Vec<f64>>> {
    value.as_array()?.iter().map(vector).collect()
}

/// The centre and the scale of a component that is elliptical.
fn elliptical(part: &PartSpecification, parameters: &Value) -> Option<Elliptical> {
    let of = |key: &str| parameters.get(key);
    match part.family.as_str() {
        "normal" => Some(Elliptical {
            mean: vec![of("mean")?.as_f64()?],
            scale: vec![vec![of("variance")?.as_f64()?]],
            df: None,
        }),
        "gaussian" => Some(Elliptical {
            mean: vector(of("mean")?)?,
            scale: matrix(of("covariance")?)?,
            df: None,
        }),
        "multivariate_t" => Some(Elliptical {
            mean: vector(of("location")?)?,
            scale: matrix(of("scale_matrix")?)?,
            df: of("df")?.as_f64(),
        }),
        "factor_analyzers" => {
            let (loadings, noise) = (matrix(of("loadings")?)?, vector(of("noise_variances")?)?);
            let entry = |i: usize, j: usize| {
                let pairs = loadings[i].iter().zip(&loadings[j]);
                let shared: f64 = pairs.map(|(a, b)| a * b).sum();
                shared + if i == j { noise[i] } else { 0.0 }
            };
            let d = noise.len();
            Some(Elliptical {
                mean: vector(of("mean")?)?,
                scale: (0..d)
                    .map(|i| (0..d).map(|j| entry(i, j)).collect())
                    .collect(),
                df: None,
            })
        }
        _ => None,
    }
}

/// Some columns of a part of several, where they are elliptical: the rows and columns of the scale.
fn restricted(
    part: &PartSpecification,
    components: &[Value],
    keep: &[usize],
) -> Option<(PartSpecification, Vec<Value>)> {
    let whole: Vec<Elliptical> = (components.iter())
        .map(|parameters| elliptical(part, parameters))
        .collect::<Option<_>>()?;
    let of_t = part.family == "multivariate_t";
    let family = match (keep.len(), of_t) {
        (1, false) => "normal",
        (1, true) => "student_t",
        (_, false) => "gaussian",
        (_, true) => "multivariate_t",
    };
    let pick = |values: &[f64]| -> Vec<f64> { keep.iter().map(|&j| values[j]).collect() };
    let mut own = PartSpecification {
        family: family.into(),
        columns: keep.iter().map(|&j| part.columns[j].clone()).collect(),
        noise: part.noise.clone(),
        ..PartSpecification::default()
    };
    if keep.len() > 1 {
        own.covariance = Some("full".into());
    }
    if let Some(noise) = &mut own.noise {
        noise.low = pick(&noise.low);
        noise.high = pick(&noise.high);
    }
    let parameters = whole.iter().zip(components).map(|(whole, parameters)| {
        let mean = pick(&whole.mean);
        let scale: Vec<Vec<f64>> = keep.iter().map(|&j| pick(&whole.scale[j])).collect();
        match family {
            "normal" => json!({ "mean": mean[0], "variance": scale[0][0] }),
            "student_t" => json!({
                "location": mean[0], "scale": scale[0][0].sqrt(), "df": parameters["df"],
            }),
            "gaussian" => json!({ "mean": mean, "covariance": scale }),
            _ => json!({ "location": mean, "scale_matrix": scale, "df": parameters["df"] }),
        }
    });
    Some((own, parameters.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"{"format": "mixture-model", "version": 1, "columns": ["a", "b", "c"],
        "parts": [{"family": "FAMILY", "columns": ["a", "b"], "covariance": "full"},
                  {"family": "poisson", "columns": ["c"]}],
        "weights": [0.25, 0.75],
        "components": [
            {"parts": [{"CENTRE": [1, -2], "SCALE": [[2, 0.6], [0.6, 1]]DF}, {"rate": 2}]},
            {"parts": [{"CENTRE": [-1, 3], "SCALE": [[1, -0.5], [-0.5, 3]]DF}, {"rate": 7}]}]}"#;

    fn file(family: &str, centre: &str, scale: &str, df: &str) -> ModelFile {
        let text = MODEL.replace("FAMILY", family).replace("CENTRE", centre);
        ModelFile::from_text(&text.replace("SCALE", scale).replace("DF", df)).unwrap()
    }

    #[test]
    fn the_marginal_density_is_the_integral_of_the_joint_one() {
        let gaussian = file("gaussian", "mean", "covariance", "");
        let t = file("multivariate_t", "location", "scale_matrix", ", \"df\": 4");
        // The trapezoidal rule over ±200 (the tails of the t distribution with 4 degrees of freedom hold about
        // 3·(2/200)⁴ beyond) in steps of 0.01, which is exact to rounding for a density this smooth.
        for (file, tolerance) in [(gaussian, 1e-12), (t, 1e-6)] {
            let marginal = Marginal::new(&file, &["b"]).unwrap();
            let joint = Marginal::new(&file, &["b", "a"]).unwrap();
            let a: Vec<f64> = (-20_000..=20_000).map(|i| f64::from(i) * 0.01).collect();
            for b in [-2.0, 0.5, 4.0] {
                let own = marginal.densities(&[vec![b]]);
                let over = joint.densities(&[vec![b; a.len()], a.clone()]);
                for k in 0..2 {
                    let integral = 0.01 * over.parts[k].iter().sum::<f64>();
                    let error = (own.parts[k][0] - integral).abs();
                    assert!(error < tolerance, "{k} at {b}: {error}");
                }
                assert!((own.parts[0][0] + own.parts[1][0] - own.total[0]).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn columns_of_several_parts_are_multiplied() {
        let file = file("gaussian", "mean", "covariance", "");
        let pair = Marginal::new(&file, &["c", "a"]).unwrap();
        let (c, a) = (
            Marginal::new(&file, &["c"]).unwrap(),
            Marginal::new(&file, &["a"]).unwrap(),
        );
        let together = pair.densities(&[vec![3.0], vec![0.5]]);
        let (of_c, of_a) = (c.densities(&[vec![3.0]]), a.densities(&[vec![0.5]]));
        for (k, weight) in [0.25, 0.75].into_iter().enumerate() {
            let product = of_c.parts[k][0] * of_a.parts[k][0] / weight;
            assert!((together.parts[k][0] - product).abs() < 1e-15);
        }
        assert!(pair.elliptical(0).is_none());
        assert!(Marginal::new(&file, &["d"]).is_none());
    }

    #[test]
    fn an_ellipse_is_turned_with_its_columns() {
        let file = file("gaussian", "mean", "covariance", "");
        let turned = Marginal::new(&file, &["b", "a"])
            .unwrap()
            .elliptical(0)
            .unwrap();
        assert_eq!(turned.mean, [-2.0, 1.0]);
        assert_eq!(turned.scale, [[1.0, 0.6], [0.6, 2.0]]);
    }
}
