//! The chunk file beside an update file, from which devices fetch only what they lack.

use std::fs;
use std::io::Write;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use image_format::{ENVELOPE_BYTES, Manifest, parse_envelope};
use release_source::chunk_file::{
    Group, Grouping, Header, Index, ListedChunk, PREFIX_BYTES, SUFFIX, put_chunk,
};
use release_source::{Chunk, Code, Cutter};
use system_update::Parts;
use zstd::zstd_safe::{self, CCtx, CParameter};

use crate::output::write_complete;

/// The strongest that a decoder with little memory can undo.
const LEVEL: i32 = 19;
/// A frame's header without a length: magic, descriptor, window.
const FRAME_HEADER_BYTES: usize = 6;

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
    let code = Code::most_in(rest);
    let chunks = Chunks::cut(rest, code).with_context(cannot)?;
    let header = Header::new(u32::try_from(chunks.groups.len())?, code, &parts);
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
    fn cut(image: &[u8], code: Code) -> Result<Self> {
        let (plain, pieces) = cut(image, code);
        let frames = compress_all(&plain, &pieces)?;
        let mut compressor = compressor()?;
        let mut chunks = Self::default();
        let mut grouping = Grouping::default();
        let mut first = 0;
        for (number, piece) in pieces.iter().enumerate() {
            let is_last = number + 1 == pieces.len();
            let ended = grouping.push(&piece.chunk);
            let ended = ended.or_else(|| is_last.then(|| grouping.end()).flatten());
            if let Some((digest, count)) = ended {
                let group = first..=number;
                let (pieces, frames) = (&pieces[group.clone()], &frames[group]);
                let addresses: Vec<u8> = pieces.iter().flat_map(|p| p.addresses.clone()).collect();
                let addresses = match addresses.is_empty() {
                    true => Vec::new(),
                    false => compress(&mut compressor, &[], &addresses)?,
                };
                let length_bytes = pieces.iter().map(|piece| piece.chunk.length_bytes).sum();
                let before = chunks.frames.len();
                chunks.frames.extend(&addresses);
                for (piece, frame) in pieces.iter().zip(frames) {
                    chunks.frames.extend(frame);
                    let listed = ListedChunk {
                        chunk: piece.chunk,
                        frame_bytes: u32::try_from(frame.len())?,
                    };
                    put_chunk(&listed, &mut chunks.listed);
                }
                chunks.groups.push(Group {
                    digest,
                    chunks: count,
                    length_bytes,
                    frames_bytes: u32::try_from(chunks.frames.len() - before)?,
                    addresses_bytes: u32::try_from(addresses.len())?,
                });
                first = number + 1;
            }
        }
        Ok(chunks)
    }
}

/// A chunk of the image.
struct Piece {
    chunk: Chunk,
    /// Where its plain bytes begin among those of the image.
    at: usize,
    addresses: Vec<u8>,
}

/// The plain bytes of the image, whose first byte lies behind the envelope's area, and its
/// chunks.
fn cut(image: &[u8], code: Code) -> (Vec<u8>, Vec<Piece>) {
    let mut cutter = Cutter::new(code);
    let mut plain = Vec::with_capacity(image.len());
    let mut pieces = Vec::new();
    while let Some(chunk) = {
        let at = plain.len();
        cutter.cut(&image[at..], (ENVELOPE_BYTES + at) as u64)
    } {
        pieces.push(Piece {
            chunk,
            at: plain.len(),
            addresses: cutter.addresses().to_vec(),
        });
        plain.extend(cutter.plain());
    }
    (plain, pieces)
}

/// The frames of all chunks: by all processors, for this takes minutes for a large image.
fn compress_all(plain: &[u8], pieces: &[Piece]) -> Result<Vec<Vec<u8>>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = pieces.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let begin = |share| scope.spawn(move || compress_chunks(plain, share));
        let begun: Vec<_> = pieces.chunks(share).map(begin).collect();
        let mut frames = Vec::new();
        for work in begun {
            let done = work.join().unwrap_or_else(|panic| resume_unwind(panic));
            frames.extend(done?);
        }
        Ok(frames)
    })
}

fn compress_chunks(plain: &[u8], pieces: &[Piece]) -> Result<Vec<Vec<u8>>> {
    let mut compressor = compressor()?;
    let frames = pieces.iter().map(|piece| {
        let (before, behind) = plain.split_at(piece.at);
        let content = &behind[..piece.chunk.length_bytes as usize];
        let prefix = &before[before.len().saturating_sub(PREFIX_BYTES)..];
        let frame = compress(&mut compressor, prefix, content)?.split_off(FRAME_HEADER_BYTES);
        let is_shorter = frame.len() < content.len();
        Ok(if is_shorter { frame } else { content.to_vec() })
    });
    frames.collect()
}

/// Its frames have the shortest header.
fn compressor<'a>() -> Result<CCtx<'a>> {
    let mut compressor = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(LEVEL),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
    ] {
        compressor.set_parameter(parameter).map_err(error)?;
    }
    Ok(compressor)
}

/// A frame of `content` that may repeat what is in `prefix`.
fn compress<'a>(compressor: &mut CCtx<'a>, prefix: &'a [u8], content: &[u8]) -> Result<Vec<u8>> {
    compressor.ref_prefix(prefix).map_err(error)?;
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(content.len()));
    compressor.compress2(&mut frame, content).map_err(error)?;
    Ok(frame)
}

fn error(code: zstd_safe::ErrorCode) -> anyhow::Error {
    anyhow::anyhow!("zstd: {}", zstd_safe::get_error_name(code))
}
