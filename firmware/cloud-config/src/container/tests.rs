//! Containers as others write them, and broken ones.

use super::{ContainerError, DEEPEST, MAX_USER_DATA_BYTES, MOST_PARTS, Part, unpack};
use super::{GzipError, MimeError};
use crc::{CRC_32_ISO_HDLC, Crc};
use miniz_oxide::deflate::compress_to_vec;

const DOCUMENT: &[u8] = b"#cloud-config\nhostname: a\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = vec![0x1f, 0x8b, 8, 0x08, 0, 0, 0, 0, 0, 3];
    gzip.extend(b"name\0");
    gzip.extend(compress_to_vec(content, 6));
    let sum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(content);
    gzip.extend(sum.to_le_bytes());
    gzip.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    gzip
}

fn is_document(user_data: &[u8]) {
    let parts = unpack(user_data).unwrap();
    assert_eq!(parts, [Part::CloudConfig(DOCUMENT.to_vec())]);
}

/// As `cloud-init devel make-mime` writes it.
fn multipart(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut text = "From nobody Thu Nov 26 00:00:00 2026\n\
        Content-Type: multipart/mixed;\n boundary=\"===============12==\"\nMIME-Version: 1.0\n\n"
        .to_owned();
    for (heads, body) in parts {
        text += &format!("--===============12==\nMIME-Version: 1.0\n{heads}\n{body}\n");
    }
    (text + "--===============12==--\n").into_bytes()
}

#[test]
fn a_document_comes_as_it_is_or_compressed() {
    is_document(DOCUMENT);
    is_document(&gzip(DOCUMENT));
    is_document(&[b"\xef\xbb\xbf", DOCUMENT].concat());
    assert_eq!(unpack(b" \n"), Ok(Vec::new()));
}

#[test]
fn the_parts_of_a_multipart_keep_their_order() {
    let base64 = "Content-Type: text/cloud-config\nContent-Transfer-Encoding: base64\n";
    let user_data = multipart(&[
        ("Content-Type: text/plain\n", "#cloud-config\nhostname: b"),
        ("Content-Type: text/x-shellscript\n", "#!/bin/sh\nreboot"),
        (base64, "I2Nsb3VkLWNvbmZpZwpob3N0\nbmFtZTogYQo="),
    ]);
    let parts = unpack(&gzip(&user_data)).unwrap();
    assert_eq!(parts.len(), 3, "{parts:?}");
    assert_eq!(
        parts[0],
        Part::CloudConfig(b"#cloud-config\nhostname: b".to_vec())
    );
    assert!(matches!(parts[1], Part::NotHonoured(why) if why.starts_with("a script")));
    assert_eq!(parts[2], Part::CloudConfig(DOCUMENT.to_vec()));
}

#[test]
fn what_is_no_document_says_why() {
    for (user_data, word) in [
        ("#!/bin/sh\n", "script"),
        ("#include\nhttp://a\n", "#include"),
        ("## template: jinja\n#cloud-config\n", "template"),
        ("#cloud-boothook\n", "runcmd"),
        ("hostname: a\n", "first line"),
    ] {
        let parts = unpack(user_data.as_bytes()).unwrap();
        assert!(matches!(*parts, [Part::NotHonoured(why)] if why.contains(word)));
    }
}

#[test]
fn a_broken_gzip_is_named() {
    let good = gzip(DOCUMENT);
    let mut wrong = good.clone();
    *wrong.last_mut().unwrap() ^= 1;
    let error = |bytes: &[u8]| unpack(bytes).unwrap_err();
    assert_eq!(error(&wrong), ContainerError::Gzip(GzipError::Checksum));
    assert_eq!(error(&good[..9]), ContainerError::Gzip(GzipError::Head));
    assert_eq!(
        error(&good[..good.len() - 12]),
        ContainerError::Gzip(GzipError::Damaged)
    );
}

#[test]
fn a_small_gzip_does_not_become_a_large_document() {
    let bomb = gzip(&vec![b' '; MAX_USER_DATA_BYTES + 1]);
    assert!(bomb.len() < 4096);
    assert_eq!(unpack(&bomb), Err(ContainerError::Gzip(GzipError::TooLong)));
}

#[test]
fn containers_in_containers_have_an_end() {
    let mut nested = DOCUMENT.to_vec();
    for _ in 0..DEEPEST {
        nested = gzip(&nested);
    }
    is_document(&nested);
    assert_eq!(unpack(&gzip(&nested)), Err(ContainerError::TooDeep));
    let many = vec![("", "#cloud-config"); MOST_PARTS + 1];
    assert_eq!(
        unpack(&multipart(&many)),
        Err(ContainerError::Mime(MimeError::TooManyParts))
    );
    assert_eq!(
        unpack(&vec![b'#'; MAX_USER_DATA_BYTES + 1]),
        Err(ContainerError::TooLong)
    );
}

#[test]
fn a_broken_multipart_is_named() {
    let error = |text: &str| match unpack(text.as_bytes()) {
        Err(ContainerError::Mime(error)) => error,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(
        error("Content-Type: multipart/mixed\n\n--a\n"),
        MimeError::NoBoundary
    );
    let head = "Content-Type: multipart/mixed; boundary=a\n\n--a\n";
    assert_eq!(error(head), MimeError::NoEnd);
    let encoding = "Content-Transfer-Encoding:";
    assert_eq!(
        error(&format!("{head}{encoding} quoted-printable\n\nx\n--a--\n")),
        MimeError::Encoding
    );
    assert_eq!(
        error(&format!("{head}{encoding} base64\n\n!!\n--a--\n")),
        MimeError::Base64
    );
}
