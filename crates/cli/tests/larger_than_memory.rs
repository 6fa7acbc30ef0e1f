//! A fit to a file that is larger than the memory the process may use.
#![cfg(target_os = "linux")]

mod support;

use std::process::{Command, Output};
use support::{folder, npy, write};

/// 2 GiB of doubles: 16 columns.
const ROWS: usize = 1 << 24;
const WIDTH: usize = 16;
/// What the process may allocate: 300 MB, in the unit of `ulimit -d`. The pages of a file that is
/// mapped read-only are the kernel's, and do not count.
const LIMIT_KB: usize = 300_000;
const GIB: u64 = 1 << 30;

/// Row i: one of two clusters, and noise of a few bits, in numbers that single precision holds.
fn row(i: usize, into: &mut [f32]) {
    let mut bits = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66;
    let shift = if bits.is_multiple_of(3) { 1.5 } else { 0.0 };
    for value in into {
        bits = bits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        *value = (bits >> 54) as f32 / 512.0 + shift;
    }
}

fn run(limit: Option<usize>, arguments: &[String]) -> Output {
    let limit = limit.map_or(String::new(), |limit| format!("ulimit -d {limit} && "));
    Command::new("sh")
        .args([
            "-c",
            &format!("{limit}exec \"$0\" \"$@\""),
            env!("CARGO_BIN_EXE_mixture"),
        ])
        .args(arguments)
        .output()
        .expect("sh runs")
}

/// Bytes free on the disk of `folder`, and memory that is available, as far as they are known.
fn free(folder: &std::path::Path) -> (u64, u64) {
    let kilobytes = |text: &str| {
        text.split_whitespace()
            .find_map(|word| word.parse::<u64>().ok())
    };
    // The fourth field of the last line, by POSIX.
    let disk = Command::new("df").arg("-Pk").arg(folder).output();
    let disk = disk.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    let line = disk.lines().last();
    let disk = line.and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = memory.lines().find(|line| line.starts_with("MemAvailable"));
    (
        1024 * disk.unwrap_or(0),
        1024 * line.and_then(kilobytes).unwrap_or(0),
    )
}

#[test]
fn a_file_of_2_gib_is_fitted_in_300_mb_with_the_bits_of_a_fit_in_memory() {
    let folder = folder("larger_than_memory");
    let (disk, memory) = free(&folder);
    if disk < 4 * GIB {
        println!("skipped: {} MiB free on the disk, 4 GiB needed", disk >> 20);
        return;
    }
    let start = format!(
        "{{\"weights\": [0.5, 0.5], \"components\": [{}, {}]}}",
        component(0.8),
        component(2.0)
    );
    let start = write(&folder, "start.json", start);
    let path = |name: &str| folder.join(name).display().to_string();
    let fit = |file: &str, threads: &str| {
        let text = format!(
            "fit {} --family gaussian --covariance diag -k 2 --init-model {start} \
             --max-iterations 1 --threads {threads} --format json",
            path(file)
        );
        text.split_whitespace()
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    npy::write_rows(
        folder.join("doubles.npy").as_ref(),
        (ROWS, WIDTH),
        false,
        row,
    )
    .unwrap();
    let mapped = run(Some(LIMIT_KB), &fit("doubles.npy", "2"));
    std::fs::remove_file(folder.join("doubles.npy")).unwrap();
    let said = String::from_utf8_lossy(&mapped.stderr);
    assert!(mapped.status.success(), "{said}");

    // The same numbers in single precision are read into memory: what the limit forbids.
    if memory < 4 * GIB {
        println!(
            "not compared with memory: {} MiB available, 4 GiB needed",
            memory >> 20
        );
        return;
    }
    npy::write_rows(
        folder.join("singles.npy").as_ref(),
        (ROWS, WIDTH),
        true,
        row,
    )
    .unwrap();
    let refused = run(Some(LIMIT_KB), &fit("singles.npy", "2"));
    assert!(!refused.status.success(), "the limit does not hold");
    let in_memory = run(None, &fit("singles.npy", "1"));
    std::fs::remove_file(folder.join("singles.npy")).unwrap();
    assert!(in_memory.status.success());
    assert!(in_memory.stdout == mapped.stdout, "the model files differ");
}

/// A component at (mean, mean, …) with variances 1.
fn component(mean: f64) -> String {
    let zeros = |j: usize| (0..WIDTH).map(move |i| if i == j { "1" } else { "0" });
    let rows = (0..WIDTH).map(|j| format!("[{}]", zeros(j).collect::<Vec<_>>().join(",")));
    let means = vec![mean.to_string(); WIDTH].join(",");
    let covariance = rows.collect::<Vec<_>>().join(",");
    format!("{{\"mean\": [{means}], \"covariance\": [{covariance}]}}")
}
