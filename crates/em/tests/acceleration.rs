//! Acceleration: the same maximum in fewer passes, and never a fall.

use distributions::{Component, Coordinates, Normal, Poisson};
use em::{Acceleration, Data, Driver, Fit, Mixture, Options, Weights, Workspace};

/// Days with 0, 1, … death notices in The Times (Hasselblad 1969): plain EM needs thousands of passes.
const DAYS: [f64; 10] = [162.0, 267.0, 271.0, 185.0, 111.0, 61.0, 27.0, 8.0, 3.0, 1.0];

/// The maximum, by an independent program (numpy EM to a relative parameter change of 1e-13).
const MAXIMUM: f64 = -1989.9458598829642;

fn death_notices(acceleration: Acceleration) -> Fit<Mixture<Vec<Poisson>>> {
    let counts: Vec<u64> = (0..10).collect();
    let start = Mixture::new(
        Weights::new(vec![0.3, 0.7]).unwrap(),
        vec![Poisson::new(1.0).unwrap(), Poisson::new(2.5).unwrap()],
    )
    .unwrap();
    let data = Data::new(&counts[..]).weighted(&DAYS);
    let options = Options::default();
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), 1);
    let mut driver = Driver::new(&options).accelerate(acceleration);
    driver.run(start, data, 0, &mut workspace).unwrap()
}

#[test]
fn passes_to_the_maximum_of_the_death_notices() {
    let passes = |acceleration| {
        let fitted = death_notices(acceleration);
        let report = &fitted.report;
        assert!(
            report.stop_reason.is_converged(),
            "{acceleration:?}: {report:?}"
        );
        // The default tolerance promises 1e-6 nats.
        assert!(
            (report.objective - MAXIMUM).abs() < 1e-6,
            "{acceleration:?}: {report:?}"
        );
        let rises = report
            .trace
            .windows(2)
            .all(|pair| pair[1] >= pair[0] - 1e-10);
        assert!(rises, "{acceleration:?}: {:?}", report.trace);
        report.passes
    };
    let plain = passes(Acceleration::None);
    assert!(plain > 1000, "{plain}");
    let (squarem, daarem) = (passes(Acceleration::Squarem), passes(Acceleration::Daarem));
    assert!(squarem < plain / 10, "SQUAREM: {squarem}");
    assert!(daarem <= 60, "DAAREM: {daarem}");
}

#[test]
fn coordinates_round_trip() {
    let model = Mixture::new(
        Weights::new(vec![0.25, 0.35, 0.4]).unwrap(),
        (1..=3)
            .map(|k| Normal::new(f64::from(k), 0.5).unwrap())
            .collect::<Vec<_>>(),
    )
    .unwrap();
    let mut packed = Vec::new();
    model.pack(&mut packed);
    assert_eq!(packed.len(), model.parameter_count());
    let mut rest = &packed[..];
    let back = model.unpack(&mut rest).unwrap();
    assert!(rest.is_empty());
    for k in 0..3 {
        assert!((back.weights()[k] - model.weights()[k]).abs() < 1e-15);
        assert!((back.components()[k].variance() - 0.5).abs() < 1e-15);
    }
}
