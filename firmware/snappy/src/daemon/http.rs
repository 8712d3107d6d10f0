//! An answer of the daemon, as far as this client needs HTTP.

use std::io::{Error, ErrorKind, Read, Result};

/// Longer than any answer of the daemon.
const LONGEST_BYTES: u64 = 4 << 20;

/// The body of the answer that `stream` brings before it ends. Its status line tells nothing
/// that the body does not tell, too.
pub(super) fn read_body(stream: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(LONGEST_BYTES).read_to_end(&mut bytes)?;
    let broken = |what| Error::new(ErrorKind::InvalidData, what);
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(|| broken("the answer has no end of its head"))?;
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok());
    match length {
        Some(length) if length == body.len() => Ok(body),
        _ => Err(broken("the answer is not as long as it says")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_as_long_as_the_head_says() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(read_body(&whole[..]).unwrap(), b"{}");
        for length in 0..whole.len() {
            assert!(read_body(&whole[..length]).is_err(), "{length}");
        }
        for bad in [
            "HTTP/1.1 200 OK\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}",
        ] {
            assert!(read_body(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
