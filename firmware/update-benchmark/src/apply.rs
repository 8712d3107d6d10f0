//! A release is written, flushed and read back, as staging does it: each byte is hashed twice.
//! It comes from an update file, which is the copy that a patch is measured against, from a
//! patch, or in chunks from a web server.

use crate::Programs;
use crate::pairs::Pair;
use anyhow::{Context, Result, bail, ensure};
use http_file::{Interruption, Patience};
use image_delta::{Header, PatchSource, SlotFile};
use image_format::{ENVELOPE_BYTES, Manifest, parse_envelope};
use image_trust::{HashTree, Hasher};
use release_source::{Adaptive, Seed, Seeds};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use system_update::{BootDisk, Parts, ReleaseSource, UpdateFile};

/// What staging moves at once.
const PIECE_BYTES: usize = 1 << 20;

/// Where a release comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// An update file.
    Copy(PathBuf),
    /// A patch, and the release that it starts from.
    Patch {
        /// The patch.
        patch: PathBuf,
        /// The old release's update file, in place of the slot.
        old: PathBuf,
    },
    /// An address, of which that is fetched which the old release has not.
    Chunks {
        /// Of the update file; its chunk file lies beside it.
        address: String,
        /// The old release's update file, in place of the disk.
        old: PathBuf,
    },
}

/// What a process took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Applied {
    /// Processor time in microseconds, of user and system.
    pub cpu_micros: u64,
    /// The most memory that it held.
    pub peak_kib: u64,
    /// What it fetched, where it fetched something.
    pub fetched_bytes: Option<u64>,
}

/// Writes the release to `out` and reads it back; returns how many bytes were fetched.
///
/// # Errors
/// The release does not verify.
pub fn apply(source: &Source, out: &Path) -> Result<Option<u64>> {
    match source {
        Source::Copy(update) => {
            write(&mut UpdateFile::new(File::open(update)?)?, out)?;
            Ok(None)
        }
        Source::Patch { patch, old } => {
            let patch = File::open(patch)?;
            let from = Header::read(&mut &patch)?.from;
            std::io::Seek::rewind(&mut &patch)?;
            let old = SlotFile::whole(File::open(old)?)?;
            write(&mut PatchSource::open(patch, old, from)?, out)?;
            Ok(None)
        }
        Source::Chunks { address, old } => {
            let seeds = Seeds {
                running: Some(Seed {
                    offset_bytes: 0,
                    length_bytes: std::fs::metadata(old)?.len(),
                }),
                target: None,
            };
            let never = |_: &Interruption| ();
            let disk = BootDisk::open_to_copy(old)?;
            let source = Adaptive::open(address, Patience::OF_A_PERSON, never, disk)?;
            let mut source = source.with_seeds(seeds);
            write(&mut source, out)?;
            if let Some(detour) = source.detour() {
                bail!("{detour}");
            }
            Ok(Some(source.tally().fetched_bytes))
        }
    }
}

fn write(source: &mut impl ReleaseSource, out: &Path) -> Result<()> {
    let mut envelope = Box::new([0; ENVELOPE_BYTES]);
    source.read_envelope(&mut envelope)?;
    let parsed = parse_envelope(envelope.as_slice()).context("there is no envelope")?;
    let manifest: Manifest<'_> = parsed.manifest.decode().context("there is no manifest")?;
    let parts = Parts {
        kernel: manifest.kernel,
        initrd: manifest.initrd,
        root: manifest.root,
    };
    source.begin(&parts)?;
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(out)?;
    pass(&parts, |offset, piece| {
        let mut done = 0;
        while done < piece.len() {
            let at = offset + done as u64;
            let read = source.read(at, &mut piece[done..])?;
            file.write_all_at(&piece[done..done + read], at)?;
            done += read;
        }
        Ok(())
    })?;
    file.sync_data()?;
    pass(&parts, |offset, piece| {
        Ok(file.read_exact_at(piece, offset)?)
    })
}

/// One walk over all parts, each held against the manifest.
fn pass(parts: &Parts, mut next: impl FnMut(u64, &mut [u8]) -> Result<()>) -> Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut over = |offset: u64, length: u64, take: &mut dyn FnMut(&[u8])| -> Result<()> {
        let mut done = 0;
        while done < length {
            let left = usize::try_from(length - done)?.min(PIECE_BYTES);
            next(offset + done, &mut piece[..left])?;
            take(&piece[..left]);
            done += left as u64;
        }
        Ok(())
    };
    for part in [&parts.kernel, &parts.initrd] {
        let mut hasher = Hasher::new();
        over(part.offset_bytes, part.length_bytes, &mut |bytes| {
            hasher.update(bytes);
        })?;
        ensure!(hasher.finish() == part.sha256, "a part differs");
    }
    let mut tree = HashTree::new(parts.root.data_blocks, parts.root.salt);
    let mut root_hash = None;
    over(parts.root.offset_bytes, parts.root_bytes(), &mut |bytes| {
        for block in bytes.as_chunks().0 {
            let Ok(complete) = tree.push(block, |_, _| Ok::<(), Infallible>(()));
            root_hash = complete;
        }
    })?;
    ensure!(root_hash == Some(parts.root.root_hash), "the root differs");
    Ok(())
}

/// The runs of one pair: of a copy and of the patch, in turn.
pub(crate) struct Runs {
    pub(crate) copies: Vec<Applied>,
    pub(crate) patches: Vec<Applied>,
}

pub(crate) fn runs(
    programs: &Programs,
    pair: &Pair<'_>,
    patch: &Path,
    rounds: usize,
) -> Result<Runs> {
    let out = patch.with_extension("out");
    let run = |arguments: &[&Path]| run(&programs.apply, arguments, &out);
    let (mut copies, mut patches) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        copies.push(run(&[Path::new("copy"), &pair.new.update])?);
        patches.push(run(&[Path::new("patch"), patch, &pair.old.update])?);
    }
    std::fs::remove_file(&out)?;
    Ok(Runs { copies, patches })
}

/// Has the program apply a release to `out`.
pub(crate) fn run(program: &Path, arguments: &[&Path], out: &Path) -> Result<Applied> {
    let output = Command::new(program).args(arguments).arg(out).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cannot apply: {said}");
    Ok(serde_json::from_slice(&output.stdout)?)
}
