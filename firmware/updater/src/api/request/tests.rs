use super::*;

fn head(text: &str) -> Result<Option<Head>, ApiError> {
    parse_head(text.as_bytes())
}

fn whole(text: &str) -> Head {
    head(text).unwrap().unwrap()
}

fn refused(text: &str) -> u16 {
    head(text).unwrap_err().status
}

#[test]
fn an_address_is_decoded_where_its_parts_are_known() {
    let head = whole("GET /v2/snaps/a%2Fb+c/conf?keys=hold%2Cchannel&q=a+b&x HTTP/1.1\r\n\r\n");
    assert_eq!(head.request.path, ["v2", "snaps", "a/b+c", "conf"]);
    let query = [("keys", "hold,channel"), ("q", "a b"), ("x", "")];
    assert_eq!(
        head.request.query,
        query.map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    let keys: Vec<_> = head.request.asked_list("keys").collect();
    assert_eq!(keys, ["hold", "channel"]);
    assert_eq!(
        (head.request.asked("q"), head.request.asked("x")),
        (Some("a b"), None)
    );
}

#[test]
fn lengths_are_those_of_the_bytes() {
    let text = "PUT /v2/x HTTP/1.1\r\ncontent-length: 3\r\n\r\nabcdef";
    let head = whole(text);
    assert_eq!(
        (head.length_bytes, head.body),
        (text.len() - 6, Body::Bytes(3))
    );
    assert_eq!(
        (head.request.method, head.request.body),
        (Method::Put, Vec::new())
    );
    assert_eq!(whole("GET / HTTP/1.1\r\n\r\n").body, Body::Bytes(0));
}

#[test]
fn a_body_with_a_file_may_be_of_any_length() {
    let head = "POST /v2/snaps HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n";
    let upload = |length| Body::Upload {
        boundary: "b".to_owned(),
        length,
    };
    let chunked = whole(&format!("{head}Transfer-Encoding: chunked\r\n\r\n"));
    assert_eq!(chunked.body, upload(Length::Chunks));
    let long = whole(&format!("{head}Content-Length: 99999999\r\n\r\n"));
    assert_eq!(long.body, upload(Length::Bytes(99_999_999)));
}

#[test]
fn every_prefix_of_a_head_waits_for_more() {
    let text = "POST /v2/snaps HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n";
    for length in 0..text.len() {
        assert_eq!(head(&text[..length]), Ok(None), "{length}");
    }
    assert!(head(text).unwrap().is_some());
}

#[test]
fn a_client_says_whether_it_goes_on() {
    let table = [
        ("HTTP/1.1\r\n\r\n", Afterwards::KeepAlive),
        (
            "HTTP/1.1\r\nConnection: keep-alive\r\n\r\n",
            Afterwards::KeepAlive,
        ),
        ("HTTP/1.1\r\nconnection:  Close \r\n\r\n", Afterwards::Close),
        ("HTTP/1.0\r\n\r\n", Afterwards::Close),
    ];
    for (rest, afterwards) in table {
        assert_eq!(
            whole(&format!("GET / {rest}")).afterwards,
            afterwards,
            "{rest}"
        );
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_its_code() {
    let long_head = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(HEAD_BYTES));
    let headers = "A: b\r\n".repeat(HEADERS + 1);
    let many_headers = format!("GET / HTTP/1.1\r\n{headers}\r\n");
    let long_body = format!(
        "POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n",
        BODY_BYTES + 1
    );
    let table = [
        ("\u{16}\u{3}\u{1} TLS?\r\n\r\n", 400),
        ("GET v2 HTTP/1.1\r\n\r\n", 400),
        ("GET /%zz HTTP/1.1\r\n\r\n", 400),
        ("GET /%c3 HTTP/1.1\r\n\r\n", 400),
        ("GET /%c HTTP/1.1\r\n\r\n", 400),
        ("DELETE / HTTP/1.1\r\n\r\n", 405),
        ("get / HTTP/1.1\r\n\r\n", 405),
        (&long_head, 431),
        (&many_headers, 431),
        (&long_body, 413),
        (
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            413,
        ),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            411,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            400,
        ),
    ];
    for (text, status) in table {
        assert_eq!(refused(text), status, "{text:?}");
    }
}
