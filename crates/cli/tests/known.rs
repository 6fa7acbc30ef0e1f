//! What is known about rows and components, through the command line: identities with the plain case,
//! files that read back, prediction and draws.

mod support;

use serde_json::{Value, json};
use std::fmt::Write;
use support::{fit_json, folder, mixture, number, records, succeed, write};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn fit(text: &str) -> Value {
    fit_json(&words(text))
}

fn likelihood(file: &Value) -> f64 {
    number(&file["fit"]["log_likelihood"]).expect("a number")
}

#[track_caller]
fn near(a: f64, b: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance * b.abs().max(1.0),
        "{a} against {b}"
    );
}

/// Numbers between 0 and 1 that look drawn: a linear congruential generator (Knuth's MMIX constants).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        let step = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = step.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
    /// Nearly normal: a sum of twelve.
    fn normal(&mut self, mean: f64) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0 + mean
    }
}

/// x of two classes, 0 and 4; the odds of the second rise with z by e a unit and for women.
fn experts(rows: usize) -> String {
    let (mut draws, mut text) = (Draws(3), String::from("x,z,sex,label\n"));
    for _ in 0..rows {
        let (z, woman) = (4.0 * draws.next() - 2.0, draws.next() < 0.5);
        let eta = z + if woman { 1.0 } else { 0.0 };
        let second = draws.next() < 1.0 / (1.0 + f64::exp(-eta));
        let (x, sex) = (
            draws.normal(if second { 4.0 } else { 0.0 }),
            if woman { "woman" } else { "man" },
        );
        let label = if second { "two" } else { "one" };
        writeln!(text, "{x},{z},{sex},{label}").expect("text");
    }
    text
}

#[test]
fn concomitants_are_recovered_and_read_back() {
    let folder = folder("known_concomitant");
    let data = write(&folder, "data.csv", experts(2000));
    let base = format!("{data} --family normal --columns x -k 2");
    let fitted = fit(&format!("{base} --concomitant z,sex --order mean"));
    let terms = json!(["intercept", "z", "sex[woman]"]);
    assert_eq!(fitted["concomitant"]["terms"], terms);
    assert_eq!(
        fitted["concomitant"]["levels"]["sex"],
        json!(["man", "woman"])
    );
    // Coefficients of the first component against the last: the simulated ones with the sign turned.
    let line = &fitted["concomitant"]["coefficients"][0];
    for (place, truth) in [(0, 0.0), (1, -1.0), (2, -1.0)] {
        let value = number(&line[place]).expect("a number");
        // Standard errors are near 0.08, 0.07 and 0.12; four of them.
        assert!((value - truth).abs() < 0.5, "{place}: {value}");
    }
    // (K − 1)(1 + covariates), and two a normal.
    assert_eq!(fitted["fit"]["parameters"], 3 + 4);
    let plain = fit(&base);
    assert!(likelihood(&fitted) > likelihood(&plain) + 100.0);
    // With an intercept alone, plain weights.
    let alone = fit(&format!("{base} --concomitant 1"));
    near(likelihood(&alone), likelihood(&plain), 1e-10);
    assert_eq!(alone["fit"]["parameters"], plain["fit"]["parameters"]);

    let model = write(&folder, "model.json", format!("{fitted:#}"));
    let total = records(&succeed(&["score", &model, &data, "--total"]));
    near(
        total[1][0].parse().expect("a number"),
        likelihood(&fitted),
        1e-12,
    );
    // The posterior is Bayes' theorem with the weights of the row.
    let predicted = records(&succeed(&["predict", &model, &data]));
    let rows = records(&experts(2000));
    let parameter = |k: usize, key: &str| number(&fitted["components"][k][key]).expect("a number");
    for (row, said) in rows.iter().zip(&predicted).skip(1).take(50) {
        let cell = |i: usize| row[i].parse::<f64>().expect("a number");
        let coefficient = |i: usize| number(&line[i]).expect("a number");
        let woman = f64::from(u8::from(row[2] == "woman"));
        let eta = coefficient(0) + coefficient(1) * cell(1) + coefficient(2) * woman;
        let density = |k: usize| {
            let (mean, variance) = (parameter(k, "mean"), parameter(k, "variance"));
            (-0.5 * (cell(0) - mean).powi(2) / variance).exp()
                / (2.0 * std::f64::consts::PI * variance).sqrt()
        };
        let (first, second) = (
            density(0) * eta.exp() / (1.0 + eta.exp()),
            density(1) / (1.0 + eta.exp()),
        );
        near(
            said[1].parse().expect("a number"),
            (first + second).ln(),
            1e-12,
        );
        near(
            said[2].parse().expect("a number"),
            first / (first + second),
            1e-11,
        );
    }
    // A start from it stays where it is; one row drawn for each row of covariates.
    let again = fit(&format!(
        "{data} --init-model {model} --concomitant z,sex --max-iterations 0"
    ));
    near(likelihood(&again), likelihood(&fitted), 1e-13);
    assert_eq!(again["concomitant"], fitted["concomitant"]);
    let drawn = succeed(&["sample", &model, "--predictors-from", &data, "--labels"]);
    let drawn = records(&drawn);
    assert_eq!(drawn[0], ["x", "z", "sex", "label"]);
    assert_eq!(drawn.len(), rows.len());
    assert_eq!(drawn[7][1], rows[7][1]);
    let shown = succeed(&["show", &model]);
    assert!(shown.contains("weights given z, sex"), "{shown}");
}

