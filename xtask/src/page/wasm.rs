//! The page's code: compiled by cargo, bound to the browser by wasm-bindgen as a library.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

const TARGET: &str = "wasm32-unknown-unknown";

/// Compiles the crate `frontend` and writes `app.js` and `app_bg.wasm` into `stage`.
pub fn build(root: &Path, target: &Path, release: bool, stage: &Path) -> Result<()> {
    ensure_target(root)?;
    let profile = if release { "wasm-release" } else { "wasm-dev" };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let built = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--package", "frontend", "--target", TARGET, "--profile", profile, "--target-dir"])
        .arg(target)
        .args(["--config", &format!("target.{TARGET}.rustflags={:?}", flags())])
        .status()
        .context("cannot run cargo")?;
    ensure!(built.success(), "the page does not compile: the compiler's message is above");
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(target.join(TARGET).join(profile).join("frontend.wasm"))
        .out_name("app")
        .web(true)?
        .typescript(false)
        .remove_name_section(release)
        .remove_producers_section(release)
        .omit_default_module_path(true)
        .generate(stage)
        .context("wasm-bindgen cannot read the page's wasm")
}

/// Flags of the compiler: views without their types, which is less code, and no path of this machine in it.
fn flags() -> Vec<String> {
    let mut flags = vec!["--cfg".to_owned(), "erase_components".to_owned()];
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
