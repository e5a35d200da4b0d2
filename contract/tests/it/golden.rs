//! Files under `tests/golden`: compared, or written anew with `UPDATE_GOLDEN=1`.

use std::{fmt::Debug, path::PathBuf};

use serde::{Serialize, de::DeserializeOwned};

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

/// Holds a value against its golden file, both ways: the very text, and what is read from it.
pub fn json<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    text(name, &format!("{}\n", serde_json::to_string(value).unwrap()));
    assert_eq!(&serde_json::from_str::<T>(&read(name)).unwrap(), value, "{name}: another value is read from it");
}

/// An example from the protocol's own text, kept as it stands there and never written anew: it reads as `value`, and
/// `value` is written with the same fields.
pub fn from_the_protocol<T: Serialize + DeserializeOwned + PartialEq + Debug>(example: &str, value: &T) {
    assert_eq!(&serde_json::from_str::<T>(example).unwrap(), value, "{example}");
    let (example, written) = (example.parse::<serde_json::Value>().unwrap(), serde_json::to_value(value).unwrap());
    assert_eq!(example, written);
}
