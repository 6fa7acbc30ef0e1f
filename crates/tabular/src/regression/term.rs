//! The grammar of predictors: `x, x^2, "a column"*z, -1`.

use super::design::MOST_COLUMNS;
use crate::ModelError;
use std::fmt;

/// The largest power of a column.
const LARGEST_POWER: i32 = 9;
/// The most factors of a term: nobody can interpret so many.
const MOST_FACTORS: usize = 64;
/// The words for the intercept.
const INTERCEPT: [&str; 2] = ["1", "intercept"];
/// The words for no intercept.
const NO_INTERCEPT: [&str; 2] = ["-1", "0"];

/// A column to a power.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor {
    /// The column.
    pub column: String,
    /// The power, at least 1.
    pub power: i32,
}

/// A product of columns to powers; the empty product is the intercept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    factors: Vec<Factor>,
}

impl Term {
    /// The intercept.
    pub fn intercept() -> Self {
        Term {
            factors: Vec::new(),
        }
    }
    /// The term of one factor.
    pub(super) fn of(factor: Factor) -> Self {
        Term {
            factors: vec![factor],
        }
    }
    /// Whether this is the intercept.
    pub fn is_intercept(&self) -> bool {
        self.factors.is_empty()
    }
    /// The factors, in the order in which their columns were named.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }
    /// Whether the products are the same, in whatever order.
    pub fn is_same(&self, other: &Term) -> bool {
        let sorted = |term: &Term| {
            let mut factors = term.factors.clone();
            factors.sort();
            factors
        };
        sorted(self) == sorted(other)
    }
    /// The terms in a text, separated by commas.
    ///
    /// # Errors
    /// Naming the term and what is wrong with it.
    pub fn list(text: &str) -> Result<Vec<Self>, ModelError> {
        pieces(text)?.into_iter().map(Term::parse).collect()
    }
    /// The term that a text means.
    ///
    /// # Errors
    /// Naming the term and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let wrong = |why: String| ModelError(format!("term {}: {why}", text.trim()));
        if INTERCEPT.contains(&text.trim()) {
            return Ok(Term::intercept());
        }
        let pieces = split(text, '*')
            .ok_or_else(|| wrong("a name that begins with a double quote ends with one".into()))?;
        if pieces.len() > MOST_FACTORS {
            return Err(ModelError(format!(
                "a term of {} factors, more than {MOST_FACTORS}",
                pieces.len()
            )));
        }
        let mut factors: Vec<Factor> = Vec::new();
        for piece in pieces {
            let factor = parse_factor(piece).map_err(wrong)?;
            match factors.iter_mut().find(|seen| seen.column == factor.column) {
                Some(seen) => seen.power += factor.power,
                None => factors.push(factor),
            }
        }
        match factors.iter().find(|factor| factor.power > LARGEST_POWER) {
            None => Ok(Term { factors }),
            Some(factor) => Err(wrong(format!(
                "the power {} is above {LARGEST_POWER}",
                factor.power
            ))),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_intercept() {
            return f.write_str("intercept");
        }
        for (index, factor) in self.factors.iter().enumerate() {
            let name = quoted(&factor.column);
            let times = if index == 0 { "" } else { "*" };
            match factor.power {
                1 => write!(f, "{times}{name}")?,
                power => write!(f, "{times}{name}^{power}")?,
            }
        }
        Ok(())
    }
}

fn parse_factor(piece: &str) -> Result<Factor, String> {
    let parts = split(piece, '^').unwrap_or_default();
    let (name, power) = match &parts[..] {
        [name] => (name, 1),
        [name, power] => {
            let read = power.trim().parse().ok();
            let read = read.filter(|power| (1..=LARGEST_POWER).contains(power));
            let power = read.ok_or_else(|| {
                format!(
                    "a power must be a whole number from 1 to {LARGEST_POWER}, not \"{}\"",
                    power.trim()
                )
            })?;
            (name, power)
        }
        _ => return Err("a column has one power".into()),
    };
    Ok(Factor {
        column: unquoted(name.trim())?,
        power,
    })
}

/// What is between separators outside double quotes, quotes kept; `None` where a quote is open.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut pieces, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if c == '"' {
            inside = !inside;
        } else if c == separator && !inside {
            pieces.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    pieces.push(&text[start..]);
    (!inside).then_some(pieces)
}

/// The terms of a list, still as texts.
fn pieces(text: &str) -> Result<Vec<&str>, ModelError> {
    split(text, ',').ok_or_else(|| ModelError::new("a double quote is not closed"))
}

