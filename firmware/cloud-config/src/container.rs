//! What user-data comes in: gzip, MIME multipart, and the first line that says what it is.

mod gzip;
mod mime;

pub(crate) use gzip::unpack_gzip;

use core::fmt;
use gzip::GzipError;
use mime::MimeError;

/// The longest user-data, packed or not. Clouds give 16 KiB; a config drive has 64.
pub const MAX_USER_DATA_BYTES: usize = 1 << 20;
/// The most parts of a multipart, nested ones counted.
const MOST_PARTS: usize = 64;
/// How deep containers nest: a gzip around a multipart around parts that are gzips.
const DEEPEST: usize = 4;

/// One part of user-data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A `#cloud-config` document.
    CloudConfig(Vec<u8>),
    /// Something that a device of this kind does not run: why.
    NotHonoured(&'static str),
}

/// Why nothing in user-data can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContainerError {
    /// It is longer than anybody needs.
    TooLong,
    /// It is no sound gzip.
    Gzip(GzipError),
    /// It is no sound multipart.
    Mime(MimeError),
    /// Containers in containers without end.
    TooDeep,
    /// More parts than anybody writes.
    TooManyParts,
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(
                f,
                "it is longer than {} KiB; shorten it",
                MAX_USER_DATA_BYTES >> 10
            ),
            Self::Gzip(error) => error.fmt(f),
            Self::Mime(error) => error.fmt(f),
            Self::TooDeep => write!(f, "containers are nested deeper than {DEEPEST} levels"),
            Self::TooManyParts => write!(f, "it has more than {MOST_PARTS} parts"),
        }
    }
}

impl core::error::Error for ContainerError {}

/// The parts of user-data, in their order. Blank user-data has none.
///
/// # Errors
/// See [`ContainerError`].
pub fn unpack(user_data: &[u8]) -> Result<Vec<Part>, ContainerError> {
    let mut parts = Vec::new();
    unpack_into(&mut parts, user_data, 0)?;
    Ok(parts)
}

fn unpack_into(parts: &mut Vec<Part>, bytes: &[u8], depth: usize) -> Result<(), ContainerError> {
    if bytes.len() > MAX_USER_DATA_BYTES {
        return Err(ContainerError::TooLong);
    }
    if depth > DEEPEST {
        return Err(ContainerError::TooDeep);
    }
    if parts.len() >= MOST_PARTS {
        return Err(ContainerError::TooManyParts);
    }
    if bytes.starts_with(&gzip::MAGIC) {
        let inner = unpack_gzip(bytes, MAX_USER_DATA_BYTES).map_err(ContainerError::Gzip)?;
        return unpack_into(parts, &inner, depth + 1);
    }
    if mime::is_mime(bytes) {
        for part in mime::parts(bytes, MOST_PARTS).map_err(ContainerError::Mime)? {
            unpack_into(parts, &part, depth + 1)?;
        }
        return Ok(());
    }
    parts.extend(by_first_line(bytes));
    Ok(())
}

/// As cloud-init tells them apart; nothing else says what a part is.
fn by_first_line(bytes: &[u8]) -> Option<Part> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.trim_ascii().is_empty() {
        return None;
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Some(match line.trim_ascii_end() {
        b"#cloud-config" => Part::CloudConfig(text.to_vec()),
        line if line.starts_with(b"#!") => {
            Part::NotHonoured("a script; name its commands in runcmd of a #cloud-config")
        }
        line if line.starts_with(b"#include") => {
            Part::NotHonoured("#include fetches from elsewhere; write it down here")
        }
        line if line.starts_with(b"## template:") => {
            Part::NotHonoured("a template; fill it in before")
        }
        line if line.starts_with(b"#cloud-boothook") => {
            Part::NotHonoured("nothing runs before the system is up; use runcmd")
        }
        _ => Part::NotHonoured("its first line is not #cloud-config"),
    })
}

#[cfg(test)]
mod tests;
