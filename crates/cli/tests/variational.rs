//! Variational Bayes through the command line: the bound against exact evidence, the predictive density
//! against quadrature, and what the other commands make of posteriors.

mod support;

use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use support::{fit_json, folder, mixture, records, succeed, write};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn faithful() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/old_faithful.csv");
    path.display().to_string()
}

/// One column of data as CSV.
fn column(values: &[f64]) -> String {
    let mut text = String::from("x\n");
    values
        .iter()
        .for_each(|value| writeln!(text, "{value}").expect("text"));
    text
}

fn of(file: &Value, pointer: &str) -> f64 {
    let found = file.pointer(pointer).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("{pointer} in {file}"))
}

/// ln (n − 1)!, by the product itself.
fn ln_gamma_of_whole(n: usize) -> f64 {
    (1..n).map(|i| (i as f64).ln()).sum()
}

/// ln Γ(n + ½) = ln √π + Σ ln(i − ½).
fn ln_gamma_of_half(n: usize) -> f64 {
    let product: f64 = (1..=n).map(|i| (i as f64 - 0.5).ln()).sum();
    product + 0.5 * std::f64::consts::PI.ln()
}

#[test]
fn with_one_component_the_bound_is_the_exact_evidence() {
    let folder = folder("variational_evidence");
    let bound = |name: &str, values: &[f64], family: &str| {
        let data = write(&folder, &format!("{name}.csv"), column(values));
        let file = fit_json(&words(&format!(
            "{data} --algorithm variational --family {family} -k 1"
        )));
        assert_eq!(file["fit"]["algorithm"], "variational");
        of(&file, "/fit/objective")
    };
    let near = |found: f64, exact: f64| {
        // A dozen terms of size 100 at most.
        assert!((found - exact).abs() < 1e-10, "{found} {exact}");
    };
    let counts = [3.0, 0.0, 7.0, 2.0, 2.0, 5.0, 1.0, 4.0];
    let (n, sum) = (counts.len() as f64, counts.iter().sum::<f64>());
    let factorials: f64 = counts
        .iter()
        .map(|&x| ln_gamma_of_whole(x as usize + 1))
        .sum();
    // λ ~ Exponential with mean x̄: ∫ b e^−bλ Π e^−λ λ^x/x! dλ.
    let b = n / sum;
    let exact =
        b.ln() + ln_gamma_of_whole(sum as usize + 1) - (sum + 1.0) * (b + n).ln() - factorials;
    near(bound("poisson", &counts, "poisson"), exact);
    // p uniform: ∫ Π p(1 − p)^x dp = n! (Σx)!/(n + Σx + 1)!.
    let exact = ln_gamma_of_whole(9) + ln_gamma_of_whole(sum as usize + 1)
        - ln_gamma_of_whole(10 + sum as usize);
    near(bound("geometric", &counts, "geometric"), exact);
    let bits = [1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0];
    let exact = ln_gamma_of_whole(6) + ln_gamma_of_whole(3) - ln_gamma_of_whole(9);
    near(bound("bernoulli", &bits, "bernoulli"), exact);
    let choose: f64 = (counts.iter().map(|&x| x as usize))
        .map(|x| ln_gamma_of_whole(11) - ln_gamma_of_whole(x + 1) - ln_gamma_of_whole(11 - x))
        .sum();
    let (wins, losses) = (sum as usize, 80 - sum as usize);
    let exact = choose + ln_gamma_of_whole(wins + 1) + ln_gamma_of_whole(losses + 1)
        - ln_gamma_of_whole(82);
    near(
        bound("binomial", &counts, "binomial --set trials=10"),
        exact,
    );
    let times = [0.25, 1.5, 3.0, 0.125, 2.25];
    let (n, sum) = (times.len(), times.iter().sum::<f64>());
    // λ ~ Exponential with mean 1/x̄.
    let b = sum / n as f64;
    let exact = b.ln() + ln_gamma_of_whole(n + 1) - (n as f64 + 1.0) * (b + sum).ln();
    near(bound("exponential", &times, "exponential"), exact);
    // Normal–inverse-gamma with κ = 0.01, three degrees of freedom, and the variance of the rows.
    let xs = [0.25, 1.5, 3.0, -4.0, 2.25, 0.5];
    let n = xs.len() as f64;
    let mean = xs.iter().sum::<f64>() / n;
    let squares: f64 = xs.iter().map(|x| (x - mean) * (x - mean)).sum();
    let (before, after) = (0.5 * squares / (n - 1.0), 0.5 * squares * n / (n - 1.0));
    let exact = ln_gamma_of_half(4) - ln_gamma_of_half(1) + 1.5 * before.ln() - 4.5 * after.ln()
        + 0.5 * (0.01f64.ln() - 6.01f64.ln())
        - 3.0 * std::f64::consts::TAU.ln();
    near(bound("normal", &xs, "normal"), exact);
    near(bound("gaussian", &xs, "gaussian"), exact);
    near(bound("diagonal", &xs, "gaussian --covariance diag"), exact);
    // Uniform over three levels: 2! Π n_j!/(n + 2)!.
    let data = write(&folder, "levels.csv", "x\na\nb\na\nc\na\n");
    let file = fit_json(&words(&format!(
        "{data} --algorithm variational --part categorical:x -k 1"
    )));
    let exact = ln_gamma_of_whole(3) + ln_gamma_of_whole(4) - ln_gamma_of_whole(8);
    near(of(&file, "/fit/objective"), exact);
}

