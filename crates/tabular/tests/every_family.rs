//! Every family that can be chosen by name, as a part of a run-time model: its batch forms agree with
//! its single rows, missing cells carry nothing, and files lose nothing.

use distributions::{Scratch, Statistics, View};
use em::{ComponentSet, Data, Mixture, Options, SampleSet, Start, fit_from, stream};
use serde_json::{Value, json};
use tabular::{
    Field, Kind, ModelFile, PartSpecification, PredictorColumn, RegressionSpecification,
    Specification, Table, TableComponents, TableMixture, Values, families,
};

/// A specification of one part of each family, with what it requires.
fn specifications() -> Vec<Specification> {
    let mut all = regressions();
    for family in families() {
        if family.kind.is_regression() {
            continue;
        }
        let vectors = family.kind.is_vector();
        let mut part = PartSpecification {
            family: family.name.into(),
            columns: if vectors {
                vec!["x".into(), "y".into()]
            } else {
                vec!["x".into()]
            },
            ..PartSpecification::default()
        };
        for (key, value) in [
            ("trials", 9),
            ("factors", 0),
            (
                "location",
                if family.name == "laplace" {
                    1
                } else {
                    continue;
                },
            ),
            ("minimum", 1),
            ("low", if family.kind == Kind::Counts { 1 } else { -1 }),
            ("high", 3),
            ("value", 2),
        ] {
            if family.settings.contains(&key) {
                part.settings.insert(key.into(), json!(value));
            }
        }
        if family.kind == Kind::Codes {
            part.levels = vec!["a".into(), "b".into(), "c".into()];
        }
        if family.covariance {
            part.covariance = Some("VEE".into());
        }
        if family.observes_intervals() {
            let mut part = part.clone();
            part.columns = vec!["from".into(), "to".into()];
            part.interval = true;
            all.push(Specification { parts: vec![part] });
        }
        all.push(Specification { parts: vec![part] });
    }
    // What a setting turns into another family.
    for (family, settings) in [
        ("student_t", json!({"df": 4})),
        ("zero_truncated_negative_binomial", json!({"size": 3})),
        ("negative_binomial", json!({"size": 3})),
        ("normal", json!({"mean": 1.5})),
        ("normal", json!({"variance": 2})),
        ("normal", json!({"mean": 1.5, "variance": 2})),
        ("gamma", json!({"shape": 2.5})),
        ("weibull", json!({"scale": 3})),
        ("beta", json!({"alpha": 1.5, "beta": 2})),
        ("von_mises", json!({"mean_direction": 3})),
        ("cauchy", json!({"location": 1})),
    ] {
        let part = PartSpecification {
            family: family.into(),
            columns: vec!["x".into()],
            settings: settings.as_object().expect("an object").clone(),
            ..PartSpecification::default()
        };
        all.push(Specification { parts: vec![part] });
    }
    let mixed = PartSpecification {
        family: tabular::MIXED.into(),
        columns: vec!["x".into()],
        components: vec!["gamma".into(), "log_normal".into()],
        ..PartSpecification::default()
    };
    let mut mixed_intervals = mixed.clone();
    mixed_intervals.columns.push("to".into());
    mixed_intervals.interval = true;
    all.push(Specification { parts: vec![mixed] });
    all.push(Specification {
        parts: vec![mixed_intervals],
    });
    all
}

/// Each family of regressions on x and x², with coefficients of their own and with a common one, and
/// with an offset.
fn regressions() -> Vec<Specification> {
    let mut all = Vec::new();
    for family in families()
        .iter()
        .filter(|family| family.kind.is_regression())
    {
        for (common, offset) in [("", false), ("x^2", false), ("x", true)] {
            let mut part = PartSpecification {
                family: family.name.into(),
                regression: Some(RegressionSpecification {
                    response: "y".into(),
                    predictors: vec!["x".into(), "x^2".into()],
                    common: common.split_whitespace().map(String::from).collect(),
                    offset: offset.then(|| "z".into()),
                    ..RegressionSpecification::default()
                }),
                ..PartSpecification::default()
            };
            if family.settings.contains(&"trials") {
                part.settings.insert("trials".into(), json!(9));
            }
            part.columns = part.regression_columns().expect("columns");
            all.push(Specification { parts: vec![part] });
        }
    }
    all
}

