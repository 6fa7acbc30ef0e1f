//! Checkpoints: a fit that was killed goes on to every bit of the fit without a break.
#![cfg(unix)]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;
use support::{folder, mixture, npy, succeed, write};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data");

/// Fits of many iterations, of every algorithm and acceleration, and of many kinds of models.
fn fits() -> &'static [String] {
    // Once: the tests run at the same time, and some fits start from files.
    static FITS: LazyLock<Vec<String>> = LazyLock::new(all_fits);
    &FITS
}

fn all_fits() -> Vec<String> {
    let deaths = format!("{DATA}/death_notices.csv --row-weights count --columns deaths");
    let faithful = format!("{DATA}/old_faithful.csv");
    vec![
        format!("{deaths} --family poisson -k 2 --restarts 3"),
        format!("{deaths} --family poisson -k 2 --restarts 2 --acceleration none"),
        format!("{deaths} --family poisson -k 3 --acceleration squarem"),
        format!("{deaths} --family zero_inflated_poisson -k 2 --restarts 2"),
        format!(
            "{faithful} --family gamma --columns eruptions -k 3 --acceleration daarem --restarts 4"
        ),
        format!("{faithful} --family gaussian -k 4 --restarts 4"),
        format!("{faithful} --family gaussian --covariance VEV -k 4 --restarts 3"),
        format!(
            "{faithful} --family gaussian --covariance EVE -k 3 --restarts 3 --acceleration daarem"
        ),
        format!(
            "{faithful} --family gaussian --covariance tied -k 3 --algorithm hard --restarts 40"
        ),
        format!("{faithful} --family student_t -k 3 --restarts 3 --acceleration squarem"),
        format!(
            "{DATA}/remission.csv --family exponential --interval weeks,until -k 2 --restarts 2"
        ),
        format!("{faithful} --family multivariate_t -k 2 --restarts 2"),
        format!("{faithful} --family normal --columns waiting -k 2 --restarts 2 --order mean"),
        format!("{faithful} --components gamma,weibull,uniform --columns eruptions --restarts 3"),
        format!("{faithful} --family gaussian -k 9 --on-degenerate drop --restarts 6 --seed 3"),
        format!("{faithful} --family gaussian -k 9 --on-degenerate reset --restarts 3 --seed 5"),
        format!(
            "{DATA}/titanic.csv --family categorical --columns Class,Sex,Age,Survived \
             --row-weights Freq -k 3 --init random --restarts 4"
        ),
        format!(
            "{faithful} --family linear_regression --response waiting --predictors eruptions \
             -k 3 --restarts 4"
        ),
        format!(
            "{DATA}/penguins.csv -k 3 --missing em --part categorical:island,sex --part normal:body_mass_g --restarts 5"
        ),
        format!("{faithful} --family gaussian -k 4 --init small-em --split-merge 2"),
        format!("{faithful} --family normal -k 2 --restarts 3 --noise --trim 0.05"),
        format!("{faithful} --family gamma --columns waiting -k 3 --restarts 3 --weights equal"),
        format!(
            "{DATA}/penguins.csv -k 3 --missing drop --family normal --columns body_mass_g,bill_length_mm \
             --concomitant sex,flipper_length_mm --restarts 3 --noise"
        ),
        format!(
            "{DATA}/titanic.csv --family poisson --columns Freq -k 2 --group Class --restarts 4 \
             --on-degenerate reset"
        ),
        format!(
            "{faithful} --fixed weights,0 --init-model {}",
            start("gaussians", "--family gaussian -k 3")
        ),
        format!(
            "{faithful} --fixed 1.variance --init-model {}",
            start("normals", "--family normal --columns waiting -k 2")
        ),
    ]
}

/// A model to start from: one iteration away from a random start.
fn start(name: &str, model: &str) -> String {
    let path = folder(&format!("start_{name}")).join("model.json");
    let path = path.display().to_string();
    succeed(&words(&format!(
        "fit {DATA}/old_faithful.csv {model} --max-iterations 1 --restarts 1 --output {path}"
    )));
    path
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_string).collect()
}

