//! SQLite under the contract, and what is its own: files, versions, processes, a full disk.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use history::{HistoryReader, HistoryWriter, Item, OpenError, Options, Verdict, open_reader, open_writer};
use tempfile::TempDir;

use crate::contract::{Engine, Store, contract_tests, samples::*};

struct Sqlite;

impl Engine for Sqlite {
    async fn fresh(&self) -> Store {
        let directory = tempfile::tempdir().unwrap();
        let (writer, reader) = open(&directory.path().join("history.sqlite"));
        Store { writer, reader, _keep: Box::new(directory) }
    }
}

contract_tests!(Sqlite);

fn url(path: &Path) -> Options {
    Options::new(format!("sqlite:{}", path.display()))
}

fn open(path: &Path) -> (Arc<dyn HistoryWriter>, Arc<dyn HistoryReader>) {
    (open_writer(&url(path)).unwrap(), open_reader(&url(path)).unwrap())
}

fn file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.sqlite");
    (directory, path)
}

#[tokio::test]
async fn a_reader_may_come_before_the_writer() {
    let (_directory, path) = file();
    let path = path.with_file_name("made").join("history.sqlite");
    let reader = open_reader(&url(&path)).unwrap();
    let error = reader.healthy().await.unwrap_err();
    assert!(error.to_string().contains("nothing has been written to"), "{error}");
    // The file is there and has no tables: the writer is just about to make them.
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(&path).unwrap();
    assert!(reader.healthy().await.is_err());
    let writer = open_writer(&url(&path)).unwrap();
    writer.store(fixes(1, [0]).into()).await.unwrap();
    reader.healthy().await.unwrap();
    assert_eq!(reader.trail_of_courier(&courier(1), 0, i64::MAX, 9).await.unwrap().points, [fix(1, 0)]);
}

#[tokio::test]
async fn what_was_stored_is_there_after_reopening() {
    let (_directory, path) = file();
    let (writer, _) = open(&path);
    writer.store(fixes(1, 0..10).into()).await.unwrap();
    drop(writer);
    let (writer, reader) = open(&path);
    assert_eq!(writer.store(fixes(1, 9..11).into()).await.unwrap(), [Verdict::Known, Verdict::New]);
    assert_eq!(reader.trail_of_courier(&courier(1), 0, i64::MAX, 99).await.unwrap().points.len(), 11);
}

