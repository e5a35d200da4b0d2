//! Single servers of a running instance: for tests that kill, freeze and restart them. `dir` is the instance's directory.
//!
//! A killed server leaves everything as a crash would: its data, its memory of having run (`status` says `died`), its
//! place in the cluster until the others notice. [`start`] brings it back.

use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::{
    elasticsearch, fetch,
    instance::{self, Instance, Server},
    kafka,
};

/// Ends a server as a crash would (SIGKILL) and returns when its process is gone.
pub fn kill(dir: &Path, server: Server) -> Result<()> {
    running(dir, server)?.daemon(server).kill()
}

/// Stops a server in its tracks (SIGSTOP): its connections stay open and nothing comes through them.
pub fn freeze(dir: &Path, server: Server) -> Result<()> {
    running(dir, server)?.daemon(server).signal(Signal::STOP)
}

/// Lets a frozen server go on (SIGCONT).
pub fn thaw(dir: &Path, server: Server) -> Result<()> {
    running(dir, server)?.daemon(server).signal(Signal::CONT)
}

/// Starts a server that is not running and returns when it answers; a broker does when it knows all the others, so those
/// must run.
pub fn start(dir: &Path, server: Server, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let instance = part_of(dir, server)?;
    let _alone = instance::lock(dir)?;
    if instance.daemon(server).running()?.is_some() {
        bail!("{server} runs already");
    }
    let software = fetch::all(&super::home()?.join("software"), &instance.shape, progress)?;
    instance.prepare(server)?;
    match server {
        Server::Kafka(id) => {
            kafka::start(&instance, &software, &[id], progress)?;
            kafka::wait(&instance)
        }
        Server::Elasticsearch => {
            elasticsearch::start(&instance, &software, progress)?;
            elasticsearch::wait(&instance)
        }
    }
}

fn running(dir: &Path, server: Server) -> Result<Instance> {
    let instance = part_of(dir, server)?;
    if instance.daemon(server).running()?.is_none() {
        bail!("{server} does not run in {}", dir.display());
    }
    Ok(instance)
}

fn part_of(dir: &Path, server: Server) -> Result<Instance> {
    let instance = Instance::read(dir)?.with_context(|| format!("nothing was ever started in {}", dir.display()))?;
    if !instance.servers().contains(&server) {
        bail!("there is no {server} in {}", dir.display());
    }
    Ok(instance)
}