/// The densities of the rows of a text, by `mixture score`.
fn densities(model: &str, data: &str) -> Vec<f64> {
    let scored = records(&succeed(&["score", model, data]));
    let numbers = scored.iter().skip(1).map(|row| row[0].parse::<f64>());
    numbers
        .map(|value| value.expect("a number").exp())
        .collect()
}

#[test]
fn the_predictive_density_integrates_to_one() {
    let folder = folder("variational_predictive");
    let model = folder.join("model.json").display().to_string();
    let fit = |data: &str, options: &str| {
        let text = format!("fit {data} --algorithm variational {options} -o {model}");
        succeed(&words(&text));
    };
    let xs = [0.1, 0.4, 0.2, 0.3, 5.1, 5.4, 4.9, 5.0, 5.2, 9.9];
    let data = write(&folder, "reals.csv", column(&xs));
    // x = 3 + sinh(t): Student t of three degrees of freedom keep less than 1e-15 beyond e¹⁵.
    let step = 1.0 / 64.0;
    let nodes: Vec<f64> = (-960..=960).map(|i| f64::from(i) * step).collect();
    let line: Vec<f64> = nodes.iter().map(|t| 3.0 + t.sinh()).collect();
    let line = write(&folder, "line.csv", column(&line));
    for options in [
        "--family normal -k 4",
        "--family gaussian -k 4 --weights-prior dirichlet-process",
        "--family gaussian --covariance diag -k 2 --weights equal",
    ] {
        fit(&data, options);
        let all = densities(&model, &line);
        let sum: f64 = (all.iter().zip(&nodes))
            .map(|(density, t)| density * t.cosh() * step)
            .sum();
        // The trapezoidal rule on an analytic integrand: error e^(−2π·distance to the poles/step).
        assert!((sum - 1.0).abs() < 1e-9, "{options}: {sum}");
    }
    let waiting: Vec<f64> = xs.iter().map(|x| x + 0.5).collect();
    let data = write(&folder, "times.csv", column(&waiting));
    fit(&data, "--family exponential -k 2");
    // x = e^t, from 1e-13 on; Lomax with shape 1 or more, most of it with shapes of several rows.
    let nodes: Vec<f64> = (-1920..=5120).map(|i| f64::from(i) * step).collect();
    let half: Vec<f64> = nodes.iter().map(|t| t.exp()).collect();
    let all = densities(&model, &write(&folder, "half.csv", column(&half)));
    let sum: f64 = (all.iter().zip(&half))
        .map(|(density, x)| density * x * step)
        .sum();
    assert!((sum - 1.0).abs() < 1e-9, "exponential: {sum}");
    // Sums over all counts there are, or nearly.
    let counts = [0.0, 1.0, 1.0, 2.0, 0.0, 9.0, 8.0, 9.0, 7.0];
    let data = write(&folder, "counts.csv", column(&counts));
    for (options, last, tolerance) in [
        ("--family binomial --set trials=12 -k 3", 12, 1e-13),
        // Negative binomial tails fall by at least 1/2 a count (shape 1, mean of the rows).
        ("--family poisson -k 3", 400, 1e-13),
    ] {
        fit(&data, options);
        let all: Vec<f64> = (0..=last).map(f64::from).collect();
        let all = densities(&model, &write(&folder, "all.csv", column(&all)));
        let sum: f64 = all.iter().sum();
        assert!((sum - 1.0).abs() < tolerance, "{options}: {sum}");
    }
    // A product of two parts.
    let mut text = String::from("won,level\n");
    for (i, count) in counts.iter().enumerate() {
        writeln!(text, "{count},{}", if i % 2 == 0 { "a" } else { "b" }).expect("text");
    }
    let data = write(&folder, "product.csv", &text);
    fit(
        &data,
        "--part binomial:won --part categorical:level --set 0.trials=12 -k 2",
    );
    let mut grid = String::from("won,level\n");
    for count in 0..=12 {
        write!(grid, "{count},a\n{count},b\n").expect("text");
    }
    let all = densities(&model, &write(&folder, "grid.csv", &grid));
    assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-13);
}

