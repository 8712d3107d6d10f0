//! What the service says in the end: one byte for the kind, then what belongs to it.

use std::io::{self, Read, Write};

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The command ended with this code.
    Exited(u8),
    /// A signal of this number ended it.
    Killed(u8),
    /// It was not run, because of that.
    Refused(String),
}

/// A sentence is not longer.
const MAX_BYTES: u64 = 4096;

impl Answer {
    /// Sends it.
    ///
    /// # Errors
    /// The socket's.
    pub fn write(&self, socket: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Exited(code) => socket.write_all(&[b'e', *code]),
            Self::Killed(signal) => socket.write_all(&[b'k', *signal]),
            Self::Refused(why) => socket.write_all(&[b"r", why.as_bytes()].concat()),
        }
    }

    /// Reads it to the end of the connection. `None`: the service went away without one.
    ///
    /// # Errors
    /// The socket's.
    pub fn read(socket: &mut impl Read) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        match socket.take(MAX_BYTES).read_to_end(&mut bytes) {
            // The service ended with words of ours unread.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            other => drop(other?),
        }
        Ok(match bytes.split_first() {
            Some((b'e', [code])) => Some(Self::Exited(*code)),
            Some((b'k', [signal])) => Some(Self::Killed(*signal)),
            Some((b'r', why)) => Some(Self::Refused(String::from_utf8_lossy(why).into_owned())),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        for answer in [
            Answer::Exited(0),
            Answer::Exited(255),
            Answer::Killed(9),
            Answer::Refused("cannot, because".to_owned()),
        ] {
            let mut bytes = Vec::new();
            answer.write(&mut bytes).unwrap();
            assert_eq!(Answer::read(&mut &bytes[..]).unwrap(), Some(answer));
        }
        for none in [&b""[..], b"e", b"e12", b"x1"] {
            assert_eq!(Answer::read(&mut &none[..]).unwrap(), None);
        }
    }
}