#[test]
fn known_labels_are_estimation_by_class() {
    let folder = folder("known_labels");
    let data = write(&folder, "data.csv", experts(300));
    let base = format!("{data} --family normal --columns x -k 2");
    let all = fit(&format!("{base} --known-labels label"));
    assert_eq!(all["label_names"], json!(["one", "two"]));
    let rows = records(&experts(300));
    for (k, name) in ["one", "two"].iter().enumerate() {
        let own: Vec<f64> = (rows.iter().skip(1).filter(|row| row[3] == *name))
            .map(|row| row[0].parse().expect("a number"))
            .collect();
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        near(
            number(&all["components"][k]["mean"]).expect("a number"),
            mean,
            1e-13,
        );
        near(
            number(&all["weights"][k]).expect("a number"),
            own.len() as f64 / 300.0,
            1e-14,
        );
    }
    // The M-step of labels as a start, without a further iteration, is the same model.
    let start = fit(&format!("{base} --init-labels label --max-iterations 0"));
    assert_eq!(all["components"], start["components"]);
    // With some labels only: names hold, whatever start is asked for.
    let mut some = String::from("x,label\n");
    for (i, row) in rows.iter().enumerate().skip(1) {
        let label = if i % 20 == 1 { &row[3] } else { "" };
        writeln!(some, "{},{label}", row[0]).expect("text");
    }
    let data = write(&folder, "some.csv", some);
    for start in [
        "",
        " --restarts 3",
        " --init random",
        " --acceleration squarem",
    ] {
        let fitted = fit(&format!(
            "{data} --family normal -k 2 --known-labels label{start}"
        ));
        assert_eq!(fitted["label_names"], json!(["one", "two"]));
        let mean = |k: usize| number(&fitted["components"][k]["mean"]).expect("a number");
        assert!(
            mean(0) < 1.0 && mean(1) > 3.0,
            "{start}: {}",
            fitted["components"]
        );
    }
}

