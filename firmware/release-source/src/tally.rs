//! What an update cost.

/// What an update cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes that came from the server: files, not the words of HTTP around them.
    pub fetched_bytes: u64,
    /// Bytes of the image that this device held already.
    pub reused_bytes: u64,
}
