//! Short names for what the page's wasm and its glue call each other by.
//!
//! wasm-bindgen names every function of the browser that wasm calls, and every function of wasm that the browser calls, with a
//! hash, in the wasm and in the glue. Nothing compresses a hash: they were 4 % of the page's own code.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context, Result, ensure};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// The glue, as wasm names it.
const GLUE: &str = "./app_bg.js";
/// How the names begin that the compiler makes for functions which are handed to the browser.
const MANGLED: &str = "_ZN";
/// How short names begin; no name in the glue does.
const SHORT: char = '$';
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;

/// The same wasm and glue with short names.
pub fn shorten(wasm: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let names = names(wasm)?;
    Ok((renamed(wasm, &names)?, replaced(glue, &names)?))
}

/// Long names and their short ones.
type Names = BTreeMap<String, String>;

fn names(wasm: &[u8]) -> Result<Names> {
    let mut long = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.context("the page's wasm cannot be read")? {
            Payload::ImportSection(reader) => {
                for import in reader.into_imports() {
                    let import = import?;
                    if import.module == GLUE && matches!(import.ty, TypeRef::Func(_)) {
                        long.push(import.name.to_owned());
                    }
                }
            }
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export?;
                    if export.kind == ExternalKind::Func && export.name.starts_with(MANGLED) {
                        long.push(export.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    let all = long.len();
    let names: Names = long.into_iter().enumerate().map(|(number, name)| (name, short(number))).collect();
    ensure!(names.len() == all, "the page's wasm has two imports or exports of one name");
    Ok(names)
}

/// "$a", "$b", ... "$z", "$ba", ...
fn short(mut number: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            break;
        }
    }
    letters.push(SHORT);
    letters.into_iter().rev().collect()
}

/// The module with other names in its sections of imports and exports.
fn renamed(wasm: &[u8], names: &Names) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(wasm.len());
    let mut from = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.context("the page's wasm cannot be read")?;
        let mut items = Vec::new();
        let (number, range) = match payload {
            Payload::ImportSection(reader) => {
                let range = reader.range();
                for item in reader.into_imports_with_offsets() {
                    let (at, import) = item?;
                    items.push((at as usize, Some(import.module.len()), import.name.to_owned()));
                }
                (IMPORTS, range)
            }
            Payload::ExportSection(reader) => {
                let range = reader.range();
                for item in reader.into_iter_with_offsets() {
                    let (at, export) = item?;
                    items.push((at as usize, None, export.name.to_owned()));
                }
                (EXPORTS, range)
            }
            _ => continue,
        };
        let (start, end) = (range.start as usize, range.end as usize);
        // An item is the name of a module (of an import only), a name, and what it is, which ends where the next begins.
        let mut content = Vec::new();
        unsigned(&mut content, items.len());
        for (index, (at, module, name)) in items.iter().enumerate() {
            let mut at = *at;
            if let Some(module) = module {
                let text = &wasm[at..at + prefixed(*module)];
                content.extend_from_slice(text);
                at += text.len();
            }
            let new = names.get(name).unwrap_or(name);
            unsigned(&mut content, new.len());
            content.extend_from_slice(new.as_bytes());
            let next = items.get(index + 1).map_or(end, |(next, _, _)| *next);
            content.extend_from_slice(&wasm[at + prefixed(name.len())..next]);
        }
        let mut length = Vec::new();
        unsigned(&mut length, end - start);
        out.extend_from_slice(&wasm[from..start - length.len() - 1]);
        ensure!(wasm[start - length.len() - 1] == number, "a section of the page's wasm begins where none is");
        out.push(number);
        unsigned(&mut out, content.len());
        out.extend_from_slice(&content);
        from = end;
    }
    out.extend_from_slice(&wasm[from..]);
    Ok(out)
}

/// How many bytes a text of that length takes, with its length before it.
fn prefixed(length: usize) -> usize {
    let mut head = Vec::new();
    unsigned(&mut head, length);
    head.len() + length
}