/// `mixture fit` with these arguments, on its way.
fn spawn(arguments: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mixture"))
        .args(words(arguments))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

/// A generator of random moments: SplitMix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn leftovers(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".tmp")).collect()
}

#[test]
fn a_killed_fit_goes_on_bit_for_bit() {
    let folder = folder("killed");
    let (mut state, mut kills) = (7, 0);
    for (number, fit) in fits().iter().enumerate() {
        let file = |name: &str| {
            folder
                .join(format!("{number}-{name}"))
                .display()
                .to_string()
        };
        let (whole, output, checkpoint) = (file("whole"), file("output"), file("checkpoint"));
        succeed(&words(&format!("fit {fit} --output {whole}")));
        let run = |resume: bool| {
            let resume = if resume {
                format!("--resume {checkpoint}")
            } else {
                String::new()
            };
            // Each checkpoint waits for the disk.
            let every = 10 + 7 * (number % 3);
            format!(
                "fit {fit} --output {output} --checkpoint {checkpoint} --checkpoint-every {every} {resume}"
            )
        };
        // Moments from the start of the process to some hundred iterations; at the end to the end.
        for _ in 0..6 {
            let mut child = spawn(&run(Path::new(&checkpoint).exists()));
            std::thread::sleep(Duration::from_millis(random(&mut state) % 60));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            assert!(
                status.success() || status.code().is_none(),
                "{fit}: {status}"
            );
            kills += usize::from(status.code().is_none());
        }
        // A killed process may leave its temporary file, never half a checkpoint.
        succeed(&words(&run(Path::new(&checkpoint).exists())));
        let text = |path: &str| std::fs::read_to_string(path).unwrap();
        assert!(
            text(&output) == text(&whole),
            "{fit}: {} and {}",
            output,
            whole
        );
    }
    // Every fit is killed at least once in the mean: else the test would test nothing.
    assert!(kills >= fits().len(), "{kills} kills");
}

#[test]
fn every_checkpoint_of_a_short_fit_goes_on_bit_for_bit() {
    let folder = folder("every_checkpoint");
    for (number, fit) in fits().iter().enumerate() {
        // A limit of iterations ends each start early, and with it what is to be compared.
        let fit = format!("{fit} --max-iterations 7");
        let fit = if fit.contains("--restarts") {
            let mut kept = words(&fit);
            let at = kept.iter().position(|word| word == "--restarts").unwrap();
            kept[at + 1] = "2".into();
            kept.join(" ")
        } else {
            fit
        };
        let whole = succeed(&words(&format!("fit {fit} --format json")));
        let checkpoint = folder.join(format!("{number}")).display().to_string();
        // The last checkpoint that m iterations apart leave: m = 1, 2, … visits most of them.
        for every in [1, 2, 3, 5, 8, 9, 11] {
            let again = succeed(&words(&format!(
                "fit {fit} --format json --checkpoint {checkpoint} --checkpoint-every {every}"
            )));
            assert!(again == whole, "{fit}: with checkpoints");
            if Path::new(&checkpoint).exists() {
                let resumed = succeed(&words(&format!(
                    "fit {fit} --format json --resume {checkpoint} --threads 1"
                )));
                assert!(resumed == whole, "{fit}: every {every}");
            }
        }
        assert_eq!(leftovers(&folder), Vec::<String>::new());
    }
}

#[test]
fn ctrl_c_keeps_a_checkpoint_and_exits_with_130() {
    an_interrupt_keeps_a_checkpoint("-INT");
}

#[test]
fn who_is_asked_to_end_keeps_a_checkpoint_and_exits_with_130() {
    an_interrupt_keeps_a_checkpoint("-TERM");
}

