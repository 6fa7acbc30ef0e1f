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
