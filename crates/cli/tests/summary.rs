//! The text summary, to the letter.

mod support;

use support::{case_file, succeed};

const OLD_FAITHFUL: &str = "\
mixture of 2 components

  component     weight
  0          0.6441270
  1          0.3558730

gaussian (full): eruptions, waiting
  component  mean[eruptions]  mean[waiting]
  0                 4.289662       79.96812
  1                 2.036389       54.47852

  covariance of component 0  eruptions    waiting
  eruptions                  0.1699681  0.9406055
  waiting                    0.9406055   36.04617

  covariance of component 1   eruptions    waiting
  eruptions                  0.06916789  0.4351699
  waiting                     0.4351699   33.69730

  log-likelihood  -1130.263960
  parameters      11
  AIC             2282.527920
  BIC             2322.191743
  ICL             2322.704667
  entropy         0.694729
  rows            272
  observations    272
  algorithm       em
  iterations      9
  passes          90
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
