//! A web server whose connections end early, and which stops answering when it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::command_line::HOST_ADDRESS;

/// So much of a file comes over one connection.
pub(super) const PIECE_BYTES: usize = 8 << 20;

/// What a server has.
pub(super) struct Files {
    /// At `/release`.
    pub(super) release: Vec<u8>,
    /// At `/release.chunks`.
    pub(super) chunks: Option<Vec<u8>>,
}

impl Files {
    fn named(&self, path: &str) -> Option<&[u8]> {
        match path {
            "/release" => Some(&self.release),
            "/release.chunks" => self.chunks.as_deref(),
            _ => None,
        }
    }
}

/// What a server sent of a file.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// The file's path.
    pub(super) path: String,
    /// Its bytes.
    pub(super) bytes: Range<usize>,
}

/// Serves files on a port of the loopback.
pub(super) struct Server {
    pub(super) address: String,
    pub(super) length_bytes: usize,
    line: Arc<Mutex<Line>>,
}

/// What went over the line, and what still may.
struct Line {
    sent: Vec<Sent>,
    /// After so many bytes there are no answers any more, and somebody is told.
    limit: Option<(usize, Sender<()>)>,
}

impl Server {
    pub(super) fn of(files: Files) -> Result<Self> {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).context("cannot serve on the loopback")?;
        let port = listener.local_addr()?.port();
        let line = Arc::new(Mutex::new(Line {
            sent: Vec::new(),
            limit: None,
        }));
        let server = Self {
            address: format!("http://{HOST_ADDRESS}:{port}"),
            length_bytes: files.release.len(),
            line: Arc::clone(&line),
        };
        thread::spawn(move || {
            // Who gets no answer is kept waiting.
            let mut waiting = Vec::new();
            for stream in listener.incoming().flatten() {
                // A guest that hangs up asks again, or fails the scenario.
                if let Ok(Answer::None) = answer(&stream, &files, &line) {
                    waiting.push(stream);
                }
            }
        });
        Ok(server)
    }

    /// What went out so far.
    pub(super) fn sent(&self) -> Result<Vec<Sent>> {
        self.with_line(|line| line.sent.clone())
    }

    /// After so many more bytes nobody gets an answer. Says so when somebody waits for one.
    pub(super) fn stop_after(&self, bytes: usize) -> Result<Stopped> {
        let (sender, stopped) = channel();
        self.with_line(|line| line.limit = Some((bytes, sender)))?;
        Ok(Stopped(stopped))
    }

    /// Answers again whoever asks from now on.
    pub(super) fn go_on(&self) -> Result<()> {
        self.with_line(|line| line.limit = None)
    }

    fn with_line<T>(&self, act: impl FnOnce(&mut Line) -> T) -> Result<T> {
        let mut line = self.line.lock().map_err(|_| anyhow!("the server died"))?;
        Ok(act(&mut line))
    }
}

/// Tells when a server does not answer any more.
pub(super) struct Stopped(Receiver<()>);

impl Stopped {
    /// Until somebody waits for an answer that does not come.
    ///
    /// # Errors
    /// Nobody did so in minutes.
    pub(super) fn wait(&self) -> Result<()> {
        let most = Duration::from_secs(300);
        let told = self.0.recv_timeout(most);
        told.context("nobody asked the server for so much")
    }
}

enum Answer {
    Sent,
    None,
}

/// Answers one request, with no more than a piece.
fn answer(mut stream: &TcpStream, files: &Files, line: &Mutex<Line>) -> Result<Answer> {
    let head: Vec<String> = BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let path = head.first().and_then(|request| {
        let (path, _) = request.strip_prefix("GET ")?.split_once(' ')?;
        Some(path)
    });
    let Some((path, file)) = path.and_then(|path| Some((path, files.named(path)?))) else {
        stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )?;
        return Ok(Answer::Sent);
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
    let rest = file
        .get(begin..end)
        .context("it asked for what is not there")?;
    let piece = &rest[..rest.len().min(PIECE_BYTES)];
    {
        let mut line = line.lock().map_err(|_| anyhow!("the server died"))?;
        if let Some((left, stopped)) = &mut line.limit {
            match left.checked_sub(piece.len()) {
                Some(rest) => *left = rest,
                None => {
                    *left = 0;
                    stopped.send(())?;
                    return Ok(Answer::None);
                }
            }
        }
        line.sent.push(Sent {
            path: path.to_owned(),
            bytes: begin..begin + piece.len(),
        });
    }
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {begin}-{}/{}\r\n\
         Content-Length: {}\r\nETag: \"3\"\r\nConnection: close\r\n\r\n",
        end - 1,
        file.len(),
        rest.len()
    )?;
    stream.write_all(piece)?;
    Ok(Answer::Sent)
}
