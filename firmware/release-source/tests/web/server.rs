//! Web servers on this machine.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
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

/// What was sent of a file.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) bytes: Range<usize>,
}

/// Serves what is in `directory` until it has sent `most` bytes, and hangs up from then on;
/// tells what it sent.
pub(crate) fn served_up_to<T>(
    directory: &Path,
    most: usize,
    visit: impl FnOnce(&str) -> T,
) -> (T, Vec<Sent>) {
    let directory = directory.to_owned();
    let all = Arc::new(Mutex::new(Vec::<Sent>::new()));
    let log = Arc::clone(&all);
    let answer = move |asked: &[String]| {
        let mut log = log.lock().unwrap();
        let before: usize = log.iter().map(|sent| sent.bytes.len()).sum();
        if before == most {
            return (String::new(), Vec::new());
        }
        let file = asked_for(&directory, asked);
        let range = range_asked_for(asked, file.len());
        let room = range.len().min(most - before);
        let sent = range.start..range.start + room;
        log.push(Sent {
            name: name_asked_for(asked).to_owned(),
            bytes: sent.clone(),
        });
        (part(&range, file.len()), file[sent].to_vec())
    };
    let visited = answering(answer, visit);
    let all = all.lock().unwrap().clone();
    (visited, all)
}

/// Serves what is in `directory`, and hangs up behind `limit` bytes of each answer.
pub(crate) fn served_cut<T>(directory: &Path, limit: u64, visit: impl FnOnce(&str) -> T) -> T {
    let directory = directory.to_owned();
    let answer = move |asked: &[String]| {
        let file = asked_for(&directory, asked);
        let range = range_asked_for(asked, file.len());
        let sent = range.len().min(usize::try_from(limit).unwrap());
        let body = file[range.start..range.start + sent].to_vec();
        (part(&range, file.len()), body)
    };
    answering(answer, visit)
}

/// Which bytes a request asks for, of so many.
fn range_asked_for(asked: &[String], length: usize) -> Range<usize> {
    let range = asked.iter().find_map(|line| {
        let line = line.to_ascii_lowercase();
        line.strip_prefix("range: bytes=").map(str::to_owned)
    });
    match range.as_deref().and_then(|range| range.split_once('-')) {
        Some((first, last)) => {
            let end = last
                .parse()
                .map_or(length, |last: usize| length.min(last + 1));
            first.parse().unwrap()..end
        }
        None => 0..length,
    }
}

fn part(range: &Range<usize>, length: usize) -> String {
    format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\n\
         Content-Range: bytes {}-{}/{length}\r\nConnection: close\r\n\r\n",
        range.len(),
        range.start,
        range.end - 1,
    )
}

fn whole(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
}

fn asked_for(directory: &Path, asked: &[String]) -> Vec<u8> {
    fs::read(directory.join(name_asked_for(asked))).unwrap()
}

fn name_asked_for(asked: &[String]) -> &str {
    let path = asked[0].split(' ').nth(1).unwrap();
    path.trim_start_matches('/')
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
