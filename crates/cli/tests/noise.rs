//! Uniform noise beside the components, through the binary.

mod support;

use serde_json::{Value, json};
use support::{fit_json, folder, records, succeed, write};

fn fit(words: &str) -> Value {
    let words: Vec<String> = words.split_whitespace().map(String::from).collect();
    fit_json(&words)
}

/// Two groups on a line, and values far from both.
const VALUES: [f64; 20] = [
    0.1, -0.2, 0.3, 0.0, -0.1, 0.2, -0.4, 0.5, 5.1, 4.9, 5.0, 4.8, 5.2, 5.4, 4.5, 90.0, -70.0,
    40.0, -25.0, 63.0,
];

/// The values, with the group of each: the noise comes last of the names.
fn labelled() -> String {
    let rows = VALUES.iter().enumerate().map(|(i, x)| {
        let name = match i {
            0..8 => "a",
            8..15 => "b",
            _ => "far",
        };
        format!("{x},{name}\n")
    });
    format!("x,g\n{}", rows.collect::<String>())
}

fn normal(x: f64, mean: f64, variance: f64) -> f64 {
    let z = x - mean;
    (-z * z / (2.0 * variance)).exp() / (2.0 * std::f64::consts::PI * variance).sqrt()
}

/// EM as its formulas stand, for two normals and a uniform density of which only the weight is estimated.
fn naive() -> (f64, [f64; 3], [f64; 2], [f64; 2]) {
    let width = 160.0;
    let (mut weights, mut means, mut variances) = ([0.4, 0.4, 0.2], [0.0, 5.0], [1.0, 1.0]);
    let mut log_likelihood = 0.0;
    for _ in 0..2000 {
        let mut counts = [0.0; 3];
        let (mut sums, mut squares) = ([0.0; 2], [0.0; 2]);
        log_likelihood = 0.0;
        for x in VALUES {
            let joint = [
                weights[0] * normal(x, means[0], variances[0]),
                weights[1] * normal(x, means[1], variances[1]),
                weights[2] / width,
            ];
            let total: f64 = joint.iter().sum();
            log_likelihood += total.ln();
            for k in 0..3 {
                counts[k] += joint[k] / total;
            }
            for k in 0..2 {
                sums[k] += joint[k] / total * x;
                squares[k] += joint[k] / total * x * x;
            }
        }
        weights = counts.map(|count| count / VALUES.len() as f64);
        for k in 0..2 {
            means[k] = sums[k] / counts[k];
            variances[k] = squares[k] / counts[k] - means[k] * means[k];
        }
    }
    (log_likelihood, weights, means, variances)
}

