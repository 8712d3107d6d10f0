//! Devices that poll: each opens a connection, asks for the timestamp that it has, and hangs
//! up.

use anyhow::{Result, bail, ensure};
use serde::Serialize;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A million devices that poll once in an hour ask so often in a second.
const MILLION_HOURLY: f64 = 1e6 / 3600.0;

/// As many at once as this.
const DEVICES: usize = 4;

/// How fast a server answers idle polls.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LoadReport {
    /// Polls in a second, the load's own work on the same machine included.
    pub polls_per_sec: f64,
    /// How many times what a million devices ask that poll hourly.
    pub times_a_million_hourly: f64,
}

/// Polls for so long with an entity tag that is current.
pub(crate) fn measure(server: SocketAddr, tag: &str, time: Duration) -> Result<LoadReport> {
    let end = Instant::now() + time;
    let begin = Instant::now();
    let devices: Vec<_> = (0..DEVICES)
        .map(|_| {
            let tag = tag.to_owned();
            std::thread::spawn(move || poll_until(end, server, &tag))
        })
        .collect();
    let mut polls = 0;
    for device in devices {
        match device.join() {
            Ok(counted) => polls += counted?,
            Err(_) => bail!("a device's thread ended badly"),
        }
    }
    let polls_per_sec = f64::from(polls) / begin.elapsed().as_secs_f64();
    Ok(LoadReport {
        polls_per_sec,
        times_a_million_hourly: polls_per_sec / MILLION_HOURLY,
    })
}

fn poll_until(end: Instant, server: SocketAddr, tag: &str) -> Result<u32> {
    let request = format!(
        "GET /metadata/timestamp.json HTTP/1.1\r\nHost: store\r\nIf-None-Match: {tag}\r\n\
         Connection: close\r\n\r\n"
    );
    let (mut polls, mut reply) = (0, Vec::new());
    while Instant::now() < end {
        reply.clear();
        let mut connection = TcpStream::connect(server)?;
        connection.write_all(request.as_bytes())?;
        connection.read_to_end(&mut reply)?;
        ensure!(
            reply.starts_with(b"HTTP/1.1 304 "),
            "an idle poll was answered by {}",
            String::from_utf8_lossy(&reply)
        );
        polls += 1;
    }
    Ok(polls)
}
