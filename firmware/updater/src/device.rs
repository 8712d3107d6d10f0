//! What somebody can ask of a device: the boundary between the engine and those who ask,
//! which are the REST socket and, behind it, the command line.
//!
//! Acts that change something wait for each other. What only reads does not wait.

use crate::settings::Settings;
use image_format::AppData;
use serde::Serialize;
use std::fmt;
use store_format::{Channel, NotOffered};
use system_update::{BootFacts, Downgrade, FailedBefore};

/// A device, its releases and its settings.
pub trait Device: Send + Sync {
    /// What runs, and what stands in the slots. Reads the disk; asks no network.
    ///
    /// # Errors
    /// The disk or the boot state cannot be read.
    fn system(&self) -> Result<SystemInfo, Failure>;

    /// The same as the disk has it, for whoever may not read that and judges for himself.
    ///
    /// # Errors
    /// The disk or the boot state cannot be read.
    fn boot_facts(&self) -> Result<BootFacts, Failure>;

    /// Asks the store, and tells every release that it lists for any board, the newest first.
    ///
    /// # Errors
    /// There is no store, or it does not answer as it should.
    fn check(&self) -> Result<Vec<Available>, Failure>;

    /// Takes a release now. Waves, the owner's hold, windows and an earlier rollback do not
    /// count: somebody wants it.
    ///
    /// # Errors
    /// [`FailureKind::NoUpdate`] when what runs, or what waits for a reboot, is that release
    /// already; else why there is none.
    fn update(&self, asked: UpdateAsked, progress: &mut dyn FnMut(Step))
    -> Result<Staged, Failure>;

    /// Has the other slot boot next. Needs no network.
    ///
    /// # Errors
    /// There is nothing in the other slot that would boot.
    fn rollback(&self) -> Result<RolledBack, Failure>;

    /// Asks PID 1 for a reboot.
    ///
    /// # Errors
    /// PID 1 cannot be asked.
    fn reboot(&self) -> Result<(), Failure>;

    /// Has the next boot empty `writable`, and asks PID 1 for it. The identity of the device,
    /// the boot state, the floors and the flight record stay in either case.
    ///
    /// # Errors
    /// It cannot be written down: nothing was changed. Or PID 1 cannot be asked: then whatever
    /// boot comes next does it.
    fn reset(&self, data: AppData) -> Result<(), Failure>;

    /// What the owner decided, over the defaults of the image.
    fn settings(&self) -> Settings;

    /// Changes one setting, and keeps it. `key` is its name in the file, `null` takes it back
    /// to the image's default.
    ///
    /// # Errors
    /// [`FailureKind::NoSuchSetting`], [`FailureKind::BadValue`], or it cannot be kept.
    fn set(&self, key: &str, value: serde_json::Value) -> Result<Settings, Failure>;
}

/// What a device is and runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SystemInfo {
    /// The board.
    pub board: String,
    /// The product line.
    pub product: String,
    /// The channel that it follows.
    pub channel: Channel,
    /// machine-id(5); empty where there is none.
    pub machine_id: String,
    /// The running image's security epoch.
    pub epoch: u32,
    /// When it was built, in seconds since 1970.
    pub build_time_secs: u64,
    /// What runs.
    pub running: SlotInfo,
    /// What stands in the slots that do not run: one, or both under the rescue system.
    pub others: Vec<SlotInfo>,
    /// What the next reboot brings, if that is another one and wanted.
    pub next_slot: Option<&'static str>,
    /// What confines snaps: `strict`, `partial` or `none`.
    pub confinement: &'static str,
    /// What became of the last polls and updates.
    pub unattended: Unattended,
}

/// A slot and the image in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SlotInfo {
    /// `system-a`, `system-b` or `rescue`.
    pub slot: &'static str,
    /// As the boot state has it: `confirmed`, `trial` and so on.
    pub status: String,
    /// The image, if it verifies.
    pub version: Option<u64>,
    /// The first 14 digits of its manifest's hash, if there is an envelope.
    pub fingerprint: Option<String>,
    /// Why it cannot be used, if so.
    pub problem: Option<String>,
}

/// What the daemon does by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unattended {
    /// What it waits for, or why it takes nothing, as a sentence.
    pub state: String,
    /// What the last poll failed with, if it did.
    pub last_failure: Option<String>,
    /// Seconds until the next poll.
    pub next_poll_secs: Option<u64>,
}

/// A release that the store lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    /// Its target's name.
    pub name: String,
    /// The board that it is for.
    pub board: String,
    /// Its version.
    pub version: u64,
    /// SHA-256 of its manifest's frame, in hex.
    pub manifest_sha256: String,
    /// How long its file is.
    pub size_bytes: u64,
    /// For people.
    pub notes: String,
    /// Whether this device takes it by itself.
    pub verdict: Verdict,
}

/// Whether this device takes a release by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It would.
    Offered,
    /// It does not.
    NotOffered(Reason),
}