#[tokio::test]
async fn readers_read_while_the_writer_writes() {
    let (_directory, path) = file();
    let (writer, reader) = open(&path);
    let writing = tokio::spawn(async move {
        for n in 0..60 {
            writer.store(fixes(1, n * 50..(n + 1) * 50).into()).await.unwrap();
        }
    });
    // Each answer is one state: whole batches, never fewer than before.
    let mut seen = 0;
    while seen < 3_000 {
        let points = reader.trail_of_courier(&courier(1), T0, T0 + 1_999_000, 2_000).await.unwrap().points.len();
        assert!(points % 50 == 0 && points >= seen.min(2_000), "{points} after {seen}");
        seen = if points == 2_000 { 3_000 } else { points };
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn more_questions_than_connections_are_all_answered() {
    let (_directory, path) = file();
    let (writer, reader) = open(&path);
    writer.store(fixes(1, 0..2_000).into()).await.unwrap();
    let questions: Vec<_> = (0..50)
        .map(|_| {
            let reader = Arc::clone(&reader);
            tokio::spawn(async move { reader.trail_of_courier(&courier(1), 0, i64::MAX, 100).await })
        })
        .collect();
    for (index, question) in questions.into_iter().enumerate() {
        // Callers that go away leave the connections in order for the others.
        if index % 3 == 0 {
            question.abort();
        } else {
            assert_eq!(question.await.unwrap().unwrap().points.len(), 100);
        }
    }
    reader.healthy().await.unwrap();
}

#[tokio::test]
async fn two_writers_share_the_file() {
    let (_directory, path) = file();
    let (one, reader) = open(&path);
    let two = open_writer(&url(&path)).unwrap();
    let (a, b) = tokio::join!(one.store(fixes(1, 0..2_000).into()), two.store(fixes(1, 1_000..3_000).into()));
    let new = [a.unwrap(), b.unwrap()].concat().iter().filter(|verdict| **verdict == Verdict::New).count();
    assert_eq!(new, 3_000);
    let trail = reader.trail_of_courier(&courier(1), T0 + 500_000, T0 + 2_400_000, 2_000).await.unwrap();
    assert_eq!(trail.points.len(), 1_901);
}

#[tokio::test]
async fn a_newer_or_foreign_file_is_named_so_and_left_alone() {
    let (directory, path) = file();
    drop(open(&path));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 7").unwrap();
    drop(connection);
    for error in [open_writer(&url(&path)).err().unwrap(), open_reader(&url(&path)).err().unwrap()] {
        assert!(matches!(error, OpenError::Newer { found: 7, known: 1, .. }), "{error}");
        assert!(error.to_string().contains("has schema version 7, this program knows up to 1"), "{error}");
    }
    let foreign = directory.path().join("foreign.sqlite");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE cake (taste TEXT)").unwrap();
    let text = directory.path().join("notes.txt");
    fs::write(&text, "buy milk, and a good deal more than what fits the first hundred bytes. ".repeat(9)).unwrap();
    for path in [foreign, text] {
        let before = fs::read(&path).unwrap();
        assert!(matches!(open_writer(&url(&path)).err().unwrap(), OpenError::Foreign { .. }));
        assert!(matches!(open_reader(&url(&path)).err().unwrap(), OpenError::Foreign { .. }));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let (directory, path) = file();
    fs::write(&path, "").unwrap();
    let below_a_file = open_writer(&url(&path.join("x/history.sqlite"))).err().unwrap();
    assert!(matches!(below_a_file, OpenError::Unwritable { .. }), "{below_a_file}");
    let a_directory = open_writer(&url(directory.path())).err().unwrap();
    assert!(a_directory.to_string().starts_with("cannot write "), "{a_directory}");
}

/// Not a test by itself: what [`a_killed_writer_loses_nothing_acknowledged`] runs in a process of its own.
#[tokio::test]
async fn child_that_writes_until_it_is_killed() {
    let Ok(path) = std::env::var("HISTORY_TEST_FILE") else { return };
    let writer = open_writer(&url(Path::new(&path))).unwrap();
    for n in 0.. {
        writer.store(fixes(1, n * 10..(n + 1) * 10).into()).await.unwrap();
        println!("acknowledged {}", (n + 1) * 10);
    }
}

#[tokio::test]
async fn a_killed_writer_loses_nothing_acknowledged() {
    use std::io::{BufRead, BufReader};
    let (_directory, path) = file();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["sqlite::child_that_writes_until_it_is_killed", "--exact", "--nocapture"])
        .env("HISTORY_TEST_FILE", &path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let number = |line: String| line.strip_prefix("acknowledged ").and_then(|number| number.parse::<i64>().ok());
    let mut acknowledged = lines.by_ref().filter_map(number).find(|number| *number >= 300).expect("the child wrote");
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    acknowledged = lines.filter_map(number).last().unwrap_or(acknowledged);
    // A reader alone finds it all, before any writer has come back: `verify` after a crash.
    let count = async |reader: Arc<dyn HistoryReader>| {
        let trail = reader.trail_of_courier(&courier(1), 0, i64::MAX, 2_000).await.unwrap();
        trail.points.len() as i64
    };
    let alone = count(open_reader(&url(&path)).unwrap()).await;
    assert!(alone >= acknowledged.min(1_000), "{alone} of {acknowledged}");
    let (writer, reader) = open(&path);
    let verdicts = writer.store(fixes(1, 0..acknowledged).into()).await.unwrap();
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Known), "{acknowledged} acknowledged");
    let stored = count(reader).await;
    assert!(stored == acknowledged || stored == acknowledged + 10 || acknowledged > 1_900, "{stored} {acknowledged}");
}

/// A small file system of its own, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(directory.path());
        assert!(mount.status().unwrap().success(), "no right to mount");
        Self(directory)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
#[ignore = "needs the right to mount a small file system"]
async fn a_full_disk_is_unavailable_and_nothing_is_lost() {
    let disk = SmallDisk::mount("3m");
    let (writer, reader) = open(&disk.0.path().join("history.sqlite"));
    let ballast = disk.0.path().join("ballast");
    fs::write(&ballast, vec![0u8; 1_200_000]).unwrap();
    let batch = |n: i64| -> Arc<[Item]> { fixes(n as usize, 0..500).into() };
    let mut stored = 0;
    let error = loop {
        match writer.store(batch(stored)).await {
            Ok(verdicts) => assert!(verdicts.iter().all(|verdict| *verdict == Verdict::New)),
            Err(error) => break error,
        }
        stored += 1;
        assert!(stored < 1_000, "the disk never became full");
    };
    assert!(error.to_string().contains("full") || error.to_string().contains("I/O"), "{error}");
    assert!(stored > 0);
    // It stays so, and reading goes on.
    assert!(writer.store(batch(stored)).await.is_err());
    for n in 0..stored {
        assert_eq!(reader.trail_of_courier(&courier(n as usize), 0, i64::MAX, 500).await.unwrap().points.len(), 500);
    }
    assert!(reader.trail_of_courier(&courier(stored as usize), 0, i64::MAX, 500).await.unwrap().points.is_empty());
    fs::remove_file(ballast).unwrap();
    let verdicts = writer.store(batch(stored)).await.unwrap();
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::New), "half a batch was left behind");
}
