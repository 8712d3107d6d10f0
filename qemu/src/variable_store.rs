//! Keys in the firmware's variables, before the machine is started for the first time.
//!
//! On a real device a person enrols keys in the firmware's set-up. For a virtual one they
//! are written into the file that stands for the flash: an EDK2 firmware volume with one
//! authenticated variable store (EDK2, `MdeModulePkg/Include/Guid/VariableFormat.h`; the
//! volume's header: PI 1.7, volume 3, section 3.2.1). With a platform key in its store,
//! firmware that has Secure Boot enforces it from the first start on.
//!
//! Used by scenarios and `cargo xtask qemu --secure-boot`; never on a store that is in use.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use image_builder::secure_boot::EnrolledKey;
use image_format::disk::Guid;

/// `gEfiSystemNvDataFvGuid`
const VOLUME: Guid = Guid::parse_or_panic("fff12b8d-7696-4c8b-a985-2747075b4f50");
/// `gEfiAuthenticatedVariableGuid`
const STORE: Guid = Guid::parse_or_panic("aaf32c78-947b-439a-a180-2e144ec37792");

const VOLUME_GUID_AT: usize = 16;
const VOLUME_HEADER_LENGTH_AT: usize = 48;
const STORE_HEADER_BYTES: usize = 28;
const STORE_LENGTH_AT: usize = 16;
/// Formatted and healthy.
const STORE_STATE: [u8; 2] = [0x5a, 0xfe];

const VARIABLE_START: u16 = 0x55aa;
const VARIABLE_ADDED: u8 = 0x3f;
const VARIABLE_HEADER_BYTES: usize = 60;
const ALIGNMENT: usize = 4;
/// What flash holds where nothing was written.
const ERASED: u8 = 0xff;

/// Why keys cannot be put into a variable store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreError {
    /// It does not begin with a volume for variables.
    NoVolume,
    /// The volume has no authenticated variable store, or a damaged one.
    NoStore,
    /// There is no room for them.
    Full,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot put keys into the firmware's variables: ")?;
        f.write_str(match self {
            Self::NoVolume => "the file is no volume for variables",
            Self::NoStore => "it has no store for authenticated variables",
            Self::Full => "there is no room left",
        })
    }
}

impl std::error::Error for StoreError {}

/// Copies the store `from` to `to`, with `keys` in it and nothing else.
///
/// # Errors
/// [`StoreError`], or the files cannot be read or written.
pub fn write_with_keys(from: &Path, to: &Path, keys: &[EnrolledKey]) -> Result<()> {
    let mut store = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    enrol(&mut store, keys)?;
    fs::write(to, store).with_context(|| format!("cannot write {}", to.display()))
}

/// Erases the store and writes `keys` into it. Some distributions have formatted stores
/// with keys of theirs only, and none of those may count.
///
/// # Errors
/// See [`StoreError`]. The bytes are changed only when all of the keys fit.
pub fn enrol(flash: &mut [u8], keys: &[EnrolledKey]) -> Result<(), StoreError> {
    let variables: Vec<u8> = keys.iter().flat_map(encode_variable).collect();
    let room = find_room(flash)?;
    let (written, erased) = room
        .split_at_mut_checked(variables.len())
        .ok_or(StoreError::Full)?;
    written.copy_from_slice(&variables);
    erased.fill(ERASED);
    Ok(())
}

/// Where variables may be written.
fn find_room(flash: &mut [u8]) -> Result<&mut [u8], StoreError> {
    let guid = |bytes: &[u8], at: usize, expected: Guid| {
        bytes.get(at..at + 16) == Some(&expected.to_bytes()[..])
    };
    let header_bytes = flash
        .get(VOLUME_HEADER_LENGTH_AT..)
        .and_then(<[u8]>::first_chunk);
    let header_bytes = usize::from(u16::from_le_bytes(
        *header_bytes.ok_or(StoreError::NoVolume)?,
    ));
    if !guid(flash, VOLUME_GUID_AT, VOLUME) {
        return Err(StoreError::NoVolume);
    }
    let store = flash.get_mut(header_bytes..).ok_or(StoreError::NoStore)?;
    let length = store.get(STORE_LENGTH_AT..).and_then(<[u8]>::first_chunk);
    let length = u32::from_le_bytes(*length.ok_or(StoreError::NoStore)?);
    let state = store.get(STORE_LENGTH_AT + 4..STORE_LENGTH_AT + 6);
    if !guid(store, 0, STORE) || state != Some(&STORE_STATE) {
        return Err(StoreError::NoStore);
    }
    let end = usize::try_from(length).map_err(|_| StoreError::NoStore)?;
    store
        .get_mut(STORE_HEADER_BYTES..end)
        .ok_or(StoreError::NoStore)
}

