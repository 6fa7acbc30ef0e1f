//! Gaussian parts over rows with missing cells, through the binary.

mod support;

use serde_json::Value;
use support::{fit_json, folder, mixture, mixture_fed, succeed, write};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn fit(text: &str) -> Value {
    fit_json(&words(text))
}

fn value(of: &Value, pointer: &str) -> f64 {
    let found = of.pointer(pointer).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("no number at {pointer} of {of}"))
}

#[track_caller]
fn close(a: f64, b: f64, relative: f64) {
    assert!(
        (a - b).abs() <= relative * b.abs().max(1e-300),
        "{a} is not {b} to {relative}"
    );
}

/// Two clumps in three columns, every second row without one of its cells; a row of nothing; and the rows
/// that are complete, as pairs of a label and cells.
fn rows() -> String {
    let mut text = String::from("g,a,b,c\n");
    for i in 0..80u32 {
        // Seeded by hand: the fractional parts of multiples of √2, √3 and √5.
        let fraction = |root: f64| (f64::from(i) * root.sqrt()).fract() - 0.5;
        let (a, noise, c) = (fraction(2.0), fraction(3.0), fraction(5.0));
        let shift = if i % 2 == 0 { 0.0 } else { 4.0 };
        let cells = [shift + a, 2.0 * a + 0.5 * noise, c + 0.5 * noise - shift];
        let cells = cells.iter().enumerate().map(|(j, cell)| {
            if i as usize % 6 == 2 * j + 1 {
                ["", "NA", "null"][j].to_string()
            } else {
                cell.to_string()
            }
        });
        let cells: Vec<String> = cells.collect();
        text.push_str(&format!("{},{}\n", i % 2, cells.join(",")));
    }
    text + "0,,NA,\n"
}

const TIGHT: &str = "--tolerance 1e-11 --max-iterations 100000";

/// Under a diagonal covariance a gaussian part is a product of normal parts, to which a missing cell says nothing.
#[test]
fn a_diagonal_part_is_a_product_of_normals() {
    let folder = folder("missing_diagonal");
    let file = write(&folder, "data.csv", rows());
    let common = format!("{file} -k 2 --columns a,b,c --init-labels g --missing em {TIGHT}");
    let one = fit(&format!("{common} --family gaussian --covariance diag"));
    let many = fit(&format!("{common} --family normal"));
    close(
        value(&one, "/fit/log_likelihood"),
        value(&many, "/fit/log_likelihood"),
        1e-12,
    );
    for key in ["bic", "icl", "parameters", "observations"] {
        let pointer = format!("/fit/{key}");
        close(value(&one, &pointer), value(&many, &pointer), 1e-9);
    }
    // 80 rows count, the row of nothing does not.
    assert_eq!(value(&one, "/fit/observations"), 80.0);
    for k in 0..2 {
        for j in 0..3 {
            let (mean, variance) = (
                format!("/components/{k}/mean/{j}"),
                format!("/components/{k}/covariance/{j}/{j}"),
            );
            let normal = format!("/components/{k}/parts/{j}");
            close(
                value(&one, &mean),
                value(&many, &format!("{normal}/mean")),
                1e-5,
            );
            close(
                value(&one, &variance),
                value(&many, &format!("{normal}/variance")),
                1e-5,
            );
        }
    }
}

/// Anderson (1957): where one column is complete, the maximum for a bivariate normal is the product of the
/// mean and variance of that column and the regression of the other on it in the rows that have both.
#[test]
fn a_monotone_pattern_has_a_closed_form() {
    let folder = folder("missing_monotone");
    let (x, y) = (
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0, 12.0],
        [2.1, 3.9, 6.2, 7.8, 10.3, 11.7],
    );
    let cell = |i: usize| y.get(i).map_or(String::new(), f64::to_string);
    let lines = x
        .iter()
        .enumerate()
        .map(|(i, x)| format!("{x},{}\n", cell(i)));
    let text = format!("x,y\n{}", lines.collect::<String>());
    let file = write(&folder, "data.csv", text);
    let fitted = fit(&format!(
        "{file} --family gaussian -k 1 --missing em {TIGHT}"
    ));
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(&x[..6]), mean(&y));
    let product = |a: &[f64], b: &[f64], ma: f64, mb: f64| {
        let terms = a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb));
        terms.sum::<f64>() / a.len() as f64
    };
    let (xx, xy, yy) = (
        product(&x[..6], &x[..6], mx, mx),
        product(&x[..6], &y, mx, my),
        product(&y, &y, my, my),
    );
    let (slope, residual) = (xy / xx, yy - xy * xy / xx);
    let (all, variance) = (mean(&x), product(&x, &x, mean(&x), mean(&x)));
    // The fit stops within 1e-11 nats: an error e of a parameter costs e².
    let near = |pointer: &str, expected: f64| close(value(&fitted, pointer), expected, 1e-5);
    near("/components/0/mean/0", all);
    near("/components/0/mean/1", my + slope * (all - mx));
    near("/components/0/covariance/0/0", variance);
    near("/components/0/covariance/0/1", slope * variance);
    near(
        "/components/0/covariance/1/1",
        residual + slope * slope * variance,
    );
    let normal =
        |n: f64, variance: f64| -0.5 * n * ((2.0 * std::f64::consts::PI * variance).ln() + 1.0);
    let expected = normal(8.0, variance) + normal(6.0, residual);
    close(value(&fitted, "/fit/log_likelihood"), expected, 1e-12);
}

