//! What `fit` writes, every other command reads, without losing a bit.

mod support;

use serde_json::Value;
use support::{case_file, fit_json, folder, mixture, records, succeed, write};

/// Fits of every kind of part: a name, and the arguments after `fit`.
fn fits() -> Vec<(&'static str, Vec<String>)> {
    let faithful = case_file("gmm_faithful", "data.csv");
    let penguins = case_file("mixed_penguins", "data.csv");
    let titanic = case_file("lca_titanic", "data.csv");
    let dice = case_file("uni_binomial_weldon", "data.csv");
    let angles = case_file("uni_vonmises_turtles", "data.csv");
    let npreg = case_file("reg_npreg", "data.csv");
    let lifetimes = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/incomplete/exponential.csv"
    );
    let all = [
        ("normal", format!("{faithful} --family normal -k 2")),
        ("gaussian", format!("{faithful} --family gaussian -k 3")),
        (
            "tied",
            format!("{faithful} --family gaussian --covariance tied -k 2"),
        ),
        (
            "vev",
            format!("{faithful} --family gaussian --covariance VEV -k 2"),
        ),
        (
            "spherical",
            format!("{faithful} --family gaussian --covariance spherical -k 2"),
        ),
        (
            "multivariate_t",
            format!("{faithful} --family multivariate_t -k 2"),
        ),
        (
            "multivariate_t_fixed",
            format!("{faithful} --family multivariate_t --covariance EVE --set df=3.5 -k 2"),
        ),
        (
            "gamma",
            format!("{faithful} --family gamma --columns eruptions -k 2"),
        ),
        ("log_normal", format!("{faithful} --family log_normal -k 2")),
        (
            "exponential",
            format!("{faithful} --family exponential --columns waiting -k 1"),
        ),
        (
            "mixed",
            format!("{faithful} --components gamma,log_normal --columns eruptions"),
        ),
        (
            "noise",
            format!("{faithful} --family gaussian --covariance tied -k 2 --noise"),
        ),
        (
            "noisy_product",
            format!("{faithful} --part gamma:eruptions --part normal:waiting -k 2 --noise"),
        ),
        (
            "interval",
            format!("{lifetimes} --family weibull --interval from,to -k 2"),
        ),
        (
            "mixed_interval",
            format!("{lifetimes} --components gamma,log_normal --interval from,to --missing em"),
        ),
        (
            "truncated",
            format!("{faithful} --family truncated_gamma --set low=1 --columns eruptions -k 2"),
        ),
        (
            "zero_truncated",
            format!("{faithful} --columns waiting --family zero_truncated_poisson -k 1"),
        ),
        (
            "zero_inflated",
            format!(
                "{dice} --family zero_inflated_binomial --set trials=12 --row-weights count -k 1"
            ),
        ),
        (
            "linear_regression",
            format!(
                "{npreg} --family linear_regression --response yn --predictors x,x^2 --common x^2 -k 2"
            ),
        ),
        (
            "poisson_regression",
            format!(
                "{npreg} --family poisson_regression --response yp --predictors -1,x,yn*x --offset class \
                 --common x -k 2 --max-iterations 20"
            ),
        ),
        (
            "binomial_regression",
            format!(
                "{titanic} --family binomial_regression --response Freq --predictors Class,Sex,Sex*Age \
                 --set trials=700 -k 1"
            ),
        ),
        (
            "categorical_predictors",
            format!(
                "{penguins} --family linear_regression --response body_mass_g \
                 --predictors sex,flipper_length_mm*sex,island -k 2"
            ),
        ),
        ("uniform", format!("{faithful} --family uniform -k 1")),
        ("von_mises", format!("{angles} --family von_mises -k 2")),
        (
            "binomial",
            format!("{dice} --family binomial --set trials=12 --row-weights count -k 2"),
        ),
        (
            "poisson",
            format!("{dice} --family poisson --row-weights count -k 2 --max-iterations 50"),
        ),
        (
            "geometric",
            format!("{dice} --family geometric --row-weights count -k 1"),
        ),
        (
            "categorical",
            format!("{titanic} --part categorical:Class,Sex,Age,Survived --row-weights Freq -k 2"),
        ),
        (
            "product",
            format!(
                "{penguins} --part categorical:island,sex --part gaussian:bill_length_mm,bill_depth_mm \
                 --part gamma:body_mass_g --covariance diag -k 3"
            ),
        ),
    ];
    all.map(|(name, words)| (name, words.split_whitespace().map(String::from).collect()))
        .into()
}

