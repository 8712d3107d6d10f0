//! What came out of a world, and where its violations are found again.

use crate::invariant::Invariant;

/// What came out of one world.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Its sequence.
    pub sequence: String,
    /// Losses of power.
    pub cuts: u64,
    /// What they left: disks that differ, with the second home and the history that
    /// matters. Each was booted to its end, and counts once.
    pub states: u64,
    /// How many of them broke a promise.
    pub violations: u64,
    /// The first ones.
    pub told: Vec<Violation>,
}

/// A promise that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// In which world.
    pub world: String,
    /// Where the power was cut: moment and way, for each cut.
    pub path: String,
    /// The same in words.
    pub story: Vec<String>,
    /// Which promise.
    pub invariant: Invariant,
}

/// Which cut a state comes from.
#[derive(Clone, Default)]
pub(crate) struct Origin {
    pub(crate) path: Vec<(usize, usize)>,
    pub(crate) story: Vec<String>,
}

impl Origin {
    /// With one cut more.
    pub(crate) fn then(&self, cut: (usize, usize), story: String) -> Self {
        let mut origin = self.clone();
        origin.path.push(cut);
        origin.story.push(story);
        origin
    }

    pub(crate) fn path(&self) -> String {
        let parts: Vec<_> = self
            .path
            .iter()
            .map(|(at, way)| format!("{at}.{way}"))
            .collect();
        parts.join("/")
    }
}
