//! Parts of factor analysers: coupled like the Gaussians, by loadings and noise that may be common.

use crate::gaussian::read_vectors;
use crate::{Bound, Family, Kind, ModelError, PartSpecification, Saved};
use gmm::{FactorAnalyzer, FactorAnalyzers, FactorStructure};
use serde_json::Value;

/// The family. Its settings describe a structure and are no parameters of its components, of which one is
/// called `loadings` as a setting is.
pub(crate) const FACTOR_ANALYZERS: &str = "factor_analyzers";

/// The line of the factor analysers.
pub(crate) fn factor_analyzers_line(name: &'static str) -> Family {
    Family {
        name,
        kind: Kind::Vectors,
        settings: &["factors", "loadings", "noise"],
        covariance: false,
        of_intervals: None,
        line: None,
        template: Box::new(|part, field, components| {
            let set = FactorAnalyzers::standard(structure(part)?, components, part.columns.len())
                .map_err(|error| ModelError(error.to_string()))?;
            Ok(Box::new(Bound::new(field, set)))
        }),
        load: Box::new(|part, field, components| {
            let structure = structure(part).map_err(|error| (0, error))?;
            let read = read_vectors(part, components, "mean", FactorAnalyzer::dimension)?;
            let set = FactorAnalyzers::new(structure, read)
                .map_err(|error| (0, ModelError(error.to_string())))?;
            Ok(Box::new(Bound::new(field, set)))
        }),
    }
}

/// factors=Q, loadings=own|common, noise=own|common|isotropic|common_isotropic.
fn structure(part: &PartSpecification) -> Result<FactorStructure, ModelError> {
    let factors = usize::try_from(part.count_setting("factors", 0)?).unwrap_or(usize::MAX);
    let word = |key: &str, words: &[&str]| -> Result<usize, ModelError> {
        let Some(given) = part.settings.get(key) else {
            return Ok(0);
        };
        let found = words.iter().position(|&word| given.as_str() == Some(word));
        found.ok_or_else(|| {
            ModelError(format!(
                "family {}: {key} = {given} must be {}",
                part.family,
                words.join(", ")
            ))
        })
    };
    let loadings = word("loadings", &["own", "common"])?;
    let noise = word("noise", &["own", "common", "isotropic", "common_isotropic"])?;
    Ok(FactorStructure {
        factors,
        common_loadings: loadings == 1,
        common_noise: noise % 2 == 1,
        isotropic_noise: noise >= 2,
    })
}

impl Saved for FactorAnalyzers {
    fn save(&self, k: usize) -> Value {
        // Numbers under fixed names: there is nothing that could fail.
        serde_json::to_value(&self.components()[k]).unwrap_or(Value::Null)
    }
    /// What is common is equal, as far as a file's loadings, which are turned, can tell: Λ Λᵀ is compared.
    fn in_class(&self) -> bool {
        let structure = self.structure();
        let noise = |k: usize| self.components()[k].noise_variances();
        let near = |a: f64, b: f64, size: f64| (a - b).abs() <= 1e-6 * size;
        let product = |k: usize, i: usize, j: usize| {
            let loadings = self.components()[k].loadings();
            let pairs = loadings[i].iter().zip(&loadings[j]);
            pairs.map(|(a, b)| a * b).sum::<f64>()
        };
        let d = self.dimension();
        (0..self.components().len()).all(|k| {
            let (mine, first) = (noise(k), noise(0));
            let isotropic = mine.iter().all(|&value| near(value, mine[0], mine[0]));
            let same_noise = (mine.iter().zip(&first)).all(|(a, b)| near(*a, *b, *b));
            let same_loadings = (0..d * d).all(|entry| {
                let (i, j) = (entry / d, entry % d);
                let size = (product(0, i, i) * product(0, j, j)).sqrt();
                near(product(k, i, j), product(0, i, j), size)
            });
            (isotropic || !structure.isotropic_noise)
                && (same_noise || !structure.common_noise)
                && (same_loadings || !structure.common_loadings)
        })
    }
}
