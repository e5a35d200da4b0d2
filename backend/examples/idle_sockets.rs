//! What an idle socket costs in memory, beyond the kernel's: the growth of a backend's resident memory over so many
//! sockets that have said hello and then only get the summary.
//!
//! `cargo run --release -p backend --example idle_sockets -- 5000`

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use backend::{Settings, Surroundings};
use clap::Parser;
use contract::topics;
use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext};
use service::{Health, Shutdown};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("client") => client(args[1].parse().unwrap(), args[2].parse().unwrap()),
        count => server(count.unwrap_or("5000")),
    }
}

/// Opens the sockets, tells so, and reads until its input ends.
fn client(addr: SocketAddr, count: usize) {
    let mut sockets: Vec<TcpStream> = (0..count).map(|_| open(addr)).collect();
    println!("open");
    std::thread::spawn(move || {
        let mut waste = [0; 65_536];
        loop {
            for socket in &mut sockets {
                while socket.read(&mut waste).is_ok_and(|read| read > 0) {}
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let _ = std::io::stdin().read(&mut [0]);
}

fn open(addr: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    let request = format!(
        "GET /api/v1/live HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: code-delivery.v1\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/130\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let hello = br#"{"type":"hello","token":null,"cursor":null}"#;
    // A masked text frame, its mask 0.
    let mut frame = vec![0x81, 0x80 | hello.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(hello);
    let mut head = [0; 1];
    stream.read_exact(&mut head).unwrap();
    stream.write_all(&frame).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

fn server(count: &str) {
    let cluster: MockCluster<'static, DefaultProducerContext> = MockCluster::new(1).unwrap();
    topics::ALL.iter().for_each(|topic| cluster.create_topic(topic.name, topic.partitions, 1).unwrap());
    let dir = tempfile::TempDir::new().unwrap();
    let history = format!("sqlite:{}", dir.path().join("history.sqlite").display());
    let brokers = cluster.bootstrap_servers();
    let flags = ["--kafka-brokers", &brokers, "--history-url", &history, "--http-addr", "127.0.0.1:0"];
    let mut settings = Settings::parse_from(std::iter::once("backend").chain(flags));
    settings.kafka.embedded = true;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let surroundings = Surroundings { own_admin: false, ..Surroundings::default() };
        let health = Health::new();
        let server = backend::build(settings, surroundings, health.clone()).await.unwrap();
        let addr = server.addr;
        tokio::spawn(server.run(Shutdown::new()));
        while !health.is_ready() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // One first, so that what is made once is made.
        let one = open(addr);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let before = resident();
        let mut child = Command::new(std::env::current_exe().unwrap());
        let child = child.args(["client", &addr.to_string(), count]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let now = resident();
            let each = (now - before) / count.parse::<f64>().unwrap();
            println!("{before:.0} KiB before, {now:.0} KiB with {count} sockets: {each:.2} KiB each");
        }
        drop(one);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    runtime.shutdown_background();
}

/// Resident memory of this process, KiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