/// LEB128.
fn unsigned(bytes: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The glue with other names, wherever one stands as a whole word.
fn replaced(glue: &str, names: &Names) -> Result<String> {
    let mut out = String::with_capacity(glue.len());
    let mut met: HashSet<&str> = HashSet::new();
    let mut rest = glue;
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == SHORT;
    while let Some(start) = rest.find(is_word) {
        let length = rest[start..].find(|letter| !is_word(letter)).unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        ensure!(
            !word.starts_with(SHORT) || word == "$",
            "the glue has a name of its own that begins with {SHORT}: {word}"
        );
        out.push_str(&rest[..start]);
        match names.get_key_value(word) {
            Some((long, short)) => {
                met.insert(long);
                out.push_str(short);
            }
            None => out.push_str(word),
        }
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    let missing = names.keys().find(|long| !met.contains(long.as_str()));
    ensure!(missing.is_none(), "the glue does not have what wasm calls {}", missing.cloned().unwrap_or_default());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&[text.len() as u8], text.as_bytes()].concat()
    }

    fn section(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number, content.len() as u8][..], content].concat()
    }

    /// Imports a function and a memory of the glue and a function of elsewhere; exports a closure's function and another one.
    fn module() -> Vec<u8> {
        let imports = [
            vec![3],
            [text(GLUE), text("__wbg_now_0123456789abcdef"), vec![0, 0]].concat(),
            [text(GLUE), text("memory"), vec![2, 0, 1]].concat(),
            [text("./split.js"), text("load"), vec![0, 0]].concat(),
        ];
        let exports = [vec![2], text("_ZN6invoke17h0123E"), vec![0, 2], text("start"), vec![0, 2]];
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[1, 0x60, 0, 0]),
            section(2, &imports.concat()),
            section(3, &[1, 0]),
            section(7, &exports.concat()),
            section(10, &[1, 2, 0, 0x0b]),
        ]
        .concat()
    }

    const SAID: &str = "a={__wbg_now_0123456789abcdef:()=>1};wasm._ZN6invoke17h0123E(b);wasm.start()";

    #[test]
    fn both_sides_get_the_same_short_names_and_all_else_stays() {
        let (wasm, glue) = shorten(&module(), SAID).unwrap();
        assert_eq!(glue, "a={$a:()=>1};wasm.$b(b);wasm.start()");
        let (mut imports, mut exports, mut sections) = (Vec::new(), Vec::new(), 0);
        for payload in Parser::new(0).parse_all(&wasm) {
            match payload.unwrap() {
                Payload::ImportSection(reader) => {
                    imports.extend(reader.into_imports().map(|import| import.unwrap().name.to_owned()));
                }
                Payload::ExportSection(reader) => {
                    exports.extend(reader.into_iter().map(|export| export.unwrap().name.to_owned()));
                }
                Payload::CodeSectionStart { .. } | Payload::FunctionSection(_) | Payload::TypeSection(_) => {
                    sections += 1
                }
                _ => {}
            }
        }
        assert_eq!(
            (imports, exports, sections),
            (vec!["$a".into(), "memory".into(), "load".into()], vec!["$b".into(), "start".into()], 3)
        );
    }

    #[test]
    fn names_are_told_apart() {
        assert_eq!([0, 25, 26, 51, 700].map(short), ["$a", "$z", "$ba", "$bz", "$bay"]);
        let all: HashSet<String> = (0..2_000).map(short).collect();
        assert_eq!(all.len(), 2_000);
    }

    #[test]
    fn glue_of_another_build_is_refused() {
        assert!(shorten(&module(), "wasm._ZN6invoke17h0123E(b)").is_err(), "an import is missing");
        assert!(shorten(&module(), &SAID.replace("a={", "$a={")).is_err(), "a name would mean two things");
        assert!(shorten(b"\0asm\x01\0\0\0\x02", SAID).is_err());
    }
}
