//! The oracle and the contract tests must catch a set that is broken on purpose.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{EstimateError, Rows, RowsView, Scratch, Statistics};
use em::{ComponentSet, Data, Mixture, Options, Start, fit_from};
use gmm::{CovarianceStructure, GaussianStatistics, Gaussians};
use synthetic::{Naive, Problem};

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Every row counts 1 where it counts at all.
    IgnoresWeights,
    /// Half a normalising constant is missing from one component.
    Unnormalised,
    /// Merging forgets the second part.
    DoesNotMerge,
    /// The means are not counted as parameters.
    MiscountsParameters,
}

/// Gaussians with a fault.
#[derive(Clone)]
struct Faulty(Gaussians, Fault);

/// Statistics that may not merge.
#[derive(Clone)]
struct Parts(GaussianStatistics, Fault);

impl Statistics for Parts {
    fn weight(&self) -> f64 {
        self.0.weight()
    }
    fn clear(&mut self) {
        self.0.clear();
    }
    fn merge(&mut self, other: &Self) {
        if self.1 != Fault::DoesNotMerge {
            self.0.merge(&other.0);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.0.scale(factor);
    }
}

impl ComponentSet for Faulty {
    type Space = Rows<f64>;
    type Statistics = Parts;
    fn len(&self) -> usize {
        self.0.len()
    }
    fn log_density(&self, k: usize, x: &[f64]) -> f64 {
        let missing = if self.1 == Fault::Unnormalised && k == 0 {
            0.5
        } else {
            0.0
        };
        self.0.log_density(k, x) + missing
    }
    fn empty_statistics(&self) -> Parts {
        Parts(self.0.empty_statistics(), self.1)
    }
    fn accumulate(&self, into: &mut Parts, k: usize, x: &[f64], weight: f64) {
        let weight = if self.1 == Fault::IgnoresWeights {
            1.0
        } else {
            weight
        };
        self.0.accumulate(&mut into.0, k, x, weight);
    }
    fn maximize(&self, from: &Parts) -> Result<Self, EstimateError> {
        Ok(Faulty(self.0.maximize(&from.0)?, self.1))
    }
    fn parameter_count(&self) -> usize {
        let means = if self.1 == Fault::MiscountsParameters {
            6
        } else {
            0
        };
        self.0.parameter_count() - means
    }
    fn subset(&self, keep: &[usize]) -> Self {
        Faulty(self.0.subset(keep), self.1)
    }
}

/// The largest relative error of the log-likelihood in five iterations, against the naive EM.
fn error_against_oracle(fault: Fault) -> f64 {
    let p = Problem::new(1, 600, 2, 3, 2.0);
    let set = Gaussians::standard(CovarianceStructure::Full, 2, 3);
    let data = Data::new(p.rows()).weighted(&p.weights);
    let start = Start::Labels(&p.labels);
    let options = Options::default().max_iterations(5);
    let template = Mixture::uniform(Faulty(set, fault));
    let fitted = fit_from(&template, data, start, &options).unwrap();
    let labels = p
        .labels
        .iter()
        .map(|l| [0, 1].map(|k| f64::from(u8::from(*l == Some(k)))).to_vec());
    let mut naive = Naive::m_step(
        &p,
        &labels.collect::<Vec<_>>(),
        2,
        CovarianceStructure::Full,
    )
    .unwrap();
    let mut largest = 0.0f64;
    for value in fitted.report.trace {
        let (responsibilities, expected) = naive.e_step(&p);
        largest = largest.max((value - expected).abs() / expected.abs());
        naive = Naive::m_step(&p, &responsibilities, 2, CovarianceStructure::Full).unwrap();
    }
    largest
}

#[test]
fn the_oracle_catches_faults() {
    assert!(error_against_oracle(Fault::None) < 1e-12);
    for fault in [
        Fault::IgnoresWeights,
        Fault::Unnormalised,
        Fault::DoesNotMerge,
    ] {
        assert!(error_against_oracle(fault) > 1e-5);
    }
}

#[test]
fn a_wrong_count_is_caught_by_the_coordinates() {
    for fault in [Fault::None, Fault::MiscountsParameters] {
        let set = Faulty(Gaussians::standard(CovarianceStructure::Full, 2, 3), fault);
        let mut coordinates = Vec::new();
        distributions::Coordinates::pack(&set.0, &mut coordinates);
        let agrees = coordinates.len() == set.parameter_count();
        assert_eq!(agrees, fault == Fault::None);
    }
}

/// The default methods of the contract, which the faulty set runs on, agree with the kernels.
#[test]
fn default_methods_agree_with_the_kernels() {
    let p = Problem::new(2, 50, 2, 3, 2.0);
    let set = Gaussians::standard(CovarianceStructure::Full, 2, 3);
    let plain = Faulty(set.clone(), Fault::None);
    let (mut a, mut b) = (vec![0.0; 100], vec![0.0; 100]);
    let mut prepared = vec![0.0; 150];
    set.prepare(p.rows(), &mut prepared);
    set.log_density_matrix(p.rows(), &prepared, &mut a, &mut Scratch::default());
    plain.log_density_matrix(
        RowsView::new(&p.values, 3),
        &[],
        &mut b,
        &mut Scratch::default(),
    );
    for (x, y) in a.iter().zip(&b) {
        assert!((x - y).abs() <= 1e-13 * y.abs());
    }
}
