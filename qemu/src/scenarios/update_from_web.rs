//! A newer release comes from a web server, over a line that keeps breaking.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result, ensure};
use image_format::Slot;

use super::update_from_file::Newer;
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::HOST_ADDRESS;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-from-web",
    behaviour: "`snappy update --from http://`: connections break, and no byte comes twice",
    tier: Tier::Everyday,
    run,
};

/// So much of the file comes over one connection.
const PIECE_BYTES: usize = 8 << 20;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let newer = Newer::make(bench, &disk)?;
    let server = Server::of(Files {
        release: fs::read(&newer.update)?,
        chunks: None,
    })?;
    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run("until snappy network | grep -q configured; do sleep 1; done")?;
    guest.require_refused(
        &format!("snappy update --from {}/other", server.address),
        "the server has no such file (404)",
    )?;
    let evidence = newer.install(guest, &disk, &format!("{}/release", server.address))?;

    // The envelope; then, for the server has no chunk file, all from the front. Each
    // connection was asked for the byte behind the last one that came.
    let begins = server.begins();
    let pieces = (0..server.length_bytes).step_by(PIECE_BYTES);
    let expected: Vec<_> = [0].into_iter().chain(pieces).collect();
    ensure!(
        begins == expected,
        "of {} bytes, it asked for what begins at {begins:?}",
        server.length_bytes
    );
    Ok(evidence)
}

/// What a server has.
pub(super) struct Files {
    /// At `/release`.
    pub(super) release: Vec<u8>,
    /// At `/release.chunks`.
    pub(super) chunks: Option<Vec<u8>>,
}

impl Files {
    fn named(&self, request: &str) -> Option<&[u8]> {
        let path = request.strip_prefix("GET ")?.split_once(' ')?.0;
        match path {
            "/release" => Some(&self.release),
            "/release.chunks" => self.chunks.as_deref(),
            _ => None,
        }
    }
}

/// Serves files on a port of the loopback.
pub(super) struct Server {
    pub(super) address: String,
    length_bytes: usize,
    begins: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    pub(super) fn of(files: Files) -> Result<Self> {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).context("cannot serve on the loopback")?;
        let port = listener.local_addr()?.port();
        let begins = Arc::new(Mutex::new(Vec::new()));
        let server = Self {
            address: format!("http://{HOST_ADDRESS}:{port}"),
            length_bytes: files.release.len(),
            begins: Arc::clone(&begins),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A guest that hangs up asks again, or fails the scenario.
                let _ = answer(&stream, &files, &begins);
            }
        });
        Ok(server)
    }

    fn begins(&self) -> Vec<usize> {
        self.begins
            .lock()
            .map(|begins| begins.clone())
            .unwrap_or_default()
    }
}

/// Answers one request, with no more than a piece.
fn answer(mut stream: &TcpStream, files: &Files, begins: &Mutex<Vec<usize>>) -> Result<()> {
    let head: Vec<String> = BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let Some(file) = head.first().and_then(|request| files.named(request)) else {
        stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )?;
        return Ok(());
    };
    let range = head.iter().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("range: bytes=")
            .map(str::to_owned)
    });
    let (begin, last) = range
        .as_deref()
        .and_then(|range| range.split_once('-'))
        .context("it asked for no range")?;
    let begin: usize = begin.parse()?;
    let end = last.parse().map_or(file.len(), |last: usize| last + 1);
    if let Ok(mut begins) = begins.lock() {
        begins.push(begin);
    }
    let rest = file
        .get(begin..end)
        .context("it asked for what is not there")?;
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {begin}-{}/{}\r\n\
         Content-Length: {}\r\nETag: \"3\"\r\nConnection: close\r\n\r\n",
        end - 1,
        file.len(),
        rest.len()
    )?;
    stream.write_all(&rest[..rest.len().min(PIECE_BYTES)])?;
    Ok(())
}
