//! The forms in which keys are given to firmware (UEFI 2.10, sections 32.4.1 and 8.2.2).

use image_format::disk::Guid;

use super::KeyName;
use super::certificate::{Certificate, UtcTime};
use super::signed_data::{Content, signed_data};

/// Who put a key there: our own name, the same in all lists.
const OWNER: Guid = Guid::parse_or_panic("7d1c9e3a-52c4-4b1e-9a6f-1f0a4f6b7c21");
/// `EFI_CERT_X509_GUID`
const X509: Guid = Guid::parse_or_panic("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");
/// `EFI_CERT_TYPE_PKCS7_GUID`
const PKCS7: Guid = Guid::parse_or_panic("4aafd29d-68df-49ee-8aa9-347d375665a7");
/// `EFI_GLOBAL_VARIABLE`
const GLOBAL: Guid = Guid::parse_or_panic("8be4df61-93ca-11d2-aa0d-00e098032b8c");
/// `EFI_IMAGE_SECURITY_DATABASE_GUID`
const DATABASE: Guid = Guid::parse_or_panic("d719b2cb-3d3a-4596-a3bc-dad00e67656f");

/// Non-volatile, at boot and at run time, changed with a time-based signature only.
const ATTRIBUTES: u32 = 0x27;
/// `WIN_CERT_TYPE_EFI_GUID`, revision 2.0
const CERTIFICATE_KIND: u32 = 0x0ef1_0200;

/// A variable of firmware that holds keys, before it is enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledKey {
    /// `PK`, `KEK` or `db`.
    pub name: &'static str,
    /// The namespace of that name.
    pub vendor: Guid,
    /// Of the variable.
    pub attributes: u32,
    /// `EFI_TIME`, by which firmware knows a newer value.
    pub time: [u8; 16],
    /// `EFI_SIGNATURE_LIST` with the one certificate.
    pub signature_list: Vec<u8>,
}

impl EnrolledKey {
    pub(super) fn new(name: KeyName, certificate: &Certificate) -> Self {
        Self {
            name: name.name(),
            vendor: match name {
                KeyName::Platform | KeyName::Exchange => GLOBAL,
                KeyName::Database => DATABASE,
            },
            attributes: ATTRIBUTES,
            time: efi_time(certificate.not_before),
            signature_list: signature_list(&certificate.der),
        }
    }

    /// What the key that may change the variable has to sign.
    pub(super) fn to_sign(&self) -> Vec<u8> {
        let name = self.name.encode_utf16().flat_map(u16::to_le_bytes);
        let mut bytes: Vec<u8> = name.collect();
        bytes.extend(self.vendor.to_bytes());
        bytes.extend(self.attributes.to_le_bytes());
        bytes.extend(self.time);
        bytes.extend(&self.signature_list);
        bytes
    }

    /// `EFI_VARIABLE_AUTHENTICATION_2` and the list: what `SetVariable` takes.
    pub(super) fn authenticated(&self, signer: &Certificate, signature: &[u8]) -> Vec<u8> {
        // The standard wants the bare structure here, without its name around it.
        let signed = signed_data(signer, &Content::Detached, signature);
        let length_bytes = (8 + PKCS7.to_bytes().len() + signed.len()) as u32;
        let mut bytes = self.time.to_vec();
        bytes.extend(length_bytes.to_le_bytes());
        bytes.extend(CERTIFICATE_KIND.to_le_bytes());
        bytes.extend(PKCS7.to_bytes());
        bytes.extend(signed);
        bytes.extend(&self.signature_list);
        bytes
    }
}

/// One list of one certificate.
fn signature_list(der: &[u8]) -> Vec<u8> {
    const LIST_HEADER_BYTES: usize = 28;
    let entry_bytes = OWNER.to_bytes().len() + der.len();
    let mut list = X509.to_bytes().to_vec();
    for length in [LIST_HEADER_BYTES + entry_bytes, 0, entry_bytes] {
        list.extend((length as u32).to_le_bytes());
    }
    list.extend(OWNER.to_bytes());
    list.extend(der);
    list
}

/// Time zone and fractions of a second must be zero.
fn efi_time(time: UtcTime) -> [u8; 16] {
    let [year_low, year_high] = time.year.to_le_bytes();
    let mut bytes = [0; 16];
    let (head, _) = bytes.split_at_mut(7);
    head.copy_from_slice(&[
        year_low,
        year_high,
        time.month,
        time.day,
        time.hour,
        time.minute,
        time.second,
    ]);
    bytes
}