/// Rows of 200 subjects, shuffled: two counts each, as rows and as columns.
fn subjects() -> (String, String) {
    let mut draws = Draws(8);
    let mut rows: Vec<(f64, String)> = Vec::new();
    let mut wide = String::from("a,b\n");
    for subject in 0..200 {
        let mean = if draws.next() < 0.4 { 2.0 } else { 0.0 };
        let (a, b) = (draws.normal(mean), draws.normal(mean));
        writeln!(wide, "{a},{b}").expect("text");
        rows.push((draws.next(), format!("{a},s{subject}")));
        rows.push((draws.next(), format!("{b},s{subject}")));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let lines: Vec<String> = rows.into_iter().map(|row| row.1).collect();
    (format!("x,subject\n{}\n", lines.join("\n")), wide)
}

#[test]
fn groups_are_products_of_their_rows() {
    let folder = folder("known_groups");
    let (long, wide) = subjects();
    let long = write(&folder, "long.csv", long);
    let wide = write(&folder, "wide.csv", wide);
    let start =
        r#"{"weights":[0.5,0.5],"components":[{"mean":-1,"variance":1},{"mean":3,"variance":1}]}"#;
    let start = write(&folder, "start.json", start);
    let fitted = fit(&format!(
        "{long} --family normal -k 2 --group subject --init-model {start}"
    ));
    assert_eq!(fitted["group"], "subject");
    assert_eq!(fitted["fit"]["rows"], 400);
    assert_eq!(fitted["fit"]["groups"], 200);
    assert_eq!(fitted["fit"]["observations"], 200.0);
    // As one row of two columns a subject, both with this fit's parameters: the same likelihood.
    let product = |component: &Value| json!({ "parts": [component, component] });
    let both = json!({
        "format": "mixture-model", "version": 1, "columns": ["a", "b"],
        "parts": [{"family": "normal", "columns": ["a"]}, {"family": "normal", "columns": ["b"]}],
        "weights": fitted["weights"],
        "components": [product(&fitted["components"][0]), product(&fitted["components"][1])],
    });
    let both = write(&folder, "both.json", both.to_string());
    let total = records(&succeed(&["score", &both, &wide, "--total"]));
    near(
        total[1][0].parse().expect("a number"),
        likelihood(&fitted),
        1e-12,
    );
    let model = write(&folder, "model.json", fitted.to_string());
    let total = records(&succeed(&["score", &model, &long, "--total"]));
    near(
        total[1][0].parse().expect("a number"),
        likelihood(&fitted),
        1e-12,
    );
    assert_eq!(total[1][2], "200.0");
    // Each row has what its subject has in the other form.
    let predicted = records(&succeed(&["predict", &model, &long, "--keep", "subject"]));
    let expected = records(&succeed(&["predict", &both, &wide]));
    for said in predicted.iter().skip(1) {
        let subject: usize = said[4][1..].parse().expect("a number");
        assert_eq!(said[0], expected[subject + 1][0]);
        for i in 1..4 {
            let number = |text: &str| text.parse::<f64>().expect("a number");
            near(number(&said[i]), number(&expected[subject + 1][i]), 1e-11);
        }
    }
    // Groups of one row are rows.
    let plain = fit(&format!(
        "{wide} --family normal --columns a -k 2 --init-model {start}"
    ));
    let (text, mut single) = (std::fs::read_to_string(&wide).expect("text"), String::new());
    for (i, line) in text.lines().enumerate() {
        writeln!(
            single,
            "{line},{}",
            if i == 0 { "id".into() } else { i.to_string() }
        )
        .expect("text");
    }
    let single = write(&folder, "single.csv", single);
    let each = fit(&format!(
        "{single} --family normal --columns a -k 2 --group id --init-model {start}"
    ));
    assert_eq!(each["fit"]["trace"], plain["fit"]["trace"]);
    assert_eq!(each["components"], plain["components"]);
}

#[test]
fn what_is_fixed_stays_and_is_not_counted() {
    let folder = folder("known_fixed");
    let data = write(&folder, "data.csv", experts(400));
    let start = r#"{"weights":[0.3,0.7],"components":[{"mean":0.25,"variance":1.5},{"mean":3,"variance":1}]}"#;
    let start = write(&folder, "start.json", start);
    let base = format!("{data} --family normal --columns x -k 2 --init-model {start}");
    let fitted = fit(&format!("{base} --fixed 0"));
    assert_eq!(
        fitted["components"][0],
        json!({"mean": 0.25, "variance": 1.5})
    );
    assert_eq!(fitted["fit"]["parameters"], 3);
    assert_eq!(fitted["fit"]["fixed"], json!(["0"]));
    let fitted = fit(&format!("{base} --fixed weights"));
    assert_eq!(fitted["weights"], json!([0.3, 0.7]));
    assert_eq!(fitted["fit"]["parameters"], 4);
    let all = fit(&format!("{base} --fixed weights,0,1"));
    assert_eq!(all["fit"]["parameters"], 0);
    assert_eq!(all["fit"]["trace"][0], fitted["fit"]["trace"][0]);
    let equal = fit(&format!(
        "{data} --family normal --columns x -k 2 --weights equal"
    ));
    assert_eq!(equal["weights"], json!([0.5, 0.5]));
    assert_eq!(equal["fit"]["parameters"], 4);
    // A component that is estimated alone, the other set by hand: the same as the family's own setting.
    let part = fit(&format!("{base} --fixed 1"));
    assert_eq!(part["components"][1], json!({"mean": 3.0, "variance": 1.0}));
}

#[test]
fn components_are_sorted_by_a_parameter() {
    let folder = folder("known_order");
    let data = write(&folder, "data.csv", experts(300));
    let labels = format!("{data} --family normal --columns x -k 2 --init-labels label");
    let named = fit(&labels);
    let turned = fit(&format!("{labels} --order weight"));
    assert_eq!(named["label_names"], json!(["one", "two"]));
    // More rows are of the second class.
    assert_eq!(turned["label_names"], named["label_names"]);
    let by_variance = fit(&format!(
        "{data} --part normal:x --part normal:z -k 2 --order 1.variance"
    ));
    let variance = |k: usize| number(&by_variance["components"][k]["parts"][1]["variance"]);
    assert!(variance(0) < variance(1));
    let slopes = fit(&format!(
        "{data} --family linear_regression --response x --predictors z -k 2 --order coefficients[z]"
    ));
    let slope = |k: usize| number(&slopes["components"][k]["coefficients"][1]);
    assert!(slope(0) < slope(1));
}

#[test]
fn parameters_of_a_component_stay() {
    let folder = folder("known_parameters");
    let data = write(&folder, "data.csv", experts(400));
    let start = r#"{"weights":[0.3,0.7],"components":[{"mean":0.25,"variance":1.5},{"mean":3,"variance":1}]}"#;
    let start = write(&folder, "start.json", start);
    let base = format!("{data} --family normal --columns x -k 2 --init-model {start}");
    let fitted = fit(&format!("{base} --fixed 0.mean"));
    assert_eq!(fitted["components"][0]["mean"], 0.25);
    assert_eq!(fitted["fit"]["parameters"], 4);
    assert_eq!(fitted["fit"]["fixed"], json!(["0.mean"]));
    assert_eq!(fitted["parts"][0]["held"], json!([{"mean": 0.25}, {}]));
    // At the end each M-step leaves the model where it is: by the formulas, with the posterior of predict.
    let model = write(&folder, "model.json", fitted.to_string());
    let (rows, said) = (
        records(&std::fs::read_to_string(&data).expect("text")),
        records(&succeed(&["predict", &model, &data])),
    );
    let (mut n, mut s, mut q) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for (row, said) in rows.iter().zip(&said).skip(1) {
        let x: f64 = row[0].parse().expect("a number");
        for k in 0..2 {
            let r: f64 = said[2 + k].parse().expect("a number");
            n[k] += r;
            s[k] += r * x;
            q[k] += r * x * x;
        }
    }
    let of = |k: usize, key: &str| number(&fitted["components"][k][key]).expect("a number");
    // Stopped within 1e-7 nats of 400 rows: parameters are known to about 1e-5.
    near(
        of(0, "variance"),
        q[0] / n[0] - 2.0 * 0.25 * s[0] / n[0] + 0.0625,
        1e-4,
    );
    near(of(1, "mean"), s[1] / n[1], 1e-4);
    // It is a maximum: below that with nothing fixed, above that with the component fixed.
    let (free, known) = (fit(&base), fit(&format!("{base} --fixed 0")));
    assert!(likelihood(&known) < likelihood(&fitted) && likelihood(&fitted) < likelihood(&free));
    // The file keeps what is fixed, as the start of a further fit does.
    let again = fit(&format!("{data} --init-model {model}"));
    assert_eq!(again["components"][0]["mean"], 0.25);
    assert_eq!(again["fit"]["parameters"], 4);
    // Both parameters are the component.
    let both = fit(&format!("{base} --fixed 0.mean,0.variance"));
    assert_eq!(both["fit"]["trace"], known["fit"]["trace"]);
    assert_eq!(both["fit"]["parameters"], 3);
    // A part of a product, by number, beside another that is free.
    let start = r#"{"weights":[0.3,0.7],"components":[
        {"parts":[{"mean":0,"variance":1.5},{"location":0,"scale":1,"df":5}]},
        {"parts":[{"mean":4,"variance":1.5},{"location":1,"scale":1,"df":7}]}]}"#;
    let start = write(&folder, "product.json", start);
    let base = format!("{data} --part normal:x --part student_t:z -k 2 --init-model {start}");
    let fitted = fit(&format!(
        "{base} --fixed 1.1.df,0.0.mean --max-iterations 20"
    ));
    assert_eq!(fitted["components"][1]["parts"][1]["df"], 7.0);
    assert_eq!(fitted["components"][0]["parts"][0]["mean"], 0.0);
    assert_ne!(fitted["components"][0]["parts"][1]["df"], 5.0);
    assert_eq!(fitted["fit"]["parameters"], 1 + 3 + 5 - 1 + 1 - 1 + 1);
    for (fixed, word) in [
        ("0.median", "no such parameter"),
        ("0.1.scale", "scale cannot be fixed alone; what can is df"),
        ("5.mean", "nor a parameter of one"),
        ("0,0.0.mean", "its parameters are fixed, too"),
    ] {
        let run = mixture(&words(&format!("fit {base} --fixed {fixed}")));
        assert_eq!(run.code, 2, "{fixed}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{fixed}: {}", run.stderr);
    }
    let run = mixture(&words(&format!("fit {base} --fixed 0 --order weight")));
    assert_eq!(run.code, 2, "{}", run.stderr);
}