fn an_interrupt_keeps_a_checkpoint(signal: &str) {
    let folder = folder(&format!("interrupted{signal}"));
    let mut state = 3;
    let values: Vec<f64> = (0..40_000)
        .map(|i| (random(&mut state) >> 40) as f64 / 4e6 + f64::from(i % 12 / 4))
        .collect();
    let data = write(&folder, "rows.npy", npy::doubles(&values, 4));
    let fit =
        format!("{data} --family gaussian -k 5 --restarts 3 --tolerance 0 --max-iterations 150");
    let checkpoint = folder.join("checkpoint").display().to_string();
    let mut child = spawn(&format!(
        "fit {fit} --checkpoint {checkpoint} --checkpoint-every 5"
    ));
    // Once the first checkpoint is there, the fit is on its way.
    while !Path::new(&checkpoint).exists() {
        assert!(child.try_wait().unwrap().is_none(), "the fit is over");
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap()
            .success()
    );
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(
        said.contains("interrupted in start") && said.contains("--resume"),
        "{said}"
    );
    assert_eq!(leftovers(&folder), Vec::<String>::new());
    let resumed = succeed(&words(&format!(
        "fit {fit} --resume {checkpoint} --format json"
    )));
    assert!(resumed == succeed(&words(&format!("fit {fit} --format json"))));
}

#[test]
fn a_checkpoint_of_another_fit_is_refused() {
    let folder = folder("refused");
    let checkpoint = folder.join("checkpoint").display().to_string();
    let data = write(&folder, "rows.csv", "x\n1\n2\n3\n10\n11\n12.5\n");
    let other = write(&folder, "other.csv", "x\n1\n2\n3\n10\n11\n12.0\n");
    let base = "--family normal -k 2 --tolerance 1e-7";
    succeed(&words(&format!(
        "fit {data} {base} --checkpoint {checkpoint} --checkpoint-every 1"
    )));
    let refused = |arguments: &str, word: &str| {
        let run = mixture(&words(&format!("fit {arguments} --resume {checkpoint}")));
        assert_eq!(run.code, 2, "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{arguments}: {}", run.stderr);
    };
    refused(
        &format!("{other} {base}"),
        "the data: the file has other contents",
    );
    refused(
        &format!("{data} {base} --seed 4"),
        "--seed: it was \"0\", and is \"4\"",
    );
    refused(
        &format!("{data} --family logistic -k 2 --tolerance 1e-7"),
        "--family: it was \"normal\", and is \"logistic\"",
    );
    refused(
        &format!("{data} {base} --columns x"),
        "--columns: it was not given",
    );
    let copy = write(&folder, "copy.csv", std::fs::read(&data).unwrap());
    succeed(&words(&format!(
        "fit {copy} {base} --resume {checkpoint} --threads 2"
    )));
    for (text, word) in [
        ("{}", "not a checkpoint"),
        ("1\n2", "not a JSON file"),
        (
            "{\"format\": \"mixture-checkpoint\", \"version\": 9}",
            "version 9",
        ),
        (
            "{\"format\": \"mixture-checkpoint\", \"version\": 1}",
            "missing field",
        ),
    ] {
        write(&folder, "checkpoint", text);
        refused(&format!("{data} {base}"), word);
    }
    std::fs::remove_file(&checkpoint).unwrap();
    refused(&format!("{data} {base}"), "cannot be read");
}

