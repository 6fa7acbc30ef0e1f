//! Regressions through the command line: terms, categories, offsets, trials, prediction, draws.

mod support;

use serde_json::{Value, json};
use support::{case_file, fit_json, folder, mixture, number, records, succeed, write};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

/// The coefficient of a term in component k.
fn coefficient(file: &Value, k: usize, term: &str) -> f64 {
    let terms = file["parts"][0]["regression"]["terms"].as_array();
    let at = (terms.expect("terms").iter()).position(|name| name == term);
    let at = at.unwrap_or_else(|| panic!("no {term} in {}", file["parts"][0]));
    number(&file["components"][k]["coefficients"][at]).expect("a number")
}

#[track_caller]
fn close(a: f64, b: f64) {
    // Sums of a few terms of size 1 to 10.
    assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} against {b}");
}

const GROUPS: &str = "y,x,g\n1,0,b\n2,1,b\n6,2,b\n2,0,a\n3,1,a\n5,2,a\n9,0,c\n8,1,c\n13,2,c\n";

#[test]
fn categories_are_indicators_with_the_first_level_as_reference() {
    let folder = folder("regression_categories");
    let data = write(&folder, "data.csv", GROUPS);
    let fit = |predictors: &str| {
        fit_json(&words(&format!(
            "{data} --family linear_regression --response y --predictors {predictors} -k 1"
        )))
    };
    // Means of a, b and c: 10/3, 3, 10.
    let fitted = fit("g");
    close(coefficient(&fitted, 0, "intercept"), 10.0 / 3.0);
    close(coefficient(&fitted, 0, "g[b]"), 3.0 - 10.0 / 3.0);
    close(coefficient(&fitted, 0, "g[c]"), 10.0 - 10.0 / 3.0);
    let levels = &fitted["parts"][0]["regression"]["levels"]["g"];
    assert_eq!(levels, &json!(["a", "b", "c"]));
    assert_eq!(fitted["fit"]["parameters"], 4);
    // Without an intercept the means themselves.
    let means = fit("-1,g");
    close(coefficient(&means, 0, "g[a]"), 10.0 / 3.0);
    close(coefficient(&means, 0, "g[c]"), 10.0);
    // A slope for each group: those of three separate lines, (y₃ − y₁)/2.
    let slopes = fit("x,g,g*x");
    close(coefficient(&slopes, 0, "x"), 1.5);
    close(coefficient(&slopes, 0, "g[b]*x"), 2.5 - 1.5);
    close(coefficient(&slopes, 0, "g[c]*x"), 2.0 - 1.5);

    // The model codes other data alike, whatever levels they hold, and knows no others.
    let model = write(&folder, "model.json", fitted.to_string());
    let data = write(&folder, "others.csv", "g,y\nc,10\nb,3\n");
    let scores = records(&succeed(&["score", &model, &data]));
    let variance = number(&fitted["components"][0]["variance"]).expect("a variance");
    for score in &scores[1..] {
        let expected = -0.5 * (std::f64::consts::TAU * variance).ln();
        close(score[0].parse().expect("a number"), expected);
    }
    // A level of incomplete rows alone is none.
    let gaps = write(&folder, "gaps.csv", format!("{GROUPS}NA,1,d\n"));
    let dropped = fit_json(&words(&format!(
        "{gaps} --family linear_regression --response y --predictors g -k 1 --missing drop"
    )));
    assert_eq!(dropped["components"], fitted["components"]);
    let data = write(&folder, "unseen.csv", "g,y\na,1\nd,1\n");
    let run = mixture(&["predict", &model, &data]);
    assert_eq!(run.code, 2);
    let sentence = "line 3, column g: the level \"d\" is unknown to the model, which has a, b, c";
    assert!(run.stderr.contains(sentence), "{}", run.stderr);
}

