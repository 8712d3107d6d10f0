//! Why there is no mapped device.

use std::fmt;
use std::io;

/// Why a device could not be made, asked or taken away.
#[derive(Debug)]
pub enum MapError {
    /// The kernel does not take a name of that length.
    Name(String),
    /// The parts do not fit together: an image is damaged.
    Geometry(String),
    /// The kernel says no.
    Kernel {
        /// What was to be done.
        act: String,
        /// What it says.
        source: io::Error,
    },
}

impl MapError {
    pub(crate) fn kernel<E: Into<io::Error>>(
        act: impl FnOnce() -> String,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Kernel {
            act: act(),
            source: source.into(),
        }
    }
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "cannot name a device {name:?}: wrong length"),
            Self::Geometry(reason) => write!(f, "cannot map a device: {reason}"),
            Self::Kernel { act, source } => write!(f, "cannot {act}: {source}"),
        }
    }
}

// What is behind it is said already.
impl std::error::Error for MapError {}