#[test]
fn noise_takes_what_lies_far_from_the_components() {
    let folder = folder("noise_line");
    let data = write(&folder, "data.csv", labelled());
    let model = folder.join("model.json").display().to_string();
    let fitted = fit(&format!(
        "{data} --family normal --columns x -k 2 --noise --init-labels g --tolerance 1e-12 --output {model}"
    ));
    let (log_likelihood, weights, means, variances) = naive();
    let number = |pointer: &str| {
        fitted
            .pointer(pointer)
            .and_then(Value::as_f64)
            .expect("a number")
    };
    // The naive squares lose about 1e-13 of a variance; the fit stops within 1e-12 nats.
    let close = |pointer: &str, expected: f64| {
        let got = number(pointer);
        assert!(
            (got - expected).abs() <= 1e-6 * expected.abs().max(1e-2),
            "{pointer}: {got} {expected}"
        );
    };
    assert!((number("/fit/log_likelihood") - log_likelihood).abs() <= 1e-9);
    for k in 0..2 {
        close(&format!("/weights/{k}"), weights[k]);
        close(&format!("/components/{k}/mean"), means[k]);
        close(&format!("/components/{k}/variance"), variances[k]);
    }
    close("/weights/2", weights[2]);
    assert_eq!(fitted["components"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        fitted["parts"][0]["noise"],
        json!({"low": [-70.0], "high": [90.0]})
    );
    // Two weights, two means, two variances.
    assert_eq!(fitted["fit"]["parameters"], json!(6));
    let predicted = records(&succeed(&["predict", &model, &data]));
    let noise: Vec<usize> = (1..predicted.len())
        .filter(|&row| predicted[row][0] == "2")
        .collect();
    assert_eq!(noise, [16, 17, 18, 19, 20]);
    let shown = succeed(&["show", &model]);
    assert!(
        shown.contains("mixture of 2 components, and noise"),
        "{shown}"
    );
    assert!(shown.contains("2 far (noise)"), "{shown}");
    // From its own file the fit starts where it ended.
    let again = fit(&format!("{data} --init-model {model} --max-iterations 0"));
    assert_eq!(again["weights"], fitted["weights"]);
    assert_eq!(again["components"], fitted["components"]);
}

/// The noise of several columns is the box of them all, and 0 outside.
#[test]
fn noise_is_uniform_in_its_box() {
    let folder = folder("noise_box");
    for parts in [
        json!([{"family": "gaussian", "columns": ["x", "y"], "covariance": "full",
            "noise": {"low": [0, 0], "high": [100, 50]}}]),
        json!([{"family": "normal", "columns": ["x"], "noise": {"low": [0], "high": [100]}},
            {"family": "normal", "columns": ["y"], "noise": {"low": [0], "high": [50]}}]),
    ] {
        let component = match parts.as_array().map(Vec::len) {
            Some(1) => json!({"mean": [1, 1], "covariance": [[1, 0], [0, 1]]}),
            _ => json!({"parts": [{"mean": 1, "variance": 1}, {"mean": 1, "variance": 1}]}),
        };
        let model = json!({
            "format": "mixture-model", "version": 1, "columns": ["x", "y"], "parts": parts,
            "weights": [0.75, 0.25], "components": [component],
        });
        let model = write(&folder, "model.json", model.to_string());
        let data = write(&folder, "data.csv", "x,y\n60,40\n1,1\n60,51\n");
        let predicted = records(&succeed(&["predict", &model, &data]));
        let score = |row: usize| -> f64 { predicted[row][1].parse().expect("a number") };
        assert!((score(1) - (0.25f64 / 5000.0).ln()).abs() < 1e-14);
        assert_eq!(predicted[1][0], "1");
        let mode = 0.75 / (2.0 * std::f64::consts::PI) + 0.25 / 5000.0;
        assert!((score(2) - mode.ln()).abs() < 1e-14);
        // 59² / 2 + 50² / 2 nats below the mode: only the normal is left.
        let far = (0.75 / (2.0 * std::f64::consts::PI)).ln() - 0.5 * (59.0 * 59.0 + 50.0 * 50.0);
        assert!((score(3) - far).abs() < 1e-9, "{} {far}", score(3));
        let drawn = records(&succeed(&["sample", &model, "-n", "400", "--labels"]));
        let noise = drawn[1..].iter().filter(|row| row[2] == "1");
        let cells = noise.map(|row| [&row[0], &row[1]].map(|cell| cell.parse().expect("a number")));
        let cells: Vec<[f64; 2]> = cells.collect();
        // Binomial with 400 trials of 1/4: 5 standard deviations are 43.
        assert!((57..=143).contains(&cells.len()), "{}", cells.len());
        assert!(
            cells
                .iter()
                .all(|[x, y]| (0.0..=100.0).contains(x) && (0.0..=50.0).contains(y))
        );
    }
}

/// The label K is the noise, and where labels are names the last is.
#[test]
fn labels_name_the_noise_last() {
    let folder = folder("noise_labels");
    let data = write(&folder, "data.csv", labelled());
    let fitted = fit(&format!(
        "{data} --family normal --columns x -k 2 --noise --init-labels g --max-iterations 0"
    ));
    assert_eq!(fitted["label_names"], json!(["a", "b", "far"]));
    assert_eq!(fitted["weights"], json!([0.4, 0.35, 0.25]));
}

/// Noise beside what is known of rows and components.
#[test]
fn noise_stands_beside_what_is_known() {
    let folder = folder("noise_known");
    let data = write(&folder, "data.csv", labelled());
    let base = format!("{data} --family normal --columns x -k 2 --noise");
    let number = |file: &Value, pointer: &str| {
        file.pointer(pointer)
            .and_then(Value::as_f64)
            .expect(pointer)
    };
    // With every label known, also that of the noise: estimation class by class.
    let known = fit(&format!("{base} --known-labels g"));
    assert_eq!(known["label_names"], json!(["a", "b", "far"]));
    assert_eq!(known["weights"], json!([0.4, 0.35, 0.25]));
    let mean = VALUES[..8].iter().sum::<f64>() / 8.0;
    assert!((number(&known, "/components/0/mean") - mean).abs() < 1e-13);
    // With names of the components alone; the noise has no label.
    let text = labelled().replace("far", "");
    let some = write(&folder, "some.csv", text);
    let named = fit(&format!(
        "{some} --family normal --columns x -k 2 --noise --known-labels g --init random"
    ));
    assert_eq!(named["label_names"], json!(["a", "b", "noise"]));
    assert!((number(&named, "/weights/2") - 0.25).abs() < 1e-6);
    // Sorted, the noise stands last all the same.
    let sorted = fit(&format!("{base} --init-labels g --order weight"));
    assert!(number(&sorted, "/components/0/mean") > number(&sorted, "/components/1/mean"));
    // Weights and a component as they are in a file.
    let model = write(&folder, "model.json", known.to_string());
    let fixed = fit(&format!("{data} --init-model {model} --fixed weights,0"));
    assert_eq!(fixed["weights"], known["weights"]);
    assert_eq!(fixed["components"][0], known["components"][0]);
    assert_eq!(fixed["fit"]["parameters"], json!(2));
    let all = fit(&format!("{data} --init-model {model} --fixed 0,1"));
    assert_eq!(all["components"], known["components"]);
    let part = fit(&format!("{data} --init-model {model} --fixed 1.mean"));
    assert_eq!(
        part["components"][1]["mean"],
        known["components"][1]["mean"]
    );
    assert_eq!(part["fit"]["parameters"], json!(5));
    // Groups of one row are rows, and an intercept alone is plain weights.
    let rows = labelled();
    let single = rows.lines().enumerate().map(|(i, line)| {
        format!(
            "{line},{}\n",
            if i == 0 { "id".into() } else { i.to_string() }
        )
    });
    let single = write(&folder, "single.csv", single.collect::<String>());
    let start = "--family normal --columns x -k 2 --noise --init-labels g";
    let plain = fit(&format!("{data} {start}"));
    let grouped = fit(&format!("{single} {start} --group id"));
    assert_eq!(grouped["fit"]["trace"], plain["fit"]["trace"]);
    let alone = fit(&format!("{data} {start} --concomitant 1"));
    assert!(
        (number(&alone, "/fit/log_likelihood") - number(&plain, "/fit/log_likelihood")).abs()
            < 1e-6
    );
    let words = format!("fit {base} --weights equal");
    let run = support::mixture(
        &words
            .split_whitespace()
            .map(String::from)
            .collect::<Vec<_>>(),
    );
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("the share of the noise"),
        "{}",
        run.stderr
    );
}
