//! Lists of column names in options: `a,b,"c,d"`, and parts: `normal:a,"b:c"`.

use crate::failure::Failure;

/// Splits at `separator` outside double quotes; a doubled quote inside quotes is a quote.
fn split(text: &str, separator: char) -> Option<Vec<String>> {
    let mut pieces = vec![String::new()];
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let last = pieces.last_mut()?;
        if c == '"' && quoted && characters.peek() == Some(&'"') {
            characters.next();
            last.push('"');
        } else if c == '"' {
            quoted = !quoted;
        } else if c == separator && !quoted {
            pieces.push(String::new());
        } else {
            last.push(c);
        }
    }
    (!quoted).then_some(pieces)
}

/// The names in a list.
pub fn list(option: &str, text: &str) -> Result<Vec<String>, Failure> {
    match split(text, ',') {
        Some(names) if names.iter().all(|name| !name.is_empty()) => Ok(names),
        _ => Err(Failure::input(format!(
            "{option} {text}: expected names separated by commas; a name that holds a comma or a \
             colon stands in double quotes"
        ))),
    }
}

/// The family and the columns of a part.
pub fn part(text: &str) -> Result<(String, Vec<String>), Failure> {
    match text.split_once(':') {
        Some((family, columns)) if !family.is_empty() => {
            Ok((family.to_string(), list("--part", columns)?))
        }
        _ => Err(Failure::input(format!(
            "--part {text}: expected a family and its columns, as in normal:height,weight"
        ))),
    }
}

/// Names as people read them.
pub fn joined(names: &[String]) -> String {
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_protect_commas_and_colons() {
        let (family, columns) = part(r#"normal:a,"b:c","d,e","f""g""#).unwrap();
        assert_eq!(family, "normal");
        assert_eq!(columns, ["a", "b:c", "d,e", "f\"g"]);
        assert!(list("--columns", "a,,b").is_err());
        assert!(list("--columns", "\"a").is_err());
        assert!(part("normal").is_err());
    }
}
