//! Every text in every language: one that is missing in one of them is found by whoever reads that one, and nobody else.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::Finding;
use crate::process;

/// Where the texts are, one file a language, and the code that says them.
const TEXTS: &str = "frontend/locales/";
const CODE: &str = "frontend/src/";
/// The language that the others are held against.
const FIRST: &str = "en.json";

type Texts = BTreeMap<String, String>;

/// Names texts that a language lacks or has alone, variables that differ, and texts that nobody says.
pub fn check(files: &[String]) -> Result<Finding> {
    let root = process::root()?;
    let read = |file: &String| std::fs::read_to_string(root.join(file)).with_context(|| file.clone());
    let mut languages = Vec::new();
    for file in files.iter().filter(|file| file.starts_with(TEXTS)) {
        let texts: Texts = serde_json::from_str(&read(file)?).with_context(|| file.clone())?;
        languages.push((file.trim_start_matches(TEXTS).to_owned(), texts));
    }
    let code = files.iter().filter(|file| file.starts_with(CODE) && file.ends_with(".rs"));
    let code = code.map(read).collect::<Result<Vec<_>>>()?.concat();
    Ok(Finding::Faults(faults(&languages, &code)))
}

fn faults(languages: &[(String, Texts)], code: &str) -> Vec<String> {
    let Some((_, first)) = languages.iter().find(|(name, _)| name == FIRST) else {
        return vec![format!("{TEXTS}{FIRST} is missing")];
    };
    let mut faults = Vec::new();
    for (name, texts) in languages {
        let lacks = |one: &Texts, other: &Texts| -> Vec<String> {
            one.keys().filter(|key| !other.contains_key(*key)).cloned().collect()
        };
        faults.extend(lacks(first, texts).into_iter().map(|key| format!("{name}: {key} is missing")));
        faults.extend(lacks(texts, first).into_iter().map(|key| format!("{name}: {key} is in no other language")));
        for (key, text) in texts {
            if first.get(key).is_some_and(|other| variables(other) != variables(text)) {
                faults.push(format!("{name}: {key} has other variables than in {FIRST}"));
            }
            if text.trim().is_empty() {
                faults.push(format!("{name}: {key} is empty"));
            }
        }
    }
    let said = said(code);
    faults.extend(first.keys().filter(|key| !said.contains(key.as_str())).map(|key| format!("nobody says {key}")));
    faults
}

/// The names in `{{ }}`.
fn variables(text: &str) -> BTreeSet<&str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()).map(str::trim).collect()
}

/// The keys that stand in `say!( )`.
fn said(code: &str) -> BTreeSet<&str> {
    let end = |rest: &str| rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    code.split("say!(").skip(1).map(str::trim_start).filter_map(|rest| Some(&rest[..end(rest)?])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(name: &str, texts: &[(&str, &str)]) -> (String, Texts) {
        (name.into(), texts.iter().map(|(key, text)| ((*key).into(), (*text).into())).collect())
    }

    #[test]
    fn the_page_has_every_text_in_every_language() {
        let root = process::root().unwrap();
        let listed = |folder: &str| {
            let files = walk(&root.join(folder));
            files.into_iter().map(|file| file.strip_prefix(&root).unwrap().to_string_lossy().into_owned())
        };
        let files: Vec<String> = listed("frontend/locales").chain(listed("frontend/src")).collect();
        assert_eq!(files.iter().filter(|file| file.starts_with(TEXTS)).count(), 2);
        let Finding::Faults(faults) = check(&files).unwrap() else { panic!("it could look") };
        assert_eq!(faults, Vec::<String>::new());
    }

    fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn what_differs_is_named() {
        let code = "say!(close), say!(late, time), say!(only)";
        let en =
            language("en.json", &[("close", "Close"), ("late", "{{ time }} late"), ("only", "x"), ("unsaid", "y")]);
        let pt = language("pt-BR.json", &[("close", ""), ("late", "{{ tempo }} de atraso"), ("more", "z")]);
        let expected = [
            "pt-BR.json: only is missing",
            "pt-BR.json: unsaid is missing",
            "pt-BR.json: more is in no other language",
            "pt-BR.json: close is empty",
            "pt-BR.json: late has other variables than in en.json",
            "nobody says unsaid",
        ];
        assert_eq!(faults(&[en.clone(), pt], code), expected);
        assert_eq!(faults(&[language("pt-BR.json", &[])], code), ["frontend/locales/en.json is missing"]);
        let all = "say!(close) say!(late, time) say!(\n        only,\n        x) say!(unsaid)";
        assert_eq!(faults(&[en], all), Vec::<String>::new());
    }
}
