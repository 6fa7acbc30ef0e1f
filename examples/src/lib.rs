//! Reading the data of the examples.

use std::path::Path;

/// The cells of one column of `examples/data/NAME`, as text.
///
/// # Errors
/// When the file cannot be read, or has no such column.
pub fn column(name: &str, column: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name);
    let mut reader = csv::Reader::from_path(path)?;
    let position = (reader.headers()?.iter().position(|header| header == column))
        .ok_or_else(|| format!("{name} has no column {column}"))?;
    let mut cells = Vec::new();
    for record in reader.records() {
        cells.push(record?[position].to_owned());
    }
    Ok(cells)
}

/// The same, as numbers.
///
/// # Errors
/// As [`column()`], or when a cell is no number.
pub fn numbers<T: std::str::FromStr>(
    name: &str,
    of_column: &str,
) -> Result<Vec<T>, Box<dyn std::error::Error>>
where
    T::Err: std::error::Error + 'static,
{
    let cells = column(name, of_column)?;
    cells.iter().map(|cell| Ok(cell.parse::<T>()?)).collect()
}

/// The Rust code of the README, compiled and run.
#[doc = include_str!("../../README.md")]
#[cfg(doctest)]
pub struct Readme;

/// The Rust code of docs/em.md, compiled and run.
#[doc = include_str!("../../docs/em.md")]
#[cfg(doctest)]
pub struct Em;

/// The Rust code of docs/choosing-k.md, compiled and run.
#[doc = include_str!("../../docs/choosing-k.md")]
#[cfg(doctest)]
pub struct ChoosingK;

/// The Rust code of docs/gaussian.md, compiled and run.
#[doc = include_str!("../../docs/gaussian.md")]
#[cfg(doctest)]
pub struct Gaussian;

/// The Rust code of docs/getting-started.md, compiled and run.
#[doc = include_str!("../../docs/getting-started.md")]
#[cfg(doctest)]
pub struct GettingStarted;
