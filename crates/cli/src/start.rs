//! Where a fit starts.

use crate::args::{Init, Start};
use crate::cells::distinct;
use crate::failure::Failure;
use crate::grid::plain;
use crate::read::{Sheet, Value};
use std::path::Path;
use tabular::TableMixture;

/// A start, with what it needs.
pub enum Chosen {
    /// Spread-out rows.
    Spread,
    /// Rows drawn by chance.
    Random,
    /// The two in turn.
    Alternating,
    /// Short runs.
    SmallEm(em::SmallEm),
    /// One component more at a time.
    Grown(em::Growth),
    /// Clusters of k-means.
    KMeans(Box<gmm::KMeansStart<'static>>),
    /// A component for each row, or none.
    Labels {
        /// The components.
        labels: Vec<Option<u32>>,
        /// Their names; none where labels were plain numbers of components.
        names: Vec<String>,
    },
    /// Responsibilities, row after row.
    Responsibilities(Vec<f64>),
    /// A model.
    Model(Box<TableMixture>),
}

impl Chosen {
    /// The start in the words of the library.
    pub fn start(&self) -> em::Start<'_> {
        match self {
            Chosen::Spread => em::Start::Spread,
            Chosen::Random => em::Start::Random,
            Chosen::Alternating => em::Start::Alternating,
            Chosen::SmallEm(runs) => em::Start::SmallEm(*runs),
            Chosen::Grown(growth) => em::Start::Grown(*growth),
            Chosen::KMeans(start) => em::Start::Partition(&**start),
            Chosen::Labels { labels, .. } => em::Start::Labels(labels),
            Chosen::Responsibilities(given) => em::Start::Responsibilities(given),
            Chosen::Model(_) => em::Start::Model,
        }
    }
}

/// The start that the options name, except a model; `rows` are the rows of the sheet in use. Seeds
/// are spread where all components are of one family.
pub fn chosen(
    start: &Start,
    sheet: &Sheet,
    rows: &[usize],
    count: usize,
    one_family: bool,
) -> Result<Chosen, Failure> {
    if let Some(column) = &start.init_labels {
        let column = sheet.column(column)?;
        return labels(sheet, column, rows, count);
    }
    if let Some(path) = &start.init_labels_file {
        let file = companion(path, sheet)?;
        if file.header.len() != 1 {
            return Err(Failure::input(format!(
                "{}: {} columns, 1 expected: the labels",
                file.file,
                file.header.len()
            )));
        }
        return labels(&file, 0, rows, count);
    }
    if let Some(path) = &start.init_responsibilities {
        let file = companion(path, sheet)?;
        return responsibilities(&file, rows, count);
    }
    match (start.init, one_family) {
        (Some(Init::Random), _) | (None, false) => Ok(Chosen::Random),
        (Some(Init::Spread), true) => Ok(Chosen::Spread),
        (Some(Init::Alternating) | None, true) => Ok(Chosen::Alternating),
        (Some(Init::SmallEm), spread) => Ok(Chosen::SmallEm(em::SmallEm {
            spread,
            ..em::SmallEm::default()
        })),
        (Some(Init::Grown), true) => Ok(Chosen::Grown(em::Growth::default())),
        (Some(Init::Grown), false) => Err(Failure::input(
            "--init grown begins with one component and splits what is there: the components must be of one family",
        )),
        // These need the numbers of the table: see cluster_start.
        (Some(Init::KMeans | Init::Hierarchical), _) => Err(Failure::input(
            "--init kmeans and hierarchical are for one part of numbers",
        )),
        (Some(Init::Spread | Init::Alternating), false) => Err(Failure::input(
            "--init spread and alternating measure distance by the family of the components, and here they differ",
        )),
    }
}

/// A file with one row for each row of the data.
fn companion(path: &Path, sheet: &Sheet) -> Result<Sheet, Failure> {
    let mut file = Sheet::read(path, &sheet.dialect)?;
    let rows = file.rows.len();
    match file.keep_as(sheet) {
        Ok(()) => Ok(file),
        Err(expected) => Err(Failure::input(format!(
            "{}: {rows} rows, but {} has {expected}",
            file.file, sheet.file
        ))),
    }
}

