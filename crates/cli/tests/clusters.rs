//! Starts from clusters, clusters of components, and the divergence of two models.

mod support;

use serde_json::Value;
use support::{case_file, fit_json, folder, mixture, number, records, succeed, write};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn likelihood(file: &Value) -> f64 {
    number(&file["fit"]["log_likelihood"]).expect("a number")
}

#[track_caller]
fn refused(command: &str, expected: &str) {
    let run = mixture(&words(command));
    assert_eq!(run.code, 2, "{command}: {}", run.stderr);
    assert!(run.stderr.contains(expected), "{command}: {}", run.stderr);
}

#[test]
fn clusters_lead_to_the_published_maximum() {
    let data = case_file("gmm_iris", "data.csv");
    let base = format!("{data} --family gaussian -k 3");
    for init in ["hierarchical", "kmeans"] {
        let file = fit_json(&words(&format!("{base} --init {init}")));
        // mclust's, for full covariances.
        assert!((likelihood(&file) - -180.185477).abs() < 1e-5, "{init}");
    }
    let once = fit_json(&words(&format!("{base} --init hierarchical --seed 5")));
    let again = fit_json(&words(&format!("{base} --init hierarchical --seed 6")));
    assert_eq!(likelihood(&once), likelihood(&again));
    assert_eq!(
        once["fit"]["starts"].as_array().map(Vec::len),
        again["fit"]["starts"].as_array().map(Vec::len)
    );
}

#[test]
fn every_family_with_centres_starts_from_clusters() {
    let folder = folder("clusters_families");
    let mut text = String::from("x,y,w\n");
    for i in 0..60 {
        let (centre, turn) = (f64::from(i % 2) * 9.0, f64::from(i * i % 17) / 8.0);
        text += &format!(
            "{},{},{}\n",
            centre + turn,
            f64::from(i * 7 % 11) - centre,
            1 + i % 3
        );
    }
    let data = write(&folder, "data.csv", text);
    for init in ["hierarchical", "kmeans"] {
        for model in [
            "--family gaussian --columns x,y",
            "--family multivariate_t --columns x,y --set df=5",
            "--family normal --columns x",
        ] {
            let command = format!("{data} {model} -k 2 --init {init} --row-weights w --restarts 1");
            let file = fit_json(&words(&command));
            let spread = fit_json(&words(&format!("{data} {model} -k 2 --row-weights w")));
            let (reached, best) = (likelihood(&file), likelihood(&spread));
            assert!((reached - best).abs() < 1e-5, "{command}: {reached} {best}");
        }
    }
}

