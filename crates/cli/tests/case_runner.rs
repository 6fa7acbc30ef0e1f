//! Every case of tests/cases through the binary, at the tolerances of its case.json.

mod support;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::compare::{Comparisons, Parameters, components, likelihood_tolerance, parameters};
use support::mapping::{Names, available};
use support::{case, case_file, cases, fit_json, folder, number, records, succeed, write};

/// Options of every fit: tighter than the default, because references are converged further, and plain
/// EM, because they compare traces.
const COMMON: [&str; 6] = [
    "--tolerance",
    "1e-11",
    "--max-iterations",
    "100000",
    "--acceleration",
    "none",
];

/// Cases and runs that wait for a family; the test fails when the family has come.
const LATER: &[(&str, &str, &str)] = &[];

/// Families of the distribution table and of the weighted estimates that the program does not offer.
const FAMILIES_NOT_OFFERED: &[&str] = &["f", "kumaraswamy", "logarithmic", "wishart", "zeta"];

/// Families whose M-step takes one step: references of traces bind exact M-steps only.
const ONE_STEP: &[&str] = &["weibull", "poisson_regression", "logistic_regression"];

/// Families whose reference trace begins after the first iteration, not with the start: the likelihood
/// of the start, summed by hand from the case's own numbers, is not in it, and all others are.
const TRACE_WITHOUT_START: &[&str] = &["multinomial"];

