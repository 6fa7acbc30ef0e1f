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

/// Whether a number is too large or too near 0 to be read without an exponent.
fn needs_exponent(number: f64) -> bool {
    let size = number.abs();
    number != 0.0 && number.is_finite() && !(1e-5..1e15).contains(&size)
}

/// A number with a fixed count of decimals, or an exponent where that would be unreadable.
pub fn fixed(number: f64, decimals: usize) -> String {
    if needs_exponent(number) {
        format!("{number:.decimals$e}")
    } else {
        format!("{number:.decimals$}")
    }
}

/// A number with every digit, or an exponent where those would be unreadable.
pub fn plain(number: f64) -> String {
    if needs_exponent(number) {
        format!("{number:e}")
    } else {
        number.to_string()
    }
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

    #[test]
    fn no_number_has_hundreds_of_digits() {
        assert_eq!((plain(272.0), plain(2.5)), ("272".into(), "2.5".into()));
        assert_eq!(
            (plain(3e300), plain(-1e-300)),
            ("3e300".into(), "-1e-300".into())
        );
        assert_eq!(
            (fixed(0.0, 2), fixed(-1.25, 2)),
            ("0.00".into(), "-1.25".into())
        );
        assert_eq!(
            (fixed(-1e300, 2), fixed(2e-7, 1)),
            ("-1.00e300".into(), "2.0e-7".into())
        );
        assert_eq!(
            (fixed(f64::INFINITY, 2), plain(0.0)),
            ("inf".into(), "0".into())
        );
    }
}
