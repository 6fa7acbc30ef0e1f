//! Writing .npy files, by the description of the format in NumPy's documentation (numpy.lib.format).

use std::io::{BufWriter, Write};
use std::path::Path;

/// The header of an array of n rows of `width` numbers of type `descr`, so long that the numbers
/// begin at a multiple of 64 bytes; `extra` bytes more spoil that.
pub fn header(descr: &str, rows: usize, width: usize, extra: usize) -> Vec<u8> {
    let shape = format!("({rows}, {width})");
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while !(10 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push_str(&" ".repeat(extra));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

/// An array of doubles.
pub fn doubles(values: &[f64], width: usize) -> Vec<u8> {
    let mut bytes = header("<f8", values.len() / width, width, 0);
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// An array of single precision.
pub fn singles(values: &[f64], width: usize) -> Vec<u8> {
    let mut bytes = header("<f4", values.len() / width, width, 0);
    bytes.extend(
        values
            .iter()
            .flat_map(|&value| (value as f32).to_le_bytes()),
    );
    bytes
}

/// Writes an array, row after row as `row` fills it, as doubles or in single precision.
pub fn write_rows(
    path: &Path,
    (rows, width): (usize, usize),
    single: bool,
    mut row: impl FnMut(usize, &mut [f32]),
) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    file.write_all(&header(if single { "<f4" } else { "<f8" }, rows, width, 0))?;
    let mut values = vec![0.0f32; width];
    let mut bytes = Vec::with_capacity(8 * width);
    for i in 0..rows {
        row(i, &mut values);
        bytes.clear();
        for &value in &values {
            if single {
                bytes.extend(value.to_le_bytes());
            } else {
                bytes.extend(f64::from(value).to_le_bytes());
            }
        }
        file.write_all(&bytes)?;
    }
    file.flush()
}
