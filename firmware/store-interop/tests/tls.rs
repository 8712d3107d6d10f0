//! A real nginx over TLS, and the file reader of our devices.

use std::fs;
use std::io::Read;

use http_file::{Authorities, HttpError, HttpFile, Interruption, Patience};
use store_interop::{Certificate, Nginx};

/// What a device asks for.
struct Served {
    nginx: Nginx,
    authorities: Authorities,
    _public: tempfile::TempDir,
}

const CONTENT: &[u8] = b"what a device asks for";

fn served(name: &str) -> Served {
    let public = tempfile::tempdir().expect("a directory");
    fs::write(public.path().join("file"), CONTENT).expect("a file");
    let certificate = Certificate::make(name).expect("a certificate");
    Served {
        nginx: Nginx::serve_with_tls(public.path(), &certificate).expect("nginx"),
        authorities: Authorities::read(&certificate.authority).expect("an authority"),
        _public: public,
    }
}

fn open(
    server: &Served,
    authorities: &Authorities,
) -> Result<HttpFile<impl FnMut(&Interruption)>, HttpError> {
    let address = format!("https://{}/file", server.nginx.address());
    let never = |why: &Interruption| panic!("waited: {}", why.reason);
    HttpFile::open_trusting(&address, authorities, Patience::OF_A_PERSON, never)
}

#[test]
fn a_file_and_pieces_of_it_come_from_a_server_that_somebody_vouches_for() {
    let server = served("IP:127.0.0.1");
    let mut file = open(&server, &server.authorities).expect("a file");
    let mut content = Vec::new();
    file.read_to_end(&mut content).expect("its bytes");
    assert_eq!(content, CONTENT);
    let mut piece = [0; 6];
    file.read_exact_at(7, &mut piece).expect("a piece");
    assert_eq!(&piece, b"device");
}

#[test]
fn a_server_that_nobody_vouches_for_is_refused_at_once() {
    let server = served("IP:127.0.0.1");
    // The other authority has the same name, and another key.
    let other = served("IP:127.0.0.1").authorities;
    for (authorities, reason) in [
        (Authorities::default(), "UnknownIssuer"),
        (other, "BadSignature"),
    ] {
        let refused = open(&server, &authorities).err();
        assert_eq!(refused, Some(HttpError::Unproven(reason.to_owned())));
    }
}

#[test]
fn a_server_of_another_name_is_refused_at_once() {
    let server = served("DNS:example.com");
    let refused = open(&server, &server.authorities).err();
    assert!(
        matches!(&refused, Some(HttpError::Unproven(why)) if why.contains("not valid for name")),
        "{refused:?}"
    );
}
