//! The development server: what a device asks of a web server.

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use store_builder::DevelopmentServer;
use support::{BOARD, Maker, NOW};
use tuf_client::{Client, HttpRepository, Poll};

const FIRST: &str = "system/x86_64-uefi/twinkeel-1.update";

/// Serves a maker's store while `visit` runs. Returns the lines of the log.
fn served(maker: &Maker, visit: impl FnOnce(SocketAddr)) -> Vec<String> {
    let server = DevelopmentServer::bind(&maker.layout().public(), 0).expect("a free port");
    let lines = Mutex::new(Vec::new());
    let visited = std::thread::scope(|scope| {
        scope.spawn(|| server.run(|line| lines.lock().expect("the log").push(line.to_owned())));
        let address = server.address();
        let visited = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| visit(address)));
        server.stop();
        visited
    });
    if let Err(panic) = visited {
        std::panic::resume_unwind(panic);
    }
    lines.into_inner().expect("the log")
}

fn ask(address: SocketAddr, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: store\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("an answer");
    String::from_utf8_lossy(&reply).into_owned()
}

fn header<'a>(reply: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = reply.lines().take_while(|line| !line.is_empty());
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_device_updates_from_it() {
    let maker = Maker::new();
    maker.add(1).expect("added");
    let log = served(&maker, |address| {
        let base = format!("http://{address}");
        let repository =
            HttpRepository::new(&format!("{base}/metadata"), &format!("{base}/targets"));
        let mut device = maker.device();
        let mut client = Client::new(&mut device, repository, NOW).expect("a client");
        client.refresh().expect("a refresh");
        let target = client
            .target_info(FIRST)
            .expect("a search")
            .expect("the target");
        let mut bytes = Vec::new();
        client.download(&target, &mut bytes).expect("a download");
        assert_eq!(bytes, maker.system_bytes(BOARD, 1));
        let validator = client.validator().cloned().expect("an entity tag");
        assert_eq!(client.poll(&validator).expect("a poll"), Poll::Unchanged);
    });
    assert_eq!(
        log.last().map(String::as_str),
        Some("GET /metadata/timestamp.json 304")
    );
    assert!(
        log.contains(&"GET /metadata/2.root.json 404".to_owned()),
        "{log:?}"
    );
}

#[test]
fn ranges_and_conditions_are_answered() {
    let maker = Maker::new();
    served(&maker, |address| {
        let path = "/metadata/1.root.json";
        let whole = ask(address, path, "");
        let body = whole.split_once("\r\n\r\n").expect("a body").1;
        let tag = header(&whole, "ETag").expect("an entity tag");
        assert!(whole.starts_with("HTTP/1.1 200 "));
        assert_eq!(
            header(&whole, "Content-Length"),
            Some(body.len().to_string().as_str())
        );

        let piece = ask(
            address,
            path,
            &format!("Range: bytes=2-5\r\nIf-Range: {tag}\r\n"),
        );
        assert!(piece.starts_with("HTTP/1.1 206 "), "{piece}");
        assert_eq!(piece.split_once("\r\n\r\n").expect("a body").1, &body[2..6]);
        let range = format!("bytes 2-5/{}", body.len());
        assert_eq!(header(&piece, "Content-Range"), Some(range.as_str()));
        let changed = ask(address, path, "Range: bytes=2-5\r\nIf-Range: \"other\"\r\n");
        assert!(changed.starts_with("HTTP/1.1 200 "));

        let known = ask(address, path, &format!("If-None-Match: \"x\", {tag}\r\n"));
        assert!(known.starts_with("HTTP/1.1 304 "));
        assert!(known.ends_with("\r\n\r\n"));
        assert!(ask(address, path, "Range: bytes=999999-\r\n").starts_with("HTTP/1.1 416 "));
        assert!(ask(address, "/metadata/../lock", "").starts_with("HTTP/1.1 404 "));
        assert!(ask(address, "/metadata", "").starts_with("HTTP/1.1 404 "));
    });
}
