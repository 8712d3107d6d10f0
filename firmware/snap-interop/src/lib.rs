//! Snap files among others: Debian's snapd judges what we read and write, squashfs-tools
//! what we write, and the tables in snapd's own tests what we refuse.
//!
//! Nothing here is part of the product. snapd is unpacked beneath `target/debian` and never
//! installed; its tables are read when the tests run, and stand nowhere in this repository.

mod documents;
mod go_source;
mod snapd;

pub use documents::documents_in;
pub use go_source::GoSource;
pub use snapd::{Snapd, Verdict};
