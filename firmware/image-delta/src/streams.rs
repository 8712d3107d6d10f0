//! The four streams of a segment, unpacked.

use crate::PatchError;
use ruzstd::decoding::FrameDecoder;

/// A segment's streams together have at most so many bytes when they are unpacked: with what
/// is in the file and the window of the unpacking, three times that is all the memory that a
/// patch takes.
pub const MAX_UNPACKED_BYTES: usize = 4 << 20;
/// A segment has at most so many bytes in the file. No stream is longer packed than unpacked.
pub const MAX_STORED_BYTES: usize = MAX_UNPACKED_BYTES + LENGTHS_BYTES;

const STREAMS: usize = 4;
const LENGTHS_BYTES: usize = STREAMS * 8;

/// The streams of a segment.
#[derive(Default)]
pub(crate) struct Streams {
    pub(crate) steps: Vec<u8>,
    pub(crate) runs: Vec<u8>,
    pub(crate) differences: Vec<u8>,
    pub(crate) fresh: Vec<u8>,
}

/// Unpacks one segment after the other.
pub(crate) struct Unpacker(FrameDecoder);

impl Unpacker {
    pub(crate) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_UNPACKED_BYTES as u64);
        Self(decoder)
    }

    /// Unpacks what a segment has in the file, into the memory of `streams`.
    pub(crate) fn unpack(
        &mut self,
        stored: &[u8],
        streams: &mut Streams,
    ) -> Result<(), PatchError> {
        const SHORT: PatchError = PatchError::Damaged("the lengths of a segment");
        let (lengths, mut packed) = stored.split_at_checked(LENGTHS_BYTES).ok_or(SHORT)?;
        let (lengths, _) = lengths.as_chunks::<4>();
        let (lengths, _) = lengths.as_chunks::<2>();
        let all_bytes = lengths
            .iter()
            .map(|[unpacked, _]| u64::from(u32::from_le_bytes(*unpacked)));
        if all_bytes.sum::<u64>() > MAX_UNPACKED_BYTES as u64 {
            return Err(PatchError::TooLarge("a segment"));
        }
        let all = [
            &mut streams.steps,
            &mut streams.runs,
            &mut streams.differences,
            &mut streams.fresh,
        ];
        for (stream, [unpacked, stored]) in all.into_iter().zip(lengths) {
            let unpacked = u32::from_le_bytes(*unpacked) as usize;
            let stored = u32::from_le_bytes(*stored) as usize;
            let (bytes, rest) = packed.split_at_checked(stored).ok_or(SHORT)?;
            self.stream(bytes, unpacked, stream)?;
            packed = rest;
        }
        match packed {
            [] => Ok(()),
            _ => Err(SHORT),
        }
    }

    /// `length` is bounded by the caller.
    fn stream(
        &mut self,
        packed: &[u8],
        length: usize,
        stream: &mut Vec<u8>,
    ) -> Result<(), PatchError> {
        if packed.len() == length {
            stream.clear();
            stream.extend_from_slice(packed);
            return Ok(());
        }
        stream.resize(length, 0);
        match self.0.decode_all(packed, stream) {
            Ok(written) if written == length => Ok(()),
            _ => Err(PatchError::Damaged("a stream")),
        }
    }
}

#[cfg(any(test, feature = "make"))]
impl Streams {
    /// What a segment has in the file. `pack` makes a zstd frame.
    pub(crate) fn pack<E>(&self, pack: impl Fn(&[u8]) -> Result<Vec<u8>, E>) -> Result<Vec<u8>, E> {
        let (mut lengths, mut stored) = (Vec::new(), Vec::new());
        for stream in [&self.steps, &self.runs, &self.differences, &self.fresh] {
            let packed = pack(stream)?;
            let shorter = if packed.len() < stream.len() {
                &packed
            } else {
                stream
            };
            lengths.extend((stream.len() as u32).to_le_bytes());
            lengths.extend((shorter.len() as u32).to_le_bytes());
            stored.extend_from_slice(shorter);
        }
        lengths.extend(stored);
        Ok(lengths)
    }

    /// How long all are together.
    #[cfg(feature = "make")]
    pub(crate) fn length(&self) -> usize {
        self.steps.len() + self.runs.len() + self.differences.len() + self.fresh.len()
    }
}
