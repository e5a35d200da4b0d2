//! The last stage of the tests: no log of a process that they started holds a secret that it was given. The tests keep both
//! under one folder (`e2e/src/kept.rs`); besides what they noted, whatever has the form of a token or of a private key counts.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    time::SystemTime,
};

use aho_corasick::AhoCorasick;
use anyhow::{Context, Result};

/// How every token of ours begins: its head is the same JSON each time, in base64.
const TOKEN: &str = "eyJ";
/// A token has three parts of at least so many letters.
const PART: usize = 16;

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Looked {
    /// Logs.
    pub files: usize,
    /// Their lines.
    pub lines: usize,
    /// Different secrets.
    pub secrets: usize,
    /// `file:line: kind` of each hit; the secret itself is not repeated.
    pub hits: Vec<String>,
}

impl Looked {
    /// Whether that shows that no log holds a secret: something was looked at, and nothing found.
    pub fn is_clean(&self) -> bool {
        self.hits.is_empty() && self.files > 0 && self.lines > 0 && self.secrets > 0
    }
}

/// Makes the folder anew, empty.
pub fn prepare(kept: &Path) -> Result<()> {
    if kept.exists() {
        fs::remove_dir_all(kept).with_context(|| kept.display().to_string())?;
    }
    fs::create_dir_all(kept.join("logs")).with_context(|| kept.display().to_string())
}

/// Looks for all secrets in all logs of the folder, and in the logs below `others` that were written since `since`.
pub fn look(kept: &Path, others: &[PathBuf], since: SystemTime) -> Result<Looked> {
    let noted = fs::read_to_string(kept.join("secrets")).unwrap_or_default();
    let noted: BTreeSet<(&str, &str)> = noted.lines().filter_map(|line| line.split_once('\t')).collect();
    let (kinds, texts): (Vec<&str>, Vec<&str>) = noted.into_iter().unzip();
    let finder = AhoCorasick::new(&texts)?;
    let mut looked = Looked { secrets: texts.iter().collect::<BTreeSet<_>>().len(), ..Looked::default() };
    let mut logs = Vec::new();
    find(&kept.join("logs"), None, &mut logs)?;
    for other in others {
        find(other, Some(since), &mut logs)?;
    }
    logs.sort();
    for log in logs {
        let file = fs::File::open(&log).with_context(|| log.display().to_string())?;
        looked.files += 1;
        for (number, line) in BufReader::new(file).split(b'\n').enumerate() {
            let line = line?;
            looked.lines += 1;
            let found = finder.find(&line).map(|found| kinds[found.pattern().as_usize()]);
            if let Some(kind) = found.or_else(|| by_form(&line)) {
                looked.hits.push(format!("{}:{}: {kind}", log.display(), number + 1));
            }
        }
    }
    Ok(looked)
}

/// Logs below a folder, which need not be there.
fn find(folder: &Path, since: Option<SystemTime>, logs: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            find(&path, since, logs)?;
        } else if path.extension().is_some_and(|ending| ending == "log" || ending == "out") {
            let written = fs::metadata(&path)?.modified()?;
            if since.is_none_or(|since| written >= since) {
                logs.push(path);
            }
        }
    }
    Ok(())
}

/// What gives itself away by its form.
fn by_form(line: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(line);
    if text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let is_token = |rest: &str| {
        let end = rest.find(|c: char| !is_letter(c) && c != '.').unwrap_or(rest.len());
        let mut parts = rest[..end].split('.');
        parts.by_ref().take(3).filter(|part| part.len() >= PART).count() == 3
    };
    text.match_indices(TOKEN).any(|(at, _)| is_token(&text[at..])).then_some("a token, by its form")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN_OF_ANA: &str =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEiLCJyb2xlIjoidmlld2VyIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ";

    /// A folder as tests leave it, with one more line in a log.
    fn looked(line: &str) -> Looked {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path()).unwrap();
        fs::write(dir.path().join("secrets"), "password\thunter-of-the-test\nkey\tMIGHAgEAMBMG\nkey\tMIGHAgEAMBMG\n")
            .unwrap();
        fs::write(dir.path().join("logs/sink-7.log"), format!("INFO sink reads\n{line}\nINFO sink ends\n")).unwrap();
        fs::write(dir.path().join("logs/backend-8.log"), "INFO backend serves\n").unwrap();
        look(dir.path(), &[], SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn clean_logs_are_clean_and_counted() {
        let looked = looked("INFO user=code-delivery eyJ is no token, nor is eyJhbGciOiJIUzI1NiJ9.short.short");
        assert_eq!((looked.files, looked.lines, looked.secrets), (2, 4, 2));
        assert!(looked.is_clean(), "{looked:?}");
    }

    #[test]
    fn a_planted_secret_is_found_with_its_place_and_not_repeated() {
        for (line, kind) in [
            ("WARN cannot log in as me:hunter-of-the-test@host".to_owned(), "password"),
            ("MIGHAgEAMBMG".to_owned(), "key"),
            (format!("DEBUG GET /track?token={TOKEN_OF_ANA}&x=1"), "a token, by its form"),
            ("-----BEGIN PRIVATE KEY-----".to_owned(), "a private key"),
        ] {
            let looked = looked(&line);
            assert!(!looked.is_clean() && looked.hits.len() == 1, "{looked:?}");
            assert!(looked.hits[0].ends_with(&format!("logs/sink-7.log:2: {kind}")), "{looked:?}");
            assert!(!looked.hits[0].contains("hunter") && !looked.hits[0].contains(TOKEN), "{looked:?}");
        }
    }

    #[test]
    fn nothing_to_look_at_is_not_clean() {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path()).unwrap();
        assert!(!look(dir.path(), &[], SystemTime::UNIX_EPOCH).unwrap().is_clean());
        fs::write(dir.path().join("secrets"), "password\thunter-of-the-test\n").unwrap();
        assert!(!look(dir.path(), &[], SystemTime::UNIX_EPOCH).unwrap().is_clean());
        fs::write(dir.path().join("logs/empty.log"), "").unwrap();
        assert!(!look(dir.path(), &[], SystemTime::UNIX_EPOCH).unwrap().is_clean());
    }

    #[test]
    fn logs_elsewhere_count_from_when_they_were_written() {
        let (dir, chaos) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        prepare(dir.path()).unwrap();
        fs::write(dir.path().join("secrets"), "password\thunter-of-the-test\n").unwrap();
        fs::create_dir(chaos.path().join("run")).unwrap();
        fs::write(chaos.path().join("run/sink-1.log"), "hunter-of-the-test\n").unwrap();
        fs::write(chaos.path().join("run/report.json"), "hunter-of-the-test\n").unwrap();
        let others = [chaos.path().to_path_buf(), chaos.path().join("none")];
        assert_eq!(look(dir.path(), &others, SystemTime::UNIX_EPOCH).unwrap().hits.len(), 1);
        let later = SystemTime::now() + std::time::Duration::from_secs(3600);
        assert_eq!(look(dir.path(), &others, later).unwrap().files, 0);
    }
}
