//! Distribution functions, quantiles, anomalies, and arrays made of text.

mod support;

use support::{folder, mixture, records, succeed, write};

const NORMAL: &str = "{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"a\"],\"parts\":[{\"family\":\"normal\",\"columns\":[\"a\"]}],\"weights\":[0.5,0.5],\"components\":[{\"mean\":0,\"variance\":1},{\"mean\":5,\"variance\":1}]}";

fn numbers(text: &str, column: usize) -> Vec<f64> {
    let cell = |record: &Vec<String>| record[column].parse().expect("a number");
    records(text)[1..].iter().map(cell).collect()
}

/// ½Φ(x) + ½Φ(x − 5), with Φ(−5) = 2.866515718791939e-7 (mpmath).
#[test]
fn distribution_function_and_quantiles_of_two_normals() {
    let folder = folder("everyday_cdf");
    let model = write(&folder, "model.json", NORMAL);
    let phi = 2.866_515_718_791_939e-7;
    let printed = succeed(&["cdf", &model, "--at", "0,2.5,-1e9"]);
    let (cdf, sf) = (numbers(&printed, 1), numbers(&printed, 2));
    let expected = 0.25 + 0.5 * phi;
    // Two roundings of numbers near 1/4.
    assert!((cdf[0] - expected).abs() < 1e-16, "{cdf:?}");
    assert_eq!((cdf[1], cdf[2], sf[2]), (0.5, 0.0, 1.0));
    let quantiles = numbers(&succeed(&["quantile", &model, "--at", "0.5,0.25"]), 1);
    assert!((quantiles[0] - 2.5).abs() < 1e-13, "{quantiles:?}");
    // The root of F(x) = 1/4 (mpmath); F resolves it to 2^-54 over a density of 0.2.
    assert!(
        (quantiles[1] + 7.185_262_573_465_237e-7).abs() < 1e-15,
        "{quantiles:?}"
    );
    let data = write(&folder, "data.csv", "b,a\nx,0\ny,2.5\n");
    let of_data = succeed(&["cdf", &model, &data]);
    assert_eq!(numbers(&of_data, 1), cdf[..2]);
}

