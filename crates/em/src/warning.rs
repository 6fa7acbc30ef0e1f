//! What a user should know about a fit.

use crate::init::MixtureData;
use crate::mixture::Mixture;
use crate::report::FitReport;
use crate::set::ComponentSet;
use crate::stop::StopReason;
use crate::weights::WeightModel;
use distributions::{Component, View};
use std::collections::HashSet;
use std::fmt;

/// Something a fit cannot repair, and its user should know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Of several starts only one reached the best maximum: more of them may find a better one.
    OneStartNearBest {
        /// The starts that went to their end.
        starts: usize,
    },
    /// These components give every row the same density: fewer of them describe the data as well.
    Coinciding {
        /// The components, as numbered in the model.
        components: Vec<usize>,
    },
    /// These components are held at a bound of their variances, such as the floor of
    /// [`OnDegenerate::Floor`](crate::OnDegenerate::Floor): without it the likelihood has no maximum near this
    /// model, and criteria compare it with no other.
    AtBound {
        /// The components, as numbered in the model.
        components: Vec<usize>,
    },
    /// These levels of a category have probability 0 under every component: no row that counts holds them,
    /// and data that hold them have no density.
    ImpossibleLevels {
        /// The part of a product, from 0.
        part: usize,
        /// The codes of the levels.
        levels: Vec<usize>,
    },
    /// The rows have no more distinct values than the model has parameters, less one: the parameters are
    /// not determined by them.
    MoreParametersThanCells {
        /// The free parameters.
        parameters: usize,
        /// The distinct rows.
        cells: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::OneStartNearBest { starts } => write!(
                f,
                "only one of {starts} starts reached the best optimum: more --restarts may find a better one"
            ),
            Warning::Coinciding { components } => {
                let names: Vec<String> = components.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "components {} coincide: each row has the same density under them, so that \
                     fewer components describe the data as well",
                    names.join(", ")
                )
            }
            Warning::AtBound { components } => {
                let names: Vec<String> = components.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "components held at a bound of their variances: {}; aic, bic and icl are of a bounded likelihood",
                    names.join(", ")
                )
            }
            Warning::ImpossibleLevels { part, levels } => {
                let codes: Vec<String> = levels.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "part {part}: probability 0 under every component for the levels {}, which no row \
                     holds",
                    codes.join(", ")
                )
            }
            Warning::MoreParametersThanCells { parameters, cells } => write!(
                f,
                "{parameters} free parameters, but only {cells} distinct rows: the data do not \
                 determine the parameters"
            ),
        }
    }
}

/// The warnings about a fitted model.
pub(crate) fn warnings<S: ComponentSet, W: WeightModel>(
    model: &Mixture<S, W>,
    report: &FitReport,
    data: MixtureData<'_, '_, S, W>,
) -> Vec<Warning> {
    let mut found = Vec::new();
    let starts = report.starts_completed();
    // Chains and streams end near a maximum, not at it: their ends do not meet to that many digits.
    let at_rest = report.stop_reason != StopReason::Completed;
    if at_rest && starts > 1 && report.starts_near_best() == 1 {
        found.push(Warning::OneStartNearBest { starts });
    }
    let seen = Seen::of(model, data);
    for components in seen.groups {
        found.push(Warning::Coinciding { components });
    }
    let components = model.components().at_bound();
    if !components.is_empty() {
        found.push(Warning::AtBound { components });
    }
    let impossible = model.components().impossible_levels();
    for own in impossible.chunk_by(|a, b| a.0 == b.0) {
        found.push(Warning::ImpossibleLevels {
            part: own[0].0,
            levels: own.iter().map(|level| level.1).collect(),
        });
    }
    let parameters = model.parameter_count();
    // The probabilities of the distinct rows sum to 1.
    if parameters > seen.cells.saturating_sub(1) {
        found.push(Warning::MoreParametersThanCells {
            parameters,
            cells: seen.cells,
        });
    }
    found
}

/// What the rows show of the components.
struct Seen {
    /// Groups of components that no row tells apart.
    groups: Vec<Vec<usize>>,
    /// Distinct rows, as far as densities tell them apart; counted up to the number of parameters.
    cells: usize,
}

/// Log-densities nearer than this tell components not apart: parameters that agree to 1e-6 of a
/// standard error or so.
const SAME_DENSITY: f64 = 1e-6;

impl Seen {
    fn of<S: ComponentSet, W: WeightModel>(
        model: &Mixture<S, W>,
        data: MixtureData<'_, '_, S, W>,
    ) -> Seen {
        let (components, count) = (model.components(), model.len());
        let enough = model.parameter_count() + 1;
        // Component k is told apart from component j < k by some row.
        let mut apart = vec![false; count * count];
        let mut cells: HashSet<Vec<u64>> = HashSet::new();
        let mut remaining = count * (count - 1) / 2;
        for row in 0..data.rows() {
            if !(data.row_weight(row) > 0.0) {
                continue;
            }
            if cells.len() >= enough && remaining == 0 {
                break;
            }
            let x = W::component_observation::<S::Space>(data.xs.at(row));
            let logs: Vec<f64> = (0..count).map(|k| components.log_density(k, x)).collect();
            for k in 0..count {
                for j in 0..k {
                    let same = logs[k] == logs[j] || (logs[k] - logs[j]).abs() <= SAME_DENSITY;
                    if !same && !apart[k * count + j] {
                        apart[k * count + j] = true;
                        remaining -= 1;
                    }
                }
            }
            if cells.len() < enough {
                cells.insert(logs.iter().map(|log| log.to_bits()).collect());
            }
        }
        Seen {
            groups: groups(count, |j, k| !apart[k * count + j]),
            cells: cells.len(),
        }
    }
}

/// Components that are the same as the first of their group; groups of several.
fn groups(count: usize, same: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for k in 0..count {
        match groups.iter_mut().find(|group| same(group[0], k)) {
            Some(group) => group.push(k),
            None => groups.push(vec![k]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}