/// Responses of 0 to 300 rows of predictors, for a regression.
fn given(part: &PartSpecification) -> Table {
    let design = part.regression_of().and_then(|part| part.design());
    let design = design.expect("a design");
    let column = |step: f64| {
        let values = (0..300).map(|row| (f64::from(row) * step).sin());
        PredictorColumn::Numbers(values.collect())
    };
    let sources = [column(0.7), column(1.3)];
    let sources = &sources[..1 + usize::from(design.has_offset())];
    let (matrix, none) = (design.matrix(sources, 300), vec![0; 300]);
    let values = match part.kind().expect("a kind") {
        Kind::CountResponses => Values::CountResponses((matrix, none)),
        Kind::TrialResponses => Values::TrialResponses((matrix, (none, vec![9; 300]))),
        _ => Values::RealResponses((matrix, vec![0.0; 300])),
    };
    Table::new(vec![Field {
        values,
        missing: None,
    }])
}

fn name(specification: &Specification) -> &str {
    &specification.parts[0].family
}

/// 300 rows drawn from the template of a specification.
fn sample(specification: &Specification) -> (TableComponents, Table) {
    let template = specification.template(2).expect("a template");
    let mut rng = stream(1, 0);
    let mut table = template.empty_buffer();
    if template.is_conditional() {
        let given = given(&specification.parts[0]);
        for row in 0..300 {
            template.draw_given(row % 2, given.view().at(row), &mut rng, &mut table);
        }
        return (template, table);
    }
    for row in 0..300 {
        template.draw(row % 2, &mut rng, &mut table);
    }
    (template, coarsened(table))
}

/// The same rows; of values that may be known by an interval only, three of four are: it holds the value.
fn coarsened(table: Table) -> Table {
    let fields = table.fields().iter().cloned().map(|mut field| {
        if let Values::Intervals((low, high)) = &mut field.values {
            for (row, (low, high)) in low.iter_mut().zip(high).enumerate() {
                (*low, *high) = match row % 8 {
                    2 | 3 => (*low - 1.0, f64::INFINITY),
                    4 | 5 => (f64::NEG_INFINITY, *high),
                    6 | 7 => (*low - 1.0, *high + 1.0),
                    _ => (*low, *high),
                };
            }
        }
        field
    });
    Table::new(fields.collect())
}

/// The same rows, every third missing.
fn with_gaps(table: &Table) -> Table {
    let values = table.fields()[0].values.clone();
    let missing = (0..table.rows()).map(|row| row % 3 == 0).collect();
    Table::new(vec![Field {
        values,
        missing: Some(missing),
    }])
}

/// The matrix of log-densities in one batch.
fn matrix(set: &TableComponents, table: &Table) -> Vec<f64> {
    let rows = table.rows();
    let mut prepared = vec![0.0; set.prepared_width() * rows];
    set.prepare(table.view(), &mut prepared);
    let mut out = vec![0.0; 2 * rows];
    set.log_density_matrix(table.view(), &prepared, &mut out, &mut Scratch::default());
    out
}

/// What is set is not counted.
#[test]
fn settings_fix_parameters() {
    let count = |family: &str, settings: Value| {
        let part = PartSpecification {
            family: family.into(),
            columns: vec!["x".into()],
            settings: settings.as_object().expect("an object").clone(),
            ..PartSpecification::default()
        };
        let specification = Specification { parts: vec![part] };
        let template = specification.template(2).expect("a template");
        template.parameter_count()
    };
    assert_eq!(count("student_t", json!({})), 6);
    assert_eq!(count("student_t", json!({"df": 4})), 4);
    assert_eq!(count("normal", json!({})), 4);
    assert_eq!(count("normal", json!({"mean": 0})), 2);
    assert_eq!(count("normal", json!({"variance": 0.5})), 2);
    assert_eq!(count("normal", json!({"mean": 0, "variance": 0.5})), 0);
}

