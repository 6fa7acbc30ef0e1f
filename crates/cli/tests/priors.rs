//! Priors and floors through the command line.

mod support;

use serde_json::{Value, json};
use std::fmt::Write;
use support::{fit_json, folder, mixture, number, succeed, write};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn fit(text: &str) -> Value {
    fit_json(&words(text))
}

fn fit_value(file: &Value, key: &str) -> f64 {
    number(&file["fit"][key]).expect("a number")
}

/// Two clumps in x and y; the first has six identical rows and no others.
fn clumps() -> String {
    let mut text = String::from("x,y,count,colour,class,far\n");
    for i in 0..18 {
        let (x, y) = match i {
            0..6 => (1.0, 2.0),
            _ => (6.0 + f64::from(i % 5), 5.0 - f64::from(i % 4)),
        };
        let (count, colour) = (i % 3 + 2 * (i / 6), ["red", "blue"][i as usize % 2]);
        let class = if i < 6 { "a" } else { "b" };
        writeln!(text, "{x},{y},{count},{colour},{class},{}", x + 1.0).expect("text");
    }
    text
}

#[test]
fn fraley_and_raftery_hold_what_collapses_and_files_go_on() {
    let folder = folder("priors_gaussian");
    let data = write(&folder, "data.csv", clumps());
    let base = format!("{data} --family gaussian --columns x,y --init-labels class");
    let plain = mixture(&words(&format!("fit {base} -k 2")));
    assert_eq!(plain.code, 1, "{}", plain.stderr);
    for structure in ["full", "VEV", "tied", "diag", "VII"] {
        let options = format!("{base} -k 2 --covariance {structure} --acceleration none");
        let whole = fit(&format!("{options} --prior fraley-raftery,df=5"));
        let prior = &whole["parts"][0]["prior"];
        assert_eq!(prior["kind"], "normal_inverse_wishart");
        assert_eq!(
            (&prior["shrinkage"], &prior["df"]),
            (&json!(0.01), &json!(5.0))
        );
        let (objective, likelihood) = (
            fit_value(&whole, "objective"),
            fit_value(&whole, "log_likelihood"),
        );
        assert!(objective != likelihood);
        let warnings = whole["fit"]["warnings"].to_string();
        assert!(warnings.contains("posterior"), "{warnings}");
        // Two iterations, and the rest from the file: the same prior, and the same trace.
        let model = folder.join("model.json").display().to_string();
        succeed(&words(&format!(
            "fit {options} --prior fraley-raftery --prior df=5 --max-iterations 2 --output {model}"
        )));
        let rest = fit(&format!("{data} --init-model {model} --acceleration none"));
        assert_eq!(&rest["parts"][0]["prior"], prior, "{structure}");
        let trace = |file: &Value| -> Vec<f64> {
            let values = file["fit"]["trace"].as_array().expect("a trace").iter();
            values
                .map(|value| number(value).expect("a number"))
                .collect()
        };
        let (whole, rest) = (trace(&whole), trace(&rest));
        for (a, b) in whole[2..].iter().zip(&rest) {
            assert!((a - b).abs() < 1e-10, "{structure}: {whole:?} {rest:?}");
        }
    }
}

/// With every label known the estimates are closed: N = 6 and 12.
#[test]
fn observations_and_rows_are_added() {
    let folder = folder("priors_counts");
    let data = write(&folder, "data.csv", clumps());
    let fitted = fit(&format!(
        "{data} --family poisson --columns count -k 2 --known-labels class \
         --prior strength=3 --prior weights=2.5"
    ));
    // Counts: 0 1 2 0 1 2 in the first class, 2 3 4 2 3 4 and 4 5 6 4 5 6 in the second; mean 3 of all.
    for (k, sum, rows) in [(0, 6.0, 6.0), (1, 48.0, 12.0)] {
        let rate = number(&fitted["components"][k]["rate"]).expect("a rate");
        assert!((rate - (sum + 3.0 * 3.0) / (rows + 3.0)).abs() < 1e-12);
        let weight = number(&fitted["weights"][k]).expect("a weight");
        assert!((weight - (rows + 1.5) / 21.0).abs() < 1e-12);
    }
    assert_eq!(fitted["weights_prior"], json!([2.5, 2.5]));
    let prior = json!({"kind": "pseudo_observations", "centre": {"rate": 3.0}, "strength": 3.0});
    assert_eq!(fitted["parts"][0]["prior"], prior);
    // A prior of one observation keeps levels that a class never shows above 0.
    let model = folder.join("model.json").display().to_string();
    let product = format!(
        "{data} --part normal:x --part categorical:colour --part gaussian:y -k 2 --init-labels class \
         --prior strength=1,fraley-raftery"
    );
    let fitted = fit(&format!("{product} --output {model}"));
    for k in 0..2 {
        let parts = &fitted["components"][k]["parts"];
        assert!(number(&parts[0]["variance"]).expect("a variance") > 0.1);
        assert!(number(&parts[1]["probabilities"][0]).expect("a probability") > 0.0);
        assert_eq!(parts[1]["levels"], json!(["blue", "red"]));
    }
    // The file is used as any other.
    let predicted = succeed(&words(&format!("predict {model} {data}")));
    assert_eq!(predicted.lines().count(), 19);
    assert!(
        succeed(&words(&format!("sample {model} -n 5")))
            .lines()
            .count()
            == 6
    );
    let again = fit(&format!("{data} --init-model {model} --max-iterations 0"));
    assert_eq!(again["parts"], fitted["parts"]);
    assert_eq!(again["components"], fitted["components"]);
    let (a, b) = (
        fit_value(&again, "objective"),
        fit_value(&fitted, "objective"),
    );
    assert!((a - b).abs() < 1e-10, "{a} {b}");
}

