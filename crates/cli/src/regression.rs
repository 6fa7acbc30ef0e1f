//! Regressions: from options to a part, and from text cells to a design with responses.

use crate::args::Model;
use crate::cells::{Impossible, code, count, is_numeric, levels, real};
use crate::columns::{Source, cells, check_numeric};
use crate::failure::Failure;
use crate::names;
use crate::read::Sheet;
use tabular::{
    Field, Kind, PartSpecification, PredictorColumn, Predictors, RegressionSpecification, Table,
    Term, Values,
};

/// The part that the options of a regression name; its columns are still to be
/// [completed](complete).
pub fn part(model: &Model, family: &str) -> Result<PartSpecification, Failure> {
    let part = PartSpecification {
        family: family.to_string(),
        ..PartSpecification::default()
    };
    if !part.kind()?.is_regression() {
        return Err(Failure::input(format!(
            "--response, --predictors, --common and --offset are for regressions, and family \
             {family} is none"
        )));
    }
    let (Some(response), Some(predictors)) = (&model.response, &model.predictors) else {
        return Err(Failure::input(format!(
            "family {family} is a regression: it needs --response COLUMN and --predictors TERM,TERM"
        )));
    };
    if model.columns.is_some() {
        return Err(Failure::input(
            "--columns: the columns of a regression are those of --response and --predictors",
        ));
    }
    let wrong = |option: &str, text: &str| {
        let place = format!("{option} {text}: ");
        move |error: tabular::ModelError| Failure::input(format!("{place}{error}"))
    };
    let read = Predictors::parse(predictors).map_err(wrong("--predictors", predictors))?;
    let common = match &model.common {
        Some(text) => Term::list(text).map_err(wrong("--common", text))?,
        None => Vec::new(),
    };
    let offset = model.offset.as_ref();
    Ok(PartSpecification {
        regression: Some(RegressionSpecification {
            response: one("--response", response)?,
            predictors: read.texts(),
            common: common.iter().map(Term::to_string).collect(),
            offset: offset.map(|text| one("--offset", text)).transpose()?,
            ..RegressionSpecification::default()
        }),
        ..part
    })
}

/// One name.
fn one(option: &str, text: &str) -> Result<String, Failure> {
    let mut names = names::list(option, text)?;
    match (names.pop(), names.is_empty()) {
        (Some(name), true) => Ok(name),
        _ => Err(Failure::input(format!(
            "{option} {text}: expected one column"
        ))),
    }
}

/// Completes a part by what the data say: the levels of categorical predictors and of a response that is
/// text, and the names of the coefficients.
pub fn complete(part: &mut PartSpecification, sheet: &Sheet) -> Result<(), Failure> {
    part.columns = part.regression_columns()?;
    let mut categorical = part.regression_of()?.predictor_columns()?;
    if part.admits_levels() {
        categorical.push(part.regression_of()?.response.clone());
    }
    let found = predictor_levels(&part.columns, &categorical, &part.family, sheet)?;
    if let Some(regression) = &mut part.regression {
        regression.levels.extend(found);
    }
    part.check_response_levels()
        .map_err(|error| Failure::input(format!("{}: {error}", sheet.file)))?;
    let terms = part.coefficient_names();
    if let Some(regression) = &mut part.regression {
        regression.terms = terms;
    }
    Ok(())
}

/// The levels of the categorical columns among `predictors`, in the rows that hold all of `columns`; the
/// other columns must be numeric.
pub fn predictor_levels(
    columns: &[String],
    predictors: &[String],
    family: &str,
    sheet: &Sheet,
) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let at = columns.iter().map(|name| sheet.column(name));
    let at = at.collect::<Result<Vec<usize>, _>>()?;
    // A level that only rows with a gap have would be a column of zeros.
    let whole = |row: usize| {
        let mut at = at.iter();
        at.all(|&column| !sheet.is_missing(row, column))
    };
    let mut found = Vec::new();
    for (name, &column) in columns.iter().zip(&at) {
        if predictors.contains(name) && !is_numeric(sheet, column) {
            found.push((name.clone(), levels(sheet, name, whole)?));
        } else {
            check_numeric(sheet, column, family)?;
        }
    }
    Ok(found)
}