#[test]
fn components_that_are_not_needed_empty() {
    let base = format!(
        "{} --algorithm variational --family gaussian -k 6 --init spread",
        faithful()
    );
    for prior in ["dirichlet", "dirichlet-process"] {
        let one = fit_json(&words(&format!(
            "{base} --weights-prior {prior} --threads 1"
        )));
        let two = fit_json(&words(&format!(
            "{base} --weights-prior {prior} --threads 2"
        )));
        assert_eq!(one, two, "the same for any number of threads");
        let counts = one["weights_posterior"]["counts"]
            .as_array()
            .expect("counts");
        let counts: Vec<f64> = counts.iter().filter_map(Value::as_f64).collect();
        let needed = counts.iter().filter(|&&count| count > 1.0).count();
        assert_eq!((needed, counts.len()), (2, 6), "{prior}: {counts:?}");
        // Acceleration ends where plain coordinate ascent does.
        let plain = fit_json(&words(&format!(
            "{base} --weights-prior {prior} --acceleration none"
        )));
        let difference = of(&plain, "/fit/objective") - of(&one, "/fit/objective");
        // Two runs that stop within 1e-7 nats of one maximum, or of maxima that starts differ in.
        assert!(difference.abs() < 1e-4, "{prior}: {difference}");
        for trace in [&one, &plain] {
            let trace = trace["fit"]["trace"].as_array().expect("a trace");
            let trace: Vec<f64> = trace.iter().filter_map(Value::as_f64).collect();
            // Up to the rounding of a sum of 272 terms of size 4.
            assert!(trace.windows(2).all(|pair| pair[1] >= pair[0] - 1e-10));
        }
    }
}

#[test]
fn files_of_every_family_are_read_again_and_used() {
    let folder = folder("variational_files");
    let mut text = String::from("n,m,x,y,t,level\n");
    for i in 0..40 {
        let (n, m) = (i % 5 + 7 * (i % 2), 3 + i % 3);
        let (x, y) = (
            f64::from(i % 7) + 20.0 * f64::from(i % 2),
            f64::from(i * i % 11),
        );
        let level = ["a", "b", "c"][i as usize % 3];
        writeln!(text, "{n},{m},{x},{y},{},{level}", 0.5 + x).expect("text");
    }
    let data = write(&folder, "data.csv", &text);
    let bits: String = "bit\n1\n0\n1\n1\n0\n1\n1\n".into();
    let bits = write(&folder, "bits.csv", bits);
    let model = folder.join("model.json").display().to_string();
    for (data, part) in [
        (&data, "--part normal:x"),
        (&data, "--part exponential:t"),
        (&data, "--part poisson:n,m"),
        (&bits, "--part bernoulli:bit"),
        (&data, "--part binomial:n --set trials=20"),
        (&data, "--part geometric:n --set support=failures"),
        (&data, "--part categorical:level"),
        (&data, "--part multinomial:n,m"),
        (&data, "--part gaussian:x,y"),
        (
            &data,
            "--part gaussian:x,y --covariance diag --prior shrinkage=0.5,df=5",
        ),
        (
            &data,
            "--part gaussian:x,y --part poisson:n --part categorical:level --prior strength=2",
        ),
    ] {
        let fit = format!("fit {data} --algorithm variational {part} -k 2 -o {model}");
        let shown = succeed(&words(&fit));
        assert!(
            shown.contains("lower bound") && !shown.contains("BIC"),
            "{shown}"
        );
        let file = std::fs::read_to_string(&model).expect("the file");
        assert_eq!(
            succeed(&["show", &model, "--format", "json"]),
            file,
            "{part}"
        );
        assert!(!file.contains("\"bic\""), "{part}");
        // The predictive density of the rows is the log-likelihood that the file holds.
        let total = records(&succeed(&["score", &model, data, "--total"]));
        let value: Value = serde_json::from_str(&file).expect("JSON");
        let (found, held) = (
            total[1][0].parse::<f64>(),
            of(&value, "/fit/log_likelihood"),
        );
        // Sums of some forty terms in another order.
        assert!((found.expect("a number") - held).abs() < 1e-9, "{part}");
        let predicted = records(&succeed(&["predict", &model, data]));
        for row in &predicted[1..] {
            let sum: f64 = row[2..].iter().map(|p| p.parse::<f64>().expect("p")).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{part}: {row:?}");
        }
        let drawn = succeed(&["sample", &model, "-n", "20", "--seed", "3"]);
        assert_eq!(
            drawn,
            succeed(&["sample", &model, "-n", "20", "--seed", "3"])
        );
        let drawn = write(&folder, "drawn.csv", &drawn);
        assert!(
            densities(&model, &drawn)
                .iter()
                .all(|density| *density > 0.0),
            "{part}"
        );
    }
}

