//! Every structure's M-step against feasible neighbours, against other structures, and at the limits.

use super::*;
use crate::linalg::{eigen, from_eigen, inner, inverse_from_cholesky};
use distributions::Statistics;
use em::stream;
use rand::RngExt;

/// Scatters of K components of `rows` random rows each, of different sizes and directions.
fn scatters(seed: u64, components: usize, d: usize, rows: usize) -> Vec<Scatter> {
    let mut rng = stream(seed, 0);
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    (0..components)
        .map(|k| {
            let mix: Vec<f64> = (0..d * d).map(|_| normal()).collect();
            let mut scatter = Scatter::new(d, true);
            for i in 0..rows {
                let z: Vec<f64> = (0..d).map(|_| normal()).collect();
                let x: Vec<f64> = (0..d)
                    .map(|j| (1 + k) as f64 * z[j] + inner(&mix[j * d..(j + 1) * d], &z))
                    .collect();
                scatter.add(&x, 0.5 + (i % 3) as f64);
            }
            scatter
        })
        .collect()
}

/// What the M-step maximises: −½ Σ_k (N_k ln det Σ_k + tr Σ_k⁻¹ W_k); −∞ where some Σ_k is singular.
fn objective(parts: &[Scatter], covariances: &[Vec<f64>]) -> f64 {
    let d = parts[0].dimension();
    let mut sum = 0.0;
    for (part, covariance) in parts.iter().zip(covariances) {
        let Ok(lower) = crate::linalg::cholesky(covariance, d) else {
            return f64::NEG_INFINITY;
        };
        let half: f64 = (0..d).map(|j| lower[j * d + j].ln()).sum();
        let inverse = inverse_from_cholesky(&lower, d);
        sum -= part.weight() * half + 0.5 * inner(&inverse, &part.matrix());
    }
    sum
}

fn estimate(structure: CovarianceStructure, parts: &[Scatter]) -> Vec<Vec<f64>> {
    let current = vec![Gaussian::standard(parts[0].dimension()); parts.len()];
    let estimates = structure.estimate(parts, &current).unwrap();
    estimates.iter().map(Gaussian::covariance).collect()
}

fn multiply(a: &[f64], b: &[f64], d: usize) -> Vec<f64> {
    (0..d * d)
        .map(|e| (0..d).map(|l| a[e / d * d + l] * b[l * d + e % d]).sum())
        .collect()
}

/// A random rotation by angles of about `size`: a product of plane rotations.
fn rotation(draw: &mut impl FnMut() -> f64, d: usize, size: f64) -> Vec<f64> {
    let mut turned: Vec<f64> = (0..d * d)
        .map(|e| f64::from(u8::from(e.is_multiple_of(d + 1))))
        .collect();
    for p in 0..d {
        for q in p + 1..d {
            let (sine, cosine) = (size * draw()).sin_cos();
            for row in 0..d {
                let (x, y) = (turned[row * d + p], turned[row * d + q]);
                turned[row * d + p] = cosine * x + sine * y;
                turned[row * d + q] = cosine * y - sine * x;
            }
        }
    }
    turned
}

/// A neighbour of the covariances that keeps what the structure's letters keep.
fn neighbour(
    structure: CovarianceStructure,
    covariances: &[Vec<f64>],
    d: usize,
    size: f64,
    draw: &mut impl FnMut() -> f64,
) -> Vec<Vec<f64>> {
    let letters = structure.letters().as_bytes();
    let common_volume = size * draw();
    let common_shape: Vec<f64> = (0..d).map(|_| size * draw()).collect();
    let common_turn = rotation(draw, d, size);
    (covariances.iter())
        .map(|covariance| {
            let volume = if letters[0] == b'E' {
                common_volume
            } else {
                size * draw()
            };
            let mut shape = match letters[1] {
                b'E' => common_shape.clone(),
                b'V' => (0..d).map(|_| size * draw()).collect(),
                _ => vec![0.0; d],
            };
            let centre = shape.iter().sum::<f64>() / d as f64;
            shape.iter_mut().for_each(|s| *s += volume - centre);
            if letters[2] == b'I' {
                let factors = |e: usize| {
                    if e.is_multiple_of(d + 1) {
                        shape[e / d].exp()
                    } else {
                        1.0
                    }
                };
                return (0..d * d).map(|e| covariance[e] * factors(e)).collect();
            }
            let parts = eigen(covariance, d).unwrap();
            let own_turn = rotation(draw, d, size);
            let turn = if letters[2] == b'E' {
                &common_turn
            } else {
                &own_turn
            };
            let values: Vec<f64> = parts
                .values
                .iter()
                .zip(&shape)
                .map(|(v, s)| v * s.exp())
                .collect();
            from_eigen(&multiply(turn, &parts.vectors, d), &values, d)
        })
        .collect()
}

