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
            let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
            let mut answer = Vec::new();
            let mut line = TcpStream::connect(address).unwrap();
            line.write_all(request.as_bytes()).unwrap();
            line.read_to_end(&mut answer).unwrap();
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
