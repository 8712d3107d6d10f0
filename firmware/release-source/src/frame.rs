//! Frames of zstd, as chunk files have them.

use crate::chunk::LONGEST_CHUNK_BYTES;
use crate::chunk_file::{ADDRESSES_PREFIX_BYTES, PREFIX_BYTES};
use ruzstd::decoding::FrameDecoder;

/// A frame's header: magic, no length, no checksum, and a window of 64 KiB (RFC 8878, 3.1.1.1).
const HEADER: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x30];
/// So much it is,
const WINDOW_BYTES: usize = 64 << 10;
/// and takes in any prefix and a chunk.
const _: () = assert!(PREFIX_BYTES + LONGEST_CHUNK_BYTES <= WINDOW_BYTES);
const _: () = assert!(ADDRESSES_PREFIX_BYTES <= PREFIX_BYTES);

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
        decoder.set_max_window_size(WINDOW_BYTES as u64);
        Self {
            decoder,
            frame: Vec::new(),
            content: Vec::new(),
        }
    }

    /// The plain bytes of a chunk behind `prefix`, of this length.
    pub(crate) fn chunk(&mut self, frame: &[u8], prefix: &[u8], length: usize) -> Option<&[u8]> {
        if frame.len() == length {
            self.content.clear();
            self.content.extend(frame);
            return Some(&self.content);
        }
        let plain = self.behind(frame, prefix, length)?;
        (plain.len() == length).then_some(plain)
    }

    /// The addresses of a chunk behind `prefix`.
    pub(crate) fn addresses(&mut self, frame: &[u8], prefix: &[u8]) -> Option<&[u8]> {
        self.behind(frame, prefix, LONGEST_CHUNK_BYTES)
    }

    /// What a frame holds behind `prefix`, `most` bytes or fewer.
    fn behind(&mut self, frame: &[u8], prefix: &[u8], most: usize) -> Option<&[u8]> {
        // A raw block that is not the last one.
        let block = u32::try_from(prefix.len()).ok()?.checked_shl(3)?;
        self.frame.clear();
        self.frame.extend(HEADER);
        self.frame.extend(&block.to_le_bytes()[..3]);
        self.frame.extend(prefix);
        self.frame.extend(frame);
        self.content.resize(prefix.len() + most, 0);
        let unpacked = self.decoder.decode_all(&self.frame, &mut self.content);
        self.content.get(prefix.len()..unpacked.ok()?)
    }
}

/// The last bytes of what an image has in front of a chunk, which its frame may repeat.
pub(crate) struct Prefix {
    bytes: Vec<u8>,
    most: usize,
}

impl Prefix {
    /// Of so many bytes, once the image has them.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.bytes.len().saturating_sub(self.most)..]
    }

    /// Goes on behind `bytes`.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        // Chunks are short: what is too much goes for several of them at once.
        if self.bytes.len() > 4 * self.most {
            self.bytes.drain(..self.bytes.len() - self.most);
        }
        self.bytes.extend(bytes);
    }
}
