//! What a person at a terminal sees of an install from a store.
#[path = "../../updater/tests/device/mod.rs"]
mod device;
#[path = "../../updater/tests/snap_parts/mod.rs"]
mod snap_parts;

use device::{TestDevice, me};
use image_trust::sha256;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use snap_format::build::{Output, build};
use snap_parts::{ListedOnly, listed, make_snap, parts};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use updater::snaps::SnapDesk;
use updater::socket::Patience;

/// What `snap-store` fetches at once.
const PIECE_BYTES: usize = 256 << 10;

/// A snap `hello` of two MiB, which no compression makes smaller.
fn big_snap(directory: &Path) -> Vec<u8> {
    make_snap(directory, "1.0");
    let tree = directory.join("tree-hello-1.0");
    let noise = (0..65_536_u32).flat_map(|number| sha256(&number.to_be_bytes()).0);
    std::fs::write(tree.join("bin/more"), noise.collect::<Vec<_>>()).unwrap();
    let file = directory.join("big.snap");
    build(&tree, Output::File(&file), 0).unwrap();
    std::fs::read(&file).unwrap()
}

/// Serves `bytes`, one piece for each word of the test.
fn serve_by_word(bytes: Vec<u8>, words: Receiver<()>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/hello.snap", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut first = 0;
            let head = BufReader::new(connection.try_clone().unwrap());
            for line in head.lines().map_while(Result::ok) {
                if line.is_empty() {
                    break;
                }
                if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
                    first = range.split('-').next().unwrap().parse().unwrap();
                }
            }
            let rest = &bytes[first..];
            let (last, all) = (bytes.len() - 1, bytes.len());
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nETag: \"1\"\r\n\
                 Content-Range: bytes {first}-{last}/{all}\r\n\r\n",
                rest.len()
            );
            // Who asked may have seen enough.
            let _ = connection.write_all(head.as_bytes());
            for piece in rest.chunks(PIECE_BYTES) {
                if words.recv().is_err() || connection.write_all(piece).is_err() {
                    break;
                }
            }
        }
    });
    address
}

#[test]
fn a_person_sees_bytes_and_rate_and_then_the_table_of_2014() {
    let root = tempfile::tempdir().unwrap();
    let bytes = big_snap(root.path());
    let mut hello = listed("hello", "acme", "");
    hello.release.version = "1.0".to_owned();
    hello.length_bytes = bytes.len() as u64;
    hello.sha256 = sha256(&bytes);
    let (word, words) = channel();
    hello.address = serve_by_word(bytes, words);
    let device = TestDevice::new();
    let patience = Patience::OF_A_DAEMON;
    let socket = device.serve_as(root.path(), me(), patience, |api, changes| {
        let listing = Arc::new(ListedOnly(vec![hello]));
        api.with_snaps(SnapDesk::open(parts(root.path()), changes, listing))
    });

    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let terminal = || {
        let options = File::options().read(true).write(true).to_owned();
        Stdio::from(options.open(name.to_str().unwrap()).unwrap())
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_snappy"))
        .args(["install", "hello"])
        .env("SNAPPY_SOCKET", &socket)
        .stdin(Stdio::null())
        .stdout(terminal())
        .stderr(terminal())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    let (mut terminal, mut piece) = (File::from(controller), [0; 1024]);
    // It ends with an error once nobody has the other side.
    while let Ok(length @ 1..) = terminal.read(&mut piece) {
        seen.extend(&piece[..length]);
        // So each piece of the file was on its way when a line was drawn.
        for _ in piece[..length].iter().filter(|byte| **byte == b'[') {
            word.send(()).unwrap();
        }
    }
    let seen = String::from_utf8(seen).unwrap();
    assert!(child.wait().unwrap().success(), "{seen}");

    let drawn: Vec<_> = seen
        .split(['\r', '\n'])
        .filter(|line| line.starts_with("Fetching     ["))
        .collect();
    let partly = |line: &&&str| line.contains("= ") && line.contains(" of 2.3 MiB, ");
    assert!(drawn.iter().filter(partly).count() > 3, "{seen}");
    let last = drawn.last().unwrap();
    let full = format!("Fetching     [{}]    2.3 of 2.3 MiB, ", "=".repeat(30));
    assert!(
        last.starts_with(&full) && last.ends_with(" MiB/s"),
        "{last}"
    );
    let table = seen.lines().rev().take(2).collect::<Vec<_>>();
    assert!(
        table[1].starts_with("Part   Tag     Installed  Available"),
        "{seen}"
    );
    let row: Vec<_> = table[0].split_whitespace().collect();
    assert_eq!(
        (&row[..4], row[5]),
        (&["hello", "stable", "1.0", "-"][..], "*"),
        "{seen}"
    );
}
