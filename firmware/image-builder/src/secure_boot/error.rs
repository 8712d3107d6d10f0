//! What can be wrong with Secure Boot keys and with what they are to sign.

use std::fmt;
use std::path::PathBuf;

/// Why the loader cannot be signed for Secure Boot, or keys cannot be made.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecureBootError {
    /// Something is there already.
    Exists(PathBuf),
    /// A file of the directory is not there.
    NoKeys(PathBuf),
    /// Others can read the private key.
    OpenPermissions {
        /// The key.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// No X.509 certificate of the form that is made here.
    NotACertificate(PathBuf),
    /// A release asked for production keys and these are for tests.
    TestKeys(PathBuf),
    /// The loader is no PE file, or not laid out as our linker does.
    NotAProgram,
    /// There is a signature in the file.
    AlreadySigned,
}

impl fmt::Display for SecureBootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(path) => write!(
                f,
                "cannot make keys: {} exists and is never overwritten; name another directory",
                path.display()
            ),
            Self::NoKeys(path) => write!(
                f,
                "cannot find {}; make keys with `cargo xtask keys secure-boot DIR`",
                path.display()
            ),
            Self::OpenPermissions { path, mode } => write!(
                f,
                "cannot use {0}: its mode {mode:04o} lets others at a private key; run `chmod 600 {0}`",
                path.display()
            ),
            Self::NotACertificate(path) => write!(
                f,
                "cannot use {}: it is no certificate of a Secure Boot key",
                path.display()
            ),
            Self::TestKeys(path) => write!(
                f,
                "cannot make a release with {}: these Secure Boot keys are for tests; make others \
                 with `cargo xtask keys secure-boot DIR`",
                path.display()
            ),
            Self::NotAProgram => f.write_str(
                "cannot sign the loader: it is no PE file whose sections follow one another",
            ),
            Self::AlreadySigned => f.write_str("cannot sign the loader: it has a signature"),
        }
    }
}

impl std::error::Error for SecureBootError {}
