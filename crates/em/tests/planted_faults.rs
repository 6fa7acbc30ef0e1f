//! The properties catch faults: each of these breaks one thing on purpose, and the check that must
//! see it does.

use distributions::{
    Component, Coordinates, Density, EstimateError, Moments, Normal, Scalars, Statistics,
};
use em::{
    At, Data, Driver, Evaluation, Mixture, Options, Responsibilities, Soft, StopReason, Workspace,
    e_step, fit,
};

const XS: [f64; 12] = [0.1, -0.4, 0.3, 1.1, -1.0, 0.2, 5.2, 4.9, 6.0, 5.5, 4.1, 5.0];

fn start() -> Mixture<Vec<Normal>> {
    Mixture::uniform(vec![
        Normal::new(0.0, 2.0).unwrap(),
        Normal::new(4.0, 2.0).unwrap(),
    ])
}

/// Bayes' theorem without its denominator's share: half of each responsibility is lost.
struct Unnormalised;
impl Responsibilities for Unnormalised {
    fn assign(&self, at: At, joint: &mut [f64], value: &mut [f64]) {
        Soft.assign(at, joint, value);
        joint.iter_mut().for_each(|r| *r *= 0.5);
    }
}

#[test]
fn responsibilities_left_unnormalised() {
    let total = |rule: &dyn Responsibilities| {
        let model = start();
        let mut workspace = Workspace::new(&XS[..], &model.empty_statistics(), 1);
        e_step(&model, Data::new(&XS[..]), 0, rule, &mut workspace);
        workspace.statistics().0.weight()
    };
    // Effective counts sum to the number of rows exactly when responsibilities sum to one.
    assert!((total(&Soft) - 12.0).abs() < 1e-13);
    assert!((total(&Unnormalised) - 12.0).abs() > 1.0);
}

/// A normal with one thing broken.
#[derive(Clone, Debug)]
struct Broken<const FAULT: u8>(Normal);
const IGNORES_WEIGHTS: u8 = 0;
const DOES_NOT_MERGE: u8 = 1;
const LOWERS_Q: u8 = 2;
const MISCOUNTS: u8 = 3;

#[derive(Clone, Debug)]
struct MaybeMoments<const FAULT: u8>(Moments);
impl<const FAULT: u8> Statistics for MaybeMoments<FAULT> {
    fn weight(&self) -> f64 {
        self.0.weight()
    }
    fn clear(&mut self) {
        self.0.clear();
    }
    fn merge(&mut self, other: &Self) {
        if FAULT != DOES_NOT_MERGE {
            self.0.merge(&other.0);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.0.scale(factor);
    }
}

impl<const FAULT: u8> Density for Broken<FAULT> {
    type Space = Scalars<f64>;
    fn log_density(&self, x: f64) -> f64 {
        self.0.log_density(x)
    }
}
impl<const FAULT: u8> Component for Broken<FAULT> {
    type Statistics = MaybeMoments<FAULT>;
    fn empty_statistics(&self) -> Self::Statistics {
        MaybeMoments(Moments::default())
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: f64, weight: f64) {
        into.0.add(
            x,
            if FAULT == IGNORES_WEIGHTS {
                1.0
            } else {
                weight
            },
        );
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        let fitted = self.0.maximize(&from.0)?;
        let variance = if FAULT == LOWERS_Q { 30.0 } else { 1.0 } * fitted.variance();
        Ok(Broken(Normal::new(fitted.mean(), variance)?))
    }
    fn parameter_count(&self) -> usize {
        if FAULT == MISCOUNTS { 3 } else { 2 }
    }
}
impl<const FAULT: u8> Coordinates for Broken<FAULT> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.0.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.0.unpack(from).map(Broken)
    }
}

fn broken<const FAULT: u8>() -> Mixture<Vec<Broken<FAULT>>> {
    Mixture::uniform(
        start()
            .components()
            .iter()
            .map(|c| Broken(c.clone()))
            .collect::<Vec<_>>(),
    )
}

