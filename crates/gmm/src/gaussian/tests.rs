//! The single Gaussian.

use super::*;
use distributions::{Component, Coordinates, Density, Sample};
use em::stream;

fn example() -> Gaussian {
    Gaussian::new(
        vec![1.0, -2.0, 0.5],
        &[
            vec![4.0, 2.0, 0.6],
            vec![2.0, 5.0, 1.5],
            vec![0.6, 1.5, 3.0],
        ],
    )
    .unwrap()
}

#[test]
fn invalid_parameters_are_refused() {
    let refused = |mean: &[f64], covariance: &[&[f64]]| {
        let rows: Vec<Vec<f64>> = covariance.iter().map(|row| row.to_vec()).collect();
        Gaussian::new(mean.to_vec(), &rows).is_err()
    };
    assert!(refused(&[], &[]));
    assert!(refused(&[0.0], &[&[1.0, 0.0]]));
    assert!(refused(&[0.0, 0.0], &[&[1.0, 0.0]]));
    assert!(refused(&[f64::NAN], &[&[1.0]]));
    assert!(refused(&[0.0], &[&[0.0]]));
    assert!(refused(&[0.0], &[&[f64::INFINITY]]));
    assert!(refused(&[0.0, 0.0], &[&[1.0, 0.5], &[0.4, 1.0]]));
    assert!(refused(&[0.0, 0.0], &[&[1.0, 1.0], &[1.0, 1.0]]));
    assert!(refused(&[0.0, 0.0], &[&[1.0, f64::NAN], &[f64::NAN, 1.0]]));
    assert!(!refused(&[0.0, 0.0], &[&[1.0, 0.5], &[0.5, 1.0]]));
}

#[test]
fn a_diagonal_is_a_product_of_normals() {
    let gaussian = Gaussian::diagonal(vec![1.0, -1.0], vec![4.0, 0.25]).unwrap();
    let normals = [
        distributions::Normal::new(1.0, 4.0).unwrap(),
        distributions::Normal::new(-1.0, 0.25).unwrap(),
    ];
    let expected = normals[0].log_density(2.5) + normals[1].log_density(0.3);
    assert!((gaussian.log_density(&[2.5, 0.3]) - expected).abs() < 1e-14);
}

#[test]
fn infinitely_far_is_minus_infinity() {
    let gaussian = example();
    let far = gaussian.log_density(&[1e308, -1e308, 1e308]);
    assert_eq!(far, f64::NEG_INFINITY);
    assert!(gaussian.check_observation(&[0.0, 1.0]).is_err());
    assert!(gaussian.check_observation(&[0.0, 1.0, f64::NAN]).is_err());
}

/// With 40 digits (mpmath).
#[test]
fn divergence_and_entropy_of_the_published_tables() {
    let p = Gaussian::new(vec![0.0, 0.0], &[vec![1.0, 0.5], vec![0.5, 2.0]]).unwrap();
    let q = Gaussian::new(vec![1.0, -1.0], &[vec![2.0, 0.0], vec![0.0, 1.0]]).unwrap();
    assert!((p.kl_divergence(&q) - 1.066_765_696_312_261_3).abs() < 1e-15);
    assert!((p.entropy() - 3.117_684_960_377_056_8).abs() < 1e-15);
}

#[test]
fn divergence_and_entropy_are_expectations() {
    let (p, q) = (example(), Gaussian::standard(3));
    assert_eq!(p.kl_divergence(&p), 0.0);
    let count = 100_000;
    let drawn = p.sample(&mut stream(1, 0), count);
    let (mut divergence, mut entropy) = (0.0, 0.0);
    for x in drawn.values.chunks_exact(3) {
        divergence += p.log_density(x) - q.log_density(x);
        entropy -= p.log_density(x);
    }
    assert!((divergence / count as f64 - p.kl_divergence(&q)).abs() < 0.05);
    assert!((entropy / count as f64 - p.entropy()).abs() < 0.02);
    let nearly = Gaussian::diagonal(vec![0.0; 3], vec![1.0 + 1e-9; 3]).unwrap();
    let expected = 0.25 * 3.0 * 1e-18;
    assert!((nearly.kl_divergence(&q) / expected - 1.0).abs() < 1e-6);
}

#[test]
fn coordinates_come_back() {
    let spherical = Gaussian::spherical(vec![1.0, 2.0], 0.3).unwrap();
    let diagonal = Gaussian::diagonal(vec![1.0, 2.0], vec![0.3, 7.0]).unwrap();
    for gaussian in [example(), spherical, diagonal] {
        let mut coordinates = Vec::new();
        gaussian.pack(&mut coordinates);
        assert_eq!(coordinates.len(), gaussian.parameter_count());
        let mut rest = &coordinates[..];
        let back = gaussian.unpack(&mut rest).unwrap();
        assert!(rest.is_empty());
        for (a, b) in back.covariance().iter().zip(gaussian.covariance()) {
            assert!((a - b).abs() < 1e-14);
        }
        assert!(gaussian.unpack(&mut &[f64::NAN; 9][..]).is_err());
    }
}

#[test]
fn the_score_is_zero_at_the_estimate() {
    let drawn = example().sample(&mut stream(4, 0), 60);
    let weights: Vec<f64> = (0..60).map(|i| 0.5 + (i % 4) as f64).collect();
    for structure in [
        CovarianceStructure::Full,
        CovarianceStructure::Diagonal,
        CovarianceStructure::Spherical,
    ] {
        let template = Gaussian::standard(3).with_structure(structure);
        let fitted = template.estimate(drawn.view(), &weights).unwrap();
        let mut at = Vec::new();
        fitted.pack(&mut at);
        let value = |coordinates: &[f64]| -> f64 {
            let gaussian = fitted.unpack(&mut &coordinates[..]).unwrap();
            let rows = drawn.values.chunks_exact(3).zip(&weights);
            rows.map(|(x, w)| w * gaussian.log_density(x)).sum()
        };
        for n in 0..at.len() {
            let moved = |step: f64| {
                let mut coordinates = at.clone();
                coordinates[n] += step;
                value(&coordinates)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!(slope.abs() < 1e-5, "{structure} {n}: {slope}");
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn files_hold_the_whole_matrix() {
    let gaussian = Gaussian::diagonal(vec![0.1, 0.2], vec![0.3, 1.0 / 3.0]).unwrap();
    let text = serde_json::to_string(&gaussian).unwrap();
    assert_eq!(
        text,
        r#"{"mean":[0.1,0.2],"covariance":[[0.3,0.0],[0.0,0.3333333333333333]]}"#
    );
    let back: Gaussian = serde_json::from_str(&text).unwrap();
    assert_eq!(back.covariance(), gaussian.covariance());
    let refused = r#"{"mean":[0.1],"covariance":[[-1.0]]}"#;
    assert!(serde_json::from_str::<Gaussian>(refused).is_err());
}
