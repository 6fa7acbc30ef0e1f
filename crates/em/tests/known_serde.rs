//! Concomitant and fixed weights survive a round trip, and nothing invalid is read.
#![cfg(feature = "serde")]

use em::{FixedWeights, MultinomialLogisticWeights, Weights};

#[test]
fn weights_survive_a_round_trip() {
    let proportions = Weights::new(vec![0.25, 0.25, 0.5]).unwrap();
    let lines = [vec![0.1, -0.7], vec![1.0 / 3.0, 2.0]];
    let weights = MultinomialLogisticWeights::new(2, &lines, &proportions).unwrap();
    let text = serde_json::to_string(&weights).unwrap();
    let read: MultinomialLogisticWeights = serde_json::from_str(&text).unwrap();
    assert_eq!(read, weights);
    for bad in [
        r#"{"covariates":0,"coefficients":[],"proportions":[1.0]}"#,
        r#"{"covariates":2,"coefficients":[[1.0]],"proportions":[0.5,0.5]}"#,
        r#"{"covariates":1,"coefficients":[[1.0]],"proportions":[1.0]}"#,
        r#"{"covariates":1,"coefficients":[[1e200]],"proportions":[0.5,0.5]}"#,
    ] {
        assert!(
            serde_json::from_str::<MultinomialLogisticWeights>(bad).is_err(),
            "{bad}"
        );
    }
    let fixed = FixedWeights::new(proportions);
    let text = serde_json::to_string(&fixed).unwrap();
    assert_eq!(serde_json::from_str::<FixedWeights>(&text).unwrap(), fixed);
}