/// The design and the responses.
pub fn field(
    source: Source<'_>,
    part: &PartSpecification,
    marks: &mut [bool],
) -> Result<Field, Failure> {
    let sheet = source.sheet;
    let columns = predictors(source, part.regression_of()?)?;
    let matrix = part
        .regression_of()?
        .design()?
        .matrix(&columns, source.rows.len());
    let response = sheet.column(&part.regression_of()?.response)?;
    let counts = |column, marks: &mut [bool]| {
        let read = |row| count(sheet, row, column, source.impossible);
        cells(source, column, 0, marks, read)
    };
    let (values, missing) = match part.kind()? {
        Kind::CountResponses => {
            let (responses, missing) = match part.regression_of()?.response_levels() {
                Some(levels) => {
                    let read = |row| code(sheet, row, response, levels);
                    let (codes, missing) = cells(source, response, 0, marks, read)?;
                    (codes.into_iter().map(u64::from).collect(), missing)
                }
                None => counts(response, marks)?,
            };
            (Values::CountResponses((matrix, responses)), missing)
        }
        Kind::TrialResponses => {
            let (successes, missing) = counts(response, marks)?;
            let (trials, unknown) = trials(source, part, marks)?;
            let missing = either(missing, unknown);
            (
                Values::TrialResponses((matrix, (successes, trials))),
                missing,
            )
        }
        _ => {
            let read = |row| real(sheet, row, response);
            let (responses, missing) = cells(source, response, 0.0, marks, read)?;
            (Values::RealResponses((matrix, responses)), missing)
        }
    };
    Ok(Field { values, missing })
}

/// The design with a response of 0 in every row, whether the data have responses or not.
pub fn given(sheet: &Sheet, part: &PartSpecification) -> Result<Table, Failure> {
    let rows: Vec<usize> = (0..sheet.rows.len()).collect();
    let source = Source {
        sheet,
        rows: &rows,
        impossible: Impossible::Refuse,
    };
    for name in part.columns.iter().skip(1) {
        let column = sheet.column(name)?;
        if let Some(row) = rows.iter().find(|&&row| sheet.is_missing(row, column)) {
            return Err(Failure::input(format!(
                "{}: the cell is missing, and a response is drawn to predictors that are known",
                sheet.place(*row, column)
            )));
        }
    }
    let columns = predictors(source, part.regression_of()?)?;
    let matrix = part.regression_of()?.design()?.matrix(&columns, rows.len());
    let none = vec![0; rows.len()];
    let values = match part.kind()? {
        Kind::CountResponses => Values::CountResponses((matrix, none)),
        Kind::TrialResponses => {
            let (trials, _) = trials(source, part, &mut vec![false; rows.len()])?;
            Values::TrialResponses((matrix, (none, trials)))
        }
        _ => Values::RealResponses((matrix, vec![0.0; rows.len()])),
    };
    Ok(Table::new(vec![Field {
        values,
        missing: None,
    }]))
}

/// The columns that the predictors name, and the offset; none may have gaps.
pub fn predictors(
    source: Source<'_>,
    regression: &RegressionSpecification,
) -> Result<Vec<PredictorColumn>, Failure> {
    let sheet = source.sheet;
    let names = regression.predictor_columns()?.into_iter();
    let column = |name: String| {
        let column = sheet.column(&name)?;
        // Every number is possible here, and an unknown level is an error.
        let mut ignored = vec![false; source.rows.len()];
        let (values, missing) = match regression.levels.get(&name) {
            Some(levels) => {
                let read = |row| code(sheet, row, column, levels);
                let (codes, missing) = cells(source, column, 0, &mut ignored, read)?;
                (PredictorColumn::Codes(codes), missing)
            }
            None => {
                let read = |row| real(sheet, row, column);
                let (numbers, missing) = cells(source, column, 0.0, &mut ignored, read)?;
                (PredictorColumn::Numbers(numbers), missing)
            }
        };
        let gap = missing.and_then(|missing| missing.iter().position(|&missing| missing));
        match gap {
            None => Ok(values),
            Some(row) => Err(Failure::input(format!(
                "{}: --missing em is not available for a missing predictor, which a regression says \
                 nothing about; --missing drop leaves incomplete rows out",
                sheet.place(source.rows[row], column)
            ))),
        }
    };
    names.chain(regression.offset.clone()).map(column).collect()
}

/// Values, and which are missing.
type Counts = (Vec<u64>, Option<Vec<bool>>);

/// The trials of each row.
fn trials(
    source: Source<'_>,
    part: &PartSpecification,
    marks: &mut [bool],
) -> Result<Counts, Failure> {
    let Some(name) = part.trials_column() else {
        let trials = part
            .settings
            .get("trials")
            .and_then(|trials| trials.as_u64());
        return Ok((vec![trials.unwrap_or(1); source.rows.len()], None));
    };
    let column = source.sheet.column(name)?;
    let read = |row| count(source.sheet, row, column, source.impossible);
    cells(source, column, 0, marks, read)
}

/// Rows that are missing in one or the other.
fn either(a: Option<Vec<bool>>, b: Option<Vec<bool>>) -> Option<Vec<bool>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.iter().zip(&b).map(|(a, b)| *a || *b).collect()),
        (one, other) => one.or(other),
    }
}