/// A model answers for rows with gaps; a row of nothing has density 1 and the mixing weights.
#[test]
fn predict_and_score_take_gaps() {
    let folder = folder("missing_predict");
    let file = write(&folder, "data.csv", rows());
    let model = folder.join("model.json").display().to_string();
    let start = format!("{file} -k 2 --columns a,b,c --init-labels g --missing em");
    succeed(&words(&format!(
        "fit {start} --family gaussian --covariance VEE --output {model}"
    )));
    let total = succeed(&words(&format!(
        "score {model} {file} --missing em --total"
    )));
    let text = std::fs::read_to_string(&model).expect("the model");
    let fitted: Value = serde_json::from_str(&text).expect("JSON");
    let total: Vec<f64> = (total.lines().nth(1).expect("numbers").split(','))
        .map(|cell| cell.parse().expect("a number"))
        .collect();
    assert_eq!(total[2], 80.0);
    close(total[0], value(&fitted, "/fit/log_likelihood"), 1e-12);
    let predicted = succeed(&words(&format!("predict {model} {file} --missing em")));
    let lines: Vec<Vec<f64>> = (predicted.lines().skip(1))
        .map(|line| {
            line.split(',')
                .map(|cell| cell.parse().expect("a number"))
                .collect()
        })
        .collect();
    assert_eq!(lines.len(), 81);
    assert!((0..80).all(|i| lines[i][0] == (i % 2) as f64));
    close(1.0 + lines[80][1], 1.0, 1e-14);
    for k in 0..2 {
        close(
            lines[80][2 + k],
            value(&fitted, &format!("/weights/{k}")),
            1e-12,
        );
    }
    // Draws are whole rows, and the model a start.
    let drawn = succeed(&words(&format!("sample {model} -n 5 --seed 1")));
    assert!(
        drawn
            .lines()
            .skip(1)
            .all(|line| line.split(',').all(|cell| cell.parse::<f64>().is_ok()))
    );
    let again = fit(&format!(
        "{file} --missing em --init-model {model} --max-iterations 0"
    ));
    assert_eq!(again["components"], fitted["components"]);
    // Without the option a gap is an error, in each of the verbs.
    for verb in ["predict", "score"] {
        let run = mixture(&words(&format!("{verb} {model} {file}")));
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stderr.contains("the cell is missing"), "{}", run.stderr);
    }
}

/// In a product a gaussian part takes the cells it has, and the other parts theirs; every start finds the same.
#[test]
fn products_and_starts_take_gaps() {
    let folder = folder("missing_product");
    let file = write(&folder, "data.csv", rows());
    let model = "-k 2 --part gaussian:a,b --part normal:c --missing em";
    let fits = [
        "--init-labels g",
        "--init spread --seed 3",
        "--init random --restarts 20",
    ];
    let values = fits.map(|start| {
        value(
            &fit(&format!("{file} {model} {start}")),
            "/fit/log_likelihood",
        )
    });
    close(values[1], values[0], 1e-6);
    close(values[2], values[0], 1e-6);
    let accelerated = fit(&format!(
        "{file} {model} --init-labels g --acceleration squarem"
    ));
    close(value(&accelerated, "/fit/log_likelihood"), values[0], 1e-6);
}

