//! A scenario's own disk: a raw image file that it may damage as it likes.
//!
//! Finds everything by the product's own code for GPT, state and flight record; damages
//! it by plain writes to the file. Only for machines that are switched off.

mod spot;

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use boot_core::state_store::StateStore;
use boot_core::{Layout, flight, read_layout};
use embedded_io_adapters::std::FromStd;
use image_builder::SystemImage;
use image_builder::signing::padded_envelope;
use image_format::disk::{BLOCK_BYTES, Role, STATE_COPY_OFFSETS};
use image_format::{
    BootState, Digest, ENVELOPE_BYTES, Envelope, FailedRelease, FlightEntry, Manifest, Slot,
    Source, StateError, Version, parse_envelope,
};

use crate::sparse_copy::copy_sparse;

use spot::Span;
pub use spot::Spot;

/// A raw disk image.
#[derive(Debug, Clone)]
pub struct TestDisk {
    image: PathBuf,
}

impl TestDisk {
    /// The disk in that file.
    #[must_use]
    pub fn at(image: &Path) -> Self {
        Self {
            image: image.to_owned(),
        }
    }

    /// Copies the disk, holes included, to another file.
    ///
    /// # Errors
    /// There is no room.
    pub fn copy_to(&self, image: &Path) -> Result<Self> {
        copy_sparse(&self.image, image)?;
        Ok(Self::at(image))
    }

