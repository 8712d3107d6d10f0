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
    /// The disk with its data.
    pub disk: Option<DiskLimit>,
    /// The size of each of its file systems in memory: `/tmp`, `/dev/shm`, `/run`.
    pub temporary_bytes: u64,
}

/// How fast a snap may use a disk. Of a file system above, the kernel counts what it writes
/// later for whoever caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskLimit {
    /// The disk, or what is mapped onto one, as `major:minor`.
    pub device: String,
    /// Bytes a second.
    pub read_bytes_per_sec: u64,
    /// Bytes a second.
    pub write_bytes_per_sec: u64,
    /// Requests a second.
    pub reads_per_sec: u64,
    /// Requests a second.
    pub writes_per_sec: u64,
}

/// What can be told of a disk before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskSpeed {
    /// An SD card, eMMC, a stick.
    Card,
    /// Anything that is built in.
    Drive,
}

impl DiskLimit {
    /// What a snap gets that nobody said more about: half of what a card of application class
    /// A1 has to bear, so that the system always has the other half; and of a drive as much as
    /// an app may want, below what any of them can do.
    #[must_use]
    pub fn usual(device: String, speed: DiskSpeed) -> Self {
        const MEBIBYTE: u64 = 1 << 20;
        match speed {
            DiskSpeed::Card => Self {
                device,
                read_bytes_per_sec: 10 * MEBIBYTE,
                write_bytes_per_sec: 5 * MEBIBYTE,
                reads_per_sec: 750,
                writes_per_sec: 250,
            },
            DiskSpeed::Drive => Self {
                device,
                read_bytes_per_sec: 200 * MEBIBYTE,
                write_bytes_per_sec: 100 * MEBIBYTE,
                reads_per_sec: 10_000,
                writes_per_sec: 5000,
            },
        }
    }
}

impl Limits {
    /// What a snap gets that nobody said more about, on a device with so much memory: half
    /// of it, so that no snap takes the system's, one processor, and a part of its disk.
    #[must_use]
    pub fn usual(memory_bytes: u64, disk: Option<DiskLimit>) -> Self {
        Self {
            memory_bytes: Some(memory_bytes / 2),
            processes: Some(512),
            cpu_percent: Some(100),
            disk,
            temporary_bytes: memory_bytes / 16,
        }
    }
}