/// `AUTHENTICATED_VARIABLE_HEADER`, name, content, and what is erased up to the next one.
fn encode_variable(key: &EnrolledKey) -> Vec<u8> {
    let name: Vec<u8> = key
        .name
        .encode_utf16()
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut bytes = VARIABLE_START.to_le_bytes().to_vec();
    bytes.extend([VARIABLE_ADDED, 0]);
    bytes.extend(key.attributes.to_le_bytes());
    // A counter, for another kind of authentication.
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(key.time);
    // The index of a public key, likewise.
    bytes.extend(0_u32.to_le_bytes());
    for length in [name.len(), key.signature_list.len()] {
        // Keys and their names are short.
        bytes.extend((length as u32).to_le_bytes());
    }
    bytes.extend(key.vendor.to_bytes());
    debug_assert_eq!(bytes.len(), VARIABLE_HEADER_BYTES);
    bytes.extend(name);
    bytes.extend(&key.signature_list);
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), ERASED);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A volume with a store of 512 bytes, as firmware is delivered.
    fn flash() -> Vec<u8> {
        let mut flash = vec![ERASED; 1024];
        flash[..0x48].fill(0);
        flash[VOLUME_GUID_AT..32].copy_from_slice(&VOLUME.to_bytes());
        flash[VOLUME_HEADER_LENGTH_AT] = 0x48;
        flash[0x48..0x58].copy_from_slice(&STORE.to_bytes());
        flash[0x58..0x64].copy_from_slice(&[0, 2, 0, 0, 0x5a, 0xfe, 0, 0, 0, 0, 0, 0]);
        flash
    }

    fn key(name: &'static str, content_bytes: usize) -> EnrolledKey {
        EnrolledKey {
            name,
            vendor: Guid::parse_or_panic("8be4df61-93ca-11d2-aa0d-00e098032b8c"),
            attributes: 0x27,
            time: [0xe9, 7, 3, 10, 2, 0x35, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            signature_list: vec![7; content_bytes],
        }
    }

    #[test]
    fn a_key_is_written_as_firmware_writes_one() {
        let mut flash = flash();
        enrol(&mut flash, &[key("PK", 5), key("KEK", 8)]).unwrap();
        // The head of `PK` as it stands in Debian's own store with keys, but for lengths.
        let head = [
            0xaa, 0x55, 0x3f, 0, 0x27, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe9, 7, 3, 10, 2, 0x35,
            0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 5, 0, 0, 0, 0x61, 0xdf, 0xe4,
            0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0, 0xe0, 0x98, 3, 0x2b, 0x8c,
        ];
        assert_eq!(flash[0x64..0xa0], head);
        assert_eq!(flash[0xa0..0xab], *b"P\0K\0\0\0\x07\x07\x07\x07\x07");
        assert_eq!(flash[0xab], ERASED);
        assert_eq!(flash[0xac..0xaf], [0xaa, 0x55, 0x3f]);
        assert_eq!(flash[0xe8..0xf0], *b"K\0E\0K\0\0\0");
        assert!(flash[0xf8..].iter().all(|&byte| byte == ERASED));
    }

    #[test]
    fn what_is_no_store_is_refused_and_stays_as_it_is() {
        let table: &[(StoreError, usize, u8)] = &[
            (StoreError::NoVolume, VOLUME_GUID_AT, 0),
            (StoreError::NoStore, 0x48, 0),
            (StoreError::NoStore, 0x5c, 0),
            (StoreError::NoStore, 0x5a, 1),
            (StoreError::NoStore, VOLUME_HEADER_LENGTH_AT + 1, 4),
        ];
        for (expected, at, byte) in table {
            let mut flash = flash();
            flash[*at] = *byte;
            let before = flash.clone();
            assert_eq!(
                enrol(&mut flash, &[key("PK", 5)]),
                Err(*expected),
                "{at:#x}"
            );
            assert_eq!(flash, before);
        }
        let mut short = flash()[..20].to_vec();
        assert_eq!(enrol(&mut short, &[]), Err(StoreError::NoVolume));
    }

    #[test]
    fn keys_of_others_are_gone() {
        let mut taken = flash();
        enrol(&mut taken, &[key("db", 100), key("PK", 100)]).unwrap();
        let mut empty = flash();
        enrol(&mut empty, &[key("PK", 5)]).unwrap();
        enrol(&mut taken, &[key("PK", 5)]).unwrap();
        assert_eq!(taken, empty);
        enrol(&mut taken, &[]).unwrap();
        assert_eq!(taken, flash());
    }

    #[test]
    fn keys_that_do_not_fit_are_refused() {
        let mut flash = flash();
        let before = flash.clone();
        assert_eq!(enrol(&mut flash, &[key("db", 500)]), Err(StoreError::Full));
        assert_eq!(flash, before);
    }
}
