//! Aligned tables of text.

/// Rows of cells under a header; the first column is aligned left, the others right.
pub struct Grid {
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// A table with this header.
    pub fn new(header: Vec<String>) -> Self {
        Grid { rows: vec![header] }
    }
    /// Appends a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
    /// The table as text.
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
                if column == 0 {
                    line.push_str(&format!("  {cell}{pad}"));
                } else {
                    line.push_str(&format!("  {pad}{cell}"));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A number with seven significant digits, as people read it.
pub fn short(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || !number.is_finite() {
        return format!("{number}");
    }
    if !(1e-4..1e9).contains(&size) {
        return format!("{number:.6e}");
    }
    let leading = size.log10().floor() as i32;
    let decimals = usize::try_from(6 - leading).unwrap_or(0);
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut grid = Grid::new(vec!["".into(), "mean".into()]);
        grid.row(vec!["0".into(), short(2.5)]);
        grid.row(vec!["10".into(), short(-1234.5678)]);
        assert_eq!(
            grid.text(),
            "           mean\n  0    2.500000\n  10  -1234.568\n"
        );
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (1e-5, "1.000000e-5"),
            (123456.789, "123456.8"),
            (1e12, "1.000000e12"),
        ];
        for (number, text) in cases {
            assert_eq!(short(number), text);
        }
    }
}
