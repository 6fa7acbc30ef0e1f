//! `mixture select`: the ranking is that of single fits, and its winner is one.

mod support;

use serde_json::Value;
use support::{case_file, folder, mixture, records, succeed, write};

const TWO: &str = "x,y\n1.1,5\n1.3,7\n0.9,6\n1.2,4\n5.2,30\n4.8,25\n5.1,33\n4.9,28\n5.4,31\n1.0,5\n4.7,27\n1.4,8\n";

fn select(arguments: &[&str]) -> Value {
    let mut all = vec!["select"];
    all.extend_from_slice(arguments);
    all.extend(["--format", "json"]);
    serde_json::from_str(&succeed(&all)).expect("JSON")
}

/// The words of a printed command after `mixture`; none of these tests needs quotes.
fn words(command: &Value) -> Vec<String> {
    let words = command.as_str().expect("a command").split(' ');
    words.skip(1).map(String::from).collect()
}

#[test]
fn the_winner_is_the_model_of_the_printed_command_for_any_number_of_threads() {
    let folder = folder("select_winner");
    let data = case_file("select_faithful", "data.csv");
    let (mut models, mut tables) = (Vec::new(), Vec::new());
    for threads in ["1", "3"] {
        let model = folder.join(format!("{threads}.json")).display().to_string();
        let table = folder.join(format!("{threads}.csv")).display().to_string();
        let chosen = select(&[
            &data,
            "-k",
            "1..3",
            "--family",
            "gaussian",
            "--covariance",
            "EEE,VVV",
            "--seed",
            "5",
            "--restarts",
            "3",
            "--threads",
            threads,
            "--output",
            &model,
            "--table",
            &table,
        ]);
        let mut command = words(&chosen["command"]);
        let output = command
            .iter()
            .position(|word| *word == model)
            .expect("the output");
        let again = folder.join("again.json").display().to_string();
        command[output] = again.clone();
        succeed(&command);
        let read = |path: &str| std::fs::read_to_string(path).expect("a model");
        assert_eq!(read(&model), read(&again));
        models.push(read(&model));
        tables.push(read(&table));
    }
    assert_eq!(models[0], models[1]);
    assert_eq!(tables[0], tables[1]);
    assert_eq!(records(&tables[0]).len(), 1 + 6);
}

#[test]
fn every_candidate_is_its_own_fit_and_the_order_is_by_the_criterion() {
    let data = case_file("select_acidity", "data.csv");
    let criteria = [
        ("bic", "bic"),
        ("aic", "aic"),
        ("icl", "icl"),
        ("sabic", "sabic"),
    ];
    for (criterion, field) in criteria {
        let chosen = select(&[
            &data,
            "-k",
            "1..3",
            "--family",
            "normal,gamma",
            "--criterion",
            criterion,
            "--restarts",
            "4",
        ]);
        let ranked = chosen["ranked"].as_array().expect("a list");
        assert_eq!(ranked.len(), 6);
        let value = |row: &Value| row["value"].as_f64().expect("a value");
        for (place, row) in ranked.iter().enumerate() {
            assert_eq!(row["rank"], place + 1);
            assert_eq!(row["value"], row[field]);
            assert_eq!(
                row["difference"].as_f64(),
                Some(value(row) - value(&ranked[0]))
            );
            assert!(place == 0 || value(row) >= value(&ranked[place - 1]));
        }
        if criterion != "sabic" {
            continue;
        }
        for row in ranked {
            let mut command = words(&row["command"]);
            command.extend(["--format".into(), "json".into()]);
            let fitted: Value = serde_json::from_str(&succeed(&command)).expect("JSON");
            assert_eq!(fitted["fit"]["log_likelihood"], row["log_likelihood"]);
            let (l, p) = (row["log_likelihood"].as_f64(), row["parameters"].as_f64());
            let expected = -2.0 * l.unwrap() + p.unwrap() * (157.0f64 / 24.0).ln();
            // One rounding each of three numbers near 400.
            assert!((value(row) - expected).abs() < 1e-12 * 400.0);
        }
    }
}

