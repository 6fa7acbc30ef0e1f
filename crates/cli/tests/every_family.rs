//! Every family by its name, from a file to a model, scores and draws.

mod support;

use std::path::Path;
use support::{folder, mixture, records, succeed, write};
use tabular::{Family, Kind, families};

/// Columns that families of each kind can be fitted to: shares that also are positive numbers, reals and
/// angles (p, q with p + q < 1, r = 1 − p), a direction (u, v), numbers with zeros (z), counts (c, d), some
/// above 0 (e), 0 and 1 (b), a constant (three) and text (t).
fn data() -> String {
    let mut text = String::from("p,q,r,u,v,z,c,d,e,b,three,t,w\n");
    for i in 0..48_u32 {
        let turn = f64::from(i) * 0.7;
        let p = 0.4 + 0.2 * turn.sin() + 0.05 * (3.1 * turn).cos();
        let q = 0.25 + 0.1 * turn.cos();
        let (v, u) = (0.3 + 0.5 * turn.sin()).sin_cos();
        let z = if i % 5 == 0 { 0.0 } else { p };
        let c = (i * i) % 7 + u32::from(i % 11 == 0) * 9;
        let (d, e, b) = ((i * 5) % 4, 1 + c % 9, u32::from((i * i) % 3 == 1));
        let t = ["a", "b", "c"][(i % 3) as usize];
        let r = 1.0 - p;
        let w = 1 + i % 2;
        text.push_str(&format!(
            "{p},{q},{r},{u},{v},{z},{c},{d},{e},{b},3,{t},{w}\n"
        ));
    }
    text
}