#[test]
fn one_column_has_the_distribution_function_of_its_predictive_density() {
    let folder = folder("variational_cdf");
    let model = folder.join("model.json").display().to_string();
    let data = write(
        &folder,
        "counts.csv",
        column(&[0.0, 1.0, 1.0, 2.0, 9.0, 8.0, 9.0]),
    );
    succeed(&words(&format!(
        "fit {data} --algorithm variational --family poisson -k 2 -o {model}"
    )));
    let upto = write(&folder, "upto.csv", column(&[0.0, 1.0, 2.0, 3.0]));
    let sum: f64 = densities(&model, &upto).iter().sum();
    let line = records(&succeed(&["cdf", &model, "--at", "3"]));
    let found = line[1][1].parse::<f64>();
    // Four terms.
    assert!(
        (found.expect("a number") - sum).abs() < 1e-13,
        "{line:?} {sum}"
    );
    let figure = folder.join("figure.svg").display().to_string();
    succeed(&["plot", &model, &data, "-o", &figure]);
    let report = folder.join("report.html").display().to_string();
    succeed(&["report", &model, &data, "-o", &report]);
    let report = std::fs::read_to_string(report).expect("the report");
    assert!(report.contains("lower bound") && report.contains("--algorithm variational"));
}

#[test]
fn select_ranks_by_the_lower_bound() {
    let base = format!(
        "select {} --algorithm variational --family gaussian -k 1..3",
        faithful()
    );
    let ranked: Value =
        serde_json::from_str(&succeed(&words(&format!("{base} --format json")))).expect("JSON");
    assert_eq!(ranked["criterion"], "lower-bound");
    assert_eq!(ranked["ranked"][0]["components"], 2);
    assert!(ranked["ranked"][0].get("bic").is_none());
    assert_eq!(ranked["unranked"].as_array().map(Vec::len), Some(0));
    for criterion in ["bic", "icl", "likelihood-ratio"] {
        let refused = mixture(&words(&format!("{base} --criterion {criterion}")));
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains("lower-bound"), "{}", refused.stderr);
    }
    let points = format!("select {} --family gaussian -k 1..2", faithful());
    let refused = mixture(&words(&format!("{points} --criterion lower-bound")));
    assert_eq!(refused.code, 2);
    succeed(&words(&format!("{base} --criterion held-out")));
}

