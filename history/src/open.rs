//! From the setting CD_HISTORY_URL to an engine: `sqlite:PATH`.

use std::{path::Path, sync::Arc};

use crate::{HistoryReader, HistoryWriter, OpenError, sqlite};

/// Opens the store for writing and makes it (with its directory) where it is not there.
///
/// # Errors
/// [`OpenError`]: each a reason not to start.
pub fn open_writer(url: &str) -> Result<Arc<dyn HistoryWriter>, OpenError> {
    Ok(Arc::new(sqlite::Writer::open(sqlite_path(url)?)?))
}

/// Opens the store for reading. A store that is not there yet is no error: the reader answers
/// [`crate::Unavailable`] until a writer has made it.
///
/// # Errors
/// [`OpenError::Url`]; [`OpenError::Newer`] and [`OpenError::Foreign`] where the store is there and cannot be read.
pub fn open_reader(url: &str) -> Result<Arc<dyn HistoryReader>, OpenError> {
    Ok(Arc::new(sqlite::Reader::open(sqlite_path(url)?)?))
}

fn sqlite_path(url: &str) -> Result<&Path, OpenError> {
    let wrong = |reason| OpenError::Url { url: url.into(), reason };
    match url.split_once(':') {
        Some(("sqlite", "")) => Err(wrong("a path must follow: sqlite:PATH")),
        // In memory, or a temporary file: either would forget what was acknowledged.
        Some(("sqlite", ":memory:")) => Err(wrong("must be a file")),
        Some(("sqlite", path)) => Ok(Path::new(path)),
        _ => Err(wrong("must be sqlite:PATH")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_says_what_it_must_be() {
        for wrong in ["", "sqlite:", "sqlite::memory:", "postgres://x", "/tmp/x.sqlite"] {
            let error = open_writer(wrong).err().unwrap().to_string();
            assert!(error.starts_with(&format!("history URL {wrong:?}: ")), "{error}");
        }
        assert_eq!(sqlite_path("sqlite:/a b/c.sqlite").unwrap(), Path::new("/a b/c.sqlite"));
    }
}
