//! What the client asks for, as bytes.
//!
//! Fields stand one behind the other, each a length of 32 bits (little-endian) and as many
//! bytes; the arguments and the environment have their number in front. The whole has its
//! length in front, in the message that carries the descriptors.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The longest request: what `execve` takes on a device is not more.
pub const MAX_BYTES: usize = 1 << 20;

/// A command that somebody wants to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who shall run it: `root`, or a user's name.
    pub user: String,
    /// Where it starts.
    pub start: Start,
    /// What its standard input is.
    pub terminal: Terminal,
    /// The program and its arguments; at least one.
    pub command: Vec<OsString>,
    /// Those of the client's variables that may go along.
    pub environment: Vec<(OsString, OsString)>,
}

/// Where a command starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// In the client's directory.
    Here,
    /// In the home of the user who runs it.
    AtHome,
}

/// What the standard input of a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// A terminal made for it, which becomes its controlling terminal.
    Own,
    /// Anything else.
    Borrowed,
}

/// A request is not of this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRequest;

impl std::fmt::Display for BadRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot understand the request: it is not one of this release's client")
    }
}

impl std::error::Error for BadRequest {}

impl Request {
    /// As bytes, without the length in front.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, self.user.as_bytes());
        bytes.push(match self.start {
            Start::Here => 0,
            Start::AtHome => 1,
        });
        bytes.push(match self.terminal {
            Terminal::Own => 0,
            Terminal::Borrowed => 1,
        });
        put_number(&mut bytes, self.command.len());
        for argument in &self.command {
            put(&mut bytes, argument.as_bytes());
        }
        put_number(&mut bytes, self.environment.len());
        for (name, value) in &self.environment {
            put(&mut bytes, name.as_bytes());
            put(&mut bytes, value.as_bytes());
        }
        bytes
    }

    /// Takes bytes from a client whom nobody vouches for.
    ///
    /// # Errors
    /// [`BadRequest`]: also for a byte behind the end, and for text with a NUL in it.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadRequest> {
        let mut rest = Rest(bytes);
        let user = String::from_utf8(rest.field()?.into_vec()).map_err(|_| BadRequest)?;
        let start = match rest.byte()? {
            0 => Start::Here,
            1 => Start::AtHome,
            _ => return Err(BadRequest),
        };
        let terminal = match rest.byte()? {
            0 => Terminal::Own,
            1 => Terminal::Borrowed,
            _ => return Err(BadRequest),
        };
        let command: Vec<_> = (0..rest.number()?)
            .map(|_| rest.field())
            .collect::<Result<_, _>>()?;
        let environment = (0..rest.number()?)
            .map(|_| Ok((rest.field()?, rest.field()?)))
            .collect::<Result<_, _>>()?;
        if command.is_empty() || !rest.0.is_empty() {
            return Err(BadRequest);
        }
        Ok(Self {
            user,
            start,
            terminal,
            command,
            environment,
        })
    }

    /// The program's name.
    #[must_use]
    pub fn program(&self) -> &OsStr {
        self.command
            .first()
            .map_or(OsStr::new(""), |program| program)
    }
}

fn put_number(bytes: &mut Vec<u8>, number: usize) {
    // A request with more is too long to be sent.
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn put(bytes: &mut Vec<u8>, field: &[u8]) {
    put_number(bytes, field.len());
    bytes.extend_from_slice(field);
}

/// What is not parsed yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self) -> Result<u8, BadRequest> {
        let (byte, rest) = self.0.split_first().ok_or(BadRequest)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// No more than there are bytes left: nobody reserves memory for the rest.
    fn number(&mut self) -> Result<usize, BadRequest> {
        let (number, rest) = self.0.split_first_chunk::<4>().ok_or(BadRequest)?;
        self.0 = rest;
        let number = usize::try_from(u32::from_le_bytes(*number)).map_err(|_| BadRequest)?;
        if number > rest.len() {
            return Err(BadRequest);
        }
        Ok(number)
    }

    fn field(&mut self) -> Result<OsString, BadRequest> {
        let length = self.number()?;
        let (field, rest) = self.0.split_at_checked(length).ok_or(BadRequest)?;
        self.0 = rest;
        if field.contains(&0) {
            return Err(BadRequest);
        }
        Ok(OsString::from_vec(field.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Request {
        Request {
            user: "root".to_owned(),
            start: Start::Here,
            terminal: Terminal::Own,
            command: vec!["touch".into(), OsString::from_vec(vec![b'/', 0xff])],
            environment: vec![("TERM".into(), "vt100".into())],
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let request = sample();
        assert_eq!(Request::parse(&request.to_bytes()), Ok(request.clone()));
        let other = Request {
            start: Start::AtHome,
            terminal: Terminal::Borrowed,
            environment: Vec::new(),
            ..request
        };
        assert_eq!(Request::parse(&other.to_bytes()), Ok(other));
    }

    #[test]
    fn whatever_is_cut_off_or_added_is_refused() {
        let bytes = sample().to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(
                Request::parse(&bytes[..length]),
                Err(BadRequest),
                "{length}"
            );
        }
        assert_eq!(
            Request::parse(&[&bytes[..], &[0]].concat()),
            Err(BadRequest)
        );
        let nothing = Request {
            command: Vec::new(),
            ..sample()
        };
        assert_eq!(Request::parse(&nothing.to_bytes()), Err(BadRequest));
        let nul = Request {
            command: vec!["a\0b".into()],
            ..sample()
        };
        assert_eq!(Request::parse(&nul.to_bytes()), Err(BadRequest));
    }

    #[test]
    fn a_length_that_lies_reserves_nothing() {
        let mut bytes = sample().to_bytes();
        // The number of arguments stands behind the user and two bytes.
        bytes[10..14].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Request::parse(&bytes), Err(BadRequest));
    }
}
