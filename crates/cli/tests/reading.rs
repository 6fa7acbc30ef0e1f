//! Text as the world writes it: the same numbers make the same model, whatever the dialect.

mod support;

use std::io::Write;
use std::process::{Command, Stdio};
use support::{folder, mixture, succeed, write};

const PLAIN: &str = "a,b\n1.5,20\n2.5,10\n-3,50\n4.25,0.5\n";
const FIT: &str = "--family normal -k 1 --format json";

fn fit(data: &str, options: &str) -> String {
    let words = format!("{FIT} {options}");
    let words: Vec<&str> = words.split_whitespace().collect();
    succeed(&[&["fit", data], words.as_slice()].concat())
}

#[test]
fn every_way_of_writing_gives_the_same_model() {
    let folder = folder("reading");
    let expected = fit(&write(&folder, "plain.csv", PLAIN), "");
    let ways = [
        (
            "crlf.csv",
            "\u{feff}a,b\r\n1.5,20\r\n2.5,10\r\n-3,50\r\n4.25,0.5",
            "",
        ),
        (
            "quoted.csv",
            "\"a\",\"b\"\n\"1.5\",20\n 2.5 , 1e1\n-3.0,+50\n425e-2,.5\n",
            "",
        ),
        (
            "tabs.tsv",
            "a\tb\n1.5\t20\n2.5\t10\n-3\t50\n4.25\t0.5\n",
            "",
        ),
        (
            "tabs.txt",
            "a\tb\n1.5\t20\n2.5\t10\n-3\t50\n4.25\t0.5\n",
            "--delimiter tab",
        ),
        (
            "pipe.csv",
            "a | b\n1.5|20\n2.5|10\n-3|50\n4.25|0.5\n",
            "--delimiter |",
        ),
        (
            "comma.csv",
            "a;b\n1,5;20\n2,5;10\n-3;50\n4,25;0,5\n",
            "--delimiter ; --decimal ,",
        ),
        (
            "quoted_comma.csv",
            "a;b\n\"1,5\";2e1\n2,5;10\n-3,0;50\n4,25;0,5\n",
            "--delimiter semicolon --decimal ,",
        ),
    ];
    for (name, text, options) in ways {
        let data = write(&folder, name, text);
        assert_eq!(fit(&data, options), expected, "{name}");
    }
    // Without a header the columns have the names that those of an array have.
    let data = write(&folder, "bare.csv", &PLAIN[4..]);
    let named = expected
        .replace("\"a\"", "\"c0\"")
        .replace("\"b\"", "\"c1\"");
    assert_eq!(fit(&data, "--no-header"), named);
}

/// A start beside the data is written as they are, and so is what a model is applied to.
#[test]
fn the_dialect_holds_for_every_file_of_a_command() {
    let folder = folder("reading_companions");
    let data = write(
        &folder,
        "data.csv",
        "1,5;u\n2,5;v\n2;u\n1,75;v\n9,5;u\n8,25;v\n9;u\n8,5;v\n",
    );
    let shares = write(
        &folder,
        "shares.csv",
        "0,9;0,1\n".repeat(4) + &"0,2;0,8\n".repeat(4),
    );
    let model = folder.join("model.json").display().to_string();
    let dialect = ["--delimiter", ";", "--decimal", ",", "--no-header"];
    let fitting = [
        "fit",
        &data,
        "--family",
        "normal",
        "--columns",
        "c0",
        "-k",
        "2",
    ];
    let start = ["--init-responsibilities", &shares, "--output", &model];
    succeed(&[&fitting[..], &start, &dialect].concat());
    let kept = succeed(&[&["predict", &model, &data, "--keep", "c0,c1"], &dialect[..]].concat());
    assert!(
        kept.contains("\"1,5\",u"),
        "a cell is kept as it stands: {kept}"
    );
    let plain = write(
        &folder,
        "plain.csv",
        "c0\n1.5\n2.5\n2\n1.75\n9.5\n8.25\n9\n8.5\n",
    );
    for verb in ["score", "cdf"] {
        let written = mixture(&[&[verb, &model, &data], &dialect[..]].concat());
        // A model of two components has a distribution function, too.
        assert_eq!(
            written.stdout,
            succeed(&[verb, &model, &plain]),
            "{}",
            written.stderr
        );
    }
}

