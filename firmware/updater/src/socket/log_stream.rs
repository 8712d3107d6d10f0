//! Logs on their way to a client: a sequence of JSON texts, each behind a record separator
//! (RFC 7464), until there are no more or the client goes.
//!
//! At most what the logs of the services hold is in memory, and they are bounded. A client
//! that is slower than they are loses lines, and one that takes none is left.

use super::connection::write_within;
use crate::api::{LogTail, Then};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::json;
use snap_services::log::Follower;
use std::io::Result;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How often a log that is followed is looked at.
const LOOK_AGAIN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 250_000_000,
};

/// The end of the stream is that of the connection.
const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json-seq\r\nConnection: close\r\n\r\n";

/// A line of a log.
struct Line {
    service: usize,
    text: String,
}

/// Sends what was asked for. Each piece has to be taken within `patience`.
pub(super) fn send(stream: &UnixStream, asked: &LogTail, patience: Duration) -> Result<()> {
    write_within(stream, HEAD.as_bytes(), patience)?;
    let of = |service: &String| Follower::from_start(&asked.directory, service);
    let mut followers: Vec<_> = asked.services.iter().map(of).collect();
    let mut lines = look(&mut followers)?;
    let at_most = asked.lines.unwrap_or(usize::MAX);
    lines.drain(..lines.len().saturating_sub(at_most));
    loop {
        for line in lines {
            if let Some(record) = record(&asked.services[line.service], &line.text) {
                write_within(stream, record.as_bytes(), patience)?;
            }
        }
        if asked.then == Then::End || has_gone(stream)? {
            return Ok(());
        }
        lines = look(&mut followers)?;
    }
}

/// What came since the last look, in the order of its times.
fn look(followers: &mut [Follower]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (service, follower) in followers.iter_mut().enumerate() {
        let new = follower.look()?.into_iter();
        lines.extend(new.map(|text| Line { service, text }));
    }
    lines.sort_by(|a, b| time(&a.text).cmp(time(&b.text)));
    Ok(lines)
}

fn time(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// As snapd's clients read it. Which process wrote a line is not known.
fn record(service: &str, line: &str) -> Option<String> {
    // What has lost its beginning is no line.
    let (time, message) = line.split_once(' ')?;
    let record = json!({ "timestamp": time, "message": message, "sid": service, "pid": "-" });
    Some(format!("\x1e{record}\n"))
}

/// Waits for the next look. A client has nothing to say meanwhile: whatever comes is its end.
fn has_gone(stream: &UnixStream) -> Result<bool> {
    let mut waits = [PollFd::new(stream, PollFlags::IN | PollFlags::RDHUP)];
    match poll(&mut waits, Some(&LOOK_AGAIN)) {
        Err(rustix::io::Errno::INTR) => Ok(false),
        polled => Ok(polled? > 0),
    }
}
