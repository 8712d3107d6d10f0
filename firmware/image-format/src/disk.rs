//! The partitions by role, and where things lie inside `boot-state`.
//!
//! Every role but the loader's has a type GUID of our own on every board: firmware
//! that searches well-known types for a boot file finds none. The loader's is what the
//! firmware looks for. A role appears at most once on a disk.

use core::fmt;
pub use uguid::Guid;
use uguid::guid;

/// What a partition is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The loader: in a FAT on UEFI boards, as it is on Open Firmware boards.
    SystemBoot,
    /// Boot state and flight record.
    BootState,
    /// The rescue system, in the form of a slot without a root.
    Rescue,
    /// The first slot.
    SystemA,
    /// The second slot.
    SystemB,
    /// Snaps, data, configuration, logs: ext4, last on the disk.
    Writable,
}

impl Role {
    /// All, in the order of the disk.
    pub const ALL: [Self; 6] = [
        Self::SystemBoot,
        Self::BootState,
        Self::Rescue,
        Self::SystemA,
        Self::SystemB,
        Self::Writable,
    ];

    /// The role of a partition of that GPT type, on whatever board.
    #[must_use]
    pub fn of_type(guid: Guid) -> Option<Self> {
        match guid {
            PREP_TYPE => Some(Self::SystemBoot),
            _ => Self::ALL.into_iter().find(|role| role.type_guid() == guid),
        }
    }

    /// The GPT partition type. On Open Firmware boards `system-boot` has [`PREP_TYPE`].
    #[must_use]
    pub const fn type_guid(self) -> Guid {
        match self {
            // The EFI system partition, UEFI 2.10 section 5.3.3.
            Self::SystemBoot => guid!("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),
            Self::BootState => guid!("01756c98-505e-471a-8ac0-70ee3092420f"),
            Self::Rescue => guid!("66ff485b-8a3e-4ee2-903b-cee056b1f2bd"),
            Self::SystemA => guid!("9d5dce5c-8117-449f-b17a-8fcfbe60bb49"),
            Self::SystemB => guid!("f48102af-1be7-48df-8599-adc0624e6f4b"),
            Self::Writable => guid!("875bb6ad-80e6-4eb9-8a67-458d30c9ed63"),
        }
    }

    /// The GPT partition name. For people: nothing looks a partition up by it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SystemBoot => "system-boot",
            Self::BootState => "boot-state",
            Self::Rescue => "rescue",
            Self::SystemA => "system-a",
            Self::SystemB => "system-b",
            Self::Writable => "writable",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<crate::Slot> for Role {
    fn from(slot: crate::Slot) -> Self {
        match slot {
            crate::Slot::A => Self::SystemA,
            crate::Slot::B => Self::SystemB,
        }
    }
}

impl From<crate::Source> for Role {
    fn from(source: crate::Source) -> Self {
        match source {
            crate::Source::Slot(slot) => slot.into(),
            crate::Source::Rescue => Self::Rescue,
        }
    }
}

/// The GPT type of a PReP boot partition, from whose first byte on Open Firmware reads a
/// loader.
pub const PREP_TYPE: Guid = guid!("9e1a2d38-c612-4316-aa26-8b49521e5a8b");

/// Length of the `boot-state` partition.
pub const BOOT_STATE_BYTES: u64 = 16 << 20;

/// Where the two copies of the boot state lie in `boot-state`: far enough apart
/// that no erase block of a card or flash chip holds both.
pub const STATE_COPY_OFFSETS: [u64; 2] = [0, 8 << 20];

/// Where the flight ring starts in `boot-state`: in erase blocks of its own.
pub const FLIGHT_OFFSET: u64 = 2 << 20;

/// Entries that the flight ring holds.
pub const FLIGHT_ENTRIES: u64 = 1024;

/// Where the list of failed releases starts in `boot-state`: apart from all the rest.
pub const FAILED_OFFSET: u64 = 12 << 20;

/// Entries that the list of failed releases holds.
pub const FAILED_ENTRIES: u64 = 64;

/// A copy of the state, a flight entry and an entry of that list each have a block of this size to
/// themselves: the largest sector in use, so that no write touches two of them.
pub const BLOCK_BYTES: usize = 4096;
