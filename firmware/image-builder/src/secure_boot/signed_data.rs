//! PKCS#7 `SignedData` (RFC 2315, section 9) by one signer with RSA and SHA-256.
//!
//! No signing time: a signature of the same bytes with the same key is the same signature,
//! so that images stay reproducible. RSA in the form of PKCS#1 1.5 has no random numbers
//! either. The signature itself is made by the caller.

use image_format::Digest;

use super::certificate::Certificate;
use super::der::{
    INTEGER, OCTET_STRING, SET, algorithm, context, element, object_identifier, sequence,
    set_of_one,
};

/// 1.2.840.113549.1.7.1
pub(super) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 2.16.840.1.101.3.4.2.1
pub(super) const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.113549.1.9.3
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
/// 1.2.840.113549.1.9.4
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];

/// What is signed.
pub(super) enum Content<'a> {
    /// Bytes that are not part of the structure and are signed as they are.
    Detached,
    /// A content of a type of its own, signed through [`SignedAttributes`].
    Embedded {
        /// The encoded object identifier of its type.
        kind: &'a [u8],
        /// The encoded content.
        content: &'a [u8],
        /// What the signature is over.
        attributes: &'a SignedAttributes,
    },
}

/// Type and digest of a content: what a signature is over when it is not plain data.
pub(super) struct SignedAttributes(Vec<u8>);

impl SignedAttributes {
    pub(super) fn new(kind: &[u8], digest: &Digest) -> Self {
        let attribute =
            |name: &[u8], value: &[u8]| sequence(&[&object_identifier(name), &set_of_one(value)]);
        // In the order of their encodings, as DER wants a set.
        let kind = attribute(CONTENT_TYPE, &object_identifier(kind));
        let digest = attribute(MESSAGE_DIGEST, &element(OCTET_STRING, &digest.0));
        Self([kind, digest].concat())
    }

    /// The bytes to sign: a set, whatever it is tagged as later.
    pub(super) fn to_sign(&self) -> Vec<u8> {
        element(SET, &self.0)
    }
}

/// The `SignedData` around a signature.
pub(super) fn signed_data(
    certificate: &Certificate,
    content: &Content<'_>,
    signature: &[u8],
) -> Vec<u8> {
    let version = element(INTEGER, &[1]);
    let (content_info, attributes) = match content {
        Content::Detached => (sequence(&[&object_identifier(DATA)]), Vec::new()),
        Content::Embedded {
            kind,
            content,
            attributes,
        } => (
            sequence(&[&object_identifier(kind), &context(0, content)]),
            context(0, &attributes.0),
        ),
    };
    let signer = sequence(&[
        &version,
        &sequence(&[&certificate.issuer_and_serial]),
        &algorithm(SHA_256),
        &attributes,
        &algorithm(RSA_ENCRYPTION),
        &element(OCTET_STRING, signature),
    ]);
    sequence(&[
        &version,
        &set_of_one(&algorithm(SHA_256)),
        &content_info,
        &context(0, &certificate.der),
        &set_of_one(&signer),
    ])
}

/// A `SignedData` under its own name, as most programs want it.
pub(super) fn content_info(signed_data: &[u8]) -> Vec<u8> {
    sequence(&[&object_identifier(SIGNED_DATA), &context(0, signed_data)])
}
