//! A JSON object that preserves the order of its keys and the exact spelling of its values.
//!
//! `serde_json::Value` would turn `1.0e2` into `100.0`; the stored text must be the text that was sent, including
//! number formats.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Keys and raw values, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// Reads one value; returns `None` if it is missing or has an unexpected type.
    pub fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    pub fn push_raw(&mut self, name: impl Into<String>, value: Box<RawValue>) {
        self.0.push((name.into(), value));
    }

    /// Appends a value as `serde_json` formats it.
    pub fn push(&mut self, name: impl Into<String>, value: &impl Serialize) {
        self.push_raw(name, raw(value));
    }

    /// Appends a value formatted by the caller, who must pass valid JSON.
    pub fn push_text(&mut self, name: impl Into<String>, json: &str) {
        self.push_raw(name, RawValue::from_string(json.to_owned()).unwrap_or_default());
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Converts any value to raw JSON; a value that cannot be serialized (there is none here) becomes `null`.
pub(super) fn raw(value: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_default()
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Object;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some((name, value)) = map.next_entry()? {
                    object.0.push((name, value));
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_spelling_are_kept() {
        let text = r#"{"z":1.0e2,"a":12345678901234567890123,"m":{"b":-0.0,"a":"\u00e7"}}"#;
        let object: Object = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&object).unwrap(), text);
    }
}
