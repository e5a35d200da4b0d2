//! `cargo xtask kibana`: brings the objects into a Kibana, and has an Elasticsearch answer what they ask.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{FILE, answers, mapping, read, searches};
use crate::{deploy::document::text, process};

/// The dashboards: bring them into Kibana, or ask Elasticsearch what they would ask.
#[derive(Debug, clap::Args)]
pub struct Kibana {
    #[command(subcommand)]
    command: Wanted,
}

#[derive(Debug, clap::Subcommand)]
enum Wanted {
    /// Bring data views and dashboards into a Kibana; what is there is replaced
    Import(Server),
    /// Run the search behind each panel on an Elasticsearch that has our templates
    Ask {
        #[command(flatten)]
        server: Server,
        /// A panel with nothing to show is a fault, and so is a field that is not the template's
        #[arg(long)]
        filled: bool,
    },
}

/// A Kibana or an Elasticsearch, and how it is asked.
#[derive(Debug, clap::Args)]
pub struct Server {
    /// As http://127.0.0.1:5601 of Kibana, http://127.0.0.1:9200 of Elasticsearch
    url: String,
    /// The user, where one is needed
    #[arg(long, requires = "password_file", value_name = "NAME")]
    user: Option<String>,
    /// File with the user's password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Certificate authority to trust, PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Runs the subcommand.
#[allow(clippy::print_stdout, reason = "this is a tool's report")]
pub fn run(kibana: &Kibana) -> Result<ExitCode> {
    match &kibana.command {
        Wanted::Import(server) => {
            let file = format!("file=@{}", process::root()?.join(FILE).display());
            let answer = server.send("api/saved_objects/_import?overwrite=true", &["--form", &file], None)?;
            ensure!(answer["success"] == true, "Kibana refuses: {}", answer["errors"]);
            println!("{} objects are in {}/app/dashboards", answer["successCount"], server.url);
        }
        Wanted::Ask { server, filled } => {
            let faults = ask(server, *filled)?;
            faults.iter().for_each(|fault| println!("{fault}"));
            if !faults.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs each panel's searches; tells what was found, and returns what is wrong: searches that failed and, where the store is to
/// be `filled`, what shows nothing and fields that are not those of the templates.
#[allow(clippy::print_stdout, reason = "this is a tool's report")]
pub fn ask(server: &Server, filled: bool) -> Result<Vec<String>> {
    let root = process::root()?;
    let (objects, fields) = (read(&root)?, mapping::fields(&root)?);
    let mut faults = Vec::new();
    for object in &objects {
        let asked = match text(object, "/type") {
            "lens" => searches::lens(object, &objects, &fields),
            "map" => searches::map(object, &objects, &fields),
            _ => continue,
        };
        let title = text(object, "/attributes/title");
        for (pattern, body) in asked.map_err(|faults| anyhow::anyhow!("{title}: {}", faults.join("; ")))? {
            let answer = server.send(&format!("{pattern}/_search"), &[], Some(&body))?;
            match answer.get("error") {
                Some(error) => faults.push(format!("{title}: {pattern}: {error}")),
                None if answer["_shards"]["failed"] != 0 => {
                    faults.push(format!("{title}: {pattern}: {}", answer["_shards"]))
                }
                None => {
                    println!("{title}: {pattern}: {} documents", answer["hits"]["total"]["value"]);
                    let empty = answers::empty(&answer).into_iter().filter(|_| filled);
                    faults.extend(empty.map(|figure| format!("{title}: {pattern}: nothing in {figure}")));
                }
            }
        }
    }
    for (pattern, fields) in fields.iter().filter(|_| filled) {
        let mappings = server.send(&format!("{pattern}/_mapping"), &[], None)?;
        faults.extend(answers::differences(&mappings, fields).into_iter().map(|fault| format!("{pattern}: {fault}")));
    }
    Ok(faults)
}

impl Server {
    /// One that asks for no password.
    pub fn plain(url: &str) -> Self {
        Self { url: url.to_owned(), user: None, password_file: None, ca_file: None }
    }

    /// Sends a request by curl, which brings TLS; the password goes through its standard input, so no list of processes
    /// has it.
    fn send(&self, path: &str, more: &[&str], body: Option<&Value>) -> Result<Value> {
        let mut config = String::from("silent\nshow-error\nmax-time = 60\nheader = \"kbn-xsrf: true\"\n");
        if let (Some(user), Some(file)) = (&self.user, &self.password_file) {
            let password = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            config.push_str(&format!("user = {}\n", quoted(&format!("{user}:{}", password.trim_end()))));
        }
        if let Some(file) = &self.ca_file {
            config.push_str(&format!("cacert = {}\n", quoted(&file.display().to_string())));
        }
        if let Some(body) = body {
            config.push_str(&format!(
                "header = \"content-type: application/json\"\ndata = {}\n",
                quoted(&body.to_string())
            ));
        }
        config.push_str(&format!("url = {}\n", quoted(&format!("{}/{path}", self.url.trim_end_matches('/')))));
        let mut curl = Command::new("curl");
        curl.args(["--config", "-"]).args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut curl = curl.spawn().context("curl is needed to speak with Kibana and Elasticsearch")?;
        curl.stdin.take().context("curl reads nothing")?.write_all(config.as_bytes())?;
        let output = curl.wait_with_output()?;
        if !output.status.success() {
            bail!("{}: {}", self.url, String::from_utf8_lossy(&output.stderr).trim());
        }
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&answer).with_context(|| format!("{}/{path} answers {answer:?}", self.url))
    }
}

/// A value in curl's file of options.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_quotes_stays_whole() {
        assert_eq!(quoted(r#"me:a"b\c"#), r#""me:a\"b\\c""#);
    }
}
