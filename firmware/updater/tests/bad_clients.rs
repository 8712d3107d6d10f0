//! Clients that are slow, long, many or make no sense: the daemon goes on.
mod client;
mod device;

use client::Client;
use device::{TestDevice, me, not_me};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use updater::api::Peer;
use updater::api::request::{BODY_BYTES, HEAD_BYTES};
use updater::socket::{Patience, Socket};

/// For tests that let it end.
const SHORT: Patience = Patience {
    request: Duration::from_millis(200),
    answer: Duration::from_millis(200),
};
const LONG: Duration = Duration::from_secs(60);
/// For tests in which a seat comes back because the client leaves, and not because it is slow.
const PATIENT: Patience = Patience {
    request: LONG,
    answer: LONG,
};
/// `socket::OF_OTHERS`.
const SEATS: usize = 32;

struct Served {
    path: PathBuf,
    _root: TempDir,
}

fn served(administrator: Peer, patience: Patience) -> Served {
    let root = tempfile::tempdir().unwrap();
    let path = TestDevice::new().serve(root.path(), administrator, patience);
    Served { path, _root: root }
}

impl Served {
    fn connect(&self) -> Client {
        Client::connect(&self.path)
    }

    fn is_alive(&self) {
        assert_eq!(self.connect().get("/v2/snaps")["type"], "sync");
    }
}

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let served = served(me(), PATIENT);
    let mut client = served.connect();
    for _ in 0..3 {
        assert_eq!(client.get("/v2/snaps")["type"], "sync");
    }
    // Two at once are answered in their order, and the last one ends it.
    let two = "GET /v2/snaps HTTP/1.1\r\n\r\nGET /v2/x HTTP/1.1\r\nConnection: close\r\n\r\n";
    client.write(two).unwrap();
    assert_eq!(client.read().unwrap()["type"], "sync");
    assert_eq!(client.read().unwrap()["status-code"], 404);
    assert_eq!(client.read(), None);
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let served = served(me(), PATIENT);
    let mut client = served.connect();
    let body = r#"{"action": "hold"}"#;
    let text = format!(
        "POST /v2/snaps/system HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for at in 0..text.len() {
        client.write(&text[at..=at]).unwrap();
    }
    assert_eq!(client.read().unwrap()["type"], "async");
}

#[test]
fn a_slow_head_and_a_slow_body_are_told_and_ended() {
    let served = served(me(), SHORT);
    for half in [
        "GET /v2/sn",
        "POST /v2/snaps/system HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    ] {
        let mut client = served.connect();
        client.write(half).unwrap();
        assert_eq!(client.read().unwrap()["status-code"], 408, "{half}");
        assert_eq!(client.read(), None);
    }
    served.is_alive();
}

/// The time is that of the whole request: a byte now and then buys nothing.
#[test]
fn a_client_that_drips_is_ended_too() {
    let request = Duration::from_secs(2);
    let served = served(me(), Patience { request, ..SHORT });
    let mut client = served.connect();
    let begun = Instant::now();
    client.write("GET /v2/snaps HTTP/1.1\r\nA: ").unwrap();
    while !client.hears_within(request / 100) {
        assert!(begun.elapsed() < 3 * request, "it may drip for ever");
        client.write("a").unwrap();
    }
    assert_eq!(client.read().unwrap()["status-code"], 408);
    served.is_alive();
}

#[test]
fn a_client_that_says_nothing_is_ended_without_a_word() {
    let served = served(me(), SHORT);
    assert_eq!(served.connect().read(), None);
}

#[test]
fn a_client_that_takes_no_answers_is_ended() {
    let served = served(me(), SHORT);
    let mut client = served.connect();
    let begun = Instant::now();
    while client.write("GET /v2/snaps HTTP/1.1\r\n\r\n").is_ok() {
        assert!(begun.elapsed() < LONG);
    }
    served.is_alive();
}

#[test]
fn what_is_too_long_is_refused_before_it_is_kept() {
    let served = served(me(), PATIENT);
    let endless = "x".repeat(HEAD_BYTES);
    let long_body = format!(
        "POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n",
        BODY_BYTES + 1
    );
    let chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    let garbage = "\0\0\0\0\r\n\r\n".to_owned();
    for (text, code) in [
        (format!("GET /{endless}"), 431),
        (format!("GET / HTTP/1.1\r\nA: {endless}"), 431),
        (long_body, 413),
        (chunks, 411),
        (garbage, 400),
    ] {
        let mut client = served.connect();
        client.write(&text).unwrap();
        assert_eq!(client.read().unwrap()["status-code"], code);
        assert_eq!(client.read(), None);
    }
    served.is_alive();
}

#[test]
fn a_client_that_leaves_in_the_middle_leaves_nothing() {
    let served = served(me(), PATIENT);
    for _ in 0..4 * SEATS {
        let mut client = served.connect();
        client
            .write("POST /v2/snaps/system HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
            .unwrap();
        drop(client);
        let begun = Instant::now();
        // Its seat is free once its thread has seen that it left.
        while served.connect().get("/v2/snaps")["status-code"] != 200 {
            assert!(begun.elapsed() < LONG);
        }
    }
}

#[test]
fn there_are_so_many_seats_and_no_more() {
    let served = served(not_me(), PATIENT);
    let mut seated: Vec<Client> = (0..SEATS).map(|_| served.connect()).collect();
    for client in &mut seated {
        assert_eq!(client.get("/v2/snaps")["type"], "sync");
    }
    let mut late = served.connect();
    assert_eq!(late.read().unwrap()["status-code"], 503);
    assert_eq!(late.read(), None);
    // Those who sit are served, and a seat that is left is taken.
    assert_eq!(seated[0].get("/v2/snaps")["type"], "sync");
    seated.clear();
    let begun = Instant::now();
    loop {
        let mut client = served.connect();
        // A client that is refused may find the connection ended already.
        if client.write("GET /v2/snaps HTTP/1.1\r\n\r\n").is_ok()
            && client
                .read()
                .is_some_and(|answer| answer["status-code"] == 200)
        {
            break;
        }
        assert!(begun.elapsed() < LONG);
    }
}

#[test]
fn a_socket_that_is_served_is_not_taken_and_one_that_is_not_is_replaced() {
    let served = served(me(), PATIENT);
    assert!(Socket::bind(&served.path).is_err());
    let other = served.path.with_file_name("other.socket");
    drop(Socket::bind(&other).unwrap());
    assert!(other.exists());
    drop(Socket::bind(&other).unwrap());
    let file = served.path.with_file_name("file");
    std::fs::write(&file, "mine").unwrap();
    assert!(Socket::bind(&file).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}

#[test]
fn everybody_may_connect() {
    use std::os::unix::fs::PermissionsExt;
    let served = served(me(), PATIENT);
    let mode = std::fs::metadata(&served.path)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o666);
}
