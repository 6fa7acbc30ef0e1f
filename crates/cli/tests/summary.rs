//! The text summary, to the letter.

mod support;

use support::{case_file, succeed};

const OLD_FAITHFUL: &str = "\
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
