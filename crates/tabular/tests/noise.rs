//! Noise among the components of a part, wherever a fit has put it.

use distributions::{Scratch, View};
use em::{ComponentSet, Mixture};
use serde_json::json;
use tabular::{Field, ModelFile, Noise, PartSpecification, Specification, Table, Values};

/// Two normals, and noise on (0, 10).
fn specification() -> Specification {
    let part = PartSpecification {
        family: "normal".into(),
        columns: vec!["x".into()],
        noise: Some(Noise {
            low: vec![0.0],
            high: vec![10.0],
        }),
        ..PartSpecification::default()
    };
    Specification { parts: vec![part] }
}

fn table() -> Table {
    Table::new(vec![Field {
        values: Values::Reals(vec![1.0, 2.5, 7.0, 9.0, 11.0, 4.0]),
        missing: Some(vec![false, false, false, false, false, true]),
    }])
}

/// The normal at `k` has mean 2k + 1 and variance k + 1.
fn model() -> Mixture<tabular::TableComponents> {
    let components = [
        json!({"mean": 1, "variance": 1}),
        json!({"mean": 3, "variance": 2}),
    ];
    ModelFile::model(&specification(), vec![0.5, 0.25, 0.25], &components).expect("a model")
}

#[test]
fn noise_keeps_its_density_and_the_others_their_statistics_at_any_place() {
    let (table, model) = (table(), model());
    let rows = table.rows();
    for keep in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let set = model.components().subset(&keep);
        assert_eq!(set.noise_index(), keep.iter().position(|&k| k == 2));
        assert_eq!((set.len(), set.without_noise()), (3, 2));
        let mut prepared = vec![0.0; set.prepared_width() * rows];
        set.prepare(table.view(), &mut prepared);
        let (mut batch, scratch) = (vec![0.0; 3 * rows], &mut Scratch::default());
        set.log_density_matrix(table.view(), &prepared, &mut batch, scratch);
        // Weights that differ between components, so that a shift would be seen.
        let weights: Vec<f64> = (0..3 * rows).map(|i| 1.0 + (i * i % 7) as f64).collect();
        let mut blocks = set.empty_statistics();
        set.accumulate_matrix(&mut blocks, table.view(), &prepared, &weights, scratch);
        let mut singles = set.empty_statistics();
        for row in 0..rows {
            let x = table.view().at(row);
            for k in 0..3 {
                let (block, single) = (batch[k * rows + row], set.log_density(k, x));
                assert!(block == single || (block - single).abs() <= 1e-12);
                assert_eq!(
                    set.log_density(k, x),
                    model.components().log_density(keep[k], x)
                );
                set.accumulate(&mut singles, k, x, weights[k * rows + row]);
            }
            let expected = match row {
                4 => f64::NEG_INFINITY,
                5 => 0.0,
                _ => -(10.0f64.ln()),
            };
            let noise = set.noise_index().expect("noise");
            assert_eq!(set.log_density(noise, x), expected);
        }
        let blocks = set.maximize(&blocks).expect("an estimate");
        let singles = set.maximize(&singles).expect("an estimate");
        let estimated = set.estimate(table.view(), &weights).expect("an estimate");
        for k in (0..3).filter(|&k| keep[k] != 2) {
            let mean = |set: &tabular::TableComponents| set.save(k)["mean"].as_f64();
            let row = &weights[k * rows..k * rows + 5];
            let values = [1.0, 2.5, 7.0, 9.0, 11.0];
            let sum: f64 = row.iter().zip(values).map(|(w, x)| w * x).sum();
            let expected = sum / row.iter().sum::<f64>();
            for set in [&blocks, &singles, &estimated] {
                let got = mean(set).expect("a mean");
                assert!(
                    (got - expected).abs() < 1e-14 * expected,
                    "{got} {expected}"
                );
            }
        }
    }
}

#[test]
fn an_error_names_the_component_as_it_stands() {
    let (table, model) = (table(), model());
    let rows = table.rows();
    let set = model.components().subset(&[2, 0, 1]);
    // All the weight of the second component is on one row: it is the last of the three.
    let mut weights = vec![1.0; 3 * rows];
    weights[2 * rows..].fill(0.0);
    weights[2 * rows + 1] = 3.0;
    let error = set
        .estimate(table.view(), &weights)
        .map(|_| "an estimate")
        .expect_err("no variance");
    assert_eq!(error.component, Some(2));
}

#[test]
fn files_have_the_noise_last() {
    let file = |model| ModelFile {
        specification: specification(),
        label_names: Vec::new(),
        model,
        weights_posterior: None,
        concomitant: None,
        group: None,
        fit: None,
    };
    let text = file(model()).to_text().expect("a text");
    let read = ModelFile::from_text(&text).expect("a model");
    assert_eq!(read.to_text().expect("a text"), text);
    assert!(file(model().subset(&[2, 0, 1])).to_text().is_err());
    // Without its noise a model is one of fewer components.
    let rest = model().subset(&[0, 1]);
    assert!(!specification().arranged_as(rest.components()).has_noise());
}