#[test]
fn a_sample_of_many_rows_is_reported() {
    let folder = folder("clusters_sample");
    let mut text = String::from("x\n");
    for i in 0..2500 {
        text += &format!("{}\n", f64::from(i % 2) * 50.0 + f64::from(i) / 100.0);
    }
    let data = write(&folder, "data.csv", text);
    let command = format!("fit {data} --family normal -k 2 --init hierarchical");
    let run = mixture(&words(&command));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("a sample of 2000 of the 2500 rows"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_has_no_centres_does_not_start_from_clusters() {
    let folder = folder("clusters_refused");
    let data = write(
        &folder,
        "data.csv",
        "x,y,n,l\n1,2,3,a\n4,4,5,a\n1,2,1,\n5,1,8,b\n2,2,2,b\n9,9,9,\n",
    );
    for init in ["kmeans", "hierarchical"] {
        let fit = format!("fit {data} -k 2 --init {init}");
        refused(
            &format!("{fit} --family poisson --columns n"),
            "not for poisson",
        );
        refused(
            &format!("{fit} --part normal:x --part normal:y"),
            "models of one part",
        );
        let gaussian = format!("{fit} --family gaussian --columns x,y");
        refused(&format!("{gaussian} --known-labels l"), "--known-labels");
        refused(&format!("{gaussian} --group n"), "--group");
        refused(&format!("{gaussian} --noise"), "--noise");
        let many = gaussian.replace("-k 2", "-k 6");
        refused(&many, "distinct rows");
    }
    let gaps = write(&folder, "gaps.csv", "x,y\n1,2\n3,\n2,4\n8,9\n7,7\n9,6\n");
    refused(
        &format!("fit {gaps} -k 2 --family gaussian --init kmeans --missing em"),
        "complete rows",
    );
    let fit = format!("fit {data} -k 2 --init hierarchical --family gaussian --columns x,y");
    refused(&format!("{fit} --restarts 3"), "has one start");
}

/// Five normals, of which two pairs overlap; rows at their quantiles.
fn five(folder: &std::path::Path) -> (String, String) {
    let means = [0.0, 1.0, 20.0, 21.0, 60.0];
    let components: Vec<String> = means
        .iter()
        .map(|mean| format!("{{\"mean\":{mean},\"variance\":1}}"))
        .collect();
    let model = format!(
        "{{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"x\"],\"parts\":[{{\"family\":\"normal\",\
         \"columns\":[\"x\"]}}],\"weights\":[0.2,0.2,0.2,0.2,0.2],\"components\":[{}]}}",
        components.join(",")
    );
    let mut text = String::from("x\n");
    for mean in means {
        for z in [-1.6, -0.8, -0.3, 0.1, 0.4, 0.9, 1.5] {
            text += &format!("{}\n", mean + z);
        }
    }
    (
        write(folder, "model.json", model),
        write(folder, "data.csv", text),
    )
}

#[test]
fn components_are_merged_to_clusters() {
    let folder = folder("clusters_merged");
    let (model, data) = five(&folder);
    let run = mixture(&["merge", &model, &data]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("at 3 clusters"), "{}", run.stderr);
    let table = records(&run.stdout);
    assert_eq!(table.len(), 6);
    assert_eq!(table[3][0], "3");
    assert_eq!(table[3][5], "0 0 1 1 2");
    let entropy = |line: usize| table[line][3].parse::<f64>().expect("a number");
    assert!((2..6).all(|line| entropy(line) <= entropy(line - 1)));

    let all = records(&succeed(&["predict", &model, &data]));
    let merged = records(&succeed(&["predict", &model, &data, "--merge-to", "3"]));
    assert_eq!(merged[0], ["label", "log_density", "p_0", "p_1", "p_2"]);
    let value = |text: &String| text.parse::<f64>().expect("a number");
    for (line, all) in merged.iter().zip(&all).skip(1) {
        assert_eq!(line[1], all[1]);
        assert_eq!(value(&line[2]), value(&all[2]) + value(&all[3]));
        assert_eq!(value(&line[3]), value(&all[4]) + value(&all[5]));
        assert_eq!(line[4], all[6]);
    }
    let (predict, merge) = (format!("predict {model} {data}"), "--merge-to");
    refused(&format!("{predict} {merge} 6"), "5 components");
    refused(&format!("{predict} {merge} 0"), "--merge-to");
    refused(
        &format!("{predict} {merge} 2 --label-names=a,b"),
        "--label-names",
    );
}

#[test]
fn the_divergence_of_normals_is_within_its_error() {
    let folder = folder("clusters_divergence");
    let normal = |name: &str, column: &str, mean: f64, variance: f64| {
        let text = format!(
            "{{\"format\":\"mixture-model\",\"version\":1,\"columns\":[\"{column}\"],\"parts\":[{{\"family\":\
             \"normal\",\"columns\":[\"{column}\"]}}],\"weights\":[1],\"components\":[{{\"mean\":{mean},\
             \"variance\":{variance}}}]}}"
        );
        write(&folder, name, text)
    };
    let p = normal("p.json", "x", 1.0, 2.0);
    let q = normal("q.json", "x", -0.5, 3.0);
    let found = records(&succeed(&[
        "divergence",
        &p,
        &q,
        "-n",
        "40000",
        "--seed",
        "3",
    ]));
    assert_eq!(found[0], ["divergence", "standard_error", "draws"]);
    let value = |place: usize| found[1][place].parse::<f64>().expect("a number");
    // ½ (σ²/τ² + (μ − ν)²/τ² − 1 + ln(τ²/σ²)).
    let expected = 0.5 * (2.0 / 3.0 + 2.25 / 3.0 - 1.0 + 1.5f64.ln());
    assert!((value(0) - expected).abs() < 4.0 * value(1), "{found:?}");
    let same = records(&succeed(&["divergence", &p, &p, "-n", "10"]));
    assert_eq!(same[1], ["0.0", "0.0", "10"]);
    let other = normal("other.json", "y", 0.0, 1.0);
    refused(&format!("divergence {p} {other}"), "other.json");
    refused(&format!("divergence {p} {q} -n 1"), "-n");
}

#[test]
fn factor_scores_are_those_of_the_component_of_the_label() {
    let folder = folder("clusters_scores");
    let data = case_file("gmm_iris", "data.csv");
    let fit = format!("{data} --family factor_analyzers -k 2 --set factors=1 --restarts 1");
    let file = fit_json(&words(&fit));
    let model = write(&folder, "model.json", file.to_string());
    let lines = records(&succeed(&["predict", &model, &data, "--factor-scores"]));
    assert_eq!(lines[0][4..], ["factor_0"]);
    let text = std::fs::read_to_string(&data).expect("the rows");
    let number = |value: &Value| value.as_f64().expect("a number");
    for (line, row) in lines[1..].iter().zip(text.lines().skip(1)) {
        let component = &file["components"][line[0].parse::<usize>().expect("a label")];
        // z = Σ_j λ_j (x_j − μ_j)/ψ_j / (1 + Σ_j λ_j²/ψ_j) with one factor.
        let (mut sum, mut precision) = (0.0, 1.0);
        for (j, x) in row.split(',').take(4).enumerate() {
            let x: f64 = x.parse().expect("a cell");
            let loading = number(&component["loadings"][j][0]);
            let noise = number(&component["noise_variances"][j]);
            sum += loading * (x - number(&component["mean"][j])) / noise;
            precision += loading * loading / noise;
        }
        let score: f64 = line[4].parse().expect("a score");
        // Sums of terms up to 1e3.
        assert!((score - sum / precision).abs() < 1e-10, "{line:?}");
    }
    let predict = format!("predict {model} {data} --factor-scores");
    refused(&format!("{predict} --merge-to 1"), "--merge-to");
    let fit = format!("{data} --family gaussian -k 2 --restarts 1");
    let other = write(&folder, "other.json", fit_json(&words(&fit)).to_string());
    refused(
        &format!("predict {other} {data} --factor-scores"),
        "factor_analyzers",
    );
}

#[test]
fn factor_analysers_are_fitted_saved_and_refused() {
    let folder = folder("clusters_factors");
    let data = case_file("gmm_iris", "data.csv");
    let base = format!("{data} --family factor_analyzers -k 2");
    let mut likelihoods = Vec::new();
    for set in [
        "factors=1",
        "factors=1 --set loadings=common",
        "factors=1 --set noise=common",
        "factors=2 --set noise=isotropic",
        "factors=1 --set loadings=common --set noise=common_isotropic",
    ] {
        let file = fit_json(&words(&format!("{base} --set {set} --restarts 2")));
        let component = &file["components"][1];
        assert_eq!(component["mean"].as_array().map(Vec::len), Some(4), "{set}");
        assert_eq!(component["loadings"].as_array().map(Vec::len), Some(4));
        assert_eq!(
            component["noise_variances"].as_array().map(Vec::len),
            Some(4)
        );
        let model = write(&folder, "model.json", file.to_string());
        let again = fit_json(&words(&format!(
            "{data} --init-model {model} --max-iterations 0"
        )));
        let (reached, read) = (likelihood(&file), likelihood(&again));
        assert!(
            (reached - read).abs() < 1e-9 * reached.abs(),
            "{set}: {reached} {read}"
        );
        assert_eq!(file["fit"]["parameters"], again["fit"]["parameters"]);
        likelihoods.push(reached);
    }
    // What is shared costs likelihood: own loadings and noise hold the models with one factor.
    for shared in [1, 2, 4] {
        assert!(likelihoods[shared] < likelihoods[0], "{likelihoods:?}");
    }
    let fit = format!("fit {base}");
    refused(&fit, "factors");
    refused(&format!("{fit} --set factors=3"), "number of factors");
    refused(
        &format!("{fit} --set factors=1 --set loadings=odd"),
        "own, common",
    );
    refused(
        &format!("{fit} --set factors=1 --covariance tied"),
        "covariance",
    );
}