#[test]
fn batches_agree_with_single_rows() {
    for specification in specifications() {
        let (set, table) = sample(&specification);
        for table in [with_gaps(&table), table] {
            let batch = matrix(&set, &table);
            for row in 0..table.rows() {
                let x = table.view().at(row);
                assert_eq!(set.refusal(x), None, "{}", name(&specification));
                for k in 0..2 {
                    let (single, block) = (set.log_density(k, x), batch[k * table.rows() + row]);
                    let close = (single - block).abs() <= 1e-12 * single.abs().max(1.0);
                    assert!(
                        close,
                        "{} row {row}: {single} {block}",
                        name(&specification)
                    );
                }
            }
        }
    }
}

#[test]
fn missing_cells_carry_nothing() {
    for specification in specifications() {
        let (set, table) = sample(&specification);
        let gaps = with_gaps(&table);
        let batch = matrix(&set, &gaps);
        assert!((0..gaps.rows()).step_by(3).all(|row| batch[row] == 0.0));
        let weights = vec![0.5; 2 * gaps.rows()];
        let mut prepared = vec![0.0; set.prepared_width() * gaps.rows()];
        set.prepare(gaps.view(), &mut prepared);
        let mut blocks = set.empty_statistics();
        let scratch = &mut Scratch::default();
        set.accumulate_matrix(&mut blocks, gaps.view(), &prepared, &weights, scratch);
        let mut singles = set.empty_statistics();
        for row in (0..gaps.rows()).filter(|row| row % 3 != 0) {
            for k in 0..2 {
                set.accumulate(&mut singles, k, gaps.view().at(row), 0.5);
            }
        }
        let what = name(&specification);
        assert_eq!(
            blocks.weight(),
            300.0,
            "{what}: the rows count, their cells do not"
        );
        assert_eq!(singles.weight(), 200.0, "{what}");
        let (first, second) = (set.maximize(&blocks), set.maximize(&singles));
        let (first, second) = (first.expect("an estimate"), second.expect("an estimate"));
        for k in 0..2 {
            close(&first.save(k), &second.save(k), what);
        }
    }
}

fn close(a: &Value, b: &Value, what: &str) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter()
                .for_each(|(key, value)| close(value, &b[key], what));
        }
        (Value::Array(a), Value::Array(b)) => a.iter().zip(b).for_each(|(a, b)| close(a, b, what)),
        (Value::Number(x), Value::Number(y)) => {
            let (x, y) = (x.as_f64().expect("a number"), y.as_f64().expect("a number"));
            assert!(
                (x - y).abs() <= 1e-10 * x.abs().max(1e-3),
                "{what}: {a} {b}"
            );
        }
        _ => assert_eq!(a, b, "{what}"),
    }
}

#[test]
fn fits_are_the_same_after_a_file() {
    for specification in specifications() {
        let (template, table) = sample(&specification);
        let template = Mixture::uniform(template);
        let options = Options::default().max_iterations(3).threads(1);
        // Two overlapping groups, so that every family has an estimate.
        let labels: Vec<Option<u32>> = (0..table.rows())
            .map(|row| Some((row % 2) as u32))
            .collect();
        let data = Data::new(table.view());
        let fitted = fit_from(&template, data, Start::Labels(&labels), &options);
        let what = name(&specification);
        let model: TableMixture = fitted
            .unwrap_or_else(|error| panic!("{what}: {error}"))
            .model;
        let file = ModelFile {
            specification: specification.clone(),
            label_names: Vec::new(),
            model,
            weights_posterior: None,
            concomitant: None,
            group: None,
            fit: None,
        };
        let text = file.to_text().expect("a text");
        let read =
            ModelFile::from_text(&text).unwrap_or_else(|error| panic!("{what}: {error}\n{text}"));
        assert_eq!(read.specification, specification);
        assert_eq!(read.to_text().expect("a text"), text);
        let bits = |model: &TableMixture| -> Vec<u64> {
            model
                .score_rows(table.view())
                .into_iter()
                .map(f64::to_bits)
                .collect()
        };
        assert_eq!(bits(&file.model), bits(&read.model), "{what}");
    }
}
