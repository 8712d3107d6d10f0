//! Services that their first caller starts.

use crate::bench::{Bench, app, name};
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixStream;

#[test]
fn a_caller_at_a_port_starts_the_service() {
    // A port that is free now, and that nobody else here asks for.
    let port = {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        free.local_addr().unwrap().port()
    };
    let keys = format!(
        "    daemon: simple\n    plugs: [network-bind]\n    sockets:\n      web:\n        \
         listen-stream: 127.0.0.1:{port}\n"
    );
    let Some(bench) = Bench::new(&app("socket", &keys)) else {
        return;
    };
    bench.start().unwrap();
    assert_eq!(bench.state("socket"), "listening");
    for starts in 1..=2 {
        let mut answer = String::new();
        let mut caller = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        caller.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, format!("answer from {}\n", name()));
        bench.wait_for_state("socket", "listening");
        assert_eq!(bench.client.status().unwrap()[0].starts, starts);
    }
    bench.stop();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}

#[test]
fn a_caller_at_a_file_starts_the_service() {
    let keys = "    daemon: simple\n    plugs: [network-bind]\n    sockets:\n      web:\n        \
                listen-stream: $SNAP_DATA/web.socket\n        socket-mode: 0600\n";
    let Some(bench) = Bench::new(&app("socket", keys)) else {
        return;
    };
    bench.start().unwrap();
    let path = bench.data().join("web.socket");
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.mode() & 0o777, metadata.uid()), (0o600, 20_000));
    let mut answer = String::new();
    let mut caller = UnixStream::connect(&path).unwrap();
    caller.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, format!("answer from {}\n", name()));
}

#[test]
fn a_socket_is_not_opened_through_the_snaps_link() {
    let keys = "    daemon: simple\n    plugs: [network-bind]\n    sockets:\n      web:\n        \
                listen-stream: $SNAP_DATA/inner/web.socket\n";
    let Some(bench) = Bench::new(&app("socket", keys)) else {
        return;
    };
    let outside = bench.directory.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("web.socket"), "precious").unwrap();
    fs::create_dir_all(bench.data()).unwrap();
    symlink(&outside, bench.data().join("inner")).unwrap();
    let error = bench.start().unwrap_err().to_string();
    assert!(
        error.contains("its directory is missing, or a link"),
        "{error}"
    );
    let kept = fs::read_to_string(outside.join("web.socket")).unwrap();
    assert_eq!(kept, "precious");
}