/// The name that a text means: inside double quotes a doubled quote is a quote.
fn unquoted(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("a name of a column is missing".into());
    }
    if let Some(inner) = text.strip_prefix('"') {
        let inner = inner.strip_suffix('"').unwrap_or_default();
        let plain = inner.replace("\"\"", "");
        if inner.is_empty() || plain.contains('"') {
            return Err("a quoted name is one name between double quotes".into());
        }
        return Ok(inner.replace("\"\"", "\""));
    }
    if text.contains(':') {
        return Err(
            "a product is written x*z; a name that holds a colon stands in double quotes".into(),
        );
    }
    if text.contains('"') {
        return Err("a name that holds a double quote stands in double quotes".into());
    }
    if NO_INTERCEPT.contains(&text) || INTERCEPT.contains(&text) {
        return Err(format!(
            "{text} is no factor; a column of that name stands in double quotes"
        ));
    }
    Ok(text.to_string())
}

/// A name as it is written in a term.
fn quoted(name: &str) -> String {
    let reserved = NO_INTERCEPT.contains(&name) || INTERCEPT.contains(&name);
    if reserved || name.trim() != name || name.contains([',', '*', '^', ':', '[', '"']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_string()
    }
}

/// A list of terms, and whether there is an intercept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predictors {
    /// Whether there is an intercept: unless `-1` or `0` is in the list.
    pub intercept: bool,
    /// The other terms, in order.
    pub terms: Vec<Term>,
}

impl Predictors {
    /// The terms in a text, separated by commas.
    ///
    /// # Errors
    /// Naming the term and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        Predictors::from_terms(&pieces(text)?)
    }
    /// The terms in a list of texts, as in a model file.
    ///
    /// # Errors
    /// As [`parse`](Predictors::parse).
    pub fn from_terms<T: AsRef<str>>(texts: &[T]) -> Result<Self, ModelError> {
        if texts.len() > MOST_COLUMNS {
            return Err(ModelError(format!(
                "{} terms, more than {MOST_COLUMNS}",
                texts.len()
            )));
        }
        let (mut with, mut without) = (false, false);
        let mut terms: Vec<Term> = Vec::new();
        for text in texts {
            let text = text.as_ref();
            if NO_INTERCEPT.contains(&text.trim()) {
                without = true;
                continue;
            }
            let term = Term::parse(text)?;
            if term.is_intercept() {
                with = true;
                continue;
            }
            if terms.iter().any(|seen| seen.is_same(&term)) {
                return Err(ModelError(format!("term {term}: it is given twice")));
            }
            terms.push(term);
        }
        if with && without {
            return Err(ModelError::new(
                "the list of terms has an intercept and takes it out",
            ));
        }
        Ok(Predictors {
            intercept: !without,
            terms,
        })
    }
    /// The terms as texts, which [`from_terms`](Predictors::from_terms) reads back.
    pub fn texts(&self) -> Vec<String> {
        let none = (!self.intercept).then(|| NO_INTERCEPT[0].to_string());
        let none = none.or_else(|| self.terms.is_empty().then(|| INTERCEPT[0].to_string()));
        none.into_iter()
            .chain(self.terms.iter().map(Term::to_string))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        Predictors::parse(text).unwrap().texts()
    }

    #[test]
    fn terms_are_written_in_one_way_and_read_back() {
        assert_eq!(texts("x, x^2 ,x * z"), ["x", "x^2", "x*z"]);
        assert_eq!(texts("-1,x*x,z^1"), ["-1", "x^2", "z"]);
        assert_eq!(texts("0,x"), ["-1", "x"]);
        assert_eq!(texts("1"), ["1"]);
        assert_eq!(texts("intercept,x"), ["x"]);
        let odd = r#""a,b","x^2"^2,"say ""y""","1"*" b ",a-b c"#;
        let expected = [
            r#""a,b""#,
            r#""x^2"^2"#,
            r#""say ""y""""#,
            r#""1"*" b ""#,
            "a-b c",
        ];
        assert_eq!(texts(odd), expected);
        let columns = Predictors::parse(odd).unwrap().terms;
        assert_eq!(columns[2].factors()[0].column, "say \"y\"");
        assert_eq!(
            Predictors::from_terms(&expected).unwrap().texts(),
            expected,
            "read back"
        );
    }

    #[test]
    fn wrong_terms_are_named() {
        let cases = [
            ("x,,z", "a name of a column is missing"),
            ("x^", "term x^: a power must be a whole number from 1 to 9"),
            ("x^2.5", "\"2.5\""),
            ("x^2^2", "one power"),
            ("x^0", "\"0\""),
            ("x^5*x^5", "the power 10"),
            ("x:z", "written x*z"),
            ("x*", "term x*: a name of a column is missing"),
            ("x*1", "1 is no factor"),
            ("\"x", "not closed"),
            ("x,z*x,x*z", "term x*z: it is given twice"),
            ("x\"y\"", "double quote"),
            ("\"a\"b\"c\"", "double quotes"),
            ("1,-1,x", "takes it out"),
            (&["x"; 1001].join(","), "1001 terms, more than 1000"),
            (&["x"; 65].join("*"), "65 factors, more than 64"),
        ];
        for (text, words) in cases {
            let error = Predictors::parse(text).unwrap_err().0;
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
