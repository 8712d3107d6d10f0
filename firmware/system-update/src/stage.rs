//! Installs a system image into the slot that does not run; under the rescue system, into
//! one that does not boot.
//!
//! [`stage`] is the story; it has three steps, which a device takes under locks of their
//! own ([`stage_on_device`]):
//!
//! 1. [`Staging::begin`] takes the envelope and verifies it, before anything is written.
//!    Then the boot state says that the slot is empty: nothing is asked of it any more.
//! 2. [`Staging::write`] destroys the slot's old envelope, so that nothing boots from there,
//!    and only then changes the rest: it streams kernel, initrd and root into the slot in
//!    pieces of bounded size, makes the hash tree, flushes, reads all of it back from the
//!    device, and writes the envelope last.
//! 3. [`Staging::arm`] puts the slot on trial.
//!
//! The power may go away at any instant: the running system boots as before, and the slot
//! is either on trial with an image that was read back, or nothing is asked of it. The next
//! run starts again from the beginning. The floors do not rise here.

mod accept;
mod device;
mod error;
mod image;
mod parts;
mod source;
mod transition;
mod update_file;
mod walk;

use crate::installer::Installer;
use crate::session::{ActError, Session};
use boot_core::Disk;
use image_format::flight::text;
use image_format::{Digest, Event, Keyring, Slot, Version};
use image_trust::Verified;

pub use device::stage_on_device;
pub use error::{Piece, StageError};
pub use parts::Parts;
pub use source::{ReleaseSource, SourceError};
pub use update_file::UpdateFile;
pub use walk::{Progress, Step};

use image::StagedImage;

/// What a device asks of a release, and what a person allows.
#[derive(Clone, Copy, Debug)]
pub struct StageRequest<'a> {
    /// The system that installs it.
    pub installer: Installer,
    /// The id of this board.
    pub board: &'a str,
    /// The root keys.
    pub keyring: &'a Verified<Keyring>,
    /// What to do with a release that is older than the one that runs.
    pub downgrade: Downgrade,
    /// What to do with a release that failed on this device.
    pub failed_before: FailedBefore,
}

/// A release that is older than the running one. The floors hold in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Downgrade {
    /// It is refused.
    Refuse,
    /// Somebody asked for it.
    Allow,
}

/// A release whose trial failed on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedBefore {
    /// It is refused.
    Refuse,
    /// Somebody asked to try it again.
    Allow,
}

/// A release that is on trial from the next boot on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Where it lies.
    pub slot: Slot,
    /// Its version.
    pub version: Version,
    /// Its manifest.
    pub manifest_hash: Digest,
    /// Whether the flight record tells of it.
    pub recorded: Result<(), ActError>,
}

/// Installs the image of `source` into the slot that is not needed, and puts it on trial.
///
/// For a caller who has the disk to himself.
///
/// # Errors
/// See [`StageError`].
pub fn stage<D: Disk>(
    disk: &mut D,
    request: &StageRequest<'_>,
    source: &mut impl ReleaseSource,
    progress: &mut impl FnMut(Progress),
) -> Result<Staged, StageError> {
    let staging = Staging::begin(disk, request, source)?;
    if let Err(error) = staging.write(disk, source, progress) {
        staging.give_up(disk, &error);
        return Err(error);
    }
    staging.arm(disk)
}

/// Reads all of `source` and holds it against what was signed, as [`stage`] does, and writes
/// nothing: for a source that can be read twice.
///
/// # Errors
/// See [`StageError`].
pub fn check_release<D: Disk>(
    disk: &mut D,
    request: &StageRequest<'_>,
    source: &mut impl ReleaseSource,
) -> Result<(), StageError> {
    let mut session = Session::open_by(disk, &request.installer)?;
    let slot = request.installer.target(&session.state)?;
    let image = accept::accept(&mut session, request, slot, source)?;
    image.check_parts(source)
}

/// A slot that counts as empty and is to get a release.
pub struct Staging {
    installer: Installer,
    image: StagedImage,
}

impl Staging {
    /// Verifies the envelope of `source`, and has the boot state say that the slot is empty.
    ///
    /// # Errors
    /// See [`StageError`]. Nothing was changed.
    pub fn begin<D: Disk>(
        disk: &mut D,
        request: &StageRequest<'_>,
        source: &mut impl ReleaseSource,
    ) -> Result<Self, StageError> {
        let installer = request.installer;
        let mut session = Session::open_by(disk, &installer)?;
        let slot = installer.target(&session.state)?;
        let emptied = transition::emptied(session.state.clone(), &installer, slot)?;
        let image = accept::accept(&mut session, request, slot, source)?;
        session.state = emptied;
        session.write()?;
        let begun = Event::StagingBegun {
            slot: image.slot,
            version: image.version,
            manifest_hash: image.manifest_hash,
        };
        // A device that cannot write its record any more still needs its update.
        let _ = session.record(installer.boot_number(), begun);
        Ok(Self { installer, image })
    }

    /// Fills the slot, reads it back, and writes the envelope.
    ///
    /// # Errors
    /// See [`StageError`]. The slot stays empty.
    pub fn write<D: Disk>(
        &self,
        disk: &mut D,
        source: &mut impl ReleaseSource,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), StageError> {
        let image = &self.image;
        image.destroy_envelope(disk)?;
        image.write_parts(disk, source, progress)?;
        image.read_back(disk, progress)?;
        image.write_envelope(disk)
    }

    /// Puts the slot on trial.
    ///
    /// # Errors
    /// [`StageError::Act`]: the slot stays empty.
    pub fn arm<D: Disk>(self, disk: &mut D) -> Result<Staged, StageError> {
        let StagedImage {
            slot,
            version,
            manifest_hash,
            ..
        } = self.image;
        let mut session = Session::open_by(disk, &self.installer)?;
        session.state = transition::armed(session.state.clone(), slot, manifest_hash)?;
        session.write()?;
        let staged = Event::Staged {
            slot,
            version,
            manifest_hash,
        };
        Ok(Staged {
            slot,
            version,
            manifest_hash,
            recorded: session.record(self.installer.boot_number(), staged),
        })
    }

    /// Records why the slot stays empty, as far as the disk allows.
    pub fn give_up<D: Disk>(&self, disk: &mut D, error: &StageError) {
        let failed = Event::StagingFailed {
            slot: self.image.slot,
            reason: text(error.cause()),
        };
        if let Ok(mut session) = Session::open_by(disk, &self.installer) {
            // The caller tells the person, who is there.
            let _ = session.record(self.installer.boot_number(), failed);
        }
    }
}
