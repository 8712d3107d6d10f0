//! What a snap may use up.

/// Limits of a whole snap, all its apps together. `None` is no limit of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Memory, the files in its `/tmp` included. What asks for more is killed.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u32>,
    /// Hundredths of one processor.
    pub cpu_percent: Option<u32>,
    /// Writes to each of these disks.
    pub disk: Option<DiskLimit>,
    /// The size of each of its file systems in memory: `/tmp`, `/dev/shm`, `/run`.
    pub temporary_bytes: u64,
}

/// How fast a snap may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskLimit {
    /// The disk, as `major:minor`.
    pub device: String,
    /// Bytes a second.
    pub write_bytes_per_second: u64,
}

impl Limits {
    /// What a snap gets that nobody said more about, on a device with so much memory: half
    /// of it, so that no snap takes the system's, and one processor.
    #[must_use]
    pub fn usual(memory_bytes: u64) -> Self {
        Self {
            memory_bytes: Some(memory_bytes / 2),
            processes: Some(512),
            cpu_percent: Some(100),
            disk: None,
            temporary_bytes: memory_bytes / 16,
        }
    }
}