#[test]
fn a_missing_response_is_predicted_by_the_weights_and_a_missing_predictor_refused() {
    let folder = folder("regression_missing");
    let data = case_file("reg_npreg", "data.csv");
    let fit =
        "--family linear_regression --response yn --predictors x,x^2 -k 2 --init-labels class";
    let fitted = fit_json(&words(&format!("{data} {fit}")));
    let model = write(&folder, "model.json", fitted.to_string());
    let rows = "x,yn\n1,\n1,9\n,9\n";
    let gaps = write(&folder, "gaps.csv", rows);
    let dropped = records(&succeed(&["predict", &model, &gaps, "--missing", "drop"]));
    assert_eq!(dropped[1], ["", "", "", ""]);
    assert_eq!(dropped[3], ["", "", "", ""]);
    let run = mixture(&["predict", &model, &gaps, "--missing", "em"]);
    assert_eq!(run.code, 2);
    let words = "line 4, column x: --missing em is not available for a missing predictor";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    let gaps = write(&folder, "gaps.csv", "x,yn\n1,\n1,9\n");
    let kept = records(&succeed(&["predict", &model, &gaps, "--missing", "em"]));
    // ln of the sum of the weights, which rounds once.
    let nothing: f64 = kept[1][1].parse().expect("a number");
    assert!(nothing.abs() <= f64::EPSILON, "nothing observed: {nothing}");
    for k in 0..2 {
        let weight = number(&fitted["weights"][k]).expect("a weight");
        close(kept[1][2 + k].parse().expect("a number"), weight);
    }
    assert_eq!(kept[2][1], dropped[2][1], "the other row is the same");

    // The density of the response given its predictors, by the formula.
    let score = |k: usize| {
        let (x, y) = (1.0, 9.0);
        let mean = coefficient(&fitted, k, "intercept")
            + coefficient(&fitted, k, "x") * x
            + coefficient(&fitted, k, "x^2") * x * x;
        let variance = number(&fitted["components"][k]["variance"]).expect("a variance");
        let weight = number(&fitted["weights"][k]).expect("a weight");
        let z: f64 = y - mean;
        weight * (-0.5 * z * z / variance).exp() / (std::f64::consts::TAU * variance).sqrt()
    };
    let expected = (score(0) + score(1)).ln();
    close(kept[2][1].parse().expect("a number"), expected);

    // In a fit, a row without a response does not count.
    let text = std::fs::read_to_string(&data).expect("the data");
    let longer = write(&folder, "longer.csv", format!("{text}3,,1,1\n5,NA,1,2\n"));
    let em = fit_json(&self::words(&format!("{longer} {fit} --missing em")));
    assert_eq!(em["fit"]["observations"], 200.0);
    assert_eq!(em["fit"]["log_likelihood"], fitted["fit"]["log_likelihood"]);
}

