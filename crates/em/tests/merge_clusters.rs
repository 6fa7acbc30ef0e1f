//! Components merged to clusters, against the definition written out; divergences by sampling.

use distributions::{Density, Normal, Poisson, Sample};
use em::{FitError, MergeSequence, Mixture, Posterior, Weights, kl_by_sampling, stream};

fn five_components() -> (Posterior, Vec<f64>) {
    let parameters = [(0.0, 1.0), (0.7, 4.0), (5.0, 1.0), (6.5, 0.5), (20.0, 2.0)];
    let components = parameters.map(|(mean, variance)| Normal::new(mean, variance).unwrap());
    let weights = Weights::new(vec![0.3, 0.1, 0.25, 0.2, 0.15]).unwrap();
    let mixture = Mixture::new(weights, components.to_vec()).unwrap();
    let xs = mixture.sample(&mut stream(3, 0), 400);
    let row_weights = (0..400).map(|i| f64::from(i % 4) * 0.75).collect();
    (mixture.posterior(&xs[..]), row_weights)
}

fn entropy(columns: &[Vec<f64>], weights: &[f64]) -> f64 {
    let mut sum = 0.0;
    for column in columns {
        for (t, w) in column.iter().zip(weights) {
            if *t > 0.0 {
                sum -= w * t * t.ln();
            }
        }
    }
    sum
}

/// Tries every pair at every step.
fn naive(posterior: &Posterior, weights: &[f64]) -> Vec<(Vec<Vec<usize>>, f64)> {
    let rows = weights.len();
    let mut sets: Vec<Vec<usize>> = (0..posterior.components).map(|k| vec![k]).collect();
    let columns = |sets: &[Vec<usize>]| -> Vec<Vec<f64>> {
        let of_set = |set: &Vec<usize>, i: usize| set.iter().map(|&k| posterior.row(i)[k]).sum();
        (sets.iter())
            .map(|set| (0..rows).map(|i| of_set(set, i)).collect())
            .collect()
    };
    let mut found = vec![(sets.clone(), entropy(&columns(&sets), weights))];
    while sets.len() > 1 {
        let mut best: Option<(Vec<Vec<usize>>, f64)> = None;
        for a in 0..sets.len() {
            for b in a + 1..sets.len() {
                let mut tried = sets.clone();
                let other = tried.remove(b);
                tried[a].extend(other);
                let reached = entropy(&columns(&tried), weights);
                if best.as_ref().is_none_or(|(_, least)| reached < *least) {
                    best = Some((tried, reached));
                }
            }
        }
        let best = best.unwrap();
        sets = best.0.clone();
        found.push(best);
    }
    found
}

#[test]
fn the_sequence_is_that_of_the_definition() {
    let (posterior, weights) = five_components();
    for weights in [vec![1.0; 400], weights] {
        let sequence = MergeSequence::new(&posterior, Some(&weights)).unwrap();
        for (step, (sets, expected)) in naive(&posterior, &weights).iter().enumerate() {
            let clusters = 5 - step;
            // Sums of 2000 terms below 1/e, in another order.
            assert!((sequence.entropy(clusters) - expected).abs() < 1e-10);
            let numbers = sequence.clusters(clusters);
            for set in sets {
                assert!(set.iter().all(|&k| numbers[k] == numbers[set[0]]));
            }
            assert_eq!(numbers.iter().max(), Some(&(clusters - 1)));
            let observations: f64 = weights.iter().sum();
            let largest = (observations * (clusters as f64).ln()).max(1e-300);
            let normalized = sequence.normalized_entropy(clusters);
            assert!((normalized - expected / largest).abs() < 1e-12 || clusters == 1);
            assert!((0.0..=1.0).contains(&normalized));
        }
        // One cluster is certain, up to the rounding of sums of shares to 1.
        assert!(sequence.entropy(1).abs() < 1e-10);
    }
}

