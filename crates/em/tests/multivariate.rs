//! Means and covariances of distributions of vectors, and of their mixtures, against draws.

use distributions::combine::Columns;
use distributions::{
    Component, Dirichlet, DirichletMultinomial, Gamma, Multinomial, Multivariate, Rows, RowsBuffer,
    Sample, Trials, VonMisesFisher,
};
use em::{Mixture, Weights, stream};

const DRAWS: usize = 200_000;

/// Mean and covariance of a sample, and the standard error of each covariance.
fn moments(rows: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (count, width) = (rows.len() as f64, rows[0].len());
    let mean: Vec<f64> = (0..width)
        .map(|j| rows.iter().map(|row| row[j]).sum::<f64>() / count)
        .collect();
    let (mut covariance, mut errors) = (Vec::new(), Vec::new());
    for i in 0..width {
        for j in 0..width {
            let products = rows
                .iter()
                .map(|row| (row[i] - mean[i]) * (row[j] - mean[j]));
            let products: Vec<f64> = products.collect();
            let average = products.iter().sum::<f64>() / count;
            let spread = products.iter().map(|p| (p - average).powi(2)).sum::<f64>() / count;
            covariance.push(average);
            errors.push((spread / count).sqrt());
        }
    }
    (mean, covariance, errors)
}

/// Draws within six standard errors: a false alarm once in 10⁸, with a fixed seed never twice.
fn agrees<F: Sample<Space = Rows<f64>> + Multivariate>(family: &F) {
    let drawn: RowsBuffer<f64> = family.sample(&mut stream(11, 0), DRAWS);
    let rows = drawn.values.chunks_exact(drawn.width);
    let rows: Vec<Vec<f64>> = rows.map(<[f64]>::to_vec).collect();
    let (mean, covariance, errors) = moments(&rows);
    let (expected, matrix) = (family.mean(), family.covariance());
    for (j, (found, expected)) in mean.iter().zip(&expected).enumerate() {
        let error = (covariance[j * mean.len() + j] / DRAWS as f64).sqrt();
        assert!(
            (found - expected).abs() <= 6.0 * error + 1e-12,
            "mean {j}: {found} not {expected}"
        );
    }
    for ((found, expected), error) in covariance.iter().zip(&matrix).zip(&errors) {
        assert!(
            (found - expected).abs() <= 6.0 * error + 1e-12,
            "{found} not {expected}"
        );
    }
}

/// Counts as real numbers.
struct AsReals<F>(F);

impl<F: Multivariate> Multivariate for AsReals<F> {
    fn mean(&self) -> Vec<f64> {
        self.0.mean()
    }
    fn covariance(&self) -> Vec<f64> {
        self.0.covariance()
    }
}

impl<F: Sync + Send> distributions::Density for AsReals<F> {
    type Space = Rows<f64>;
    fn log_density(&self, _x: &[f64]) -> f64 {
        0.0
    }
}

impl<F: Sample<Space = Rows<u64>>> Sample for AsReals<F> {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        RowsBuffer::new(self.0.empty_buffer().width)
    }
    fn draw<R: rand::Rng + ?Sized>(&self, rng: &mut R, into: &mut RowsBuffer<f64>) {
        let mut counts = self.0.empty_buffer();
        self.0.draw(rng, &mut counts);
        into.values
            .extend(counts.values.iter().map(|&count| count as f64));
    }
}

#[test]
fn moments_of_families_agree_with_their_draws() {
    agrees(&Dirichlet::new(vec![0.7, 2.0, 5.0]).unwrap());
    let shares = vec![0.2, 0.5, 0.3];
    let fixed = Trials::Fixed(9);
    agrees(&AsReals(
        Multinomial::new(shares.clone()).unwrap().with_trials(fixed),
    ));
    agrees(&AsReals(Multinomial::new(shares).unwrap()));
    let compound = DirichletMultinomial::new(vec![0.7, 2.0, 5.0]).unwrap();
    agrees(&AsReals(compound.with_trials(fixed)));
    for concentration in [0.0, 0.5, 8.0] {
        let direction = vec![0.6, 0.0, 0.8];
        agrees(&VonMisesFisher::new(direction, concentration).unwrap());
    }
    let columns = vec![Gamma::new(2.0, 3.0).unwrap(), Gamma::new(0.7, 1.0).unwrap()];
    agrees(&Columns::new(columns).unwrap());
}

#[test]
fn the_law_of_total_covariance() {
    let component = |a: f64| {
        let columns = vec![
            Gamma::new(a, 1.0).unwrap(),
            Gamma::new(2.0 * a, 1.0).unwrap(),
        ];
        Columns::new(columns).unwrap()
    };
    let weights = Weights::new(vec![0.3, 0.7]).unwrap();
    let mixture = Mixture::new(weights, vec![component(1.0), component(4.0)]).unwrap();
    assert_eq!(mixture.parameter_count(), 9);
    // By hand: means (1, 2) and (4, 8), variances the same numbers.
    for (found, expected) in mixture.mean().iter().zip([3.1, 6.2]) {
        assert!((found - expected).abs() < 1e-14, "{found} not {expected}");
    }
    let between = 0.3 * 0.7 * 9.0;
    let expected = [
        3.1 + between,
        2.0 * between,
        2.0 * between,
        6.2 + 4.0 * between,
    ];
    for (found, expected) in mixture.covariance().iter().zip(expected) {
        assert!((found - expected).abs() < 1e-14, "{found} not {expected}");
    }
    agrees(&mixture);
}

#[test]
fn the_mean_of_the_published_dirichlet() {
    let mean = Dirichlet::new(vec![1.0, 2.0, 3.0]).unwrap().mean();
    assert_eq!(mean, [1.0 / 6.0, 2.0 / 6.0, 0.5]);
}
