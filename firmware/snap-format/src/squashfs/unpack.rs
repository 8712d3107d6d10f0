//! One block, unpacked: never to more than was agreed.

use super::error::{Part, SquashfsError};
use super::lzo;
use super::superblock::Compressor;
use lzma_rust2::XzReader;
use ruzstd::decoding::FrameDecoder;
use std::io::Read;

/// What unpacking xz takes beside its dictionary, which is as large as a block.
const XZ_OWN_KIB: u32 = 512;

/// The content of `packed`, of at most `max_bytes`.
pub(super) fn unpack(
    compressor: Compressor,
    packed: &[u8],
    max_bytes: usize,
    part: Part,
) -> Result<Vec<u8>, SquashfsError> {
    let content = match compressor {
        Compressor::Gzip => {
            miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, max_bytes).ok()
        }
        Compressor::Lzo => lzo::unpack(packed, max_bytes),
        Compressor::Xz => unpack_xz(packed, max_bytes),
        Compressor::Zstd => unpack_zstd(packed, max_bytes),
    };
    content
        .filter(|content| !content.is_empty())
        .ok_or(SquashfsError::Damaged(part))
}

fn unpack_xz(packed: &[u8], max_bytes: usize) -> Option<Vec<u8>> {
    // Tables are packed with the dictionary of a whole block, too.
    let dictionary_kib = 1 << 10;
    let reader = XzReader::new_mem_limit(packed, false, dictionary_kib + XZ_OWN_KIB);
    let mut content = Vec::new();
    let mut reader = reader.take(max_bytes as u64 + 1);
    reader.read_to_end(&mut content).ok()?;
    (content.len() <= max_bytes).then_some(content)
}

fn unpack_zstd(packed: &[u8], max_bytes: usize) -> Option<Vec<u8>> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(1 << 23);
    let mut content = vec![0; max_bytes];
    let length = decoder.decode_all(packed, &mut content).ok()?;
    content.truncate(length);
    Some(content)
}
