//! Data of the reference fits, and a comparison.
#![allow(dead_code, unused_imports)]

mod npreg;
pub use npreg::NPREG;

/// Deaths of trypanosomes by dose (Follmann & Lambert 1989), by distinct rows: dose, dead, starting label,
/// how many.
pub const TRYPANOSOME: [(f64, u64, u32, f64); 22] = [
    (4.7, 0, 0, 37.0),
    (4.7, 0, 1, 18.0),
    (4.8, 0, 0, 27.0),
    (4.8, 0, 1, 14.0),
    (4.8, 1, 1, 8.0),
    (4.9, 0, 0, 28.0),
    (4.9, 0, 1, 14.0),
    (4.9, 1, 1, 18.0),
    (5.0, 0, 0, 25.0),
    (5.0, 0, 1, 12.0),
    (5.0, 1, 1, 18.0),
    (5.1, 0, 0, 31.0),
    (5.1, 1, 0, 15.0),
    (5.1, 1, 1, 7.0),
    (5.2, 0, 0, 16.0),
    (5.2, 1, 0, 24.0),
    (5.2, 1, 1, 13.0),
    (5.3, 0, 0, 4.0),
    (5.3, 1, 0, 32.0),
    (5.3, 1, 1, 15.0),
    (5.4, 1, 0, 33.0),
    (5.4, 1, 1, 17.0),
];

/// Design (intercept, x), responses, how many of each row, starting labels.
pub type Design = (Vec<f64>, Vec<u64>, Vec<f64>, Vec<Option<u32>>);

/// x = ln(dose / 4.9).
pub fn trypanosome() -> Design {
    let rows = TRYPANOSOME.iter();
    (
        rows.clone()
            .flat_map(|r| [1.0, (r.0 / 4.9f64).ln()])
            .collect(),
        rows.clone().map(|r| r.1).collect(),
        rows.clone().map(|r| r.3).collect(),
        rows.map(|r| Some(r.2)).collect(),
    )
}

/// |a − b| ≤ relative·|b| + absolute, naming both where it fails; returns the deviation.
#[track_caller]
pub fn near(a: f64, b: f64, relative: f64, absolute: f64) -> f64 {
    let deviation = (a - b).abs();
    assert!(
        deviation <= relative * b.abs() + absolute,
        "{a} against {b}"
    );
    deviation
}

pub fn npreg_labels() -> Vec<Option<u32>> {
    NPREG.iter().map(|row| Some(row.3 - 1)).collect()
}
