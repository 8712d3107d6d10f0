//! Bodies that are cut off, slow, endless, or of other bytes.

use super::{Script, installed, refused};
use crate::server::Exchange;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

pub(super) const SCRIPTS: &[Script] = &[
    installed("body-cut-in-the-middle", |x| {
        x.listen()?;
        match x.number {
            0 => {
                x.misbehave();
                x.end_after(x.file.len() / 2)
            }
            _ => x.be_honest(),
        }
    }),
    refused("body-cut-at-the-same-byte", "connection failed", |x| {
        x.listen()?;
        x.misbehave();
        let cut = x.file.len() / 3;
        x.end_after(cut - x.first)
    }),
    installed("body-cut-at-every-kib", |x| {
        x.listen()?;
        x.misbehave();
        x.end_after(1 << 10)
    }),
    refused("body-of-a-byte-at-a-time", "connection failed", |x| {
        x.listen()?;
        x.misbehave();
        x.end_after(1)
    }),
    refused("body-that-drips", "connection failed", |x| {
        x.listen()?;
        x.say_part()?;
        x.misbehave();
        for at in x.first.. {
            x.send(at, at + 1)?;
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }),
    installed("body-that-stands-still-once", |x| {
        x.listen()?;
        if x.number > 0 {
            return x.be_honest();
        }
        x.end_after_and_wait(x.file.len() / 2)
    }),
    refused("body-that-never-comes", "connection failed", |x| {
        x.listen()?;
        x.end_after_and_wait(0)
    }),
    installed("body-that-goes-on-behind-its-end", |x| {
        x.listen()?;
        x.be_honest()?;
        x.misbehave();
        x.flood(&[0; 1 << 16])
    }),
    installed("body-with-another-answer-behind-it", |x| {
        x.listen()?;
        x.be_honest()?;
        x.misbehave();
        x.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    }),
    refused("body-without-length", "how long it is", |x| {
        x.listen()?;
        x.misbehave();
        x.say("HTTP/1.1 200 OK\r\n\r\n")?;
        x.flood(&[0; 1 << 16])
    }),
    refused("body-of-zeros", "no system image", |x| {
        x.listen()?;
        x.say_part()?;
        x.misbehave();
        x.stream.write_all(&vec![0; x.file.len() - x.first])
    }),
    refused(
        "body-of-zeros-from-the-middle",
        "not the one that was signed",
        |x| {
            x.listen()?;
            x.say_part()?;
            let middle = x.file.len() / 2;
            x.send(x.first, middle)?;
            x.misbehave();
            x.stream.write_all(&vec![0; x.file.len() - middle])
        },
    ),
    refused(
        "body-with-one-bit-wrong",
        "not the one that was signed",
        |x| {
            x.listen()?;
            x.say_part()?;
            let last = x.file.len() - 1;
            x.send(x.first, last)?;
            x.misbehave();
            let byte = x.file[last] ^ 1;
            x.stream.write_all(&[byte])
        },
    ),
    refused("body-with-bytes-between-the-parts", "unsigned bytes", |x| {
        x.listen()?;
        let gap = (64 << 10) + (256 << 10) + 200;
        x.say_part()?;
        x.send(x.first, gap)?;
        x.misbehave();
        x.stream.write_all(b"!")?;
        x.send(gap + 1, x.file.len())
    }),
    refused("body-is-a-compressed-bomb", "encoded", |x| {
        x.listen()?;
        x.misbehave();
        let length = x.file.len();
        x.say(&format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
        ))?;
        x.flood(&[0; 1 << 16])
    }),
    refused("body-is-a-login-page", "the release is refused", |x| {
        x.listen()?;
        x.misbehave();
        let page = "<html>Welcome to our hotel. Please log in.</html>".repeat(2000);
        x.say(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            page.len()
        ))?;
        x.say(&page)
    }),
    installed("chunks", |x| {
        x.listen()?;
        x.say_chunked()?;
        x.misbehave();
        let file = std::sync::Arc::clone(&x.file);
        for piece in file[x.first..].chunks(1000) {
            write!(x.stream, "{:x}\r\n", piece.len())?;
            x.stream.write_all(piece)?;
            x.say("\r\n")?;
        }
        x.say("0\r\n\r\n")
    }),
    refused("chunks-of-garbage", "connection failed", |x| {
        x.listen()?;
        x.say_chunked()?;
        x.misbehave();
        x.say("this is no number\r\n")?;
        x.flood(b"zz\r\n")
    }),
    refused("chunks-of-negative-length", "connection failed", |x| {
        x.listen()?;
        x.say_chunked()?;
        x.misbehave();
        x.say("-5\r\nhello\r\n")
    }),
    refused("chunks-of-huge-length", "connection failed", |x| {
        x.listen()?;
        x.say_chunked()?;
        x.misbehave();
        x.say("fffffffffffffffff\r\nhello")
    }),
    refused("chunk-size-without-end", "connection failed", |x| {
        x.listen()?;
        x.say_chunked()?;
        x.misbehave();
        x.flood(&[b'0'; 1 << 10])
    }),
];

impl Exchange {
    fn say_chunked(&mut self) -> io::Result<()> {
        let head = self.part(self.first);
        let length = format!("Content-Length: {}", self.file.len() - self.first);
        self.say(&head.replace(&length, "Transfer-Encoding: chunked"))
    }

    fn end_after_and_wait(&mut self, bytes: usize) -> io::Result<()> {
        self.end_after(bytes)?;
        self.misbehave();
        self.wait()
    }
}