#[test]
fn a_time_limit_is_refused() {
    let folder = folder("combinations");
    let data = write(&folder, "rows.csv", "x\n1\n2\n3\n10\n11\n12.5\n");
    let checkpoint = folder.join("checkpoint").display().to_string();
    for asked in ["--checkpoint", "--resume"] {
        let run = mixture(&words(&format!(
            "fit {data} --family normal -k 2 --time-limit 60 {asked} {checkpoint}"
        )));
        assert_eq!(run.code, 2, "{}", run.stderr);
        let sentence = format!("{asked} cannot be combined with --time-limit");
        assert!(run.stderr.contains(&sentence), "{}", run.stderr);
    }
    assert!(!Path::new(&checkpoint).exists());
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_an_error_and_not_half_a_file() {
    let folder = folder("unwritable");
    let data = write(&folder, "rows.csv", "x\n1\n2\n3\n10\n11\n12.5\n");
    let checkpoint = folder.join("checkpoint").display().to_string();
    let fit = format!("fit {data} --family normal -k 2 --checkpoint-every 1");
    for (path, word) in [
        ("/nowhere/checkpoint", "the folder does not exist"),
        (data.as_str(), "this is the file of the data"),
        ("/dev/full", "no regular file"),
    ] {
        let run = mixture(&words(&format!("{fit} --checkpoint {path}")));
        assert_eq!(run.code, 2, "{path}: {}", run.stderr);
        assert!(
            run.stderr.contains("--checkpoint") && run.stderr.contains(word),
            "{}",
            run.stderr
        );
    }
    // A full disk, as far as the process can tell: files may not grow beyond 0 bytes.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_mixture"))
        .args(words(&format!("{fit} --checkpoint {checkpoint}")))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains(&format!("--checkpoint {checkpoint}")),
        "{said}"
    );
    assert!(!Path::new(&checkpoint).exists());
    assert_eq!(leftovers(&folder), Vec::<String>::new());
    for wrong in ["0", "-1s", "0s", "x", "5m"] {
        let run = mixture(&words(&format!(
            "fit {data} --family normal -k 2 --checkpoint {checkpoint} --checkpoint-every={wrong}"
        )));
        assert_eq!(run.code, 2, "{wrong}");
    }
}

#[test]
fn the_trace_has_a_line_for_each_iteration() {
    let folder = folder("trace");
    let path = |name: &str| folder.join(name).display().to_string();
    let fit =
        format!("fit {DATA}/old_faithful.csv --family gaussian -k 2 --restarts 2 --format json");
    let model = |trace: &str| -> serde_json::Value {
        serde_json::from_str(&succeed(&words(&format!("{fit} --trace {}", path(trace))))).unwrap()
    };
    let fitted = model("trace.csv");
    let lines = support::records(&std::fs::read_to_string(path("trace.csv")).unwrap());
    assert_eq!(lines[0], ["start", "iteration", "objective", "seconds"]);
    let (mut best, mut last) = (Vec::new(), 0.0);
    let objective = |line: &Vec<String>| line[2].parse::<f64>().unwrap();
    let starts = fitted["fit"]["starts"].as_array().unwrap();
    for (which, start) in starts.iter().enumerate() {
        let of: Vec<_> = lines[1..]
            .iter()
            .filter(|line| line[0] == which.to_string())
            .collect();
        assert_eq!(of.len() as u64, start["iterations"].as_u64().unwrap() + 1);
        for (iteration, line) in of.iter().enumerate() {
            assert_eq!(line[1], iteration.to_string());
            let seconds: f64 = line[3].parse().unwrap();
            assert!(seconds >= last, "time goes on");
            last = seconds;
        }
        if Some(objective(of[of.len() - 1])) == fitted["fit"]["objective"].as_f64()
            && best.is_empty()
        {
            best = of.iter().map(|line| objective(line)).collect();
        }
    }
    let trace = fitted["fit"]["trace"].as_array().unwrap();
    let trace: Vec<f64> = trace.iter().map(|value| value.as_f64().unwrap()).collect();
    assert_eq!(best, trace);
    model("trace.json");
    let json = std::fs::read_to_string(path("trace.json")).unwrap();
    for (line, record) in json.lines().zip(&lines[1..]) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["objective"].as_f64().unwrap(), objective(record));
        assert_eq!(line["iteration"].to_string(), record[1]);
    }
    assert_eq!(json.lines().count(), lines.len() - 1);
    let run = mixture(&words(&format!("{fit} --trace {DATA}/old_faithful.csv")));
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("this is the file of the data"),
        "{}",
        run.stderr
    );
}
