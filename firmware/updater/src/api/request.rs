//! Bytes of a connection -> a request. Anybody on the device may send them.
//!
//! A request has a method of three, an address, and a body whose length it tells; no
//! `Expect`. What is longer than the limits is refused before it is kept. A body with a file
//! may come in chunks and has no limit but the disk's: only the administrator sends one.

use super::ApiError;
use super::upload::{self, Upload};
use httparse::Status;

/// The longest request line with its headers.
pub const HEAD_BYTES: usize = 8 << 10;
/// The longest body.
pub const BODY_BYTES: usize = 64 << 10;
const HEADERS: usize = 32;

/// What is to be done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read it.
    Get,
    /// Act on it.
    Post,
    /// Change it.
    Put,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// Whether the connection may bring another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// It may.
    KeepAlive,
    /// The client has no more.
    Close,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// The address between slashes, decoded.
    pub path: Vec<String>,
    /// What stands behind its `?`, decoded.
    pub query: Vec<(String, String)>,
    /// As it came.
    pub body: Vec<u8>,
    /// In place of a body: what came with a file.
    pub upload: Option<Upload>,
}

impl Request {
    /// What the query has for `key`, if that says something.
    #[must_use]
    pub fn asked(&self, key: &str) -> Option<&str> {
        let found = self.query.iter().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The words between the commas of [`asked`](Self::asked).
    pub fn asked_list(&self, key: &str) -> impl Iterator<Item = &str> {
        let list = self.asked(key).unwrap_or_default().split(',');
        list.map(str::trim).filter(|word| !word.is_empty())
    }
}

/// A request without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The request, with an empty body.
    pub request: Request,
    /// So many bytes the head has.
    pub length_bytes: usize,
    /// What follows.
    pub body: Body,
    /// Whether the connection may bring another request.
    pub afterwards: Afterwards,
}

/// What follows a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes, at most [`BODY_BYTES`].
    Bytes(usize),
    /// Fields and a file.
    Upload {
        /// What stands between them.
        boundary: String,
        /// Of all of it.
        length: Length,
    },
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So long.
    Bytes(u64),
    /// Each chunk of it says so.
    Chunks,
}

/// Parses the beginning of `bytes`. `None`: the head is not whole yet.
///
/// # Errors
/// The client does not speak as it should; the connection is of no use any more.
pub fn parse_head(bytes: &[u8]) -> Result<Option<Head>, ApiError> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let bounded = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    let length_bytes = match parsed.parse(bounded) {
        Ok(Status::Complete(length_bytes)) => length_bytes,
        Ok(Status::Partial) if bytes.len() < HEAD_BYTES => return Ok(None),
        Ok(Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Err(ApiError::new(
                431,
                "cannot read the request: its head is too long",
            ));
        }
        Err(error) => {
            let message = format!("cannot read the request: {error}");
            return Err(ApiError::bad_request(message));
        }
    };
    let method = parse_method(parsed.method.unwrap_or_default())?;
    let (path, query) = parse_address(parsed.path.unwrap_or_default())
        .ok_or_else(|| ApiError::bad_request("cannot read the address"))?;
    Ok(Some(Head {
        request: Request {
            method,
            path,
            query,
            body: Vec::new(),
            upload: None,
        },
        length_bytes,
        body: parse_body(parsed.headers)?,
        afterwards: afterwards(parsed.version, parsed.headers),
    }))
}

fn parse_method(word: &str) -> Result<Method, ApiError> {
    let all = [Method::Get, Method::Post, Method::Put];
    let found = all.into_iter().find(|method| method.name() == word);
    found.ok_or_else(|| ApiError::new(405, format!("method {word:?} not allowed")))
}

fn parse_body(headers: &[httparse::Header<'_>]) -> Result<Body, ApiError> {
    let length = body_length(headers)?;
    let mut types = headers.iter().filter(|header| is(header, "content-type"));
    let content_type = types
        .next()
        .and_then(|header| std::str::from_utf8(header.value).ok());
    if let Some(boundary) = content_type.and_then(upload::boundary) {
        return Ok(Body::Upload {
            boundary: boundary.to_owned(),
            length,
        });
    }
    let Length::Bytes(bytes) = length else {
        let message = "cannot take a body in chunks: send it with a Content-Length";
        return Err(ApiError::new(411, message));
    };
    let bytes = usize::try_from(bytes).ok();
    let bytes = bytes.filter(|bytes| *bytes <= BODY_BYTES);
    bytes.map(Body::Bytes).ok_or_else(|| {
        ApiError::new(
            413,
            format!("cannot take a body of more than {BODY_BYTES} bytes"),
        )
    })
}

fn is(header: &httparse::Header<'_>, name: &str) -> bool {
    header.name.eq_ignore_ascii_case(name)
}

fn body_length(headers: &[httparse::Header<'_>]) -> Result<Length, ApiError> {
    let mut lengths = headers.iter().filter(|header| is(header, "content-length"));
    let (length, more) = (lengths.next(), lengths.next());
    let unreadable = || ApiError::bad_request("cannot read the Content-Length");
    let mut codings = headers
        .iter()
        .filter(|header| is(header, "transfer-encoding"));
    if let Some(coding) = codings.next() {
        // Both at once is how requests are smuggled.
        let is_chunked = coding.value.eq_ignore_ascii_case(b"chunked");
        return match is_chunked && length.is_none() && codings.next().is_none() {
            true => Ok(Length::Chunks),
            false => Err(unreadable()),
        };
    }
    let Some(length) = length else {
        return Ok(Length::Bytes(0));
    };
    let digits = length.value;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if !is_number || more.is_some() {
        return Err(unreadable());
    }
    // Digits, but perhaps more than a number has: longer than anything that is taken.
    let number = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok());
    Ok(Length::Bytes(number.unwrap_or(u64::MAX)))
}

fn afterwards(version: Option<u8>, headers: &[httparse::Header<'_>]) -> Afterwards {
    let says = |word: &str| {
        let of_connection =
            |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("connection");
        let mut values = headers
            .iter()
            .filter(of_connection)
            .map(|header| header.value);
        values.any(|value| value.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    };
    match version {
        Some(1) if !says("close") => Afterwards::KeepAlive,
        _ => Afterwards::Close,
    }
}

type Address = (Vec<String>, Vec<(String, String)>);

fn parse_address(address: &str) -> Option<Address> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path = path.strip_prefix('/')?;
    let path = path.split('/').map(|segment| decode(segment, Plus::IsPlus));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let query = pairs.map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(key, Plus::IsSpace)?, decode(value, Plus::IsSpace)?))
    });
    Some((path.collect::<Option<_>>()?, query.collect::<Option<_>>()?))
}

/// What a `+` stands for: it depends on the part of the address.
#[derive(Clone, Copy)]
enum Plus {
    IsPlus,
    IsSpace,
}

/// `%2C` and the like -> text.
fn decode(text: &str, plus: Plus) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match (byte, plus) {
            (b'%', _) => 16 * digit(bytes.next()?)? + digit(bytes.next()?)?,
            (b'+', Plus::IsSpace) => b' ',
            (byte, _) => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests;
