//! The text summary, to the letter.

mod support;

use support::{case_file, folder, mixture, succeed, write};

const OLD_FAITHFUL: &str = "\
mixture of 2 components

  component     weight
  0          0.6441271
  1          0.3558729

gaussian (full): eruptions, waiting
  component  mean[eruptions]  mean[waiting]
  0                 4.289662       79.96812
  1                 2.036388       54.47852

  covariance of component 0  eruptions    waiting
  eruptions                  0.1699684  0.9406093
  waiting                    0.9406093   36.04621

  covariance of component 1   eruptions    waiting
  eruptions                  0.06916767  0.4351676
  waiting                     0.4351676   33.69728

  log-likelihood  -1130.263960
  parameters      11
  AIC             2282.527920
  BIC             2322.191743
  ICL             2322.704682
  entropy         0.694738
  rows            272
  observations    272
  algorithm       em
  iterations      45
  passes          175
  stopped         converged
  seed            0
  starts          10, 10 of them within 0.0001 nats of the best
";

#[test]
fn the_summary_of_old_faithful() {
    let data = case_file("gmm_faithful", "data.csv");
    let text = succeed(&[
        "fit",
        &data,
        "--family",
        "gaussian",
        "--covariance",
        "full",
        "-k",
        "2",
    ]);
    assert_eq!(text, OLD_FAITHFUL, "\n{text}");
}

#[test]
fn no_number_of_the_summary_has_hundreds_of_digits() {
    let folder = folder("summary_numbers");
    let data = write(&folder, "data.csv", "x,w\n1,1e300\n2,1e300\n3,2e300\n");
    let text = succeed(&[
        "fit",
        &data,
        "--family",
        "normal",
        "--row-weights",
        "w",
        "-k",
        "1",
    ]);
    assert!(text.contains("observations    4e300"), "{text}");
    assert!(text.lines().all(|line| line.len() < 80), "{text}");
}

#[test]
fn components_that_coincide_are_named() {
    let folder = folder("summary_coincide");
    let data = write(&folder, "data.csv", "x\n1\n2\n3\n7\n");
    let start = "{\"weights\":[0.5,0.25,0.25],\"components\":[{\"mean\":2,\"variance\":4},\
                 {\"mean\":2,\"variance\":4},{\"mean\":2,\"variance\":4}]}";
    let start = write(&folder, "start.json", start);
    let model = folder.join("model.json").display().to_string();
    let run = mixture(&[
        "fit",
        &data,
        "--family",
        "normal",
        "--init-model",
        &start,
        "--output",
        &model,
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let words = "components 0, 1 and 2 coincide: ";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    assert!(
        succeed(&["show", &model]).contains(words),
        "also in the file"
    );
}

#[test]
fn a_level_that_no_row_in_use_holds_is_named() {
    let folder = folder("summary_unreachable");
    let rows = "a,x\nred,1\nred,2\nblue,3\nblue,4\nred,5\ngreen,\n";
    let data = write(&folder, "data.csv", rows);
    let run = mixture(&[
        "fit",
        &data,
        "--part",
        "categorical:a",
        "--part",
        "normal:x",
        "-k",
        "1",
        "--missing",
        "drop",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let words = "column a: probability 0 under every component for green";
    assert!(run.stderr.contains(words), "{}", run.stderr);
}
