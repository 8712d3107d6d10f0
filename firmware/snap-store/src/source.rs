//! Where the file of a snap comes from.

use std::fmt;
use std::fs::File;

/// Opens what the address of a change means, after a restart, too.
pub trait Sources: Send + Sync {
    /// Opens it. What comes may be taken from `held`, where other revisions of the snap are,
    /// or a damaged copy of this one.
    ///
    /// # Errors
    /// It is not there.
    fn open<'a>(
        &'a self,
        address: &str,
        held: Vec<File>,
    ) -> Result<Box<dyn Source + 'a>, SourceError>;
}

/// The bytes of a file, by their place. Nobody trusts them.
pub trait Source {
    /// Fills the buffer with what begins there. It comes back only with all of it.
    ///
    /// # Errors
    /// It does not come.
    fn read_exact_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<(), SourceError>;

    /// What it cost so far.
    fn cost(&self) -> Cost;
}

/// What the bytes of a file cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Over the line.
    pub fetched_bytes: u64,
    /// From files that were here.
    pub reused_bytes: u64,
    /// Why more was fetched than had to be, if it was.
    pub detour: Option<String>,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fetched_bytes,
            reused_bytes,
            detour,
        } = self;
        write!(
            f,
            "{fetched_bytes} bytes were fetched, {reused_bytes} were here already"
        )?;
        match detour {
            Some(detour) => write!(f, "; {detour}"),
            None => Ok(()),
        }
    }
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
