//! Combinators under EM: zero inflation as a mixture, priors in the objective, noise, atoms, different
//! families in one mixture, mixtures of mixtures.

use distributions::combine::*;
use distributions::testing::Contract;
use distributions::*;
use em::{
    Acceleration, ComponentSet, ConstantDensity, Data, Driver, Fit, FitError, LatentModel, Mixture,
    OnDegenerate, Options, SampleSet, Start, Weights, WithNoise, Workspace, fit, fit_from,
};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// A fit to full convergence; its trace must not fall.
fn fitted<M: LatentModel>(start: M, xs: Batch<'_, M::Space>) -> Fit<M> {
    let options = Options::default().tolerance(1e-10).max_iterations(100_000);
    let fitted = fit(start, Data::new(xs), &options).unwrap();
    assert!(
        fitted.report.stop_reason.is_converged(),
        "{:?}",
        fitted.report.stop_reason
    );
    rising(&fitted.report.trace);
    fitted
}

fn rising(trace: &[f64]) {
    for pair in trace.windows(2) {
        // The driver itself allows 64 ε of the sum of absolute terms.
        assert!(
            pair[1] >= pair[0] - 1e-12 * pair[0].abs(),
            "{} after {}",
            pair[1],
            pair[0]
        );
    }
}

mod zero_inflated {
    use super::*;

    /// A zero-inflated Poisson is a mixture of a point mass and a Poisson: EM, which takes many steps,
    /// and the exact M-step agree.
    #[test]
    fn is_the_mixture_with_a_point_mass() {
        let truth = ZeroInflated::new(0.35, Poisson::new(1.7).unwrap()).unwrap();
        let xs = truth.sample(&mut rng(3), 2000);
        let direct = truth.estimate(&xs, &vec![1.0; xs.len()]).unwrap();
        let mixture: Vec<AnyComponent<Scalars<u64>>> = vec![
            AnyComponent::new(PointMass::new(0_u64).unwrap()),
            AnyComponent::new(Poisson::new(4.0).unwrap()),
        ];
        let fitted = fitted(Mixture::uniform(mixture), &xs);
        let poisson = fitted.model.components()[1]
            .downcast_ref::<Poisson>()
            .unwrap();
        let likelihood: f64 = xs.iter().map(|&x| direct.log_density(x)).sum();
        assert!((likelihood - fitted.report.objective).abs() < 1e-7);
        // The likelihood is flat at its maximum: √1e-7/2000 or so in the parameters.
        assert!((poisson.rate() - direct.family().rate()).abs() < 1e-5);
        assert!((fitted.model.weights()[0] - direct.zero_probability()).abs() < 1e-5);
    }

    #[test]
    fn a_mixture_of_them_is_fitted() {
        let component = |zero, rate| ZeroInflated::new(zero, Poisson::new(rate).unwrap()).unwrap();
        let truth = Mixture::uniform(vec![component(0.5, 2.0), component(0.1, 15.0)]);
        let xs = truth.sample(&mut rng(4), 3000);
        let fitted = fitted(
            Mixture::uniform(vec![component(0.3, 1.0), component(0.3, 20.0)]),
            &xs,
        );
        let found = fitted.model.components();
        // Standard errors near 0.06 and 0.1.
        assert!((found[0].family().rate() - 2.0).abs() < 0.3, "{found:?}");
        assert!((found[1].family().rate() - 15.0).abs() < 0.5, "{found:?}");
    }
}

