//! `--init grown`: what it cannot be combined with, and the way that fits of several numbers of components share.

use crate::args::{Fit, Init, OnDegenerate};
use crate::failure::Failure;
use crate::plan::Plan;
use em::GrowthPath;
use std::any::Any;
use std::cell::RefCell;
use tabular::{Specification, TableComponents, TableMixture};

/// Whether the mixture grows, one component at a time.
pub fn is_grown(arguments: &Fit) -> bool {
    arguments.start.init == Some(Init::Grown)
}

/// Refuses what has no meaning with fewer components.
pub fn check(arguments: &Fit) -> Result<(), Failure> {
    if !is_grown(arguments) {
        return Ok(());
    }
    let refused = [
        (
            arguments.known.known_labels.is_some(),
            "--known-labels: labels are of all components, and it begins with one",
        ),
        (
            arguments.on_degenerate == OnDegenerate::Drop,
            "--on-degenerate drop: a mixture from which components are dropped does not grow",
        ),
    ];
    match refused.iter().find(|(given, _)| *given) {
        Some((_, what)) => Err(Failure::input(format!(
            "--init grown cannot be combined with {what}"
        ))),
        None => Ok(()),
    }
}

/// The ways that candidates of a chain hand on: of the fit to all rows, and of those to some of them.
#[derive(Default)]
pub struct Ways(Vec<RefCell<Way>>);

impl Ways {
    /// Of portion `number` of the rows.
    pub fn of(&mut self, number: usize) -> &RefCell<Way> {
        if self.0.len() <= number {
            self.0.resize_with(number + 1, RefCell::default);
        }
        &self.0[number]
    }
}

/// The fits on the way of mixtures that grow, of whatever kind they are.
#[derive(Default)]
pub struct Way {
    kind: Option<Kind>,
    path: Option<Box<dyn Any>>,
}

/// What the fits with fewer components depend on, besides data and options.
struct Kind {
    specification: Specification,
    concentration: Option<f64>,
    components: TableComponents,
}

impl Way {
    /// Makes it the way to this template: a new one where bounds, priors or tables depend on the number of
    /// components, and so are others here.
    pub fn lead_to(&mut self, plan: &Plan, template: &TableMixture) {
        let same = self.kind.as_ref().is_some_and(|kind| {
            kind.specification == plan.specification
                && kind.concentration == plan.concentration()
                && kind.components.is_tabled_as(template.components())
        });
        if !same {
            self.path = None;
            self.kind = Some(Kind {
                specification: plan.specification.clone(),
                concentration: plan.concentration(),
                components: template.components().clone(),
            });
        }
    }
    /// The path of models of this kind.
    pub fn path<M: 'static>(&mut self) -> &mut GrowthPath<M> {
        let path = self
            .path
            .get_or_insert_with(|| Box::new(GrowthPath::<M>::default()));
        if !path.is::<GrowthPath<M>>() {
            *path = Box::new(GrowthPath::<M>::default());
        }
        match path.downcast_mut() {
            Some(path) => path,
            None => unreachable!("it was made of this kind"),
        }
    }
}
