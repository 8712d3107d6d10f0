//! A system image: the parts of a slot on this machine's disk, and their description.
//! The rescue system is one without a root.
//!
//! It is not signed here. Whoever holds keys signs [`SystemImage::manifest`] and gives the
//! envelope to [`SystemImage::write_to_slot`].

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, ENVELOPE_BYTES, Epoch, Manifest, Part, Root, Version};
use image_trust::{ImageKind, check_manifest, sha256};

use crate::error::ImageError;
use crate::output::write_complete;
use crate::report::Component;

/// The kernel's place, and what every part begins at a multiple of: what a person sees in
/// a dump, and a multiple of any erase block.
const PART_ALIGNMENT: u64 = 1 << 20;

/// What a manifest says of a root that is not there.
const NO_ROOT: Root = Root {
    offset_bytes: 0,
    data_blocks: 0,
    tree_offset_bytes: 0,
    tree_blocks: 0,
    root_hash: Digest::ZERO,
    salt: Digest::ZERO,
};

/// The description of a system image: [`Manifest`] with names of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFields {
    /// See [`Manifest::board`].
    pub board: String,
    /// See [`Manifest::product`].
    pub product: String,
    /// See [`Manifest::version`].
    pub version: Version,
    /// See [`Manifest::epoch`].
    pub epoch: Epoch,
    /// See [`Manifest::build_time_secs`].
    pub build_time_secs: u64,
    /// See [`Manifest::command_line`].
    pub command_line: String,
    /// See [`Manifest::kernel`].
    pub kernel: Part,
    /// See [`Manifest::initrd`].
    pub initrd: Part,
    /// See [`Manifest::root`].
    pub root: Root,
}

/// The files that a system image is made of.
#[derive(Debug, Clone)]
pub(crate) struct PartFiles {
    /// The kernel.
    pub(crate) kernel: PathBuf,
    /// The initrd.
    pub(crate) initrd: PathBuf,
    /// The rescue system has none.
    pub(crate) root: Option<RootFiles>,
}

/// The root and what guards it.
#[derive(Debug, Clone)]
pub(crate) struct RootFiles {
    /// The root file system.
    pub(crate) root: PathBuf,
    /// The hash tree over it.
    pub(crate) tree: PathBuf,
    /// The digest at the tree's root.
    pub(crate) root_hash: Digest,
    /// Hashed before each block.
    pub(crate) salt: Digest,
}

/// A system image, not signed.
#[derive(Debug, Clone)]
pub struct SystemImage {
    /// What the initrd and the root hold of ours, for the report.
    programs: Vec<Component>,
    files: PartFiles,
    fields: ManifestFields,
}

/// What a manifest says besides its parts.
pub(crate) struct Description {
    pub(crate) board: String,
    pub(crate) product: String,
    pub(crate) version: Version,
    pub(crate) epoch: Epoch,
    pub(crate) build_time_secs: u64,
    pub(crate) command_line: String,
}

impl SystemImage {
    /// Gives every part its place in a slot of `slot_bytes`.
    pub(crate) fn place(
        programs: Vec<Component>,
        files: PartFiles,
        description: Description,
        slot_bytes: u64,
    ) -> Result<Self> {
        let kernel = place_loaded(&files.kernel, PART_ALIGNMENT)?;
        let initrd = place_loaded(&files.initrd, behind(&kernel))?;
        let root = match &files.root {
            Some(root) => place_root(root, behind(&initrd))?,
            None => NO_ROOT,
        };
        let fields = ManifestFields {
            board: description.board,
            product: description.product,
            version: description.version,
            epoch: description.epoch,
            build_time_secs: description.build_time_secs,
            command_line: description.command_line,
            kernel,
            initrd,
            root,
        };
        let image = Self {
            programs,
            files,
            fields,
        };
        image.require_room(slot_bytes)?;
        check_manifest(&image.manifest(), slot_bytes).map_err(ImageError::Refused)?;
        Ok(image)
    }

    fn require_room(&self, slot_bytes: u64) -> Result<(), ImageError> {
        let needed_bytes = self.used_bytes();
        if needed_bytes <= slot_bytes {
            return Ok(());
        }
        let ManifestFields {
            kernel,
            initrd,
            root,
            ..
        } = &self.fields;
        let parts = [
            ("kernel", kernel.length_bytes),
            ("initrd", initrd.length_bytes),
            ("root", root.data_blocks * BLOCK_BYTES),
            ("hash tree", root.tree_blocks * BLOCK_BYTES),
        ];
        let (component, component_bytes) = parts
            .into_iter()
            .max_by_key(|(_, bytes)| *bytes)
            .unwrap_or_default();
        Err(ImageError::TooLarge {
            image: ImageKind::of(&self.manifest()),
            board: self.fields.board.clone(),
            needed_bytes,
            slot_bytes,
            component,
            component_bytes,
        })
    }

