//! Which device a device path leads to: UEFI 2.10, section 10.3.
//!
//! A path is a row of nodes up to an end node. That of a partition continues that of its
//! disk, and by that the shell finds the disk that the loader was read from. The bytes are
//! the firmware's: what is no path leads nowhere.

/// Type, subtype and the length of the whole node.
const HEADER_BYTES: usize = 4;
const END: u8 = 0x7f;
const END_OF_PATH: u8 = 0xff;

/// The nodes of `path` without the end, as bytes, and their number. `None` for what is no
/// path: a node shorter than its header or longer than what is left, or no end.
fn nodes(path: &[u8]) -> Option<(&[u8], usize)> {
    let mut count = 0_usize;
    let mut rest = path;
    loop {
        let [kind, subtype, low, high] = *rest.first_chunk::<HEADER_BYTES>()?;
        if (kind, subtype) == (END, END_OF_PATH) {
            let length = path.len().checked_sub(rest.len())?;
            return Some((path.get(..length)?, count));
        }
        let length = usize::from(u16::from_le_bytes([low, high]));
        if length < HEADER_BYTES {
            return None;
        }
        rest = rest.get(length..)?;
        count = count.checked_add(1)?;
    }
}

/// How many nodes lead to a device, if `path` leads to something on it or to itself. `None`
/// when it leads elsewhere, and for a device without a path of its own.
#[must_use]
pub fn nodes_up_to(device: &[u8], path: &[u8]) -> Option<usize> {
    let (device, count) = nodes(device)?;
    let (path, _) = nodes(path)?;
    (count > 0 && path.starts_with(device)).then_some(count)
}
