//! Where traces go.

use std::ffi::OsStr;

use axum::http::Uri;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

/// Where traces go.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TraceSettings {
    /// Collector of OpenTelemetry traces, as http://host:4318; without it there are none
    #[arg(long, env = "CD_OTLP_ENDPOINT", value_name = "URL", value_parser = Reader)]
    pub otlp_endpoint: Option<String>,
}

impl TraceSettings {
    /// The collector's address, without a slash at its end. An empty one is none.
    pub fn endpoint(&self) -> Option<&str> {
        self.otlp_endpoint.as_deref().filter(|endpoint| !endpoint.is_empty())
    }
}

/// The path of a signal is added to it, as OTLP over HTTP says.
fn endpoint(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let uri: Uri = text.parse().map_err(|_| "must be an address as http://host:4318")?;
    let plain = uri.query().is_none() && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    match uri.scheme_str() {
        Some("http") if plain => Ok(text.trim_end_matches('/').to_owned()),
        Some("https") => {
            Err("must be http: the collector stands beside the services, and speaks TLS to all others".into())
        }
        _ => Err("must be an address as http://host:4318".into()),
    }
}

/// Reads the address for clap, whose own message would repeat it, with a password that does not belong there.
#[derive(Clone)]
struct Reader;

impl TypedValueParser for Reader {
    type Value = String;
    fn parse_ref(&self, command: &Command, _: Option<&Arg>, text: &OsStr) -> Result<String, clap::Error> {
        let read = text.to_str().ok_or("must be UTF-8".to_owned()).and_then(endpoint);
        read.map_err(|reason| {
            let line = format!("invalid value for '--otlp-endpoint <URL>': {reason}\n");
            clap::Error::raw(ErrorKind::ValueValidation, line).with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_of_a_collector_in_ones_own_network() {
        assert_eq!(endpoint("http://collector:4318/").unwrap(), "http://collector:4318");
        assert_eq!(endpoint("http://127.0.0.1:4318/otlp").unwrap(), "http://127.0.0.1:4318/otlp");
        assert!(endpoint("https://collector:4318").unwrap_err().contains("must be http:"));
        assert_eq!(TraceSettings { otlp_endpoint: Some(endpoint("").unwrap()) }.endpoint(), None);
        for wrong in
            ["collector:4318", "http://", "http://user:secret@host", "http://host/?key=secret", "grpc://host:4317"]
        {
            let why = endpoint(wrong).unwrap_err();
            assert!(why.ends_with("http://host:4318") && !why.contains("secret"), "{wrong}: {why}");
        }
    }
}
