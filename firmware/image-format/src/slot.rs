//! The two slots, and the places that a system can be started from.

use core::fmt;
use serde::{Deserialize, Serialize};

/// One of the two partitions that hold a system image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// `system-a`
    A,
    /// `system-b`
    B,
}

impl Slot {
    /// Both, in the order of the disk.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The one that this one falls back to.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The partition's name, as `twinkeel.slot=` gives it to Linux.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "system-a",
            Self::B => "system-b",
        }
    }

    /// The slot of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.name() == name)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the loader can start: a system image in a slot, or the rescue system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A system image.
    Slot(Slot),
    /// The rescue system, which updates never touch.
    Rescue,
}

impl Source {
    /// The partition's name, as `twinkeel.slot=` gives it to Linux.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Slot(slot) => slot.name(),
            Self::Rescue => "rescue",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let slots = Slot::ALL.map(Self::Slot);
        slots
            .into_iter()
            .chain([Self::Rescue])
            .find(|source| source.name() == name)
    }
}

impl From<Slot> for Source {
    fn from(slot: Slot) -> Self {
        Self::Slot(slot)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
