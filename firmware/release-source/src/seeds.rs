//! Where on the disk a source may look for what it need not fetch.

use boot_core::gpt::GptError;
use boot_core::platform::read_at;
use boot_core::state_store::StateStore;
use boot_core::{Disk, Layout, read_layout};
use image_format::{ENVELOPE_BYTES, Floors, Keyring, Slot, parse_envelope};
use image_trust::{ImageKind, Requirements, Verified, verify_envelope};
use system_update::{Installer, Parts};

use crate::held::Seed;

/// The slots that are looked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// The image that runs, if its envelope still verifies.
    pub running: Option<Seed>,
    /// The slot that is to be written, whatever it holds.
    pub target: Option<Seed>,
}

impl Seeds {
    /// Those that `installer` may look through. The rescue system trusts no image that did
    /// not boot: it has what an earlier attempt wrote.
    ///
    /// # Errors
    /// The disk's partition table cannot be used.
    pub fn read<D: Disk>(
        disk: &mut D,
        installer: &Installer,
        board: &str,
        keyring: &Verified<Keyring>,
    ) -> Result<Self, GptError> {
        let layout = read_layout(disk)?;
        Ok(match installer {
            Installer::System { running, .. } => Self {
                running: read_image(disk, &layout, running.slot, board, keyring),
                target: slot_of(&layout, running.slot.other()),
            },
            Installer::Rescue { .. } => {
                let store = StateStore::open(disk, &layout);
                let state = store.as_ref().and_then(StateStore::state);
                let target = state.and_then(|state| installer.target(state).ok());
                Self {
                    running: None,
                    target: target.and_then(|slot| slot_of(&layout, slot)),
                }
            }
        })
    }

    /// The slot that is to be written, if an attempt at that did not come to its end: then it
    /// has no envelope.
    pub fn interrupted<D: Disk>(&self, disk: &mut D) -> Option<Seed> {
        let target = self.target?;
        let mut area = vec![0; ENVELOPE_BYTES];
        read_at(disk, target.offset_bytes, &mut area).ok()?;
        parse_envelope(&area).is_err().then_some(target)
    }
}

fn slot_of(layout: &Layout, slot: Slot) -> Option<Seed> {
    let partition = layout.partition(slot.into())?;
    Some(Seed {
        offset_bytes: partition.offset_bytes,
        length_bytes: partition.length_bytes,
    })
}

fn read_image<D: Disk>(
    disk: &mut D,
    layout: &Layout,
    slot: Slot,
    board: &str,
    keyring: &Verified<Keyring>,
) -> Option<Seed> {
    let place = slot_of(layout, slot)?;
    let mut area = vec![0; ENVELOPE_BYTES];
    read_at(disk, place.offset_bytes, &mut area).ok()?;
    let requirements = Requirements {
        kind: ImageKind::System,
        board,
        // It runs: the loader compared them.
        floors: Floors::default(),
        slot_length_bytes: place.length_bytes,
    };
    let release = verify_envelope(keyring, &area, &requirements).ok()?;
    let parts = Parts {
        kernel: release.manifest.kernel,
        initrd: release.manifest.initrd,
        root: release.manifest.root,
    };
    Some(Seed {
        length_bytes: parts.image_bytes(),
        ..place
    })
}