/// The options that choose a family over those columns.
fn options(family: &Family) -> String {
    let name = family.name;
    let mut settings: Vec<String> = Vec::new();
    let mut set = |key: &str, value: &str| settings.push(format!("--set {key}={value}"));
    for key in family.settings {
        match (*key, name) {
            ("trials", "dirichlet_multinomial") => set("trials", "rows"),
            ("trials", "multinomial") | ("size" | "df" | "support" | "mean" | "variance", _) => {}
            ("trials", _) => set("trials", "20"),
            ("factors", _) => set("factors", "0"),
            ("loadings" | "noise", _) => {}
            ("location", name) if name.contains("laplace") => set("location", "0.3"),
            // These are estimated where they are not set.
            ("location" | "shape" | "rate" | "scale" | "log_mean" | "log_variance", _) => {}
            ("alpha" | "beta" | "mean_direction" | "concentration", _) => {}
            ("value", _) => set("value", "3"),
            ("low", "discrete_uniform") => set("low", "0"),
            ("low", _) if name.starts_with("truncated") => set("low", "0"),
            ("high", _) if family.kind == Kind::Counts => set("high", "40"),
            ("high", _) if name.starts_with("truncated") => set("high", "9"),
            // From the data.
            ("low" | "high" | "minimum", _) => {}
            (other, _) => panic!("{name}: what is to be set as {other}?"),
        }
    }
    let columns = match (family.kind, name) {
        (Kind::Reals, _) if name.starts_with("zero_inflated") => "z",
        (Kind::Reals, _) => "p",
        (Kind::Counts, "bernoulli") => "b",
        (Kind::Counts, "point_mass") => "three",
        (Kind::Counts, _) if name.contains("truncated") => "e",
        (Kind::Counts, _) => "c",
        (Kind::Codes, _) => "t",
        (Kind::Vectors, "dirichlet") => "p,r",
        (Kind::Vectors, "von_mises_fisher") => "u,v",
        (Kind::Vectors, _) => "p,q",
        (Kind::CountVectors, _) => "c,d",
        (Kind::RealResponses, _) => "p",
        (Kind::TrialResponses, _) => "d",
        (Kind::CountResponses, "logistic_regression") => "b",
        (Kind::CountResponses, _) => "d",
        (Kind::Intervals, _) => panic!("{name} is not listed over intervals"),
    };
    let chosen = if family.kind.is_regression() {
        format!("--family {name} --response {columns} --predictors q,q^2")
    } else {
        format!("--part {name}:{columns}")
    };
    format!("{chosen} {}", settings.join(" "))
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// The distribution function against the share of draws at or below each: no further than 1.95/√n, which the
/// largest distance passes once in a thousand times (Kolmogorov 1933); of steps it is smaller.
fn check_distribution(family: &Family, model: &str, folder: &Path) {
    let words = ["cdf", model, "--at", "0.5"];
    if !family.is_univariate() || family.kind.is_vector() {
        let run = mixture(&words);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", family.name);
        assert!(run.stderr.contains("one column"), "{}", run.stderr);
        return;
    }
    const DRAWS: usize = 2000;
    let drawn = succeed(&["sample", model, "-n", &DRAWS.to_string(), "--seed", "3"]);
    let drawn = write(folder, "line.csv", drawn);
    let lines = records(&succeed(&["cdf", model, &drawn]));
    let number = |text: &String| text.parse::<f64>().expect("a number");
    let mut pairs: Vec<(f64, f64)> = lines[1..]
        .iter()
        .map(|line| (number(&line[0]), number(&line[1])))
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (i, (x, cdf)) in pairs.iter().enumerate() {
        if pairs.get(i + 1).is_some_and(|next| next.0 == *x) {
            continue;
        }
        let share = (i + 1) as f64 / DRAWS as f64;
        let away = (share - cdf).abs();
        assert!(
            away < 1.95 / (DRAWS as f64).sqrt(),
            "{}: F({x}) = {cdf}, and {share} of the draws",
            family.name
        );
    }
}

/// Fits, scores and draws; a family is either a part, or a regression that says what it needs.
#[test]
fn every_family_fits_by_its_name() {
    let folder = folder("every_family");
    let data = write(&folder, "data.csv", data());
    for family in families() {
        let (name, model) = (family.name, folder.join("model.json").display().to_string());
        let options = options(family);
        let fit = format!("fit {data} {options} -k 1 --output {model}");
        succeed(&words(&fit));
        let total = succeed(&["score", &model, &data, "--total"]);
        let value = &records(&total)[1][0];
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{name}: {total}"));
        assert!(value.is_finite(), "{name}: {value}");
        check_distribution(family, &model, &folder);
        let draw = if family.kind.is_regression() {
            format!("sample {model} --predictors-from {data}")
        } else {
            format!("sample {model} -n 48")
        };
        let drawn = write(&folder, "drawn.csv", succeed(&words(&draw)));
        let scores = records(&succeed(&["score", &model, &drawn]));
        assert_eq!(scores.len(), 49, "{name}");
        for score in &scores[1..] {
            let score: f64 = score[0]
                .parse()
                .unwrap_or_else(|_| panic!("{name}: {score:?}"));
            assert!(score.is_finite(), "{name}: a draw has {score}");
        }
        if family.kind.is_regression() {
            for (wrong, words) in [
                (
                    format!("--family {name}"),
                    "needs --response COLUMN and --predictors",
                ),
                (
                    format!("--part {name}:p,q"),
                    "a regression is a model of its own",
                ),
            ] {
                let run = mixture(&self::words(&format!("fit {data} {wrong} -k 1")));
                assert_eq!((run.code, &*run.stdout), (2, ""), "{name}");
                assert!(run.stderr.contains(words), "{name}: {}", run.stderr);
            }
        }
    }
}

/// Alone, over intervals, and, where it can be one, as a part of a product: every family has a floor, or needs none.
#[test]
fn every_family_has_a_floor_or_needs_none() {
    let folder = folder("every_family_floor");
    let data = write(&folder, "data.csv", data());
    for family in families() {
        let options = options(family);
        let taken: Vec<&str> = options.split([' ', ':', ',']).collect();
        let free = ["p", "q", "u"]
            .into_iter()
            .find(|column| !taken.contains(column));
        let beside = match free {
            Some(column) if !family.kind.is_regression() => {
                format!("--part poisson:w --part normal:{column}")
            }
            _ => String::new(),
        };
        for more in ["", &*beside] {
            let fit = format!("fit {data} {options} {more} -k 1 --on-degenerate floor");
            let run = mixture(&words(&fit));
            assert_eq!(run.code, 0, "{fit}: {}", run.stderr);
        }
    }
}

/// A family over intervals that hold the values: narrow ones give nearly the same estimate as the values.
#[test]
fn every_family_over_intervals() {
    let folder = folder("every_family_intervals");
    let model = folder.join("model.json").display().to_string();
    for family in families()
        .iter()
        .filter(|family| family.observes_intervals())
    {
        let name = family.name;
        let plain = options(family);
        let (column, rest) = plain.split_once(' ').map_or(("", ""), |(_, rest)| {
            rest.split_once(':').map_or((rest, ""), |(_, rest)| {
                rest.split_once(' ').unwrap_or((rest, ""))
            })
        });
        let rows = records(&data());
        let at = rows[0].iter().position(|name| name == column);
        let at = at.unwrap_or_else(|| panic!("{name}: {plain}"));
        let (mut text, counts) = (String::from("low,high\n"), family.kind == Kind::Counts);
        for (i, row) in rows[1..].iter().enumerate() {
            let value: f64 = row[at].parse().expect("a number");
            // Both ends belong to an interval of counts.
            let low = if counts { value } else { value - 1e-6 };
            let low = if i % 8 == 3 && name != "uniform" && name != "pareto" && name != "point_mass"
            {
                String::new()
            } else {
                format!("{low}")
            };
            text.push_str(&format!("{low},{value}\n"));
        }
        let data = write(&folder, "data.csv", text);
        let bounds = match name {
            "uniform" => "--set low=-1 --set high=2",
            "pareto" => "--set minimum=0.01",
            _ => "",
        };
        let fit = format!(
            "fit {data} --family {name} --interval low,high {rest} {bounds} -k 1 --output {model}"
        );
        succeed(&words(&fit));
        let total = succeed(&["score", &model, &data, "--total"]);
        let value: f64 = records(&total)[1][0].parse().unwrap_or(f64::NAN);
        assert!(value.is_finite(), "{name}: {total}");
    }
}
