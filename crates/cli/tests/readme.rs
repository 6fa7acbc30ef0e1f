//! The first command of the README prints what the README says.

use std::path::Path;
use std::process::Command;

#[test]
fn the_first_command_of_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("README.md");
    let block = readme
        .split("```console\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a console block");
    let mut lines = block.lines();
    let command = lines.next().expect("a command");
    let arguments = (command.strip_prefix("$ cargo run --release -p mixture -- "))
        .expect("the first command runs the binary");
    let stated: Vec<&str> = lines.take_while(|line| !line.starts_with('$')).collect();
    let output = Command::new(env!("CARGO_BIN_EXE_mixture"))
        .args(arguments.split_whitespace())
        .current_dir(&root)
        .output()
        .expect("the binary runs");
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).expect("text");
    let printed: Vec<&str> = printed.trim_end().lines().collect();
    assert_eq!(printed, stated);
}
