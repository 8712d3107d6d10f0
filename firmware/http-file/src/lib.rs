//! A file on a web server, read as if it were here.
//!
//! Lines of gateways break in the middle of a file, and come back. [`HttpFile`] asks for the
//! rest then, from the byte that is missing on (RFC 9110, section 14): nothing that arrived
//! is fetched twice. It gives up on what no patience helps against: an answer that says no,
//! and a file that is another one than before.
//!
//! Nothing that comes over the line is trusted here. Whoever reads the file verifies it.

mod answer;
mod authorities;
mod error;
mod failure;
mod file;
mod patience;

pub use authorities::Authorities;
pub use error::HttpError;
pub use file::{HttpFile, Ranges};
pub use patience::{Interruption, Patience, Wait};
