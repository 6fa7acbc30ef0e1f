//! Rows do not depend on each other, and rows of weight 0 not at all.

mod support;

use support::{fit_json, folder, mixture, records, succeed, write};

/// A model file of one component over these parts.
fn model(columns: &str, parts: &str, component: &str) -> String {
    format!(
        "{{\"format\":\"mixture-model\",\"version\":1,\"columns\":[{columns}],\"parts\":[{parts}],\
         \"weights\":[1],\"components\":[{component}]}}"
    )
}

#[test]
fn a_row_alone_is_scored_as_among_others() {
    let folder = folder("rows_alone");
    let text = model(
        "\"n\",\"c\",\"x\"",
        "{\"family\":\"poisson\",\"columns\":[\"n\"]},\
         {\"family\":\"categorical\",\"columns\":[\"c\"],\"levels\":[\"u\",\"v\"]},\
         {\"family\":\"pareto\",\"columns\":[\"x\"],\"settings\":{\"minimum\":2}}",
        "{\"parts\":[{\"rate\":2},{\"probabilities\":[0.5,0.5]},{\"minimum\":2,\"shape\":1}]}",
    );
    let model = write(&folder, "model.json", text);
    let rows = [
        "3,u,4", "1.5,u,4", "-2,u,4", "1e30,u,4", ",u,4", "3,,4", "3,u,", ",v,", ",,", "3,u,1",
    ];
    for missing in ["em", "drop"] {
        let run = |rows: &[&str]| {
            let text = format!("n,c,x\n{}\n", rows.join("\n"));
            let data = write(&folder, "data.csv", text);
            let predicted = records(&succeed(&["predict", &model, &data, "--missing", missing]));
            let scored = records(&succeed(&["score", &model, &data, "--missing", missing]));
            for (line, score) in predicted.iter().zip(scored).skip(1) {
                assert_eq!(line[1], score[0], "{rows:?}");
            }
            predicted
        };
        let together = run(&rows);
        for (row, expected) in rows.iter().zip(&together[1..]) {
            assert_eq!(&run(&[row])[1], expected, "{row} {missing}");
        }
        for off in [2, 3, 4, 10] {
            assert_eq!(together[off], ["", "-inf", ""], "{missing}");
        }
        let gap = &together[5];
        match missing {
            "drop" => assert_eq!(gap, &["", "", ""]),
            _ => assert_eq!(gap[0], "0"),
        }
    }
}