/// Why a device does not take a release by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What the store says.
    Store(NotOffered),
    /// It is for another product line.
    Product,
    /// It failed its trial on this device.
    FailedBefore,
    /// Its trial ended without a verdict: it is tried again once this system has run for so
    /// many seconds more.
    NotYetAgain(u64),
    /// It was there, and somebody went back from it.
    RolledBack,
    /// It is staged, and waits for a reboot.
    Staged,
    /// Another one is newer.
    NotNewest,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(reason) => reason.fmt(f),
            Self::Product => f.write_str("it is for another product line"),
            Self::NotYetAgain(secs) => write!(
                f,
                "its trial ended without a verdict; it is tried again in {secs} s"
            ),
            Self::FailedBefore => f.write_str("it failed its trial on this device"),
            Self::RolledBack => f.write_str("somebody rolled this device back from it"),
            Self::Staged => f.write_str("it is installed and waits for a reboot"),
            Self::NotNewest => f.write_str("a newer one is taken"),
        }
    }
}

/// An update that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateAsked {
    /// Which release.
    pub release: Wanted,
    /// A release that the store's publisher stopped.
    pub stopped: Stopped,
    /// A release that is older than the running one.
    pub downgrade: Downgrade,
    /// A release that failed on this device.
    pub failed_before: FailedBefore,
    /// Whether the device reboots into it at once.
    pub reboot: RebootAsked,
}

impl Default for UpdateAsked {
    /// The newest, with all refusals, and no reboot.
    fn default() -> Self {
        Self {
            release: Wanted::Newest,
            stopped: Stopped::Refuse,
            downgrade: Downgrade::Refuse,
            failed_before: FailedBefore::Refuse,
            reboot: RebootAsked::Later,
        }
    }
}

/// Which release somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The newest one of the device's channel.
    Newest,
    /// The one of that version, in any channel.
    Version(u64),
}

/// A release that the store's publisher holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It is refused.
    Refuse,
    /// Somebody asked for it all the same.
    Allow,
}

/// Whether the device reboots once a release is staged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebootAsked {
    /// Somebody will ask.
    Later,
    /// At once.
    Now,
}

/// How far an update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It waits for another change to end.
    Wait,
    /// It asks the store.
    Refresh,
    /// The release is fetched and written.
    Write(Bytes),
    /// What was written is read back.
    ReadBack(Bytes),
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// Done.
    pub done: u64,
    /// To do in all.
    pub total: u64,
}

/// A release that is on trial from the next boot on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Staged {
    /// Where it lies.
    pub slot: &'static str,
    /// Its version.
    pub version: u64,
    /// Its manifest, in hex.
    pub manifest_sha256: String,
    /// The version that runs until then.
    pub running_version: u64,
    /// The running manifest, in hex.
    pub running_manifest_sha256: String,
}

/// What the next reboot brings after a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RolledBack {
    /// The slot that runs until then.
    pub from: SlotInfo,
    /// The one that comes.
    pub to: SlotInfo,
}

/// Why something was not done. The message is whole: what failed, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For programs.
    pub kind: FailureKind,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure of that kind.
    pub fn new(kind: FailureKind, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self { kind, message }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// There is nothing to take.
    NoUpdate,
    /// The store has no such release, or not for this device.
    NotFound,
    /// There is no such snap here.
    NotInstalled,
    /// The snap is here already.
    AlreadyInstalled,
    /// It needs a framework that is not here, or not so.
    FrameworkMissing,
    /// It is a framework that others need.
    FrameworkNeeded,
    /// What somebody brought is no snap for this device.
    BadSnap,
    /// Another program changes the device.
    Busy,
    /// The running system has yet to be confirmed.
    Unconfirmed,
    /// The release is refused: signatures, board, floors, an earlier failure.
    Refused,
    /// The store does not answer.
    Network,
    /// The store answers, and what it says is not to be believed.
    Untrusted,
    /// No store is set, or this image has no first root for one.
    NoStore,
    /// There is no such setting.
    NoSuchSetting,
    /// The setting cannot have this value.
    BadValue,
    /// The rescue system runs, which changes no slot.
    Rescue,
    /// The disk, or a file on it, does not do what it should.
    Disk,
}

impl FailureKind {
    /// The kind in snapd's error results; snapd has none for the rest.
    #[must_use]
    pub fn snapd(self) -> Option<&'static str> {
        match self {
            Self::NoUpdate => Some("snap-no-update-available"),
            Self::NotFound => Some("snap-not-found"),
            Self::NotInstalled => Some("snap-not-installed"),
            Self::AlreadyInstalled => Some("snap-already-installed"),
            Self::Busy => Some("snap-change-conflict"),
            Self::Network => Some("network-timeout"),
            Self::NoSuchSetting => Some("option-not-found"),
            // snapd has no frameworks; its clients show the message of a kind they do not know.
            Self::FrameworkMissing => Some("framework-missing"),
            Self::FrameworkNeeded => Some("framework-needed"),
            Self::Unconfirmed
            | Self::Refused
            | Self::Untrusted
            | Self::NoStore
            | Self::BadValue
            | Self::BadSnap
            | Self::Rescue
            | Self::Disk => None,
        }
    }
}
