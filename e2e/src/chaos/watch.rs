//! `cargo xtask observe watch` beside a run: told where everything is reached, and asked before it is taken down.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};
use serde_json::json;

use super::world::{Kind, World};

/// It sees the end of its input when this is dropped, and ends.
pub struct Watch(Child);

impl Watch {
    /// Starts it.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(xtask: &Path, world: &World, dir: &Path) -> Result<Self> {
        let dir = dir.join("observe");
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        let admin = |kind| json!({ "admin": world.of(kind).map(|replica| replica.admin()).collect::<Vec<_>>() });
        let mut backend = admin(Kind::Backend);
        backend["urls"] = json!(world.backends());
        let targets = json!({
            "backend": backend,
            "simulator": admin(Kind::Simulator),
            "sink": admin(Kind::Sink),
            "elasticsearch": world.elasticsearch,
        });
        fs::write(dir.join("targets.json"), targets.to_string())?;
        let mut command = Command::new(xtask);
        command.args(["observe", "watch"]).arg(&dir).stdin(Stdio::piped());
        Ok(Self(command.spawn().context("xtask can be called")?))
    }

    /// Has everything asked; `true` where everything gave something. What did not is printed.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn ask(mut self) -> Result<bool> {
        self.0.stdin.take().context("it reads what we say")?.write_all(b"ask\n")?;
        let ended = tokio::task::spawn_blocking(move || self.0.wait()).await??;
        Ok(ended.success())
    }
}
