//! From predictors by name to the columns of a design matrix.

use super::{Predictors, RegressionSpecification, Term};
use crate::ModelError;
use distributions::RowsBuffer;

/// More columns than this are a mistake: a column of names or numbers of rows among the predictors.
pub(super) const MOST_COLUMNS: usize = 1000;
/// More bytes of names than this are no names: each level may be a long text, and stands in many columns.
const MOST_BYTES: usize = 1 << 24;

/// The values of a column that predictors name.
#[derive(Clone, Debug, PartialEq)]
pub enum PredictorColumn {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Levels of a category, as numbers below the number of levels.
    Codes(Vec<u32>),
}

/// What a row of the design makes of one column of the data.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    /// The number to a power.
    Power { source: usize, power: i32 },
    /// 1 at this level, else 0.
    Indicator { source: usize, level: u32 },
}

/// One column of the design: a product of entries, with its name.
#[derive(Clone, Debug, PartialEq)]
struct DesignColumn {
    name: String,
    entries: Vec<Entry>,
    common: bool,
}

/// The columns of a design matrix, in two orders: that of the **coefficients**, which is the order of
/// the terms, intercept first; and that of the **matrix**, in which the columns of common coefficients
/// stand behind those of each component's own, and an offset last.
///
/// A categorical column is one indicator for each level but the first, the reference. Where there is
/// no intercept, the first term that is a categorical column alone has an indicator for every level,
/// so that it takes the intercept's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    columns: Vec<DesignColumn>,
    /// For each column of the matrix, its coefficient.
    order: Vec<usize>,
    /// The columns of the data, the offset last.
    sources: usize,
    offset: bool,
}

impl Design {
    /// The design that a specification describes.
    ///
    /// # Errors
    /// Naming the term and the column.
    pub fn new(specification: &RegressionSpecification) -> Result<Self, ModelError> {
        let predictors = Predictors::from_terms(&specification.predictors)?;
        let common = common_terms(specification, &predictors)?;
        let sources = specification.predictor_columns()?;
        let mut terms = Vec::new();
        terms.extend(predictors.intercept.then(Term::intercept));
        terms.extend(predictors.terms);
        let mut whole = !predictors.intercept;
        let mut columns = Vec::new();
        for term in &terms {
            let shared = common.iter().any(|common| common.is_same(term));
            let alone = matches!(term.factors(), [factor] if specification.levels.contains_key(&factor.column));
            // The first categorical column takes the place of an intercept.
            let every_level = whole && alone;
            whole &= !alone;
            let made = term_columns(term, specification, &sources, every_level)?;
            check_size(columns.len() + made.len(), "the predictors")?;
            columns.extend(made.into_iter().map(|(name, entries)| DesignColumn {
                name,
                entries,
                common: shared,
            }));
        }
        if columns.is_empty() {
            return Err(ModelError::new("no predictor is left"));
        }
        let places = |common: bool| {
            let columns = columns.iter().enumerate();
            columns.filter_map(move |(j, column)| (column.common == common).then_some(j))
        };
        let order: Vec<usize> = places(false).chain(places(true)).collect();
        let design = Design {
            order,
            columns,
            sources: sources.len() + usize::from(specification.offset.is_some()),
            offset: specification.offset.is_some(),
        };
        if design.own() == 0 {
            return Err(ModelError::new(
                "every coefficient is common: each component needs one of its own",
            ));
        }
        Ok(design)
    }
    /// The number of coefficients.
    pub fn coefficients(&self) -> usize {
        self.columns.len()
    }
    /// The number of coefficients that each component has for itself.
    pub fn own(&self) -> usize {
        self.columns.iter().filter(|column| !column.common).count()
    }
    /// Whether some coefficients are common to all components.
    pub fn has_common(&self) -> bool {
        self.own() < self.coefficients()
    }
    /// Whether the last column of the matrix is an offset.
    pub fn has_offset(&self) -> bool {
        self.offset
    }
    /// The names of the coefficients, in their order.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| &*column.name).collect()
    }
    /// The number of columns of the matrix.
    pub fn width(&self) -> usize {
        self.coefficients() + usize::from(self.offset)
    }
    /// The name of a column of the matrix; the offset has none.
    pub fn name_in_matrix(&self, column: usize) -> Option<String> {
        let &coefficient = self.order.get(column)?;
        Some(self.columns[coefficient].name.clone())
    }
    /// Coefficients in the order of the matrix.
    pub(super) fn matrix_order(&self, coefficients: &[f64]) -> Vec<f64> {
        self.order.iter().map(|&j| coefficients[j]).collect()
    }
    /// Coefficients in their own order, from that of the matrix.
    pub(super) fn coefficient_order(&self, given: &[f64]) -> Vec<f64> {
        let mut coefficients = vec![0.0; given.len()];
        for (&j, &value) in self.order.iter().zip(given) {
            coefficients[j] = value;
        }
        coefficients
    }
    /// The matrix for the columns that the predictors name, in their order, the offset last.
    ///
    /// # Panics
    /// When there are not as many columns, or they differ in length.
    pub fn matrix(&self, sources: &[PredictorColumn], rows: usize) -> RowsBuffer<f64> {
        assert_eq!(sources.len(), self.sources, "a column for each predictor");
        let mut matrix = RowsBuffer::new(self.width());
        matrix.values.reserve_exact(rows * self.width());
        let offset = self.offset.then(|| &sources[self.sources - 1]);
        for row in 0..rows {
            for &j in &self.order {
                let entries = self.columns[j].entries.iter();
                let product = entries.map(|entry| entry.value(sources, row)).product();
                matrix.values.push(product);
            }
            if let Some(PredictorColumn::Numbers(offset)) = offset {
                matrix.values.push(offset[row]);
            }
        }
        matrix
    }
}