#[test]
fn mixtures_of_truncated_and_of_censored_families() {
    let truth = Mixture::new(
        Weights::new(vec![0.6, 0.4]).unwrap(),
        vec![Poisson::new(1.5).unwrap(), Poisson::new(9.0).unwrap()],
    )
    .unwrap();
    let seen: Vec<u64> = truth
        .sample(&mut rng(5), 4000)
        .into_iter()
        .filter(|&x| x > 0)
        .collect();
    let truncated = |rate| Truncated::new(Poisson::new(rate).unwrap(), 0.0, f64::INFINITY).unwrap();
    let found = fitted(
        Mixture::uniform(vec![truncated(1.0), truncated(12.0)]),
        &seen,
    );
    let rates = [0, 1].map(|k| found.model.components()[k].family().rate());
    assert!(
        (rates[0] - 1.5).abs() < 0.2 && (rates[1] - 9.0).abs() < 0.4,
        "{rates:?}"
    );

    // Known below 8, else only that they are larger.
    let counts = truth.sample(&mut rng(6), 4000);
    let low: Vec<f64> = counts.iter().map(|&x| (x as f64).min(8.0)).collect();
    let high: Vec<f64> = (counts.iter())
        .map(|&x| if x <= 8 { x as f64 } else { f64::INFINITY })
        .collect();
    let censored = |rate| Censored(Poisson::new(rate).unwrap());
    let found = fitted(
        Mixture::uniform(vec![censored(1.0), censored(12.0)]),
        (&low, &high),
    );
    let rates = [0, 1].map(|k| found.model.components()[k].0.rate());
    assert!(
        (rates[0] - 1.5).abs() < 0.2 && (rates[1] - 9.0).abs() < 0.6,
        "{rates:?}"
    );
}

mod priors {
    use super::*;

    const XS: [f64; 9] = [0.0, 0.1, -0.2, 0.3, -0.1, 0.2, 5.0, 5.2, 90.0];

    fn start(strength: f64) -> Mixture<Vec<WithPrior<Normal>>> {
        let centre = Normal::new(2.0, 9.0).unwrap();
        let component = |mean| {
            WithPrior::new(Normal::new(mean, 1.0).unwrap(), centre.clone(), strength).unwrap()
        };
        Mixture::uniform(vec![component(0.0), component(5.0), component(90.0)])
    }

    #[test]
    fn the_objective_holds_the_prior_and_rises() {
        let fitted = fitted(start(0.7), &XS);
        let report = &fitted.report;
        let prior: f64 = fitted
            .model
            .components()
            .iter()
            .map(Component::log_prior)
            .sum();
        let likelihood: f64 = XS.iter().map(|&x| fitted.model.log_density(x)).sum();
        assert!(prior < 0.0);
        assert!((report.log_likelihood - likelihood).abs() < 1e-10);
        assert!((report.objective - (likelihood + prior)).abs() < 1e-10);
        // Without, the last component collapses on its one row.
        let options = Options::default();
        assert!(matches!(
            fit(start(0.0), Data::new(&XS[..]), &options),
            Err(FitError::Estimate { .. })
        ));
    }

    #[test]
    fn a_component_without_rows_is_its_centre() {
        let mixture = start(0.7);
        let statistics = mixture.components().empty_statistics();
        let next = mixture.components().maximize(&statistics).unwrap();
        assert!((next[0].family().variance() - 9.0).abs() < 1e-14);
    }
}

mod noise {
    use super::*;

    type Noisy = WithNoise<Vec<Normal>, Uniform>;

    fn normals() -> Vec<Normal> {
        vec![
            Normal::new(0.0, 1.0).unwrap(),
            Normal::new(6.0, 0.5).unwrap(),
        ]
    }

    fn noisy() -> Noisy {
        WithNoise::new(normals(), Uniform::new(-10.0, 30.0).unwrap())
    }

    const XS: [f64; 6] = [0.2, 6.1, -9.5, 30.0, 2.0, 5.7];

    fn matrix<S: ComponentSet>(set: &S, xs: Batch<'_, S::Space>) -> Vec<f64> {
        let mut prepared = vec![0.0; set.prepared_width() * xs.len()];
        set.prepare(xs, &mut prepared);
        let mut out = vec![f64::NAN; set.len() * xs.len()];
        set.log_density_matrix(xs, &prepared, &mut out, &mut Scratch::default());
        out
    }

