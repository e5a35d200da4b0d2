//! From settings to an engine: `sqlite:PATH`, or `http(s)://HOST:PORT` of Elasticsearch.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{HistoryReader, HistoryWriter, OpenError, elasticsearch, sqlite};

/// How the store is reached: settings of whoever writes or reads it.
///
/// An empty name in the environment is as good as none.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// The store: sqlite:PATH, or https://HOST:9200 of Elasticsearch
    #[arg(id = "history_url", long = "history-url", env = "CD_HISTORY_URL", value_name = "URL")]
    pub url: String,
    /// What the names of Elasticsearch's indices and templates begin with: several installations may share a cluster
    #[arg(
        id = "history_prefix",
        long = "history-prefix",
        env = "CD_HISTORY_PREFIX",
        default_value = "",
        value_name = "PREFIX"
    )]
    pub prefix: String,
    /// Elasticsearch's user
    #[arg(id = "history_user", long = "history-user", env = "CD_HISTORY_USER", value_name = "NAME")]
    pub user: Option<String>,
    /// File with the user's password
    #[arg(
        id = "history_password_file",
        long = "history-password-file",
        env = "CD_HISTORY_PASSWORD_FILE",
        value_name = "FILE"
    )]
    pub password_file: Option<PathBuf>,
    /// File with an API key instead, as it is encoded
    #[arg(
        id = "history_api_key_file",
        long = "history-api-key-file",
        env = "CD_HISTORY_API_KEY_FILE",
        value_name = "FILE"
    )]
    pub api_key_file: Option<PathBuf>,
    /// Certificate authorities to trust beside the usual ones, PEM
    #[arg(id = "history_ca_file", long = "history-ca-file", env = "CD_HISTORY_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Whether what is sent to Elasticsearch is compressed: for a slow network, it costs CPU
    #[arg(id = "history_gzip", long = "history-gzip", env = "CD_HISTORY_GZIP", default_value = "no", value_name = "YES|NO",
        action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
    pub gzip: bool,
}

impl Options {
    /// Only a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// A file that was named.
    pub(crate) fn file(named: &Option<PathBuf>) -> Option<&PathBuf> {
        named.as_ref().filter(|path| !path.as_os_str().is_empty())
    }

    /// The content of a file.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, OpenError> {
        fs::read(path).map_err(|source| OpenError::Unreadable { path: path.into(), source })
    }

    /// The first line of a file that holds a secret.
    pub(crate) fn secret(&self, path: &Path) -> Result<String, OpenError> {
        let text = self.read(path)?;
        let line = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned();
        if line.is_empty() || line.contains(char::is_control) {
            return Err(OpenError::Options(format!("{} holds no secret in its first line", path.display())));
        }
        Ok(line)
    }

    /// What only a cluster needs is a mistake beside a file.
    fn check_for_sqlite(&self) -> Result<(), OpenError> {
        let cluster = [
            ("CD_HISTORY_PREFIX", !self.prefix.is_empty()),
            ("CD_HISTORY_USER", self.user.as_ref().is_some_and(|user| !user.is_empty())),
            ("CD_HISTORY_PASSWORD_FILE", Self::file(&self.password_file).is_some()),
            ("CD_HISTORY_API_KEY_FILE", Self::file(&self.api_key_file).is_some()),
            ("CD_HISTORY_CA_FILE", Self::file(&self.ca_file).is_some()),
            ("CD_HISTORY_GZIP", self.gzip),
        ];
        match cluster.iter().find(|(_, set)| *set) {
            Some((name, _)) => Err(OpenError::Options(format!("{name} has no meaning beside {}", self.url))),
            None => Ok(()),
        }
    }
}

/// Opens the store for writing. SQLite's file is made (with its directory) where it is not there; Elasticsearch's templates
/// are made with the first batch, so that a cluster that is away holds up no start.
///
/// # Errors
/// [`OpenError`]: each a reason not to start.
pub fn open_writer(options: &Options) -> Result<Arc<dyn HistoryWriter>, OpenError> {
    Ok(match place(options)? {
        Place::Sqlite(path) => Arc::new(sqlite::Writer::open(path)?),
        Place::Elasticsearch => Arc::new(elasticsearch::Writer::open(options)?),
    })
}

