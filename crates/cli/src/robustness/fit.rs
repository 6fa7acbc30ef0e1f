//! Fits of small data under any options.

use super::Choices;
use crate::algorithm::named;
use crate::args::{Arguments, Command};
use crate::cells::Impossible;
use crate::checkpoint::check_combinations;
use crate::columns::{Access, typed};
use crate::commands::fit::{Portion, Setup};
use crate::dialect::Dialect;
use crate::failure::Failure;
use crate::inherit::with_start;
use crate::known::{Beside, posterior};
use crate::read::Sheet;
use clap::Parser;
use tabular::ModelFile;

/// Cells that are, or are near, what something might stumble over.
const CELLS: [&str; 24] = [
    "0",
    "1",
    "2",
    "3",
    "1",
    "0.5",
    "-1",
    "7",
    "0.25",
    "1.5",
    "2.5",
    "4",
    "NA",
    "",
    "1e300",
    "-1e300",
    "1e-300",
    "5e-324",
    "9007199254740992",
    "-0",
    "1e9",
    "x",
    "y",
    "0.9999999999999999",
];

/// A fit that the bytes choose: its data, and its options.
///
/// # Panics
/// When its result holds what is not a number.
pub fn fit(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let words = words(&mut choices);
    let text = data(&mut choices);
    // A refusal, or a fit that fails, is a good end.
    let Ok((file, text)) = fitted(&words, text) else {
        return;
    };
    check(&file, &words, &text);
    if choices.below(4) == 0 {
        // What the first fit gave, as the start of another, some of it perhaps as it is.
        let start = Start::new(&file);
        let words = start.words(&mut choices);
        if let Ok((file, text)) = fitted(&words, text.into_bytes()) {
            check(&file, &words, &text);
        }
    }
}

/// # Panics
/// When the result of a fit holds what is not a number.
fn check(file: &ModelFile, words: &[String], text: &str) {
    let record = file.fit.as_ref().expect("a fit leaves a record");
    let shown = || format!("{} on {text:?}", words.join(" "));
    assert!(!record.log_likelihood.is_nan(), "{}", shown());
    assert!(!record.objective.is_nan(), "{}", shown());
    assert!(record.iterations <= 2 * ITERATIONS, "{}", shown());
    let written = file.to_text();
    assert!(written.is_ok(), "{}: {written:?}", shown());
    let densities = scored(file, text).unwrap_or_default();
    assert!(
        !densities.iter().any(|density| density.is_nan()),
        "{}",
        shown()
    );
}

/// The most iterations of a fit.
const ITERATIONS: usize = 30;

/// A model file to start from.
struct Start(std::path::PathBuf);

