//! `write_files`: files in areas that can be written.

use super::MOST;
use crate::complaint::{Complaint, Complaints, Reason};
use crate::container::unpack_gzip;
use crate::place::{Place, Truth};
use base64ct::{Base64Unpadded, Encoding as _};

/// A file, as the owner wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileToWrite {
    /// Where a program will look for it: absolute, without `..`.
    pub path: String,
    /// What is in it.
    pub content: Vec<u8>,
    /// Who has it, and which group.
    pub owner: String,
    /// Permissions, of which no set-id bit is one.
    pub mode: u32,
    /// Whether it takes the place of what is there.
    pub placing: Placing,
    /// Where the document names it.
    pub line: usize,
}

/// Whether a file takes the place of what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// It does.
    Replace,
    /// It comes behind.
    Append,
}

/// How a content is written down.
#[derive(Clone, Copy)]
enum Encoding {
    Plain,
    Base64,
    CompressedBase64,
}

/// The longest content, unpacked.
const MAX_CONTENT_BYTES: usize = 1 << 20;
const MAX_PATH_BYTES: usize = 1024;

pub(super) fn list(place: &Place<'_>, complaints: &mut Complaints) -> Vec<FileToWrite> {
    let items = complaints.take(place.items()).unwrap_or_default();
    if items.len() > MOST {
        complaints.add(place.complain(Reason::TooMany { most: MOST }));
    }
    let files = items.into_iter().take(MOST);
    files.filter_map(|item| file(&item, complaints)).collect()
}

/// A file with a wrong part is not written: half of what was asked for helps nobody.
fn file(place: &Place<'_>, complaints: &mut Complaints) -> Option<FileToWrite> {
    let entries = complaints.take(place.entries())?;
    let mut path = None;
    let mut content = None;
    let mut encoding = Some(Encoding::Plain);
    let mut owner = Some("root:root".to_owned());
    let mut mode = Some(0o644);
    let mut placing = Some(Placing::Replace);
    for (key, place) in &entries {
        match *key {
            "path" => path = complaints.take(absolute(place)),
            "content" => content = complaints.take(place.text()).map(|text| (place, text)),
            "encoding" => encoding = complaints.take(parse_encoding(place)),
            "owner" => owner = complaints.take(place.text()).map(str::to_owned),
            "permissions" => mode = complaints.take(permissions(place)),
            "append" => {
                placing = complaints.take(place.truth()).map(|truth| match truth {
                    Truth::Yes => Placing::Append,
                    Truth::No => Placing::Replace,
                });
            }
            // All files are written once users are there.
            "defer" => {}
            "source" => {
                complaints.add(place.complain(Reason::NotHonoured("write the content down")));
                return None;
            }
            _ => complaints.add(place.complain(Reason::Unknown)),
        }
    }
    if !entries.iter().any(|(key, _)| *key == "path") {
        complaints.add(place.complain(Reason::Missing("path")));
    }
    let encoding = encoding?;
    // No content is an empty file.
    let content = match content {
        Some((place, text)) => complaints.take(decode(place, text, encoding))?,
        None if entries.iter().any(|(key, _)| *key == "content") => return None,
        None => Vec::new(),
    };
    Some(FileToWrite {
        path: path?,
        content,
        owner: owner?,
        mode: mode?,
        placing: placing?,
        line: place.complain(Reason::Unknown).line,
    })
}

fn absolute(place: &Place<'_>) -> Result<String, Complaint> {
    let path = place.text()?;
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    let good = path.len() <= MAX_PATH_BYTES
        && !path.chars().any(char::is_control)
        && path
            .strip_prefix('/')
            .is_some_and(|rest| rest.split('/').all(is_part));
    match good {
        true => Ok(path.to_owned()),
        false => Err(place.unusable(path, "an absolute path without . and ..")),
    }
}

fn parse_encoding(place: &Place<'_>) -> Result<Encoding, Complaint> {
    match place.text()? {
        "text/plain" => Ok(Encoding::Plain),
        "b64" | "base64" => Ok(Encoding::Base64),
        "gz" | "gzip" | "gz+b64" | "gz+base64" | "gzip+b64" | "gzip+base64" => {
            Ok(Encoding::CompressedBase64)
        }
        other => Err(place.unusable(other, "text/plain, b64 or gz+b64")),
    }
}

fn decode(place: &Place<'_>, text: &str, encoding: Encoding) -> Result<Vec<u8>, Complaint> {
    let not_base64 = || place.complain(Reason::NotA("text in base64"));
    let base64 = || decode_base64(text.as_bytes()).ok_or_else(not_base64);
    match encoding {
        Encoding::Plain => Ok(text.as_bytes().to_vec()),
        Encoding::Base64 => base64(),
        Encoding::CompressedBase64 => unpack_gzip(&base64()?, MAX_CONTENT_BYTES)
            .map_err(|error| place.unusable(&error.to_string(), "a gzip of at most 1 MiB")),
    }
}

/// Base64 with whatever white space mail programs and people put into it, padded or not.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let is_inside = |byte: &u8| !byte.is_ascii_whitespace();
    let text = String::from_utf8(text.iter().copied().filter(is_inside).collect()).ok()?;
    Base64Unpadded::decode_vec(text.trim_end_matches('=')).ok()
}

/// Octal, in quotes or not. Of a set-id bit nothing comes in any area.
fn permissions(place: &Place<'_>) -> Result<u32, Complaint> {
    let text = place.text()?;
    let digits = text.trim_start_matches("0o");
    match u32::from_str_radix(digits, 8) {
        Ok(mode) if mode <= 0o1777 => Ok(mode),
        _ => Err(place.unusable(text, "octal digits up to 1777, as in '0644'")),
    }
}
