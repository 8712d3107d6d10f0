//! Frames of zstd, as chunk files have them.

use crate::chunk::LONGEST_CHUNK_BYTES;
use crate::chunk_file::{LONGEST_GROUP_BYTES, PREFIX_BYTES};
use ruzstd::decoding::FrameDecoder;

/// A frame's header: magic, no length, no checksum, and a window of 64 KiB (RFC 8878, 3.1.1.1).
const HEADER: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x30];
/// It takes in the prefix and a chunk.
const _: () = assert!(PREFIX_BYTES + LONGEST_CHUNK_BYTES <= 64 << 10);

/// Unpacks frames one after the other.
pub(crate) struct Unpacker {
    decoder: FrameDecoder,
    /// A frame as zstd has it,
    frame: Vec<u8>,
    /// and what was in it.
    content: Vec<u8>,
}

impl Unpacker {
    pub(crate) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LONGEST_GROUP_BYTES.into());
        Self {
            decoder,
            frame: Vec::new(),
            content: Vec::new(),
        }
    }

    /// The plain bytes of a chunk behind `prefix`, of this length.
    pub(crate) fn chunk(&mut self, frame: &[u8], prefix: &[u8], length: usize) -> Option<&[u8]> {
        self.content.clear();
        if frame.len() == length {
            self.content.extend(frame);
            return Some(&self.content);
        }
        // A raw block that is not the last one.
        let block = u32::try_from(prefix.len()).ok()?.checked_shl(3)?;
        self.frame.clear();
        self.frame.extend(HEADER);
        self.frame.extend(&block.to_le_bytes()[..3]);
        self.frame.extend(prefix);
        self.frame.extend(frame);
        self.content.resize(prefix.len() + length, 0);
        let unpacked = self.decoder.decode_all(&self.frame, &mut self.content);
        (unpacked.ok()? == self.content.len()).then_some(&self.content[prefix.len()..])
    }

    /// The addresses of a group that is so long.
    pub(crate) fn addresses(&mut self, frame: &[u8], group_bytes: u32) -> Option<Vec<u8>> {
        let mut addresses = vec![0; group_bytes as usize];
        let unpacked = self.decoder.decode_all(frame, &mut addresses).ok()?;
        addresses.truncate(unpacked);
        addresses.shrink_to_fit();
        Some(addresses)
    }
}