    #[test]
    fn it_is_the_last_component() {
        let set = noisy();
        assert_eq!(
            (set.len(), set.parameter_count(), set.noise_index()),
            (3, 4, Some(2))
        );
        let out = matrix(&set, &XS);
        for (i, &x) in XS.iter().enumerate() {
            for (k, normal) in normals().iter().enumerate() {
                assert_eq!(out[k * 6 + i], normal.log_density(x));
                assert_eq!(set.log_density(k, x), normal.log_density(x));
            }
            assert!((out[12 + i] + 40f64.ln()).abs() < 1e-15);
        }
        for outside in [-10.5, 30.5] {
            assert_eq!(set.log_density(2, outside), f64::NEG_INFINITY);
        }
        // As a mixture it keeps the contract of a component.
        let mixture = Mixture::uniform(set);
        if let Err(violations) = Contract::new(&mixture, &XS[..]).verify() {
            panic!("{violations}");
        }
    }

    #[test]
    fn it_may_stand_anywhere_after_sorting() {
        let set = noisy();
        let turned = set.subset(&[2, 1, 0]);
        assert_eq!(turned.noise_index(), Some(0));
        let (a, b) = (matrix(&set, &XS), matrix(&turned, &XS));
        for k in 0..3 {
            assert_eq!(a[k * 6..(k + 1) * 6], b[(2 - k) * 6..(3 - k) * 6]);
        }
        // One M-step from the same weights, in the other order.
        let weights: Vec<f64> = (0..18).map(|i| f64::from(1 + (i * 7) % 5)).collect();
        let back: Vec<f64> = (0..3)
            .rev()
            .flat_map(|k| weights[k * 6..(k + 1) * 6].to_vec())
            .collect();
        let mine = set.estimate(&XS, &weights).unwrap();
        let theirs = turned.estimate(&XS, &back).unwrap();
        assert_eq!(mine.components()[0], theirs.components()[1]);
        let mut statistics = turned.empty_statistics();
        turned.accumulate_matrix(&mut statistics, &XS, &[], &back, &mut Scratch::default());
        assert_eq!(turned.maximize(&statistics).unwrap(), theirs);
        assert_eq!(statistics.noise, weights[12..].iter().sum::<f64>());
        let alone = set.subset(&[1]);
        assert_eq!((alone.len(), alone.noise_index()), (1, None));
        // An error names the component by its number among all.
        let mut collapsed = vec![0.0; 18];
        collapsed[6] = 1.0;
        assert_eq!(
            turned.estimate(&XS, &collapsed).unwrap_err().component,
            Some(1)
        );
    }

    #[test]
    fn outliers_go_to_the_noise() {
        let truth = Mixture::new(Weights::new(vec![0.5, 0.3, 0.2]).unwrap(), noisy()).unwrap();
        let (xs, labels) = truth.sample_with_labels(&mut rng(9), 5000);
        assert!(labels.contains(&2));
        let start = Mixture::uniform(WithNoise::in_bounding_box(normals(), &xs[..]).unwrap());
        let found = fitted(start, &xs);
        // Four standard errors: 4·√(0.2·0.8/5000), a little more as classes overlap.
        assert!(
            (found.model.weights()[2] - 0.2).abs() < 0.03,
            "{:?}",
            found.model.weights()
        );
        let means: Vec<f64> = found
            .model
            .components()
            .components()
            .iter()
            .map(Normal::mean)
            .collect();
        assert!(
            means[0].abs() < 0.1 && (means[1] - 6.0).abs() < 0.1,
            "{means:?}"
        );
        // From chance as well, in some order.
        let template = Mixture::uniform(noisy());
        for start in [Start::Random, Start::Spread] {
            let found =
                fit_from(&template, Data::new(&xs[..]), start, &Options::default()).unwrap();
            assert!(found.model.components().noise_index().is_some());
        }
    }