    /// The image file.
    #[must_use]
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// Makes the disk larger, as when an image is flashed to a larger card.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub fn grow_to(&self, length_bytes: u64) -> Result<()> {
        self.open()?
            .set_len(length_bytes)
            .context("cannot grow the disk")
    }

    /// Makes the disk as large as the next larger card: a power of two, as QEMU wants it.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub fn grow_to_card(&self) -> Result<()> {
        self.grow_to(self.open()?.metadata()?.len().next_power_of_two())
    }

    /// Where a partition begins, in bytes.
    ///
    /// # Errors
    /// The disk has no such partition.
    pub fn offset_of(&self, role: Role) -> Result<u64> {
        let partition = self.layout()?.partition(role);
        let partition = partition.with_context(|| format!("the disk has no {role}"))?;
        Ok(partition.offset_bytes)
    }

    /// Length of a partition, in bytes.
    ///
    /// # Errors
    /// The disk has no such partition.
    pub fn length_of(&self, role: Role) -> Result<u64> {
        let partition = self.layout()?.partition(role);
        let partition = partition.with_context(|| format!("the disk has no {role}"))?;
        Ok(partition.length_bytes)
    }

    /// A whole partition.
    ///
    /// # Errors
    /// The disk has no such partition, or cannot be read.
    pub fn read_partition(&self, role: Role) -> Result<Vec<u8>> {
        self.read_at(self.offset_of(role)?, self.length_of(role)?)
    }

    /// The SHA-256 of a whole partition.
    ///
    /// # Errors
    /// See [`read_partition`](Self::read_partition).
    pub fn digest_of(&self, role: Role) -> Result<Digest> {
        Ok(image_trust::sha256(&self.read_partition(role)?))
    }

    /// Changes one bit of what lies in a slot or in rescue.
    ///
    /// # Errors
    /// There is no image.
    pub fn flip_bit(&self, source: impl Into<Source>, spot: Spot) -> Result<()> {
        let span = self.find(source.into(), spot)?;
        let offset_bytes = span.offset_bytes + span.length_bytes / 2;
        let file = self.open()?;
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset_bytes)?;
        byte[0] ^= 0x10;
        file.write_all_at(&byte, offset_bytes)?;
        Ok(())
    }

    /// Overwrites what lies in `slot` with zeros.
    ///
    /// # Errors
    /// The slot holds no image.
    pub fn wipe(&self, slot: Slot, spot: Spot) -> Result<()> {
        let span = self.find(slot.into(), spot)?;
        let zeros = vec![0; usize::try_from(span.length_bytes)?];
        self.write_at(span.offset_bytes, &zeros)
    }

    /// Changes one bit of the first place in the root where `text` stands; returns the
    /// number of its block.
    ///
    /// # Errors
    /// It stands nowhere.
    pub fn flip_bit_of_text(&self, slot: Slot, text: &str) -> Result<u64> {
        let start = self.offset_of(slot.into())?;
        let (offset_bytes, blocks) = self.with_envelope(slot.into(), |envelope| {
            let manifest: Manifest<'_> = envelope.manifest.decode()?;
            Ok((manifest.root.offset_bytes, manifest.root.data_blocks))
        })?;
        let file = self.open()?;
        let mut root = vec![0; usize::try_from(blocks)? * BLOCK_BYTES];
        file.read_exact_at(&mut root, start + offset_bytes)?;
        let place = root
            .windows(text.len())
            .position(|window| window == text.as_bytes())
            .with_context(|| format!("{text:?} stands nowhere in the root"))?;
        let changed = [root[place] ^ 0x10];
        file.write_all_at(&changed, start + offset_bytes + place as u64)?;
        Ok((place / BLOCK_BYTES) as u64)
    }

    /// The SHA-256 of the manifest there: the image's name in state and record.
    ///
    /// # Errors
    /// There is no image.
    pub fn manifest_hash(&self, source: impl Into<Source>) -> Result<Digest> {
        self.with_envelope(source.into(), |envelope| {
            Ok(image_trust::sha256(envelope.manifest.bytes))
        })
    }

    /// Writes a signed system to `slot`, as an updater would, and returns its manifest
    /// hash. The boot state is not told.
    ///
    /// # Errors
    /// It does not fit.
    pub fn write_system(
        &self,
        slot: Slot,
        system: &SystemImage,
        envelope: &[u8],
    ) -> Result<Digest> {
        let offset = self.offset_of(slot.into())?;
        let area = padded_envelope(envelope).context("cannot pad the envelope")?;
        system.write_to_slot(&area, &self.open()?, offset)?;
        self.manifest_hash(slot)
    }

    /// Overwrites the envelope of `slot` and nothing else.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub fn write_envelope(&self, slot: Slot, area: &[u8]) -> Result<()> {
        self.write_at(self.offset_of(slot.into())?, area)
    }

    /// The 64 KiB of envelope at the start of a slot or of rescue.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read_envelope(&self, source: impl Into<Source>) -> Result<Vec<u8>> {
        let offset = self.offset_of(source.into().into())?;
        self.read_at(offset, ENVELOPE_BYTES as u64)
    }

    /// The bytes at a place of the disk.
    ///
    /// # Errors
    /// The file cannot be read, or ends before.
    pub fn read_at(&self, offset_bytes: u64, length_bytes: u64) -> Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length_bytes)?];
        self.open()?
            .read_exact_at(&mut bytes, offset_bytes)
            .context("cannot read the disk")?;
        Ok(bytes)
    }

    /// Plain bytes at a place of the disk.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub fn write_at(&self, offset_bytes: u64, bytes: &[u8]) -> Result<()> {
        self.open()?
            .write_all_at(bytes, offset_bytes)
            .context("cannot write to the disk")
    }

    /// The boot state that counts.
    ///
    /// # Errors
    /// There is none.
    pub fn read_state(&self) -> Result<BootState> {
        let mut disk = FromStd::new(self.open()?);
        let layout = self.layout()?;
        let store = StateStore::open(&mut disk, &layout).context("no room for a boot state")?;
        store.state().cloned().context("both copies are lost")
    }

    /// Changes the boot state, in both copies: what an earlier life of the device left.
    ///
    /// # Errors
    /// There is none, or it cannot be written.
    pub fn change_state(&self, change: impl FnOnce(&mut BootState)) -> Result<()> {
        let mut disk = FromStd::new(self.open()?);
        let layout = self.layout()?;
        let mut store = StateStore::open(&mut disk, &layout).context("no room for a state")?;
        let mut state = store.state().cloned().context("both copies are lost")?;
        change(&mut state);
        store.write(&mut disk, &mut state)?;
        store.write(&mut disk, &mut state)?;
        Ok(())
    }

    /// Overwrites a copy of the boot state with zeros.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub fn lose_state_copy(&self, copy: usize) -> Result<()> {
        let offset = self.offset_of(Role::BootState)? + STATE_COPY_OFFSETS[copy];
        self.write_at(offset, &[0; BLOCK_BYTES])
    }

    /// The copies of the boot state that are no state, and why.
    ///
    /// # Errors
    /// The disk has no room for them.
    pub fn lost_state_copies(&self) -> Result<Vec<(u8, StateError)>> {
        let mut disk = FromStd::new(self.open()?);
        let layout = self.layout()?;
        let store = StateStore::open(&mut disk, &layout).context("no room for a boot state")?;
        Ok(store.lost_copies().collect())
    }

    /// The version of what lies in `slot`.
    ///
    /// # Errors
    /// The slot holds no image.
    pub fn version(&self, slot: Slot) -> Result<Version> {
        self.with_envelope(slot.into(), |envelope| {
            let manifest: Manifest<'_> = envelope.manifest.decode()?;
            Ok(manifest.version)
        })
    }

    /// The signed words of the kernel's command line in `slot`.
    ///
    /// # Errors
    /// The slot holds no image.
    pub fn signed_words(&self, slot: Slot) -> Result<String> {
        self.with_envelope(slot.into(), |envelope| {
            let manifest: Manifest<'_> = envelope.manifest.decode()?;
            Ok(manifest.command_line.to_owned())
        })
    }

    /// The flight record, oldest entry first.
    ///
    /// # Errors
    /// The disk has no readable layout.
    pub fn read_flight(&self) -> Result<Vec<FlightEntry>> {
        let mut disk = FromStd::new(self.open()?);
        let layout = self.layout()?;
        let mut entries = Vec::new();
        flight::for_each_entry(&mut disk, &layout, |entry| entries.push(entry));
        entries.sort_by_key(|entry| entry.sequence);
        Ok(entries)
    }

    /// The releases that failed their trial on this device.
    ///
    /// # Errors
    /// The disk has no readable layout.
    pub fn failed_releases(&self) -> Result<Vec<FailedRelease>> {
        let mut disk = FromStd::new(self.open()?);
        Ok(system_update::failed_releases(&mut disk)?)
    }

    /// The identity of the disk, as `twinkeel.disk=` names it.
    ///
    /// # Errors
    /// The disk has no readable layout.
    pub fn guid(&self) -> Result<String> {
        Ok(self.layout()?.disk_guid.to_string())
    }

    fn layout(&self) -> Result<Layout> {
        let mut disk = FromStd::new(self.open()?);
        read_layout(&mut disk)
            .with_context(|| format!("cannot read the layout of {}", self.image.display()))
    }

    fn open(&self) -> Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(&self.image)
            .with_context(|| format!("cannot open {}", self.image.display()))
    }

    fn find(&self, source: Source, spot: Spot) -> Result<Span> {
        let start = self.offset_of(source.into())?;
        let span = self.with_envelope(source, |envelope| spot.span_in(envelope))?;
        Ok(Span {
            offset_bytes: start + span.offset_bytes,
            ..span
        })
    }

    fn with_envelope<T>(
        &self,
        source: Source,
        take: impl FnOnce(&Envelope<'_>) -> Result<T>,
    ) -> Result<T> {
        let area = self.read_envelope(source)?;
        let envelope = parse_envelope(&area)
            .with_context(|| format!("cannot parse the envelope of {source}"))?;
        take(&envelope)
    }
}
