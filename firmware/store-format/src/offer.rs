//! Whether a device may take a system release: what the store says of it, held against what
//! the device is. The same answer on the device, in tests and in the publisher's head.

use crate::{Channel, Hold, Rollout, Share, SystemRelease};
use std::fmt;

/// A device that asks.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// Its board.
    pub board: &'a str,
    /// The channel that it follows.
    pub channel: &'a Channel,
    /// The version that it runs.
    pub version: u64,
    /// Its lot for this release.
    pub draw: Draw,
    /// The present, or a lower bound of it: the watermark.
    pub now_secs: u64,
}

/// A device's lot for one release, 0 to 999. It is the same at every poll, and another one
/// for the next release, so that not always the same devices go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw(u16);

impl Draw {
    /// From the SHA-256 of the machine's id followed by the manifest's hash.
    #[must_use]
    pub fn from_digest(digest: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *digest;
        let number = u32::from_be_bytes([a, b, c, d]) % u32::from(Share::ALL.permille());
        Draw(u16::try_from(number).unwrap_or_default())
    }
}

/// Why a device does not take a release now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOffered {
    /// It is for another board.
    Board,
    /// The device's channel does not have it.
    Channel,
    /// The device has it, or something newer.
    NotNewer,
    /// The maker stopped it.
    Held(Hold),
    /// The device has to take another release first, of at least this version.
    NeedsFirst(u64),
    /// The device's wave has not begun: only this share may take it.
    Wave(Share),
}

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotOffered::Board => f.write_str("it is for another board"),
            NotOffered::Channel => f.write_str("the channel does not have it"),
            NotOffered::NotNewer => f.write_str("it is not newer than what runs"),
            NotOffered::Held(Hold(reason)) => write!(f, "it is held: {reason}"),
            NotOffered::NeedsFirst(version) => {
                write!(f, "it needs version {version} or newer first")
            }
            NotOffered::Wave(share) => write!(f, "so far {share} of the devices may take it"),
        }
    }
}

impl SystemRelease {
    /// Whether the device may take it now.
    ///
    /// # Errors
    /// The first reason why not, in the order of [`NotOffered`].
    pub fn offer_to(&self, device: &Asker<'_>) -> Result<(), NotOffered> {
        if self.board.as_str() != device.board {
            return Err(NotOffered::Board);
        }
        let rollout = self.channels.get(device.channel);
        let rollout = rollout.ok_or(NotOffered::Channel)?;
        if self.version <= device.version {
            return Err(NotOffered::NotNewer);
        }
        if let Some(hold) = &self.hold {
            return Err(NotOffered::Held(hold.clone()));
        }
        if let Some(first) = self.minimum_version.filter(|first| device.version < *first) {
            return Err(NotOffered::NeedsFirst(first));
        }
        rollout.takes_in(device.draw, device.now_secs)
    }
}

impl Rollout {
    /// Whether a device with that lot may take the release at this moment.
    ///
    /// # Errors
    /// Its wave has yet to come: [`NotOffered::Wave`].
    pub fn takes_in(&self, draw: Draw, now_secs: u64) -> Result<(), NotOffered> {
        let share = self.share_at(now_secs);
        if draw.0 < share.permille() {
            Ok(())
        } else {
            Err(NotOffered::Wave(share))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wave;
    use std::collections::BTreeMap;

    fn release() -> SystemRelease {
        let half = Wave {
            share: Share::from_permille(500).expect("a half"),
            from_secs: 100,
        };
        let rollout = Rollout::try_from(vec![half]).expect("one wave");
        SystemRelease {
            board: "rpi3".parse().expect("a name"),
            product: "p".parse().expect("a name"),
            version: 7,
            epoch: 1,
            manifest_sha256: String::new(),
            issued_secs: 50,
            channels: BTreeMap::from([("edge".parse().expect("a name"), rollout)]),
            hold: None,
            minimum_version: Some(3),
            notes: String::new(),
        }
    }

    #[test]
    fn each_reason_is_told() {
        let edge: Channel = "edge".parse().expect("a name");
        let stable: Channel = "stable".parse().expect("a name");
        let device = Asker {
            board: "rpi3",
            channel: &edge,
            version: 6,
            draw: Draw(499),
            now_secs: 100,
        };
        let release = release();
        let half = Share::from_permille(500).expect("a half");
        let held = SystemRelease {
            hold: Some(Hold("slow".to_owned())),
            ..release.clone()
        };
        assert_eq!(release.offer_to(&device), Ok(()));
        assert_eq!(
            held.offer_to(&device),
            Err(NotOffered::Held(Hold("slow".to_owned())))
        );
        for (asker, reason) in [
            (
                Asker {
                    board: "rpi4",
                    ..device
                },
                NotOffered::Board,
            ),
            (
                Asker {
                    channel: &stable,
                    ..device
                },
                NotOffered::Channel,
            ),
            (
                Asker {
                    version: 7,
                    ..device
                },
                NotOffered::NotNewer,
            ),
            (
                Asker {
                    version: 2,
                    ..device
                },
                NotOffered::NeedsFirst(3),
            ),
            (
                Asker {
                    draw: Draw(500),
                    ..device
                },
                NotOffered::Wave(half),
            ),
            (
                Asker {
                    now_secs: 99,
                    ..device
                },
                NotOffered::Wave(Share::NONE),
            ),
        ] {
            assert_eq!(release.offer_to(&asker), Err(reason));
        }
    }

    #[test]
    fn draws_are_spread_over_the_whole_range() {
        let mut digest = [0; 32];
        assert_eq!(Draw::from_digest(&digest), Draw(0));
        digest[..4].copy_from_slice(&999_u32.to_be_bytes());
        assert_eq!(Draw::from_digest(&digest), Draw(999));
    }
}
