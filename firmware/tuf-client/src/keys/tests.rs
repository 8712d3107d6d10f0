use super::*;
use serde::Deserialize;

/// What securesystemslib 1.4.0 signed, with the keys as it writes them.
const GOLDEN: &str = include_str!("golden/securesystemslib.json");

#[derive(Deserialize)]
struct Golden {
    message: String,
    keys: Vec<Signed>,
}

#[derive(Deserialize)]
struct Signed {
    name: String,
    key: Key,
    id: KeyId,
    signature: String,
}

fn golden() -> Golden {
    serde_json::from_str(GOLDEN).expect("it is JSON")
}

fn is_for_this_build(signed: &Signed) -> bool {
    let here = cfg!(feature = "ecdsa-rsa") || signed.key.key_type == "ed25519";
    here && !signed.name.starts_with("refused")
}

#[test]
fn python_signs_and_we_verify() {
    let golden = golden();
    let message = golden.message.as_bytes();
    for signed in &golden.keys {
        let Some(verifier) = signed.key.verifier() else {
            assert!(!is_for_this_build(signed), "{} is not usable", signed.name);
            continue;
        };
        assert!(is_for_this_build(signed), "{} is usable", signed.name);
        let signature = hex::decode(&signed.signature).expect("it is hex");
        assert!(verifier.accepts(message, &signature), "{}", signed.name);
        assert!(!verifier.accepts(b"{}", &signature), "{}", signed.name);
        for bit in (0..8 * signature.len()).step_by(37) {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !verifier.accepts(message, &flipped),
                "{} {bit}",
                signed.name
            );
        }
        for length in (0..signature.len()).step_by(7) {
            assert!(
                !verifier.accepts(message, &signature[..length]),
                "{}",
                signed.name
            );
        }
        let longer = [&signature[..], &[0]].concat();
        assert!(!verifier.accepts(message, &longer), "{}", signed.name);
    }
}

#[test]
fn ids_are_those_that_python_gives() {
    for signed in golden().keys {
        assert_eq!(signed.key.usual_id(), Ok(signed.id), "{}", signed.name);
    }
}

/// Other spellings, and other words for the scheme, make no other key.
#[cfg(feature = "ecdsa-rsa")]
#[test]
fn a_key_stays_itself_in_other_words() {
    use ::rsa::pkcs1::{EncodeRsaPublicKey, LineEnding};
    use ::rsa::pkcs8::DecodePublicKey;
    let golden = golden();
    let [_, ecdsa, rsa, ..] = &golden.keys[..] else {
        panic!("they are there");
    };
    let mut other = ecdsa.key.clone();
    other.key_type = "ecdsa-sha2-nistp256".to_owned();
    assert!(other.identity().is_some());
    assert_eq!(other.identity(), ecdsa.key.identity());
    for key in [&ecdsa.key, &rsa.key] {
        let mut other = key.clone();
        other.value.public = key.value.public.replace('\n', "\r\n");
        assert_ne!(other, *key);
        assert!(other.identity().is_some());
        assert_eq!(other.identity(), key.identity());
    }
    assert_ne!(ecdsa.key.identity(), rsa.key.identity());
    // The older frame of RSA keys.
    let mut other = rsa.key.clone();
    let key = ::rsa::RsaPublicKey::from_public_key_pem(&rsa.key.value.public).expect("it is PEM");
    other.value.public = key.to_pkcs1_pem(LineEnding::LF).expect("it has PEM");
    assert!(other.value.public.contains("BEGIN RSA PUBLIC KEY"));
    assert_eq!(other.identity(), rsa.key.identity());
}