fn means<const FAULT: u8>(weights: &[f64]) -> Result<Vec<f64>, StopReason> {
    let data = Data::new(&XS[..]).weighted(weights);
    let options = Options::default().max_iterations(5).tolerance(0.0);
    let fitted = fit(broken::<FAULT>(), data, &options).unwrap();
    match fitted.report.stop_reason {
        StopReason::ObjectiveFell => Err(StopReason::ObjectiveFell),
        _ => Ok(fitted
            .model
            .components()
            .iter()
            .map(|c| c.0.mean())
            .collect()),
    }
}

#[test]
fn row_weights_ignored() {
    // The sound control, and the fault: a component that ignores weights sees r_ik = 1 everywhere,
    // both components get the grand mean, and the objective falls.
    let weights = [1.0; 12];
    assert!(means::<9>(&weights).unwrap()[1] > 4.0);
    assert_eq!(
        means::<IGNORES_WEIGHTS>(&weights),
        Err(StopReason::ObjectiveFell)
    );
}

#[test]
fn statistics_that_do_not_merge() {
    // More rows than one chunk holds, in two halves that differ.
    let rows: Vec<f64> = (0..600)
        .map(|i| if i < 300 { 0.0 } else { 5.0 } + XS[i % 6])
        .collect();
    let one = |model: &dyn Fn(&[f64]) -> f64| model(&rows);
    fn mean<const FAULT: u8>(rows: &[f64]) -> f64 {
        let model = Mixture::uniform(vec![Broken::<FAULT>(Normal::standard())]);
        let mut workspace = Workspace::new(rows, &model.empty_statistics(), 1);
        e_step(&model, Data::new(rows), 0, &Soft, &mut workspace);
        model.maximize(workspace.statistics()).unwrap().components()[0]
            .0
            .mean()
    }
    let truth = rows.iter().sum::<f64>() / 600.0;
    assert!((one(&mean::<9>) - truth).abs() < 1e-12);
    assert!((one(&mean::<DOES_NOT_MERGE>) - truth).abs() > 1.0);
}

#[test]
fn an_m_step_that_lowers_q() {
    let outcome = fit(
        broken::<LOWERS_Q>(),
        Data::new(&XS[..]),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(outcome.report.stop_reason, StopReason::ObjectiveFell);
    // The model before the fall is returned, with its own objective.
    let again: Evaluation = outcome.model.evaluate(Data::new(&XS[..])).unwrap();
    // The same twelve terms, added in another order.
    assert!((again.log_likelihood - outcome.report.objective).abs() < 1e-13);
}

#[test]
fn a_wrong_parameter_count() {
    // The count is that of the unconstrained coordinates: two of each component, and one weight.
    fn counted<const FAULT: u8>() -> (usize, usize) {
        let (model, mut coordinates) = (broken::<FAULT>(), Vec::new());
        model.pack(&mut coordinates);
        (model.parameter_count(), coordinates.len())
    }
    assert_eq!(counted::<9>(), (5, 5));
    let (count, coordinates) = counted::<MISCOUNTS>();
    assert_ne!(count, coordinates);
}

/// An E-step that poisons a row: the fit names it.
struct Poisoned;
impl Responsibilities for Poisoned {
    fn assign(&self, at: At, joint: &mut [f64], value: &mut [f64]) {
        Soft.assign(at, joint, value);
        value[7] = f64::NAN;
    }
}

#[test]
fn a_row_without_a_finite_density_is_named() {
    let model = start();
    let mut workspace = Workspace::new(&XS[..], &model.empty_statistics(), 1);
    let options = Options::default();
    let outcome =
        Driver::new(&options)
            .rule(&Poisoned)
            .run(model, Data::new(&XS[..]), 0, &mut workspace);
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "iteration 0: row 7 has no finite positive density under any component"
    );
}
