//! Reading the reference cases.
#![allow(dead_code)] // Each test file uses some of it.

use distributions::RowsView;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The numeric columns of a file.
pub struct Table {
    values: Vec<f64>,
    width: usize,
}

impl Table {
    /// Reads a file with a header; columns whose first cell is no number are left out.
    pub fn read(path: &Path) -> Table {
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<Vec<&str>> = text
            .lines()
            .skip(1)
            .map(|l| l.split(',').collect())
            .collect();
        let numeric: Vec<usize> = (0..lines[0].len())
            .filter(|&j| lines[0][j].parse::<f64>().is_ok())
            .collect();
        let values = (lines.iter())
            .flat_map(|line| numeric.iter().map(|&j| line[j].parse().unwrap()))
            .collect();
        Table {
            values,
            width: numeric.len(),
        }
    }
    pub fn rows(&self) -> RowsView<'_, f64> {
        RowsView::new(&self.values, self.width)
    }
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.width..(i + 1) * self.width]
    }
}

/// A reference case: data, starting labels and what is expected.
pub struct Case {
    pub name: &'static str,
    pub table: Table,
    pub labels: Vec<Option<u32>>,
    pub json: Value,
}

impl Case {
    pub fn read(name: &'static str) -> Case {
        let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "reference", name]
            .iter()
            .collect();
        let labels = std::fs::read_to_string(folder.join("init_labels.csv")).unwrap_or_default();
        Case {
            name,
            table: Table::read(&folder.join("data.csv")),
            labels: labels
                .lines()
                .skip(1)
                .map(|l| Some(l.trim().parse().unwrap()))
                .collect(),
            json: serde_json::from_str(&std::fs::read_to_string(folder.join("case.json")).unwrap())
                .unwrap(),
        }
    }
}
