//! Signatures and enrolment files, judged by other implementations: sbverify and openssl.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use image_format::Purpose;
use image_format::disk::Guid;

use super::*;

/// The least that a linker makes of a program: headers, one section, no signature.
fn program() -> Vec<u8> {
    let mut file = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    put(0x40, b"PE\0\0\x64\x86\x01\0");
    put(0x54, &[0xf0, 0, 0x22, 0]);
    put(0x58, &0x20b_u16.to_le_bytes());
    for (offset, value) in [(16, 0x1000), (20, 0x1000), (32, 0x1000), (36, 0x200)] {
        put(0x58 + offset, &u32::to_le_bytes(value));
    }
    for (offset, value) in [(56, 0x2000), (60, 0x200), (68, 10), (108, 16)] {
        put(0x58 + offset, &u32::to_le_bytes(value));
    }
    put(0x148, b".text\0\0\0");
    for (index, value) in [0x200, 0x1000, 0x200, 0x200].into_iter().enumerate() {
        put(0x150 + 4 * index, &u32::to_le_bytes(value));
    }
    put(0x16c, &0x6000_0020_u32.to_le_bytes());
    put(0x200, &[0xc3; 0x1fb]);
    // Not a multiple of eight, as no linker promises.
    file.extend(b"extra");
    file
}

fn verifies(directory: &Path, file: &[u8], certificate: &Path) -> Result<bool> {
    let path = directory.join("program.efi");
    fs::write(&path, file)?;
    let output = Command::new("sbverify")
        .arg("--cert")
        .args([certificate, &path])
        .output()
        .expect("this test needs the program sbverify: apt-get install sbsigntool");
    Ok(output.status.success())
}

#[test]
fn another_program_finds_the_signature_good_and_each_change_bad() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let keys = SecureBootKeys::create(&directory.path().join("own"), Purpose::Test)?;
    let certificate = directory.path().join("own/db.pem");
    let signed = keys.sign_loader(&program())?;
    assert!(verifies(directory.path(), &signed, &certificate)?);
    for (what, offset) in [("header", 0x60), ("code", 0x210), ("behind code", 0x402)] {
        let mut changed = signed.clone();
        changed[offset] ^= 1;
        assert!(
            !verifies(directory.path(), &changed, &certificate)?,
            "{what}"
        );
    }
    let exchange = directory.path().join("own/KEK.pem");
    assert!(
        !verifies(directory.path(), &signed, &exchange)?,
        "another key"
    );
    Ok(())
}

#[test]
fn the_same_program_signed_again_is_the_same() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let keys = SecureBootKeys::create(directory.path(), Purpose::Test)?;
    assert_eq!(keys.sign_loader(&program())?, keys.sign_loader(&program())?);
    Ok(())
}

fn refusal(result: Result<impl Sized>) -> SecureBootError {
    let error = result.err().expect("refused");
    error.downcast().expect("an error with a name")
}

#[test]
fn what_is_no_program_or_signed_already_is_refused() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let keys = SecureBootKeys::create(directory.path(), Purpose::Test)?;
    let signed = keys.sign_loader(&program())?;
    assert_eq!(
        refusal(keys.sign_loader(&signed)),
        SecureBootError::AlreadySigned
    );
    let mut gap = program();
    gap[0x15d] = 1;
    for bad in [Vec::new(), b"MZ".to_vec(), gap, program()[..0x300].to_vec()] {
        assert_eq!(
            refusal(keys.sign_loader(&bad)),
            SecureBootError::NotAProgram
        );
    }
    Ok(())
}

#[test]
fn private_keys_are_their_owners_alone() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let keys = SecureBootKeys::create(directory.path(), Purpose::Production)?;
    for name in KeyName::ALL {
        let path = directory.path().join(format!("{}.key", name.name()));
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
    }
    let path = directory.path().join("db.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640))?;
    let expected = SecureBootError::OpenPermissions {
        path: path.clone(),
        mode: 0o640,
    };
    assert_eq!(refusal(keys.sign_loader(&program())), expected);
    fs::remove_file(&path)?;
    assert_eq!(
        refusal(keys.sign_loader(&program())),
        SecureBootError::NoKeys(path)
    );
    Ok(())
}

#[test]
fn nothing_is_overwritten() -> Result<()> {
    for taken in ["KEK.pem", "enrol", "keystore"] {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join(taken);
        fs::write(&path, "somebody's")?;
        let error = refusal(SecureBootKeys::create(directory.path(), Purpose::Test));
        assert_eq!(error, SecureBootError::Exists(path.clone()));
        assert_eq!(fs::read_dir(directory.path())?.count(), 1, "{taken}");
        assert_eq!(fs::read(&path)?, b"somebody's");
    }
    Ok(())
}

