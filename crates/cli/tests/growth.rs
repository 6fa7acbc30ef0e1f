//! `--init grown`: a grid that shares the way of its mixtures finds what each fit finds by itself.

mod support;

use serde_json::Value;
use std::path::Path;
use support::{folder, mixture, succeed};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data")
        .join(name);
    path.display().to_string()
}

fn json(command: &str) -> Value {
    serde_json::from_str(&succeed(&words(&format!("{command} --format json")))).expect("JSON")
}

fn list(of: &Value, name: &str) -> Vec<Value> {
    of[name].as_array().cloned().unwrap_or_default()
}

/// A grid by one to three threads: every candidate has the log-likelihood of a grid of that number alone, and the
/// winner is the file of its command to the byte.
fn compare(command: &str, counts: &str) {
    let folder = folder("growth");
    let (model, again) = (folder.join("model.json"), folder.join("again.json"));
    let read = |path: &Path| std::fs::read_to_string(path).expect("a model");
    let grid = |counts: &str, threads: usize, more: &str| {
        json(&format!(
            "select {command} --init grown -k {counts} --threads {threads} -o {} {more}",
            model.display()
        ))
    };
    let all = grid(counts, 1, "");
    let winner = read(&model);
    for threads in [2, 3] {
        let other = grid(counts, threads, "");
        assert_eq!(all, other, "{command}: {threads} threads");
        assert_eq!(winner, read(&model), "{command}: {threads} threads");
    }
    let printed = all["command"].as_str().expect("a command");
    let printed = printed.replace(&model.display().to_string(), &again.display().to_string());
    succeed(&words(&printed)[1..]);
    assert_eq!(winner, read(&again), "{command}: {printed}");
    let mut checked = 0;
    for name in ["ranked", "unranked", "failed"] {
        for one in list(&all, name) {
            let count = one["components"].to_string();
            let alone = mixture(&words(&format!(
                "select {command} --init grown -k {count} --format json"
            )));
            // Where nothing is left to be ranked, there is no list.
            let Ok(alone) = serde_json::from_str::<Value>(&alone.stdout) else {
                continue;
            };
            let of_model = |other: &&Value| {
                ["model", "family", "covariance"]
                    .iter()
                    .all(|key| other[key] == one[key])
            };
            let candidates = list(&alone, name);
            let mut single = candidates
                .iter()
                .find(of_model)
                .unwrap_or_else(|| panic!("{command}: {one} alone"))
                .clone();
            // Ranks are those of a grid.
            let mut one = one;
            for key in ["rank", "difference"] {
                one[key] = Value::Null;
                single[key] = Value::Null;
            }
            assert_eq!(one, single, "{command}");
            checked += 1;
        }
    }
    assert!(checked > 0, "{command}");
}

#[test]
fn a_grid_along_shared_ways_is_that_of_single_fits() {
    let (iris, faithful) = (example("iris.csv"), example("old_faithful.csv"));
    let titanic = format!(
        "{} --part categorical:Class,Sex,Age,Survived --row-weights Freq --restarts 4",
        example("titanic.csv")
    );
    let notices = format!(
        "{} --columns deaths --row-weights count --restarts 4",
        example("death_notices.csv")
    );
    compare(
        &format!("{iris} --family gaussian --covariance VEV,EEE,VVI --restarts 4"),
        "1..4",
    );
    compare(&titanic, "1..4");
    compare(&format!("{titanic} --weights equal"), "2..4");
    compare(&format!("{notices} --family poisson,geometric"), "1..4");
    compare(
        &format!("{notices} --family poisson --criterion cross-validation --folds 3"),
        "1,3",
    );
    compare(
        &format!("{notices} --family poisson --criterion icl --abandon"),
        "1..4",
    );
    let tens = format!("{faithful} --columns waiting --restarts 4");
    compare(&format!("{tens} --family gamma,uniform"), "1..3");
    compare(&format!("{tens} --family normal --noise"), "1..3");
    compare(&format!("{tens} --family normal --trim 0.05"), "1..3");
    compare(
        &format!("{tens} --family normal --on-degenerate floor --split-merge 2"),
        "2..4",
    );
    let both = format!("{faithful} --family gaussian --restarts 4");
    // Priors that depend on the number of components: nothing is shared.
    compare(&format!("{both} --prior fraley-raftery,weights=2"), "1..3");
    compare(&format!("{both} --algorithm hard"), "1..3");
    compare(&format!("{both} --algorithm variational"), "1..3");
    compare(
        &format!("{tens} --family normal --concomitant eruptions"),
        "1..3",
    );
}

