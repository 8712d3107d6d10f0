//! Over the wire: conditions, refusals, and servers that do not stop.

use crate::repository::{NOW, Repository};
use crate::server::{reply, serve};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use tuf_client::{
    Client, DirectoryStore, Error, Fetch, FetchError, HttpRepository, Place, Poll, Reply, Request,
    initialise,
};

fn repository(answer: impl Fn(&str, &str, &mut TcpStream) + Send + 'static) -> HttpRepository {
    let (address, _) = serve(answer);
    HttpRepository::new(
        &format!("http://{address}/"),
        &format!("http://{address}/t"),
    )
}

fn ask(repository: &mut HttpRepository, max_bytes: u64) -> Result<Vec<u8>, FetchError> {
    let place = Place::Metadata("timestamp.json");
    match repository.fetch(Request {
        place,
        max_bytes,
        unless: None,
    })? {
        Reply::NotModified => panic!("nobody asked for that"),
        Reply::File { body, .. } => {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::Read::take(body, max_bytes), &mut bytes)
                .map_err(|error| FetchError::Broken(error.to_string()))?;
            Ok(bytes)
        }
    }
}

#[test]
fn an_idle_poll_is_one_conditional_request_of_less_than_a_kilobyte() {
    let repository = Repository::new();
    let files = repository.files.clone();
    let (address, asked) = serve(move |path, request, stream| {
        let tag = "ETag: \"67448a3f-2c1\"\r\n";
        match files.get(path.trim_start_matches('/')) {
            None => reply(stream, "404 Not Found", "", b""),
            Some(_)
                if request
                    .to_lowercase()
                    .contains("if-none-match: \"67448a3f-2c1\"") =>
            {
                let head = format!("HTTP/1.1 304 Not Modified\r\n{tag}Connection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).expect("it is sent");
            }
            Some(bytes) => reply(stream, "200 OK", tag, bytes),
        }
    });
    let directory = tempfile::tempdir().expect("a directory");
    let metadata = format!("http://{address}/metadata");
    let device = || {
        let store = DirectoryStore::new(directory.path().join("trusted"));
        Client::new(store, HttpRepository::new(&metadata, &metadata), NOW)
    };
    let mut store = DirectoryStore::new(directory.path().join("trusted"));
    initialise(&mut store, &repository.file("1.root.json")).expect("it is a root");
    let mut client = device().expect("it trusts a root");
    client.refresh().expect("it is honest");
    let validator = client.validator().cloned().expect("the server gives one");
    assert_eq!(asked.try_iter().count(), 4);

    let mut client = device().expect("it trusts a root");
    assert_eq!(
        client.poll(&validator).expect("it is honest"),
        Poll::Unchanged
    );
    let asked: Vec<String> = asked.try_iter().collect();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].len() <= 1024, "{} bytes", asked[0].len());
    assert!(asked[0].starts_with("GET /metadata/timestamp.json "));
}

#[test]
fn missing_and_forbidden_are_the_same_and_others_are_failures() {
    for (status, expected) in [
        ("404 Not Found", FetchError::NotFound),
        ("403 Forbidden", FetchError::NotFound),
        ("500 Oops", FetchError::Status(500)),
        ("204 No Content", FetchError::Status(204)),
        ("304 Not Modified", FetchError::Status(304)),
    ] {
        let mut repository = repository(move |_, _, stream| {
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
        });
        assert_eq!(ask(&mut repository, 100), Err(expected), "{status}");
    }
}

#[test]
fn a_body_without_end_is_read_to_its_bound() {
    let mut repository = repository(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    assert_eq!(
        ask(&mut repository, 10_000).map(|bytes| bytes.len()),
        Ok(10_000)
    );
}

#[test]
fn a_body_that_breaks_off_is_a_failure() {
    let mut repository = repository(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    assert!(matches!(
        ask(&mut repository, 1000),
        Err(FetchError::Broken(_))
    ));
}

#[test]
fn a_server_that_is_not_there_is_an_error_with_a_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it has an address");
    drop(listener);
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = DirectoryStore::new(directory.path());
    initialise(&mut store, &Repository::new().file("1.root.json")).expect("it is a root");
    let base = format!("http://{address}");
    let client = Client::new(store, HttpRepository::new(&base, &base), NOW);
    let error = client
        .expect("it trusts a root")
        .refresh()
        .expect_err("nobody is there");
    assert!(matches!(error, Error::Fetch { .. }), "{error}");
    assert!(error.remedy().contains("network"));
}