    #[test]
    fn in_boxes_of_several_columns_and_of_a_given_volume() {
        let values = [0.0, 1.0, 4.0, 3.0, 1.0, 2.0, 2.0, 2.5];
        let xs = RowsView::new(&values, 2);
        let component = Columns::repeat(Normal::standard(), 2).unwrap();
        let set = WithNoise::in_bounding_box(vec![component.clone()], xs).unwrap();
        assert!((set.log_density(1, &[1.0, 2.0]) + 8f64.ln()).abs() < 1e-15);
        assert_eq!(set.log_density(1, &[1.0, 0.5]), f64::NEG_INFINITY);
        let mut drawn = set.empty_buffer();
        set.draw(1, &mut rng(1), &mut drawn);
        assert_eq!(drawn.view().len(), 1);
        let flat = [1.0, 2.0, 1.0, 3.0];
        assert!(WithNoise::in_bounding_box(vec![component], RowsView::new(&flat, 2)).is_err());
        let bad = [1.0, f64::NAN];
        assert!(WithNoise::in_bounding_box(normals(), &bad[..]).is_err());

        let volume = ConstantDensity::<Scalars<f64>>::new(40.0).unwrap();
        let (given, boxed) = (WithNoise::new(normals(), volume), noisy());
        for (a, b) in matrix(&given, &XS).iter().zip(matrix(&boxed, &XS)) {
            assert!((a - b).abs() < 1e-14);
        }
        for bad in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            assert!(ConstantDensity::<Scalars<f64>>::new(bad).is_err());
        }
    }

    #[test]
    fn a_component_may_be_dropped_beside_it() {
        let xs = [
            0.0, 0.1, -0.2, 0.3, -0.1, 0.2, 5.0, 5.2, 4.9, 5.1, 4.8, 5.3, 1e6,
        ];
        let normals = [0.0, 5.0, 1e6].map(|mean| Normal::new(mean, 1e-2).unwrap());
        let start =
            Mixture::uniform(WithNoise::in_bounding_box(normals.to_vec(), &xs[..]).unwrap());
        let options = Options::default().on_degenerate(OnDegenerate::Drop);
        let found = fit(start, Data::new(&xs[..]), &options).unwrap();
        assert_eq!(
            (found.model.len(), found.report.degeneracies[0].component),
            (3, 2)
        );
        assert_eq!(found.model.components().noise_index(), Some(2));
        assert!((found.model.weights()[2] - 1.0 / 13.0).abs() < 1e-4);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn in_files() {
        let text = serde_json::to_string(&noisy()).unwrap();
        assert_eq!(serde_json::from_str::<Noisy>(&text).unwrap(), noisy());
        assert!(
            text.contains(r#""noise":{"low":-10.0,"high":30.0},"noise_index":2"#),
            "{text}"
        );
        assert!(serde_json::from_str::<Noisy>(&text.replace(":2}", ":3}")).is_err());
        let volume = ConstantDensity::<Scalars<f64>>::new(4.0).unwrap();
        assert_eq!(serde_json::to_string(&volume).unwrap(), r#"{"volume":4.0}"#);
    }
}

mod different_families {
    use super::*;

    fn start() -> Mixture<Vec<AnyComponent<Scalars<f64>>>> {
        Mixture::uniform(vec![
            AnyComponent::new(Exponential::new(1.0).unwrap()),
            AnyComponent::new(Gamma::new(20.0, 2.0).unwrap()),
        ])
    }

    #[test]
    fn are_drawn_from_and_accelerated() {
        let xs = start().sample(&mut rng(12), 2000);
        assert_eq!(xs.len(), 2000);
        let mut packed = Vec::new();
        start().pack(&mut packed);
        assert_eq!(packed.len(), start().parameter_count());
        let plain = fitted(start(), &xs);
        let options = Options::default().tolerance(1e-10).max_iterations(10_000);
        for acceleration in [Acceleration::Squarem, Acceleration::Daarem] {
            let mut workspace = Workspace::new(&xs[..], &start().empty_statistics(), 1);
            let mut driver = Driver::new(&options).accelerate(acceleration);
            let fast = driver
                .run(start(), Data::new(&xs[..]), 0, &mut workspace)
                .unwrap();
            assert!((fast.report.objective - plain.report.objective).abs() < 1e-7);
            if acceleration == Acceleration::Squarem {
                // It took other steps: the components have coordinates.
                assert_ne!(fast.report.trace, plain.report.trace);
            } else {
                // At rest within its 20 plain steps, the fit is plain EM.
                assert_eq!(fast.report.trace, plain.report.trace);
            }
        }
    }
}

mod atoms {
    use super::*;

    /// Zeros and positive numbers; the gamma has density ∞ at 0 where its shape is below 1.
    fn data() -> Vec<f64> {
        let truth = ZeroInflated::new(0.4, Gamma::new(0.8, 0.5).unwrap()).unwrap();
        truth.sample(&mut rng(21), 1500)
    }

    fn start(first: bool) -> Vec<AnyComponent<Scalars<f64>>> {
        let point = AnyComponent::new(PointMass::new(0.0).unwrap());
        let gamma = AnyComponent::new(Gamma::new(0.5, 1.0).unwrap());
        if first {
            vec![point, gamma]
        } else {
            vec![gamma, point]
        }
    }

    #[test]
    fn a_point_mass_beside_a_gamma() {
        let xs = data();
        let direct = ZeroInflated::new(0.5, Gamma::new(1.0, 1.0).unwrap()).unwrap();
        let direct = direct.estimate(&xs, &vec![1.0; xs.len()]).unwrap();
        let likelihood: f64 = xs.iter().map(|&x| direct.log_density(x)).sum();
        let labels: Vec<Option<u32>> = (0..xs.len()).map(|i| Some((i % 2) as u32)).collect();
        for first in [true, false] {
            let plain = fitted(Mixture::uniform(start(first)), &xs);
            assert!((plain.report.objective - likelihood).abs() < 1e-9 * likelihood.abs());
            let template = Mixture::uniform(start(first));
            // Labels that say nothing, and starts by chance.
            for from in [Start::Labels(&labels), Start::Random, Start::Spread] {
                let found =
                    fit_from(&template, Data::new(&xs[..]), from, &Options::default()).unwrap();
                rising(&found.report.trace);
                assert!((found.report.objective - likelihood).abs() < 1e-9 * likelihood.abs());
            }
        }
    }

    #[test]
    fn rows_and_blocks_see_the_same_measure() {
        let mixture = Mixture::uniform(start(true));
        assert_eq!(mixture.log_density(0.0), 0.5f64.ln());
        let gamma = Gamma::new(0.5, 1.0).unwrap();
        assert!((mixture.log_density(2.0) - (0.5f64.ln() + gamma.log_density(2.0))).abs() < 1e-15);
        assert_eq!(mixture.responsibilities(0.0), [1.0, 0.0]);
        if let Err(violations) = Contract::new(&mixture, &[0.0, 2.0, 0.5, 0.0, 1.0][..]).verify() {
            panic!("{violations}");
        }
        // Two atoms, one of them of two components; noise counts nothing there.
        let set = WithNoise::new(
            vec![
                AnyComponent::new(PointMass::new(0.0).unwrap()),
                AnyComponent::new(ZeroInflated::new(0.25, Normal::standard()).unwrap()),
                AnyComponent::new(PointMass::new(2.0).unwrap()),
                AnyComponent::new(Fixed(Normal::standard())),
            ],
            ConstantDensity::new(1.0).unwrap(),
        );
        let nothing = f64::NEG_INFINITY;
        let at = |x: f64| -> Vec<f64> { (0..5).map(|k| set.log_density(k, x)).collect() };
        assert_eq!(at(0.0), [0.0, 0.25f64.ln(), nothing, nothing, nothing]);
        assert_eq!(at(2.0), [nothing, nothing, 0.0, nothing, nothing]);
        let mut out = [0.0; 15];
        let xs = [0.0, 2.0, 1.0];
        let mut prepared = vec![0.0; set.prepared_width() * 3];
        set.prepare(&xs, &mut prepared);
        set.log_density_matrix(&xs, &prepared, &mut out, &mut Scratch::default());
        for (i, &x) in xs.iter().enumerate() {
            for (k, value) in at(x).iter().enumerate() {
                assert_eq!(out[k * 3 + i], *value, "component {k} at {x}");
            }
        }
        // Within mixtures of mixtures.
        let inner = Mixture::uniform(start(true));
        let smooth = AnyComponent::new(Normal::standard());
        let outer = Mixture::uniform(vec![AnyComponent::new(inner), smooth]);
        assert!((outer.log_density(0.0) - 0.25f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn counts_are_no_atoms() {
        let set: Vec<AnyComponent<Scalars<u64>>> = vec![
            AnyComponent::new(PointMass::new(0_u64).unwrap()),
            AnyComponent::new(Poisson::new(1.0).unwrap()),
        ];
        assert!(!set.has_atoms());
        assert_eq!(set.log_density(1, 0), -1.0);
    }
}

mod nested {
    use super::*;

    fn normal(mean: f64) -> Normal {
        Normal::new(mean, 1.0).unwrap()
    }

    fn pair(weight: f64, means: [f64; 2]) -> Mixture<Vec<Normal>> {
        let weights = Weights::new(vec![weight, 1.0 - weight]).unwrap();
        Mixture::new(weights, means.map(normal).to_vec()).unwrap()
    }

    /// A mixture of two mixtures of two is a flat mixture of four, and is fitted like one.
    #[test]
    fn a_mixture_of_mixtures_is_a_flat_mixture() {
        let outer = Mixture::new(
            Weights::new(vec![0.3, 0.7]).unwrap(),
            vec![pair(0.4, [0.0, 4.0]), pair(0.8, [9.0, 14.0])],
        )
        .unwrap();
        let flat = Mixture::new(
            Weights::new(vec![0.12, 0.18, 0.56, 0.14]).unwrap(),
            [0.0, 4.0, 9.0, 14.0].map(normal).to_vec(),
        )
        .unwrap();
        let xs = outer.sample(&mut rng(31), 1000);
        for &x in &xs {
            assert!((outer.log_density(x) - flat.log_density(x)).abs() < 1e-13);
        }
        assert_eq!(outer.parameter_count(), flat.parameter_count());
        let (nested, flat) = (fitted(outer, &xs), fitted(flat, &xs));
        assert!((nested.report.trace[0] - flat.report.trace[0]).abs() < 1e-9);
        // EM of the one takes the steps of EM of the other.
        for (a, b) in nested.report.trace.iter().zip(&flat.report.trace) {
            assert!((a - b).abs() < 1e-8, "{a} {b}");
        }
        assert!((nested.report.objective - flat.report.objective).abs() < 1e-7);
    }

    #[test]
    fn in_products_and_columns_it_keeps_the_contract() {
        let xs = [0.5, 4.1, -0.7, 3.0, 5.5, 0.1];
        let counts = [0, 3, 1, 7, 2, 9];
        let product = Product::new(pair(0.4, [0.0, 4.0]), Poisson::new(3.0).unwrap());
        let kept = Contract::new(&product, (&xs[..], &counts[..]))
            .coordinates()
            .verify();
        if let Err(violations) = kept {
            panic!("{violations}");
        }
        assert_eq!(
            product.log_density((0.5, 3)),
            product.first.log_density(0.5) + product.second.log_density(3)
        );
        let rates = [1.0, 6.0].map(|rate| Poisson::new(rate).unwrap());
        let columns = Columns::repeat(Mixture::uniform(rates.to_vec()), 2).unwrap();
        let values = [0, 7, 3, 2, 1, 9, 8, 1, 2, 0, 6, 5];
        let kept = Contract::new(&columns, RowsView::new(&values, 2))
            .coordinates()
            .verify();
        if let Err(violations) = kept {
            panic!("{violations}");
        }
        let outer = Mixture::uniform(vec![product.clone(), product]);
        let options = Options::default().max_iterations(20);
        let found = fit(outer, Data::new((&xs[..], &counts[..])), &options).unwrap();
        rising(&found.report.trace);
    }
}
