//! How much of anything the client takes.

/// Bounds on what strangers send, for memory and time that do not depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of each root.
    pub root_bytes: u64,
    /// Of the timestamp.
    pub timestamp_bytes: u64,
    /// Of a snapshot whose length the timestamp does not tell.
    pub snapshot_bytes: u64,
    /// Of a targets role's file whose length the snapshot does not tell.
    pub targets_bytes: u64,
    /// Of any file whose length is told: also what is signed may be absurd.
    pub told_bytes: u64,
    /// New roots that one refresh follows.
    pub roots: u32,
    /// Roles that one search asks, the top one included.
    pub roles: usize,
}

impl Limits {
    /// The bound for a file of metadata.
    pub(crate) fn of_file(&self, told: Option<u64>, untold: u64) -> u64 {
        told.map_or(untold, |told| told.min(self.told_bytes))
    }
}

impl Default for Limits {
    /// Those of python-tuf where it has them.
    fn default() -> Self {
        Limits {
            root_bytes: 512_000,
            timestamp_bytes: 16_384,
            snapshot_bytes: 2_000_000,
            targets_bytes: 5_000_000,
            told_bytes: 32 << 20,
            roots: 256,
            roles: 32,
        }
    }
}
