//! Why a file cannot be had.

use crate::authorities::Authorities;
use std::fmt;

/// Why a file cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// The server has no such file, or does not give it to us.
    Refused {
        /// The status of the answer.
        status: u16,
    },
    /// The server does not say how long the file is.
    NoLength,
    /// The answer is not what was asked for: HTTP is not spoken as it should be.
    Answer(&'static str),
    /// The server of an `https` address does not prove that it is the one, and why.
    Unproven(String),
    /// The file is another one than when it was begun.
    Changed,
    /// The line broke too often in a row, with this the last time.
    Broken {
        /// How often.
        failures: u32,
        /// The last reason.
        reason: String,
    },
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status: 404 } => {
                f.write_str("the server has no such file (404); check the address")
            }
            Self::Refused { status } => write!(
                f,
                "the server does not give it ({status}); check the address, and the server"
            ),
            Self::NoLength => f.write_str(
                "the server does not say how long it is; take one that serves plain files",
            ),
            Self::Answer(what) => write!(
                f,
                "the server's answer makes no sense: {what}; take one that serves plain files"
            ),
            Self::Unproven(reason) => write!(
                f,
                "the server does not prove that it is the one of this address: {reason}; check \
                 the device's clock, and that {} has who vouches for the server",
                Authorities::PATH
            ),
            Self::Changed => f.write_str("it changed on the server while it was read; try again"),
            Self::Broken { failures, reason } => write!(
                f,
                "the connection failed {failures} times in a row, at last with: {reason}; \
                 check the network, and try again"
            ),
        }
    }
}

impl std::error::Error for HttpError {}
