//! What must hold for any mixture of any family, on random mixtures, data and row weights.

mod common;

use common::{Random, agree, five, mixture, rng, row_weights, rows};
use distributions::{Component, Density, Scratch, Statistics};
use em::{At, Data, LatentModel, Mixture, Options, Soft, StopReason, Weights, fit, rounding_bound};
use rand::RngExt;
use rand::seq::SliceRandom;

/// A sum of K numbers of relative error 2 ulp, and one division.
fn few_ulp(components: usize) -> f64 {
    (4.0 + components as f64) * f64::EPSILON
}

/// Responsibilities lie in [0, 1] and sum to one, also for K = 1, for weights of 1e-300, and through
/// the block kernel that a fit uses.
fn responsibilities_sum_to_one<C: Random>(seed: u64) -> Result<(), String> {
    let rng = &mut rng(seed);
    let mut model = mixture::<C, _>(rng, 50);
    if model.len() > 1 && rng.random() {
        // One weight of 1e-300: its component may still own a row that no other explains.
        let mut weights = vec![1e-300; model.len()];
        weights[0] = 1.0;
        model = Mixture::new(Weights::new(weights).unwrap(), model.components().clone()).unwrap();
    }
    let mut xs = rows(rng, &model, 500);
    // Rows from elsewhere: far out under this mixture.
    let elsewhere = mixture::<C, _>(rng, 3);
    xs.extend(rows(rng, &elsewhere, 50));
    let posterior = model.posterior(&xs);
    for (i, &x) in xs.iter().enumerate() {
        if !(model.log_density(x) > f64::NEG_INFINITY) {
            continue;
        }
        for shares in [&model.responsibilities(x)[..], posterior.row(i)] {
            let sum: f64 = shares.iter().sum();
            if !shares.iter().all(|r| (0.0..=1.0 + few_ulp(1)).contains(r)) {
                return Err(format!("row {i}: responsibilities {shares:?}"));
            }
            if !((sum - 1.0).abs() <= few_ulp(shares.len())) {
                return Err(format!("row {i}: responsibilities sum to {sum:e}"));
            }
        }
    }
    Ok(())
}
for_every_family!(responsibilities_sum_to_one);

/// The objective never falls by more than rounding.
fn the_objective_never_falls<C: Random>(seed: u64) -> Result<(), String> {
    let rng = &mut rng(seed);
    let truth = mixture::<C, _>(rng, 50);
    let xs = rows(rng, &truth, 500);
    let weights = row_weights(rng, xs.len());
    let start = Mixture::uniform((0..truth.len()).map(|_| C::random(rng)).collect::<Vec<_>>());
    let data = Data::new(&xs[..]).weighted(&weights);
    // A random start may put no row near a component: that is a typed failure, not a fall.
    let options = Options::default().max_iterations(5).threads(1);
    let Ok(fitted) = fit(start, data, &options) else {
        return Ok(());
    };
    if fitted.report.stop_reason == StopReason::ObjectiveFell {
        return Err(format!(
            "the objective fell after {:?}",
            fitted.report.trace
        ));
    }
    let magnitude = |model: &Mixture<Vec<C>>| {
        let scores = model.score_rows(&xs);
        scores
            .iter()
            .zip(&weights)
            .map(|(s, w)| if *w > 0.0 { w * s.abs() } else { 0.0 })
            .sum()
    };
    let bound = rounding_bound(magnitude(&fitted.model));
    for pair in fitted.report.trace.windows(2) {
        if !(pair[1] >= pair[0] - bound) {
            return Err(format!("{} after {}", pair[1], pair[0]));
        }
    }
    Ok(())
}
for_every_family!(the_objective_never_falls);

/// What two fits must share: the objective, the weights and the scores of the rows.
fn same_fit<C: Random>(
    what: &str,
    a: &(Vec<f64>, Mixture<Vec<C>>),
    b: &(Vec<f64>, Mixture<Vec<C>>),
    xs: &[C::Element],
) -> Result<(), String> {
    // Five iterations add up rounding in another order; 1e-10 leaves six digits of slack over ε.
    let tolerance = 1e-10;
    agree(&format!("{what}: trace"), &a.0, &b.0, tolerance)?;
    agree(
        &format!("{what}: weights"),
        a.1.weights(),
        b.1.weights(),
        tolerance,
    )?;
    let (scores_a, scores_b) = (a.1.score_rows(xs), b.1.score_rows(xs));
    agree(&format!("{what}: scores"), &scores_a, &scores_b, tolerance)
}

/// Permuting rows or components changes nothing; weight 2 is a repeated row; weight 0 is no row.
fn rows_and_components_have_no_order<C: Random>(seed: u64) -> Result<(), String> {
    let rng = &mut rng(seed);
    let truth = mixture::<C, _>(rng, 50);
    let xs = rows(rng, &truth, 500);
    let weights = row_weights(rng, xs.len());
    let start = mixture_near(rng, &truth);
    let Some(plain) = five(&start, Data::new(&xs[..]).weighted(&weights)) else {
        return Ok(());
    };

    let mut order: Vec<usize> = (0..xs.len()).collect();
    order.shuffle(rng);
    let shuffled: Vec<C::Element> = order.iter().map(|&i| xs[i]).collect();
    let shuffled_weights: Vec<f64> = order.iter().map(|&i| weights[i]).collect();
    let other = five(&start, Data::new(&shuffled[..]).weighted(&shuffled_weights))
        .ok_or("shuffled rows: no fit")?;
    same_fit("shuffled rows", &plain, &other, &xs)?;

    let mut order: Vec<usize> = (0..start.len()).collect();
    order.shuffle(rng);
    let other = five(&start.subset(&order), Data::new(&xs[..]).weighted(&weights))
        .ok_or("shuffled components: no fit")?;
    let mut back = vec![0; order.len()];
    order
        .iter()
        .enumerate()
        .for_each(|(new, &old)| back[old] = new);
    let other = (other.0, other.1.subset(&back));
    same_fit("shuffled components", &plain, &other, &xs)?;

    let kept: Vec<usize> = (0..xs.len()).filter(|&i| weights[i] > 0.0).collect();
    let kept_xs: Vec<C::Element> = kept.iter().map(|&i| xs[i]).collect();
    let kept_weights: Vec<f64> = kept.iter().map(|&i| weights[i]).collect();
    let other = five(&start, Data::new(&kept_xs[..]).weighted(&kept_weights))
        .ok_or("without the rows of weight 0: no fit")?;
    same_fit("weight 0 against no row", &plain, &other, &xs)
}
for_every_family!(rows_and_components_have_no_order);