/// Rows of one fold fitted and scored apart, through files.
#[test]
fn cross_validation_is_that_of_files_with_rows_taken_out() {
    let folder = folder("select_folds");
    let data = write(&folder, "data.csv", TWO);
    let lines: Vec<&str> = TWO.lines().skip(1).collect();
    // As many folds as rows: each row is set aside alone, whatever the shuffle.
    let folds = lines.len().to_string();
    let chosen = select(&[
        &data,
        "-k",
        "1..2",
        "--family",
        "poisson",
        "--columns",
        "y",
        "--criterion",
        "cross-validation",
        "--folds",
        &folds,
    ]);
    for row in chosen["ranked"].as_array().expect("a list") {
        let count = row["components"].to_string();
        let mut expected = 0.0;
        for out in 0..lines.len() {
            let of = |keep: fn(usize, usize) -> bool| {
                let kept = lines.iter().enumerate().filter(|(i, _)| keep(*i, out));
                let text: Vec<&str> = kept.map(|(_, line)| *line).collect();
                format!("x,y\n{}\n", text.join("\n"))
            };
            let train = write(&folder, "train.csv", of(|i, out| i != out));
            let test = write(&folder, "test.csv", of(|i, out| i == out));
            let model = folder.join("model.json").display().to_string();
            succeed(&[
                "fit",
                &train,
                "-k",
                &count,
                "--family",
                "poisson",
                "--columns",
                "y",
                "--output",
                &model,
            ]);
            let scored = records(&succeed(&["score", &model, &test]));
            expected += scored[1][0].parse::<f64>().expect("a number");
        }
        let held = row["held_out_log_likelihood"].as_f64().expect("a number");
        // Each fit ends within 1e-7 nats of its maximum, at which parameters differ by its root.
        assert!((held - expected).abs() < 1e-3, "{held} {expected}");
        assert_eq!(row["value"].as_f64(), Some(-2.0 * held));
        assert!(row["held_out_standard_error"].as_f64() > Some(0.0));
    }
    let held_out = select(&[
        &data,
        "-k",
        "2",
        "--family",
        "poisson",
        "--columns",
        "y",
        "--criterion",
        "held-out",
        "--share",
        "0.25",
    ]);
    assert!(held_out["ranked"][0]["held_out_log_likelihood"].is_number());
    assert!(held_out["ranked"][0]["held_out_standard_error"].is_null());
}