/// Labels are names: exactly K distinct ones, sorted, or whole numbers below K.
pub fn labels(
    sheet: &Sheet,
    column: usize,
    rows: &[usize],
    count: usize,
) -> Result<Chosen, Failure> {
    let Named { components, names } = named(sheet, column, rows, (count, false), None)?;
    Ok(Chosen::Labels {
        labels: components.iter().map(|own| own.first().copied()).collect(),
        names,
    })
}

/// The components that the cells of a column name.
pub struct Named {
    /// Those of each row, in rising order; none where the cell is empty.
    pub components: Vec<Vec<u32>>,
    /// The names of all components; none where cells hold numbers of components.
    pub names: Vec<String>,
}

/// The components that a column names, of `count`, the last of which may be noise: then it need not have a
/// name. With a separator a cell may name several.
pub fn named(
    sheet: &Sheet,
    column: usize,
    rows: &[usize],
    (count, noise): (usize, bool),
    separator: Option<char>,
) -> Result<Named, Failure> {
    let words = |row: usize| -> Result<Vec<String>, Failure> {
        if sheet.is_missing(row, column) {
            return Ok(Vec::new());
        }
        let text = sheet.text(row, column)?;
        Ok(match separator {
            Some(separator) => text.split(separator).map(str::to_string).collect(),
            None => vec![text.into_owned()],
        })
    };
    let mut seen = std::collections::HashSet::new();
    for &row in rows {
        seen.extend(words(row)?);
    }
    let mut names = distinct(seen.into_iter());
    let place = || format!("{}, column {}", sheet.file, sheet.header[column]);
    if names.is_empty() {
        return Err(Failure::input(format!("{}: every label is empty", place())));
    }
    if names.len() > count {
        return Err(Failure::input(format!(
            "{}: {} distinct labels for {count} components",
            place(),
            names.len()
        )));
    }
    let found = names.len();
    let numbered = |name: &str| name.parse::<u32>().ok().filter(|&k| (k as usize) < count);
    // Numbers name the noise too, where they are those of components.
    let numbers = names.iter().all(|name| numbered(name).is_some());
    let by_name = found == count || (noise && found + 1 == count && !numbers);
    let component = |row: usize, word: &str| -> Result<u32, Failure> {
        let known = if by_name {
            let position = names.iter().position(|name| *name == word);
            position.and_then(|position| u32::try_from(position).ok())
        } else {
            numbered(word)
        };
        known.ok_or_else(|| {
            Failure::input(format!(
                "{}: label \"{word}\"; {found} distinct labels for {count} components must be \
                 whole numbers below {count}",
                sheet.place(row, column),
            ))
        })
    };
    let of_row = |&row: &usize| -> Result<Vec<u32>, Failure> {
        let own = words(row)?;
        let mut own = own
            .iter()
            .map(|word| component(row, word))
            .collect::<Result<Vec<_>, _>>()?;
        own.sort_unstable();
        own.dedup();
        Ok(own)
    };
    let components = rows.iter().map(of_row).collect::<Result<_, _>>()?;
    if !by_name {
        names.clear();
    } else if found < count {
        names.push("noise".into());
    }
    Ok(Named { components, names })
}

fn responsibilities(sheet: &Sheet, rows: &[usize], count: usize) -> Result<Chosen, Failure> {
    if sheet.header.len() != count {
        return Err(Failure::input(format!(
            "{}: {} columns of responsibilities for {count} components",
            sheet.file,
            sheet.header.len()
        )));
    }
    let mut given = Vec::with_capacity(rows.len() * count);
    for &row in rows {
        let mut sum = 0.0;
        for column in 0..count {
            let value = match sheet.value(row, column) {
                Value::Number(value) if value >= 0.0 && value.is_finite() => value,
                _ => {
                    return Err(Failure::input(format!(
                        "{}: \"{}\" is no responsibility: a number from 0 to 1",
                        sheet.place(row, column),
                        sheet.cell(row, column)
                    )));
                }
            };
            sum += value;
            given.push(value);
        }
        if !((sum - 1.0).abs() <= 1e-6) {
            return Err(Failure::input(format!(
                "{}, {}: the responsibilities sum to {}, not to 1",
                sheet.file,
                sheet.rows.place(row),
                plain(sum)
            )));
        }
    }
    Ok(Chosen::Responsibilities(given))
}
