//! Models and options in files: exact, and checked when read.
#![cfg(feature = "serde")]

use distributions::{Density, Normal};
use em::{Counts, Mixture, Options, Weights};

fn mixture() -> Mixture<Vec<Normal>> {
    Mixture::new(
        Weights::new(vec![0.1, 0.2, 0.7]).unwrap(),
        vec![
            Normal::new(0.1, 1.0 / 3.0).unwrap(),
            Normal::new(1e-300, 1e10 / 7.0).unwrap(),
            Normal::new(-1e8, 2.0f64.sqrt()).unwrap(),
        ],
    )
    .unwrap()
}

#[test]
fn a_mixture_comes_back_bit_for_bit() {
    let model = mixture();
    let text = serde_json::to_string(&model).unwrap();
    let back: Mixture<Vec<Normal>> = serde_json::from_str(&text).unwrap();
    assert_eq!(back, model);
    assert_eq!(
        back.log_density(0.3).to_bits(),
        model.log_density(0.3).to_bits()
    );
}

#[test]
fn what_fits_together_is_checked() {
    for text in [
        r#"{"weights":[0.5,0.5],"components":[{"mean":0.0,"variance":1.0}]}"#,
        r#"{"weights":[0.5,0.6],"components":[{"mean":0.0,"variance":1.0},{"mean":1.0,"variance":1.0}]}"#,
        r#"{"weights":[1.0],"components":[{"mean":0.0,"variance":-1.0}]}"#,
        r#"{"weights":[1.0],"components":[{"mean":0.0,"variance":1.0}],"more":1}"#,
    ] {
        assert!(
            serde_json::from_str::<Mixture<Vec<Normal>>>(text).is_err(),
            "{text}"
        );
    }
}

#[test]
fn options_and_statistics() {
    let options = Options::default().seed(7).tolerance(1e-9);
    let text = serde_json::to_string(&options).unwrap();
    assert_eq!(serde_json::from_str::<Options>(&text).unwrap(), options);
    let counts = Counts(vec![1.5, 2.5]);
    let text = serde_json::to_string(&counts).unwrap();
    assert_eq!(serde_json::from_str::<Counts>(&text).unwrap(), counts);
}