#[test]
fn test_keys_are_known_by_their_certificates() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (test, own) = (directory.path().join("test"), directory.path().join("own"));
    let keys = SecureBootKeys::create(&test, Purpose::Test)?;
    assert_eq!(
        keys.require_production(),
        Err(SecureBootError::TestKeys(test.clone()))
    );
    assert_eq!(keys.signer(), "Twinkeel test loader signing key");
    let keys = SecureBootKeys::create(&own, Purpose::Production)?;
    assert_eq!(keys.require_production(), Ok(()));
    // One of three is enough.
    fs::copy(test.join("KEK.pem"), own.join("KEK.pem"))?;
    let keys = SecureBootKeys::open(&own)?;
    assert_eq!(keys.purpose(), Purpose::Test);
    Ok(())
}

#[test]
fn a_directory_without_keys_is_named() {
    let error = refusal(SecureBootKeys::open(Path::new("/nowhere")));
    assert_eq!(error, SecureBootError::NoKeys("/nowhere/PK.pem".into()));
}

#[test]
fn what_is_no_certificate_is_named() -> Result<()> {
    let directory = tempfile::tempdir()?;
    SecureBootKeys::create(directory.path(), Purpose::Test)?;
    let path = directory.path().join("KEK.pem");
    let private = fs::read(directory.path().join("KEK.key"))?;
    let pem = fs::read_to_string(&path)?;
    for bad in [&private[..], b"", &pem.as_bytes()[..pem.len() / 2]] {
        fs::write(&path, bad)?;
        let error = refusal(SecureBootKeys::open(directory.path()));
        assert_eq!(error, SecureBootError::NotACertificate(path.clone()));
    }
    Ok(())
}

/// UEFI 2.10, 32.4.1: the list; 8.2.2: what is before it, and what its signature covers.
#[test]
fn enrolment_files_are_as_the_standard_has_them() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let place = directory.path();
    let keys = SecureBootKeys::create(place, Purpose::Test)?;
    for (key, signer) in keys.enrolled().iter().zip(["PK", "PK", "KEK"]) {
        let read = |ending| fs::read(place.join(format!("enrol/{}.{ending}", key.name)));
        let (der, list, signed) = (read("cer")?, read("esl")?, read("auth")?);
        let x509 = Guid::parse_or_panic("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");
        assert_eq!(list[..16], x509.to_bytes());
        assert_eq!(list[16..20], (list.len() as u32).to_le_bytes());
        assert_eq!(list[24..28], (16 + der.len() as u32).to_le_bytes());
        assert_eq!(list[44..], der);
        assert_eq!(list, key.signature_list);

        assert_eq!(signed[..16], key.time);
        let length = u32::from_le_bytes(*signed[16..].first_chunk().expect("a length"));
        let (descriptor, content) = signed[16..].split_at(length as usize);
        assert_eq!(content, list);
        assert_eq!(descriptor[4..8], [0x00, 0x02, 0xf1, 0x0e]);
        let name: &[u8] = match key.name {
            "PK" => b"P\0K\0",
            "KEK" => b"K\0E\0K\0",
            _ => b"d\0b\0",
        };
        let attributes = [0x27, 0, 0, 0];
        let vendor = key.vendor.to_bytes();
        let covered = [name, &vendor, &attributes, &key.time, &list].concat();
        require_signature(place, &descriptor[24..], &covered, signer)?;
        let keystore = place.join(format!("keystore/{0}/{0}.auth", key.name));
        assert_eq!(fs::read(keystore)?, signed);
    }
    Ok(())
}

/// openssl wants the structure under its name, which the standard leaves away.
fn require_signature(place: &Path, signed_data: &[u8], content: &[u8], signer: &str) -> Result<()> {
    fs::write(place.join("signed"), signed_data::content_info(signed_data))?;
    fs::write(place.join("content"), content)?;
    let status = Command::new("openssl")
        .current_dir(place)
        .args([
            "cms", "-verify", "-binary", "-inform", "DER", "-in", "signed",
        ])
        .args(["-content", "content", "-purpose", "any", "-out", "out"])
        .args(["-CAfile", &format!("{signer}.pem")])
        .status()?;
    assert!(status.success(), "{signer}");
    Ok(())
}