    /// What is to be signed.
    #[must_use]
    pub fn manifest(&self) -> Manifest<'_> {
        let fields = &self.fields;
        Manifest {
            board: &fields.board,
            product: &fields.product,
            version: fields.version,
            epoch: fields.epoch,
            build_time_secs: fields.build_time_secs,
            command_line: &fields.command_line,
            kernel: fields.kernel,
            initrd: fields.initrd,
            root: fields.root,
        }
    }

    /// The same parts under another description. Nothing is checked: tests sign nonsense.
    #[must_use]
    pub fn with_manifest(&self, change: impl FnOnce(&mut ManifestFields)) -> Self {
        let mut image = self.clone();
        change(&mut image.fields);
        image
    }

    /// The same system with another initrd, in the place of the old one.
    ///
    /// # Errors
    /// It cannot be read, or reaches into the root.
    pub fn with_initrd(&self, initrd: &Path) -> Result<Self> {
        let mut image = self.clone();
        image.fields.initrd = place_loaded(initrd, image.fields.initrd.offset_bytes)?;
        ensure!(
            behind(&image.fields.initrd) <= image.fields.root.offset_bytes,
            "the initrd {} reaches into the root",
            initrd.display()
        );
        image.files.initrd = initrd.to_owned();
        Ok(image)
    }

    /// The file that holds the kernel.
    #[must_use]
    pub fn kernel(&self) -> &Path {
        &self.files.kernel
    }

    /// The file that holds the initrd.
    #[must_use]
    pub fn initrd(&self) -> &Path {
        &self.files.initrd
    }

    /// The file that holds the root, and that with its hash tree; a rescue system has none.
    pub(crate) fn root_and_tree(&self) -> Option<(&Path, &Path)> {
        let files = self.files.root.as_ref()?;
        Some((&files.root, &files.tree))
    }

    /// Bytes of the slot up to the end of the last part.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        let ManifestFields { initrd, root, .. } = &self.fields;
        let initrd_end = initrd.offset_bytes + initrd.length_bytes;
        let root_end = root.tree_offset_bytes + root.tree_blocks * BLOCK_BYTES;
        initrd_end.max(root_end)
    }

    /// Writes all parts, and `envelope` in front of them, into the slot that begins at
    /// `slot_offset_bytes` of `disk`. What is not signed over is not written.
    ///
    /// # Errors
    /// A part cannot be read or written, or the envelope is longer than its area.
    pub fn write_to_slot(
        &self,
        envelope: &[u8],
        disk: &File,
        slot_offset_bytes: u64,
    ) -> Result<()> {
        if let Some(files) = &self.files.root {
            let offset_bytes = slot_offset_bytes + self.fields.root.tree_offset_bytes;
            write_part(&files.tree, disk, offset_bytes)?;
        }
        self.write_without_tree(envelope, disk, slot_offset_bytes)
    }

    /// Writes the file that devices are updated with, in the form that
    /// `system_update::UpdateFile` describes: what the slot is to hold, up to the hash tree.
    ///
    /// # Errors
    /// As [`write_to_slot`](Self::write_to_slot).
    pub fn write_update(&self, envelope: &[u8], out: &Path) -> Result<()> {
        write_complete(out, |file| self.write_without_tree(envelope, file, 0))
    }

    fn write_without_tree(
        &self,
        envelope: &[u8],
        out: &File,
        slot_offset_bytes: u64,
    ) -> Result<()> {
        let (kernel, initrd, root) = (&self.fields.kernel, &self.fields.initrd, &self.fields.root);
        let mut parts = vec![
            (&self.files.kernel, kernel.offset_bytes),
            (&self.files.initrd, initrd.offset_bytes),
        ];
        if let Some(files) = &self.files.root {
            parts.push((&files.root, root.offset_bytes));
        }
        for (file, offset_bytes) in parts {
            write_part(file, out, slot_offset_bytes + offset_bytes)?;
        }
        write_envelope(envelope, out, slot_offset_bytes)
    }

    /// Name, length and digest of our programs, then of every part in the order of the slot.
    pub(crate) fn components(&self) -> Result<Vec<Component>> {
        let mut files = vec![
            ("kernel", &self.files.kernel),
            ("initrd", &self.files.initrd),
        ];
        if let Some(root) = &self.files.root {
            files.push(("root", &root.root));
            files.push(("hash tree", &root.tree));
        }
        let component =
            |(name, file): (&str, &PathBuf)| -> Result<_> { Ok(Component::of(name, &read(file)?)) };
        let mut components = self.programs.clone();
        for file in files {
            components.push(component(file)?);
        }
        Ok(components)
    }
}

/// Writes `envelope`, and zeros behind it, at the start of the slot: what is in the rest
/// of the slot stays.
///
/// # Errors
/// It is longer than its area, or cannot be written.
pub fn write_envelope(envelope: &[u8], mut disk: &File, slot_offset_bytes: u64) -> Result<()> {
    ensure!(
        envelope.len() <= ENVELOPE_BYTES,
        "cannot write an envelope of {} bytes: its area has {ENVELOPE_BYTES}",
        envelope.len()
    );
    let mut area = envelope.to_vec();
    area.resize(ENVELOPE_BYTES, 0);
    disk.seek(SeekFrom::Start(slot_offset_bytes))?;
    disk.write_all(&area).context("cannot write the envelope")
}

fn write_part(file: &Path, mut out: &File, offset_bytes: u64) -> Result<()> {
    let mut part = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    out.seek(SeekFrom::Start(offset_bytes))?;
    std::io::copy(&mut part, &mut out).context("cannot write a part into its slot")?;
    Ok(())
}

fn place_loaded(file: &Path, offset_bytes: u64) -> Result<Part> {
    let bytes = read(file)?;
    Ok(Part {
        offset_bytes,
        length_bytes: bytes.len() as u64,
        sha256: sha256(&bytes),
    })
}

fn place_root(files: &RootFiles, offset_bytes: u64) -> Result<Root> {
    let root_bytes = length_of(&files.root)?;
    Ok(Root {
        offset_bytes,
        data_blocks: root_bytes / BLOCK_BYTES,
        tree_offset_bytes: offset_bytes + root_bytes,
        tree_blocks: length_of(&files.tree)? / BLOCK_BYTES,
        root_hash: files.root_hash,
        salt: files.salt,
    })
}

fn behind(part: &Part) -> u64 {
    (part.offset_bytes + part.length_bytes).next_multiple_of(PART_ALIGNMENT)
}

fn length_of(file: &Path) -> Result<u64> {
    let metadata = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(metadata.len())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests;