impl Start {
    fn new(file: &ModelFile) -> Self {
        let (process, thread) = (std::process::id(), std::thread::current().id());
        let name = format!("mixture-robustness-{process}-{thread:?}.json");
        let path = std::env::temp_dir().join(name);
        let written = std::fs::write(&path, file.to_text().unwrap_or_default());
        assert!(written.is_ok(), "{}: {written:?}", path.display());
        Start(path)
    }
    fn words(&self, choices: &mut Choices<'_>) -> Vec<String> {
        let mut words = format!(
            "mixture fit data.csv --threads 1 --max-iterations {}",
            choices.below(ITERATIONS)
        );
        for _ in 0..1 + choices.below(3) {
            words += " ";
            words += *choices.one(&[
                "--fixed weights",
                "--fixed 0",
                "--fixed 1,weights",
                "--fixed 0.mean",
                "--fixed 0.0.mean,1.0.mean",
                "--fixed 0.variance",
                "--means fixed",
                "--missing em",
                "--missing drop",
                "--row-weights c",
                "--algorithm variational",
                "--algorithm hard",
                "--prior strength=2",
                "--standard-errors louis",
                "--trim 0.1",
                "--order weight",
                "-k 2",
            ]);
        }
        let mut words: Vec<String> = words.split(' ').map(String::from).collect();
        words.extend(["--init-model".into(), self.0.display().to_string()]);
        words
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        // A file that is left behind harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn words(choices: &mut Choices<'_>) -> Vec<String> {
    let mut words: Vec<String> = ["mixture", "fit", "data.csv", "--threads", "1"]
        .map(String::from)
        .into();
    let mut add = |text: &str| words.extend(text.split(' ').map(String::from));
    let families: Vec<String> = tabular::families()
        .iter()
        .map(|family| family.name.to_string())
        .collect();
    let columns = *choices.one(&["a", "a,b", "b", "a,b,c", "c"]);
    match choices.below(8) {
        0 => {
            let (first, second) = (choices.one(&families), choices.one(&families));
            add(&format!(
                "--components {first},{second} --columns {columns}"
            ));
        }
        1 => {
            let (first, second) = (choices.one(&families), choices.one(&families));
            add(&format!(
                "--part {first}:a --part {second}:{}",
                choices.one(&["b", "b,c"])
            ));
        }
        2 => add(&format!(
            "--interval a,b --family {}",
            choices.one(&families)
        )),
        3 => add(&format!(
            "--family {} --response a --predictors {}",
            choices.one(&families),
            choices.one(&["b", "b,c", "b^2,c", "b*c", "-1,b", "b,b"])
        )),
        _ => add(&format!(
            "--family {} --columns {columns}",
            choices.one(&families)
        )),
    }
    if choices.below(4) > 0 {
        add(&format!("-k {}", 1 + choices.below(4)));
    }
    add(&format!(
        "--max-iterations {} --restarts {}",
        choices.below(ITERATIONS),
        1 + choices.below(2)
    ));
    let more = [
        "--missing drop",
        "--missing em",
        "--row-weights c",
        "--noise",
        "--weights equal",
        "--on-degenerate reset",
        "--on-degenerate drop",
        "--on-degenerate floor",
        "--algorithm hard",
        "--algorithm stochastic --burn-in 2 --draws 3",
        "--algorithm annealed --beta-iterations 2",
        "--algorithm incremental",
        "--algorithm online --batch-rows 4",
        "--acceleration none",
        "--acceleration squarem",
        "--acceleration daarem",
        "--covariance tied",
        "--covariance diag",
        "--covariance spherical",
        "--covariance VEV",
        "--covariance EEI",
        "--split-merge 2",
        "--trim 0.2",
        "--init random",
        "--init kmeans",
        "--init small-em",
        "--init grown",
        "--init hierarchical",
        "--set trials=3",
        "--set df=4",
        "--set factors=1",
        "--set value=0",
        "--set low=0",
        "--set high=3",
        "--set size=2",
        "--prior strength=2",
        "--prior fraley-raftery",
        "--prior weights=2",
        "--eigenvalue-ratio 4",
        "--means shared",
        "--known-labels c",
        "--group c",
        "--concomitant c",
        "--init-labels c",
        "--standard-errors louis",
        "--standard-errors sandwich",
        "--tolerance 0",
        "--order 0.mean",
        "--parameter-tolerance 0.1",
        "--algorithm variational",
        "--algorithm variational --weights-prior dirichlet-process",
        "--weights-prior dirichlet",
        "--algorithm incremental --blocks 3 --sweeps 2",
        "--algorithm online --step-exponent 0.6 --least-step 0.01",
        "--init spread",
        "--init alternating",
        "--standard-errors bootstrap --bootstrap weighted --bootstrap-replicates 3",
        "--standard-errors bootstrap --bootstrap parametric --bootstrap-replicates 3",
        "--offset c",
        "--common b",
        "--order weight",
        "--means fixed",
        "--prior strength=0.5,weights=2",
        "--seed 18446744073709551615",
    ];
    for _ in 0..choices.below(4) {
        let option: &&str = choices.one(&more);
        add(option);
    }
    words
}

fn data(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut text = b"a,b,c\n".to_vec();
    // Few different cells, so that ties and constants come often.
    let different = 1 + choices.below(CELLS.len());
    for _ in 0..1 + choices.below(24) {
        let row = [0; 3].map(|_| CELLS[choices.below(different)]);
        text.extend_from_slice(row.join(",").as_bytes());
        text.push(b'\n');
    }
    text
}

/// The fit as the command makes it, and the text of its data.
fn fitted(words: &[String], text: Vec<u8>) -> Result<(ModelFile, String), Failure> {
    let shown = String::from_utf8_lossy(&text).into_owned();
    let parsed = Arguments::try_parse_from(words).map_err(Failure::input)?;
    let Command::Fit(arguments) = parsed.command else {
        return Err(Failure::input("no fit"));
    };
    arguments.uncertainty.check(&arguments)?;
    check_combinations(&arguments)?;
    let arguments = with_start(&arguments)?;
    named(&arguments)?;
    let mut sheet = Sheet::of_text("data.csv", text, &arguments.dialect, None)?;
    crate::commands::fit::prepare(&arguments, &mut sheet)?;
    let setup = Setup::new(&arguments, Access::Own(&mut sheet))?;
    let silent = Portion {
        silent: true,
        ..Portion::default()
    };
    let mut done = setup.fit(silent)?;
    arguments.uncertainty.add(&setup, &mut done.file)?;
    Ok((done.file, shown))
}

/// The log-densities of the rows under the model.
fn scored(file: &ModelFile, text: &str) -> Result<Vec<f64>, Failure> {
    let mut sheet = Sheet::of_text("data.csv", text.into(), &Dialect::default(), None)?;
    let beside = Beside::of_file(file);
    let missing = crate::args::Missing::Drop;
    let access = &mut Access::Own(&mut sheet);
    let typed = typed(
        access,
        &file.specification,
        &beside,
        missing,
        Impossible::Mark,
    )?;
    Ok(posterior(file, access.sheet(), &typed)?.log_density)
}
