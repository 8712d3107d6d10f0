//! Web servers on the loopback address: one that serves, and ones that do not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use store_builder::DevelopmentServer;

/// The developer's server, with a log.
pub(crate) struct HonestServer {
    server: Arc<DevelopmentServer>,
    log: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl HonestServer {
    pub(crate) fn of(public: &Path) -> Self {
        let server = Arc::new(DevelopmentServer::bind(public, 0).unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (serving, writing) = (Arc::clone(&server), Arc::clone(&log));
        let thread = std::thread::spawn(move || {
            serving.run(|line| writing.lock().unwrap().push(line.to_owned()));
        });
        Self {
            server,
            log,
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Each request since the last look, as `GET PATH STATUS ...`.
    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

impl Drop for HonestServer {
    fn drop(&mut self) {
        self.server.stop();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// What may still go through a server, and what was asked of it.
pub(crate) struct BrittleLine {
    pub(crate) left_bytes: usize,
    /// Where each request begins.
    pub(crate) asked_from: Vec<usize>,
    /// What was asked for once nothing went through any more.
    pub(crate) asked_in_vain: Vec<String>,
}

impl BrittleLine {
    pub(crate) fn new(left_bytes: usize) -> Self {
        Self {
            left_bytes,
            asked_from: Vec::new(),
            asked_in_vain: Vec::new(),
        }
    }
}

fn asked(address: SocketAddr, request: &str) -> Vec<u8> {
    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    let mut answer = Vec::new();
    let mut line = TcpStream::connect(address).unwrap();
    line.write_all(request.as_bytes()).unwrap();
    line.read_to_end(&mut answer).unwrap();
    answer
}

/// Answers each request by what a test says, and hangs up.
pub(crate) struct BadServer {
    address: SocketAddr,
    asked: Arc<AtomicU32>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BadServer {
    /// Answers everything with the same bytes.
    pub(crate) fn that_answers(answer: &'static str) -> Self {
        Self::by(move |_| answer.as_bytes().to_vec())
    }

    /// Fails where `part` is in a request, and asks `honest` for the rest.
    pub(crate) fn before(honest: &HonestServer, part: &'static str) -> Self {
        let address = honest.server.address();
        Self::by(move |request| {
            let request = String::from_utf8_lossy(request);
            if request.contains(part) {
                return b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .to_vec();
            }
            asked(address, &request)
        })
    }

    /// Asks `honest`, and goes away once so many bytes of a file whose name ends with `suffix`
    /// went through `line`.
    pub(crate) fn that_breaks(
        honest: &HonestServer,
        suffix: &'static str,
        line: &Arc<Mutex<BrittleLine>>,
    ) -> Self {
        let (address, line) = (honest.server.address(), Arc::clone(line));
        Self::by(move |request| {
            let mut line = line.lock().unwrap();
            let request = String::from_utf8_lossy(request);
            let path = request.split(' ').nth(1).unwrap();
            if line.left_bytes == 0 {
                line.asked_in_vain.push(path.to_owned());
                return Vec::new();
            }
            let mut answer = asked(address, &request);
            if path.ends_with(suffix) {
                let lines = request.lines();
                let mut first = lines.filter_map(|line| {
                    let (_, range) = line.split_once("bytes=")?;
                    range.split('-').next()?.parse().ok()
                });
                line.asked_from.push(first.next().unwrap_or(0));
                let head = answer
                    .windows(4)
                    .position(|four| four == b"\r\n\r\n")
                    .unwrap()
                    + 4;
                let through = line.left_bytes.min(answer.len() - head);
                answer.truncate(head + through);
                line.left_bytes -= through;
            }
            answer
        })
    }

    fn by(answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, over) = (
            Arc::new(AtomicU32::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (count, end) = (Arc::clone(&asked), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let mut connection = connection.unwrap();
                // A request of ours comes as one piece.
                let mut request = [0; 4096];
                let length = connection.read(&mut request).unwrap_or_default();
                if length > 0 {
                    count.fetch_add(1, Ordering::SeqCst);
                    // Who asked may be gone.
                    let _ = connection.write_all(&answer(&request[..length]));
                }
            }
        });
        Self {
            address,
            asked,
            over,
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for BadServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(std::net::TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}
