//! The page's code: compiled by cargo, cut into what the first sight needs and what is fetched later, bound to the browser
//! by wasm-bindgen as a library.
//!
//! A part names functions and memory of the main file by number, so files of two builds must never meet: all files of a
//! build lie in a folder with its hash, `app/HASH/`. An open page of an older build asks for a file that is gone and says
//! that it could not be loaded; and what lies there may be kept by browsers for ever.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, anyhow, ensure};

use super::{lean, names, npm};
use crate::process;

const TARGET: &str = "wasm32-unknown-unknown";

/// Compiles the crate `frontend` and writes into `stage/app/HASH`: `boot.js` with all glue, `app_bg.wasm`, and a wasm file for
/// each part that is fetched later. Gives the folder's path in the page.
pub fn build(root: &Path, target: &Path, release: bool, stage: &Path) -> Result<String> {
    ensure_target(root)?;
    let profile = if release { "wasm-release" } else { "wasm-dev" };
    let built = process::cargo()?
        .args(["build", "--package", "frontend", "--target", TARGET, "--profile", profile, "--target-dir"])
        .arg(target)
        .args(["--config", &format!("target.{TARGET}.rustflags={:?}", flags())])
        .status()
        .context("cannot run cargo")?;
    ensure!(built.success(), "the page does not compile: the compiler's message is above");

    let bound = target.join("bound");
    if bound.exists() {
        fs::remove_dir_all(&bound).with_context(|| format!("cannot clear {}", bound.display()))?;
    }
    let whole = target.join(TARGET).join(profile).join("frontend.wasm");
    let main = bound.join("main.wasm");
    let bytes = fs::read(&whole).with_context(|| format!("cannot read {}", whole.display()))?;
    let bytes = if release { lean::lean(&bytes)? } else { bytes };
    cut(&bytes, &main, &bound)?;
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(&main)
        .out_name("app")
        .web(true)?
        .typescript(false)
        // What the parts find in the main file.
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(release)
        .remove_producers_section(release)
        .omit_default_module_path(true)
        .generate(&bound)
        .context("wasm-bindgen cannot read the page's wasm")?;
    shorten(&bound)?;
    gather(root, &bound, release, stage)
}

/// Cuts the parts off that `#[wasm_split]` marks: `main.wasm`, `split_*.wasm`, `chunk_*.wasm` (what several parts need) and
/// `split.js`, which loads them.
fn cut(whole: &[u8], main: &Path, into: &Path) -> Result<()> {
    let mut options = wasm_split_cli_support::Options::new(whole);
    options.output_dir = into;
    options.main_out_path = main;
    options.main_module = "./app.js";
    options.link_name = "./split.js";
    let done = wasm_split_cli_support::transform(options);
    done.map_err(|error| anyhow!("the page's wasm cannot be split: {error:#}"))?;
    Ok(())
}

/// Gives main file and glue short names for each other.
fn shorten(bound: &Path) -> Result<()> {
    let (main, glue) = (bound.join("app_bg.wasm"), bound.join("app.js"));
    let wasm = fs::read(&main).with_context(|| format!("cannot read {}", main.display()))?;
    let text = fs::read_to_string(&glue).with_context(|| format!("cannot read {}", glue.display()))?;
    let (wasm, text) = names::shorten(&wasm, &text)?;
    super::write(&main, &wasm)?;
    super::write(&glue, text.as_bytes())
}

/// Puts what was made into the page's folder, whose name is the hash of all of it.
fn gather(root: &Path, bound: &Path, release: bool, stage: &Path) -> Result<String> {
    super::copy(&root.join("frontend/boot.js"), &bound.join("boot.js"))?;
    let mut hasher = DefaultHasher::new();
    let mut parts = Vec::new();
    for file in super::inputs::files(bound)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        bytes.hash(&mut hasher);
        if name.ends_with(".wasm") && name != "main.wasm" {
            parts.push((name, if release { without_custom_sections(&bytes)? } else { bytes }));
        }
    }
    let folder = format!("app/{:016x}", hasher.finish());
    for (name, bytes) in parts {
        super::write(&stage.join(&folder).join(name), &bytes)?;
    }
    npm::bundle(root, "frontend/boot.config.mjs", &stage.join(&folder))?;
    ensure!(stage.join(&folder).join("boot.js").is_file(), "the bundler has not made boot.js");
    Ok(format!("/{folder}"))
}

/// The module without names and notes for debuggers: sections of number 0. Each section is its number, its length (LEB128)
/// and so many bytes.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    const HEAD: usize = 8;
    let mut kept = module.get(..HEAD).context("a wasm file has no head")?.to_vec();
    let mut at = HEAD;
    while at < module.len() {
        let begin = at;
        let custom = module[at] == 0;
        at += 1;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = *module.get(at).context("a wasm file ends within a length")?;
            at += 1;
            ensure!(shift < 32, "a section of a wasm file is too long");
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += length;
        let section = module.get(begin..at).context("a wasm file ends within a section")?;
        if !custom {
            kept.extend_from_slice(section);
        }
    }
    Ok(kept)
}

/// Flags of the compiler: views without their types, which is less code; what splitting reads; no path of this machine.
fn flags() -> Vec<String> {
    let mut flags = ["--cfg", "erase_components", "-Clink-args=--emit-relocs"].map(str::to_owned).to_vec();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    if let Some(home) = home {
        flags.push(format!("--remap-path-prefix={}=", home.join("registry/src").display()));
    }
    flags
}

/// The standard library for wasm; rustup brings it, where the toolchain came from rustup.
fn ensure_target(root: &Path) -> Result<()> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root).output();
    let sysroot = sysroot.context("cannot run rustc")?.stdout;
    let folder = Path::new(String::from_utf8_lossy(&sysroot).trim()).join("lib/rustlib").join(TARGET);
    if folder.is_dir() {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).current_dir(root).stdout(Stdio::null()).status();
    ensure!(
        added.is_ok_and(|status| status.success()),
        "Rust's library for {TARGET} is missing and `rustup target add {TARGET}` did not bring it"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_for_debuggers_are_left_out_and_the_rest_stays() {
        let head = [0, b'a', b's', b'm', 1, 0, 0, 0];
        let long = [vec![3, 0x82, 0x01], vec![7; 130]].concat();
        let module = [&head[..], &[0, 2, 9, 9], &[1, 1, 5], &long, &[0, 1, 4]].concat();
        assert_eq!(without_custom_sections(&module).unwrap(), [&head[..], &[1, 1, 5], &long].concat());
        assert!(without_custom_sections(&module[..module.len() - 1]).is_err());
    }
}
