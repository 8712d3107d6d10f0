//! Web servers on the loopback address: one that serves, and ones that do not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
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

/// Answers everything with the same bytes and hangs up.
pub(crate) struct BadServer {
    address: SocketAddr,
    asked: Arc<AtomicU32>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BadServer {
    pub(crate) fn that_answers(answer: &'static str) -> Self {
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
                let read = connection.read(&mut [0; 4096]);
                if read.is_ok_and(|length| length > 0) {
                    count.fetch_add(1, Ordering::SeqCst);
                    // Who asked may be gone.
                    let _ = connection.write_all(answer.as_bytes());
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
