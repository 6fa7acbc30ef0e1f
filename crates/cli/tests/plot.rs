//! Pictures and reports: well-formed, complete, small, the same each time; wrong input is refused.

mod support;

use std::path::{Path, PathBuf};
use support::{folder, mixture, succeed, write};

/// Above it, a picture is too large for a page or a mail.
const LARGEST: usize = 300_000;

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data")
        .join(name);
    path.display().to_string()
}

/// Fits a model and gives its file.
fn fit(folder: &Path, options: &str) -> String {
    let path = folder.join("model.json").display().to_string();
    let words = options.split_whitespace();
    let mut words: Vec<String> = words
        .map(|word| {
            if word.ends_with(".csv") {
                data(word)
            } else {
                word.to_string()
            }
        })
        .collect();
    words.insert(0, "fit".into());
    words.extend(["--seed".into(), "1".into(), "--output".into(), path.clone()]);
    succeed(&words);
    path
}

/// Draws a picture twice, and gives its text.
fn draw(folder: &Path, arguments: &[&str]) -> String {
    let path = folder.join("picture.svg").display().to_string();
    let mut words = vec!["plot"];
    words.extend(arguments);
    words.extend(["--output", &path]);
    succeed(&words);
    let first = std::fs::read_to_string(&path).expect("the picture");
    succeed(&words);
    let second = std::fs::read_to_string(&path).expect("the picture");
    assert_eq!(first, second, "{arguments:?}: the same bytes each time");
    well_formed(&first);
    assert!(
        first.len() < LARGEST,
        "{arguments:?}: {} bytes",
        first.len()
    );
    for word in ["NaN", "inf\""] {
        assert!(!first.contains(word), "{arguments:?}: {word}");
    }
    first
}

/// Whether text is well-formed XML, as far as elements, attributes and references go.
fn well_formed(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        references(&rest[..start]);
        let end = rest[start..].find('>').expect("an end of the tag") + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "elements are nested");
            continue;
        }
        assert!(!tag.contains('<'), "{tag}");
        let name = tag.split([' ', '/', '\n']).next().expect("a name");
        let mut attributes = tag[name.len()..].trim_end_matches('/').trim();
        while !attributes.is_empty() {
            let (key, value) = attributes.split_once("=\"").expect("an attribute");
            assert!(
                key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
                "{key}"
            );
            let (value, after) = value.split_once('"').expect("a closed attribute");
            references(value);
            attributes = after.trim();
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
}

fn references(text: &str) {
    for piece in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        assert!(known.iter().any(|name| piece.starts_with(name)), "&{piece}");
    }
    assert!(!text.chars().any(|c| c.is_control() && !c.is_whitespace()));
}

/// The texts of a picture.
fn has(svg: &str, words: &[&str]) {
    for word in words {
        assert!(svg.contains(&format!(">{word}<")), "no \"{word}\"");
    }
}

#[test]
fn two_columns() {
    let folder = folder("plot_two");
    let model = fit(&folder, "old_faithful.csv --family gaussian -k 2");
    let faithful = data("old_faithful.csv");
    let both = ["eruptions", "waiting", "component 0", "component 1"];
    let plain = draw(&folder, &[&model, &faithful]);
    has(&plain, &both);
    assert_eq!(
        plain,
        draw(&folder, &[&model, &faithful, "--kind", "classification"])
    );
    // 272 points, the two centres and two signs of the legend, two outlines of each component.
    assert_eq!(
        plain.matches("<path d=\"M").count() - plain.matches("fill=\"none\"").count(),
        276
    );
    has(
        &draw(&folder, &[&model, &faithful, "--kind", "uncertainty"]),
        &both,
    );
    has(
        &draw(&folder, &[&model, &faithful, "--kind", "density"]),
        &both[..2],
    );
    let one = draw(
        &folder,
        &[
            &model,
            &faithful,
            "--columns",
            "waiting",
            "--kind",
            "density",
        ],
    );
    has(
        &one,
        &["waiting", "density", "observed", "mixture", "component 1"],
    );
    has(
        &draw(&folder, &[&model]),
        &["iteration", "objective (nats)"],
    );
    let turned = draw(
        &folder,
        &[&model, &faithful, "--columns", "waiting,eruptions"],
    );
    assert_ne!(plain, turned);
}