/// Fits: the run passes, or waits for a family.
#[test]
fn fits_agree_with_their_references() {
    let mut failures = Vec::new();
    for name in names_of_kind("fit") {
        let case = case(&name);
        for run in case["runs"].as_array().expect("runs") {
            let id = run["id"].as_str().expect("an id");
            let waits = LATER.iter().find(|later| later.0 == name && later.1 == id);
            match plan(&name, &case, run) {
                Some(plan) => {
                    if let Some((.., family)) = waits {
                        failures.push(format!("{name} {id}: {family} has come; take it off LATER"));
                    }
                    let compared = compare_fit(run, &plan);
                    report(&format!("{name} {id}"), &compared, &mut failures);
                }
                None if waits.is_some() => println!("{name} {id}: waits for its family"),
                None => failures.push(format!("{name} {id}: did not run")),
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The default options end within 1e-6 nats of plain EM continued from there until no coordinate changes by
/// more than 1e-13 relative to 1 + |x|, on every fit of every case.
#[test]
fn the_default_options_end_near_the_maximum() {
    let (mut failures, mut fits) = (Vec::new(), 0);
    for name in names_of_kind("fit") {
        let case = case(&name);
        for run in case["runs"].as_array().expect("runs") {
            let id = run["id"].as_str().expect("an id");
            let Some(Plan { mut arguments, .. }) = plan(&name, &case, run) else {
                continue;
            };
            let common = arguments.iter().position(|word| word == COMMON[0]);
            let common = common.expect("the common options");
            arguments.drain(common..common + COMMON.len());
            let model = folder(&format!("near_{name}_{id}")).join("model.json");
            let model = model.display().to_string();
            arguments.extend(["--output".into(), model.clone()]);
            let reached = number(&fit_json(&arguments)["fit"]["objective"]).expect("a number");
            let mut further = vec![arguments[0].clone(), "--init-model".into(), model];
            if let Some(column) = case["weights_column"].as_str() {
                further.extend(["--row-weights".into(), column.into()]);
            }
            let options = "--acceleration none --tolerance 0 --parameter-tolerance 1e-13 \
                           --max-iterations 200000";
            further.extend(options.split_whitespace().map(String::from));
            let maximum = number(&fit_json(&further)["fit"]["objective"]).expect("a number");
            fits += 1;
            if !(maximum - reached < 1e-6) {
                failures.push(format!("{name} {id}: {reached}, and {maximum} further on"));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(fits >= 40, "{fits} fits");
}

/// One fit: the arguments, and how to read the parameters of a component.
struct Plan {
    arguments: Vec<String>,
    read: Box<dyn Fn(&Value) -> Value>,
}

/// How a run is expressed on the command line; `None` where a family is missing.
fn plan(name: &str, case: &Value, run: &Value) -> Option<Plan> {
    let model = &run["model"];
    let mut arguments = vec![
        case_file(name, "data.csv"),
        "-k".into(),
        model["k"].to_string(),
    ];
    if let Some(column) = case["weights_column"].as_str() {
        arguments.extend(["--row-weights".into(), column.into()]);
    }
    arguments.extend(COMMON.map(String::from));
    let family = model["family"].as_str().expect("a family");
    if family == "product" {
        return product(name, run, arguments);
    }
    if family == "zero_inflated_poisson" {
        return Some(zero_inflated(name, case, run, arguments));
    }
    if family.ends_with("_regression") {
        return Some(regression(name, case, run, arguments));
    }
    let equal = model["variance"] == "equal";
    let names = available(if equal { "gaussian" } else { family })?;
    let columns = texts(&case["columns"]).join(",");
    arguments.extend([
        "--family".into(),
        names.family.into(),
        "--columns".into(),
        columns,
    ]);
    if names.family == "gaussian" {
        let structure = model["covariance"].as_str().unwrap_or("tied");
        arguments.extend(["--covariance".into(), structure.into()]);
    }
    if let Some(structure) = model["scale"].as_str() {
        arguments.extend(["--covariance".into(), structure.into()]);
    }
    if let Some(df) = model["df"].as_f64() {
        arguments.extend(["--set".into(), format!("df={df}")]);
    }
    if let Some(trials) = model["trials"].as_u64() {
        arguments.extend(["--set".into(), format!("trials={trials}")]);
    }
    if let Some(df) = model["df"].as_str() {
        let df = df.strip_prefix("fixed at ").expect("fixed at a number");
        arguments.extend(["--set".into(), format!("df={df}")]);
    }
    arguments.extend(start(name, run, |given| {
        if equal {
            json!({"mean": [given["mean"]], "covariance": [[given["var"]]]})
        } else {
            names.to_model(given)
        }
    }));
    let read: Box<dyn Fn(&Value) -> Value> = if equal {
        Box::new(|got| json!({"mean": got["mean"], "var": got["covariance"]}))
    } else {
        Box::new(|got| names.to_case(got))
    };
    Some(Plan { arguments, read })
}

/// A regression, from a formula such as `yn ~ 1 + x + x^2`.
fn regression(name: &str, case: &Value, run: &Value, mut arguments: Vec<String>) -> Plan {
    let model = &run["model"];
    let (response, terms) = (model["formula"].as_str())
        .and_then(|formula| formula.split_once('~'))
        .expect("a formula");
    let columns = texts(&case["columns"]);
    let response = columns.iter().find(|column| response.contains(*column));
    // What follows the formula explains it.
    let terms = terms.split([',', '(']).next().unwrap_or_default();
    let terms = terms
        .split('+')
        .map(|term| term.trim().trim_start_matches("common*"));
    let terms: Vec<&str> = terms
        .filter(|term| !["1", "intercept_k"].contains(term))
        .collect();
    let common = texts(&model["common_terms"]);
    let family = model["family"].as_str().expect("a family");
    let options = [
        ("--family", family),
        ("--response", response.expect("a response")),
        ("--predictors", &terms.join(",")),
    ];
    for (option, value) in options {
        arguments.extend([option.to_string(), value.to_string()]);
    }
    if !common.is_empty() {
        arguments.extend(["--common".into(), common.join(",")]);
    }
    arguments.extend(start(name, run, Value::clone));
    let read = |got: &Value| match number(&got["variance"]) {
        Some(variance) => json!({"coef": got["coefficients"], "sigma": variance.sqrt()}),
        None => json!({"coef": got["coefficients"]}),
    };
    Plan {
        arguments,
        read: Box::new(read),
    }
}

/// A point mass beside a Poisson.
fn zero_inflated(name: &str, case: &Value, run: &Value, mut arguments: Vec<String>) -> Plan {
    let count = run["model"]["k"].to_string();
    arguments.retain(|word| word != "-k" && *word != count);
    let columns = texts(&case["columns"]).join(",");
    let families = [
        "--components",
        "point_mass,poisson",
        "--set",
        "value=0",
        "--columns",
        &columns,
    ];
    arguments.extend(families.map(String::from));
    arguments.extend(start(name, run, Value::clone));
    let read = |got: &Value| match got.get("rate") {
        Some(rate) => json!({"rate": rate}),
        None => json!({}),
    };
    Plan {
        arguments,
        read: Box::new(read),
    }
}

/// A product of categorical and normal columns.
fn product(name: &str, run: &Value, mut arguments: Vec<String>) -> Option<Plan> {
    let mut columns = Vec::new();
    for part in run["model"]["components"].as_array()? {
        let categorical = part["kind"] == "categorical";
        let family = if categorical { "categorical" } else { "normal" };
        let names = texts(&part["columns"]);
        arguments.extend(["--part".into(), format!("{family}:{}", names.join(","))]);
        columns.extend(names.into_iter().map(|column| (categorical, column)));
    }
    arguments.extend(start(name, run, Value::clone));
    let read = move |got: &Value| {
        let (mut case, mut means, mut variances) = (json!({}), Vec::new(), Vec::new());
        for (index, (categorical, column)) in columns.iter().enumerate() {
            let part = &got["parts"][index];
            if *categorical {
                case[format!("prob[{column}]")] = part["probabilities"].clone();
            } else {
                means.push(part["mean"].clone());
                variances.push(part["variance"].clone());
            }
        }
        if !means.is_empty() {
            case["mean"] = means.into();
            case["var"] = variances.into();
        }
        case
    };
    Some(Plan {
        arguments,
        read: Box::new(read),
    })
}

/// The start of a run.
fn start(name: &str, run: &Value, to_model: impl Fn(&Value) -> Value) -> [String; 2] {
    let init = &run["init"];
    let file = |file: &Value| case_file(name, file.as_str().expect("a file"));
    match init["type"].as_str() {
        Some("labels") if init["column"].is_string() => {
            let column = init["column"].as_str().expect("a column");
            ["--init-labels".into(), column.into()]
        }
        Some("labels") => ["--init-labels-file".into(), file(&init["file"])],
        Some("responsibilities") => ["--init-responsibilities".into(), file(&init["file"])],
        Some("params") => {
            let components = init["params"].as_array().expect("params");
            let model = json!({
                "weights": init["weights"],
                "components": components.iter().map(to_model).collect::<Vec<_>>(),
            });
            let folder = folder(&format!(
                "start_{name}_{}",
                run["id"].as_str().expect("an id")
            ));
            [
                "--init-model".into(),
                write(&folder, "start.json", model.to_string()),
            ]
        }
        other => panic!("{name}: no start of type {other:?}"),
    }
}

/// Runs a fit and compares everything the case states.
fn compare_fit(run: &Value, plan: &Plan) -> Comparisons {
    let got = fit_json(&plan.arguments);
    let (fit, expected, tolerance) = (&got["fit"], &run["expected"], &run["tolerance"]);
    let mut into = Comparisons::default();
    let likelihood = expected["loglik"].as_f64().expect("a log-likelihood");
    let mine = fit["log_likelihood"].as_f64().expect("a log-likelihood");
    let allowed = likelihood_tolerance(tolerance, likelihood);
    if run["scored"] == "loglik_at_least_min" {
        let alternatives = expected["loglik_alternatives"].as_array();
        let least =
            (alternatives.into_iter().flatten().filter_map(number)).fold(likelihood, f64::min);
        let slack = allowed.max(1e-6 * least.abs());
        into.ratio(
            "log-likelihood at least that of the references",
            ((least - mine) / slack).max(0.0),
        );
        if (mine - likelihood).abs() > 1e-6 * likelihood.abs().max(1.0) {
            return into;
        }
    } else {
        into.number("log-likelihood", mine, likelihood, allowed);
    }
    into.number(
        "parameters",
        value(fit, "parameters"),
        value(expected, "n_params"),
        0.5,
    );
    into.number(
        "observations",
        value(fit, "observations"),
        value(expected, "n_obs"),
        1e-9,
    );
    for key in ["aic", "bic"] {
        let reference = value(expected, key);
        into.number(
            key,
            value(fit, key),
            reference,
            2.0 * allowed + 1e-9 * reference.abs(),
        );
    }
    let entropy = (2.0 * allowed)
        .max(1e-3 * value(expected, "entropy").abs())
        .max(1e-6);
    if expected["entropy"].is_number() {
        into.number(
            "entropy",
            value(fit, "entropy"),
            value(expected, "entropy"),
            entropy,
        );
    }
    if let Some(icl) = expected["icl_mclust"].as_f64() {
        into.number(
            "icl",
            value(fit, "icl"),
            -icl,
            entropy.max(2.0 * allowed + 1e-9 * icl.abs()),
        );
    }
    let exact = !ONE_STEP
        .iter()
        .any(|family| run["model"]["family"] == **family);
    let trace = expected["loglik_trace_first10"]
        .as_array()
        .filter(|_| exact)
        .into_iter()
        .flatten();
    for (i, reference) in trace.filter_map(number).enumerate() {
        let skipped = TRACE_WITHOUT_START
            .iter()
            .any(|family| run["model"]["family"] == **family);
        let mine = fit["trace"].get(i + usize::from(skipped));
        if let Some(mine) = mine.and_then(number) {
            into.number(
                format!("trace {i}"),
                mine,
                reference,
                1e-8 * reference.abs().max(1.0),
            );
        }
    }
    // The parameters of a common slope agree too, though the case does not ask for it.
    let scored = run["scored"] != "loglik_only" || expected["common_coef"].is_array();
    if scored && expected["weights"].is_array() {
        compare_components(&mut into, expected, &got, &*plan.read, tolerance);
    }
    into
}

fn compare_components(
    into: &mut Comparisons,
    expected: &Value,
    got: &Value,
    read: &dyn Fn(&Value) -> Value,
    tolerance: &Value,
) {
    let mut references: Vec<Parameters> =
        list(&expected["params"]).iter().map(parameters).collect();
    for coefficients in references
        .iter_mut()
        .filter_map(|reference| reference.get_mut("coef"))
    {
        coefficients.extend(numbers(&expected["common_coef"]));
    }
    let mine = list(&got["components"])
        .iter()
        .map(|component| parameters(&read(component)));
    let mine: Vec<Parameters> = mine.collect();
    components(
        into,
        (&numbers(&expected["weights"]), &references),
        (&numbers(&got["weights"]), &mine),
        tolerance,
    );
}

/// Rows three times over: the fit of the rows once, and three times its log-likelihood.
#[test]
fn duplicated_rows_give_the_same_fit() {
    let case = case("hard_duplicated_rows");
    if available("gaussian").is_none() {
        println!("hard_duplicated_rows: waits for gaussian");
        return;
    }
    let labels = (0..450).map(|row| (row / 150).to_string());
    let labels = format!("label\n{}\n", labels.collect::<Vec<_>>().join("\n"));
    let labels = write(&folder("duplicated"), "labels.csv", labels);
    let mut arguments = vec![case_file("hard_duplicated_rows", "data.csv")];
    arguments.extend(["-k", "3", "--family", "gaussian", "--init-labels-file"].map(String::from));
    arguments.push(labels);
    arguments.extend(COMMON.map(String::from));
    let got = fit_json(&arguments);
    let (expected, tolerance) = (&case["expected"], &case["tolerance"]);
    let mut into = Comparisons::default();
    let likelihood = value(expected, "loglik");
    let allowed = likelihood_tolerance(tolerance, likelihood);
    into.number(
        "log-likelihood",
        value(&got["fit"], "log_likelihood"),
        likelihood,
        allowed,
    );
    let read =
        |component: &Value| json!({"mean": component["mean"], "cov": component["covariance"]});
    compare_components(&mut into, expected, &got, &read, tolerance);
    let mut failures = Vec::new();
    report("hard_duplicated_rows", &into, &mut failures);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A model of one component of a family over these columns, as a file.
fn one_component(names: &Names, parameters: &Value, columns: &[String]) -> String {
    let mut settings = json!({});
    let family = tabular::family(names.family).expect("a family");
    for (theirs, ours) in names.parameters {
        if family.settings.contains(ours) {
            settings[*ours] = parameters[*theirs].clone();
        }
    }
    json!({
        "format": "mixture-model", "version": 1, "columns": columns,
        "parts": [{"family": names.family, "columns": columns, "settings": settings}],
        "weights": [1.0], "components": [names.to_model(parameters)],
    })
    .to_string()
}

/// Log-densities of the table, through `score`.
#[test]
fn densities_agree_with_the_table() {
    let table = std::fs::read_to_string(case_file("distributions_univariate", "table.csv"));
    let folder = folder("densities");
    let (mut failures, mut seen) = (Vec::new(), BTreeSet::new());
    let mut into = Comparisons::default();
    for record in records(&table.expect("a table")).iter().skip(1) {
        let [family, given, x, reference, ..] = &record[..] else {
            panic!("a row of the table");
        };
        let Some(names) = checked_family(family, &mut failures, &mut seen) else {
            continue;
        };
        let parameters: Value = serde_json::from_str(given).expect("JSON parameters");
        let model = write(
            &folder,
            "model.json",
            one_component(names, &parameters, &["x".into()]),
        );
        let data = write(&folder, "data.csv", format!("x\n{x}\n"));
        let scored = records(&succeed(&["score", &model, &data]));
        let reference: f64 = reference.parse().expect("a number");
        let all = parameters
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, v)| number(v));
        let largest = all
            .chain(x.parse::<f64>().ok())
            .fold(0.0f64, |a, b| a.max(b.abs()));
        let relative = if largest >= 1e8 { 1e-9 } else { 1e-12 };
        let allowed = relative * reference.abs().max(1.0) * if largest < 1e4 { 1.0 } else { 100.0 };
        let mine: f64 = scored[1][0].parse().expect("a log-density");
        into.number(format!("{family} {given} at {x}"), mine, reference, allowed);
    }
    report("distributions_univariate", &into, &mut failures);
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Log-densities of the table of distributions over vectors, through `score`.
#[test]
fn densities_of_vectors_agree_with_the_table() {
    let case = case("distributions_multivariate");
    let folder = folder("vector_densities");
    let (mut failures, mut seen) = (Vec::new(), BTreeSet::new());
    let mut into = Comparisons::default();
    for row in list(&case["rows"]) {
        let family = row["family"].as_str().expect("a family");
        let Some(names) = checked_family(family, &mut failures, &mut seen) else {
            continue;
        };
        let cells: Vec<String> = list(&row["x"]).iter().map(Value::to_string).collect();
        let columns: Vec<String> = (0..cells.len()).map(|j| format!("x{j}")).collect();
        let model = one_component(names, &row["params"], &columns);
        let model = write(&folder, "model.json", model);
        let data = format!("{}\n{}\n", columns.join(","), cells.join(","));
        let data = write(&folder, "data.csv", data);
        let scored = records(&succeed(&["score", &model, &data]));
        let mine: f64 = scored[1][0].parse().expect("a log-density");
        let reference = [&row["logpdf"], &row["logpmf"]]
            .into_iter()
            .find_map(number);
        let reference = reference.expect("a log-density");
        let relative = value(&case["tolerance"], "logpdf_rel");
        let what = format!("{family} {} at {}", row["params"], row["x"]);
        into.number(what, mine, reference, relative * reference.abs());
    }
    report("distributions_multivariate", &into, &mut failures);
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The family of a row, unless it is not offered.
fn checked_family(
    family: &str,
    failures: &mut Vec<String>,
    seen: &mut BTreeSet<String>,
) -> Option<&'static Names> {
    let names = available(family);
    if !seen.insert(family.to_string()) {
        return names;
    }
    match (names.is_some(), FAMILIES_NOT_OFFERED.contains(&family)) {
        (true, true) => failures.push(format!(
            "{family} is offered; take it off FAMILIES_NOT_OFFERED"
        )),
        (false, false) => failures.push(format!("{family} did not run")),
        (false, true) => println!("{family}: not offered"),
        (true, false) => {}
    }
    names
}

/// Weighted maximum likelihood of one component, through `fit`.
#[test]
fn weighted_estimates_agree() {
    let case = case("mle_weighted");
    let (mut failures, mut seen) = (Vec::new(), BTreeSet::new());
    let mut into = Comparisons::default();
    for (index, fit) in case["fits"].as_array().expect("fits").iter().enumerate() {
        let family = fit["family"].as_str().expect("a family");
        let Some(names) = checked_family(family, &mut failures, &mut seen) else {
            continue;
        };
        let data = case_file("mle_weighted", fit["data"].as_str().expect("a file"));
        let mut arguments = vec![data];
        arguments.extend(["-k", "1", "--columns", "x", "--family", names.family].map(String::from));
        if fit["weights"] == "weighted" {
            arguments.extend(["--row-weights", "w"].map(String::from));
        }
        // A location that is always fixed here, that of a Laplace, is given; so is a df that the
        // case fixes. What may be set but is estimated by the case, is not.
        let entry = tabular::family(names.family).expect("a family");
        let estimated = family == "normal";
        let fixed = names
            .parameters
            .iter()
            .filter(|(_, ours)| entry.settings.contains(ours) && !estimated);
        for (theirs, ours) in fixed {
            let value = number(&fit["params"][*theirs]).expect("a number");
            arguments.extend(["--set".into(), format!("{ours}={value}")]);
        }
        arguments.extend(COMMON.map(String::from));
        let got = fit_json(&arguments);
        let mine = names.to_case(&got["components"][0]);
        for (key, reference) in fit["params"].as_object().expect("parameters") {
            let reference = number(reference).expect("a number");
            let what = format!("fit {index} {family} {key}");
            into.number(
                what,
                value(&mine, key),
                reference,
                1e-9 * reference.abs().max(1e-12),
            );
        }
        let reference = number(&fit["loglik"]).expect("a number");
        let mine = value(&got["fit"], "log_likelihood");
        let allowed = 1e-11 * reference.abs().max(1.0);
        into.number(
            format!("fit {index} {family} loglik"),
            mine,
            reference,
            allowed,
        );
    }
    report("mle_weighted", &into, &mut failures);
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The worked example, through `score` and `predict` with a model written by hand.
#[test]
fn the_worked_example_has_its_digits() {
    let case = case("worked_example_1d");
    let model = json!({
        "format": "mixture-model", "version": 1, "columns": ["x"],
        "parts": [{"family": "normal", "columns": ["x"]}],
        "weights": [0.6, 0.4],
        "components": [{"mean": 2, "variance": 1}, {"mean": 5, "variance": 2}],
    });
    let folder = folder("worked_example");
    let model = write(&folder, "model.json", model.to_string());
    let data = case_file("worked_example_1d", "data.csv");
    let expected = &case["expected"];
    let relative = value(&case["tolerance"], "rel");
    let mut into = Comparisons::default();
    let scored = records(&succeed(&["score", &model, &data]));
    let predicted = records(&succeed(&["predict", &model, &data]));
    let log: f64 = scored[1][0].parse().expect("a number");
    let reference = value(expected, "log_mixture_density");
    into.number("log-density", log, reference, relative * reference.abs());
    let reference = value(expected, "mixture_density");
    into.number("density", log.exp(), reference, relative * reference);
    for (k, reference) in numbers(&expected["resp"]).into_iter().enumerate() {
        let mine: f64 = predicted[1][2 + k].parse().expect("a number");
        into.number(
            format!("responsibility {k}"),
            mine,
            reference,
            relative * reference,
        );
    }
    let mut failures = Vec::new();
    report("worked_example_1d", &into, &mut failures);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The default options choose the same model with the same BIC, and the fits of one component, which have
/// one maximum, are those of the reference.
#[test]
fn selections_agree_with_their_references() {
    for name in names_of_kind("selection") {
        let case = case(&name);
        let expected = &case["expected"];
        let data = case_file(&name, "data.csv");
        let ranked = |counts: &str| -> Vec<Value> {
            let text = succeed(&[
                "select",
                &data,
                "-k",
                counts,
                "--family",
                "gaussian",
                "--covariance",
                "all",
                "--format",
                "json",
            ]);
            let chosen: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(chosen["criterion"], "bic", "{name}");
            chosen["ranked"].as_array().expect("a list").clone()
        };
        let all = ranked("1..9");
        let best = &all[0];
        let bic = best["bic"].as_f64().expect("a number");
        let reference = number(&expected["bic"]).expect("a number");
        println!(
            "{name}: {} with {}, bic {bic}",
            best["covariance"], best["components"]
        );
        assert_eq!(best["covariance"], expected["best_model"], "{name}");
        assert_eq!(best["components"], expected["best_k"], "{name}");
        assert_eq!(best["parameters"], expected["n_params"], "{name}");
        // The reference stops when its log-likelihood changes by less than 1e-5 relative.
        assert!((bic - reference).abs() <= 0.05, "{name}: {bic} {reference}");
        for row in all.iter().filter(|row| row["components"] == 1) {
            let structure = row["covariance"].as_str().expect("a name");
            let reference = -number(&expected["bic_table"]["1"][structure]).expect("a number");
            let bic = row["bic"].as_f64().expect("a number");
            let error = (bic / reference - 1.0).abs();
            assert!(error < 1e-7, "{name} {structure}: {bic} {reference}");
        }
    }
}

/// Every folder is of a kind that some test runs.
#[test]
fn no_case_is_forgotten() {
    let mut kinds = BTreeSet::new();
    for name in all_names() {
        kinds.insert(case(&name)["kind"].as_str().unwrap_or_default().to_string());
    }
    let known = [
        "evaluate",
        "fit",
        "fit_numbers",
        "hard",
        "mle",
        "selection",
        "table",
    ];
    assert_eq!(kinds, known.map(String::from).into());
}

fn all_names() -> BTreeSet<String> {
    let entries = std::fs::read_dir(cases()).expect("the folder of cases");
    let folders = entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir());
    folders
        .map(|entry| entry.file_name().into_string().expect("a name"))
        .collect()
}

fn names_of_kind(kind: &str) -> Vec<String> {
    all_names()
        .into_iter()
        .filter(|name| case(name)["kind"] == kind)
        .collect()
}

/// Prints the worst comparison of a run, and notes a failure.
fn report(what: &str, compared: &Comparisons, failures: &mut Vec<String>) {
    let (worst, detail) = compared.worst();
    println!(
        "{what}: {} comparisons, worst {worst:.3} ({detail})",
        compared.done.len()
    );
    if !(worst <= 1.0) {
        failures.push(format!("{what}: {worst:.3} ({detail})"));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().filter_map(number).collect()
}

fn texts(value: &Value) -> Vec<String> {
    list(value)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_string)
        .collect()
}

fn value(object: &Value, key: &str) -> f64 {
    number(&object[key]).unwrap_or(f64::NAN)
}