#[test]
fn a_shape_of_one_component_stays() {
    let folder = folder("known_shapes");
    let (mut draws, mut text) = (Draws(9), String::from("x\n"));
    for i in 0..300 {
        let wait = |draws: &mut Draws| (0.5 * draws.normal(0.0).powi(2)).max(1e-6);
        let (a, b) = (wait(&mut draws), wait(&mut draws));
        text += &format!("{}\n", if i % 2 == 0 { a + b } else { 6.0 + a });
    }
    let data = write(&folder, "data.csv", text);
    for (family, free, start) in [
        (
            "gamma",
            "rate",
            r#"{"weights":[0.5,0.5],"components":[{"shape":1,"rate":1},{"shape":60,"rate":9}]}"#,
        ),
        (
            "weibull",
            "scale",
            r#"{"weights":[0.5,0.5],"components":[{"shape":1,"scale":1},{"shape":9,"scale":6.6}]}"#,
        ),
    ] {
        let start = write(&folder, &format!("{family}.json"), start);
        let base = format!("{data} --family {family} -k 2 --init-model {start}");
        let fitted = fit(&format!("{base} --fixed 0.shape"));
        assert_eq!(fitted["components"][0]["shape"], 1.0, "{family}");
        assert_eq!(fitted["fit"]["parameters"], 4);
        // A start says 1 or 1.0, and stands as it was.
        let held = &fitted["parts"][0]["held"];
        assert_eq!(held[0]["shape"].as_f64(), Some(1.0));
        assert_eq!(held[1], json!({}));
        // Shape 1 is an exponential distribution: its scale is the mean of its share, by predict.
        let model = write(&folder, "model.json", fitted.to_string());
        let said = records(&succeed(&["predict", &model, &data]));
        let rows = records(&std::fs::read_to_string(&data).expect("text"));
        let (mut n, mut s) = (0.0, 0.0);
        for (row, said) in rows.iter().zip(&said).skip(1) {
            let r: f64 = said[2].parse().expect("a number");
            n += r;
            s += r * row[0].parse::<f64>().expect("a number");
        }
        let value = number(&fitted["components"][0][free]).expect("a number");
        let mean = if free == "rate" { 1.0 / value } else { value };
        // Stopped within 1e-7 nats of 300 rows.
        near(mean, s / n, 1e-4);
        // Set for all components it is one parameter less in each; a file keeps that.
        let both = fit(&format!("{data} --family {family} -k 2 --set shape=2"));
        assert_eq!(both["fit"]["parameters"], 3);
        let model = write(&folder, "set.json", both.to_string());
        let again = fit(&format!("{data} --init-model {model}"));
        assert_eq!(again["components"][1]["shape"], 2.0);
        let free = fit(&base);
        assert!(likelihood(&fitted) < likelihood(&free));
    }
    for (options, word) in [
        ("--family gamma --set shape=-1", "shape"),
        (
            "--family gamma --set shape=2 --prior strength=1",
            "shape is set",
        ),
        ("--family gamma --set size=2", "size"),
        (
            "--family weibull --prior strength=1",
            "family weibull has no prior by pseudo-observations: it is no exponential family",
        ),
    ] {
        let run = mixture(&words(&format!("fit {data} -k 2 {options}")));
        assert_eq!(run.code, 2, "{options}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{options}: {}", run.stderr);
    }
}

