//! The chunk file beside an update file, from which devices fetch only what they lack.

use std::fs;
use std::io::Write;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use image_format::{ENVELOPE_BYTES, Manifest, parse_envelope};
use release_source::chunk_file::{Group, Grouping, Header, Index, ListedChunk, SUFFIX, put_chunk};
use release_source::{Chunk, next_chunk};
use system_update::Parts;
use zstd::bulk::Compressor;

use crate::output::write_complete;

/// The strongest that a decoder with little memory can undo.
const LEVEL: i32 = 19;

/// Where the chunk file of an update file belongs: beside it.
#[must_use]
pub fn chunk_file_of(update: &Path) -> PathBuf {
    let mut name = update.as_os_str().to_owned();
    name.push(SUFFIX);
    name.into()
}

/// Writes the [chunk file](make_chunk_file) of the update file at `update` to `out`.
///
/// # Errors
/// The file is no update file, or a file cannot be read or written.
pub fn write_chunk_file(update: &Path, out: &Path) -> Result<()> {
    let bytes = make_chunk_file(update)?;
    write_complete(out, |file| Ok(file.write_all(&bytes)?))
}

/// Makes the chunk file of the update file at `update`. The same update file always gives the
/// same bytes.
///
/// Signatures are not verified: a chunk file says nothing that anybody would believe.
///
/// # Errors
/// The file is no update file, or cannot be read.
pub fn make_chunk_file(update: &Path) -> Result<Vec<u8>> {
    let cannot = || format!("cannot make the chunk file of {}", update.display());
    let image = fs::read(update).with_context(cannot)?;
    let (area, rest) = image
        .split_at_checked(ENVELOPE_BYTES)
        .context("it is shorter than an envelope")
        .with_context(cannot)?;
    let envelope = parse_envelope(area).map_err(|refusal| anyhow::anyhow!("{refusal}"));
    let envelope = envelope.with_context(cannot)?;
    let manifest: Manifest<'_> = envelope
        .manifest
        .decode()
        .map_err(|error| anyhow::anyhow!("{error}"))
        .with_context(cannot)?;
    let parts = Parts {
        kernel: manifest.kernel,
        initrd: manifest.initrd,
        root: manifest.root,
    };
    let chunks = Chunks::cut(rest).with_context(cannot)?;
    let header = Header::new(u32::try_from(chunks.groups.len())?, &parts);
    Ok([
        Index::write(&header, &chunks.groups),
        chunks.listed,
        chunks.frames,
    ]
    .concat())
}

/// What stands behind the header, in its order.
#[derive(Default)]
struct Chunks {
    groups: Vec<Group>,
    listed: Vec<u8>,
    frames: Vec<u8>,
}

impl Chunks {
    fn cut(image: &[u8]) -> Result<Self> {
        let pieces = pieces(image);
        let frames = compress_all(&pieces)?;
        let mut chunks = Self::default();
        let mut grouping = Grouping::default();
        let (mut length_bytes, mut frames_bytes) = (0, 0);
        for (number, ((chunk, _), frame)) in pieces.iter().zip(&frames).enumerate() {
            chunks.frames.extend(frame);
            let listed = ListedChunk {
                chunk: *chunk,
                frame_bytes: u32::try_from(frame.len())?,
            };
            put_chunk(&listed, &mut chunks.listed);
            length_bytes += chunk.length_bytes;
            frames_bytes += listed.frame_bytes;
            let is_last = number + 1 == pieces.len();
            let ended = grouping.push(chunk);
            let ended = ended.or_else(|| is_last.then(|| grouping.end()).flatten());
            if let Some((digest, count)) = ended {
                chunks.groups.push(Group {
                    digest,
                    chunks: count,
                    length_bytes,
                    frames_bytes,
                });
                (length_bytes, frames_bytes) = (0, 0);
            }
        }
        Ok(chunks)
    }
}

fn pieces(mut image: &[u8]) -> Vec<(Chunk, &[u8])> {
    let mut pieces = Vec::new();
    while let Some(chunk) = next_chunk(image) {
        let (content, rest) = image.split_at(chunk.length_bytes as usize);
        pieces.push((chunk, content));
        image = rest;
    }
    pieces
}

/// The frames of all pieces: by all processors, for this takes minutes for a large image.
fn compress_all(pieces: &[(Chunk, &[u8])]) -> Result<Vec<Vec<u8>>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = pieces.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let begin = |share| scope.spawn(move || compress(share));
        let begun: Vec<_> = pieces.chunks(share).map(begin).collect();
        let mut frames = Vec::new();
        for work in begun {
            let done = work.join().unwrap_or_else(|panic| resume_unwind(panic));
            frames.extend(done?);
        }
        Ok(frames)
    })
}

fn compress(pieces: &[(Chunk, &[u8])]) -> Result<Vec<Vec<u8>>> {
    let mut compressor = Compressor::new(LEVEL)?;
    let frames = pieces.iter().map(|(_, content)| {
        let frame = compressor.compress(content)?;
        let is_shorter = frame.len() < content.len();
        Ok(if is_shorter { frame } else { content.to_vec() })
    });
    frames.collect()
}
