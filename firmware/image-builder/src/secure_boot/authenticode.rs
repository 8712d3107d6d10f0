//! A program's signature for UEFI Secure Boot: Authenticode.
//!
//! "Windows Authenticode Portable Executable Signature Format" says how the digest of a PE
//! file is made and what is signed; "PE Format" where the signature stands (the
//! certificate table), UEFI 2.10 section 32.2 what firmware makes of it. Only what our own
//! linker writes is signed; another order of things in the file is refused by name.

use image_format::Digest;
use image_trust::sha256;

use super::SecureBootError;
use super::certificate::Certificate;
use super::der::{
    OCTET_STRING, algorithm, context, element, object_identifier, read_element, sequence,
};
use super::signed_data::{Content, SHA_256, SignedAttributes, content_info, signed_data};

/// 1.3.6.1.4.1.311.2.1.4
const INDIRECT_DATA: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x04];
/// 1.3.6.1.4.1.311.2.1.15
const PE_IMAGE_DATA: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x0f];
const BIT_STRING: u8 = 0x03;

/// Signatures begin at multiples of this.
const TABLE_ALIGNMENT: usize = 8;
/// Of `WIN_CERTIFICATE`: length, revision 2.0, PKCS#7 signed data.
const TABLE_HEADER_BYTES: usize = 8;
const REVISION_AND_KIND: [u8; 4] = [0x00, 0x02, 0x02, 0x00];

/// Where the two fields stand that a signature changes and so cannot cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Places {
    checksum: usize,
    /// Offset and length of the certificate table: eight bytes.
    directory: usize,
}

/// A PE file that is about to be signed.
pub(super) struct Unsigned {
    file: Vec<u8>,
    places: Places,
    content: Vec<u8>,
    attributes: SignedAttributes,
}

impl Unsigned {
    /// Pads `file` and computes what is to be signed.
    pub(super) fn new(file: &[u8]) -> Result<Self, SecureBootError> {
        let places = find_places(file).ok_or(SecureBootError::NotAProgram)?;
        if file.get(places.directory..places.directory + 8) != Some(&[0; 8]) {
            return Err(SecureBootError::AlreadySigned);
        }
        let mut file = file.to_owned();
        file.resize(file.len().next_multiple_of(TABLE_ALIGNMENT), 0);
        let content = indirect_data(&digest(&file, places));
        // The digest is that of what is inside the outermost element.
        let inside = read_element(&content).map_or(&[][..], |(element, _)| element.content);
        let attributes = SignedAttributes::new(INDIRECT_DATA, &sha256(inside));
        Ok(Self {
            file,
            places,
            content,
            attributes,
        })
    }

    /// The bytes that the key has to sign.
    pub(super) fn to_sign(&self) -> Vec<u8> {
        self.attributes.to_sign()
    }

    /// The file with the signature in it.
    pub(super) fn with_signature(
        self,
        certificate: &Certificate,
        signature: &[u8],
    ) -> Result<Vec<u8>, SecureBootError> {
        let content = Content::Embedded {
            kind: INDIRECT_DATA,
            content: &self.content,
            attributes: &self.attributes,
        };
        let signed = content_info(&signed_data(certificate, &content, signature));
        let mut table = certificate_table(&signed)?;
        let offset = number(self.file.len())?;
        let length = number(table.len())?;
        let mut file = self.file;
        file.append(&mut table);
        let directory = file
            .get_mut(self.places.directory..)
            .and_then(<[u8]>::first_chunk_mut::<8>)
            .ok_or(SecureBootError::NotAProgram)?;
        *directory = join(offset, length);
        Ok(file)
    }
}

fn certificate_table(signed: &[u8]) -> Result<Vec<u8>, SecureBootError> {
    let length = number(TABLE_HEADER_BYTES + signed.len())?;
    let mut table = join(length, u32::from_le_bytes(REVISION_AND_KIND)).to_vec();
    table.extend(signed);
    table.resize(table.len().next_multiple_of(TABLE_ALIGNMENT), 0);
    Ok(table)
}

fn join(first: u32, second: u32) -> [u8; 8] {
    (u64::from(second) << 32 | u64::from(first)).to_le_bytes()
}

fn number(length: usize) -> Result<u32, SecureBootError> {
    u32::try_from(length).map_err(|_| SecureBootError::NotAProgram)
}

/// SHA-256 over the file without the two places. This is the digest that the format
/// defines when the sections fill the file without gaps, which [`find_places`] has seen to.
fn digest(file: &[u8], places: Places) -> Digest {
    let parts = [
        &file[..places.checksum],
        &file[places.checksum + 4..places.directory],
        &file[places.directory + 8..],
    ];
    sha256(&parts.concat())
}

/// `SpcIndirectDataContent`: this is about a PE file, and that is its digest. The field for
/// a link is long obsolete and must be there.
fn indirect_data(digest: &Digest) -> Vec<u8> {
    let obsolete: Vec<u8> = "<<<Obsolete>>>"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let link = context(0, &context(2, &element(0x80, &obsolete)));
    let about = sequence(&[
        &object_identifier(PE_IMAGE_DATA),
        &sequence(&[&element(BIT_STRING, &[0]), &link]),
    ]);
    let digest = sequence(&[&algorithm(SHA_256), &element(OCTET_STRING, &digest.0)]);
    sequence(&[&about, &digest])
}

/// The two places, in a PE32+ file whose headers and sections follow one another.
fn find_places(file: &[u8]) -> Option<Places> {
    const OPTIONAL_HEADER: usize = 24;
    let signature = u32_at(file, 0x3c)?;
    if !file.starts_with(b"MZ") || !file.get(signature..)?.starts_with(b"PE\0\0") {
        return None;
    }
    let optional = signature.checked_add(OPTIONAL_HEADER)?;
    let (directories, directory) = match u16_at(file, optional)? {
        0x20b => (u32_at(file, optional + 108)?, optional + 144),
        0x10b => (u32_at(file, optional + 92)?, optional + 128),
        _ => return None,
    };
    let sections = optional.checked_add(u16_at(file, signature + 20)?)?;
    let mut contents = Vec::new();
    for index in 0..u16_at(file, signature + 6)? {
        let header = sections.checked_add(index * 40)?;
        contents.push((u32_at(file, header + 20)?, u32_at(file, header + 16)?));
    }
    contents.retain(|(_, length)| *length > 0);
    contents.sort_unstable();
    let mut end = u32_at(file, optional + 60)?;
    for (start, length) in contents {
        if start != end {
            return None;
        }
        end = start.checked_add(length)?;
    }
    let is_whole = end <= file.len() && directory + 8 <= sections && directories > 4;
    is_whole.then_some(Places {
        checksum: optional + 64,
        directory,
    })
}

fn u16_at(file: &[u8], offset: usize) -> Option<usize> {
    let field = file.get(offset..)?.first_chunk()?;
    Some(u16::from_le_bytes(*field).into())
}

fn u32_at(file: &[u8], offset: usize) -> Option<usize> {
    let field = file.get(offset..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*field)).ok()
}