impl Entry {
    fn value(&self, sources: &[PredictorColumn], row: usize) -> f64 {
        match (self, &sources[self.source()]) {
            (Entry::Power { power, .. }, PredictorColumn::Numbers(values)) => {
                values[row].powi(*power)
            }
            (Entry::Indicator { level, .. }, PredictorColumn::Codes(codes)) => {
                f64::from(u8::from(codes[row] == *level))
            }
            _ => panic!("a predictor of another kind than its column"),
        }
    }
    fn source(&self) -> usize {
        match self {
            Entry::Power { source, .. } | Entry::Indicator { source, .. } => *source,
        }
    }
}

/// The terms whose coefficients are common, which must be among the predictors.
fn common_terms(
    specification: &RegressionSpecification,
    predictors: &Predictors,
) -> Result<Vec<Term>, ModelError> {
    let mut common = Vec::new();
    for text in &specification.common {
        let term = Term::parse(text)?;
        let known = if term.is_intercept() {
            predictors.intercept
        } else {
            predictors.terms.iter().any(|other| other.is_same(&term))
        };
        if !known {
            return Err(ModelError(format!(
                "the common term {term} is not among the predictors, {}",
                predictors.texts().join(", ")
            )));
        }
        if common.iter().any(|other: &Term| other.is_same(&term)) {
            return Err(ModelError(format!("the common term {term} is given twice")));
        }
        common.push(term);
    }
    Ok(common)
}

/// The columns of one term: its products of numbers, for each combination of levels.
fn term_columns(
    term: &Term,
    specification: &RegressionSpecification,
    sources: &[String],
    every_level: bool,
) -> Result<Vec<(String, Vec<Entry>)>, ModelError> {
    if term.is_intercept() {
        return Ok(vec![(term.to_string(), Vec::new())]);
    }
    let mut made = vec![(String::new(), Vec::new())];
    for factor in term.factors() {
        let source = sources.iter().position(|name| *name == factor.column);
        let source = source.unwrap_or(0);
        let of_factor: Vec<(String, Entry)> = match specification.levels.get(&factor.column) {
            None => {
                let power = factor.power;
                let one = Term::of(factor.clone());
                vec![(one.to_string(), Entry::Power { source, power })]
            }
            Some(levels) => {
                let first = usize::from(!every_level);
                check_levels(term, factor, levels, first)?;
                let name = &factor.column;
                (0u32..)
                    .zip(levels)
                    .skip(first)
                    .map(|(level, text)| {
                        let indicator = Entry::Indicator { source, level };
                        (format!("{name}[{text}]"), indicator)
                    })
                    .collect()
            }
        };
        let size = made.len().saturating_mul(of_factor.len());
        check_size(size, &format!("term {term}"))?;
        let bytes: usize = made.iter().map(|(name, _)| name.len()).sum();
        let more: usize = of_factor.iter().map(|(name, _)| name.len()).sum();
        if bytes * of_factor.len() + more * made.len() > MOST_BYTES {
            return Err(ModelError(format!(
                "the names of the {size} columns of a term have more than {} MiB",
                MOST_BYTES >> 20
            )));
        }
        made = made
            .iter()
            .flat_map(|(name, entries)| {
                of_factor.iter().map(move |(more, entry)| {
                    let times = if name.is_empty() { "" } else { "*" };
                    let mut entries = entries.clone();
                    entries.push(entry.clone());
                    (format!("{name}{times}{more}"), entries)
                })
            })
            .collect();
    }
    Ok(made)
}

fn check_size(columns: usize, what: &str) -> Result<(), ModelError> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    Err(ModelError(format!(
        "{what}: {columns} columns of the design, more than {MOST_COLUMNS}"
    )))
}