fn with(arguments: &[String], more: &[&str]) -> Vec<String> {
    arguments
        .iter()
        .cloned()
        .chain(more.iter().map(|word| word.to_string()))
        .collect()
}

#[test]
fn a_model_file_is_read_back_without_losing_a_bit() {
    let folder = folder("round_trip");
    for (name, arguments) in fits() {
        let model = folder.join(format!("{name}.json")).display().to_string();
        let printed = fit_json(&with(&arguments, &["--output", &model, "--restarts", "2"]));
        let written = std::fs::read_to_string(&model).expect("the model file");
        assert_eq!(
            serde_json::from_str::<Value>(&written).expect("JSON"),
            printed,
            "{name}"
        );
        assert_eq!(
            succeed(&["show", &model, "--format", "json"]),
            written,
            "{name}"
        );

        // As a start, with no iteration: the same parameters and the same log-likelihood.
        let data = &arguments[0];
        let mut again = vec![data.clone()];
        if let Some(at) = arguments.iter().position(|word| word == "--row-weights") {
            again.extend_from_slice(&arguments[at..at + 2]);
        }
        again.extend([
            "--init-model".into(),
            model.clone(),
            "--max-iterations".into(),
            "0".into(),
        ]);
        let again = fit_json(&again);
        for key in ["columns", "parts", "weights", "components"] {
            assert_eq!(again[key], printed[key], "{name} {key}");
        }
        let (first, second) = (
            &printed["fit"]["log_likelihood"],
            &again["fit"]["log_likelihood"],
        );
        assert_eq!(
            first, second,
            "{name}: the log-likelihood has the same bits after reading"
        );
        assert_eq!(again["fit"]["trace"], serde_json::json!([first]), "{name}");

        // Each row has one score, whoever says it, and the scores sum to the log-likelihood.
        let scores = records(&succeed(&["score", &model, data]));
        let predicted = records(&succeed(&["predict", &model, data]));
        assert_eq!(scores.len(), predicted.len(), "{name}");
        for (score, row) in scores.iter().zip(&predicted).skip(1) {
            assert_eq!(score[0], row[1], "{name}");
            let shares = row[2..]
                .iter()
                .map(|share| share.parse::<f64>().expect("a number"));
            assert!((shares.sum::<f64>() - 1.0).abs() < 1e-12, "{name}: {row:?}");
        }
        // A regression draws a response to each row of predictors.
        let regression = printed["parts"][0]["regression"].is_object();
        let (option, value) = if regression {
            ("--predictors-from", &**data)
        } else {
            ("-n", "20")
        };
        let sample = ["sample", &model, option, value, "--seed", "7"];
        let drawn = records(&succeed(&[&sample[..], &["--labels"]].concat()));
        let rows = if regression { scores.len() } else { 21 };
        assert_eq!(drawn.len(), rows, "{name}");
        let columns = printed["columns"].as_array().expect("columns");
        assert_eq!(drawn[0].len(), columns.len() + 1, "{name}");

        // A sample is data: it can be scored.
        let sample = succeed(&sample);
        let sample = write(&folder, "sample.csv", sample);
        let scores = records(&succeed(&["score", &model, &sample]));
        assert!(
            scores[1..]
                .iter()
                .all(|row| row[0].parse::<f64>().is_ok_and(f64::is_finite)),
            "{name}"
        );
        assert!(
            succeed(&["show", &model]).contains("log-likelihood"),
            "{name}"
        );
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let folder = folder("threads");
    let normal = "{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\",\"b\"],\"parts\":[{\"family\":\"gaussian\",\"columns\":[\"a\",\"b\"],\"covariance\":\"full\"}],\"weights\":[0.5,0.5],\"components\":[{\"mean\":[0,0],\"covariance\":[[1,0.5],[0.5,2]]},{\"mean\":[2,3],\"covariance\":[[1,0],[0,1]]}]}";
    let model = write(&folder, "model.json", normal);
    let data = write(
        &folder,
        "data.csv",
        succeed(&["sample", &model, "-n", "3000"]),
    );
    let fit = |threads: &str, seed: &str| {
        succeed(&[
            "fit",
            &data,
            "--family",
            "gaussian",
            "-k",
            "2",
            "--restarts",
            "2",
            "--threads",
            threads,
            "--seed",
            seed,
            "--format",
            "json",
        ])
    };
    let one = fit("1", "5");
    assert_eq!(one, fit("2", "5"));
    assert_eq!(one, fit("3", "5"));
    assert_ne!(one, fit("1", "6"), "another seed starts elsewhere");
}

#[test]
fn labels_are_names_and_keep_their_order() {
    let iris = case_file("gmm_iris", "data.csv");
    let folder = folder("labels");
    let model = folder.join("iris.json").display().to_string();
    let arguments = [
        "--family",
        "gaussian",
        "-k",
        "3",
        "--init-labels",
        "species",
        "--output",
        &model,
    ];
    let fitted = fit_json(&with(std::slice::from_ref(&iris), &arguments));
    assert_eq!(
        fitted["label_names"],
        serde_json::json!(["setosa", "versicolor", "virginica"])
    );
    assert_eq!(
        fitted["columns"].as_array().expect("columns").len(),
        4,
        "species is excluded"
    );
    let run = mixture(&[
        "predict",
        &model,
        &iris,
        "--label-names",
        "--truth",
        "species",
        "--keep",
        "species,petal_width",
        "--uncertainty",
    ]);
    let rows = records(&run.stdout);
    assert_eq!(
        rows[0].join(","),
        "label,log_density,p_0,p_1,p_2,uncertainty,species,petal_width"
    );
    assert_eq!(
        (rows[1][0].as_str(), rows[1][6].as_str()),
        ("setosa", "setosa")
    );
    assert!(
        run.stderr.contains("adjusted Rand index  0.903"),
        "{}",
        run.stderr
    );
    let named = records(&succeed(&[
        "predict",
        &model,
        &iris,
        "--label-names=x,y,\"z,1\"",
    ]));
    assert_eq!((named[1][0].as_str(), named[150][0].as_str()), ("x", "z,1"));
}

#[test]
fn missing_cells_are_dropped_or_carry_nothing() {
    let folder = folder("missing");
    let data = "a,b\n1,2\n2,NA\n3,5\n,4\n5,9\n7,1\n9,9\nnull,NaN\n";
    let data = write(&folder, "data.csv", data);
    let fit = |missing: &str| {
        fit_json(&with(
            std::slice::from_ref(&data),
            &["--family", "normal", "-k", "1", "--missing", missing],
        ))
    };
    let (dropped, kept) = (fit("drop"), fit("em"));
    assert_eq!(dropped["fit"]["rows"], 5);
    assert_eq!(kept["fit"]["rows"], 8);
    assert_eq!(
        kept["fit"]["observations"], 7.0,
        "a row without any cell does not count"
    );
    let mean =
        |fitted: &Value, part: usize| fitted["components"][0]["parts"][part]["mean"].as_f64();
    assert_eq!(mean(&dropped, 0), Some(5.0));
    assert_eq!(mean(&kept, 0), Some(27.0 / 6.0));
    assert_eq!(mean(&kept, 1), Some(5.0));

    let model = write(&folder, "model.json", kept.to_string());
    let dropped = records(&succeed(&["predict", &model, &data, "--missing", "drop"]));
    assert_eq!(dropped.len(), 9, "one line for each row");
    assert_eq!(dropped[2], ["", "", ""]);
    let kept = records(&succeed(&["score", &model, &data, "--missing", "em"]));
    assert_eq!(kept[8][0], "0.0", "nothing observed, nothing learnt");
    let t = mixture(&[
        "fit",
        &data,
        "--family",
        "multivariate_t",
        "-k",
        "1",
        "--missing",
        "em",
    ]);
    assert_eq!(t.code, 0, "{}", t.stderr);
}

#[test]
fn rows_off_the_support_are_labelled_by_nobody() {
    let folder = folder("off_support");
    let model = "{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"x\"],\"parts\":[{\"family\":\"poisson\",\"columns\":[\"x\"]}],\"weights\":[1],\"components\":[{\"rate\":2}]}";
    let model = write(&folder, "model.json", model);
    let data = write(&folder, "data.csv", "x\n2\n-1\n2.5\n");
    let rows = records(&succeed(&["predict", &model, &data]));
    assert_eq!(rows[2], ["", "-inf", ""]);
    assert_eq!(rows[3], ["", "-inf", ""]);
    assert_eq!(rows[1][0], "0");
}

#[test]
fn files_of_every_dialect_are_read() {
    let folder = folder("dialects");
    let plain = "a,b\n1,2\n2,1\n3,5\n4,4\n";
    let dialects = [
        ("crlf", plain.replace('\n', "\r\n")),
        ("bom", format!("\u{feff}{plain}")),
        ("no final newline", plain.trim_end().to_string()),
        (
            "quotes",
            "\"a\",\"b\"\n\"1\",\"2\"\n2,1\n3,5\n4,4\n".to_string(),
        ),
        ("blank lines", "a,b\n1,2\n\n2,1\n3,5\n4,4\n\n\n".to_string()),
        ("spaces", "a, b\n1, 2\n2, 1\n3, 5\n 4,4 \n".to_string()),
    ];
    let score = |text: &str| {
        let data = write(&folder, "data.csv", text);
        fit_json(&with(&[data], &["--family", "normal", "-k", "1"]))
    };
    let expected = score(plain);
    for (name, text) in dialects {
        assert_eq!(score(&text), expected, "{name}");
    }
    let quoted = write(
        &folder,
        "quoted.csv",
        "\"a:b\",\"c,d\"\n1,2\n2,1\n3,5\n4,4\n",
    );
    let parts = [
        "-k",
        "1",
        "--part",
        "normal:\"a:b\"",
        "--part",
        "normal:\"c,d\"",
    ];
    let fitted = fit_json(&with(&[quoted], &parts));
    assert_eq!(fitted["columns"], serde_json::json!(["a:b", "c,d"]));
    assert_eq!(fitted["components"], expected["components"]);
}

#[test]
fn blank_lines_of_one_column_are_cells() {
    let folder = folder("blank");
    let data = write(&folder, "data.csv", "x\r\n1\r\n\r\n3\r\n9\r\n");
    let run = mixture(&["fit", &data, "--family", "normal", "-k", "1"]);
    assert!(
        run.stderr.contains("line 3, column x: the cell is missing"),
        "{}",
        run.stderr
    );
    // The last row is unlabelled.
    let data = write(&folder, "data.csv", "x\n1\n2\n8\n9\n3\n");
    let labels = write(&folder, "labels.csv", "label\nlow\n\nhigh\nhigh\n\n");
    let labels = [
        "--family",
        "exponential",
        "-k",
        "2",
        "--init-labels-file",
        &labels,
        "--max-iterations",
        "0",
    ];
    let fitted = fit_json(&with(&[data], &labels));
    assert_eq!(fitted["label_names"], serde_json::json!(["high", "low"]));
    assert_eq!(fitted["components"][0]["rate"], 1.0 / 8.5);
}

#[test]
fn weights_are_frequencies() {
    let folder = folder("weights");
    let repeated = write(&folder, "repeated.csv", "x\n1\n1\n1\n4\n6\n6\n");
    let weighted = write(&folder, "weighted.csv", "x,n\n1,3\n4,1\n6,2\n-5,0\n");
    let start = "{\"weights\":[0.5,0.5],\"components\":[{\"rate\":0.5},{\"rate\":0.1}]}";
    let start = write(&folder, "start.json", start);
    let options = [
        "--family",
        "exponential",
        "--columns",
        "x",
        "--init-model",
        &start,
        "--max-iterations",
        "5",
    ];
    let first = fit_json(&with(&[repeated], &options));
    let second = fit_json(&with(
        &[weighted],
        &with(&[], &options)
            .iter()
            .map(String::as_str)
            .chain(["--row-weights", "n"])
            .collect::<Vec<_>>(),
    ));
    for key in ["log_likelihood", "bic", "icl", "observations", "entropy"] {
        let (a, b) = (first["fit"][key].as_f64(), second["fit"][key].as_f64());
        let (a, b) = (a.expect("a number"), b.expect("a number"));
        assert!((a - b).abs() <= 1e-12 * a.abs(), "{key}: {a} {b}");
    }
}

#[test]
fn nothing_is_written_on_failure_and_files_are_replaced_whole() {
    let folder = folder("atomic");
    let data = write(&folder, "data.csv", "x\n1\n1\n1\n");
    let target = write(&folder, "model.json", "before");
    let run = mixture(&[
        "fit", &data, "--family", "normal", "-k", "1", "--output", &target,
    ]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert_eq!(
        std::fs::read_to_string(&target).expect("the file"),
        "before"
    );
    succeed(&[
        "fit",
        &data,
        "--family",
        "exponential",
        "-k",
        "1",
        "--output",
        &target,
    ]);
    assert!(
        std::fs::read_to_string(&target)
            .expect("the file")
            .contains("\"rate\": 1.0")
    );
    assert_eq!(
        std::fs::read_dir(&folder).expect("the folder").count(),
        2,
        "no temporary file"
    );
}

#[test]
fn a_collapsing_component_fails_or_is_dropped() {
    let folder = folder("degenerate");
    let data = "x\n0\n0\n0\n0\n0\n3\n4\n5\n6\n7\n4.5\n5.5\n";
    let data = write(&folder, "data.csv", data);
    let start = "{\"weights\":[0.5,0.5],\"components\":[{\"mean\":0,\"variance\":0.01},{\"mean\":5,\"variance\":1}]}";
    let start = write(&folder, "start.json", start);
    let fit = [data.as_str(), "--family", "normal", "--init-model", &start];
    let fit = with(&[], &fit);
    let mut failing = vec!["fit".to_string()];
    failing.extend(fit.clone());
    let run = mixture(&failing);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let words = [
        "iteration 2",
        "component 0",
        "column x",
        "effective count 5",
        "coincide",
    ];
    assert!(
        words.iter().all(|word| run.stderr.contains(word)),
        "{}",
        run.stderr
    );
    let dropped = fit_json(&with(&fit, &["--on-degenerate", "drop"]));
    assert_eq!(dropped["weights"], serde_json::json!([1.0]));
    assert_eq!(dropped["fit"]["requested_components"], 2);
    assert_eq!(dropped["fit"]["parameters"], 2);
    assert_eq!(
        dropped["fit"]["degeneracies"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn a_start_of_another_structure_is_brought_in() {
    let folder = folder("bring_in");
    let data = case_file("gmm_faithful", "data.csv");
    let full = folder.join("full.json").display().to_string();
    fit_json(&with(
        std::slice::from_ref(&data),
        &["--family", "gaussian", "-k", "2", "--output", &full],
    ));
    let tied = [
        "--family",
        "gaussian",
        "--covariance",
        "tied",
        "--init-model",
        &full,
    ];
    let tied = with(&[data], &tied);
    let brought = fit_json(&with(&tied, &["--max-iterations", "0"]));
    let components = &brought["components"];
    assert_eq!(components[0]["covariance"], components[1]["covariance"]);
    assert_eq!(brought["fit"]["trace"].as_array().map(Vec::len), Some(1));
    let fitted = fit_json(&tied);
    let likelihood = fitted["fit"]["log_likelihood"].as_f64().expect("a number");
    assert!((likelihood + 1140.186759).abs() < 1e-5, "{likelihood}");
}
