//! The body of a request that is read as it comes: by its length, or in chunks (RFC 9112,
//! section 7.1).

use crate::api::request::Length;
use std::io::{Error, ErrorKind, Read, Result};

/// The longest line before a chunk.
const LONGEST_LINE: usize = 64;

/// The rest of a request.
pub(super) struct BodyReader<R> {
    source: R,
    left: u64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Known,
    FirstChunk,
    NextChunk,
    Ended,
}

impl<R: Read> BodyReader<R> {
    pub(super) fn new(source: R, length: Length) -> Self {
        let (left, kind) = match length {
            Length::Bytes(bytes) => (bytes, Kind::Known),
            Length::Chunks => (0, Kind::FirstChunk),
        };
        Self { source, left, kind }
    }

    /// The line before a chunk says how long it is, and the last one is empty.
    fn next_chunk(&mut self) -> Result<()> {
        if self.kind == Kind::NextChunk && !self.line()?.is_empty() {
            return Err(bad("a chunk is longer than it says"));
        }
        let line = self.line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16);
        self.left = length.map_err(|_| bad("a chunk has no length"))?;
        self.kind = Kind::NextChunk;
        if self.left == 0 {
            self.kind = Kind::Ended;
            while !self.line()?.is_empty() {}
        }
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.source.read_exact(&mut byte)?;
            line.extend(byte);
            if line.len() > LONGEST_LINE {
                return Err(bad("the line before a chunk is too long"));
            }
        }
        line.truncate(line.len() - 2);
        String::from_utf8(line).map_err(|_| bad("the line before a chunk is no text"))
    }
}

fn bad(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}

impl<R: Read> Read for BodyReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.left == 0 && matches!(self.kind, Kind::FirstChunk | Kind::NextChunk) {
            self.next_chunk()?;
        }
        let room = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if room == 0 {
            return Ok(0);
        }
        let read = self.source.read(&mut buffer[..room])?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], length: Length) -> Result<Vec<u8>> {
        let mut read = Vec::new();
        BodyReader::new(bytes, length).read_to_end(&mut read)?;
        Ok(read)
    }

    #[test]
    fn a_body_ends_where_it_says() {
        assert_eq!(all(b"abcdef", Length::Bytes(3)).unwrap(), b"abc");
        let chunks = b"3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\nrest";
        assert_eq!(all(chunks, Length::Chunks).unwrap(), b"abc0123456789");
    }

    #[test]
    fn a_body_that_does_not_is_an_error() {
        assert!(all(b"ab", Length::Bytes(3)).is_err());
        for bad in [
            "",
            "3\r\nab",
            "3\r\nabcd\r\n0\r\n\r\n",
            "x\r\n",
            "3",
            "0\r\n",
        ] {
            assert!(all(bad.as_bytes(), Length::Chunks).is_err(), "{bad:?}");
        }
        let long = "0".repeat(LONGEST_LINE + 1);
        assert!(all(long.as_bytes(), Length::Chunks).is_err());
    }
}
