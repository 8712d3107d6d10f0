//! Heads that are no heads, or have no end.

use super::{Script, installed, refused};
use crate::server::Exchange;
use std::io::{self, Write};

pub(super) const SCRIPTS: &[Script] = &[
    refused("head-without-end", "connection failed", |x| {
        begin(x, "HTTP/1.1 200 OK\r\n")?;
        for number in 0.. {
            x.say(&format!("X-Header-{number}: and so on\r\n"))?;
        }
        Ok(())
    }),
    refused("header-without-end", "connection failed", |x| {
        begin(x, "HTTP/1.1 200 OK\r\nX-Long: ")?;
        x.flood(&[b'x'; 1 << 16])
    }),
    refused("status-without-end", "connection failed", |x| {
        begin(x, "HTTP/1.1 200 ")?;
        x.flood(&[b'O'; 1 << 16])
    }),
    refused("head-that-stands-still", "connection failed", |x| {
        begin(x, "HTTP/1.1 200 OK\r\nContent-")?;
        x.wait()
    }),
    refused("head-that-drips", "connection failed", |x| {
        begin(x, "HTTP/1.1 200 OK\r\n")?;
        loop {
            x.say("X: y\r\n")?;
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }),
    refused("head-cut-off", "connection failed", |x| {
        begin(x, "HTTP/1.1 200 OK\r\nContent-Len")
    }),
    refused("head-of-http-0.9", "connection failed", |x| {
        begin(x, "<html>It works!</html>\n")
    }),
    refused("head-of-http-2", "connection failed", |x| {
        begin(x, "")?;
        x.stream
            .write_all(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0")
    }),
    refused("head-of-tls", "connection failed", |x| {
        begin(x, "")?;
        x.stream.write_all(b"\x15\x03\x01\0\x02\x02\x46")
    }),
    refused("head-of-ssh", "connection failed", |x| {
        begin(x, "SSH-2.0-OpenSSH_9.2\r\n")
    }),
    refused("head-of-zeros", "connection failed", |x| {
        begin(x, "")?;
        x.flood(&[0; 1 << 10])
    }),
    refused("head-with-a-zero-in-a-header", "connection failed", |x| {
        begin(
            x,
            "HTTP/1.1 200 OK\r\nX-\0: y\r\nContent-Length: 5\r\n\r\n12345",
        )
    }),
    refused("head-of-a-strange-version", "connection failed", |x| {
        begin(x, "HTTP/9.9 200 OK\r\nContent-Length: 5\r\n\r\n12345")
    }),
    refused("continue-without-end", "connection failed", |x| {
        begin(x, "")?;
        x.flood(b"HTTP/1.1 100 Continue\r\n\r\n")
    }),
    installed("continue-once", |x| {
        begin(x, "HTTP/1.1 100 Continue\r\n\r\n")?;
        x.be_honest()
    }),
    refused("switching-protocols", "does not give it", |x| {
        begin(
            x,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        )?;
        x.flood(&[0; 1 << 10])
    }),
    refused("length-negative", "not a number", |x| {
        length(x, "Content-Length: -5")
    }),
    refused("length-of-no-number", "not a number", |x| {
        length(x, "Content-Length: many")
    }),
    refused("length-of-all-bytes", "too long", |x| {
        length(x, "Content-Length: 18446744073709551615")
    }),
    refused("length-of-more-than-all-bytes", "not a number", |x| {
        length(x, "Content-Length: 18446744073709551616")
    }),
    refused("length-nothing", "ends early", |x| {
        length(x, "Content-Length: 0")
    }),
    refused("length-twice", "conflicting", |x| {
        length(x, "Content-Length: 5\r\nContent-Length: 6")
    }),
    refused("length-and-chunks", "connection failed", |x| {
        length(x, "Content-Length: 5\r\nTransfer-Encoding: chunked")
    }),
];

/// Listens, and says that.
fn begin(x: &mut Exchange, text: &str) -> io::Result<()> {
    x.listen()?;
    x.misbehave();
    x.say(text)
}

/// The whole file, of a length that is told so.
fn length(x: &mut Exchange, header: &str) -> io::Result<()> {
    begin(x, &format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n"))?;
    x.send(0, x.file.len())
}
