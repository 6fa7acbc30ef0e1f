//! Data sets drawn from a model: rows by themselves or, where something is known of them, the same groups or rows
//! again, with the covariates and the predictors that they have.

use crate::columns::Typed;
use crate::commands::fit::Setup;
use crate::failure::Failure;
use crate::known::Held;
use distributions::combine::{Grouped, GroupedView};
use distributions::{Pair, Rows, RowsBuffer, RowsView, View};
use em::uncertainty::DrawData;
use em::{MultinomialLogisticWeights, SampleSet, Weights, draw_class, stream};
use tabular::{ModelFile, Table, TableComponents, TableView};

/// The units of the data, each of which is drawn as a whole: groups, or rows.
pub struct Units<'a> {
    /// From which rows are drawn; no tables, for drawn rows have other values.
    components: TableComponents,
    weights: Mixing<'a>,
    typed: &'a Typed,
    /// Where each begins, and where the last ends; none where each row is one.
    offsets: Option<&'a [usize]>,
    /// How often each is drawn.
    copies: Vec<usize>,
}

/// p(z = k) of a unit.
enum Mixing<'a> {
    Constant(Weights),
    Concomitant(MultinomialLogisticWeights, RowsView<'a, f64>),
}

/// What was drawn.
pub struct Drawn {
    /// The rows, each with the row whose place it takes.
    pub typed: Typed,
    /// Covariates, and where units begin, also where they are rows.
    pub held: Held,
    offsets: Vec<usize>,
}

impl<'a> Units<'a> {
    /// Those of the data of a fit, each as often as its row weight says.
    ///
    /// # Errors
    /// When row weights are not whole numbers.
    pub fn again(setup: &'a Setup<'_>, file: &ModelFile) -> Result<Self, Failure> {
        let held = setup.known_rows();
        let copies: Vec<usize> = match setup.row_weights() {
            None => vec![1; setup.units()],
            Some(weights) => {
                let whole = |weight: &f64| weight.fract() == 0.0;
                if !(weights.iter().all(whole) && weights.iter().sum::<f64>() <= 1e9) {
                    return Err(Failure::input(
                        "a parametric bootstrap draws each row (or group) again as often as its weight says: row \
                         weights must be whole numbers, 10⁹ in total at most",
                    ));
                }
                weights.iter().map(|&weight| weight as usize).collect()
            }
        };
        let weights = match (&file.concomitant, held.covariates) {
            (Some(concomitant), Some(covariates)) => {
                Mixing::Concomitant(concomitant.weights.clone(), covariates)
            }
            _ => Mixing::Constant(file.model.weights().clone()),
        };
        Ok(Units {
            components: plain(file),
            weights,
            typed: &setup.typed,
            offsets: held.offsets,
            copies,
        })
    }
    /// So many rows, of which nothing is known.
    pub fn rows(setup: &'a Setup<'_>, file: &ModelFile, count: usize) -> Self {
        Units {
            components: plain(file),
            weights: Mixing::Constant(file.model.weights().clone()),
            typed: &setup.typed,
            offsets: None,
            copies: vec![count],
        }
    }
    /// The rows of unit number `unit`.
    fn of(&self, unit: usize) -> std::ops::Range<usize> {
        match self.offsets {
            Some(offsets) => offsets[unit]..offsets[unit + 1],
            None => unit..unit + 1,
        }
    }
    /// Data set number `which` of those under a seed.
    pub fn drawn(&self, seed: u64, which: usize) -> Drawn {
        let mut rng = stream(seed, which);
        let (mut table, mut rows) = (self.components.empty_buffer(), Vec::new());
        let (mut offsets, mut covariates) = (vec![0], Vec::new());
        let conditional = self.components.is_conditional();
        for (unit, &copies) in self.copies.iter().enumerate() {
            let (weights, own) = match &self.weights {
                Mixing::Constant(weights) => (weights.to_vec(), None),
                Mixing::Concomitant(weights, covariates) => {
                    let own = covariates.at(unit);
                    (weights.at(own), Some(own))
                }
            };
            for _ in 0..copies {
                let k = draw_class(&weights, &mut rng);
                for row in self.of(unit) {
                    match conditional {
                        true => {
                            let given = self.typed.table.view().at(row);
                            (self.components).draw_given(k, given, &mut rng, &mut table);
                        }
                        false => self.components.draw(k, &mut rng, &mut table),
                    }
                    rows.push(self.typed.rows[row]);
                }
                offsets.push(table.rows());
                covariates.extend(own.into_iter().flatten());
            }
        }
        let width = match &self.weights {
            Mixing::Constant(_) => None,
            Mixing::Concomitant(_, covariates) => Some(covariates.width()),
        };
        Drawn {
            typed: Typed {
                impossible: vec![false; rows.len()],
                incomplete: 0,
                table,
                rows,
            },
            held: Held {
                offsets: self.offsets.map(|_| offsets.clone()),
                covariates: width.map(|width| RowsBuffer {
                    values: covariates,
                    width,
                }),
            },
            offsets,
        }
    }
}

/// The components of a model without tables.
fn plain(file: &ModelFile) -> TableComponents {
    TableComponents::new(file.model.components().parts().to_vec())
}

impl DrawData<Grouped<Table>> for Units<'_> {
    type Drawn = Drawn;
    fn draw(&self, seed: u64, which: usize) -> Drawn {
        self.drawn(seed, which)
    }
    fn view<'a>(&self, drawn: &'a Drawn) -> GroupedView<'a, TableView<'a>> {
        GroupedView::new(drawn.typed.table.view(), &drawn.offsets)
    }
}

impl DrawData<Pair<Rows<f64>, Grouped<Table>>> for Units<'_> {
    type Drawn = Drawn;
    fn draw(&self, seed: u64, which: usize) -> Drawn {
        self.drawn(seed, which)
    }
    fn view<'a>(&self, drawn: &'a Drawn) -> (RowsView<'a, f64>, GroupedView<'a, TableView<'a>>) {
        let groups = GroupedView::new(drawn.typed.table.view(), &drawn.offsets);
        match &drawn.held.covariates {
            Some(covariates) => (covariates.view(), groups),
            None => unreachable!("units whose weights depend on covariates have them"),
        }
    }
}