#[test]
fn a_row_may_be_known_to_be_of_some_components() {
    let folder = folder("known_masks");
    let (mut draws, mut text) = (Draws(5), String::from("x,label,all\n"));
    for i in 0..300 {
        let x = draws.normal(5.0 * f64::from(i % 3));
        let name = ["a", "b", "c"][i as usize % 3];
        let label = match i % 10 {
            0 => name.to_string(),
            1..4 if i % 3 < 2 => "b|a".into(),
            4 if i % 3 > 0 => "b|c".into(),
            _ => String::new(),
        };
        writeln!(text, "{x},{label},a|b|c").expect("text");
    }
    let data = write(&folder, "data.csv", text.clone());
    let base = format!("{data} --family normal --columns x -k 3");
    let start = r#"{"weights":[0.4,0.3,0.3],"components":[
        {"mean":1,"variance":4},{"mean":4,"variance":4},{"mean":8,"variance":4}]}"#;
    let start = write(&folder, "start.json", start);
    let fitted = fit(&format!("{base} --known-labels label --init-model {start}"));
    assert_eq!(fitted["label_names"], json!(["a", "b", "c"]));
    // The likelihood of a row is the sum over the components where it may be.
    let of = |k: usize, key: &str| number(&fitted["components"][k][key]).expect("a number");
    let mut total = 0.0;
    for row in records(&text).iter().skip(1) {
        let x: f64 = row[0].parse().expect("a number");
        let density = |k: usize| {
            let z = x - of(k, "mean");
            let weight = number(&fitted["weights"][k]).expect("a number");
            weight * (-0.5 * z * z / of(k, "variance")).exp()
                / (2.0 * std::f64::consts::PI * of(k, "variance")).sqrt()
        };
        let among = |k: &usize| row[1].is_empty() || row[1].contains(["a", "b", "c"][*k]);
        total += (0..3).filter(among).map(density).sum::<f64>().ln();
    }
    near(likelihood(&fitted), total, 1e-12);
    // Among all components is anywhere.
    let anywhere = fit(&format!("{base} --known-labels all --init-model {start}"));
    let plain = fit(&format!("{base} --init-model {start}"));
    assert_eq!(anywhere["fit"]["trace"], plain["fit"]["trace"]);
    // Without a start, from random rows, names keep their order.
    let random = fit(&format!("{base} --known-labels label --restarts 3"));
    near(likelihood(&random), likelihood(&fitted), 1e-8);
    let more = write(&folder, "more.csv", "x,label\n1,a|b\n2,c|d\n3,a\n4,\n");
    let run = mixture(&words(&format!(
        "fit {more} --family normal --columns x -k 3 --known-labels label"
    )));
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("4 distinct labels for 3 components"),
        "{}",
        run.stderr
    );
}