/// Weight 2 against a repeated row.
fn weight_two_is_a_repeated_row<C: Random>(seed: u64) -> Result<(), String> {
    let rng = &mut rng(seed);
    let truth = mixture::<C, _>(rng, 50);
    let xs = rows(rng, &truth, 500);
    let start = mixture_near(rng, &truth);
    let counts: Vec<usize> = (0..xs.len()).map(|_| rng.random_range(1..4)).collect();
    let weights: Vec<f64> = counts.iter().map(|&c| c as f64).collect();
    let repeated: Vec<C::Element> = (xs.iter().zip(&counts))
        .flat_map(|(&x, &c)| std::iter::repeat_n(x, c))
        .collect();
    let Some(weighted) = five(&start, Data::new(&xs[..]).weighted(&weights)) else {
        return Ok(());
    };
    let repeated = five(&start, Data::new(&repeated[..])).ok_or("repeated rows: no fit")?;
    same_fit("weight 2 against a repeated row", &weighted, &repeated, &xs)
}
for_every_family!(weight_two_is_a_repeated_row);

/// A start in the neighbourhood of the truth: half of each component's own estimate.
fn mixture_near<C: Random>(rng: &mut impl rand::Rng, truth: &Mixture<Vec<C>>) -> Mixture<Vec<C>> {
    let components = truth.components().iter().map(|component| {
        let near = component.sample(rng, 40);
        component
            .estimate(&near, &vec![1.0; near.len()])
            .unwrap_or_else(|_| component.clone())
    });
    Mixture::uniform(components.collect::<Vec<_>>())
}

/// Statistics of parts merge to the statistics of the whole: the M-steps agree.
fn statistics_merge<C: Random>(seed: u64) -> Result<(), String> {
    let rng = &mut rng(seed);
    let truth = mixture::<C, _>(rng, 50);
    let xs = rows(rng, &truth, 500);
    let weights = row_weights(rng, xs.len());
    let scratch = &mut Scratch::default();
    let mut expect = |into: &mut _, range: std::ops::Range<usize>| {
        let block = Data::new(&xs[..]).weighted(&weights).block(range);
        truth.expect(block, At::default(), &Soft, into, scratch)
    };
    let (mut whole, mut left, mut right) = (
        truth.empty_statistics(),
        truth.empty_statistics(),
        truth.empty_statistics(),
    );
    let cut = rng.random_range(0..=xs.len());
    let tally = expect(&mut whole, 0..xs.len());
    let mut parts = expect(&mut left, 0..cut);
    parts.merge(&expect(&mut right, cut..xs.len()));
    left.merge(&right);
    agree("objective", &[tally.objective], &[parts.objective], 1e-12)?;
    match (truth.maximize(&whole), truth.maximize(&left)) {
        (Ok(a), Ok(b)) => agree("scores", &a.score_rows(&xs), &b.score_rows(&xs), 1e-10),
        (Err(_), Err(_)) => Ok(()),
        (a, b) => Err(format!("one pass {:?}, merged {:?}", a.err(), b.err())),
    }
}
for_every_family!(statistics_merge);

/// A thousand standard deviations away a density underflows, its logarithm does not.
#[test]
fn a_thousand_standard_deviations_away() {
    use distributions::Normal;
    for count in [1, 2, 50] {
        let components = (0..count).map(|k| Normal::new(f64::from(k), 1.0).unwrap());
        let model = Mixture::uniform(components.collect::<Vec<_>>());
        for x in [-1e3, 1e3 + 50.0, 1e6] {
            let responsibilities = model.responsibilities(x);
            let sum: f64 = responsibilities.iter().sum();
            assert!((sum - 1.0).abs() <= few_ulp(count as usize), "{sum:e}");
            assert!(model.log_density(x).is_finite());
        }
    }
}

/// A row of weight 0 has no influence, not even off the support, where its statistic is infinite.
#[test]
fn weight_zero_off_the_support() {
    use distributions::Gamma;
    let start = Mixture::uniform(vec![
        Gamma::new(2.0, 1.0).unwrap(),
        Gamma::new(9.0, 1.0).unwrap(),
    ]);
    let xs = [1.0, 2.0, 0.0, 8.0, -3.0, 9.5, 1.5, 7.0];
    let weights = [1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0];
    let kept = [1.0, 2.0, 8.0, 9.5, 1.5, 7.0];
    let with = five(&start, Data::new(&xs[..]).weighted(&weights)).unwrap();
    let without = five(&start, Data::new(&kept[..])).unwrap();
    same_fit("off the support", &with, &without, &kept).unwrap();
}
