//! What lies where on the untouched disk.

use crate::overlay::Overlay;
use crate::root::MountedRoot;
use anyhow::{Context, Result};
use boot_core::{Layout, Partition};
use image_format::disk::{
    BLOCK_BYTES, FAILED_ENTRIES, FAILED_OFFSET, FLIGHT_OFFSET, Role, STATE_COPY_OFFSETS,
};
use image_format::{ENVELOPE_BYTES, Frame, Manifest, Part, Slot, Source, parse_envelope};
use std::ops::Range;

/// The header of a partition table, and its entries.
pub(crate) const HEADER_BYTES: u64 = 512;
pub(crate) const ENTRIES_BYTES: u64 = 128 * 128;
/// Entries of the flight record that a young device has.
pub(crate) const YOUNG_ENTRIES: u64 = 16;

/// All places from which something can be started.
pub(crate) const SOURCES: [Source; 3] =
    [Source::Slot(Slot::A), Source::Slot(Slot::B), Source::Rescue];

/// A part of the disk that has a meaning.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) name: String,
    pub(crate) span: Range<u64>,
}

/// One of the two partition tables.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) header: Range<u64>,
    pub(crate) entries: Range<u64>,
}

/// An image where it lies.
#[derive(Clone, Debug)]
pub(crate) struct ImageMap {
    pub(crate) source: Source,
    pub(crate) partition: Partition,
    /// The four records of the envelope.
    pub(crate) records: [Range<u64>; 4],
    pub(crate) kernel: Range<u64>,
    pub(crate) initrd: Range<u64>,
    pub(crate) root: Option<MountedRoot>,
}

impl ImageMap {
    pub(crate) fn envelope(&self) -> Range<u64> {
        let start = self.partition.offset_bytes;
        start..start + ENVELOPE_BYTES as u64
    }

    /// Everything that the loader reads of it.
    pub(crate) fn loaded(&self) -> [Range<u64>; 3] {
        [self.envelope(), self.kernel.clone(), self.initrd.clone()]
    }
}

/// The untouched disk.
#[derive(Clone, Debug)]
pub(crate) struct DiskMap {
    pub(crate) length_bytes: u64,
    pub(crate) layout: Layout,
    /// The primary first.
    pub(crate) tables: [Table; 2],
    pub(crate) state_copies: [Range<u64>; 2],
    pub(crate) flight: Range<u64>,
    pub(crate) failed: Range<u64>,
    pub(crate) images: Vec<ImageMap>,
    /// The loader's file system: nothing in here is changed.
    pub(crate) system_boot: Range<u64>,
    pub(crate) writable: Range<u64>,
}

impl DiskMap {
    pub(crate) fn read(disk: &mut Overlay) -> Result<Self> {
        let layout = boot_core::read_layout(disk).context("cannot read the untouched disk")?;
        let span_of = |role| -> Result<Range<u64>> {
            let partition = layout.partition(role);
            let partition = partition.with_context(|| format!("the disk has no {role}"))?;
            Ok(partition.offset_bytes..partition.offset_bytes + partition.length_bytes)
        };
        let state = span_of(Role::BootState)?.start;
        let block = BLOCK_BYTES as u64;
        let at = |offset: u64, blocks: u64| state + offset..state + offset + blocks * block;
        let length_bytes = disk.length_bytes();
        let backup = length_bytes - HEADER_BYTES;
        let images = SOURCES
            .into_iter()
            .map(|source| read_image(disk, source, span_of(source.into())?));
        Ok(Self {
            length_bytes,
            tables: [
                Table {
                    name: "primary table",
                    header: HEADER_BYTES..2 * HEADER_BYTES,
                    entries: 2 * HEADER_BYTES..2 * HEADER_BYTES + ENTRIES_BYTES,
                },
                Table {
                    name: "backup table",
                    header: backup..length_bytes,
                    entries: backup - ENTRIES_BYTES..backup,
                },
            ],
            state_copies: STATE_COPY_OFFSETS.map(|offset| at(offset, 1)),
            flight: at(FLIGHT_OFFSET, YOUNG_ENTRIES),
            failed: at(FAILED_OFFSET, FAILED_ENTRIES),
            images: images.collect::<Result<_>>()?,
            system_boot: span_of(Role::SystemBoot)?,
            writable: span_of(Role::Writable)?,
            layout,
        })
    }

    pub(crate) fn image(&self, source: Source) -> Option<&ImageMap> {
        self.images.iter().find(|image| image.source == source)
    }

    /// Everything small: what random places hardly ever hit.
    pub(crate) fn structures(&self) -> Vec<Region> {
        let mut regions = Vec::new();
        let mut add = |name: String, span: &Range<u64>| {
            let span = span.clone();
            regions.push(Region { name, span });
        };
        for table in &self.tables {
            add(format!("header of the {}", table.name), &table.header);
            add(format!("entries of the {}", table.name), &table.entries);
        }
        for (copy, span) in self.state_copies.iter().enumerate() {
            add(format!("boot state, copy {copy}"), span);
        }
        add("flight record".to_owned(), &self.flight);
        add("failed releases".to_owned(), &self.failed);
        for image in &self.images {
            let source = image.source;
            for (name, span) in RECORDS.iter().zip(&image.records) {
                add(format!("{name} of {source}"), span);
            }
            add(format!("envelope of {source}"), &image.envelope());
            if let Some(root) = &image.root {
                add(format!("hash tree of {source}"), &root.tree());
            }
        }
        regions
    }

    /// Everything that holds many bytes.
    pub(crate) fn contents(&self) -> Vec<Region> {
        let mut regions = Vec::new();
        let mut add = |name: String, span: Range<u64>| regions.push(Region { name, span });
        for image in &self.images {
            let source = image.source;
            add(format!("kernel of {source}"), image.kernel.clone());
            add(format!("initrd of {source}"), image.initrd.clone());
            if let Some(root) = &image.root {
                add(format!("root of {source}"), root.data());
            }
        }
        add("writable".to_owned(), self.writable.clone());
        regions
    }
}

/// In the order of an envelope.
const RECORDS: [&str; 4] = [
    "delegation",
    "delegation's signatures",
    "manifest",
    "manifest's signatures",
];

fn read_image(disk: &Overlay, source: Source, span: Range<u64>) -> Result<ImageMap> {
    let area = disk.bytes(&(span.start..span.start + ENVELOPE_BYTES as u64));
    let envelope =
        parse_envelope(&area).with_context(|| format!("cannot parse the envelope of {source}"))?;
    let manifest: Manifest<'_> = envelope.manifest.decode().context("no manifest")?;
    let part = |part: Part| {
        let start = span.start + part.offset_bytes;
        start..start + part.length_bytes
    };
    let mut end = span.start;
    let mut record = |frame: Frame<'_>| {
        let start = end;
        end += frame.bytes.len() as u64;
        start..end
    };
    Ok(ImageMap {
        source,
        partition: Partition {
            offset_bytes: span.start,
            length_bytes: span.end - span.start,
        },
        records: [
            record(envelope.delegation),
            record(envelope.delegation_signatures),
            record(envelope.manifest),
            record(envelope.manifest_signatures),
        ],
        kernel: part(manifest.kernel),
        initrd: part(manifest.initrd),
        root: (manifest.root.data_blocks > 0).then_some(MountedRoot {
            slot_bytes: span.start,
            root: manifest.root,
        }),
    })
}
