//! A whole release, for who measures a source.

use image_format::{ENVELOPE_BYTES, Part};
use system_update::{Parts, ReleaseSource, SourceError};

/// What staging asks for at once.
const PIECE_BYTES: usize = 1 << 20;

/// Asks `source` for all that staging would, in its order and pieces. `take` gets what came
/// with its place in the slot.
///
/// # Errors
/// The source's, or that of `take`.
pub fn take_release(
    source: &mut impl ReleaseSource,
    parts: &Parts,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    source.read_envelope(&mut Box::new([0; ENVELOPE_BYTES]))?;
    source.begin(parts)?;
    let loaded = |part: &Part| (part.offset_bytes, part.length_bytes);
    let root = (parts.root.offset_bytes, parts.root_bytes());
    let mut buffer = vec![0; PIECE_BYTES];
    for (mut offset, mut left) in [loaded(&parts.kernel), loaded(&parts.initrd), root] {
        while left > 0 {
            let length = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
            let read = source.read(offset, &mut buffer[..length])?;
            take(offset, &buffer[..read])?;
            offset += read as u64;
            left -= read as u64;
        }
    }
    Ok(())
}