/// Whether the letters of `inner` allow no more than those of `outer`.
fn is_within(inner: CovarianceStructure, outer: CovarianceStructure) -> bool {
    let rank = |letter: u8| b"IEV".iter().position(|&l| l == letter);
    let (a, b) = (inner.letters().as_bytes(), outer.letters().as_bytes());
    (0..3).all(|n| rank(a[n]) <= rank(b[n]))
}

#[test]
fn no_feasible_neighbour_is_better() {
    for seed in 0..12 {
        let d = 1 + seed as usize % 5;
        let parts = scatters(seed, 1 + seed as usize % 4, d, 40);
        for structure in CovarianceStructure::ALL {
            let best = estimate(structure, &parts);
            let value = objective(&parts, &best);
            let mut rng = stream(seed, 1);
            let mut draw = || 2.0 * rng.random::<f64>() - 1.0;
            for trial in 0..300 {
                let size = [0.5, 0.1, 1e-2, 1e-3][trial % 4];
                let other = neighbour(structure, &best, d, size, &mut draw);
                let reached = objective(&parts, &other);
                assert!(
                    reached <= value + 1e-12 * value.abs(),
                    "{structure} {seed}: {reached} > {value}"
                );
            }
        }
    }
}

#[test]
fn freer_structures_reach_at_least_as_much() {
    for seed in 0..30 {
        let parts = scatters(seed, 2 + seed as usize % 3, 1 + seed as usize % 6, 40);
        let values = CovarianceStructure::ALL.map(|s| objective(&parts, &estimate(s, &parts)));
        for (i, inner) in CovarianceStructure::ALL.into_iter().enumerate() {
            for (j, outer) in CovarianceStructure::ALL.into_iter().enumerate() {
                if is_within(inner, outer) {
                    let slack = 1e-10 * values[i].abs();
                    assert!(values[j] >= values[i] - slack, "{inner} {outer} {seed}");
                }
            }
        }
    }
}

/// In many columns an M-step goes on from the axes of the one before, and does not come to rest: none lowers the objective, and
/// together they end where no neighbour is better.
#[test]
fn m_steps_of_many_columns_climb_together() {
    let d = 26;
    let (parts, other) = (scatters(5, 2, d, 60), scatters(6, 2, d, 60));
    for structure in [CovarianceStructure::EVE, CovarianceStructure::VVE] {
        let covariances = |gaussians: &[Gaussian]| {
            gaussians
                .iter()
                .map(Gaussian::covariance)
                .collect::<Vec<_>>()
        };
        let mut current = vec![Gaussian::standard(d); 2];
        current = structure.estimate(&parts, &current).unwrap();
        // Rows have changed hands.
        let moved: Vec<Scatter> = (parts.iter().zip(&other))
            .map(|(part, other)| {
                let mut moved = part.clone();
                moved.merge(&other.reweighted(5.0, 0.05));
                moved
            })
            .collect();
        let mut value = objective(&moved, &covariances(&current));
        let mut gained = f64::INFINITY;
        for _ in 0..40 {
            current = structure.estimate(&moved, &current).unwrap();
            let reached = objective(&moved, &covariances(&current));
            gained = reached - value;
            assert!(gained >= -1e-12 * value.abs(), "{structure} {gained}");
            value = reached;
        }
        assert!(gained <= 1e-9 * value.abs(), "{structure} {gained}");
        let best = covariances(&current);
        let mut rng = stream(7, 1);
        let mut draw = || 2.0 * rng.random::<f64>() - 1.0;
        for trial in 0..60 {
            let size = [1e-2, 1e-3, 1e-4][trial % 3];
            let neighbour = neighbour(structure, &best, d, size, &mut draw);
            let reached = objective(&moved, &neighbour);
            assert!(
                reached <= value + 1e-12 * value.abs(),
                "{structure}: {reached} > {value}"
            );
        }
    }
}

#[test]
fn one_component_has_three_structures() {
    let parts = scatters(3, 1, 4, 50);
    for structure in CovarianceStructure::ALL {
        let kind = match structure.letters().as_bytes() {
            [_, b'I', _] => CovarianceStructure::Spherical,
            [_, _, b'I'] => CovarianceStructure::Diagonal,
            _ => CovarianceStructure::Full,
        };
        let (a, b) = (estimate(structure, &parts), estimate(kind, &parts));
        for (x, y) in a[0].iter().zip(&b[0]) {
            assert!((x - y).abs() <= 1e-12 * b[0][0], "{structure}");
        }
    }
}