#[test]
fn what_cannot_be_combined_is_refused() {
    let folder = folder("variational_refused");
    let data = write(
        &folder,
        "data.csv",
        "x,y,g\n1,2,a\n2,3,a\n3,5,b\n4,4,b\n9,9,b\n",
    );
    let points = folder.join("points.json").display().to_string();
    let gaussian = "--family gaussian --columns x,y";
    succeed(&words(&format!(
        "fit {data} {gaussian} --covariance tied -k 2 -o {points}"
    )));
    let posterior = folder.join("posterior.json").display().to_string();
    let base = format!("fit {data} --algorithm variational -k 2");
    succeed(&words(&format!("{base} {gaussian} -o {posterior}")));
    for (options, word) in [
        (
            "--family gaussian --columns x,y --noise".to_string(),
            "--noise",
        ),
        (format!("{gaussian} --group g"), "--group"),
        (format!("{gaussian} --concomitant x"), "--concomitant"),
        (format!("{gaussian} --trim 0.1"), "--trim"),
        (format!("{gaussian} --missing em"), "--missing em"),
        (
            format!("{gaussian} --on-degenerate drop"),
            "--on-degenerate",
        ),
        (
            format!("{gaussian} --eigenvalue-ratio 5"),
            "--eigenvalue-ratio",
        ),
        (format!("{gaussian} --means shared"), "--means"),
        (format!("{gaussian} --covariance tied"), "full or diag"),
        (format!("{gaussian} --init-model {points}"), "--init-model"),
        (
            format!("{gaussian} --standard-errors louis"),
            "--algorithm variational",
        ),
        (format!("{gaussian} --prior strength=2"), "shrinkage=S"),
        (format!("{gaussian} --prior weights=0"), "positive"),
        (format!("{gaussian} --prior shrinkage=0"), "shrinkage"),
        (
            format!("{gaussian} --weights equal --weights-prior dirichlet"),
            "--weights equal",
        ),
        (format!("{gaussian} --burn-in 3"), "--burn-in"),
        (
            "--family poisson --columns x --prior df=3".into(),
            "gaussian and normal",
        ),
        (
            "--family poisson --columns x --prior strength=1e-9".into(),
            "concentration",
        ),
        ("--family gamma --columns x".into(), "no conjugate prior"),
        (
            "--family normal --columns x --set mean=0".into(),
            "no conjugate prior",
        ),
        (
            "--components normal,cauchy --columns x".into(),
            "--components",
        ),
        ("--family normal --interval x,y".into(), "intervals"),
        (
            "--family linear_regression --response y --predictors x".into(),
            "no conjugate prior",
        ),
    ] {
        let run = mixture(&words(&format!("{base} {options}")));
        assert_eq!(run.code, 2, "{options}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{options}: {}", run.stderr);
    }
    let run = mixture(&words(&format!(
        "fit {data} -k 2 {gaussian} --weights-prior dirichlet"
    )));
    assert_eq!(run.code, 2, "{}", run.stderr);
    let run = mixture(&words(&format!(
        "fit {data} -k 2 {gaussian} --init-model {posterior}"
    )));
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("posterior"), "{}", run.stderr);
}

#[test]
fn nothing_of_a_file_is_trusted() {
    let folder = folder("variational_tampered");
    let data = write(
        &folder,
        "counts.csv",
        column(&[0.0, 1.0, 1.0, 2.0, 9.0, 8.0, 9.0]),
    );
    let good = fit_json(&words(&format!(
        "{data} --algorithm variational --family poisson -k 2"
    )));
    type Change = (&'static str, fn(&mut Value), &'static str);
    let changes: [Change; 7] = [
        (
            "weights",
            |file| file["weights"] = serde_json::json!([0.5, 0.5]),
            "weights_posterior",
        ),
        (
            "count",
            |file| file["weights_posterior"]["counts"][0] = (-1.0).into(),
            "count",
        ),
        (
            "concentration",
            |file| file["weights_posterior"]["concentration"] = 0.0.into(),
            "concentration",
        ),
        (
            "no posterior",
            |file| {
                drop(
                    file.as_object_mut()
                        .expect("a map")
                        .remove("weights_posterior"),
                )
            },
            "posteriors",
        ),
        (
            "no prior",
            |file| {
                drop(
                    file["parts"][0]
                        .as_object_mut()
                        .expect("a map")
                        .remove("prior"),
                )
            },
            "rate",
        ),
        (
            "shape",
            |file| file["components"][0]["shape"] = (-1.0).into(),
            "shape",
        ),
        (
            "a point",
            |file| file["components"][0] = serde_json::json!({"rate": 2.0}),
            "component 0",
        ),
    ];
    for (name, change, word) in changes {
        let mut file = good.clone();
        change(&mut file);
        let path = write(&folder, "changed.json", file.to_string());
        let run = mixture(&["show", &path]);
        assert_eq!(run.code, 2, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{name}: {}", run.stderr);
    }
}
