//! Numbers and values as text.

use serde_json::Value;

/// The number that a cell, an option or a file means by `text`; `None` where it means none.
/// Infinities and NaN are no numbers here.
pub fn parse_number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// JSON with two spaces of indentation, in which an array of numbers or names stands on one line.
/// Numbers are written with the fewest digits that read back as the same number.
pub fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text.push('\n');
    text
}

fn write(value: &Value, depth: usize, into: &mut String) {
    match value {
        Value::Array(items) if items.iter().any(|item| item.is_array() || item.is_object()) => {
            let items = items.iter().map(|item| (None, item));
            write_lines(('[', ']'), items, depth, into);
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            into.push_str(&format!("[{}]", items.join(", ")));
        }
        Value::Object(entries) if !entries.is_empty() => {
            let entries = entries.iter().map(|(key, value)| (Some(key), value));
            write_lines(('{', '}'), entries, depth, into);
        }
        other => into.push_str(&other.to_string()),
    }
}

fn write_lines<'a>(
    (open, close): (char, char),
    entries: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
    depth: usize,
    into: &mut String,
) {
    into.push(open);
    for (index, (key, value)) in entries.enumerate() {
        into.push_str(if index == 0 { "\n" } else { ",\n" });
        into.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            into.push_str(&format!("{}: ", Value::from(key.as_str())));
        }
        write(value, depth + 1, into);
    }
    into.push('\n');
    into.push_str(&"  ".repeat(depth));
    into.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_text_reads_back_as_the_same_value() {
        let value = serde_json::json!({
            "a \"quoted\" key": [[0.1, 1e-300], [2.0, -0.0]], "empty": [], "none": {},
            "deep": {"names": ["x", "y:z"], "flag": true, "null": null}
        });
        let text = pretty(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(text.contains("\n    [0.1, 1e-300],\n"), "{text}");
    }

    #[test]
    fn only_finite_numbers_are_numbers() {
        assert_eq!(parse_number("-1.5e3"), Some(-1500.0));
        for text in ["inf", "-inf", "NaN", "", "1,5", "0x10", "1e999"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }
}
