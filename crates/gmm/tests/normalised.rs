//! Densities integrate to one, by the trapezoid rule: it converges geometrically for functions that
//! fall off like a Gaussian, so that a step of a quarter deviation is exact to rounding.

use distributions::Density;
use em::{Mixture, Weights};
use gmm::{CovarianceStructure, Gaussian, Gaussians};

const STEP: f64 = 0.25;
/// Twelve deviations to each side: what lies beyond is below 1e-32.
const REACH: i32 = 48;

/// ∫ p over the plane, on a grid in units of the deviations of `about`.
fn integral(density: &impl Fn(&[f64]) -> f64, about: &Gaussian) -> f64 {
    let deviations = [about.variance(0).sqrt(), about.variance(1).sqrt()];
    let at = |i: i32, j: usize| about.mean()[j] + f64::from(i) * STEP * deviations[j];
    let mut sum = 0.0;
    for i in -REACH..=REACH {
        for j in -REACH..=REACH {
            sum += density(&[at(i, 0), at(j, 1)]);
        }
    }
    sum * STEP * STEP * deviations[0] * deviations[1]
}

#[test]
fn a_gaussian_integrates_to_one() {
    for (deviation, correlation) in [(1.0, 0.0), (1e-6, 0.5), (1e8, -0.9), (3.0, 0.6)] {
        let covariance = correlation * deviation * 2.0;
        let rows = [
            vec![deviation * deviation, covariance],
            vec![covariance, 4.0],
        ];
        let gaussian = Gaussian::new(vec![5.0, -1e3], &rows).unwrap();
        let total = integral(&|x| gaussian.log_density(x).exp(), &gaussian);
        // The grid points are rounded to the spacing of doubles about the mean.
        let rounding = f64::EPSILON * 5.0 / deviation;
        assert!(
            (total - 1.0).abs() < 1e-12 + rounding,
            "{deviation} {correlation}: {total}"
        );
    }
}

#[test]
fn a_mixture_of_each_structure_integrates_to_one() {
    for structure in CovarianceStructure::ALL {
        let components = vec![
            Gaussian::new(vec![0.0, 0.0], &[vec![1.0, 0.3], vec![0.3, 2.0]]).unwrap(),
            Gaussian::new(vec![1.0, -2.0], &[vec![2.0, -0.5], vec![-0.5, 1.0]]).unwrap(),
        ];
        let wide = Gaussian::spherical(vec![0.5, -1.0], 4.0).unwrap();
        let set = Gaussians::new(structure, components).unwrap();
        let mixture = Mixture::new(Weights::new(vec![0.3, 0.7]).unwrap(), set).unwrap();
        let total = integral(&|x| mixture.log_density(x).exp(), &wide);
        assert!((total - 1.0).abs() < 1e-10, "{structure}: {total}");
    }
}
