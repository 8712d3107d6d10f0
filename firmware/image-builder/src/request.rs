//! What an image shall be.

use std::path::PathBuf;

use anyhow::Result;
use boards::Board;
use image_format::disk::Guid;
use image_format::manifest::MAX_NAME_BYTES;
use image_format::{Epoch, Version};

use crate::debian::Locking;
use crate::error::ImageError;
use crate::secure_boot::SecureBootKeys;
use crate::store_trust::StoreTrust;

/// What an image shall be. Two builds of equal requests from equal sources are equal.
#[derive(Debug, Clone)]
pub struct ImageRequest {
    /// The board that it is for.
    pub board: Board,
    /// The product line.
    pub product: String,
    /// Where the device looks for updates: `stable`, `edge` ...
    pub channel: String,
    /// Which release it is.
    pub version: Version,
    /// Devices flashed with this image refuse lower ones.
    pub epoch: Epoch,
    /// How often system-a is tried before the device falls back to system-b.
    pub attempts: u8,
    /// Words behind the board's command line.
    pub extra_words: String,
    /// A maker's tree, laid over the root.
    pub overlay: Option<PathBuf>,
    /// The disk's identity; derived from the system image if not given.
    pub disk_guid: Option<Guid>,
    /// A lower bound of the present for the device, in seconds since 1970.
    pub build_time_secs: u64,
    /// How long the device waits for things that may never happen.
    pub patience: Patience,
    /// Signs the loader for UEFI Secure Boot, where the firmware asks for it.
    pub secure_boot: Option<SecureBootKeys>,
    /// The store that devices trust; without one they take updates from files only.
    pub store: Option<StoreTrust>,
    /// Where the rescue system looks for a release by itself, if the owner says nothing else.
    pub rescue: RescueSources,
    /// How faithfully `boards/debian.lock` is followed.
    pub locking: Locking,
}

/// Where a rescue system looks for a release by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RescueSources {
    /// Nowhere: somebody has to come.
    Off,
    /// On disks that are attached, such as a stick.
    Usb,
    /// In the store.
    Network,
    /// On disks, and then in the store.
    Both,
}

impl RescueSources {
    /// All.
    pub const ALL: [Self; 4] = [Self::Off, Self::Usb, Self::Network, Self::Both];

    /// The one of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// As the device reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Usb => "usb",
            Self::Network => "network",
            Self::Both => "both",
        }
    }
}

/// How long a device waits, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the system to come up.
    pub boot_secs: u32,
    /// From then on, for all checks of the health gate to pass.
    pub health_secs: u32,
    /// How long a service has to run to count as up.
    pub settle_secs: u32,
    /// For the hardware watchdog to be fed.
    pub watchdog_secs: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            boot_secs: 300,
            health_secs: 120,
            settle_secs: 10,
            watchdog_secs: 60,
        }
    }
}

impl Patience {
    /// As init reads it.
    pub(crate) fn to_json(self) -> String {
        let Self {
            boot_secs,
            health_secs,
            settle_secs,
            watchdog_secs,
        } = self;
        format!(
            "{{\"boot_secs\":{boot_secs},\"health_secs\":{health_secs},\
             \"settle_secs\":{settle_secs},\"watchdog_secs\":{watchdog_secs}}}\n"
        )
    }
}

impl ImageRequest {
    /// The first version for that board, as a developer wants it.
    #[must_use]
    pub fn new(board: Board) -> Self {
        Self {
            board,
            product: "twinkeel".to_owned(),
            channel: "edge".to_owned(),
            version: Version(1),
            epoch: Epoch(1),
            attempts: 3,
            extra_words: String::new(),
            overlay: None,
            disk_guid: None,
            build_time_secs: 0,
            patience: Patience::default(),
            secure_boot: None,
            store: None,
            rescue: RescueSources::Off,
            locking: Locking::default(),
        }
    }

    /// The manifest's command line.
    pub(crate) fn command_line(&self) -> String {
        let board = self.board.kernel.command_line();
        format!("{board} {}", self.extra_words)
            .trim_end()
            .to_owned()
    }

    /// Refuses what can be refused before anything is built.
    pub(crate) fn check(&self) -> Result<(), ImageError> {
        if self.attempts == 0 {
            return Err(ImageError::Attempts);
        }
        check_name("product", &self.product)?;
        check_name("channel", &self.channel)?;
        check_panic(&self.command_line())
    }
}

fn check_name(what: &'static str, name: &str) -> Result<(), ImageError> {
    let fits = (1..=MAX_NAME_BYTES).contains(&name.len());
    if fits && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(ImageError::Name {
        what,
        name: name.to_owned(),
    })
}

/// The kernel goes by the last `panic=`. 0 means to wait for ever.
fn check_panic(command_line: &str) -> Result<(), ImageError> {
    let last = command_line
        .split(' ')
        .filter_map(|word| word.strip_prefix("panic="))
        .next_back();
    match last.map(str::parse::<i32>) {
        Some(Ok(seconds)) if seconds != 0 => Ok(()),
        _ => Err(ImageError::NoPanic {
            command_line: command_line.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_a_manifest_can_carry() {
        assert_eq!(check_name("product", "gateway-2"), Ok(()));
        let long = "x".repeat(33);
        for bad in ["", "a b", "caf\u{e9}", "a\n", long.as_str()] {
            let error = check_name("product", bad).expect_err(bad);
            assert!(error.to_string().contains("as the product"), "{error}");
        }
    }

    #[test]
    fn the_last_panic_word_counts() {
        for good in ["panic=10", "quiet panic=-1", "panic=0 panic=5"] {
            assert_eq!(check_panic(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "quiet",
            "panic=0",
            "panic=5 panic=0",
            "panic=",
            "softlockup_panic=1",
            "panic=soon",
        ] {
            let error = check_panic(bad).expect_err(bad);
            assert!(error.to_string().contains("add panic=10"), "{error}");
        }
    }
}
