//! What the programs that stand beside others (benches/compare) share.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Read};

/// What a program can end with.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The doubles of a file, read piece by piece, so that the peak of memory is that of the numbers.
///
/// # Errors
/// When the file cannot be read.
pub fn numbers(path: &str) -> Outcome<Vec<f64>> {
    let file = File::open(path)?;
    let count = file.metadata()?.len() as usize / 8;
    let (mut reader, mut values) = (BufReader::new(file), Vec::with_capacity(count));
    let mut bytes = [0; 8];
    for _ in 0..count {
        reader.read_exact(&mut bytes)?;
        values.push(f64::from_le_bytes(bytes));
    }
    Ok(values)
}

/// The peak of this process's memory so far, KiB.
///
/// # Errors
/// When the system does not tell.
pub fn peak_memory() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.ok_or("no VmHWM")?.parse()?)
}
