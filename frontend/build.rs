//! Makes code of the texts in `locales/`, which `src/words.rs` includes. A key or a variable that one language has and
//! another has not stops the build.
//!
//! This is what the crate `leptos_i18n_build` does, without its reader of ICU's data, which would bring a network client.

use std::{env, error::Error, fs, path::PathBuf};

use leptos_i18n_parser::parse_locales::{
    options::{Config, ParseOptions},
    parse_locales,
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=locales");
    let options = ParseOptions::new().interpolate_display(true);
    let config = Config::new("en")?.add_locale("pt-BR")?.parse_options(options);
    let parsed = parse_locales(None, config)?;
    let (errors, warnings) = (parsed.diag.errors(), parsed.diag.warnings());
    let faults = errors.iter().map(ToString::to_string).chain(warnings.iter().map(ToString::to_string));
    for fault in faults {
        println!("cargo::error=locales: {fault}");
    }
    let code = leptos_i18n_codegen::gen_code(&parsed, None, false, None, false)?;
    let place = PathBuf::from(env::var("OUT_DIR")?).join("texts.rs");
    Ok(fs::write(place, code.to_string())?)
}