#[test]
fn a_model_to_start_from_has_the_columns_of_the_fit() {
    let folder = folder("rows_init_model");
    let data = write(&folder, "data.csv", "a,b,c\n1,2,3\n2,4,4\n3,3,9\n5,1,2\n");
    let words = format!("{data} --family gaussian -k 1 --columns a,b");
    let words: Vec<String> = words.split(' ').map(String::from).collect();
    let fitted = fit_json(&words);
    let model = write(&folder, "model.json", fitted.to_string());
    let from = |columns: &str, model: &str| {
        mixture(&[
            "fit",
            &data,
            "--family",
            "gaussian",
            "--columns",
            columns,
            "--init-model",
            model,
        ])
    };
    for columns in ["b,a", "a,c", "a,b,c"] {
        let run = from(columns, &model);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        let named = columns.replace(',', ", ");
        assert!(
            run.stderr.contains("columns a, b, but of"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(&named), "{}", run.stderr);
    }
    assert_eq!(from("a,b", &model).code, 0);
    let bare = serde_json::json!({
        "weights": fitted["weights"], "components": fitted["components"]
    });
    let bare = write(&folder, "bare.json", bare.to_string());
    assert_eq!(from("b,a", &bare).code, 0, "a bare start has no names");
}

#[test]
fn rows_of_weight_0_have_no_influence() {
    let folder = folder("rows_weight_0");
    let lines = [
        "n,c,w,l",
        "3,u,1,x",
        "-2,z,0,y",
        "1,v,2,x",
        "text,,0,",
        "9,u,1.5,q",
        "1.5,NA,0,8",
        "8,v,1,q",
    ];
    let without = lines.iter().filter(|line| !line.contains(",0,"));
    let without: Vec<&str> = without.copied().collect();
    let labels = |lines: &[&str]| -> String {
        let labels = lines.iter().map(|line| line.rsplit(',').next());
        labels
            .map(|label| format!("{}\n", label.unwrap_or_default()))
            .collect()
    };
    let fit = |lines: &[&str], start: &str| {
        let data = write(&folder, "data.csv", lines.join("\n"));
        let labels = write(&folder, "labels.csv", labels(lines));
        let words =
            format!("{data} --part poisson:n --part categorical:c --row-weights w -k 2 {start}");
        let words = words.replace("LABELS", &labels);
        let words: Vec<String> = words.split(' ').map(String::from).collect();
        fit_json(&words)
    };
    for start in ["--seed 1", "--init-labels l", "--init-labels-file LABELS"] {
        assert_eq!(fit(&lines, start), fit(&without, start), "{start}");
    }

    let model = fit(&without, "--init-labels l --restarts 1");
    assert_eq!(model["label_names"], serde_json::json!(["q", "x"]));
    let model = write(&folder, "model.json", model.to_string());
    let total = |lines: &[&str]| {
        let data = write(&folder, "data.csv", lines.join("\n"));
        succeed(&["score", &model, &data, "--total", "--row-weights", "w"])
    };
    assert_eq!(total(&lines), total(&without));
}

#[test]
fn many_columns_are_read_in_linear_time() {
    let folder = folder("rows_wide");
    let row = |cell: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = (0..100_000).map(cell).collect();
        cells.join(",") + "\n"
    };
    let mut text = row(&|j| format!("c{j}"));
    for i in 0..3 {
        text.push_str(&row(&|j| (i * (j % 7 + 1)).to_string()));
    }
    let data = write(&folder, "data.csv", text);
    let started = std::time::Instant::now();
    let run = mixture(&[
        "fit",
        &data,
        "--family",
        "normal",
        "--columns",
        "c0,c99999",
        "-k",
        "1",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = mixture(&["fit", &data, "--family", "normal", "-k", "1"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let spent = started.elapsed();
    assert!(spent.as_secs() < 20, "{spent:?}");
}

#[test]
fn a_file_of_incomplete_rows_is_predicted() {
    let folder = folder("rows_incomplete");
    let gaussian = model(
        "\"x\",\"y\"",
        "{\"family\":\"gaussian\",\"columns\":[\"x\",\"y\"],\"covariance\":\"full\"}",
        "{\"mean\":[0,0],\"covariance\":[[1,0],[0,1]]}",
    );
    let gaussian = write(&folder, "gaussian.json", gaussian);
    let data = write(&folder, "data.csv", "x,y\n1,NA\n,2\n");
    let rows = records(&succeed(&[
        "predict",
        &gaussian,
        &data,
        "--missing",
        "drop",
    ]));
    assert_eq!(rows[1..], [["", "", ""], ["", "", ""]]);

    let mixed = "{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"x\"],\"parts\":[{\"family\":\"mixed\",\"columns\":[\"x\"],\"components\":[\"point_mass\",\"poisson\"],\"settings\":{\"value\":0}}],\"weights\":[0.5,0.5],\"components\":[{\"family\":\"point_mass\",\"value\":0},{\"family\":\"poisson\",\"rate\":2}]}";
    let mixed = write(&folder, "mixed.json", mixed);
    for (cell, expected) in [
        ("-1", ["", "-inf", "", ""]),
        ("NA", ["0", "0.0", "0.5", "0.5"]),
    ] {
        let data = write(&folder, "data.csv", format!("x\n{cell}\n"));
        let rows = records(&succeed(&["predict", &mixed, &data, "--missing", "em"]));
        assert_eq!(rows[1], expected);
    }
}

#[test]
fn a_model_to_start_from_has_the_levels_of_the_fit() {
    let folder = folder("rows_init_levels");
    let text = model(
        "\"c\"",
        "{\"family\":\"categorical\",\"columns\":[\"c\"],\"levels\":[\"u\",\"v\"]}",
        "{\"probabilities\":[0.5,0.5]}",
    );
    let model = write(&folder, "model.json", text);
    for (cells, code) in [("v\nu\nu", 0), ("u\nw\nw", 2)] {
        let data = write(&folder, "data.csv", format!("c\n{cells}\n"));
        let run = mixture(&[
            "fit",
            &data,
            "--part",
            "categorical:c",
            "--init-model",
            &model,
        ]);
        assert_eq!(run.code, code, "{}", run.stderr);
        assert_eq!(run.stderr.contains("levels u, v, but u, w"), code == 2);
    }
}