/// Opens the store for reading. A store that is not there yet is no error: the reader answers
/// [`crate::Unavailable`] until a writer has made it.
///
/// # Errors
/// [`OpenError::Url`], [`OpenError::Options`], [`OpenError::Unreadable`]; [`OpenError::Newer`] and [`OpenError::Foreign`]
/// where the store is a file that is there and cannot be read.
pub fn open_reader(options: &Options) -> Result<Arc<dyn HistoryReader>, OpenError> {
    Ok(match place(options)? {
        Place::Sqlite(path) => Arc::new(sqlite::Reader::open(path)?),
        Place::Elasticsearch => Arc::new(elasticsearch::Reader::open(options)?),
    })
}

enum Place<'a> {
    Sqlite(&'a Path),
    Elasticsearch,
}

fn place(options: &Options) -> Result<Place<'_>, OpenError> {
    let wrong = |reason| OpenError::Url { url: options.url.clone(), reason };
    let place = match options.url.split_once(':') {
        Some(("sqlite", "")) => return Err(wrong("a path must follow: sqlite:PATH")),
        // In memory, or a temporary file: either would forget what was acknowledged.
        Some(("sqlite", ":memory:")) => return Err(wrong("must be a file")),
        Some(("sqlite", path)) => Place::Sqlite(Path::new(path)),
        Some(("http" | "https", _)) => return Ok(Place::Elasticsearch),
        _ => return Err(wrong("must be sqlite:PATH or https://HOST:PORT")),
    };
    options.check_for_sqlite()?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(options: &Options) -> String {
        let error = open_writer(options).err().unwrap().to_string();
        assert_eq!(open_reader(options).err().unwrap().to_string(), error);
        assert!(!error.contains('\n'), "{error}");
        error
    }

    #[test]
    fn a_wrong_url_says_what_it_must_be() {
        for wrong in ["", "sqlite:", "sqlite::memory:", "postgres://x", "/tmp/x.sqlite", "http://", "http://h?a=1"] {
            let error = complaint(&Options::new(wrong));
            assert!(error.starts_with(&format!("history URL {wrong:?}: ")), "{error}");
        }
        let options = Options::new("sqlite:/a b/c.sqlite");
        let Ok(Place::Sqlite(path)) = place(&options) else { panic!("no path") };
        assert_eq!(path, Path::new("/a b/c.sqlite"));
    }

    #[test]
    fn options_that_do_not_fit_together_are_named_and_secrets_do_not_print() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            fs::write(dir.path().join(name), text).unwrap();
            Some(dir.path().join(name))
        };
        let at = |url: &str| Options::new(url);
        let es = || at("https://localhost:9200");
        for (options, expected) in [
            (Options { user: Some("u".into()), ..at("sqlite:x") }, "CD_HISTORY_USER has no meaning beside sqlite:x"),
            (Options { prefix: "A".into(), ..es() }, "CD_HISTORY_PREFIX \"A\": must be"),
            (Options { user: Some("u".into()), ..es() }, "CD_HISTORY_USER needs CD_HISTORY_PASSWORD_FILE"),
            (Options { password_file: file("p", "pw"), ..es() }, "CD_HISTORY_PASSWORD_FILE needs CD_HISTORY_USER"),
            (
                Options {
                    user: Some("u".into()),
                    password_file: file("p", "pw"),
                    api_key_file: file("k", "a"),
                    ..es()
                },
                "must not stand beside",
            ),
            (Options { api_key_file: file("empty", "\n"), ..es() }, "holds no secret in its first line"),
            (Options { api_key_file: file("plain", "id:key"), ..es() }, "must hold the key as it is encoded"),
            (Options { ca_file: file("ca", "no pem"), ..es() }, "CD_HISTORY_CA_FILE"),
            (Options { ca_file: Some("/nowhere/ca.pem".into()), ..es() }, "cannot read /nowhere/ca.pem"),
            (at("https://elastic:hunter2@localhost:9200"), "must hold no password"),
        ] {
            let error = complaint(&options);
            assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_cluster_that_is_away_is_no_reason_not_to_start() {
        open_writer(&Options { prefix: "x.".into(), ..Options::new("http://127.0.0.1:9") }).unwrap();
    }
}
