//! The chunk file beside an update file, from which devices fetch only what they lack.

use std::fs;
use std::io::Write;
use std::ops::Range;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use image_format::{ENVELOPE_BYTES, Manifest, parse_envelope};
use release_source::chunk_file::{
    ADDRESSES_PREFIX_BYTES, Group, Grouping, Header, Index, ListedChunk, PREFIX_BYTES, SUFFIX,
    put_chunk,
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
        let cut = Cut::of(image, code);
        let frames = compress_all(&cut)?;
        let mut chunks = Self::default();
        let mut grouping = Grouping::default();
        let mut first = 0;
        for (number, piece) in cut.pieces.iter().enumerate() {
            let is_last = number + 1 == cut.pieces.len();
            let ended = grouping.push(&piece.chunk);
            let ended = ended.or_else(|| is_last.then(|| grouping.end()).flatten());
            if let Some((digest, count)) = ended {
                let group = first..=number;
                let (pieces, frames) = (&cut.pieces[group.clone()], &frames[group]);
                let before = chunks.frames.len();
                let addresses = frames.iter().flat_map(|frames| &frames.addresses);
                chunks.frames.extend(addresses);
                for (piece, frames) in pieces.iter().zip(frames) {
                    chunks.frames.extend(&frames.plain);
                    let listed = ListedChunk {
                        chunk: piece.chunk,
                        frame_bytes: u32::try_from(frames.plain.len())?,
                        addresses_bytes: u32::try_from(frames.addresses.len())?,
                    };
                    put_chunk(&listed, &mut chunks.listed);
                }
                chunks.groups.push(Group {
                    digest,
                    chunks: count,
                    length_bytes: pieces.iter().map(|piece| piece.chunk.length_bytes).sum(),
                    frames_bytes: u32::try_from(chunks.frames.len() - before)?,
                });
                first = number + 1;
            }
        }
        Ok(chunks)
    }
}

/// An image whose first byte lies behind the envelope's area.
struct Cut {
    plain: Vec<u8>,
    addresses: Vec<u8>,
    pieces: Vec<Piece>,
}

/// A chunk of it.
struct Piece {
    chunk: Chunk,
    /// Where its plain bytes are,
    plain: Range<usize>,
    /// and its addresses.
    addresses: Range<usize>,
}

impl Cut {
    fn of(image: &[u8], code: Code) -> Self {
        let mut cutter = Cutter::new(code);
        let mut cut = Self {
            plain: Vec::with_capacity(image.len()),
            addresses: Vec::new(),
            pieces: Vec::new(),
        };
        while let Some(chunk) = {
            let at = cut.plain.len();
            cutter.cut(&image[at..], (ENVELOPE_BYTES + at) as u64)
        } {
            cut.pieces.push(Piece {
                chunk,
                plain: append(&mut cut.plain, cutter.plain()),
                addresses: append(&mut cut.addresses, cutter.addresses()),
            });
        }
        cut
    }
}

/// Appends `bytes`; returns where they are.
fn append(all: &mut Vec<u8>, bytes: &[u8]) -> Range<usize> {
    let start = all.len();
    all.extend(bytes);
    start..all.len()
}

/// Those of a chunk.
struct Frames {
    plain: Vec<u8>,
    addresses: Vec<u8>,
}

/// The frames of all chunks: by all processors, for this takes minutes for a large image.
fn compress_all(cut: &Cut) -> Result<Vec<Frames>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = cut.pieces.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let begin = |share| scope.spawn(move || compress_chunks(cut, share));
        let begun: Vec<_> = cut.pieces.chunks(share).map(begin).collect();
        let mut frames = Vec::new();
        for work in begun {
            let done = work.join().unwrap_or_else(|panic| resume_unwind(panic));
            frames.extend(done?);
        }
        Ok(frames)
    })
}

fn compress_chunks(cut: &Cut, pieces: &[Piece]) -> Result<Vec<Frames>> {
    let mut compressor = compressor()?;
    let frames = pieces.iter().map(|piece| {
        let plain = &cut.plain[piece.plain.clone()];
        let prefix = before(&cut.plain, piece.plain.start, PREFIX_BYTES);
        let mut frame = compress(&mut compressor, prefix, plain)?;
        if frame.len() >= plain.len() {
            frame = plain.to_vec();
        }
        let mut addresses = Vec::new();
        if !piece.addresses.is_empty() {
            let start = piece.addresses.start;
            let prefix = before(&cut.addresses, start, ADDRESSES_PREFIX_BYTES);
            let content = &cut.addresses[piece.addresses.clone()];
            addresses = compress(&mut compressor, prefix, content)?;
        }
        Ok(Frames {
            plain: frame,
            addresses,
        })
    });
    frames.collect()
}

/// At most so many bytes in front of `at`.
fn before(bytes: &[u8], at: usize, most: usize) -> &[u8] {
    &bytes[at.saturating_sub(most)..at]
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

/// The blocks of a frame of `content` that may repeat what is in `prefix`.
fn compress<'a>(compressor: &mut CCtx<'a>, prefix: &'a [u8], content: &[u8]) -> Result<Vec<u8>> {
    compressor.ref_prefix(prefix).map_err(error)?;
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(content.len()));
    compressor.compress2(&mut frame, content).map_err(error)?;
    Ok(frame.split_off(FRAME_HEADER_BYTES))
}

fn error(code: zstd_safe::ErrorCode) -> anyhow::Error {
    anyhow::anyhow!("zstd: {}", zstd_safe::get_error_name(code))
}
