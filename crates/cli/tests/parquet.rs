//! Parquet files that another library wrote (parquet/generate.py): the same results as from text.

mod support;

use support::mixture;

fn file(name: &str) -> String {
    format!("{}/tests/parquet/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The words must be in the message of a run that refuses its input.
fn refused(arguments: &[&str], words: &[&str]) {
    let run = mixture(arguments);
    let what = format!("{arguments:?}: {}", run.stderr);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{what}");
    assert!(words.iter().all(|word| run.stderr.contains(word)), "{what}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_the_feature_says_how_to_have_it() {
    let words = ["kinds.parquet", "--features parquet"];
    refused(&["fit", &file("kinds.parquet"), "-k", "1"], &words);
}

#[cfg(feature = "parquet")]
mod read {
    use super::*;
    use std::fs;
    use support::{folder, succeed, write};

    const NUMBERS: &str = "double,single,int8,int64,uint32,uint64,truth,price,long,nothing";

    fn array(data: &str, columns: &str) -> Vec<u8> {
        let folder = folder("parquet_convert");
        let output = folder.join("data.npy").display().to_string();
        succeed(&["convert", data, &output, "--columns", columns]);
        fs::read(output).unwrap()
    }

    #[test]
    fn numbers_of_every_kind_are_those_of_the_text() {
        let expected = array(&file("kinds.csv"), NUMBERS);
        assert!(array(&file("kinds.parquet"), NUMBERS) == expected);
        for column in NUMBERS.split(',') {
            assert!(
                array(&file("kinds.parquet"), column) == array(&file("kinds.csv"), column),
                "{column}"
            );
        }
    }

    #[test]
    fn fits_of_numbers_and_texts_are_those_of_the_text() {
        let folder = folder("parquet_fit");
        for options in [
            "--part categorical:town --part categorical:code --part normal:double -k 2 --missing drop",
            "--part categorical:town --part normal:double --part bernoulli:truth -k 2 --missing em",
            "--columns int8,single --family gaussian --covariance diag -k 2",
            "--columns double --family normal -k 2 --missing drop --row-weights int8"
                .replace("int8", "single")
                .as_str(),
            "--part categorical:town --part normal:single --known-labels code -k 2 --missing em",
        ] {
            let results = ["kinds.csv", "kinds.parquet"].map(|name| {
                let model = folder.join("model.json").display().to_string();
                let line = format!(
                    "fit {} {options} --max-iterations 20 --output {model} --format json",
                    file(name)
                );
                let fit = succeed(&line.split(' ').collect::<Vec<_>>());
                let missing = if options.contains("drop") {
                    "drop"
                } else {
                    "em"
                };
                let keep = ["--keep", "town,code,int8,truth", "--missing", missing];
                let predicted = mixture(&[&["predict", &model, &file(name)], &keep[..]].concat());
                (
                    fit,
                    predicted.code,
                    predicted.stdout,
                    predicted.stderr.replace("kinds.parquet", "kinds.csv"),
                )
            });
            assert_eq!(results[0], results[1], "{options}");
        }
    }

    #[test]
    fn every_compression_and_encoding_gives_the_same_cells() {
        let expected = array(&file("none.parquet"), "double,int8");
        for name in ["gzip", "zstd", "lz4", "pages"] {
            let name = file(&format!("{name}.parquet"));
            assert!(array(&name, "double,int8") == expected, "{name}");
        }
    }

    #[test]
    fn groups_of_rows_are_one_column() {
        let text = succeed(&[
            "fit",
            &file("groups.parquet"),
            "--columns",
            "x",
            "--family",
            "normal",
            "-k",
            "2",
            "--format",
            "json",
        ]);
        let model: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(model["fit"]["rows"], 200);
        let mut means: Vec<f64> = (model["components"].as_array().unwrap().iter())
            .map(|component| component["mean"].as_f64().unwrap())
            .collect();
        means.sort_by(f64::total_cmp);
        // Σ i/100 over the even and the odd rows; the clusters do not overlap by much.
        assert!(
            (means[0] - 0.99).abs() < 0.05 && (means[1] - 11.0).abs() < 0.05,
            "{means:?}"
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let kinds = file("kinds.parquet");
        for (column, words) in [
            ("day", "dates or times"),
            ("moment", "dates or times"),
            ("list", "nested"),
            ("pair", "nested"),
            ("half", "binary"),
            ("other", "there is no column"),
        ] {
            refused(
                &[
                    "fit",
                    &kinds,
                    "--columns",
                    column,
                    "-k",
                    "1",
                    "--family",
                    "normal",
                ],
                &["kinds.parquet", column, words],
            );
        }
        let fit = |name: &str, words: &[&str]| {
            refused(
                &[
                    "fit",
                    &file(name),
                    "--columns",
                    "double",
                    "-k",
                    "1",
                    "--family",
                    "normal",
                ],
                words,
            );
        };
        fit("kinds.parquet", &["row 3", "column double", "missing"]);
        fit("empty.parquet", &["no row"]);
        fit("brotli.parquet", &["brotli.parquet", "double"]);
        fit("none.csv.parquet", &["cannot be read", "No such file"]);
        refused(
            &["convert", &file("none.parquet"), "/tmp/never.npy"],
            &["column town", "row 0", "Rome"],
        );
        refused(
            &["convert", &kinds, "/tmp/never.npy", "--columns", "list"],
            &["column list", "nested"],
        );
        refused(
            &[
                "fit",
                &kinds,
                "--columns",
                "int8",
                "--delimiter",
                ";",
                "-k",
                "1",
            ],
            &["--delimiter"],
        );
        let folder = folder("parquet_refused");
        for (name, text) in [
            ("a.parquet", "a,b\n1,2\n"),
            ("b.parquet", ""),
            ("c.parquet", "PAR1PAR1"),
            ("d.PARQUET", "PAR1\u{0}\u{0}\u{0}\u{1}PAR1"),
        ] {
            let path = write(&folder, name, text);
            refused(
                &["fit", &path, "--family", "normal", "-k", "1"],
                &[name, "cannot be read"],
            );
        }
    }

    /// Files that are cut off or changed in one byte: a message, or cells; never a panic.
    #[test]
    fn damaged_files_are_refused_or_read() {
        let folder = folder("parquet_damaged");
        let whole = fs::read(file("zstd.parquet")).unwrap();
        let check = |bytes: &[u8], cut: bool| {
            let path = write(&folder, "damaged.parquet", bytes);
            let output = folder.join("o.npy").display().to_string();
            let run = mixture(&["convert", &path, &output, "--columns", "double,int8"]);
            assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
            assert!(run.code == 2 || (!cut && run.code == 0), "{}", run.stderr);
        };
        for length in (0..whole.len()).step_by(97) {
            check(&whole[..length], true);
        }
        for at in (0..whole.len()).step_by(13) {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            check(&changed, false);
        }
    }
}
