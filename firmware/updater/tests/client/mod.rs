//! A client of the socket that writes what it is told, byte by byte if it has to be.
#![allow(dead_code, unreachable_pub, reason = "each test has a part of it")]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;
use std::io::{BufRead, BufReader, ErrorKind, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// No test waits longer for a daemon that hangs.
const HANGS: Duration = Duration::from_secs(60);

pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    pub fn connect(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(HANGS)).unwrap();
        stream.set_write_timeout(Some(HANGS)).unwrap();
        let stream = BufReader::new(stream);
        Self { stream }
    }

    pub fn write(&mut self, text: &str) -> Result<()> {
        self.stream.get_mut().write_all(text.as_bytes())
    }

    /// An answer. `None`: the daemon ended the connection.
    pub fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => return None,
            // It ended it with bytes of ours unread.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            read => read.unwrap(),
        };
        let code = line.split(' ').nth(1).unwrap().to_owned();
        let mut length = None;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", bytes)) => length = bytes.parse().ok(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length.expect("a length")];
        self.stream.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status-code"].to_string(), code);
        Some(body)
    }

    /// Asks for a stream, and returns its head and all of it.
    pub fn stream(&mut self, address: &str) -> (String, String) {
        self.write(&format!("GET {address} HTTP/1.1\r\n\r\n"))
            .unwrap();
        self.rest()
    }

    /// Waits until the daemon has ended the connection, and reads nothing.
    pub fn wait_for_the_end(&self) {
        let mut waits = [PollFd::new(self.stream.get_ref(), PollFlags::RDHUP)];
        let at_most = Timespec::try_from(HANGS).unwrap();
        assert_eq!(poll(&mut waits, Some(&at_most)), Ok(1), "it goes on");
    }

    /// All that comes until the end: a head and a body.
    pub fn rest(&mut self) -> (String, String) {
        let mut all = String::new();
        self.stream.read_to_string(&mut all).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        (format!("{head}\r\n"), body.to_owned())
    }

    /// The first line of an answer; the rest is left.
    pub fn status_line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Whether an answer, or the end, comes within that time.
    pub fn hears_within(&mut self, time: Duration) -> bool {
        let stream = self.stream.get_ref();
        stream.set_read_timeout(Some(time)).unwrap();
        let heard = self.stream.fill_buf().map(|_| ());
        let stream = self.stream.get_ref();
        stream.set_read_timeout(Some(HANGS)).unwrap();
        heard.map_err(|error| error.kind()) != Err(ErrorKind::WouldBlock)
    }

    pub fn get(&mut self, address: &str) -> Value {
        self.send("GET", address, "")
    }

    pub fn post(&mut self, address: &str, body: &str) -> Value {
        self.send("POST", address, body)
    }

    pub fn put(&mut self, address: &str, body: &str) -> Value {
        self.send("PUT", address, body)
    }

    fn send(&mut self, method: &str, address: &str, body: &str) -> Value {
        let length = body.len();
        let head = format!("{method} {address} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        self.write(&(head + body)).unwrap();
        self.read().expect("an answer")
    }

    /// Asks for a change until it is over.
    pub fn follow(&mut self, id: &Value) -> Value {
        let address = format!("/v2/changes/{}", id.as_str().unwrap());
        loop {
            let change = self.get(&address)["result"].take();
            if change["ready"] == true {
                return change;
            }
        }
    }
}
