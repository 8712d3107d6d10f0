//! The host's side of UEFI Secure Boot: keys that firmware knows, and the loader signed
//! with one of them.
//!
//! `cargo xtask keys secure-boot` and the image builder call it. These keys are apart from
//! those of [`signing`](crate::signing): the firmware trusts them and checks the loader
//! with them, and nothing else; whom the loader trusts stands in its keyring.
//!
//! # A directory of Secure Boot keys
//!
//! | file | what it is |
//! |---|---|
//! | `PK.key`, `KEK.key`, `db.key` | private key: RSA, PEM, mode 0600 |
//! | `PK.pem`, `KEK.pem`, `db.pem` | its certificate, signed by itself |
//! | `enrol/NAME.cer` | the certificate, DER: firmware's set-up screens take it |
//! | `enrol/NAME.esl` | an `EFI_SIGNATURE_LIST` of it: KeyTool, and other programs that sign it anew |
//! | `enrol/NAME.auth` | the list signed for `SetVariable`: KeyTool, `efi-updatevar` |
//! | `keystore/NAME/NAME.auth` | the same in the directories that `sbkeysync` reads |
//!
//! The owner of a device signs the exchange key with `PK`, and the database of keys that
//! sign programs with `KEK`; the loader is signed with `db`.

mod authenticode;
mod certificate;
mod der;
mod enrolment;
mod error;
mod keys;
mod openssl;
mod signed_data;

pub use enrolment::EnrolledKey;
pub use error::SecureBootError;
pub use keys::{KeyName, SecureBootKeys};

#[cfg(test)]
mod tests;
