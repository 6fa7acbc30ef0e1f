//! `mixture predict`.

use super::{columns_of, read_model};
use crate::args::Predict;
use crate::cells::{Impossible, distinct};
use crate::columns::{Access, typed};
use crate::factor_scores::Scorer;
use crate::failure::{Failure, say};
use crate::grid::{Grid, short};
use crate::known::{Beside, posterior};
use crate::names;
use crate::read::Sheet;
use crate::write::{Lines, number};
use em::Posterior;
use tabular::ModelFile;

/// Runs the command.
pub fn run(arguments: &Predict) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    let names = label_names(arguments, &file)?;
    let scorer = arguments.factor_scores.scorer(&file)?;
    let keep = match &arguments.keep {
        Some(list) => names::list("--keep", list)?,
        None => Vec::new(),
    };
    let mut wanted = columns_of(&file)?;
    wanted.extend(keep.iter().chain(&arguments.truth).cloned());
    let mut sheet = Sheet::read_columns(&arguments.data, &arguments.dialect, Some(&wanted))?;
    let keep = keep
        .iter()
        .map(|name| sheet.column(name))
        .collect::<Result<Vec<_>, _>>()?;
    let truth = arguments
        .truth
        .as_ref()
        .map(|name| sheet.column(name))
        .transpose()?;
    let typed = typed(
        &mut Access::Own(&mut sheet),
        &file.specification,
        &Beside::of_file(&file),
        arguments.missing,
        Impossible::Mark,
    )?;
    let posterior = posterior(&file, &sheet, &typed)?;
    let posterior = (arguments.merging).apply(posterior, &file, &sheet, &typed)?;
    let count = posterior.components;
    // For each row of the sheet its row in the table, if it is in use.
    let mut used = vec![None; sheet.rows.len()];
    for (index, &row) in typed.rows.iter().enumerate() {
        used[row] = Some(index);
    }
    let labels: Vec<Option<usize>> = (used.iter())
        .map(|index| index.and_then(|index| posterior.label(index)))
        .collect();
    let mut lines = Lines::new();
    let mut header = header(arguments, count);
    header.extend(scorer.iter().flat_map(Scorer::header));
    header.extend(keep.iter().map(|&column| sheet.header[column].clone()));
    lines.row(header)?;
    for (row, index) in used.iter().enumerate() {
        let mut cells = match index {
            Some(index) => answer(&posterior, *index, arguments.uncertainty, &names),
            None => vec![String::new(); count + 2 + usize::from(arguments.uncertainty)],
        };
        if let Some(scorer) = &scorer {
            cells.extend(scorer.cells(&typed, *index, labels[row]));
        }
        for &column in &keep {
            cells.push(sheet.text(row, column)?.into_owned());
        }
        lines.row(&cells)?;
    }
    lines.end()?;
    if let Some(column) = truth {
        compare(&sheet, column, &labels, count, &names)?;
    }
    Ok(())
}

/// Label, log-density, responsibilities and uncertainty of a row.
fn answer(posterior: &Posterior, row: usize, uncertainty: bool, names: &[String]) -> Vec<String> {
    let label = posterior.label(row);
    let name = |k: usize| names.get(k).cloned().unwrap_or_else(|| k.to_string());
    let text = |value: f64| {
        if label.is_some() {
            number(value)
        } else {
            String::new()
        }
    };
    let shares = posterior.row(row);
    let mut cells = vec![label.map_or(String::new(), name)];
    cells.push(number(posterior.log_density[row]));
    cells.extend(shares.iter().map(|&share| text(share)));
    if uncertainty {
        let largest = shares.iter().fold(0.0f64, |a, &b| a.max(b));
        cells.push(text(1.0 - largest));
    }
    cells
}

fn header(arguments: &Predict, count: usize) -> Vec<String> {
    let mut header = vec!["label".to_string(), "log_density".to_string()];
    header.extend((0..count).map(|k| format!("p_{k}")));
    if arguments.uncertainty {
        header.push("uncertainty".into());
    }
    header
}

/// The names to write for labels; none are numbers.
fn label_names(arguments: &Predict, file: &ModelFile) -> Result<Vec<String>, Failure> {
    let names = match arguments.label_names.as_deref() {
        None => return Ok(Vec::new()),
        Some("") => file.label_names.clone(),
        Some(list) => names::list("--label-names", list)?,
    };
    if names.is_empty() {
        return Err(Failure::input(format!(
            "{}: the components have no names, because the fit did not start from labels; give \
             them by --label-names=NAME,NAME",
            arguments.model.display()
        )));
    }
    if names.len() != file.model.len() {
        return Err(Failure::input(format!(
            "--label-names: {} names for {} components",
            names.len(),
            file.model.len()
        )));
    }
    Ok(names)
}

/// Writes a confusion table and the adjusted Rand index to stderr.
fn compare(
    sheet: &Sheet,
    column: usize,
    labels: &[Option<usize>],
    count: usize,
    names: &[String],
) -> Result<(), Failure> {
    let truth = |row: usize| {
        let known = !sheet.is_missing(row, column);
        known.then(|| sheet.text(row, column)).transpose()
    };
    let truth = (0..labels.len())
        .map(truth)
        .collect::<Result<Vec<_>, _>>()?;
    let classes = distinct(truth.iter().flatten());
    let mut table = vec![vec![0u64; count]; classes.len()];
    for (text, label) in truth.iter().zip(labels) {
        let class = (text.as_ref()).and_then(|text| classes.iter().position(|class| class == text));
        if let (Some(class), Some(label)) = (class, label) {
            table[class][*label] += 1;
        }
    }
    let mut header = vec![sheet.header[column].clone()];
    header.extend((0..count).map(|k| names.get(k).cloned().unwrap_or_else(|| k.to_string())));
    let mut grid = Grid::new(header);
    for (class, counts) in classes.iter().zip(&table) {
        let mut row = vec![class.clone()];
        row.extend(counts.iter().map(u64::to_string));
        grid.row(row);
    }
    say(grid.text().trim_end());
    say(&format!(
        "adjusted Rand index  {}",
        short(adjusted_rand(&table))
    ));
    Ok(())
}

/// The adjusted Rand index of a confusion table (Hubert & Arabie 1985); 1 where both partitions
/// are trivial in the same way.
fn adjusted_rand(table: &[Vec<u64>]) -> f64 {
    let pairs = |n: u64| n as f64 * (n as f64 - 1.0) / 2.0;
    let columns = table.first().map_or(0, Vec::len);
    let total: u64 = table.iter().flatten().sum();
    let cells: f64 = table.iter().flatten().map(|&n| pairs(n)).sum();
    let rows: f64 = table.iter().map(|row| pairs(row.iter().sum())).sum();
    let columns: f64 = (0..columns)
        .map(|j| pairs(table.iter().map(|row| row[j]).sum()))
        .sum();
    let expected = rows * columns / pairs(total).max(1.0);
    let largest = 0.5 * (rows + columns);
    if largest == expected {
        1.0
    } else {
        (cells - expected) / (largest - expected)
    }
}

#[cfg(test)]
mod tests {
    use super::adjusted_rand;

    #[test]
    fn the_adjusted_rand_index_of_known_tables() {
        assert_eq!(adjusted_rand(&[vec![5, 0], vec![0, 7]]), 1.0);
        // Hubert & Arabie's formula by hand: Σ C(n_ij, 2) = 2, rows 6, columns 6, 15 pairs.
        let index = adjusted_rand(&[vec![2, 1], vec![1, 2]]);
        assert!((index - (2.0 - 2.4) / (6.0 - 2.4)).abs() < 1e-15, "{index}");
    }
}
