//! The configuration of docs/store.md, with a real nginx and our own client.

#[path = "../../store-builder/tests/support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use store_builder::RealFiles;
use store_interop::{Nginx, Traffic, Wire};
use support::{BOARD, Maker, NOW};
use tuf_client::{Client, HttpRepository, Poll};

const FIRST: &str = "system/x86_64-uefi/twinkeel-1.update";

fn repository(address: SocketAddr) -> HttpRepository {
    let base = format!("http://{address}");
    HttpRepository::new(&format!("{base}/metadata"), &format!("{base}/targets"))
}

#[test]
fn a_device_updates_from_nginx_and_an_idle_poll_is_a_kibibyte() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let nginx = Nginx::serve(&maker.layout().public()).expect("nginx");
    let mut device = maker.device();
    let mut client = Client::new(&mut device, repository(nginx.address()), NOW).expect("a client");
    client.refresh().expect("a refresh");
    let target = client
        .target_info(FIRST)
        .expect("a search")
        .expect("the target");
    let mut bytes = Vec::new();
    client.download(&target, &mut bytes).expect("a download");
    assert_eq!(bytes, maker.system_bytes(BOARD, 1));
    let validator = client.validator().cloned().expect("an entity tag");
    drop(client);

    let wire = Wire::to(nginx.address()).expect("a wire");
    let mut client = Client::new(&mut device, repository(wire.address()), NOW).expect("a client");
    assert_eq!(client.poll(&validator).expect("a poll"), Poll::Unchanged);
    drop(client);
    let Traffic { sent, received } = wire.traffic().expect("a connection");
    let text = String::from_utf8_lossy(&received);
    assert!(text.starts_with("HTTP/1.1 304 "), "{text}");
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
    let total = sent.len() + received.len();
    println!(
        "idle poll: {} bytes sent, {} received",
        sent.len(),
        received.len()
    );
    assert!((1..=1024).contains(&total), "{total} bytes");

    // Twice in one second: the device must see both.
    for _ in 0..2 {
        maker
            .act(&mut RealFiles, 0, |store, keys| store.refresh(keys))
            .expect("a new timestamp");
        let client = Client::new(&mut device, repository(nginx.address()), NOW);
        let polled = client.expect("a client").poll(&validator);
        assert_eq!(polled.expect("a poll"), Poll::Refreshed);
    }
}

#[test]
fn two_timestamps_in_one_second_have_two_tags() {
    let maker = Maker::new();
    let nginx = Nginx::serve(&maker.layout().public()).expect("nginx");
    let mut device = maker.device();
    let mut client = Client::new(&mut device, repository(nginx.address()), NOW).expect("a client");
    let mut tags = Vec::new();
    for _ in 0..3 {
        client.refresh().expect("a refresh");
        tags.push(client.validator().cloned().expect("an entity tag").0);
        maker
            .act(&mut RealFiles, 0, |store, keys| store.refresh(keys))
            .expect("a new timestamp");
    }
    tags.dedup();
    assert_eq!(tags.len(), 3, "{tags:?}");
}

#[test]
fn nginx_serves_pieces_and_no_drafts_and_says_what_may_be_cached() {
    let maker = Maker::new();
    let draft = maker.layout().metadata().join(".2.root.json.draft");
    std::fs::write(draft, "half").expect("a draft");
    let nginx = Nginx::serve(&maker.layout().public()).expect("nginx");
    let ask = |path: &str, header: &str| {
        let mut stream = TcpStream::connect(nginx.address()).expect("a connection");
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: s\r\nConnection: close\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("an answer");
        reply
    };
    let piece = ask("/metadata/1.root.json", "Range: bytes=2-5\r\n");
    assert!(piece.starts_with("HTTP/1.1 206 "), "{piece}");
    assert!(
        piece.contains("Cache-Control: public, max-age=31536000, immutable"),
        "{piece}"
    );
    let timestamp = ask("/metadata/timestamp.json", "");
    assert!(
        timestamp.contains("Cache-Control: no-cache\r\n"),
        "{timestamp}"
    );
    for absent in ["/metadata/2.root.json", "/metadata/.2.root.json.draft"] {
        let reply = ask(absent, "");
        assert!(reply.starts_with("HTTP/1.1 404 "), "{reply}");
        assert!(!reply.contains("immutable"), "{reply}");
    }
}
