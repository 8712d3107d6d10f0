//! How much is tried, and until when.

use crate::layouts::Devices;
use crate::tally::Tally;
use crate::world::{FURTHER_THIRD_CUTS, STAGED_SECOND_CUTS};
use std::fmt;

/// How much is tried. Samples are by content: the same at every run.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// One in so many of the states after a first cut.
    pub(crate) first_cuts: u64,
    /// The recovery from one in so many first cuts is cut, too; none without a number.
    pub(crate) second_cuts: Option<u64>,
    /// The same for the recovery from second cuts.
    pub(crate) third_cuts: Option<u64>,
    /// Every subset of the sectors of a write.
    pub(crate) all_subsets: bool,
    pub(crate) devices: Devices,
}

impl Effort {
    /// Every first cut.
    pub const QUICK: Self = Self {
        first_cuts: 1,
        second_cuts: None,
        third_cuts: None,
        all_subsets: false,
        devices: Devices::Everyday,
    };
    /// Every first and every second cut, and a sample of the third ones: a million states.
    pub const EVERYDAY: Self = Self {
        second_cuts: Some(1),
        third_cuts: Some(1024),
        ..Self::QUICK
    };
    /// All of it on all disks, with all subsets of the sectors of a write; a sample only
    /// where a world says so.
    pub const FULL: Self = Self {
        first_cuts: 1,
        second_cuts: Some(1),
        third_cuts: Some(1),
        all_subsets: true,
        devices: Devices::All,
    };

    /// A sample of the first cuts of each world: what most mistakes show in already.
    pub(crate) fn glance(self) -> Self {
        Self {
            first_cuts: 32,
            second_cuts: None,
            third_cuts: None,
            ..self
        }
    }
}

/// When it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// When all was tried.
    ToTheEnd,
    /// With the first violation: enough to know that there is one.
    FirstViolation,
}

impl Patience {
    pub(crate) fn ends_with(self, tally: &Tally) -> bool {
        self == Self::FirstViolation && tally.violations > 0
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every first cut")?;
        match self.second_cuts {
            None => f.write_str(", no second one")?,
            Some(1) => write!(
                f,
                ", every second one (where a release is staged by sectors of 512 bytes, after 1 \
                 in {STAGED_SECOND_CUTS})"
            )?,
            Some(sample) => write!(f, ", second ones after 1 in {sample} of them")?,
        }
        match self.third_cuts {
            None => f.write_str("; --full tries more"),
            Some(1) => write!(
                f,
                ", every third one of the boot state (on further disks with sectors of 512 \
                 bytes, after 1 in {FURTHER_THIRD_CUTS})"
            ),
            Some(sample) => write!(f, ", and third ones after 1 in {sample} of them"),
        }
    }
}