#[test]
fn a_resumed_fit_keeps_its_priors() {
    let folder = folder("priors_checkpoint");
    let data = write(&folder, "data.csv", clumps());
    let kept = folder.join("kept.json").display().to_string();
    let base = format!(
        "{data} --family gaussian --columns x,y -k 2 --restarts 3 \
         --prior fraley-raftery --prior weights=1.1"
    );
    let whole = fit(&format!("{base} --checkpoint {kept} --checkpoint-every 3"));
    let resumed = fit(&format!("{base} --resume {kept}"));
    assert_eq!(whole, resumed);
}

#[test]
fn a_floor_holds_what_collapses() {
    let folder = folder("priors_floor");
    let data = write(&folder, "data.csv", clumps());
    for family in ["normal", "gaussian"] {
        let base = format!("{data} --family {family} --columns x,y -k 2 --init-labels class");
        assert_eq!(mixture(&words(&format!("fit {base}"))).code, 1);
        let fitted = fit(&format!("{base} --on-degenerate floor"));
        assert_eq!(
            fit_value(&fitted, "objective"),
            fit_value(&fitted, "log_likelihood")
        );
        let warnings = fitted["fit"]["warnings"].to_string();
        assert!(
            warnings.contains("bound of their variances: 0"),
            "{warnings}"
        );
    }
}

/// Of a product only the parts that can collapse are held; components of several families, and those beside noise,
/// each by their own.
#[test]
fn a_floor_under_products_mixed_families_and_noise() {
    let folder = folder("priors_floor_products");
    // Numbers name the components, of which the noise is one more.
    let numbered = clumps().replace(",a,", ",0,").replace(",b,", ",1,");
    let data = write(&folder, "data.csv", numbered);
    for model in [
        "--part normal:x --part poisson:count --part categorical:colour -k 2",
        "--part gaussian:x,y --part poisson:count -k 2",
        "--part student_t:x --part poisson:count -k 2",
        "--family cauchy --columns x -k 2",
        "--family multivariate_t --columns x,y -k 2",
        "--family factor_analyzers --set factors=0 --columns x,y -k 2",
        "--family truncated_gamma --set low=0 --columns x -k 2",
        "--columns x --components gamma,normal",
        "--family gaussian --columns x,y -k 2 --noise",
    ] {
        let base = format!("{data} {model} --init-labels class");
        let plain = mixture(&words(&format!("fit {base}")));
        assert_eq!(plain.code, 1, "{model}: {}", plain.stderr);
        let fitted = fit(&format!("{base} --on-degenerate floor"));
        let warnings = fitted["fit"]["warnings"].to_string();
        let held = warnings.contains("bound of their variances: 0");
        assert!(held, "{model}: {warnings}");
    }
    // Where nothing can collapse the floor changes no bit.
    let counts = format!("{data} --part poisson:count --part categorical:colour -k 2");
    assert_eq!(
        fit(&counts),
        fit(&format!("{counts} --on-degenerate floor"))
    );
}

#[test]
fn eigenvalues_stay_within_their_ratio() {
    let folder = folder("priors_ratio");
    let data = write(&folder, "data.csv", clumps());
    let model = folder.join("model.json").display().to_string();
    for structure in ["diag", "VII", "VEI", "EVI"] {
        let fitted = fit(&format!(
            "{data} --family gaussian --columns x,y -k 2 --init-labels class --covariance {structure} \
             --eigenvalue-ratio 20 --output {model}"
        ));
        let variances: Vec<f64> = (0..4)
            .map(|n| &fitted["components"][n / 2]["covariance"][n % 2][n % 2])
            .map(|value| number(value).expect("a variance"))
            .collect();
        let least = variances.iter().fold(f64::INFINITY, |a, &b| a.min(b));
        let greatest = variances.iter().fold(0.0, |a: f64, &b| a.max(b));
        assert!(
            (greatest / least / 20.0 - 1.0).abs() < 1e-9,
            "{variances:?}"
        );
        assert_eq!(fitted["parts"][0]["eigenvalue_ratio"], json!(20.0));
        let again = fit(&format!("{data} --init-model {model} --max-iterations 0"));
        assert_eq!(again["components"], fitted["components"]);
        assert_eq!(again["parts"], fitted["parts"]);
    }
}

