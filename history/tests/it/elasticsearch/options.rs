//! What a server is told about who asks.

use std::fs;

use history::{Options, open_writer};

use crate::{
    contract::samples::*,
    stub::{Stub, stored},
};

#[tokio::test]
async fn a_password_or_a_key_comes_with_every_request() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(dir.path().join(name), text).unwrap();
        Some(dir.path().join(name))
    };
    let none = || None::<std::path::PathBuf>;
    for (user, password_file, api_key_file, expected) in [
        (None, none(), none(), None),
        (Some("sink".to_owned()), file("password", "hunter2\n"), none(), Some("Basic c2luazpodW50ZXIy")),
        (None, none(), file("key", "aWQ6a2V5\n"), Some("ApiKey aWQ6a2V5")),
    ] {
        let stub = Stub::new(stored).await;
        let options = Options { user, password_file, api_key_file, ..stub.options() };
        open_writer(&options).unwrap().store(fixes(1, 0..5).into()).await.unwrap();
        let asked = stub.all();
        assert!(asked.len() > 8);
        for asked in asked {
            assert_eq!(asked.headers.get("authorization").map(String::as_str), expected, "{}", asked.path);
        }
    }
}

#[tokio::test]
async fn bodies_are_compressed_where_that_is_asked_for() {
    for gzip in [false, true] {
        // The answer is for the number of lines, which a compressed body does not show.
        let stub = Stub::new(|_| None).await;
        let options = Options { gzip, ..stub.options() };
        assert!(open_writer(&options).unwrap().store(fixes(1, 0..50).into()).await.is_err());
        let bulk = &stub.bulks()[0];
        assert_eq!(bulk.headers.get("content-encoding").is_some_and(|coding| coding == "gzip"), gzip);
        assert_eq!(bulk.body.starts_with(&[0x1f, 0x8b]), gzip);
        assert_eq!(bulk.headers["content-type"], "application/x-ndjson");
    }
}
