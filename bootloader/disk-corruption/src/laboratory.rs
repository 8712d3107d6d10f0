//! A disk image that has lived a little, and what its images look like in memory.

use crate::corruption::Corruption;
use crate::map::{DiskMap, SOURCES};
use crate::overlay::Overlay;
use anyhow::{Context, Result, bail};
use boot_core::load::{Conditions, load};
use boot_core::state_store::StateStore;
use boot_core::{Board, SecondHome};
use host_machine::{End, Machine, Started};
use image_format::{BootNumber, Digest, Floors, Slot, Source, Version};
use image_trust::verify_keyring;
use std::fs::File;
use std::path::Path;
use system_update::{Running, confirm, mark_up};

/// Begins the words of the loader's own.
pub(crate) const LOADER_WORDS: &str = " twinkeel.slot=";

/// An image as it has to be in memory when it is started.
pub(crate) struct Reference {
    pub(crate) source: Source,
    pub(crate) manifest_hash: Digest,
    version: Version,
    pub(crate) numbers: Floors,
    pub(crate) kernel: Vec<u8>,
    pub(crate) initrd: Vec<u8>,
    pub(crate) words: String,
}

/// An untouched disk, and everything that corrupted ones are held against.
pub struct Laboratory {
    pub(crate) board: Board,
    pub(crate) signed_keyring: Vec<u8>,
    pub(crate) disk: Overlay,
    pub(crate) map: DiskMap,
    pub(crate) references: Vec<Reference>,
    /// What the untouched disk starts.
    pub(crate) usual: Source,
    /// The floors of the device.
    pub(crate) floors: Floors,
}

impl Laboratory {
    /// Opens an image as it was built, lets its device confirm what is on trial and boot
    /// once more, and writes what that leaves into the image.
    ///
    /// # Errors
    /// The image cannot be read or written, or nothing comes up.
    pub fn with_aged(image: &Path, board: &str, signed_keyring: &[u8]) -> Result<Self> {
        let mut disk = Overlay::open(image)?;
        let new = Self::read(disk.clone(), board, signed_keyring)?;
        new.live(&mut disk)?;
        let file = File::options()
            .write(true)
            .open(image)
            .with_context(|| format!("cannot change {}", image.display()))?;
        disk.write_to(&file).context("cannot write the image")?;
        Self::read(Overlay::open(image)?, board, signed_keyring)
    }

    fn read(mut disk: Overlay, board: &str, signed_keyring: &[u8]) -> Result<Self> {
        let map = DiskMap::read(&mut disk)?;
        // A loader's board is part of it; there is one for each run.
        let board = Board {
            id: Box::leak(board.to_owned().into_boxed_str()),
        };
        let references = references(&disk, &map, &board, signed_keyring)?;
        let store = StateStore::open(&mut disk.clone(), &map.layout);
        let state = store.as_ref().and_then(StateStore::state);
        let floors = state.context("the untouched disk has no state")?.floors;
        let mut laboratory = Self {
            board,
            signed_keyring: signed_keyring.to_vec(),
            disk,
            map,
            references,
            usual: Source::Rescue,
            floors,
        };
        let mut disk = laboratory.disk.clone();
        (laboratory.usual, _) = laboratory.boot_untouched(&mut disk)?;
        Ok(laboratory)
    }

    /// Two boots of one slot, confirmed in between.
    fn live(&self, disk: &mut Overlay) -> Result<()> {
        for _ in 0..2 {
            let (source, boot_number) = self.boot_untouched(disk)?;
            let (Source::Slot(slot), Some(image)) = (source, self.reference(source)) else {
                bail!("the untouched disk starts {source}");
            };
            let running = Running {
                slot,
                manifest_hash: image.manifest_hash,
                boot_number,
            };
            mark_up(disk, &running)?;
            confirm(disk, &running, image.version)?;
        }
        Ok(())
    }

    fn boot_untouched(&self, disk: &mut Overlay) -> Result<(Source, BootNumber)> {
        let mut machine = Machine {
            disk,
            second_home: self.second_home(true),
        };
        match machine.boot(&self.board, &self.signed_keyring) {
            End::Started(started) => {
                loaders_words(&started).context("the words of the loader are not there")
            }
            End::Halted(halt) => bail!("the untouched disk does not boot: {halt}"),
            End::Panicked(_) => bail!("the untouched disk breaks the loader"),
        }
    }

    pub(crate) fn reference(&self, source: Source) -> Option<&Reference> {
        self.references.iter().find(|image| image.source == source)
    }

    pub(crate) fn second_home(&self, has_variable: bool) -> SecondHome {
        match has_variable {
            true => SecondHome::Record(self.floors.encode()),
            false => SecondHome::Absent,
        }
    }

    /// The manifest hash of the untouched image of `source`.
    #[must_use]
    pub fn manifest_hash(&self, source: Source) -> Option<Digest> {
        Some(self.reference(source)?.manifest_hash)
    }

    /// The corruption of that number.
    #[must_use]
    pub fn corruption(&self, seed: u64, number: u64) -> Corruption {
        Corruption::make(&self.disk, &self.map, seed, number)
    }

    /// Corrupts `image`, a copy of the untouched one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, corruption: &Corruption, image: &Path) -> Result<()> {
        let mut disk = self.disk.clone();
        corruption.apply(&mut disk);
        let file = File::options().write(true).open(image)?;
        disk.write_to(&file).context("cannot corrupt the disk")
    }
}

/// Source and boot number, as the loader named them.
pub(crate) fn loaders_words(started: &Started) -> Option<(Source, BootNumber)> {
    let (_, words) = started.words.rsplit_once(LOADER_WORDS)?;
    let mut words = words.split(' ');
    let source = Source::parse(words.next()?)?;
    let number = words.nth(1)?.strip_prefix("twinkeel.boot=")?;
    Some((source, BootNumber(number.parse().ok()?)))
}

/// Reads each image of the untouched disk; what the loader makes of it is checked against
/// the very bytes of the disk once, here.
fn references(
    disk: &Overlay,
    map: &DiskMap,
    board: &Board,
    signed_keyring: &[u8],
) -> Result<Vec<Reference>> {
    let keyring = verify_keyring(signed_keyring).context("the keyring is unusable")?;
    let mut disk = disk.clone();
    let mut machine = Machine {
        disk: &mut disk,
        second_home: SecondHome::None,
    };
    let conditions = Conditions {
        board,
        keyring: &keyring,
        floors: Floors::default(),
        layout: &map.layout,
        boot_number: BootNumber(0),
    };
    let mut references = Vec::new();
    for source in SOURCES {
        let plan = load(&mut machine, &conditions, source)
            .map_err(|error| anyhow::anyhow!("{source} does not verify: {}", error.refusal))?;
        let image = map.image(source).context("no such image")?;
        let words = plan.command_line.split(LOADER_WORDS).next();
        if machine.disk.bytes(&image.kernel) != plan.kernel
            || !plan.initrd.starts_with(&machine.disk.bytes(&image.initrd))
        {
            bail!("{source} is not loaded as it lies on the disk");
        }
        references.push(Reference {
            source,
            manifest_hash: plan.manifest_hash,
            version: plan.version,
            numbers: plan.numbers,
            kernel: plan.kernel,
            initrd: plan.initrd,
            words: words.unwrap_or_default().to_owned(),
        });
    }
    Ok(references)
}

/// The slot that would be next.
pub(crate) fn is_other_slot(usual: Source, started: Source) -> bool {
    let other = |slot: Slot| Source::Slot(slot.other());
    matches!(usual, Source::Slot(slot) if other(slot) == started)
}