#[test]
fn a_grown_fit_says_how_it_went() {
    let faithful = example("old_faithful.csv");
    let file = json(&format!(
        "fit {faithful} --family gaussian -k 3 --init grown --restarts 7"
    ));
    let fit = &file["fit"];
    assert_eq!(list(fit, "starts").len(), 7);
    let growth = list(fit, "growth");
    let counts: Vec<_> = growth
        .iter()
        .map(|step| step["components"].as_u64())
        .collect();
    assert_eq!(counts, [Some(1), Some(2), Some(3)]);
    assert_eq!(growth[2]["objective"], fit["objective"]);
    let one = json(&format!("fit {faithful} --family gaussian -k 1"));
    // Two ways to the closed form of one Gaussian, sums of 272 terms.
    let error =
        growth[0]["objective"].as_f64().unwrap() - one["fit"]["objective"].as_f64().unwrap();
    assert!(error.abs() < 1e-9, "{error}");
    let shown = succeed(&words(&format!(
        "fit {faithful} --family gaussian -k 2 --init grown"
    )));
    assert!(
        shown.contains("10, 3 of them continued") && shown.contains("  grown"),
        "{shown}"
    );
}

#[test]
fn a_grown_fit_goes_on_from_a_checkpoint() {
    let folder = folder("growth_checkpoint");
    let (saved, whole, resumed) = (
        folder.join("checkpoint"),
        folder.join("whole.json"),
        folder.join("resumed.json"),
    );
    for more in ["", "--weights equal", "--noise --covariance diag"] {
        let fit = format!(
            "fit {} --family gaussian -k 4 --init grown --restarts 4 {more}",
            example("old_faithful.csv")
        );
        let (saved, whole, resumed) = (saved.display(), whole.display(), resumed.display());
        succeed(&words(&format!(
            "{fit} -o {whole} --checkpoint {saved} --checkpoint-every 20"
        )));
        succeed(&words(&format!("{fit} -o {resumed} --resume {saved}")));
        let read = |path: String| std::fs::read_to_string(path).expect("a model");
        assert_eq!(read(whole.to_string()), read(resumed.to_string()), "{more}");
    }
}

#[test]
fn what_cannot_grow_is_refused() {
    let faithful = example("old_faithful.csv");
    let iris = example("iris.csv");
    let gaussian = format!("fit {faithful} --family gaussian -k 2 --init grown");
    for (command, why) in [
        (
            format!("{gaussian} --on-degenerate drop"),
            "--on-degenerate drop",
        ),
        (
            format!("fit {iris} --family gaussian -k 3 --init grown --known-labels species"),
            "--known-labels",
        ),
        (format!("{gaussian} --algorithm annealed"), "--init grown"),
        (format!("{gaussian} --algorithm stochastic"), "--init grown"),
        (
            format!("fit {faithful} --components normal,gamma --columns waiting --init grown"),
            "one family",
        ),
        (
            format!("{gaussian} --init-labels waiting"),
            "cannot be used with",
        ),
        (format!("{gaussian} -k 300"), "more than the number of rows"),
        (
            format!("fit {iris} --family categorical --columns species -k 4 --init grown"),
            "number of distinct rows",
        ),
    ] {
        let command = command.replacen("-k 2 --init grown -k 300", "--init grown -k 300", 1);
        let run = mixture(&words(&command));
        assert_eq!(run.code, 2, "{command}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{command}: {}", run.stderr);
    }
}

#[test]
fn a_failure_on_the_way_names_its_number_of_components() {
    let folder = folder("growth_failure");
    let data = support::write(
        &folder,
        "data.csv",
        "x\n1\n1\n1\n1\n5\n5\n5\n5\n9\n9\n9\n9\n",
    );
    let command = format!("fit {data} --family normal -k 3 --init grown --restarts 1");
    let run = mixture(&words(&command));
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("growing to ") && run.stderr.contains(" components: iteration"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_bootstrap_test_grows_both_mixtures_along_one_way() {
    let test = format!(
        "select {} --family poisson --columns deaths --row-weights count -k 1..3 --init grown \
         --criterion likelihood-ratio --replicates 9 --restarts 2",
        example("death_notices.csv")
    );
    let one = json(&format!("{test} --threads 1"));
    assert_eq!(one, json(&format!("{test} --threads 3")));
    assert_eq!(one["tested"][0]["p_value"], 0.1);
    // The fits are those of single fits.
    for tested in list(&one, "tested") {
        let count = tested["components"].to_string();
        let single = json(&format!(
            "fit {} --family poisson --columns deaths --row-weights count -k {count} --init grown --restarts 2",
            example("death_notices.csv")
        ));
        assert_eq!(tested["log_likelihood"], single["fit"]["log_likelihood"]);
    }
}
