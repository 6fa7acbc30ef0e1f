//! JSON from elsewhere: what it says is bounded before memory is taken for it, and said once.

use crate::ModelError;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Number, Value};
use serde_path_to_error::Segment;
use std::cell::{Cell, RefCell};
use std::fmt;

/// More values than any model has: each takes some 32 bytes, whatever its text is.
const MOST_VALUES: usize = 1 << 24;

/// The value that a text holds. How deep it may be is bounded by serde_json.
pub(crate) fn parse(text: &str) -> Result<Value, ModelError> {
    let place = Place {
        path: RefCell::default(),
        left: Cell::new(MOST_VALUES),
    };
    let wrong = |error: serde_json::Error| ModelError(format!("not a JSON file: {error}"));
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict(&place).deserialize(&mut reader).map_err(wrong)?;
    reader.end().map_err(wrong)?;
    Ok(value)
}

/// What a value says, as a type; an error names the place as a JSON pointer.
pub(crate) fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, ModelError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                Segment::Map { key } => pointer.push_str(&format!("/{key}")),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let separator = if pointer.is_empty() { "" } else { ": " };
        ModelError(format!("{pointer}{separator}{}", error.inner()))
    })
}

/// Where in the text the reader is.
struct Place {
    /// The keys and indices that lead there.
    path: RefCell<Vec<String>>,
    /// How many values may still come.
    left: Cell<usize>,
}

impl Place {
    fn pointer(&self) -> String {
        let path = self.path.borrow();
        path.iter().map(|step| format!("/{step}")).collect()
    }
    fn within<T>(&self, step: String, read: impl FnOnce() -> T) -> T {
        self.path.borrow_mut().push(step);
        let read = read();
        self.path.borrow_mut().pop();
        read
    }
}

/// Reads a value, in whose objects no key may stand twice.
struct Strict<'a>(&'a Place);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.left.get().checked_sub(1);
        let left =
            left.ok_or_else(|| D::Error::custom(format!("more than {MOST_VALUES} values")))?;
        self.0.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).map(Value::Number);
        number.ok_or_else(|| E::custom(format!("{}: {value} is no number", self.0.pointer())))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }
    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let step = values.len().to_string();
            let next = || items.next_element_seed(Strict(self.0));
            match self.0.within(step, next)? {
                Some(value) => values.push(value),
                None => return Ok(values.into()),
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let next = || entries.next_value_seed(Strict(self.0));
            let value = self.0.within(key.clone(), next)?;
            if values.contains_key(&key) {
                let place = self.0.within(key, || self.0.pointer());
                return Err(A::Error::custom(format!("{place} is there twice")));
            }
            values.insert(key, value);
        }
        Ok(values.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_that_of_serde_json() {
        for text in [
            r#"{"a": [1, -2, 0.1, 1e-300, 18446744073709551615], "b": {"c": null, "d": [true, "x\u00e9"]}}"#,
            "[]",
            "\"text\"",
            " 0.30000000000000004 ",
        ] {
            assert_eq!(
                parse(text).unwrap(),
                serde_json::from_str::<Value>(text).unwrap()
            );
        }
        for text in ["", "[1", "[1] 2", "{\"a\": NaN}", "1e999", "[1,]"] {
            assert!(
                parse(text).unwrap_err().0.contains("not a JSON file"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let twice = parse(r#"{"a": [0, {"b": 1, "b": 2}]}"#).unwrap_err().0;
        assert!(twice.contains("/a/1/b is there twice"), "{twice}");
        let value = parse(r#"{"a": [0.5, "x"]}"#).unwrap();
        let wrong = typed::<std::collections::BTreeMap<String, Vec<f64>>>(&value);
        let wrong = wrong.unwrap_err().0;
        assert!(wrong.starts_with("/a/1: invalid type: string"), "{wrong}");
    }

    #[test]
    fn a_text_of_too_many_values_is_refused() {
        let text = format!("[{}0]", "0,".repeat(MOST_VALUES));
        let refused = parse(&text).unwrap_err().0;
        assert!(refused.contains("more than 16777216 values"), "{refused}");
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).unwrap_err().0.contains("recursion"));
    }
}
