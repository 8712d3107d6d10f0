//! Where the file of a snap comes from.

use std::fmt;

/// Opens what the address of a change means, after a restart, too.
pub trait Sources: Send + Sync {
    /// Opens it.
    ///
    /// # Errors
    /// It is not there.
    fn open<'a>(&'a self, address: &str) -> Result<Box<dyn Source + 'a>, SourceError>;
}

/// The bytes of a file, by their place. Nobody trusts them.
pub trait Source {
    /// Fills the buffer with what begins there. It comes back only with all of it.
    ///
    /// # Errors
    /// It does not come.
    fn read_exact_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError>;
}

/// The file does not come. The message says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError(pub String);

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot fetch the snap: {}", self.0)
    }
}

impl std::error::Error for SourceError {}