#[test]
fn families_off_their_support_are_listed_with_the_reason() {
    let folder = folder("select_support");
    let data = write(
        &folder,
        "data.csv",
        "x\n-1.5\n0.2\n0.4\n1.1\n-0.7\n0.9\n2.1\n-0.2\n",
    );
    let chosen = select(&[&data, "-k", "1", "--family", "normal,gamma,student_t"]);
    let names = |list: &str| -> Vec<String> {
        let rows = chosen[list].as_array().expect("a list").iter();
        rows.map(|row| row["family"].as_str().expect("a name").to_string())
            .collect()
    };
    assert_eq!(names("failed"), ["gamma"]);
    let reason = chosen["failed"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("line 2") && reason.contains("-1.5"),
        "{reason}"
    );
    assert_eq!(names("ranked").len() + names("unranked").len(), 2);
    let nothing = mixture(&["select", &data, "-k", "1..2", "--family", "gamma"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (2, ""));
    assert!(
        nothing.stderr.contains("no candidate is left"),
        "{}",
        nothing.stderr
    );
}

/// Near ties among values that are far apart: a narrow normal on them has a likelihood next to no bound.
#[test]
fn a_spike_does_not_win() {
    let folder = folder("select_spike");
    let data = write(
        &folder,
        "data.csv",
        "x\n5\n5.0001\n5.0002\n4.9999\n5\n100\n300\n900\n-400\n-700\n50\n-120\n640\n-310\n",
    );
    let chosen = select(&[
        &data,
        "-k",
        "1..2",
        "--family",
        "normal",
        "--restarts",
        "30",
    ]);
    assert_eq!(chosen["ranked"][0]["components"], 1);
    let spike = &chosen["unranked"][0];
    assert_eq!(spike["components"], 2);
    assert!(
        spike["reason"]
            .as_str()
            .expect("a reason")
            .contains("spike"),
        "{spike}"
    );
    assert!(spike["value"].as_f64() < chosen["ranked"][0]["value"].as_f64());
}

#[test]
fn tests_of_the_number_of_components() {
    let folder = folder("select_tests");
    let data = write(&folder, "data.csv", TWO);
    let model = folder.join("model.json").display().to_string();
    let options = [
        &*data,
        "-k",
        "1..4",
        "--family",
        "poisson",
        "--columns",
        "y",
        "--criterion",
        "likelihood-ratio",
        "--replicates",
        "39",
        "--restarts",
        "2",
    ];
    let mut outcomes = Vec::new();
    for threads in ["1", "3"] {
        let mut all = options.to_vec();
        all.extend(["--threads", threads, "--output", &model]);
        outcomes.push(select(&all));
    }
    assert_eq!(outcomes[0], outcomes[1]);
    let tested = outcomes[0]["tested"].as_array().expect("a list");
    assert_eq!(tested.len(), 3, "2 against 3 ends the sequence");
    assert_eq!(tested[0]["p_value"], 1.0 / 40.0);
    assert!(tested[1]["p_value"].as_f64() > Some(0.05));
    assert_eq!(tested[1]["rank"], 1);
    assert!(tested[2]["p_value"].is_null());
    let l = |k: usize| tested[k]["log_likelihood"].as_f64().expect("a number");
    assert_eq!(tested[0]["statistic"].as_f64(), Some(2.0 * (l(1) - l(0))));
    let file = std::fs::read_to_string(&model).expect("a model");
    let file: Value = serde_json::from_str(&file).expect("JSON");
    assert_eq!(file["weights"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_cannot_be_selected_is_refused() {
    let folder = folder("select_refused");
    let data = write(&folder, "data.csv", TWO);
    let same = folder.join("same.json").display().to_string();
    let rows: &[(&str, &[&str])] = &[
        ("", &["-k"]),
        ("-k 0..3 --family normal", &["at least 1"]),
        ("-k 3..1 --family normal", &["1..9"]),
        ("-k 1..3", &["name a model"]),
        (
            "-k 1..3 --family normal,gama",
            &["no family is called gama (is gamma meant?)"],
        ),
        ("-k 1..3 --family normal,normal", &["named twice"]),
        (
            "-k 1..3 --family normal --covariance all",
            &["--covariance all", "no part"],
        ),
        ("-k 1..3 --family gaussian --covariance VVV,VXV", &["VXV"]),
        (
            "-k 1..3 --family gaussian --covariance EEE,EEE",
            &["named twice"],
        ),
        (
            "-k 1..3 --family normal --folds 5",
            &["--folds belongs to --criterion cross-validation"],
        ),
        (
            "-k 1..3 --family normal --criterion held-out --share 1",
            &["--share", "between 0 and 1"],
        ),
        (
            "-k 1..3 --family normal --criterion likelihood-ratio --level 0",
            &["--level"],
        ),
        (
            "-k 1..3 --family normal --criterion likelihood-ratio --replicates 0",
            &["--replicates"],
        ),
        (
            "-k 1..3 --family normal,gamma --criterion likelihood-ratio",
            &["one family"],
        ),
        (
            "-k 2 --family normal --criterion likelihood-ratio",
            &["at least two numbers"],
        ),
        (
            "-k 1..2 --family gaussian --noise --criterion likelihood-ratio",
            &["--noise"],
        ),
        (
            "-k 1..2 --family normal --trace t.csv",
            &["--trace belongs to a single fit"],
        ),
        (
            "-k 2 --family normal --init-labels y",
            &["--init-labels belongs to a single fit"],
        ),
        ("-k 1..2 --family normal --tolerance x", &["number of nats"]),
        ("-k 1..2 --family normal --columns z", &["z"]),
        (
            "-k 1..2 --family normal --table SAME --output SAME",
            &["the same file"],
        ),
        (
            "-k 1..2 --family normal --output DATA",
            &["this is the file of the data"],
        ),
        (
            "-k 13..14 --family normal",
            &["no candidate is left", "more than the number of rows"],
        ),
        (
            "-k 1..2 --family normal --criterion cross-validation --folds 13",
            &["13 folds"],
        ),
    ];
    for (options, words) in rows {
        let options = options.replace("SAME", &same).replace("DATA", &data);
        let mut arguments = vec!["select", &*data];
        arguments.extend(options.split_whitespace());
        let run = mixture(&arguments);
        assert_eq!(run.code, 2, "{options}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{options}");
        for word in *words {
            assert!(
                run.stderr.contains(word),
                "{options}: no \"{word}\" in {}",
                run.stderr
            );
        }
    }
    assert!(!std::path::Path::new(&same).exists());
    let unconverged = mixture(&[
        "select",
        &data,
        "-k",
        "2",
        "--family",
        "normal",
        "--max-iterations",
        "1",
        "--require-convergence",
        "--output",
        &same,
    ]);
    assert_eq!(unconverged.code, 3, "{}", unconverged.stderr);
    assert!(!std::path::Path::new(&same).exists());
}