#[test]
fn standard_input_has_a_dialect_too() {
    let run = |text: &str, options: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mixture"));
        command.args([
            "fit",
            "-",
            "--algorithm",
            "online",
            "--family",
            "normal",
            "-k",
            "1",
        ]);
        command.args(["--format", "json"]).args(options);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.stderr(Stdio::piped()).spawn().expect("it runs");
        let mut stdin = child.stdin.take().expect("stdin");
        stdin.write_all(text.as_bytes()).expect("written");
        drop(stdin);
        let ended = child.wait_with_output().expect("it ends");
        assert!(
            ended.status.success(),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        String::from_utf8(ended.stdout).expect("UTF-8")
    };
    let plain = run("c0,c1\n1.5,2\n3,4\n2,9.25\n", &[]);
    let options = ["--delimiter", "tab", "--decimal", ",", "--no-header"];
    assert_eq!(run("1,5\t2\n3\t4\n2\t9,25\n", &options), plain);
}

#[test]
fn what_would_be_guessed_wrong_is_refused() {
    let folder = folder("reading_refused");
    let rows: [(&str, &str, &[&str]); 9] = [
        ("a;b\n1;2\n", "", &["semicolons: try --delimiter semicolon"]),
        ("a\tb\n1\t2\n", "", &["tabs: try --delimiter tab"]),
        (
            "a;b\n1;2\n",
            "--decimal ,",
            &["--decimal ,", "--delimiter semicolon"],
        ),
        (
            "a;b\n1,5;2\n1.5;3\n",
            "--delimiter ; --decimal ,",
            &["line 3, column a", "\"1.5\" is not a number"],
        ),
        (
            "a;b\n1,5;2\n1,0,5;3\n",
            "--delimiter ; --decimal ,",
            &["line 3, column a", "\"1,0,5\" is not a number"],
        ),
        (
            "a,b\n1,2\n",
            "--delimiter 7",
            &["--delimiter", "part of no"],
        ),
        (
            "a,b\n1,2\n",
            "--decimal ;",
            &["--decimal", "possible values"],
        ),
        ("1,2\n1,x\n", "--no-header", &["line 2, column c1", "\"x\""]),
        (
            "1,2\n1\n",
            "--no-header",
            &["line 2", "1 field, 2 expected"],
        ),
    ];
    for (text, options, words) in rows {
        let data = write(&folder, "data.csv", text);
        let all = format!("fit {data} {FIT} {options}");
        let run = mixture(&all.split_whitespace().collect::<Vec<_>>());
        let what = format!("{text:?} {options}: {}", run.stderr);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{what}");
        assert!(words.iter().all(|word| run.stderr.contains(word)), "{what}");
    }
    let array = folder.join("data.npy").display().to_string();
    let data = write(&folder, "data.csv", PLAIN);
    succeed(&["convert", &data, &array]);
    let run = mixture(&[
        "fit",
        &array,
        "--family",
        "normal",
        "-k",
        "1",
        "--no-header",
    ]);
    assert!(
        run.code == 2 && run.stderr.contains("are for text"),
        "{}",
        run.stderr
    );
}

/// More different cells than a few: what is kept of a column is not its text, and what is written is.
#[test]
fn cells_are_written_as_they_stand() {
    let folder = folder("reading_text");
    let cells = |i: usize| {
        let x = ["1.50", " 2e0", "+3", ".25", "NA"][i % 5].to_string()
            + if i % 5 < 4 { "0" } else { "" };
        let x = if i.is_multiple_of(2) {
            format!("{}.{i:04}0", i % 7)
        } else {
            x
        };
        format!(
            "{x},{},name {i},\"{}\"",
            i * 3 + 100,
            ["u", "v", "w,w"][i % 3]
        )
    };
    let text: String = (0..1000).map(|i| cells(i) + "\n").collect();
    let data = write(&folder, "data.csv", format!("x,number,name,level\n{text}"));
    let model = folder.join("model.json").display().to_string();
    let fit = [
        "fit",
        &data,
        "--family",
        "normal",
        "--columns",
        "x",
        "-k",
        "1",
        "--missing",
        "drop",
    ];
    succeed(&[&fit[..], &["--output", &model]].concat());
    let kept = succeed(&[
        "predict",
        &model,
        &data,
        "--missing",
        "drop",
        "--keep",
        "x,number,name,level",
    ]);
    for (i, line) in kept.lines().skip(1).enumerate() {
        let fields: Vec<&str> = line.splitn(4, ',').collect();
        let expected = cells(i).replacen("\"u\"", "u", 1).replacen("\"v\"", "v", 1);
        assert_eq!(fields[3], expected.trim(), "row {i}");
    }
    // Labels, groups and levels of many texts.
    let many = [
        "fit",
        &data,
        "--part",
        "categorical:name",
        "-k",
        "1",
        "--format",
        "json",
    ];
    let file: serde_json::Value = serde_json::from_str(&succeed(&many)).expect("a model");
    let levels = file["parts"][0]["levels"].as_array().expect("levels");
    assert_eq!(
        (levels.len(), &levels[1]),
        (1000, &serde_json::json!("name 1"))
    );
    for column in ["number", "name"] {
        let grouped = [&fit[..], &["--group", column, "--format", "json"]].concat();
        let file: serde_json::Value = serde_json::from_str(&succeed(&grouped)).expect("a model");
        assert_eq!(file["fit"]["groups"], 900, "{column}");
    }
    let wrong = mixture(&[&fit[..], &["--init-labels", "number"]].concat());
    assert!(
        wrong.stderr.contains("900 distinct labels for 1 component"),
        "{}",
        wrong.stderr
    );
    // A cell that is no number, far behind those that are.
    let bad = text.replacen(
        &cells(700),
        &cells(700).replacen("0.07000", "0.07000x", 1),
        1,
    );
    assert_ne!(bad, text);
    let data = write(&folder, "bad.csv", format!("x,number,name,level\n\n{bad}"));
    let run = mixture(&[
        "fit",
        &data,
        "--family",
        "normal",
        "--missing",
        "drop",
        "-k",
        "1",
    ]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("line 703, column x: \"0.07000x\" is not a number"),
        "{}",
        run.stderr
    );
}