#[test]
fn many_columns() {
    let folder = folder("plot_pairs");
    let model = fit(
        &folder,
        "iris.csv --family multivariate_t -k 3 --restarts 2",
    );
    let names = ["sepal_length", "sepal_width", "petal_length", "petal_width"];
    let svg = draw(&folder, &[&model, &data("iris.csv")]);
    has(&svg, &names);
    has(&svg, &["component 0", "component 1", "component 2"]);
    has(
        &draw(&folder, &[&model, &data("iris.csv"), "--kind", "density"]),
        &names,
    );
}

#[test]
fn counts_and_categories() {
    let folder = folder("plot_counts");
    let model = fit(
        &folder,
        "death_notices.csv --family poisson --columns deaths -k 2 --row-weights count",
    );
    let svg = draw(
        &folder,
        &[&model, &data("death_notices.csv"), "--row-weights", "count"],
    );
    has(
        &svg,
        &["deaths", "probability", "component 0", "component 1"],
    );
    let model = fit(
        &folder,
        "titanic.csv --part categorical:Class --part categorical:Sex --part categorical:Survived -k 2 \
         --row-weights Freq --restarts 2",
    );
    let svg = draw(
        &folder,
        &[&model, &data("titanic.csv"), "--row-weights", "Freq"],
    );
    has(
        &svg,
        &["Class", "Sex", "Survived", "Crew", "Female", "component 1"],
    );
}

#[test]
fn other_families_and_noise() {
    let folder = folder("plot_families");
    let faithful = data("old_faithful.csv");
    let model = fit(
        &folder,
        "old_faithful.csv --part gamma:eruptions --part normal:waiting -k 2 --restarts 2",
    );
    has(
        &draw(&folder, &[&model, &faithful]),
        &["eruptions", "waiting", "component 1"],
    );
    let model = fit(
        &folder,
        "old_faithful.csv --family gaussian -k 2 --noise --restarts 2",
    );
    has(&draw(&folder, &[&model, &faithful]), &["noise"]);
    draw(
        &folder,
        &[
            &model,
            &faithful,
            "--kind",
            "density",
            "--columns",
            "waiting",
        ],
    );
    let model = fit(
        &folder,
        "old_faithful.csv --family linear_regression --response waiting --predictors eruptions -k 2 --restarts 2",
    );
    let svg = draw(&folder, &[&model, &faithful]);
    has(
        &svg,
        &[
            "eruptions",
            "waiting",
            "lines are the mean of each component",
        ],
    );
    let model = fit(
        &folder,
        "penguins.csv --family linear_regression --response body_mass_g \
         --predictors bill_length_mm,flipper_length_mm -k 2 --restarts 2",
    );
    let columns = "flipper_length_mm,body_mass_g";
    let svg = draw(
        &folder,
        &[&model, &data("penguins.csv"), "--columns", columns],
    );
    has(
        &svg,
        &["lines are the mean of each component, other predictors at their means"],
    );
}

