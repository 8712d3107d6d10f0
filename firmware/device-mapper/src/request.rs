//! Requests to the device mapper as bytes: `struct dm_ioctl`, followed by one
//! `struct dm_target_spec` and its parameters (`linux/dm-ioctl.h`, version 4).
//!
//! Pure: nothing here calls the kernel.

use crate::error::MapError;
use crate::ioctls::DM_HEADER_BYTES;
use crate::table::Table;

/// `DM_NAME_LEN`: with the zero behind it.
const NAME_BYTES: usize = 128;
const NAME_OFFSET: usize = 48;
/// `struct dm_target_spec`.
const TARGET_BYTES: usize = 40;
const TARGET_NAME_BYTES: usize = 16;
/// Room for a status answer.
const ANSWER_BYTES: usize = 1024;

/// Bits of the `flags` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flags {
    None = 0,
    /// `DM_READONLY_FLAG`
    ReadOnly = 1,
    /// `DM_DEFERRED_REMOVE`
    Deferred = 1 << 17,
}

/// A request that names a device and carries no more.
pub(super) fn plain(name: &str, flags: Flags) -> Result<Vec<u8>, MapError> {
    header(name, flags, 0, 0)
}

/// A request that carries a table.
pub(super) fn with_table(name: &str, flags: Flags, table: &Table) -> Result<Vec<u8>, MapError> {
    if table.target.len() >= TARGET_NAME_BYTES {
        return Err(MapError::Name(table.target.to_owned()));
    }
    // A zero ends the parameters, and the kernel wants multiples of eight.
    let parameters_bytes = (table.parameters.len() + 1).next_multiple_of(8);
    let mut request = header(name, flags, 1, TARGET_BYTES + parameters_bytes)?;
    let target = &mut request[DM_HEADER_BYTES..];
    put(target, 8, &table.length_sectors.to_ne_bytes());
    put(
        target,
        20,
        &((TARGET_BYTES + parameters_bytes) as u32).to_ne_bytes(),
    );
    put(target, 24, table.target.as_bytes());
    put(target, TARGET_BYTES, table.parameters.as_bytes());
    Ok(request)
}

/// A request that leaves room for the status of the device's table.
pub(super) fn with_room(name: &str) -> Result<Vec<u8>, MapError> {
    header(name, Flags::None, 0, ANSWER_BYTES)
}

/// The device number in the answer to a create request. The kernel packs it as
/// its `huge_encode_dev` does: the minor's low byte, the major, the other bits.
pub(super) fn minor(answer: &[u8]) -> u32 {
    let device = u64::from_ne_bytes(take(answer, 40));
    let packed = device as u32;
    (packed & 0xff) | ((packed >> 12) & 0xfff00)
}

/// As [`minor`].
pub(super) fn major(answer: &[u8]) -> u32 {
    let device = u64::from_ne_bytes(take(answer, 40));
    (device as u32 & 0xf_ff00) >> 8
}

/// The status text of the first target in the answer to a status request.
pub(super) fn status(answer: &[u8]) -> String {
    let start = u32::from_ne_bytes(take(answer, 16)) as usize + TARGET_BYTES;
    let text = answer.get(start..).unwrap_or_default();
    let end = text
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(text.len());
    String::from_utf8_lossy(&text[..end]).into_owned()
}

fn header(name: &str, flags: Flags, targets: u32, data_bytes: usize) -> Result<Vec<u8>, MapError> {
    if name.is_empty() || name.len() >= NAME_BYTES {
        return Err(MapError::Name(name.to_owned()));
    }
    let mut request = vec![0; DM_HEADER_BYTES + data_bytes];
    let size = request.len() as u32;
    put(&mut request, 0, &4_u32.to_ne_bytes());
    put(&mut request, 12, &size.to_ne_bytes());
    put(&mut request, 16, &(DM_HEADER_BYTES as u32).to_ne_bytes());
    put(&mut request, 20, &targets.to_ne_bytes());
    put(&mut request, 28, &(flags as u32).to_ne_bytes());
    put(&mut request, NAME_OFFSET, name.as_bytes());
    Ok(request)
}

fn put(buffer: &mut [u8], offset: usize, bytes: &[u8]) {
    buffer[offset..offset + bytes.len()].copy_from_slice(bytes);
}

fn take<const N: usize>(buffer: &[u8], offset: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&buffer[offset..offset + N]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lies_where_the_kernel_looks() {
        let table = Table {
            target: "linear",
            length_sectors: 8,
            parameters: "254:0 123456789012".to_owned(),
        };
        let request = with_table("writable", Flags::ReadOnly, &table).unwrap();
        assert_eq!(request.len(), 312 + 40 + 24);
        assert_eq!(u32::from_ne_bytes(take(&request, 12)), 376);
        assert_eq!(u32::from_ne_bytes(take(&request, 16)), 312);
        assert_eq!(u32::from_ne_bytes(take(&request, 20)), 1);
        assert_eq!(u32::from_ne_bytes(take(&request, 28)), 1);
        assert_eq!(&request[48..57], b"writable\0");
        assert_eq!(u64::from_ne_bytes(take(&request, 312)), 0);
        assert_eq!(u64::from_ne_bytes(take(&request, 320)), 8);
        assert_eq!(u32::from_ne_bytes(take(&request, 332)), 64);
        assert_eq!(&request[336..343], b"linear\0");
        assert_eq!(&request[352..], b"254:0 123456789012\0\0\0\0\0\0");
    }

    #[test]
    fn names_that_the_kernel_would_cut_are_refused() {
        assert!(plain("", Flags::None).is_err());
        assert!(plain(&"x".repeat(128), Flags::None).is_err());
        assert!(plain(&"x".repeat(127), Flags::None).is_ok());
    }

    #[test]
    fn device_numbers_are_unpacked() {
        let mut answer = plain("x", Flags::None).unwrap();
        put(&mut answer, 40, &0x0010_fd34_u64.to_ne_bytes());
        assert_eq!((major(&answer), minor(&answer)), (0xfd, 0x134));
    }

    #[test]
    fn the_status_text_ends_at_its_zero() {
        let mut answer = with_room("x").unwrap();
        put(&mut answer, 352, b"C\0rest");
        assert_eq!(status(&answer), "C");
    }
}
