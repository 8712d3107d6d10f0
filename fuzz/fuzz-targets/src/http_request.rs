//! What a client writes to the daemon's socket.
//!
//! A head that is taken lies within the limits, needs all of its bytes and none behind them,
//! and its address was split where it said so.

use crate::{Answer, Seed, Target};
use updater::api::request::{BODY_BYTES, Body, HEAD_BYTES, parse_head};

pub(crate) const TARGET: Target = Target {
    name: "http_request",
    about: "requests of anybody on the device, in the daemon",
    max_bytes: HEAD_BYTES + 64,
    run,
    seeds,
};

fn run(bytes: &[u8]) -> Answer {
    let head = match parse_head(bytes) {
        Ok(Some(head)) => head,
        Ok(None) => {
            assert!(bytes.len() < HEAD_BYTES, "it waits for more than it keeps");
            return Answer::Refused;
        }
        Err(error) => {
            assert!((400..500).contains(&error.status));
            return Answer::Refused;
        }
    };
    assert!(head.length_bytes <= HEAD_BYTES);
    if let Body::Bytes(bytes) = head.body {
        assert!(bytes <= BODY_BYTES);
    }
    let own = &bytes[..head.length_bytes];
    assert!(own.ends_with(b"\n\r\n") || own.ends_with(b"\n\n"));
    assert_eq!(parse_head(own).as_ref(), Ok(&Some(head.clone())));
    let shorter = &own[..own.len() - 1];
    assert_eq!(
        parse_head(shorter),
        Ok(None),
        "it does not need all of its bytes"
    );
    assert!(!head.request.path.is_empty() && head.request.body.is_empty());
    for (key, _) in &head.request.query {
        let first = head.request.query.iter().find(|(name, _)| name == key);
        let said = first.map(|(_, value)| value.as_str());
        let asked = head.request.asked(key);
        assert_eq!(asked, said.filter(|value| !value.is_empty()));
    }
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let seed = |text: &str| text.as_bytes().to_vec();
    vec![
        (
            "get",
            seed(
                "GET /v2/snaps/system/conf?keys=hold%2Cchannel HTTP/1.1\r\nHost: localhost\r\n\r\n",
            ),
        ),
        (
            "post",
            seed(
                "POST /v2/snaps/system HTTP/1.1\r\nContent-Length: 20\r\n\r\n{\"action\": \"refresh\"}",
            ),
        ),
        (
            "close",
            seed("PUT /a+b?c=d+e&f HTTP/1.0\r\nConnection: close\r\n\r\n"),
        ),
        (
            "refused-chunks",
            seed("POST /v2/snaps HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ),
        (
            "refused-length",
            seed("PUT / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"),
        ),
        ("refused-escape", seed("GET /%c3%28 HTTP/1.1\r\n\r\n")),
        ("refused-method", seed("BREW /pot HTTP/1.1\r\n\r\n")),
    ]
}
