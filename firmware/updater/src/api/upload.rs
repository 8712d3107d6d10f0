//! A body with a file in it (`multipart/form-data`, RFC 7578), as snapd's clients send a snap:
//! fields first, then the file. It goes to the disk as it comes, and never lies in memory.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

const PIECE_BYTES: usize = 64 << 10;
const LONGEST_HEAD: usize = 4 << 10;
const LONGEST_FIELD: usize = 4 << 10;
const MOST_PARTS: usize = 32;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Names and values.
    pub fields: Vec<(String, String)>,
    /// Where the file lies. Whoever has this takes it away.
    pub file: PathBuf,
}

impl Upload {
    /// What a field says.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The boundary that a `Content-Type` names, if it is of that kind.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').map(str::trim);
    let boundary = parameters.find_map(|one| one.strip_prefix("boundary="))?;
    let boundary = boundary.trim_matches('"');
    (1..=70).contains(&boundary.len()).then_some(boundary)
}

/// Reads all of a body; the file goes to `path`, flushed.
///
/// # Errors
/// The body is none of that kind, or does not come, or the disk does not take it. Nothing is
/// left then.
pub(crate) fn receive(body: impl Read, boundary: &str, path: &Path) -> io::Result<Upload> {
    let received = receive_into(body, boundary, path);
    if received.is_err() {
        // It may not have been made.
        let _ = std::fs::remove_file(path);
    }
    received
}

fn receive_into(body: impl Read, boundary: &str, path: &Path) -> io::Result<Upload> {
    let mut body = Body {
        source: body,
        pending: b"\r\n".to_vec(),
    };
    let delimiter = format!("\r\n--{boundary}");
    // What stands before the first one is nothing.
    body.until(
        delimiter.as_bytes(),
        &mut Limited(Vec::new(), LONGEST_FIELD),
    )?;
    let mut fields = Vec::new();
    let mut file = None;
    for _ in 0..MOST_PARTS {
        let mut line = Limited(Vec::new(), LONGEST_HEAD);
        body.until(b"\r\n", &mut line)?;
        if line.0 == b"--" {
            let file = file.ok_or_else(|| bad("the body has no file"))?;
            return Ok(Upload { fields, file });
        }
        let part = body.part_head()?;
        if part.is_file && file.is_none() {
            if let Some(directory) = path.parent() {
                std::fs::create_dir_all(directory)?;
            }
            let mut out = File::create(path)?;
            body.until(delimiter.as_bytes(), &mut out)?;
            out.sync_all()?;
            file = Some(path.to_owned());
        } else {
            let mut value = Limited(Vec::new(), LONGEST_FIELD);
            body.until(delimiter.as_bytes(), &mut value)?;
            let value = String::from_utf8(value.0).map_err(|_| bad("a field is no text"))?;
            fields.push((part.name, value));
        }
    }
    Err(bad("the body has too many parts"))
}

fn bad(message: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

/// Takes so many bytes and no more.
struct Limited(Vec<u8>, usize);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > self.1 {
            return Err(bad("a field is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct PartHead {
    name: String,
    is_file: bool,
}

struct Body<R> {
    source: R,
    /// What came and was not given on yet.
    pending: Vec<u8>,
}

impl<R: Read> Body<R> {
    /// Gives on everything before `mark`, and takes the mark away.
    fn until(&mut self, mark: &[u8], out: &mut impl Write) -> io::Result<()> {
        loop {
            let found = find(&self.pending, mark);
            // The beginning of the mark may be what came last.
            let sure = found.unwrap_or_else(|| (self.pending.len() + 1).saturating_sub(mark.len()));
            out.write_all(&self.pending[..sure])?;
            if found.is_some() {
                self.pending.drain(..sure + mark.len());
                return Ok(());
            }
            self.pending.drain(..sure);
            let before = self.pending.len();
            self.pending.resize(before + PIECE_BYTES, 0);
            let read = self.source.read(&mut self.pending[before..]);
            self.pending.truncate(before + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Err(bad("the body ends early")),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The lines before a part's content.
    fn part_head(&mut self) -> io::Result<PartHead> {
        let mut part = PartHead {
            name: String::new(),
            is_file: false,
        };
        loop {
            let mut line = Limited(Vec::new(), LONGEST_HEAD);
            self.until(b"\r\n", &mut line)?;
            if line.0.is_empty() {
                return Ok(part);
            }
            let line = String::from_utf8(line.0).map_err(|_| bad("a head is no text"))?;
            let Some((key, value)) = line.split_once(':') else {
                return Err(bad("a part has no head"));
            };
            if key.eq_ignore_ascii_case("content-disposition") {
                for parameter in value.split(';').map(str::trim) {
                    if let Some(name) = parameter.strip_prefix("name=") {
                        part.name = name.trim_matches('"').to_owned();
                    }
                    part.is_file |= parameter.starts_with("filename=");
                }
            }
        }
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let first = *mark.first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        from += at;
        if bytes[from..].starts_with(mark) {
            return Some(from);
        }
        from += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time: every mark is cut everywhere.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn body(content: &str) -> String {
        format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\ninstall\r\n\
             --xyz\r\nContent-Disposition: form-data; name=\"dangerous\"\r\n\r\ntrue\r\n\
             --xyz\r\nContent-Disposition: form-data; name=\"snap\"; filename=\"a.snap\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n--xyz--\r\n"
        )
    }

    #[test]
    fn fields_and_file_come_as_they_were_sent() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/file");
        // Almost the mark, again and again.
        let content = "\r\n--xy\r\n\r\n--\r\n--xy\r";
        let upload = receive(Drip(body(content).as_bytes()), "xyz", &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content.as_bytes());
        assert_eq!(
            (upload.field("action"), upload.field("dangerous")),
            (Some("install"), Some("true"))
        );
        assert_eq!(upload.field("snap"), None);
    }

    #[test]
    fn a_body_that_is_none_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let whole = body("content");
        for length in 0..whole.len() - 2 {
            let cut = receive(&whole.as_bytes()[..length], "xyz", &path);
            assert!(cut.is_err() && !path.exists(), "{length}");
        }
        assert!(receive(whole.as_bytes(), "other", &path).is_err());
        let long = whole.replace("install", &"i".repeat(LONGEST_FIELD + 1));
        let refused = receive(long.as_bytes(), "xyz", &path).unwrap_err();
        assert_eq!(refused.to_string(), "a field is too long");
        let no_file = whole.replace("filename=", "file=");
        let refused = receive(no_file.as_bytes(), "xyz", &path).unwrap_err();
        assert_eq!(refused.to_string(), "the body has no file");
    }

    #[test]
    fn boundaries_are_found() {
        assert_eq!(boundary("multipart/form-data; boundary=abc"), Some("abc"));
        assert_eq!(
            boundary("Multipart/Form-Data; x=1; boundary=\"a b\""),
            Some("a b")
        );
        for none in [
            "application/json",
            "multipart/form-data",
            "multipart/mixed; boundary=a",
        ] {
            assert_eq!(boundary(none), None, "{none}");
        }
    }
}
