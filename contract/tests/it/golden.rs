//! Files under `tests/golden`: compared, or written anew with `UPDATE_GOLDEN=1`.

use std::{fmt::Debug, path::PathBuf};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A golden file's text.
pub fn read(name: &str) -> String {
    let path = path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error} (UPDATE_GOLDEN=1 cargo test -p contract writes it)", path.display())
    })
}

/// Holds a text against its golden file.
pub fn text(name: &str, now: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        std::fs::write(path(name), now).unwrap();
    }
    assert_eq!(now, read(name), "{name}: what is written is no longer the golden file");
}

/// The bytes of a frame's golden file: all that stands before `#` in each line.
pub fn bytes(text: &str) -> Vec<u8> {
    let digits: String = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect();
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks_exact(2).map(byte).collect()
}

/// A document as a later version might write it: every object has fields that this version does not know.
fn of_a_later_version(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: serde_json::Map<String, Value> =
                fields.into_iter().map(|(name, field)| (name, of_a_later_version(field))).collect();
            fields.insert("colour_of_the_van".into(), json!("red"));
            fields.insert("later".into(), json!({"lat": [1, null], "status": 7}));
            Value::Object(fields)
        }
        Value::Array(items) => items.into_iter().map(of_a_later_version).collect(),
        other => other,
    }
}

/// Holds a value against its golden file, both ways: the very text, and what is read from it; and from it with more
/// fields, as a later version may write it.
pub fn json<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    text(name, &format!("{}\n", serde_json::to_string(value).unwrap()));
    assert_eq!(&serde_json::from_str::<T>(&read(name)).unwrap(), value, "{name}: another value is read from it");
    let later = of_a_later_version(read(name).parse().unwrap());
    let read = serde_json::from_value::<T>(later).unwrap_or_else(|error| panic!("{name} of a later version: {error}"));
    assert_eq!(&read, value, "{name}: unknown fields change what is read");
}

/// An example as the protocol was first agreed on, kept as it stood there and never written anew: it reads as `value`, and
/// `value` is written with the same fields. Those of docs/protocol.md are held in `document`.
pub fn from_the_protocol<T: Serialize + DeserializeOwned + PartialEq + Debug>(example: &str, value: &T) {
    assert_eq!(&serde_json::from_str::<T>(example).unwrap(), value, "{example}");
    let (example, written) = (example.parse::<Value>().unwrap(), serde_json::to_value(value).unwrap());
    assert_eq!(example, written);
}
