//! MIME multipart (RFC 2046), as `cloud-init devel make-mime` and `write-mime-multipart` make
//! it: heads, a boundary, parts as they are or in base64.

use crate::document::decode_base64;
use core::fmt;

/// Why a multipart cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MimeError {
    /// It does not say what is between its parts.
    NoBoundary,
    /// Its last part has no end.
    NoEnd,
    /// A part is written down in a way that is not understood.
    Encoding,
    /// A part says that it is base64 and is none.
    Base64,
    /// It has more parts than anybody writes.
    TooManyParts,
}

impl fmt::Display for MimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBoundary => "the multipart names no boundary; give Content-Type one",
            Self::NoEnd => "the multipart has no last boundary; it was cut off",
            Self::Encoding => {
                "a part of the multipart has a transfer encoding that is not understood; use base64"
            }
            Self::Base64 => "a part of the multipart is no base64, as it says; write it again",
            Self::TooManyParts => "the multipart has too many parts; write fewer",
        })
    }
}

const CONTENT_TYPE: &str = "content-type";
const TRANSFER_ENCODING: &str = "content-transfer-encoding";

/// Whether `bytes` begin with the heads of a multipart.
pub(super) fn is_mime(bytes: &[u8]) -> bool {
    let (heads, _) = heads_and_body(bytes);
    head(&heads, CONTENT_TYPE)
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"))
}

/// The contents of the parts, in their order.
pub(super) fn parts(bytes: &[u8], most: usize) -> Result<Vec<Vec<u8>>, MimeError> {
    let (heads, body) = heads_and_body(bytes);
    let kind = head(&heads, CONTENT_TYPE).unwrap_or_default();
    let boundary = boundary(kind).ok_or(MimeError::NoBoundary)?;
    let delimiter = format!("--{boundary}");
    let end = format!("--{boundary}--");
    let mut parts = Vec::new();
    // What stands before the first boundary is for people.
    let mut part: Option<Vec<u8>> = None;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        if text != delimiter.as_bytes() && text != end.as_bytes() {
            if let Some(part) = &mut part {
                part.extend(line);
            }
            continue;
        }
        if let Some(part) = part.take() {
            if parts.len() >= most {
                return Err(MimeError::TooManyParts);
            }
            parts.push(content(&part)?);
        }
        if text == end.as_bytes() {
            return Ok(parts);
        }
        part = Some(Vec::new());
    }
    Err(MimeError::NoEnd)
}

/// The heads, one a line, and what comes behind the empty line. Without heads: none, and all.
fn heads_and_body(bytes: &[u8]) -> (Vec<String>, &[u8]) {
    let mut heads: Vec<String> = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, behind) = rest.split_at(end + 1);
        let Ok(text) = core::str::from_utf8(line) else {
            break;
        };
        let text = text.trim_end();
        rest = behind;
        match (text.is_empty(), heads.last_mut()) {
            (true, _) => return (heads, rest),
            // A line that begins with white space goes on.
            (false, Some(last)) if text.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(text.trim_start());
            }
            // mbox's line.
            (false, None) if text.starts_with("From ") => {}
            (false, _) if text.contains(':') => heads.push(text.to_owned()),
            (false, _) => break,
        }
    }
    (Vec::new(), bytes)
}

fn head<'a>(heads: &'a [String], name: &str) -> Option<&'a str> {
    heads.iter().find_map(|head| {
        let (key, value) = head.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// RFC 2046, section 5.1.1: 70 characters at most.
fn boundary(kind: &str) -> Option<&str> {
    let value = kind.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case("boundary")
            .then_some(value.trim())
    })?;
    let boundary = value.trim_matches('"');
    (1..=70).contains(&boundary.len()).then_some(boundary)
}

/// A multipart in a part keeps its heads: it is taken apart by them.
fn content(part: &[u8]) -> Result<Vec<u8>, MimeError> {
    if is_mime(part) {
        return Ok(part.to_vec());
    }
    let (heads, body) = heads_and_body(part);
    // A part without heads begins with the empty line.
    let body = match heads.is_empty() {
        true => part.strip_prefix(b"\n").unwrap_or(part),
        false => body,
    };
    // The line's end before a boundary belongs to the boundary.
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    let body = body.strip_suffix(b"\r").unwrap_or(body);
    let encoding = head(&heads, TRANSFER_ENCODING).unwrap_or("8bit");
    match &*encoding.to_ascii_lowercase() {
        "7bit" | "8bit" | "binary" => Ok(body.to_vec()),
        "base64" => decode_base64(body).ok_or(MimeError::Base64),
        _ => Err(MimeError::Encoding),
    }
}
