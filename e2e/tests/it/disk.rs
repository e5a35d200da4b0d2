//! A full disk: commands are refused, live goes on, and when there is room again everything is stored.

use std::{path::Path, process::Command, time::Duration};

use e2e::{
    eventually,
    process::Standalone,
    rest::{Rest, uuid7},
};
use reqwest::Method;
use serde_json::json;

/// A small file system of its own; taken away with the value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir.path()).status();
        assert!(mounted.is_ok_and(|status| status.success()), "no right to mount");
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let grown = Command::new("mount").args(["-o", &options]).arg(self.path()).status();
        assert!(grown.is_ok_and(|status| status.success()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the right to mount a small file system"]
async fn a_full_disk_loses_nothing() {
    let disk = SmallDisk::mount("16m");
    let mut server = Standalone::start(disk.path(), 0);
    server.ready().await;
    let rest = Rest::new(&server.url);
    let (driven, body) = (
        uuid7(),
        |courier: &str, speed: f64| json!({"courier": courier, "route": "railway-square-to-market-hall", "speed": speed, "interval_ms": 100}),
    );
    rest.put_until_taken(&format!("/deliveries/{driven}"), &body("d-1", 4.0)).await;
    eventually("the run to begin", Duration::from_secs(20), async || {
        (rest.get(&format!("/deliveries/{driven}")).await["status"] == "in_transit").then_some(())
    })
    .await;

    // Somebody fills the disk to the last byte.
    let filler = disk.path().join("filler");
    let _ = Command::new("dd").args(["if=/dev/zero", "bs=4k"]).arg(format!("of={}", filler.display())).output();

    eventually("the store to refuse", Duration::from_secs(60), async || {
        let metrics = reqwest::get(server.admin("/metrics")).await.ok()?.text().await.ok()?;
        metrics.lines().find(|line| line.starts_with("cd_sink_retries_total")).map(|_| ())
    })
    .await;
    // The run goes on live, to its end, although nothing can be stored.
    let newest = async || rest.ask(Method::GET, "/couriers/d-1", None).await?.1["position"]["at"].as_i64();
    let before = newest().await.expect("d-1 is live");
    eventually("live to go on", Duration::from_secs(20), async || newest().await.filter(|at| *at > before)).await;
    eventually("the run to end", Duration::from_secs(90), async || {
        (rest.get(&format!("/deliveries/{driven}")).await["status"] == "delivered").then_some(())
    })
    .await;
    // A command cannot be made durable, so it is not acknowledged.
    let refused = uuid7();
    let (status, problem) =
        rest.ask(Method::PUT, &format!("/deliveries/{refused}"), Some(&body("d-2", 1.0))).await.unwrap();
    assert_eq!((status, problem["type"].as_str()), (503, Some("/problems/broker-unavailable")), "{problem}");
    assert!(server.process.is_running());

    disk.grow("64m");
    // The same again is harmless, and taken now.
    rest.put_until_taken(&format!("/deliveries/{refused}"), &body("d-2", 1.0)).await;
    eventually("every fix to be stored", Duration::from_secs(90), async || {
        let known = rest.get(&format!("/deliveries/{driven}")).await;
        let audit = rest.ask(Method::GET, &format!("/deliveries/{driven}/audit"), None).await?.1;
        let whole = audit["stored"] == known["positions"] && audit["missing"] == json!([]);
        (known["status"] == "delivered" && whole).then_some(())
    })
    .await;
    assert!(server.process.stop(Duration::from_secs(30)).success());
}