#[test]
fn common_coefficients_are_the_same_in_all_components() {
    let folder = folder("regression_common");
    let data = case_file("reg_npreg", "data.csv");
    for (family, response, own) in [("linear", "yn", 3), ("poisson", "yp", 2)] {
        let fitted = fit_json(&words(&format!(
            "{data} --family {family}_regression --response {response} --predictors x,x^2 \
             --common x -k 2 --init-labels class"
        )));
        assert_eq!(coefficient(&fitted, 0, "x"), coefficient(&fitted, 1, "x"));
        assert!(coefficient(&fitted, 0, "x^2") != coefficient(&fitted, 1, "x^2"));
        assert_eq!(fitted["fit"]["parameters"], 2 * own + 1 + 1, "{family}");
        assert_eq!(
            fitted["parts"][0]["regression"]["terms"],
            json!(["intercept", "x", "x^2"]),
            "in the order of the predictors"
        );
        let mut other = fitted.clone();
        other["components"][1]["coefficients"][1] = json!(0.5);
        let model = write(&folder, "model.json", other.to_string());
        let run = mixture(&["score", &model, &data]);
        assert_eq!(run.code, 2);
        let words = "component 1: the coefficient of x is 0.5, but";
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn trials_are_a_number_or_a_column_and_one_trial_is_a_logistic_regression() {
    let folder = folder("regression_trials");
    let data = case_file("reg_trypanosome", "data.csv");
    let with = |options: &str| {
        let fitted = fit_json(&words(&format!(
            "{data} --response Dead --predictors x --common x --init-labels init_label -k 2 {options}"
        )));
        number(&fitted["fit"]["log_likelihood"]).expect("a number")
    };
    let logistic = with("--family logistic_regression");
    // The same densities in other forms, at the end of the same slow iteration.
    let binomial = with("--family binomial_regression --set trials=1");
    assert!((binomial - logistic).abs() <= 1e-8, "{binomial} {logistic}");

    // Grouped rows: the same coefficients, and a likelihood with binomial coefficients.
    let grouped = "n,dead,x\n10,1,0\n20,8,1\n10,7,2\n4,4,3\n";
    let grouped = write(&folder, "grouped.csv", grouped);
    let mut single = String::from("dead,x\n");
    for (n, dead, x) in [(10, 1, 0), (20, 8, 1), (10, 7, 2), (4, 4, 3)] {
        for i in 0..n {
            single.push_str(&format!("{},{x}\n", u8::from(i < dead)));
        }
    }
    let single = write(&folder, "single.csv", single);
    let options = "--response dead --predictors x -k 1";
    let first = fit_json(&words(&format!(
        "{grouped} --family binomial_regression --set trials=n {options}"
    )));
    let second = fit_json(&words(&format!(
        "{single} --family logistic_regression {options}"
    )));
    for term in ["intercept", "x"] {
        let (a, b) = (coefficient(&first, 0, term), coefficient(&second, 0, term));
        // Scoring steps stop where one gains less than 1e-13 a row.
        assert!((a - b).abs() <= 1e-6, "{term}: {a} {b}");
    }
    // ln of 10 · C(20, 8) · C(10, 7).
    let coefficients = (10.0f64 * 125_970.0 * 120.0).ln();
    let likelihood = |file: &Value| number(&file["fit"]["log_likelihood"]).expect("a number");
    let difference = likelihood(&first) - likelihood(&second) - coefficients;
    assert!(difference.abs() <= 1e-9, "{difference}");
    assert_eq!(first["columns"], json!(["dead", "n", "x"]));
    let model = write(&folder, "model.json", first.to_string());
    let off = write(&folder, "off.csv", "n,dead,x\n3,4,0\n3,3,0\n3,1.5,0\n");
    let scores = records(&succeed(&["score", &model, &off]));
    assert_eq!((&*scores[1][0], &*scores[3][0]), ("-inf", "-inf"));
    assert!(scores[2][0].parse::<f64>().is_ok_and(f64::is_finite));
}

#[test]
fn an_offset_enters_with_a_coefficient_of_1() {
    let folder = folder("regression_offset");
    let data = "y,t,exposure\n3,0,1\n12,0.6931471805599453,1\n30,2.302585092994046,1\n";
    let data = write(&folder, "data.csv", data);
    let fitted = fit_json(&words(&format!(
        "{data} --family poisson_regression --response y --predictors 1 --offset t -k 1"
    )));
    // The rate of counts over exposures 1, 2 and 10.
    close(coefficient(&fitted, 0, "intercept"), (45.0f64 / 13.0).ln());
    assert_eq!(fitted["parts"][0]["regression"]["offset"], "t");
    assert_eq!(fitted["fit"]["parameters"], 1);
    let text = succeed(&words(&format!(
        "fit {data} --family poisson_regression --response y --predictors exposure,-1 --offset t -k 1"
    )));
    let words = "poisson_regression: y given -1, exposure; offset t\n";
    assert!(text.contains(words), "{text}");
}

#[test]
fn responses_are_drawn_to_given_predictors() {
    let folder = folder("regression_sample");
    let model = |family: &str, components: &str, settings: &str| {
        let columns = if settings.is_empty() {
            "\"y\",\"x\""
        } else {
            "\"y\",\"n\",\"x\""
        };
        let text = format!(
            "{{\"format\":\"mixture-model\",\"version\":1,\"columns\":[{columns}],\"parts\":[{{\
             \"family\":\"{family}\",\"columns\":[{columns}],{settings}\"regression\":{{\
             \"response\":\"y\",\"predictors\":[\"x\"]}}}}],\"weights\":[0.25,0.75],\
             \"components\":[{components}]}}"
        );
        write(&folder, "model.json", text)
    };
    let rows = 4000;
    let text: String = (0..rows).map(|i| format!("{},7,k{i}\n", i % 2)).collect();
    let data = write(&folder, "data.csv", format!("x,n,id\n{text}"));
    let pair = |first: &str, second: &str| {
        format!("{{\"coefficients\":{first}}},{{\"coefficients\":{second}}}")
    };
    let linear = "{\"coefficients\":[0,10],\"variance\":4},{\"coefficients\":[2,1],\"variance\":1}";
    let counts = pair("[0,1]", "[1,0.5]");
    // The mean of responses at x = 1: 0.25·10 + 0.75·3; 0.25·e + 0.75·e^1.5; and so on.
    let logistic = |eta: f64| 1.0 / (1.0 + (-eta).exp());
    let cases = [
        (
            "linear_regression",
            linear,
            "",
            0.25 * 10.0 + 0.75 * 3.0,
            3.5,
        ),
        (
            "poisson_regression",
            &counts,
            "",
            0.25 * 1f64.exp() + 0.75 * 1.5f64.exp(),
            2.3,
        ),
        (
            "logistic_regression",
            &counts,
            "",
            0.25 * logistic(1.0) + 0.75 * logistic(1.5),
            0.5,
        ),
        (
            "binomial_regression",
            &counts,
            "\"settings\":{\"trials\":\"n\"},",
            7.0 * (0.25 * logistic(1.0) + 0.75 * logistic(1.5)),
            1.3,
        ),
    ];
    for (family, components, settings, mean, deviation) in cases {
        let path = model(family, components, settings);
        let arguments = [
            "sample",
            &path,
            "--predictors-from",
            &data,
            "--labels",
            "--seed",
            "3",
        ];
        let drawn = records(&succeed(&arguments));
        assert_eq!(drawn.len(), rows + 1, "{family}");
        let header: &[&str] = if settings.is_empty() {
            &["y", "x", "label"]
        } else {
            &["y", "n", "x", "label"]
        };
        assert_eq!(drawn[0], header, "{family}");
        let at_1 = drawn[1..].iter().skip(1).step_by(2);
        let responses: Vec<f64> = at_1.map(|row| row[0].parse().expect("a number")).collect();
        let found = responses.iter().sum::<f64>() / responses.len() as f64;
        // Five standard errors of a mean of 2000: a false alarm in 2 million seeds, and the seed is fixed.
        let allowed = 5.0 * deviation / (responses.len() as f64).sqrt();
        assert!(
            (found - mean).abs() <= allowed,
            "{family}: {found} against {mean}"
        );
        let first = drawn[1..]
            .iter()
            .filter(|row| row[row.len() - 1] == "0")
            .count();
        // Five standard errors of a share of 0.25.
        assert!(
            (first as f64 - 1000.0).abs() <= 5.0 * (4000.0f64 * 0.1875).sqrt(),
            "{first}"
        );
        let scored = write(&folder, "drawn.csv", succeed(&arguments[..4]));
        assert_eq!(
            records(&succeed(&["score", &path, &scored])).len(),
            rows + 1
        );
    }
    let path = model("poisson_regression", &counts, "");
    for wrong in [
        vec!["-n", "3"],
        vec![],
        vec!["-n", "3", "--predictors-from", &data],
    ] {
        let run = mixture(&[&["sample", &path], &wrong[..]].concat());
        assert_eq!((run.code, &*run.stdout), (2, ""));
        assert!(
            run.stderr
                .contains("--predictors-from DATA.csv, without -n"),
            "{}",
            run.stderr
        );
    }
    let gaps = write(&folder, "gaps.csv", "x\n1\nNA\n");
    let run = mixture(&["sample", &path, "--predictors-from", &gaps]);
    assert_eq!((run.code, &*run.stdout), (2, ""));
    assert!(
        run.stderr.contains("line 3, column x: the cell is missing"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_best_optimum_is_found_from_ordinary_starts() {
    let npreg = case_file("reg_npreg", "data.csv");
    let trypanosome = case_file("reg_trypanosome", "data.csv");
    let linear = "--family linear_regression --response yn --predictors x,x^2";
    let poisson = "--family poisson_regression --response yp --predictors x";
    let logistic = "--family logistic_regression --response Dead --predictors x --common x";
    let cases = [
        (&npreg, linear, -642.5320137360928, 8),
        (&npreg, poisson, -440.6402943196679, 8),
        // Responses of 0 and 1 at eight doses: there is a lesser optimum, at −188.01.
        (&trypanosome, logistic, -177.36856804093617, 4),
    ];
    for (data, model, best, least) in cases {
        for init in ["spread", "random"] {
            let fitted = fit_json(&words(&format!("{data} {model} -k 2 --init {init}")));
            let found = number(&fitted["fit"]["log_likelihood"]).expect("a number");
            // The tolerance of the stop is 1e-7 nats.
            assert!((found - best).abs() <= 1e-6, "{model} {init}: {found}");
            let starts = fitted["fit"]["starts"].as_array().expect("starts");
            let objective = |start: &Value| number(&start["objective"]).expect("an objective");
            let near = starts
                .iter()
                .filter(|start| found - objective(start) <= 1e-4)
                .count();
            assert!(near >= least, "{model} {init}: {near} of 10 starts");
        }
    }
}

#[test]
fn a_regression_is_a_start_of_the_same_regression_only() {
    let folder = folder("regression_start");
    let data = case_file("reg_npreg", "data.csv");
    let model = "--family linear_regression --response yn --predictors";
    let first = format!("{data} {model} x,x^2 -k 2 --init-labels class");
    let fitted = fit_json(&words(&first));
    let path = write(&folder, "model.json", fitted.to_string());
    let again = format!("{data} {model} x,x^2 --init-model {path} --max-iterations 0");
    let again = fit_json(&words(&again));
    assert_eq!(again["components"], fitted["components"]);
    assert_eq!(
        again["fit"]["log_likelihood"],
        fitted["fit"]["log_likelihood"]
    );
    let other = format!("fit {data} {model} x --init-model {path}");
    let run = mixture(&words(&other));
    assert_eq!((run.code, &*run.stdout), (2, ""));
    let sentence = "column yn is regressed on other terms than in the model to be fitted";
    assert!(run.stderr.contains(sentence), "{}", run.stderr);
}

#[test]
fn bounds_come_from_the_data() {
    let folder = folder("bounds");
    let data = write(&folder, "data.csv", "x,w\n2,1\n3,1\n7,1\n4,1\n99,0\n");
    let fit = |options: &str| {
        fit_json(&words(&format!(
            "{data} --columns x --row-weights w {options}"
        )))
    };
    // One component: the range itself, estimated.
    let one = fit("--family uniform -k 1");
    assert_eq!(one["components"][0], json!({"low": 2.0, "high": 7.0}));
    assert_eq!(one["fit"]["parameters"], 2);
    close(
        number(&one["fit"]["log_likelihood"]).expect("a number"),
        -4.0 * 5f64.ln(),
    );
    // A background beside a normal: a hundredth more on each side, fixed.
    let two = fit("--components normal,uniform --max-iterations 3");
    let parts = two["components"].as_array().expect("components");
    let uniform = parts
        .iter()
        .find(|component| component["family"] == "uniform");
    let uniform = uniform.expect("a uniform");
    assert_eq!(
        (&uniform["low"], &uniform["high"]),
        (&json!(1.95), &json!(7.05))
    );
    assert_eq!(two["fit"]["parameters"], 3, "mean, variance, weight");
    let pareto = fit("--family pareto -k 1");
    let shape = 4.0
        / [2.0f64, 3.0, 7.0, 4.0]
            .map(|x| (x / 2.0).ln())
            .iter()
            .sum::<f64>();
    close(
        number(&pareto["components"][0]["shape"]).expect("a shape"),
        shape,
    );
    assert_eq!(pareto["components"][0]["minimum"], 2.0);
    assert_eq!(pareto["fit"]["parameters"], 2);
    let set = fit("--family pareto --set minimum=1 -k 1");
    assert_eq!(set["fit"]["parameters"], 1);
    // What was estimated is in the file.
    let model = write(&folder, "model.json", one.to_string());
    assert_eq!(
        succeed(&["show", &model, "--format", "json"])
            .matches("estimated")
            .count(),
        1
    );
    let again = fit_json(&words(&format!(
        "{data} --row-weights w --init-model {model} --max-iterations 0"
    )));
    assert_eq!(again["fit"]["parameters"], 2);
    let same = write(&folder, "same.csv", "x\n3\n3\n");
    let run = mixture(&words(&format!("fit {same} --family uniform -k 1")));
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("column x: every value is 3"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_response_of_two_levels_is_their_names() {
    let folder = folder("regression_levels");
    let answers = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1];
    let data = |name: &str, text: &dyn Fn(usize, usize) -> String| {
        let rows: String = (answers.iter().enumerate())
            .map(|(i, &answer)| format!("{},{}\n", text(i, answer), (i * 7) % 5))
            .collect();
        write(&folder, name, format!("y,x\n{rows}"))
    };
    let numbers = data("numbers.csv", &|_, answer| answer.to_string());
    let names = data("names.csv", &|_, answer| ["healthy", "ill"][answer].into());
    let options = "--family logistic_regression --response y --predictors x -k 1";
    let first = fit_json(&words(&format!("{numbers} {options}")));
    let second = fit_json(&words(&format!("{names} {options}")));
    assert_eq!(first["components"], second["components"]);
    assert_eq!(
        first["fit"]["log_likelihood"],
        second["fit"]["log_likelihood"]
    );
    let regression = &second["parts"][0]["regression"];
    assert_eq!(regression["levels"]["y"], json!(["healthy", "ill"]));
    assert!(first["parts"][0]["regression"].get("levels").is_none());
    let text = succeed(&words(&format!("fit {names} {options}")));
    assert!(text.contains("y (healthy: 0, ill: 1) given x"), "{text}");

    // The same scores, labels and draws, by name.
    let numbered = write(&folder, "numbers.json", first.to_string());
    let named = write(&folder, "names.json", second.to_string());
    for verb in ["score", "predict"] {
        assert_eq!(
            succeed(&[verb, &numbered, &numbers]),
            succeed(&[verb, &named, &names])
        );
    }
    let draw = |model: &str| succeed(&["sample", model, "--predictors-from", &numbers]);
    let swapped = draw(&numbered)
        .replace("0,", "healthy,")
        .replace("1,", "ill,");
    assert_eq!(draw(&named), swapped);

    // Other levels are refused by name.
    let refused = |arguments: String, words: &[&str]| {
        let run = mixture(&self::words(&arguments));
        assert_eq!((run.code, &*run.stdout), (2, ""), "{arguments}");
        for word in words {
            assert!(run.stderr.contains(word), "{}", run.stderr);
        }
    };
    let other = write(&folder, "other.csv", "y,x\nill,1\nwell,2\n");
    refused(
        format!("score {named} {other}"),
        &["line 3, column y", "\"well\" is unknown", "healthy, ill"],
    );
    let three = data("three.csv", &|i, answer| {
        (if i == 4 {
            "dead"
        } else {
            ["healthy", "ill"][answer]
        })
        .into()
    });
    refused(
        format!("fit {three} {options}"),
        &["column y has 3 levels, dead, healthy, ill", "two levels"],
    );
    let one = write(&folder, "one.csv", "y,x\nill,1\nill,2\n");
    refused(
        format!("fit {one} {options}"),
        &["column y has 1 levels, ill"],
    );
    let counts = options.replace("logistic", "poisson");
    refused(
        format!("fit {names} {counts}"),
        &["\"ill\" is not a number"],
    );
    let trials = format!("{} --set trials=1", options.replace("logistic", "binomial"));
    refused(
        format!("fit {names} {trials}"),
        &["\"ill\" is not a number"],
    );
    let wrong = second.to_string().replace("logistic", "poisson");
    let wrong = write(&folder, "wrong.json", wrong);
    refused(
        format!("score {wrong} {numbers}"),
        &["family poisson_regression has no levels of its response"],
    );
}
