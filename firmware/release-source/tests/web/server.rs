//! Web servers on this machine.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::thread;
use store_builder::DevelopmentServer;

/// Serves `directory` while `visit` runs.
pub(crate) fn served<T>(directory: &Path, visit: impl FnOnce(&str) -> T) -> T {
    let server = DevelopmentServer::bind(directory, 0).unwrap();
    let address = format!("http://{}", server.address());
    let visited = thread::scope(|scope| {
        scope.spawn(|| server.run(|_| ()));
        let visited = catch_unwind(AssertUnwindSafe(|| visit(&address)));
        server.stop();
        visited
    });
    visited.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Serves `file` under any name, and all of it whatever is asked for.
pub(crate) fn served_without_ranges<T>(file: &[u8], visit: impl FnOnce(&str) -> T) -> T {
    let file = file.to_vec();
    answering(move |_| (whole(file.len()), file.clone()), visit)
}

/// Serves what is in `directory`, and all of a file whatever is asked for.
pub(crate) fn served_whole<T>(directory: &Path, visit: impl FnOnce(&str) -> T) -> T {
    let directory = directory.to_owned();
    let answer = move |asked: &[String]| {
        let file = asked_for(&directory, asked);
        (whole(file.len()), file)
    };
    answering(answer, visit)
}

/// Serves what is in `directory`, and hangs up behind `limit` bytes of each answer.
pub(crate) fn served_cut<T>(directory: &Path, limit: u64, visit: impl FnOnce(&str) -> T) -> T {
    let directory = directory.to_owned();
    let answer = move |asked: &[String]| {
        let file = asked_for(&directory, asked);
        let (mut from, mut to) = (0, file.len());
        let range = asked.iter().find_map(|line| {
            let line = line.to_ascii_lowercase();
            line.strip_prefix("range: bytes=").map(str::to_owned)
        });
        if let Some((first, last)) = range.as_deref().and_then(|range| range.split_once('-')) {
            from = first.parse().unwrap();
            to = last.parse().map_or(to, |last: usize| to.min(last + 1));
        }
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\n\
             Content-Range: bytes {from}-{}/{}\r\nConnection: close\r\n\r\n",
            to - from,
            to - 1,
            file.len()
        );
        let sent = (to - from).min(usize::try_from(limit).unwrap());
        (head, file[from..from + sent].to_vec())
    };
    answering(answer, visit)
}

fn whole(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
}

fn asked_for(directory: &Path, asked: &[String]) -> Vec<u8> {
    let name = asked[0].split(' ').nth(1).unwrap();
    fs::read(directory.join(name.trim_start_matches('/'))).unwrap()
}

/// Answers the lines of each request with a head and a body.
fn answering<T>(
    answer: impl Fn(&[String]) -> (String, Vec<u8>) + Send + 'static,
    visit: impl FnOnce(&str) -> T,
) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let lines = BufReader::new(&stream).lines();
            let asked = lines.map_while(Result::ok);
            let asked: Vec<_> = asked.take_while(|line| !line.is_empty()).collect();
            let (head, body) = answer(&asked);
            // Who asked may have heard enough.
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&body);
        }
    });
    visit(&address)
}
