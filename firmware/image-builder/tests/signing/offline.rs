//! Signers who are elsewhere, and have no tool of ours.

use super::*;
use std::path::Path;
use std::process::Command;

fn openssl(arguments: &[&str], directory: &Path) {
    let mut command = Command::new("openssl");
    let status = command.args(arguments).current_dir(directory).status();
    let status = status.expect("this test needs the program openssl: apt-get install openssl");
    assert!(status.success(), "openssl {arguments:?}");
}

/// A signer with a key of their own in files of that name.
struct Signer<'a> {
    name: &'a str,
    place: &'a Path,
}

impl<'a> Signer<'a> {
    fn new(name: &'a str, place: &'a Path) -> Self {
        let [private, public] = ["key", "pub"].map(|ending| format!("{name}.{ending}"));
        openssl(
            &["genpkey", "-algorithm", "ed25519", "-out", &private],
            place,
        );
        openssl(
            &["pkey", "-in", &private, "-pubout", "-out", &public],
            place,
        );
        Self { name, place }
    }

    fn public_key(&self) -> PublicKey {
        let path = self.place.join(format!("{}.pub", self.name));
        parse_public_key(path.to_str().unwrap()).unwrap()
    }

    /// Exports a request, has it signed, imports the signature.
    fn sign(&self, path: &Path, kind: Kind) {
        let mut document = read_document(path).unwrap();
        let request = document.record(kind).unwrap().request();
        fs::write(self.place.join("request"), request).unwrap();
        let private = format!("{}.key", self.name);
        openssl(
            &[
                "pkeyutl",
                "-sign",
                "-rawin",
                "-inkey",
                &private,
                "-in",
                "request",
                "-out",
                "signature",
            ],
            self.place,
        );
        let bytes = fs::read(self.place.join("signature")).unwrap();
        let signature = Signature {
            key: self.public_key(),
            bytes: bytes.try_into().unwrap(),
        };
        assert_eq!(document.import(signature).unwrap(), kind);
        write_document(path, &document).unwrap();
    }
}

#[test]
fn off_line_signers_need_no_tool_of_ours() {
    let place = tempfile::tempdir().unwrap();
    let roots = ["a", "b"].map(|name| Signer::new(name, place.path()));
    let release_signer = Signer::new("r", place.path());
    let keys = place.path().join("keys");
    let plan = KeyPlan {
        roots: 0,
        foreign_roots: roots.iter().map(Signer::public_key).collect(),
        releases: 0,
        foreign_releases: vec![release_signer.public_key()],
        ..KeyPlan::new(Purpose::Production)
    };
    write_new_keys(&keys, &plan).unwrap();
    for root in &roots {
        let error = KeyDirectory::open(&keys).unwrap_err();
        assert!(matches!(
            error,
            KeyError::TooFewKeys {
                record: Kind::Keyring,
                need: 2,
                ..
            }
        ));
        root.sign(&keys.join("root.keyring"), Kind::Keyring);
        root.sign(&keys.join("delegation"), Kind::Delegation);
    }
    let keys = KeyDirectory::open(&keys).unwrap();
    let release = place.path().join("release.envelope");
    fs::write(&release, keys.seal_unsigned(&manifest()).unwrap()).unwrap();
    release_signer.sign(&release, Kind::Manifest);
    let sealed = fs::read(&release).unwrap();
    verify_envelope(keys.keyring(), &sealed, &requirements(1)).unwrap();
}

#[test]
fn our_private_keys_sign_in_openssl() {
    let (_place, keys) = directory();
    let release = keys.private_keys(Role::Release).unwrap();
    fs::write(keys.directory().join("request"), b"some bytes").unwrap();
    openssl(
        &[
            "pkeyutl",
            "-sign",
            "-rawin",
            "-inkey",
            "release-1.pem",
            "-in",
            "request",
            "-out",
            "signature",
        ],
        keys.directory(),
    );
    let signature = fs::read(keys.directory().join("signature")).unwrap();
    assert_eq!(signature, release[0].sign(b"some bytes").bytes);
}

#[test]
fn a_public_key_is_read_from_pem_or_digits_and_from_nothing_else() {
    let (_place, keys) = directory();
    let public = keys.directory().join("root-1.pub");
    let key = parse_public_key(public.to_str().unwrap()).unwrap();
    assert_eq!(parse_public_key(&key.to_string()).unwrap(), key);
    let private = keys.directory().join("root-1.pem");
    for text in ["", "abcd", "/nowhere", private.to_str().unwrap()] {
        let error = parse_public_key(text).unwrap_err();
        assert!(matches!(error, KeyError::NotAPublicKey(named) if named == text));
    }
}