#[test]
fn point_masses_and_intervals_have_distribution_functions() {
    let folder = folder("everyday_mixed");
    let data = write(
        &folder,
        "data.csv",
        "x,y\n0,1\n0,2\n1,2\n2,5\n4,6\n9,9\n3,\n",
    );
    let model = folder.join("model.json").display().to_string();
    let fit = |options: &str| {
        let all = format!("fit {data} {options} --output {model}");
        succeed(&all.split_whitespace().collect::<Vec<_>>());
    };
    fit("--components point_mass,gamma --columns x --set 0.value=0");
    // Two of seven rows are 0, which the density has no share in.
    let cdf = numbers(&succeed(&["cdf", &model, "--at", "-1,0,1e9"]), 1);
    assert!((cdf[1] - 2.0 / 7.0).abs() < 1e-9, "{cdf:?}");
    assert!(cdf[0] == 0.0 && (cdf[2] - 1.0).abs() < 1e-15, "{cdf:?}");
    fit("--family exponential --interval x,y -k 1");
    let printed = succeed(&["show", &model, "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    let rate = shown["components"][0]["rate"].as_f64().expect("a rate");
    let cdf = numbers(&succeed(&["cdf", &model, "--at", "2"]), 1);
    assert!((cdf[0] + (-2.0 * rate).exp_m1()).abs() < 1e-15, "{cdf:?}");
}

/// 0.5 Φ(4.5) + 0.3 Φ(−0.5) + 0.2 · 4.5/9 (mpmath).
#[test]
fn noise_has_its_share_of_a_distribution_function() {
    let noisy = NORMAL
        .replace(
            "\"normal\",",
            "\"normal\",\"noise\":{\"low\":[0],\"high\":[9]},",
        )
        .replace("[0.5,0.5]", "[0.5,0.3,0.2]");
    let model = write(&folder("everyday_noise"), "model.json", noisy);
    let cdf = numbers(&succeed(&["cdf", &model, "--at", "4.5,1e9"]), 1);
    // A few roundings of numbers below 1.
    assert!((cdf[0] - 0.692_559_562_781_233_7).abs() < 1e-15, "{cdf:?}");
    assert!((cdf[1] - 1.0).abs() < 1e-15, "{cdf:?}");
}

#[test]
fn rows_below_a_quantile_of_the_density_are_flagged() {
    let folder = folder("everyday_flags");
    let model = write(&folder, "model.json", NORMAL);
    // Farther from both means is less dense; the two rows of 9 tie, and one row lacks its cell.
    let data = write(&folder, "data.csv", "a,w\n0,1\n20,1\n9,1\n9,1\n,1\n5,6\n");
    let flags = |options: &[&str]| -> Vec<String> {
        let all = [&["score", &model, &data, "--missing", "drop"], options].concat();
        let lines = records(&succeed(&all));
        assert_eq!(lines[0], ["log_density", "flagged"]);
        lines[1..].iter().map(|line| line[1].clone()).collect()
    };
    assert_eq!(
        flags(&["--flag-below", "0.5"]),
        ["0", "1", "0", "0", "", "0"]
    );
    assert_eq!(
        flags(&["--flag-below", "0.2"]),
        ["0", "0", "0", "0", "", "0"]
    );
    assert_eq!(
        flags(&["--flag-below", "0.7"]),
        ["0", "1", "1", "1", "", "0"]
    );
    // Of a weight of ten the three outer rows have 0.3, which reaches no further than they do.
    let weighted = flags(&["--flag-below", "0.35", "--row-weights", "w"]);
    assert_eq!(weighted, ["0", "1", "1", "1", "", "0"]);
}

#[test]
fn an_array_fits_as_the_text_it_was_made_of() {
    let folder = folder("everyday_convert");
    let text = "1.5,\"2\"\r\n 3e0 ,NA\n-0.25,7\n4,5";
    let data = write(&folder, "data.csv", text);
    let array = folder.join("data.npy").display().to_string();
    let named = succeed(&["convert", &data, &array, "--no-header"]);
    assert_eq!(named, "column,name\nc0,c0\nc1,c1\n");
    let bytes = std::fs::read(&array).expect("the array");
    let numbers: Vec<u8> = [1.5, 2.0, 3.0, f64::NAN, -0.25, 7.0, 4.0, 5.0]
        .iter()
        .flat_map(|number: &f64| number.to_le_bytes())
        .collect();
    let header = bytes.len() - numbers.len();
    assert_eq!(bytes[header..], numbers);
    // The format: magic, version 1.0, the length of the rest of the header, all a multiple of 64.
    assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
    let rest = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!((rest + 10, header % 64), (header, 0));
    let options = "--family normal -k 1 --missing em --format json";
    let fit = |data: &str, more: &[&str]| {
        let options: Vec<&str> = options.split(' ').collect();
        succeed(&[&["fit", data], options.as_slice(), more].concat())
    };
    assert_eq!(fit(&data, &["--no-header"]), fit(&array, &[]));
    let chosen = succeed(&["convert", &data, &array, "--no-header", "--columns", "c1"]);
    assert_eq!(chosen, "column,name\nc0,c1\n");
}

#[test]
fn what_has_no_meaning_is_refused() {
    let folder = folder("everyday_refused");
    let model = write(&folder, "model.json", NORMAL);
    let data = write(&folder, "data.csv", "a,b\n1,x\n2,\n");
    let gaps = write(&folder, "gaps.csv", "a\n1\nNA\n");
    let array = folder.join("data.npy").display().to_string();
    let text = folder.join("data.txt").display().to_string();
    let rows: [(&[&str], &[&str]); 11] = [
        (
            &[
                "score",
                &model,
                &data,
                "--flag-below",
                "0.1",
                "--missing",
                "em",
            ],
            &["--flag-below cannot be combined with --missing em"],
        ),
        (
            &["convert", &data, &array],
            &["line 2, column b", "\"x\" is not a number"],
        ),
        (&["convert", &data, &text], &["ends in .npy"]),
        (
            &["convert", &data, &array, "--columns", "z"],
            &["no column \"z\""],
        ),
        (
            &["quantile", &model, "--at", "0.5,1.5"],
            &["--at", "1.5 is no probability"],
        ),
        (
            &["quantile", &model, "--at", "0.5,x"],
            &["\"x\" is not a finite number"],
        ),
        (&["cdf", &model], &["DATA"]),
        (&["cdf", &model, &gaps], &["line 3, column a", "missing"]),
        (
            &["score", &model, &data, "--flag-below", "1"],
            &["--flag-below", "between 0 and 1"],
        ),
        (
            &["score", &model, &data, "--flag-below", "0.1", "--total"],
            &["--total", "cannot be used"],
        ),
        (
            &["score", &model, &data, "--row-weights", "a"],
            &["--total or --flag-below"],
        ),
    ];
    for (arguments, words) in rows {
        let run = mixture(arguments);
        let what = format!("{arguments:?}: {}", run.stderr);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{what}");
        assert!(words.iter().all(|word| run.stderr.contains(word)), "{what}");
    }
    let left = std::fs::read_dir(&folder).expect("the folder").count();
    assert_eq!(left, 3, "no array and no temporary file");
}
