//! Normals with one shared variance: iteration by iteration those of a naive program.

use distributions::{Coordinates, Normal, Reason, Statistics};
use em::{ComponentSet, Data, Mixture, Options, SharedVariance, fit};

const XS: [f64; 12] = [2.1, 2.9, 3.3, 2.4, 7.2, 8.8, 6.9, 7.5, 3.9, 9.1, 2.2, 5.6];
const WEIGHTS: [f64; 12] = [1.0, 0.5, 2.0, 1.0, 1.0, 1.0, 1.5, 1.0, 0.0, 1.0, 1.0, 3.0];

fn near(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs()
}

/// Six iterations in plain numpy, float64:
/// r = exp(lj − lse)·w; n = r.sum(1); π = n/n.sum(); m = (r·x).sum(1)/n;
/// v = (r·(x − m)²).sum()/n.sum().
#[test]
fn six_iterations_of_a_naive_program() {
    let start = SharedVariance::new(vec![2.0, 8.0], 1.5).unwrap();
    let options = Options::default().max_iterations(6).tolerance(0.0);
    let data = Data::new(&XS[..]).weighted(&WEIGHTS);
    let fitted = fit(Mixture::uniform(start), data, &options).unwrap();
    let trace = [
        -33.75360835321263,
        -29.730126471159114,
        -29.724126355374278,
        -29.723048807089107,
        -29.722867981510053,
        -29.722839127375366,
        -29.722834620310184,
    ];
    assert_eq!(fitted.report.trace.len(), trace.len());
    // Sums of twelve terms in another order.
    for (found, expected) in fitted.report.trace.iter().zip(trace) {
        assert!(near(*found, expected, 1e-13), "{found}, not {expected}");
    }
    let set = fitted.model.components();
    let found = [
        fitted.model.weights()[0],
        set.means()[0],
        set.means()[1],
        set.variance(),
    ];
    let expected = [
        0.4030052121038656,
        2.759184333822448,
        7.051088198905948,
        1.1670161170883824,
    ];
    for (found, expected) in found.into_iter().zip(expected) {
        assert!(near(found, expected, 1e-12), "{found}, not {expected}");
    }
}

/// The M-step is a maximum along every coordinate, and its statistics merge.
#[test]
fn the_m_step_is_a_maximum() {
    let set = SharedVariance::new(vec![2.0, 8.0, 4.0], 1.5).unwrap();
    let shares: Vec<f64> = (0..36).map(|i| f64::from(i % 5) / 4.0).collect();
    let likelihood = |set: &SharedVariance| -> f64 {
        let terms = (0..36).map(|at| shares[at] * set.log_density(at / 12, XS[at % 12]));
        terms.sum()
    };
    let estimate = set.estimate(&XS, &shares).unwrap();
    let best = likelihood(&estimate);
    let mut packed = Vec::new();
    estimate.pack(&mut packed);
    assert_eq!((packed.len(), set.parameter_count()), (4, 4));
    for j in 0..4 {
        for step in [-1e-4, 1e-4] {
            let mut moved = packed.clone();
            moved[j] += step;
            let beside = likelihood(&estimate.unpack(&mut &moved[..]).unwrap());
            assert!(beside < best, "coordinate {j}: {beside}, at it {best}");
        }
    }
    let mut halves = [set.empty_statistics(), set.empty_statistics()];
    for at in 0..36 {
        if shares[at] > 0.0 {
            set.accumulate(&mut halves[at % 2], at / 12, XS[at % 12], shares[at]);
        }
    }
    let [mut whole, other] = halves;
    whole.merge(&other);
    let merged = set.maximize(&whole).unwrap();
    assert!(near(merged.variance(), estimate.variance(), 1e-14));
}

/// One component alone cannot collapse; all together can.
#[test]
fn at_the_boundary() {
    let set = SharedVariance::new(vec![0.0, 1.0], 1.0).unwrap();
    let one_point = set.estimate(&[5.0, 1.0, 3.0], &[1.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    let one_point = one_point.unwrap();
    assert_eq!(one_point.means(), [5.0, 2.0]);
    assert!(near(one_point.variance(), 2.0 / 3.0, 1e-15));
    let all = set
        .estimate(&[5.0, 1.0], &[1.0, 0.0, 0.0, 1.0])
        .unwrap_err();
    let Reason::Boundary { parameter, .. } = all.reason else {
        panic!("{all}");
    };
    assert_eq!(parameter, "variance");
    let empty = set.estimate(&[5.0, 1.0], &[1.0, 1.0, 0.0, 0.0]);
    let empty = empty.unwrap_err();
    assert_eq!((empty.reason, empty.component), (Reason::Empty, Some(1)));
    assert!(SharedVariance::new(vec![], 1.0).is_err());
    assert!(SharedVariance::new(vec![f64::NAN], 1.0).is_err());
    assert!(SharedVariance::new(vec![0.0], 0.0).is_err());
    assert_eq!(
        set.subset(&[1]).components(),
        [Normal::new(1.0, 1.0).unwrap()]
    );
}

#[cfg(feature = "serde")]
#[test]
fn in_files() {
    let set = SharedVariance::new(vec![0.1, 1.0 / 3.0], 2.0).unwrap();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<SharedVariance>(&text).unwrap(), set);
    let wrong = r#"{"means":[0.0],"variance":-1.0}"#;
    assert!(serde_json::from_str::<SharedVariance>(wrong).is_err());
}