/// A line goes through rows that lie on it: by the places of their points in the picture.
#[test]
fn the_line_of_a_regression_goes_through_its_rows() {
    let folder = folder("plot_line");
    let rows = write(
        &folder,
        "rows.csv",
        "x,y\n0,1\n2,3\n4,9\n6,19\n8,33\n10,51\n",
    );
    let model = r#"{"format":"mixture-model","version":1,"columns":["y","x"],"parts":[{"family":"linear_regression","columns":["y","x"],"regression":{"response":"y","predictors":["x","x^2"]}}],"weights":[1.0],"components":[{"coefficients":[1.0,0.0,0.5],"variance":1.0}]}"#;
    let model = write(&folder, "model.json", model);
    let svg = draw(&folder, &[&model, &rows]);
    let numbers = |text: &str| -> Vec<f64> {
        let split = text.split(['M', 'L', ' ', 'a']);
        split.filter_map(|number| number.parse().ok()).collect()
    };
    let paths: Vec<&str> = (svg.split("<path d=\"").skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    // A disc begins at its left end, and its radius comes next.
    let discs = paths.iter().filter(|path| path.contains('a'));
    let rows: Vec<(f64, f64)> = (discs.map(|path| numbers(path)))
        .map(|disc| (disc[0] + disc[2], disc[1]))
        .collect();
    let lines = paths.iter().filter(|path| !path.contains('a'));
    let line = lines.max_by_key(|path| path.len()).expect("a line");
    let line: Vec<(f64, f64)> = numbers(line).chunks(2).map(|p| (p[0], p[1])).collect();
    // Six rows, and one point in the legend.
    assert!(rows.len() >= 6, "{rows:?}");
    for &(x, y) in &rows[..6] {
        let piece = line
            .windows(2)
            .find(|piece| piece[0].0 <= x && x <= piece[1].0);
        let [from, to] = piece.expect("the line spans the rows") else {
            unreachable!()
        };
        let on_line = from.1 + (to.1 - from.1) * (x - from.0) / (to.0 - from.0);
        // Coordinates are written to a tenth, and the line is at most twice as steep as wide.
        assert!(
            (on_line - y).abs() < 0.3,
            "{on_line} at {x}, but the row at {y}"
        );
    }
}

#[test]
fn a_selection() {
    let folder = folder("plot_selection");
    let table = folder.join("table.csv").display().to_string();
    let words = "-k 1..3 --family gaussian --covariance EEE,VVV --restarts 2 --seed 1 --table";
    let mut select = vec!["select".to_string(), data("old_faithful.csv")];
    select.extend(words.split_whitespace().map(String::from));
    select.push(table.clone());
    succeed(&select);
    let svg = draw(&folder, &[&table]);
    has(
        &svg,
        &["number of components", "gaussian EEE", "gaussian VVV"],
    );
    assert_eq!(svg, draw(&folder, &[&table, "--kind", "selection"]));
}

#[cfg(feature = "png")]
#[test]
fn png_files() {
    let folder = folder("plot_png");
    let model = fit(
        &folder,
        "old_faithful.csv --family gaussian -k 2 --restarts 2",
    );
    let path = folder.join("picture.png").display().to_string();
    succeed(&["plot", &model, &data("old_faithful.csv"), "--output", &path]);
    let bytes = std::fs::read(&path).expect("the picture");
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    // Twice the units of the SVG, in the header of the file.
    let number =
        |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    assert_eq!((number(16), number(20)), (1520, 1040));
    assert!(bytes.len() < LARGEST, "{}", bytes.len());
}

#[test]
fn a_sketch_in_the_terminal() {
    let folder = folder("plot_sketch");
    let model = fit(
        &folder,
        "old_faithful.csv --family gaussian -k 2 --restarts 2",
    );
    let sketch = succeed(&["plot", &model, &data("old_faithful.csv")]);
    for word in [
        "Classification: 2 components",
        "eruptions",
        "component 1",
        "60",
    ] {
        assert!(sketch.contains(word), "{word} in\n{sketch}");
    }
    assert!(sketch.lines().count() < 40);
    assert!(sketch.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn many_rows_stay_small() {
    let folder = folder("plot_many");
    let model = fit(&folder, "iris.csv --family gaussian -k 3 --restarts 2");
    let rows = succeed(&["sample", &model, "-n", "20000", "--seed", "1"]);
    let rows = write(&folder, "rows.csv", rows);
    for kind in ["pairs", "classification", "uncertainty", "density"] {
        let svg = draw(&folder, &[&model, &rows, "--kind", kind]);
        assert!(kind == "density" || svg.contains("of 20000 rows are drawn, chosen by chance"));
    }
}

#[test]
fn degenerate_data_is_drawn() {
    let folder = folder("plot_degenerate");
    let model = fit(
        &folder,
        "old_faithful.csv --family gaussian -k 2 --restarts 2",
    );
    for (name, rows) in [
        ("one row", "3,60\n"),
        ("one value", "3,60\n3,60\n3,60\n"),
        ("huge", "-1e308,60\n1e308,70\n"),
        ("far away", "1e9,60\n1e9,60\n"),
        ("tiny", "1e-310,60\n0,70\n"),
    ] {
        let rows = write(&folder, "rows.csv", format!("eruptions,waiting\n{rows}"));
        for kind in ["classification", "uncertainty", "density", "pairs"] {
            let svg = draw(&folder, &[&model, &rows, "--kind", kind]);
            assert!(svg.contains("eruptions"), "{name}");
        }
        succeed(&["plot", &model, &rows]);
    }
    let gaps = write(
        &folder,
        "gaps.csv",
        "eruptions,waiting\n3,\n,60\n2,50\n4,80\n",
    );
    draw(&folder, &[&model, &gaps, "--missing", "em"]);
    draw(
        &folder,
        &[&model, &gaps, "--missing", "drop", "--kind", "density"],
    );
}

#[test]
fn names_are_escaped() {
    let folder = folder("plot_escaped");
    let text = std::fs::read_to_string(data("old_faithful.csv")).expect("the data");
    let text = text.replacen("eruptions,waiting", "\"<a&b>\",\"it's \"\"so\"\"\"", 1);
    let rows = write(&folder, "rows.csv", text);
    let model = folder.join("model.json").display().to_string();
    succeed(&[
        "fit", &rows, "--family", "gaussian", "-k", "1", "--output", &model,
    ]);
    let svg = draw(&folder, &[&model, &rows]);
    has(&svg, &["&lt;a&amp;b&gt;", "it&#39;s &quot;so&quot;"]);
}

#[test]
fn a_report() {
    let folder = folder("report");
    let model = fit(
        &folder,
        "old_faithful.csv --family gaussian -k 2 --restarts 3",
    );
    let path = folder.join("report.html").display().to_string();
    succeed(&[
        "report",
        &model,
        &data("old_faithful.csv"),
        "--output",
        &path,
    ]);
    let html = std::fs::read_to_string(&path).expect("the report");
    well_formed(
        &html
            .replace("<!DOCTYPE html>", "")
            .replace("<meta charset=\"utf-8\"/>", ""),
    );
    assert!(
        !html.contains("<script") && !html.contains("src="),
        "self-contained, no script"
    );
    for word in [
        "2 components",
        "gaussian (full)",
        "log-likelihood",
        "Warnings",
        "Starts",
        "waiting",
    ] {
        assert!(html.contains(word), "{word}");
    }
    assert_eq!(html.matches("<svg").count(), 4);
    // The command of the report makes the model again, to the bit.
    let command = html
        .split("<pre>")
        .last()
        .and_then(|rest| rest.split("</pre>").next());
    let command = command.expect("the command").replace("&#39;", "'");
    let words = command
        .split_whitespace()
        .skip(1)
        .map(|word| word.trim_matches('\''));
    let again: Vec<&str> = words.chain(["--format", "json"]).collect();
    assert_eq!(
        succeed(&again),
        std::fs::read_to_string(&model).expect("the model")
    );
}

/// Of reals with limits that are not known, and of counts in classes.
#[test]
fn intervals_are_drawn_as_a_histogram_beside_the_density_within() {
    let folder = folder("plot_intervals");
    let model = fit(
        &folder,
        "remission.csv --family weibull --interval weeks,until -k 1",
    );
    let picture = draw(&folder, &[&model, &data("remission.csv")]);
    for words in [
        "weeks..until",
        "most likely histogram",
        "mixture",
        "density",
    ] {
        assert!(picture.contains(words), "{words}");
    }
    let sketch = succeed(&["plot", &model, &data("remission.csv")]);
    assert!(sketch.contains("weeks..until"), "{sketch}");
    let classes: String = (0..40)
        .map(|i| format!("{},{}\n", i % 4 * 3, i % 4 * 3 + i % 3))
        .collect();
    let file = write(&folder, "classes.csv", format!("from,to\n{classes}"));
    let counts = folder.join("counts.json").display().to_string();
    succeed(&[
        "fit",
        &file,
        "--interval",
        "from,to",
        "--family",
        "poisson",
        "-k",
        "2",
        "--output",
        &counts,
    ]);
    let picture = draw(&folder, &[&counts, &file]);
    assert!(picture.contains("from..to"), "{picture}");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let folder = folder("plot_refused");
    let model = fit(
        &folder,
        "old_faithful.csv --family gaussian -k 2 --restarts 2",
    );
    let normal = "{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"waiting\"],\"parts\":[{\"family\":\
                  \"normal\",\"columns\":[\"waiting\"]}],\"weights\":[1],\"components\":[{\"mean\":70,\"variance\":9}]}";
    let bare = write(&folder, "bare.json", normal);
    let lifetimes = write(
        &folder,
        "lifetimes.json",
        "{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"weeks\",\"until\"],\"parts\":[{\"family\":\
         \"exponential\",\"columns\":[\"weeks\",\"until\"],\"interval\":true}],\"weights\":[1],\"components\":[{\"rate\":0.1}]}",
    );
    let broken = write(&folder, "broken.json", "{");
    let table = write(&folder, "table.csv", "a,b\n1,2\n");
    let empty = write(
        &folder,
        "empty.csv",
        "rank,family,covariance,components,value\n,normal,,2,\n",
    );
    let faithful = data("old_faithful.csv");
    let iris = data("iris.csv");
    let remission = data("remission.csv");
    let rows: &[(&[&str], &[&str])] = &[
        (&[&bare], &["no trace"]),
        (&[&bare, "--kind", "density"], &["needs data"]),
        (
            &[&bare, &faithful, "--kind", "classification"],
            &["two columns", "there is one"],
        ),
        (
            &[&model, &faithful, "--kind", "trace"],
            &["uses no data", "old_faithful.csv"],
        ),
        (
            &[&model, "--columns", "waiting"],
            &["--kind trace", "--columns"],
        ),
        (
            &[&model, &faithful, "--kind", "nothing"],
            &["nothing", "classification"],
        ),
        (
            &[&model, &faithful, "--columns", "depth"],
            &["--columns depth", "eruptions, waiting"],
        ),
        (
            &[&model, &faithful, "--columns", "waiting,waiting"],
            &["--columns waiting", "left to draw"],
        ),
        (
            &[&model, &faithful, "--columns", ","],
            &["--columns", "names separated by commas"],
        ),
        (&[&model, &iris], &["iris.csv", "no column \"eruptions\""]),
        (
            &[&model, &faithful, "--row-weights", "none"],
            &["no column \"none\""],
        ),
        (
            &[&lifetimes, &remission, "--kind", "classification"],
            &["two columns of numbers", "there is none"],
        ),
        (&[&broken, &faithful], &["broken.json", "not a JSON file"]),
        (
            &[&folder.join("none.json").display().to_string()],
            &["none.json", "cannot be read"],
        ),
        (&[&table], &["table.csv", "no column \"rank\""]),
        (&[&empty], &["empty.csv", "no row"]),
        (
            &[&table, &faithful, "--kind", "selection"],
            &["uses no data"],
        ),
    ];
    let output: PathBuf = folder.join("picture.svg");
    for (arguments, words) in rows {
        for with_output in [false, true] {
            let mut all = vec!["plot"];
            all.extend(*arguments);
            let shown = output.display().to_string();
            if with_output {
                all.extend(["--output", &shown]);
            }
            let run = mixture(&all);
            assert_eq!(run.code, 2, "{all:?}: {}", run.stderr);
            for word in *words {
                assert!(
                    run.stderr.contains(word),
                    "{all:?}: no \"{word}\" in {}",
                    run.stderr
                );
            }
            assert!(run.stdout.is_empty() && !output.exists(), "{all:?}");
        }
    }
    for name in ["picture.jpg", "picture", "none/picture.svg", "model.json"] {
        let path = folder.join(name).display().to_string();
        let run = mixture(&["plot", &model, &faithful, "--output", &path]);
        assert_eq!(run.code, 2, "{name}: {}", run.stderr);
        assert!(run.stderr.contains("--output"), "{}", run.stderr);
    }
    let run = mixture(&["report", &model, &faithful, "--output", &model]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("the file of the model"),
        "{}",
        run.stderr
    );
}
