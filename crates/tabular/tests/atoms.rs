//! A point mass among densities, chosen at run time.

use distributions::combine::ZeroInflated;
use distributions::{Component, Density, Gamma, Sample, Scratch};
use em::{ComponentSet, Data, Mixture, Options, Start, fit_from, stream};
use serde_json::{Value, json};
use tabular::{Field, Kind, ModelFile, PartSpecification, Specification, Table, Values};

fn specification(components: [&str; 2]) -> Specification {
    let mut part = PartSpecification {
        family: tabular::MIXED.into(),
        columns: vec!["x".into()],
        components: components.map(String::from).to_vec(),
        ..PartSpecification::default()
    };
    part.settings.insert("value".into(), json!(0));
    Specification { parts: vec![part] }
}

fn table(values: Vec<f64>, missing: Option<Vec<bool>>) -> Table {
    Table::new(vec![Field {
        values: Values::Reals(values),
        missing,
    }])
}

fn truth() -> ZeroInflated<Gamma> {
    ZeroInflated::new(0.4, Gamma::new(0.8, 0.5).expect("valid")).expect("valid")
}

/// EM of the mixture reaches the closed estimate of the zero-inflated gamma, whatever the start and the
/// order of the components.
#[test]
fn zeros_belong_to_the_point_mass() {
    let xs = truth().sample(&mut stream(1, 0), 800);
    let direct = truth()
        .estimate(&xs, &vec![1.0; xs.len()])
        .expect("an estimate");
    let likelihood: f64 = xs.iter().map(|&x| direct.log_density(x)).sum();
    let rows = table(xs.clone(), None);
    for components in [["point_mass", "gamma"], ["gamma", "point_mass"]] {
        let specification = specification(components);
        assert_eq!(specification.parts[0].kind().expect("a kind"), Kind::Reals);
        let template = Mixture::uniform(specification.template(2).expect("a template"));
        for start in [Start::Random, Start::Spread] {
            let data = Data::new(rows.view());
            let found = fit_from(&template, data, start, &Options::default()).expect("a fit");
            let report = &found.report;
            assert!((report.objective - likelihood).abs() < 1e-9 * likelihood.abs());
            let falls = report.trace.windows(2).any(|pair| pair[1] < pair[0] - 1e-9);
            assert!(!falls, "{:?}", report.trace);
            let file = ModelFile {
                specification: specification.arranged_as(found.model.components()),
                label_names: Vec::new(),
                model: found.model,
                weights_posterior: None,
                concomitant: None,
                group: None,
                fit: None,
            };
            let text = file.to_text().expect("a text");
            let read = ModelFile::from_text(&text).expect("a model");
            assert_eq!(read.to_text().expect("a text"), text);
            let saved: Value = serde_json::from_str(&text).expect("JSON");
            let saved = saved["components"].as_array().expect("components");
            let mut points = saved.iter().filter(|one| one["family"] == "point_mass");
            assert_eq!(points.next().expect("one")["value"], json!(0.0));
        }
    }
}

#[test]
fn blocks_rows_and_missing_cells() {
    let set = specification(["point_mass", "gamma"])
        .template(2)
        .expect("a template");
    let rows = table(vec![0.0, 2.0, 0.0], Some(vec![false, false, true]));
    let mut prepared = vec![0.0; set.prepared_width() * 3];
    set.prepare(rows.view(), &mut prepared);
    let mut out = vec![f64::NAN; 6];
    set.log_density_matrix(rows.view(), &prepared, &mut out, &mut Scratch::default());
    let nothing = f64::NEG_INFINITY;
    // The template is a gamma of shape and rate 1.
    assert_eq!(out, [0.0, nothing, 0.0, nothing, -2.0, 0.0]);
    for (i, row) in (0..3).map(|i| (i, distributions::View::at(rows.view(), i))) {
        for k in 0..2 {
            assert_eq!(set.log_density(k, row), out[3 * k + i]);
        }
    }
}

#[test]
fn among_counts_nothing_is_hidden() {
    let specification = specification(["point_mass", "poisson"]);
    assert_eq!(specification.parts[0].kind().expect("a kind"), Kind::Counts);
    let set = specification.template(2).expect("a template");
    let rows = Table::new(vec![Field {
        values: Values::Counts(vec![0, 3]),
        missing: None,
    }]);
    assert_eq!(
        set.log_density(1, distributions::View::at(rows.view(), 0)),
        -1.0
    );
    // Counts and densities do not mix.
    let wrong = self::specification(["poisson", "gamma"]);
    assert!(wrong.parts[0].kind().is_err());
}
