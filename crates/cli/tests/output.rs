//! Where `--output` writes, and when it does not.
#![cfg(unix)]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use support::{Run, folder, mixture, succeed, write};

const DATA: &str = "x\n1\n2\n3\n5\n";

fn fit_to(data: &str, output: &Path, more: &[&str]) -> Run {
    let output = output.display().to_string();
    let mut arguments = vec!["fit", data, "--output", &output];
    arguments.extend(more);
    mixture(&arguments)
}

const NORMAL: &[&str] = &["--family", "normal", "-k", "1"];

#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = folder("output_special");
    let data = write(&folder, "data.csv", DATA);
    let fifo = folder.join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo runs").success());
    symlink(&fifo, folder.join("link")).expect("a link");
    for name in ["fifo", "link"] {
        let run = fit_to(&data, &folder.join(name), NORMAL);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains("no regular file"), "{}", run.stderr);
    }
    let kind = std::fs::symlink_metadata(&fifo).expect("it").file_type();
    assert!(!kind.is_file());
    let run = fit_to(&data, &folder, NORMAL);
    assert!(run.code == 2 && run.stderr.contains("directory"));
}

#[test]
fn a_link_is_written_through_and_the_mode_kept() {
    let folder = folder("output_link");
    let data = write(&folder, "data.csv", DATA);
    let target = write(&folder, "target.json", "before");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&target, mode).expect("a mode");
    symlink("target.json", folder.join("link.json")).expect("a link");
    symlink("new.json", folder.join("dangling.json")).expect("a link");
    for (link, file) in [("link.json", "target.json"), ("dangling.json", "new.json")] {
        let run = fit_to(&data, &folder.join(link), NORMAL);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(folder.join(link).is_symlink());
        assert!(!folder.join(file).is_symlink());
        succeed(&["show", &folder.join(file).display().to_string()]);
    }
    let mode = std::fs::metadata(&target).expect("it").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_input_is_never_overwritten() {
    let folder = folder("output_input");
    let data = write(&folder, "data.csv", DATA);
    let labels = write(&folder, "labels.csv", "l\n0\n0\n1\n1\n");
    let shares = write(&folder, "shares.csv", "a,b\n1,0\n1,0\n0,1\n0,1\n");
    let model = "{\"weights\":[1],\"components\":[{\"mean\":0,\"variance\":1}]}";
    let model = write(&folder, "model.json", model);
    symlink("data.csv", folder.join("link")).expect("a link");
    let two: &[&str] = &["--family", "normal", "-k", "2"];
    let cases: [(&str, &[&str], [&str; 2]); 5] = [
        ("data.csv", NORMAL, ["--seed", "0"]),
        ("link", NORMAL, ["--seed", "0"]),
        ("labels.csv", two, ["--init-labels-file", &labels]),
        ("shares.csv", two, ["--init-responsibilities", &shares]),
        ("model.json", NORMAL, ["--init-model", &model]),
    ];
    for (name, fit, option) in cases {
        let before = std::fs::read(folder.join(name)).expect("the file");
        let run = fit_to(&data, &folder.join(name), &[fit, &option].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains("this is the file of"), "{}", run.stderr);
        assert_eq!(std::fs::read(folder.join(name)).expect("it"), before);
    }
}

#[test]
fn nothing_is_written_when_stdout_fails() {
    let folder = folder("output_stdout");
    let data = write(&folder, "data.csv", DATA);
    let output = folder.join("model.json");
    let fit = |stdout: Stdio, words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mixture"));
        command.args(["fit", &data]).args(NORMAL);
        command.arg("--output").arg(&output).stdout(stdout);
        let ended = command.stderr(Stdio::piped()).output().expect("it runs");
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{errors}");
        assert!(errors.contains(words), "{errors}");
        let left = std::fs::read_dir(&folder).expect("the folder").count();
        assert_eq!(left, 1, "neither a model nor a temporary file");
    };
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    fit(writer.into(), "stdout was closed");
    // A device that is always full, where there is one; it is opened, never created.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    if let Ok(full) = full {
        fit(full.into(), "stdout cannot be written");
    }
}

/// A full disk, as far as the process can tell: files may not grow beyond some blocks of 512 bytes. What was
/// there stays, and no half of a file is left.
#[test]
fn a_full_disk_is_an_error_and_no_half_of_a_file() {
    let folder = folder("output_full_disk");
    let rows: String = (0..2000)
        .map(|i| format!("{},{}\n", i % 17, i % 5))
        .collect();
    let data = write(&folder, "data.csv", format!("a,b\n{rows}"));
    let commands = [
        (
            "model.json",
            "0",
            "fit DATA --family normal -k 2 --output OUT",
        ),
        ("array.npy", "8", "convert DATA OUT"),
        (
            "table.csv",
            "0",
            "select DATA --family normal -k 1..2 --table OUT",
        ),
    ];
    for (name, blocks, command) in commands {
        let output = write(&folder, name, "what was there");
        let words = command.replace("DATA", &data).replace("OUT", &output);
        let run = Command::new("sh")
            .args([
                "-c",
                "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$0\" \"$@\"",
            ])
            .args([env!("CARGO_BIN_EXE_mixture"), blocks])
            .args(words.split_whitespace())
            .output()
            .expect("a shell");
        let stderr = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{command}: {stderr}");
        assert!(stderr.contains(&output), "{command}: {stderr}");
        let kept = std::fs::read_to_string(&output).expect("the file is there");
        assert_eq!(kept, "what was there", "{command}");
        let files = std::fs::read_dir(&folder).expect("the folder");
        let left = files.filter(|file| {
            let name = file.as_ref().expect("a file").file_name();
            name.to_string_lossy().ends_with(".tmp")
        });
        assert_eq!(left.count(), 0, "{command}");
    }
}