#[test]
fn an_m_step_from_its_own_result_stays() {
    // Scatters that are exactly N_k Σ_k of a member of the structure give that member back.
    for seed in 0..10 {
        let d = 2 + seed as usize % 4;
        let parts = scatters(seed, 3, d, 40);
        for structure in CovarianceStructure::ALL {
            let members = estimate(structure, &parts);
            let exact: Vec<Scatter> = (members.iter().enumerate())
                .map(|(k, covariance)| {
                    let n = 10.0 + k as f64;
                    let mut scatter = Scatter::new(d, true);
                    scatter.add_moments(n, &vec![0.0; d], &scaled(covariance.clone(), n));
                    scatter
                })
                .collect();
            let again = estimate(structure, &exact);
            for (a, b) in again.iter().zip(&members) {
                for (e, (x, y)) in a.iter().zip(b).enumerate() {
                    let scale = (b[e / d * (d + 1)] * b[e % d * (d + 1)]).sqrt();
                    assert!((x - y).abs() <= 1e-7 * scale, "{structure} {seed}: {x} {y}");
                }
            }
        }
    }
}

#[test]
fn scale_carries_over() {
    for scale in [1e-12f64, 1e150] {
        let parts = scatters(1, 3, 3, 40);
        let moved: Vec<Scatter> = (parts.iter())
            .map(|part| {
                let mut scatter = Scatter::new(3, true);
                let squares = scaled(scaled(part.matrix(), scale), scale);
                scatter.add_moments(part.weight(), &[0.0; 3], &squares);
                scatter
            })
            .collect();
        for structure in CovarianceStructure::ALL {
            let (plain, moved) = (estimate(structure, &parts), estimate(structure, &moved));
            for (x, y) in plain.concat().iter().zip(moved.concat()) {
                assert!(
                    (x - y / scale / scale).abs() <= 1e-9 * plain[0][0],
                    "{structure} {scale}"
                );
            }
        }
    }
}

#[test]
fn collapse_and_emptiness_are_errors() {
    let mut parts = scatters(1, 2, 2, 40);
    parts.push(Scatter::new(2, true));
    let current = vec![Gaussian::standard(2); 3];
    for structure in CovarianceStructure::ALL {
        let error = structure.estimate(&parts, &current).unwrap_err();
        assert_eq!(
            (error.reason, error.component),
            (distributions::Reason::Empty, Some(2))
        );
    }
    parts[2].add(&[3.0, 4.0], 1.0);
    for structure in CovarianceStructure::ALL {
        let pooled = matches!(&structure.letters()[..2], "EI" | "EE");
        match structure.estimate(&parts, &current) {
            Ok(_) => assert!(pooled, "{structure}"),
            Err(error) => {
                assert!(!pooled, "{structure}");
                assert_eq!(error.component, Some(2), "{structure}");
                assert_eq!(error.effective_count, Some(1.0), "{structure}");
            }
        }
    }
    // NaN is no estimate either.
    parts[2].add(&[f64::NAN, 4.0], 1.0);
    for structure in CovarianceStructure::ALL {
        let estimate = structure.estimate(&parts, &current);
        assert!(estimate.is_err(), "{structure}");
    }
}

#[test]
fn coordinates_of_a_set_come_back() {
    use distributions::Coordinates;
    for seed in 0..6 {
        let d = 1 + seed as usize;
        let parts = scatters(seed, 3, d, 40);
        for structure in CovarianceStructure::ALL {
            let current = vec![Gaussian::standard(d); 3];
            let estimates = structure.estimate(&parts, &current).unwrap();
            let set = crate::Gaussians::new(structure, estimates).unwrap();
            let mut packed = Vec::new();
            set.pack(&mut packed);
            let mut rest = &packed[..];
            let back = set.unpack(&mut rest);
            assert_eq!(
                packed.len(),
                em::ComponentSet::parameter_count(&set),
                "{structure}"
            );
            assert!(rest.is_empty());
            for (a, b) in back.unwrap().components().iter().zip(set.components()) {
                assert_eq!(a.mean(), b.mean());
                for (x, y) in a.covariance().iter().zip(b.covariance()) {
                    assert!(
                        (x - y).abs() <= 1e-11 * b.variance(0).max(1.0),
                        "{structure}"
                    );
                }
            }
        }
    }
}
