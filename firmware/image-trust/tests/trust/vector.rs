//! Files that other programs signed: the chain does not only agree with itself.
//!
//! `vector/` was made with `cargo xtask keys new --roots 0 --releases 0 ...` for three
//! keys of `openssl genpkey`, and each request was signed by `openssl pkeyutl`.

use super::*;

const KEYRING: &[u8] = include_bytes!("vector/root.keyring");
const ENVELOPE: &[u8] = include_bytes!("vector/release.envelope");

#[test]
fn a_release_that_openssl_signed_is_verified() {
    let keyring = verify_keyring(KEYRING).unwrap();
    assert_eq!((keyring.purpose, keyring.threshold), (Purpose::Test, 2));
    let release = verify_envelope(&keyring, ENVELOPE, &requirements()).unwrap();
    assert_eq!(release.delegation_serial, Serial(5));
    assert_eq!(release.manifest, manifest());
    assert_eq!(
        release.manifest_hash.to_string(),
        "576f0b0013e27d8f41c0f92735105eaeb13e885514ffb5195d4e5af82ad3586a",
        "as sha256sum says of the request"
    );
}