#[test]
fn merged_shares_are_sums_and_the_elbow_is_where_overlap_ends() {
    let (posterior, _) = five_components();
    let sequence = MergeSequence::new(&posterior, None).unwrap();
    let merged = sequence.merged(&posterior, 3);
    // 0 with 1, 2 with 3, 4 alone.
    assert_eq!(sequence.clusters(3), [0, 0, 1, 1, 2]);
    assert_eq!(merged.log_density, posterior.log_density);
    for i in 0..400 {
        let (all, three) = (posterior.row(i), merged.row(i));
        assert_eq!(three, [all[0] + all[1], all[2] + all[3], all[4]]);
    }
    assert_eq!(sequence.elbow(), Some(3));
}

#[test]
fn shares_of_nothing_and_weights_that_do_not_fit() {
    let tiny = Posterior {
        log_density: vec![0.0, f64::NEG_INFINITY],
        responsibilities: vec![5e-324, 1.0, 0.0, 0.0, 0.0, 0.0],
        components: 3,
    };
    let sequence = MergeSequence::new(&tiny, None).unwrap();
    assert!(sequence.steps().iter().all(|step| step.entropy.is_finite()));
    assert_eq!(sequence.elbow(), None);
    let wrong = MergeSequence::new(&tiny, Some(&[1.0]));
    assert!(matches!(wrong, Err(FitError::Shape(_))));
    let wrong = MergeSequence::new(&tiny, Some(&[1.0, f64::NAN]));
    assert!(matches!(wrong, Err(FitError::RowWeight { row: 1, .. })));
}

#[test]
fn divergences_by_sampling_meet_closed_forms() {
    let (p, q) = (
        Normal::new(1.0, 2.0).unwrap(),
        Normal::new(-0.5, 3.0).unwrap(),
    );
    // ½ (σ²/τ² + (μ − ν)²/τ² − 1 + ln(τ²/σ²)).
    let normal = 0.5 * (2.0 / 3.0 + 2.25 / 3.0 - 1.0 + 1.5f64.ln());
    let found = kl_by_sampling(&p, &q, 40_000, 1).unwrap();
    assert!((found.estimate - normal).abs() < 4.0 * found.standard_error);
    // The error is that of the mean of n draws: Var of the log ratio is known too.
    // ln p − ln q = c + ½ (x − ν)²/τ² − ½ (x − μ)²/σ²; with x = μ + σz its variance is
    // (σδ/τ²)² + ½ (σ²/τ² − 1)², δ = μ − ν.
    let variance = 2.0 * (1.5f64 / 3.0).powi(2) + 0.5 * (2.0f64 / 3.0 - 1.0).powi(2);
    let expected = (variance / 40_000.0).sqrt();
    // A standard deviation of 40 000 draws is known to about 1 %.
    assert!((found.standard_error / expected - 1.0).abs() < 0.05);

    let (p, q) = (Poisson::new(4.0).unwrap(), Poisson::new(5.5).unwrap());
    let poisson = 4.0 * (4.0f64 / 5.5).ln() - 4.0 + 5.5;
    let (p, q) = (Mixture::uniform(vec![p]), Mixture::uniform(vec![q]));
    let found = kl_by_sampling(&p, &q, 40_000, 2).unwrap();
    assert!((found.estimate - poisson).abs() < 4.0 * found.standard_error);
}

#[test]
fn a_density_does_not_diverge_from_itself_and_infinitely_from_a_smaller_support() {
    let parts = [(0.0, 1.0), (4.0, 0.3)].map(|(m, v)| Normal::new(m, v).unwrap());
    let mixture = Mixture::uniform(parts.to_vec());
    let found = kl_by_sampling(&mixture, &mixture, 1000, 5).unwrap();
    assert_eq!((found.estimate, found.standard_error), (0.0, 0.0));
    assert_eq!(found, kl_by_sampling(&mixture, &mixture, 1000, 5).unwrap());
    let positive = distributions::Exponential::new(1.0).unwrap();
    assert_eq!(positive.log_density(-1.0), f64::NEG_INFINITY);
    let found = kl_by_sampling(&mixture, &positive, 1000, 5).unwrap();
    assert_eq!(found.estimate, f64::INFINITY);
    assert!(kl_by_sampling(&mixture, &mixture, 1, 0).is_err());
}