fn check_levels(
    term: &Term,
    factor: &super::Factor,
    levels: &[String],
    first: usize,
) -> Result<(), ModelError> {
    if factor.power > 1 {
        return Err(ModelError(format!(
            "term {term}: column {} holds categories, which have no powers",
            factor.column
        )));
    }
    if levels.len() <= first {
        return Err(ModelError(format!(
            "term {term}: column {} has one level only, {}",
            factor.column,
            levels.join(", ")
        )));
    }
    let mut seen = std::collections::HashSet::new();
    match levels.iter().find(|level| !seen.insert(*level)) {
        None => Ok(()),
        Some(level) => Err(ModelError(format!(
            "column {} has the level {level} twice",
            factor.column
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specification(predictors: &str, common: &str) -> RegressionSpecification {
        let list = |text: &str| -> Vec<String> {
            let items = text.split(',').filter(|item| !item.is_empty());
            items.map(String::from).collect()
        };
        RegressionSpecification {
            response: "y".into(),
            predictors: list(predictors),
            common: list(common),
            levels: [(
                "sex".to_string(),
                vec!["f".into(), "m".into(), "u".to_string()],
            )]
            .into(),
            ..RegressionSpecification::default()
        }
    }

    #[test]
    fn columns_follow_the_terms_and_the_matrix_has_common_ones_last() {
        let design = specification("x,x^2,sex,sex*x", "x,sex").design().unwrap();
        let names = [
            "intercept",
            "x",
            "x^2",
            "sex[m]",
            "sex[u]",
            "sex[m]*x",
            "sex[u]*x",
        ];
        assert_eq!(design.names(), names);
        assert_eq!((design.own(), design.coefficients()), (4, 7));
        let sources = [
            PredictorColumn::Numbers(vec![3.0, -2.0, 0.5]),
            PredictorColumn::Codes(vec![0, 1, 2]),
        ];
        let matrix = design.matrix(&sources, 3);
        // intercept, x^2, sex[m]*x, sex[u]*x; then x, sex[m], sex[u].
        let expected = [
            [1.0, 9.0, 0.0, 0.0, 3.0, 0.0, 0.0],
            [1.0, 4.0, -2.0, 0.0, -2.0, 1.0, 0.0],
            [1.0, 0.25, 0.0, 0.5, 0.5, 0.0, 1.0],
        ];
        assert_eq!(matrix.values, expected.concat());
        assert_eq!(design.name_in_matrix(4).as_deref(), Some("x"));
        let numbers: Vec<f64> = (0..7).map(f64::from).collect();
        assert_eq!(
            design.coefficient_order(&design.matrix_order(&numbers)),
            numbers
        );
    }

    #[test]
    fn without_an_intercept_the_first_category_takes_its_place() {
        let design = specification("-1,x,sex", "").design().unwrap();
        assert_eq!(design.names(), ["x", "sex[f]", "sex[m]", "sex[u]"]);
    }

    #[test]
    fn an_offset_stands_last() {
        let mut with = specification("sex", "");
        with.offset = Some("z".into());
        let design = with.design().unwrap();
        let sources = [
            PredictorColumn::Codes(vec![1]),
            PredictorColumn::Numbers(vec![2.5]),
        ];
        assert_eq!(design.matrix(&sources, 1).values, [1.0, 1.0, 0.0, 2.5]);
    }

    #[test]
    fn wrong_designs_are_named() {
        let cases = [
            ("sex^2", "", "term sex^2: column sex holds categories"),
            ("x", "z", "common term z is not among the predictors"),
            ("x,sex", "x,x", "common term x is given twice"),
            ("x", "x,1", "one of its own"),
            ("-1", "", "no predictor is left"),
            ("-1,x,sex", "intercept", "common term intercept is not"),
        ];
        for (predictors, common, words) in cases {
            let error = specification(predictors, common).design().unwrap_err().0;
            assert!(error.contains(words), "{predictors}: {error}");
        }
    }
    /// Levels that a file declares are many, or long: the design is refused before it is made.
    #[test]
    fn the_width_of_a_design_is_bounded() {
        let levels = |count: usize, length: usize| -> Vec<String> {
            (0..count)
                .map(|level| format!("{level:0>length$}"))
                .collect()
        };
        let refused = |predictors: &str, columns: [(usize, usize); 2]| {
            let mut wide = specification(predictors, "");
            wide.levels = (["p", "q"].map(String::from).into_iter())
                .zip(columns.map(|(count, length)| levels(count, length)))
                .collect();
            wide.design().unwrap_err().0
        };
        let error = refused("p", [(1002, 4), (2, 1)]);
        assert!(error.contains("term p: 1001 columns"), "{error}");
        let error = refused("p*q", [(102, 4), (11, 4)]);
        assert!(error.contains("term p*q: 1010 columns"), "{error}");
        let error = refused("p,q", [(600, 4), (600, 4)]);
        assert!(error.contains("predictors: 1199 columns"), "{error}");
        let error = refused("p*q", [(30, 1 << 15), (30, 1)]);
        assert!(error.contains("more than 16 MiB"), "{error}");
        let mut many = specification("x", "");
        many.predictors = (0..2000).map(|j| format!("x{j}")).collect();
        assert!(many.design().unwrap_err().0.contains("2000 terms"));
    }
}
