//! Who may take a release, and from when on.

use crate::names::{NameError, name};
use serde::{Deserialize, Serialize};
use std::fmt;

name! {
    /// Which releases a device asks for: `stable`, `edge` and whatever the maker calls more.
    Channel
}

/// A part of all devices, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Share(u16);

impl Share {
    /// Nobody.
    pub const NONE: Share = Share(0);
    /// Everyone.
    pub const ALL: Share = Share(1000);

    /// None above 1000.
    #[must_use]
    pub fn from_permille(permille: u16) -> Option<Self> {
        (permille <= Self::ALL.0).then_some(Share(permille))
    }

    /// In thousandths.
    #[must_use]
    pub fn permille(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Share {
    type Error = RolloutError;

    fn try_from(permille: u16) -> Result<Self, RolloutError> {
        Self::from_permille(permille).ok_or(RolloutError::Share(permille))
    }
}

impl From<Share> for u16 {
    fn from(share: Share) -> u16 {
        share.0
    }
}

/// In per cent, as people write it.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}%", self.0 / 10),
            tenth => write!(f, "{}.{tenth}%", self.0 / 10),
        }
    }
}

/// From a moment on, a share of the devices may take a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// How many.
    #[serde(rename = "share-permille")]
    pub share: Share,
    /// From when on, in seconds since 1970.
    #[serde(rename = "from")]
    pub from_secs: u64,
}

/// The waves of a release in one channel: later ones take in more devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Wave>", into = "Vec<Wave>")]
pub struct Rollout(Vec<Wave>);

/// Why waves make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutError {
    /// More than everyone.
    Share(u16),
    /// No wave at all: that would be nobody, ever.
    Empty,
    /// A wave is not later than the one before it, or takes in nobody new.
    Order,
}

impl fmt::Display for RolloutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RolloutError::Share(permille) => write!(
                f,
                "cannot use a share of {permille} thousandths: everyone is 1000"
            ),
            RolloutError::Empty => f.write_str("cannot use no waves: nobody would ever be in one"),
            RolloutError::Order => f.write_str(
                "cannot use these waves: each must be later than the one before it and take in \
                 more devices",
            ),
        }
    }
}

impl std::error::Error for RolloutError {}

impl Rollout {
    /// Everyone from `from_secs` on.
    #[must_use]
    pub fn everyone(from_secs: u64) -> Self {
        let share = Share::ALL;
        Rollout(vec![Wave { share, from_secs }])
    }

    /// In their order.
    #[must_use]
    pub fn waves(&self) -> &[Wave] {
        &self.0
    }

    /// How many devices may take the release at this moment.
    #[must_use]
    pub fn share_at(&self, now_secs: u64) -> Share {
        let mut begun = self.0.iter().filter(|wave| wave.from_secs <= now_secs);
        begun.next_back().map_or(Share::NONE, |wave| wave.share)
    }
}

impl TryFrom<Vec<Wave>> for Rollout {
    type Error = RolloutError;

    fn try_from(waves: Vec<Wave>) -> Result<Self, RolloutError> {
        if waves.is_empty() {
            return Err(RolloutError::Empty);
        }
        let rises = |(a, b): (&Wave, &Wave)| a.share < b.share && a.from_secs < b.from_secs;
        if !waves.iter().zip(waves.iter().skip(1)).all(rises) {
            return Err(RolloutError::Order);
        }
        Ok(Rollout(waves))
    }
}

impl From<Rollout> for Vec<Wave> {
    fn from(rollout: Rollout) -> Vec<Wave> {
        rollout.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(permille: u16, from_secs: u64) -> Wave {
        Wave {
            share: Share(permille),
            from_secs,
        }
    }

    #[test]
    fn waves_take_in_more_and_more() {
        let rollout = Rollout::try_from(vec![wave(5, 100), wave(100, 200), wave(1000, 300)]);
        let rollout = rollout.expect("in order");
        for (now, permille) in [
            (0, 0),
            (99, 0),
            (100, 5),
            (199, 5),
            (200, 100),
            (9999, 1000),
        ] {
            assert_eq!(rollout.share_at(now), Share(permille), "at {now}");
        }
    }

    #[test]
    fn waves_in_disorder_are_refused() {
        for waves in [
            vec![wave(100, 1), wave(50, 2)],
            vec![wave(50, 2), wave(100, 2)],
            vec![wave(50, 1), wave(50, 2)],
        ] {
            assert_eq!(Rollout::try_from(waves), Err(RolloutError::Order));
        }
        assert_eq!(Rollout::try_from(Vec::new()), Err(RolloutError::Empty));
        assert!(serde_json::from_str::<Share>("1001").is_err());
    }

    #[test]
    fn shares_are_shown_in_per_cent() {
        for (permille, text) in [(0, "0%"), (5, "0.5%"), (100, "10%"), (1000, "100%")] {
            assert_eq!(Share(permille).to_string(), text);
        }
    }
}
