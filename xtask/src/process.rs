//! Other programs: cargo, npm, and what we build.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use anyhow::{Context, Result, bail};

/// The workspace's root.
pub fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is not in a workspace")?;
    Ok(root.to_path_buf())
}

/// cargo, as this program was started by it, in the workspace's root.
///
/// What `cargo run` told us about ourselves is kept from it: build scripts that look at these names (`ring`'s does) would
/// be run again, and everything above them compiled again, each time that cargo is called by turns from here and by hand.
pub fn cargo() -> Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if is_about_us(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    command.current_dir(root()?);
    Ok(command)
}

fn is_about_us(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
}

/// Where cargo puts what it builds.
pub fn target_dir() -> Result<PathBuf> {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => Ok(root()?.join(dir)),
        None => Ok(root()?.join("target")),
    }
}

/// Runs a command to its end; fails with its words where it fails.
pub fn succeed(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if status.success() { Ok(()) } else { bail!("{} failed: {status}", describe(command)) }
}

/// Runs a command to its end.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("cannot run {}", describe(command)))
}

/// A command as a person would type it.
pub fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut text = program.to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Whether a program can be started.
pub fn is_there(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// What the process that ran says to whoever started us, where it cannot take our place.
#[cfg(not(unix))]
pub fn exit_code(status: ExitStatus) -> std::process::ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(std::process::ExitCode::FAILURE, std::process::ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_hears_nothing_of_who_calls_it() {
        let told = cargo().unwrap();
        let removed = |name: &str| told.get_envs().any(|(known, value)| known == name && value.is_none());
        // Cargo told the test of its package, as it tells a program that it runs.
        assert!(removed("CARGO_PKG_NAME") && removed("CARGO_MANIFEST_DIR"));
        assert!(["CARGO", "CARGO_TARGET_DIR", "CARGO_HOME", "PATH"].iter().all(|kept| !removed(kept)));
    }
}
