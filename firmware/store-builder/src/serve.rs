//! A web server for development: what a store needs of one, on this machine only. In the
//! field any other serves the same files, see docs/store.md.

mod answer;

use crate::StoreError;
use answer::{Answer, Asked};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

/// So many requests are answered at once.
const WORKERS: usize = 4;

/// A bound server that answers nothing yet.
pub struct DevelopmentServer {
    server: Server,
    root: PathBuf,
    address: SocketAddr,
}

impl DevelopmentServer {
    /// Serves what is below `root` on the loopback address. Port 0 is any free one.
    ///
    /// # Errors
    /// The port is taken.
    pub fn bind(root: &Path, port: u16) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io("listen for", root)(error);
        let server = Server::http(("127.0.0.1", port))
            .map_err(|error| failed(io::Error::other(error.to_string())))?;
        let address = server.server_addr().to_ip();
        Ok(DevelopmentServer {
            server,
            root: root.to_owned(),
            address: address.ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until [`stop`](Self::stop); tells `log` a line for each request.
    pub fn run(&self, log: impl Fn(&str) + Sync) {
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    while let Ok(request) = self.server.recv() {
                        self.answer(request, &log);
                    }
                });
            }
        });
    }

    /// Ends `run`, from another thread.
    pub fn stop(&self) {
        for _ in 0..WORKERS {
            self.server.unblock();
        }
    }

    fn answer(&self, request: Request, log: &impl Fn(&str)) {
        let header = |name: &'static str| {
            let mut headers = request.headers().iter();
            let found = headers.find(|header| header.field.equiv(name));
            found.map(|header| header.value.to_string())
        };
        let asked = Asked {
            path: request.url().to_owned(),
            unless: header("If-None-Match"),
            range: header("Range"),
            if_range: header("If-Range"),
        };
        let answer = match request.method() {
            Method::Get | Method::Head => answer::answer(&self.root, &asked),
            _ => Answer::empty(405),
        };
        let line = format!("{} {} {}", request.method(), asked.path, answer.status);
        log(&match &answer.body {
            Some(body) => format!("{line} {} bytes", body.length_bytes),
            None => line,
        });
        // Who asked may be gone by now.
        let _ = send(request, answer);
    }
}

fn send(request: Request, answer: Answer) -> io::Result<()> {
    let headers = answer
        .headers
        .iter()
        .filter_map(|(name, value)| Header::from_bytes(name.as_bytes(), value.as_bytes()).ok());
    let status = StatusCode(answer.status);
    let Some(mut body) = answer.body else {
        let response = Response::new(status, headers.collect(), io::empty(), Some(0), None);
        return request.respond(response);
    };
    body.file.seek(SeekFrom::Start(body.offset_bytes))?;
    let length = usize::try_from(body.length_bytes).ok();
    let bytes = body.file.take(body.length_bytes);
    // Never in chunks: whoever fetches wants to know how much is to come.
    let response = Response::new(status, headers.collect(), bytes, length, None)
        .with_chunked_threshold(usize::MAX);
    request.respond(response)
}