/// What cannot be read twice is held.
#[cfg(unix)]
#[test]
fn a_pipe_is_read_as_a_file_is() {
    let folder = folder("reading_pipe");
    let rows: String = (0..600)
        .map(|i| format!("{}.5,name {i}\n", i % 300))
        .collect();
    let text = format!("a,name\n{rows}");
    let data = write(&folder, "data.csv", &text);
    let model = folder.join("model.json").display().to_string();
    let fit = [
        "--family", "normal", "-k", "2", "--format", "json", "--output", &model,
    ];
    let expected = succeed(&[&["fit", &data], &fit[..]].concat());
    let through = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mixture"));
        let pipes = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = pipes.stderr(Stdio::inherit()).spawn().expect("it runs");
        let mut stdin = child.stdin.take().expect("stdin");
        stdin.write_all(text.as_bytes()).expect("written");
        drop(stdin);
        let ended = child.wait_with_output().expect("it ends");
        assert!(ended.status.success());
        String::from_utf8(ended.stdout).expect("UTF-8")
    };
    assert_eq!(
        through(&[&["fit", "/dev/stdin"], &fit[..]].concat()),
        expected
    );
    let keep = ["--keep", "a,name"];
    let expected = succeed(&[&["predict", &model, &data], &keep[..]].concat());
    assert_eq!(
        through(&[&["predict", &model, "/dev/stdin"], &keep[..]].concat()),
        expected
    );
}

/// Rows with gaps, as text, as text with decimal commas, through a pipe's kind of file, and as an array.
#[test]
fn missing_cells_mean_the_same_in_every_kind_of_file() {
    let folder = folder("reading_missing");
    let cell = |i: usize, j: usize| match (i * 7 + j * 3) % 11 {
        0 => ["", "NA", "NaN", "null"][i % 4].to_string(),
        n => format!("{}.{}", (n * n + i) % 9, j + 2),
    };
    let line = |i: usize| format!("{},{}\n", cell(i, 0), cell(i, 1));
    let text: String = (0..60).map(line).collect();
    let plain = write(&folder, "plain.csv", &text);
    let array = folder.join("array.npy").display().to_string();
    succeed(&["convert", &plain, &array, "--no-header"]);
    let commas = text.replace(',', ";").replace('.', ",");
    let commas = write(&folder, "commas.csv", commas);
    let kinds: [(&str, &[&str], &str); 3] = [
        (&plain, &["--no-header"], "line "),
        (
            &commas,
            &["--no-header", "--delimiter", ";", "--decimal", ","],
            "line ",
        ),
        (&array, &[], "row "),
    ];
    let fit = [
        "--family",
        "gaussian",
        "-k",
        "1",
        "--format",
        "json",
        "--missing",
    ];
    for missing in ["drop", "em"] {
        let made = kinds.map(|(data, dialect, _)| {
            succeed(&[&["fit", data], dialect, &fit[..], &[missing]].concat())
        });
        assert_eq!(made[0], made[1], "{missing}");
        assert_eq!(made[0], made[2], "{missing}");
    }
    for (data, dialect, place) in kinds {
        let run = mixture(&[&["fit", data], dialect, &fit[..], &["error"]].concat());
        assert_eq!(run.code, 2, "{}", run.stderr);
        let words = [data, place, "column c0", "the cell is missing"];
        assert!(
            words.iter().all(|word| run.stderr.contains(word)),
            "{}",
            run.stderr
        );
    }
}
