//! One client: requests one after the other, and their answers.

use super::body::BodyReader;
use super::{Patience, Seats, log_stream};
use crate::api::request::{Afterwards, Body, HEAD_BYTES, Length, parse_head};
use crate::api::upload::{Upload, receive};
use crate::api::{Answer, ApiError, LogTail, Peer, Request, Then};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A client that is refused unheard has to take the answer at once.
const REFUSAL: Duration = Duration::from_millis(50);

pub(super) struct Connection {
    stream: UnixStream,
    patience: Patience,
    /// Where a file goes that this client sends; none where it may not.
    upload: Option<PathBuf>,
    /// For those who follow logs.
    followers: Arc<Seats>,
    /// What came and was not understood yet.
    pending: Vec<u8>,
}

impl Connection {
    pub(super) fn new(
        stream: UnixStream,
        patience: Patience,
        upload: Option<PathBuf>,
        followers: Arc<Seats>,
    ) -> Self {
        Self {
            stream,
            patience,
            upload,
            followers,
            pending: Vec::new(),
        }
    }

    /// Serves until the client ends it, says something that makes no sense, or is too slow.
    pub(super) fn serve(&mut self, answer: impl Fn(&Request) -> Answer) {
        loop {
            let (answer, afterwards) = match self.read_request() {
                Ok(Some((request, afterwards))) => {
                    let answer = answer(&request);
                    if let Some(upload) = &request.upload {
                        // Whoever wanted it has taken it away.
                        let _ = std::fs::remove_file(&upload.file);
                    }
                    (answer, afterwards)
                }
                Ok(None) => return,
                Err(error) => (Answer::Error(Box::new(error)), Afterwards::Close),
            };
            if let Answer::Logs(asked) = &answer {
                // The client sees how it ended by what it got.
                let _ = self.send_logs(asked);
                return;
            }
            let sent = self.send(&answer, afterwards, self.patience.answer);
            if sent.is_err() || afterwards == Afterwards::Close {
                return;
            }
        }
    }

    /// Says no, without a word from the client.
    pub(super) fn refuse(&mut self, error: ApiError) {
        // Whoever does not take it sees that the connection ends.
        let _ = self.send(&Answer::Error(Box::new(error)), Afterwards::Close, REFUSAL);
    }

    /// `None`: there is none, and nobody to tell.
    fn read_request(&mut self) -> std::result::Result<Option<(Request, Afterwards)>, ApiError> {
        let deadline = Instant::now() + self.patience.request;
        let head = loop {
            if let Some(head) = parse_head(&self.pending)? {
                break head;
            }
            if !self.read_more(deadline, HEAD_BYTES)? {
                return Ok(None);
            }
        };
        let mut request = head.request;
        let body_bytes = match head.body {
            Body::Bytes(bytes) => bytes,
            Body::Upload { boundary, length } => {
                self.pending.drain(..head.length_bytes);
                request.upload = Some(self.read_upload(&boundary, length)?);
                // What stands behind the last mark was not read.
                return Ok(Some((request, Afterwards::Close)));
            }
        };
        let whole = head.length_bytes + body_bytes;
        while self.pending.len() < whole {
            if !self.read_more(deadline, whole)? {
                return Ok(None);
            }
        }
        request.body = self.pending[head.length_bytes..whole].to_vec();
        self.pending.drain(..whole);
        Ok(Some((request, head.afterwards)))
    }

    fn read_upload(
        &mut self,
        boundary: &str,
        length: Length,
    ) -> std::result::Result<Upload, ApiError> {
        let path = self.upload.clone().ok_or_else(ApiError::forbidden)?;
        let received = self.receive(boundary, length, &path);
        received.map_err(|error| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                ApiError::bad_request(format!("cannot read the file: {error}"))
            }
            _ if is_late(&error) => ApiError::new(408, "cannot wait longer for the file"),
            _ => ApiError::new(500, format!("cannot keep the file: {error}")),
        })
    }

    fn receive(&mut self, boundary: &str, length: Length, path: &Path) -> Result<Upload> {
        // For each piece: a large file on a slow card takes longer than any request.
        self.stream.set_read_timeout(Some(self.patience.request))?;
        let pending = std::mem::take(&mut self.pending);
        let all = pending.as_slice().chain(&self.stream);
        // The line before a chunk is read byte by byte.
        let all = std::io::BufReader::new(all);
        receive(BodyReader::new(all, length), boundary, path)
    }

    /// Reads until there are at most that many bytes. `false`: no more come.
    fn read_more(
        &mut self,
        deadline: Instant,
        at_most: usize,
    ) -> std::result::Result<bool, ApiError> {
        let mut piece = [0; 4096];
        let room = at_most.saturating_sub(self.pending.len()).min(piece.len());
        let read = left(deadline)
            .and_then(|left| self.stream.set_read_timeout(Some(left)))
            .and_then(|()| self.stream.read(&mut piece[..room]));
        match read {
            Ok(0) => Ok(false),
            Ok(length) => {
                self.pending.extend_from_slice(&piece[..length]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            // Between two requests, nobody waits for an answer.
            Err(error) if is_late(&error) && !self.pending.is_empty() => Err(ApiError::new(
                408,
                "cannot wait longer for the rest of the request",
            )),
            Err(_) => Ok(false),
        }
    }

    fn send(&mut self, answer: &Answer, afterwards: Afterwards, within: Duration) -> Result<()> {
        write_within(&self.stream, &to_bytes(answer, afterwards), within)
    }

    /// Sends logs, if not too many are followed already.
    fn send_logs(&mut self, asked: &LogTail) -> Result<()> {
        let seat = match asked.then {
            Then::End => None,
            Then::Follow => match self.followers.take(Peer::ROOT) {
                Some(seat) => Some(seat),
                None => {
                    self.refuse(ApiError::new(503, "cannot follow: too many follow logs"));
                    return Ok(());
                }
            },
        };
        let sent = log_stream::send(&self.stream, asked, self.patience.answer);
        drop(seat);
        sent
    }
}

/// Writes all of `bytes`, or fails when the client has not taken them by then.
pub(super) fn write_within(mut stream: &UnixStream, bytes: &[u8], within: Duration) -> Result<()> {
    let deadline = Instant::now() + within;
    let mut rest = bytes;
    while !rest.is_empty() {
        stream.set_write_timeout(Some(left(deadline)?))?;
        match stream.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(length) => rest = &rest[length..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Never nothing, which would be no limit.
fn left(deadline: Instant) -> Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    match left.is_zero() {
        true => Err(Error::from(ErrorKind::TimedOut)),
        false => Ok(left),
    }
}

fn is_late(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn to_bytes(answer: &Answer, afterwards: Afterwards) -> Vec<u8> {
    let status = answer.status();
    let body = answer.to_json().to_string();
    let close = match afterwards {
        Afterwards::KeepAlive => "",
        Afterwards::Close => "Connection: close\r\n",
    };
    let head = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{close}\r\n",
        crate::api::reason(status),
        body.len(),
    );
    (head + &body).into_bytes()
}