#[test]
fn trimmed_rows_do_not_count() {
    let folder = folder("known_trim");
    let (mut draws, mut text) = (Draws(4), String::from("x,n\n"));
    for i in 0..200 {
        let x = if i % 10 == 0 {
            100.0 * (draws.next() - 0.5)
        } else {
            draws.normal(6.0 * f64::from(i % 2))
        };
        writeln!(text, "{x},{}", 1 + i % 3).expect("text");
    }
    let data = write(&folder, "data.csv", text);
    let base = format!("{data} --family normal --columns x -k 2 --init random --restarts 15");
    let fitted = fit(&format!("{base} --trim 0.1"));
    let mut means = [0, 1].map(|k| number(&fitted["components"][k]["mean"]).expect("a number"));
    means.sort_by(f64::total_cmp);
    // Standard errors are 0.11.
    assert!(
        means[0].abs() < 0.5 && (means[1] - 6.0).abs() < 0.5,
        "{means:?}"
    );
    let trimmed = &fitted["fit"]["trimmed"];
    assert_eq!(
        (&trimmed["fraction"], &trimmed["rows"]),
        (&json!(0.1), &json!(180))
    );
    assert_eq!(fitted["fit"]["observations"], 180.0);
    // The 180 rows that score best under the model, and their sum.
    let model = write(&folder, "model.json", fitted.to_string());
    let scores = records(&succeed(&["score", &model, &data]));
    let mut scores: Vec<f64> = (scores.iter().skip(1))
        .map(|row| row[0].parse().expect("a number"))
        .collect();
    scores.sort_by(f64::total_cmp);
    near(likelihood(&fitted), scores[20..].iter().sum(), 1e-12);
    near(
        number(&trimmed["cut"]).expect("a number"),
        scores[20],
        1e-13,
    );
    let p = number(&fitted["fit"]["parameters"]).expect("a number");
    near(
        number(&fitted["fit"]["bic"]).expect("a number"),
        p * 180f64.ln() - 2.0 * likelihood(&fitted),
        1e-12,
    );
    // Row weights, noise, other algorithms; 0 is no trimming.
    let weighted = fit(&format!(
        "{base} --trim 0.1 --row-weights n --acceleration none"
    ));
    near(
        number(&weighted["fit"]["observations"]).expect("a number"),
        0.9 * 399.0,
        1e-12,
    );
    fit(&format!("{base} --trim 0.1 --algorithm hard"));
    fit(&format!("{base} --trim 0.1 --noise"));
    assert_eq!(
        fit(&format!("{base} --trim 0"))["fit"]["trace"],
        fit(&base)["fit"]["trace"]
    );
    for (option, word) in [
        ("--trim 1", "at least 0 and below 1"),
        ("--trim -0.1", "at least 0 and below 1"),
        ("--trim 0.1 --group n", "--group"),
        ("--trim 0.1 --missing em", "--missing em"),
    ] {
        let run = mixture(&words(&format!("fit {base} {option}")));
        assert_eq!(run.code, 2, "{option}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{option}: {}", run.stderr);
    }
}