/// A t distribution with very many degrees of freedom is a Gaussian, with gaps too; and a fitted one predicts and
/// scores rows with gaps.
#[test]
fn multivariate_t_distributions_take_gaps() {
    let folder = folder("missing_t");
    let file = write(&folder, "data.csv", rows());
    let base = format!("{file} -k 2 --columns a,b,c --missing em --init-labels g");
    let gaussian = fit(&format!("{base} --family gaussian"));
    let limit = fit(&format!("{base} --family multivariate_t --set df=1e9"));
    let log_likelihood = |fit: &Value| value(fit, "/fit/log_likelihood");
    close(log_likelihood(&limit), log_likelihood(&gaussian), 1e-4);
    let model = folder.join("t.json").display().to_string();
    // These tails are light, so that the free degrees of freedom end at their bound. Fits of the default tolerance
    // stop some 1e-6 nats below the maximum, one of 1e-12 does not.
    let free = fit(&format!(
        "{base} --family multivariate_t --tolerance 1e-12 --output {model}"
    ));
    assert!(log_likelihood(&free) >= log_likelihood(&limit));
    let scored = mixture(&words(&format!(
        "score {model} {file} --missing em --total"
    )));
    assert_eq!(scored.code, 0, "{}", scored.stderr);
    let total = scored
        .stdout
        .lines()
        .nth(1)
        .and_then(|line| line.split(',').next());
    let total: f64 = total.and_then(|text| text.parse().ok()).expect("a total");
    close(total, log_likelihood(&free), 1e-9);
}

#[test]
fn what_needs_whole_rows_says_so() {
    let folder = folder("missing_refused");
    let file = write(&folder, "data.csv", rows());
    let cases = [
        (
            "--family factor_analyzers --set factors=0",
            "factor_analyzers over several columns; --missing drop",
        ),
        (
            "--family gaussian --noise",
            "noise beside family gaussian needs rows without gaps",
        ),
    ];
    for (options, message) in cases {
        let run = mixture(&words(&format!(
            "fit {file} -k 2 --columns a,b,c --missing em {options}"
        )));
        assert_eq!(run.code, 2, "{options}: {}", run.stderr);
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
}

/// A pipe cannot be read twice, and gives the same as a file all the same.
#[cfg(target_os = "linux")]
#[test]
fn missing_cells_on_a_pipe_are_those_of_a_file() {
    let folder = folder("missing_pipe");
    let data = write(&folder, "data.csv", rows());
    for options in [
        "--missing drop --family gaussian --columns a,b -k 2",
        "--missing em --family gaussian --columns a,b,c -k 2",
        "--missing em --part normal:a --part categorical:g -k 2",
        "--missing error --family gaussian --columns a,b -k 2",
        "--family normal --columns c -k 2",
    ] {
        let run = |file: &str| {
            let words = words(&format!("fit {file} {options} --format json"));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let run = mixture_fed(&words, &rows());
            let [out, err] = [run.stdout, run.stderr].map(|text| text.replace(file, "FILE"));
            (run.code, out, err)
        };
        let (file, pipe) = (run(&data), run("/dev/stdin"));
        assert_eq!(file, pipe, "{options}");
        assert_eq!(
            file.0,
            if options.contains("--missing ") && !options.contains("error") {
                0
            } else {
                2
            },
            "{options}"
        );
    }
}

/// Rows of standard input that come once: those with a missing cell are refused, or are as if not there.
#[test]
fn missing_cells_of_a_stream_are_refused_or_left_out() {
    let cell = |i: usize| ((i * 37) % 64) as f64 / 16.0 + (i % 2) as f64 * 20.0;
    let line = |i: usize| match i % 5 {
        3 => "NA\n".to_string(),
        _ => format!("{}\n", cell(i)),
    };
    let all: String = (0..400).map(line).collect();
    let observed: String = (0..400).filter(|i| i % 5 != 3).map(line).collect();
    let fit = |text: &str, missing: &str| {
        let words = words(&format!(
            "fit - --algorithm online --family normal -k 2 --batch-rows 1000 --format json --missing {missing}"
        ));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        mixture_fed(&words, &format!("x\n{text}"))
    };
    let refused = fit(&all, "error");
    assert_eq!(
        (refused.code, refused.stdout.as_str()),
        (2, ""),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("standard input, line 5, column x"),
        "{}",
        refused.stderr
    );
    let (dropped, expected) = (fit(&all, "drop"), fit(&observed, "error"));
    assert_eq!(
        (dropped.code, expected.code),
        (0, 0),
        "{}{}",
        dropped.stderr,
        expected.stderr
    );
    let parameters = |text: &str| -> (Value, Value) {
        let model: Value = serde_json::from_str(text).unwrap();
        (model["weights"].clone(), model["components"].clone())
    };
    assert_eq!(parameters(&dropped.stdout), parameters(&expected.stdout));
}
