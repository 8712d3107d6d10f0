//! A snap in pieces: what another revision of it holds is not fetched.
//!
//! A snap is compressed, but what did not change in its tree has the same compressed blocks in
//! two revisions. Beside a snap a publisher puts its [`list`]: the pieces that the file is made
//! of, cut by content. [`Reusing`] looks for them in files that the device has, and fetches the
//! others from the snap itself.
//!
//! Nobody trusts a list. One that is missing or damaged leads to the whole file, and whoever
//! reads holds what came against the signed hash of the whole.

mod cut;
mod held;
pub mod list;
mod reusing;

pub use cut::{Level, Piece, PieceDigest};
pub use reusing::{PiecesDetour, Reusing};