#[test]
fn means_are_kept_or_shared() {
    let folder = folder("priors_means");
    let data = write(&folder, "data.csv", clumps());
    let model = folder.join("model.json").display().to_string();
    let fitted = fit(&format!(
        "{data} --family gaussian --columns x,y -k 2 --init-labels class --means shared --covariance VII \
         --output {model}"
    ));
    let means = |file: &Value| [0, 1].map(|k| file["components"][k]["mean"].clone());
    let [first, second] = means(&fitted);
    assert_eq!(first, second);
    assert_eq!(fitted["parts"][0]["means"], "shared");
    // One weight, one mean, two variances.
    assert_eq!(fit_value(&fitted, "parameters"), 5.0);
    let again = fit(&format!("{data} --init-model {model} --max-iterations 0"));
    assert_eq!(again["components"], fitted["components"]);
    let kept = fit(&format!("{data} --init-model {model} --means fixed"));
    assert_eq!(means(&kept), means(&fitted));
    assert_eq!(fit_value(&kept, "parameters"), 3.0);
    // At a maximum over the means, too, nothing is left to gain.
    let (a, b) = (
        fit_value(&kept, "objective"),
        fit_value(&fitted, "objective"),
    );
    assert!((a - b).abs() < 1e-6, "{a} {b}");
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = folder("priors_refused");
    let data = write(&folder, "data.csv", clumps());
    let model = folder.join("model.json").display().to_string();
    succeed(&words(&format!(
        "fit {data} --family poisson --columns count -k 2 --output {model}"
    )));
    let cases = [
        (
            "--family gaussian --columns x,y -k 2 --prior nonsense",
            "nonsense",
        ),
        (
            "--family gaussian --columns x,y -k 2 --prior depth=1",
            "depth",
        ),
        (
            "--family gaussian --columns x,y -k 2 --prior df=4",
            "fraley-raftery",
        ),
        (
            "--family gaussian --columns x,y -k 2 --prior fraley-raftery,df=0.5",
            "df",
        ),
        (
            "--family gaussian --columns x,y -k 2 --prior fraley-raftery,shrinkage=-1",
            "shrinkage",
        ),
        (
            "--family gaussian --columns x,y -k 2 --prior fraley-raftery,df=4,df=5",
            "twice",
        ),
        (
            "--family gaussian --columns x,y -k 2 --prior strength=1",
            "fraley-raftery",
        ),
        (
            "--family poisson --columns count -k 2 --prior fraley-raftery",
            "gaussian",
        ),
        (
            "--family poisson --columns count -k 2 --prior strength=nan",
            "strength",
        ),
        (
            "--family poisson --columns count -k 2 --prior strength=0",
            "strength",
        ),
        (
            "--family poisson --columns count -k 2 --prior weights=0.5",
            "weights",
        ),
        (
            "--family poisson --columns count -k 2 --prior weights=2 --weights equal",
            "--weights equal",
        ),
        (
            "--family poisson --columns count -k 2 --prior weights=2 --concomitant x",
            "--concomitant",
        ),
        (
            "--family student_t --columns x -k 2 --prior strength=1",
            "student_t",
        ),
        (
            "--family multivariate_t --columns x,y -k 2 --prior fraley-raftery",
            "gaussian",
        ),
        (
            "--interval x,far --family normal -k 2 --prior strength=1",
            "intervals",
        ),
        (
            "--components normal,gamma --columns x --prior strength=1",
            "mixed",
        ),
        (
            "--family normal --columns x -k 2 --set mean=0 --prior strength=1",
            "mean",
        ),
        ("--init-model MODEL --prior weights=2", "--prior"),
        (
            "--family gaussian --columns x,y -k 2 --eigenvalue-ratio 0.5",
            "at least 1",
        ),
        (
            "--family normal --columns x,y -k 2 --eigenvalue-ratio 5",
            "gaussian",
        ),
        (
            "--family normal --columns x,y -k 2 --means shared",
            "gaussian",
        ),
        (
            "--family gaussian --columns x,y -k 2 --means fixed",
            "--init-model",
        ),
        (
            "--family gaussian --columns x,y -k 2 --means shared --covariance tied",
            "the same",
        ),
        (
            "--family gaussian --columns x,y -k 2 --means shared --prior fraley-raftery",
            "--means",
        ),
        (
            "--family gaussian --columns x,y -k 2 --eigenvalue-ratio 5 --on-degenerate floor",
            "ratio",
        ),
    ];
    for (options, said) in cases {
        let options = options.replace("MODEL", &model);
        let run = mixture(&words(&format!("fit {data} {options}")));
        assert_eq!(run.code, 2, "{options}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{options}: {}", run.stderr);
        assert!(run.stdout.is_empty());
    }
}
