//! Identities that follow from what they identify: no image holds a random number.

use image_format::disk::{Guid, Role};
use image_trust::sha256;

/// A GUID for what `of` describes.
///
/// Version 8 of RFC 9562: made of other data than that standard's own recipes, here the
/// first bytes of a SHA-256.
pub(crate) fn derived_guid(of: &str) -> Guid {
    let digest = sha256(of.as_bytes()).0;
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest) {
        *byte = from;
    }
    // In a GUID's mixed-endian bytes the version stands in byte 7, the variant in byte 8.
    bytes[7] = bytes[7] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Guid::from_bytes(bytes)
}

/// The GUID of a partition on the disk of that GUID, wherever that disk is made.
#[must_use]
pub fn partition_guid(role: Role, disk_guid: Guid) -> Guid {
    derived_guid(&format!("partition {role} of disk {disk_guid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_follows_from_its_description_and_says_its_version() {
        let guid = derived_guid("a");
        assert_eq!(guid, derived_guid("a"));
        assert_ne!(guid, derived_guid("b"));
        let text = guid.to_string();
        assert_eq!(text.as_bytes()[14], b'8', "{text}");
        assert!(
            matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'),
            "{text}"
        );
    }
}
