//! Comparing numbers with a reference at its tolerances; components in any order.

use super::number;
use serde_json::Value;
use std::collections::BTreeMap;

/// Every comparison of a run: its name, and its deviation in units of the tolerance.
#[derive(Default)]
pub struct Comparisons {
    pub done: Vec<(String, f64, String)>,
}

impl Comparisons {
    /// Compares `got` with `expected` at the absolute tolerance `tolerance`.
    pub fn number(&mut self, what: impl Into<String>, got: f64, expected: f64, tolerance: f64) {
        let ratio = if expected.is_nan() {
            if got.is_nan() { 0.0 } else { f64::INFINITY }
        } else if expected.is_infinite() || tolerance == 0.0 {
            if got == expected { 0.0 } else { f64::INFINITY }
        } else if got.is_finite() {
            (got - expected).abs() / tolerance
        } else {
            f64::INFINITY
        };
        let detail = format!("got {got:?}, expected {expected:?}, tolerance {tolerance:.3e}");
        self.done.push((what.into(), ratio, detail));
    }
    /// Compares a ratio that is already in units of its tolerance.
    pub fn ratio(&mut self, what: impl Into<String>, ratio: f64) {
        self.done
            .push((what.into(), ratio, format!("ratio {ratio:.3}")));
    }
    /// The worst of them.
    pub fn worst(&self) -> (f64, String) {
        let worst = self.done.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        worst.map_or(
            (f64::INFINITY, "nothing was compared".into()),
            |(what, ratio, detail)| (*ratio, format!("{what}: {detail}")),
        )
    }
}

/// Parameters of one component: scalars, vectors and matrices, flattened.
pub type Parameters = BTreeMap<String, Vec<f64>>;

/// A JSON object of parameters, flattened.
pub fn parameters(value: &Value) -> Parameters {
    let entries = value.as_object().into_iter().flatten();
    entries
        .filter_map(|(key, value)| {
            let mut flat = Vec::new();
            flatten(value, &mut flat);
            (!flat.is_empty()).then(|| (key.clone(), flat))
        })
        .collect()
}

fn flatten(value: &Value, into: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, into)),
        other => into.extend(number(other)),
    }
}

/// The tolerance that a case states, or `default`.
fn stated(tolerance: &Value, key: &str, default: f64) -> f64 {
    tolerance.get(key).and_then(number).unwrap_or(default)
}

/// The tolerance of the log-likelihood.
pub fn likelihood_tolerance(tolerance: &Value, expected: f64) -> f64 {
    let relative = stated(tolerance, "loglik_rel", 1e-8) * expected.abs().max(1.0);
    relative.max(stated(tolerance, "loglik_abs", 0.0))
}

/// The deviation of each parameter in units of its tolerance.
fn deviations(expected: &Parameters, got: &Parameters, tolerance: &Value) -> Vec<(String, f64)> {
    let relative = stated(tolerance, "params_rel", stated(tolerance, "cov_rel", 1e-4));
    let absolute = stated(tolerance, "params_abs", 0.0);
    let mut all = Vec::new();
    for (key, values) in expected {
        let Some(mine) = got.get(key).filter(|mine| mine.len() == values.len()) else {
            all.push((key.clone(), f64::INFINITY));
            continue;
        };
        let scale = values.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        let mut allowed = relative * scale + absolute;
        if key == "var" {
            allowed = allowed.max(stated(tolerance, "var_rel", 0.0) * scale);
        }
        if key == "mean" {
            allowed = stated(tolerance, "mean_abs", allowed);
        }
        let angle = key == "mu" && expected.contains_key("kappa");
        let difference = |(a, b): (&f64, &f64)| {
            let plain = (a - b).abs();
            if angle {
                plain.min((plain - 2.0 * std::f64::consts::PI).abs())
            } else {
                plain
            }
        };
        let largest = values
            .iter()
            .zip(mine)
            .map(difference)
            .fold(0.0f64, f64::max);
        let ratio = if largest == 0.0 {
            0.0
        } else {
            largest / allowed
        };
        all.push((
            key.clone(),
            if ratio.is_nan() { f64::INFINITY } else { ratio },
        ));
    }
    all
}

/// Compares weights and parameters under the best matching of components.
pub fn components(
    into: &mut Comparisons,
    expected: (&[f64], &[Parameters]),
    got: (&[f64], &[Parameters]),
    tolerance: &Value,
) {
    let count = expected.0.len();
    if got.0.len() != count {
        return into.ratio("number of components", f64::INFINITY);
    }
    let weight_tolerance = stated(tolerance, "weights_abs", 1e-5);
    let cost = |i: usize, j: usize| {
        let parameters = deviations(&expected.1[i], &got.1[j], tolerance);
        let sum: f64 = parameters.iter().map(|(_, ratio)| ratio.min(1e12)).sum();
        sum + (expected.0[i] - got.0[j]).abs() / weight_tolerance
    };
    let cost: Vec<Vec<f64>> = (0..count)
        .map(|i| (0..count).map(|j| cost(i, j)).collect())
        .collect();
    for (i, j) in best_matching(&cost).into_iter().enumerate() {
        into.number(
            format!("weight {i}"),
            got.0[j],
            expected.0[i],
            weight_tolerance,
        );
        for (key, ratio) in deviations(&expected.1[i], &got.1[j], tolerance) {
            into.ratio(format!("component {i} {key}"), ratio);
        }
    }
}

/// The assignment of least total cost, by trying all (K is small).
fn best_matching(cost: &[Vec<f64>]) -> Vec<usize> {
    let mut best = (f64::INFINITY, (0..cost.len()).collect());
    extend(cost, &mut Vec::new(), 0.0, &mut best);
    best.1
}

fn extend(cost: &[Vec<f64>], chosen: &mut Vec<usize>, sum: f64, best: &mut (f64, Vec<usize>)) {
    if chosen.len() == cost.len() {
        if sum < best.0 {
            *best = (sum, chosen.clone());
        }
        return;
    }
    for j in 0..cost.len() {
        if !chosen.contains(&j) {
            let more = cost[chosen.len()][j];
            chosen.push(j);
            extend(cost, chosen, sum + more, best);
            chosen.pop();
        }
    }
}
