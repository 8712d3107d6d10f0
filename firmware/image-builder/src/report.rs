//! What came out: sizes and digests, for a person and for the comparison of two builds.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context, Result};
use image_format::Digest;
use image_format::disk::Guid;
use image_trust::sha256;

use crate::chunk_file::{chunk_file_of, write_chunk_file};
use crate::error::Mebibytes;
use crate::sizes::{Contents, Sizes};
use crate::system_image::SystemImage;

/// A part of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// What it is.
    pub name: String,
    /// How long it is.
    pub length_bytes: u64,
    /// Of its bytes.
    pub sha256: Digest,
}

impl Component {
    pub(crate) fn of(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            length_bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        }
    }
}

/// A disk image that was made.
#[derive(Debug, Clone)]
pub struct ImageReport {
    /// The file.
    pub image: PathBuf,
    /// Its length; the holes in it take no room.
    pub length_bytes: u64,
    /// Of the whole file.
    pub sha256: Digest,
    /// What it is made of, in the order in which they are made.
    pub components: Vec<Component>,
    /// The disk's identity.
    pub disk_guid: Guid,
    /// SHA-256 of the manifest's frame, by which boot state and flight record name it.
    pub manifest_hash: Digest,
    /// The name of the Secure Boot key that the loader is signed with, if it is.
    pub loader_signer: Option<String>,
    /// The system image in both slots.
    pub system: SystemImage,
    /// Its signed envelope.
    pub envelope: Vec<u8>,
    /// What the report of sizes is made from.
    pub(crate) contents: Contents,
}

impl ImageReport {
    /// Writes the file that updates devices to this release.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_update(&self, out: &Path) -> Result<Component> {
        self.system.write_update(&self.envelope, out)?;
        let update = fs::read(out).with_context(|| format!("cannot read {}", out.display()))?;
        Ok(Component::of("update", &update))
    }

    /// Writes the chunk file beside the update file at `update`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_chunk_file(&self, update: &Path) -> Result<Component> {
        let out = chunk_file_of(update);
        write_chunk_file(update, &out)?;
        let chunks = fs::read(&out).with_context(|| format!("cannot read {}", out.display()))?;
        Ok(Component::of("chunks", &chunks))
    }

    /// What everything comes to, alone and compressed. Takes some time.
    ///
    /// # Errors
    /// A part cannot be read any more.
    pub fn sizes(&self) -> Result<Sizes> {
        Sizes::of(&self.contents, &self.system)
    }

    /// For programs: name, length in bytes and SHA-256 of each part, one part a line, with
    /// tabs between.
    #[must_use]
    pub fn lines(&self) -> String {
        let line = |component: &Component| {
            let Component {
                name,
                length_bytes,
                sha256,
            } = component;
            format!("{name}\t{length_bytes}\t{sha256}\n")
        };
        self.components.iter().map(line).collect()
    }
}

impl fmt::Display for ImageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for component in &self.components {
            let size = Mebibytes(component.length_bytes).to_string();
            writeln!(f, "{:<15} {size:>10}  {}", component.name, component.sha256)?;
        }
        let size = Mebibytes(self.length_bytes).to_string();
        writeln!(f, "{:<15} {size:>10}  {}", "image", self.sha256)?;
        writeln!(f, "manifest {}", self.manifest_hash)?;
        writeln!(f, "disk     {}", self.disk_guid)?;
        match &self.loader_signer {
            Some(signer) => write!(f, "loader   signed for Secure Boot by \"{signer}\""),
            None => f.write_str("loader   not signed for Secure Boot"),
        }
    }
}
