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
    let server = Server::of(fs::read(&newer.update)?)?;
    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run("until snappy network | grep -q configured; do sleep 1; done")?;
    guest.require_refused(
        &format!("snappy update --from {}/other", server.address),
        "the server has no such file (404)",
    )?;
    let evidence = newer.install(guest, &disk, &format!("{}/release", server.address))?;

    // Each connection was asked for the byte behind the last one that came.
    let begins = server.begins();
    let expected: Vec<_> = (0..server.length_bytes).step_by(PIECE_BYTES).collect();
    ensure!(
        begins == expected,
        "of {} bytes, it asked for what begins at {begins:?}",
        server.length_bytes
    );
    Ok(evidence)
}

/// Serves one file at `/release`, on a port of the loopback.
struct Server {
    address: String,
    length_bytes: usize,
    begins: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    fn of(file: Vec<u8>) -> Result<Self> {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).context("cannot serve on the loopback")?;
        let port = listener.local_addr()?.port();
        let begins = Arc::new(Mutex::new(Vec::new()));
        let server = Self {
            address: format!("http://{HOST_ADDRESS}:{port}"),
            length_bytes: file.len(),
            begins: Arc::clone(&begins),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A guest that hangs up asks again, or fails the scenario.
                let _ = answer(&stream, &file, &begins);
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
fn answer(mut stream: &TcpStream, file: &[u8], begins: &Mutex<Vec<usize>>) -> Result<()> {
    let head: Vec<String> = BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    if !head
        .first()
        .is_some_and(|line| line.starts_with("GET /release "))
    {
        stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )?;
        return Ok(());
    }
    let range = head.iter().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("range: bytes=")
            .map(str::to_owned)
    });
    let begin: usize = range
        .as_deref()
        .and_then(|range| range.strip_suffix('-'))
        .context("it asked for no range")?
        .parse()?;
    if let Ok(mut begins) = begins.lock() {
        begins.push(begin);
    }
    let rest = file
        .get(begin..)
        .context("it asked for what is not there")?;
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {begin}-{}/{}\r\n\
         Content-Length: {}\r\nETag: \"3\"\r\nConnection: close\r\n\r\n",
        file.len() - 1,
        file.len(),
        rest.len()
    )?;
    stream.write_all(&rest[..rest.len().min(PIECE_BYTES)])?;
    Ok(())
}