#[test]
fn a_fit_goes_on_from_a_file_with_its_groups_and_covariates() {
    let folder = folder("known_inherited");
    let data = write(&folder, "data.csv", experts(200));
    let base = format!("{data} --family normal --columns x -k 2");
    let fitted = fit(&format!("{base} --concomitant z,sex --max-iterations 5"));
    let model = write(&folder, "model.json", fitted.to_string());
    let again = fit(&format!("{data} --init-model {model} --max-iterations 0"));
    assert_eq!(again["concomitant"], fitted["concomitant"]);
    near(likelihood(&again), likelihood(&fitted), 1e-13);
    let (long, _) = subjects();
    let long = write(&folder, "long.csv", long);
    let grouped = fit(&format!(
        "{long} --family normal -k 2 --group subject --max-iterations 5"
    ));
    let model = write(&folder, "grouped.json", grouped.to_string());
    let again = fit(&format!("{long} --init-model {model} --max-iterations 0"));
    assert_eq!(again["group"], "subject");
    near(likelihood(&again), likelihood(&grouped), 1e-13);
}

/// A covariate far from 0 gives the fit of one near it.
#[test]
fn an_offset_of_a_covariate_has_no_part_in_the_fit() {
    let folder = folder("known_offset");
    let near_0 = write(&folder, "near.csv", experts(500));
    let mut text = String::from("x,z\n");
    for row in records(&experts(500)).iter().skip(1) {
        let z: f64 = row[1].parse().expect("a number");
        writeln!(text, "{},{}", row[0], z + 1e8).expect("text");
    }
    let far = write(&folder, "far.csv", text);
    let options = "--family normal --columns x -k 2 --concomitant z --order mean --tolerance 1e-9";
    let [near_0, fitted] = [near_0, far.clone()].map(|data| fit(&format!("{data} {options}")));
    // z + 1e8 is rounded to 1.5e-8.
    near(likelihood(&fitted), likelihood(&near_0), 1e-9);
    let slope =
        |file: &Value| number(&file["concomitant"]["coefficients"][0][1]).expect("a number");
    near(slope(&fitted), slope(&near_0), 1e-5);
    let model = write(&folder, "model.json", fitted.to_string());
    let total = records(&succeed(&["score", &model, &far, "--total"]));
    // In a file the intercept is that at z = 0: a predictor is known to ε · 1e8.
    near(
        total[1][0].parse().expect("a number"),
        likelihood(&fitted),
        1e-7,
    );
}
