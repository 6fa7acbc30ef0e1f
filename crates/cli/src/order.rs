//! The order of the components.

use crate::failure::Failure;
use crate::record::by_falling_weight;
use serde_json::Value;
use tabular::{PartSpecification, Specification, TableMixture};

/// The order in which components are written: by the parameter that `--order` names, else by falling
/// weight where the start was random; `None` is that of the start.
pub fn arrangement(
    order: Option<&str>,
    random: bool,
    specification: &Specification,
    model: &TableMixture,
) -> Result<Option<Vec<usize>>, Failure> {
    let Some(parameter) = order else {
        return Ok(random.then(|| by_falling_weight(model)));
    };
    // Noise has no parameter, and stands last.
    let noise = model.components().noise_index();
    let others: Vec<usize> = (0..model.len()).filter(|&k| Some(k) != noise).collect();
    let keys = others.iter().map(|&k| {
        if parameter == "weight" {
            return Ok(model.weights()[k]);
        }
        let component = specification.save(model.components(), k);
        find(parameter, specification, &component).ok_or_else(|| {
            Failure::input(format!(
                "--order {parameter}: component {k} has no such parameter; name a parameter of model files, \
                 with PART. before it or [COLUMN] behind it where there are several, or weight"
            ))
        })
    });
    let keys = keys.collect::<Result<Vec<f64>, _>>()?;
    let mut order: Vec<usize> = (0..others.len()).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
    let order = order.into_iter().map(|place| others[place]);
    Ok(Some(order.chain(noise).collect()))
}

/// The number that a name as `mean`, `1.mean` or `mean[height]` stands for in a component.
fn find(parameter: &str, specification: &Specification, component: &Value) -> Option<f64> {
    let parts = &specification.parts;
    let (wanted, name) = match parameter.split_once('.') {
        Some((part, rest)) if part.parse::<usize>().is_ok() => (part.parse().ok(), rest),
        _ => (None, parameter),
    };
    let (key, inside) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((key, inside)) => (key, Some(inside)),
        None => (name, None),
    };
    let mut places = (0..parts.len()).filter(|&p| wanted.is_none_or(|wanted: usize| wanted == p));
    places.find_map(|p| {
        let parameters = if parts.len() == 1 {
            component
        } else {
            component.get("parts")?.get(p)?
        };
        number(parameters.get(key)?, inside, &parts[p])
    })
}

/// A number, or the first or named one of a list.
fn number(value: &Value, inside: Option<&str>, part: &PartSpecification) -> Option<f64> {
    match value {
        Value::Array(items) => {
            let place = inside.map_or(Some(0), |inside| place(inside, part, items.len()))?;
            items.get(place)?.as_f64()
        }
        Value::String(text) if inside.is_none() => text.parse().ok(),
        value if inside.is_none() => value.as_f64(),
        _ => None,
    }
}

/// Which entry of a list has this name: a term, a level, a column, or its number.
fn place(inside: &str, part: &PartSpecification, length: usize) -> Option<usize> {
    let terms = part.coefficient_names();
    for names in [&terms, &part.levels, &part.columns] {
        if names.len() == length
            && let Some(place) = names.iter().position(|name| name == inside)
        {
            return Some(place);
        }
    }
    inside.parse().ok()
}
