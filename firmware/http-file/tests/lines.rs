//! A server that behaves as it is told, one connection after the other.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use http_file::{HttpError, HttpFile, Interruption, Patience, Ranges};

const PATIENCE: Patience = Patience {
    failures: 4,
    first_pause: Duration::from_secs(1),
    longest_pause: Duration::from_secs(60),
    ..Patience::OF_A_PERSON
};

static CONTENT: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..200_000_u32).flat_map(u32::to_le_bytes).collect());

fn content() -> &'static [u8] {
    &CONTENT
}

/// What a server does with one connection.
#[derive(Clone, Copy)]
enum Act {
    /// Gives what was asked for, all of it.
    Serve,
    /// Ends after so many bytes of the body.
    EndAfter(usize),
    /// Gives all of the file, whatever was asked for.
    IgnoreRange,
    /// The same, and ends after so many bytes.
    IgnoreRangeAndEndAfter(usize),
    /// Has another file by now.
    Changed,
    /// Has a file of another length by now, under the old tag.
    Grown,
    /// Answers with that status and nothing else.
    Status(u16),
    /// Closes the connection without a word.
    HangUp,
    /// Answers with these bytes.
    Say(&'static str),
    /// Gives a later part than the one that was asked for.
    LaterPart,
    /// Gives a part that ends before the one that was asked for.
    ShortPart,
}

/// The script, its address, and the `Range` of each request.
struct Server {
    address: String,
    ranges: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// The last act is repeated.
    fn new(script: &'static [Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/release", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        thread::spawn(move || {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept() else {
                    return;
                };
                let act = script.get(number).or(script.last()).unwrap();
                // Whoever hangs up first is not of interest here.
                let _ = serve(stream, *act, &seen);
            }
        });
        Self { address, ranges }
    }

    fn open(&self) -> Result<HttpFile<impl FnMut(&Interruption)>, HttpError> {
        HttpFile::open(&self.address, PATIENCE, |_: &Interruption| ())
    }

    fn ranges(&self) -> Vec<String> {
        self.ranges.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, act: Act, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let (mut range, mut if_range) = (String::new(), Vec::new());
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        let line = line.to_lowercase();
        if let Some(value) = line.strip_prefix("range: bytes=") {
            range = value.to_owned();
        }
        if_range.extend(line.strip_prefix("if-range: ").map(str::to_owned));
    }
    let (first, last) = range.split_once('-').unwrap_or_default();
    let first: usize = first.parse().unwrap_or(0);
    let end = content().len() - 1;
    let last = last.parse().map_or(end, |last: usize| last.min(end));
    // Every one but the first asks for the rest of the same file.
    assert_eq!(
        if_range,
        vec!["\"one\""; usize::from(first > 0 || !range.ends_with('-'))]
    );
    seen.lock().unwrap().push(range);
    let mut stream = &stream;
    let file = content();
    let whole = |tag: &str, body: &[u8]| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nETag: \"{tag}\"\r\nConnection: close\r\n\r\n",
            body.len()
        )
    };
    let part = |first: usize| {
        format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{last}/{}\r\n\
             Content-Length: {}\r\nETag: \"one\"\r\nConnection: close\r\n\r\n",
            file.len(),
            last + 1 - first
        )
    };
    match act {
        Act::Serve => {
            stream.write_all(part(first).as_bytes())?;
            stream.write_all(&file[first..=last])
        }
        Act::ShortPart => {
            let head = part(first).replace(&format!("-{last}/"), &format!("-{}/", last - 1));
            stream.write_all(head.as_bytes())
        }
        Act::EndAfter(count) => {
            stream.write_all(part(first).as_bytes())?;
            stream.write_all(&file[first..][..count])
        }
        Act::IgnoreRange => {
            stream.write_all(whole("one", file).as_bytes())?;
            stream.write_all(file)
        }
        Act::IgnoreRangeAndEndAfter(count) => {
            stream.write_all(whole("one", file).as_bytes())?;
            stream.write_all(&file[..count])
        }
        Act::Changed => stream.write_all(whole("two", file).as_bytes()),
        Act::Grown => stream.write_all(whole("one", &[file, b"more"].concat()).as_bytes()),
        Act::Status(status) => {
            let head =
                format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes())
        }
        Act::HangUp => Ok(()),
        Act::Say(text) => stream.write_all(text.as_bytes()),
        Act::LaterPart => stream.write_all(part(first + 1).as_bytes()),
    }
}

fn read(server: &Server) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    server.open()?.read_to_end(&mut bytes).map_err(|error| {
        let inner = error.into_inner().and_then(|inner| inner.downcast().ok());
        *inner.expect("an error of ours")
    })?;
    Ok(bytes)
}

#[test]
fn a_file_comes_over_one_connection() {
    let server = Server::new(&[Act::Serve]);
    assert_eq!(read(&server), Ok(content().to_vec()));
    assert_eq!(server.ranges(), ["0-"]);
}

#[test]
fn a_broken_line_goes_on_at_the_byte_that_is_missing() {
    let server = Server::new(&[
        Act::EndAfter(1000),
        Act::HangUp,
        Act::Status(503),
        Act::EndAfter(70_000),
        Act::EndAfter(0),
        Act::Serve,
    ]);
    assert_eq!(read(&server), Ok(content().to_vec()));
    let expected = ["0-", "1000-", "1000-", "1000-", "71000-", "71000-"];
    assert_eq!(server.ranges(), expected);
}

#[test]
fn a_server_without_ranges_is_read_again_from_the_front() {
    let server = Server::new(&[Act::IgnoreRangeAndEndAfter(300_000), Act::IgnoreRange]);
    assert_eq!(read(&server), Ok(content().to_vec()));
}

#[test]
fn patience_has_an_end_and_a_kilobyte_renews_it() {
    let server = Server::new(&[Act::EndAfter(1024), Act::HangUp]);
    let Err(HttpError::Broken { failures, reason }) = read(&server) else {
        panic!("a server that hangs up gave a file");
    };
    assert_eq!(failures, PATIENCE.failures);
    assert!(!reason.is_empty());
    // The one that gave some, and the failures behind it.
    assert_eq!(server.ranges().len(), 1 + 3);
    let renewed = Server::new(&[
        Act::HangUp,
        Act::HangUp,
        Act::EndAfter(1024),
        Act::HangUp,
        Act::HangUp,
        Act::Serve,
    ]);
    assert_eq!(read(&renewed), Ok(content().to_vec()));
}

#[test]
fn who_gives_a_byte_at_a_time_is_given_up_on() {
    let server = Server::new(&[Act::EndAfter(1)]);
    assert!(matches!(read(&server), Err(HttpError::Broken { .. })));
    assert_eq!(server.ranges().len(), PATIENCE.failures as usize);
}

#[test]
fn each_pause_is_told_with_its_reason() {
    let server = Server::new(&[Act::Status(503), Act::HangUp, Act::Serve]);
    let mut told = Vec::new();
    HttpFile::open(&server.address, PATIENCE, |why: &Interruption| {
        told.push((
            why.at_bytes,
            why.pause.as_secs(),
            why.reason.contains("503"),
        ));
    })
    .unwrap();
    assert_eq!(told, [(0, 1, true), (0, 2, false)]);
}

#[test]
fn what_no_patience_helps_against_is_told_at_once() {
    for status in [400, 401, 403, 404, 410] {
        let server = Server::new(leaked([Act::Status(status)]));
        assert_eq!(read(&server), Err(HttpError::Refused { status }));
        assert_eq!(server.ranges().len(), 1);
    }
}

fn leaked<const N: usize>(script: [Act; N]) -> &'static [Act] {
    Box::leak(Box::new(script))
}

#[test]
fn a_file_that_changed_is_not_read_on() {
    for after in [Act::Changed, Act::Grown, Act::Status(416)] {
        let server = Server::new(leaked([Act::EndAfter(1000), after]));
        assert_eq!(read(&server), Err(HttpError::Changed));
    }
}

#[test]
fn nonsense_is_an_error_and_no_file() {
    for nonsense in [
        "HTTP/1.1 200 OK\r\n\r\nhow long?",
        "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n12345",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /release\r\nContent-Length: 0\r\n\r\n",
    ] {
        let server = Server::new(leaked([Act::Say(nonsense)]));
        assert!(read(&server).is_err(), "{nonsense}");
    }
    assert!(read(&Server::new(&[Act::LaterPart])).is_err());
    assert!(read(&Server::new(&[Act::ShortPart])).is_err());
}

#[test]
fn a_seek_asks_for_another_place_and_only_when_it_is_read() {
    let server = Server::new(&[Act::Serve]);
    let mut file = server.open().unwrap();
    let length = content().len() as u64;
    assert_eq!(file.seek(SeekFrom::End(0)).unwrap(), length);
    file.rewind().unwrap();
    let mut first = [0; 4];
    file.read_exact(&mut first).unwrap();
    file.seek(SeekFrom::Start(length - 4)).unwrap();
    let mut last = Vec::new();
    file.read_to_end(&mut last).unwrap();
    assert_eq!(
        (&first[..], &last[..]),
        (&content()[..4], &content()[length as usize - 4..])
    );
    assert_eq!(
        server.ranges(),
        ["0-".to_owned(), format!("{}-", length - 4)]
    );
}

#[test]
fn a_piece_is_asked_for_and_no_byte_more() {
    let server = Server::new(&[Act::EndAfter(0), Act::Serve, Act::EndAfter(500), Act::Serve]);
    let mut file = server.open().unwrap();
    let (mut piece, mut next) = ([0; 1000], [0; 24]);
    file.read_exact_at(4000, &mut piece).unwrap();
    file.read_exact_at(5000, &mut next).unwrap();
    assert_eq!(piece, content()[4000..5000]);
    assert_eq!(next, content()[5000..5024]);
    let behind = file.read_exact_at(content().len() as u64 - 1, &mut next);
    assert!(behind.is_err_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof));
    // Asked for from the front, then for each piece.
    let length = content().len();
    assert_eq!(
        server.ranges(),
        [
            "0-",
            "4000-4999",
            "5000-5023",
            &format!("{}-{}", length - 1, length + 22)
        ]
    );
}

#[test]
fn pieces_come_over_one_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/release", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // There is no second one.
        drop(listener);
        let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
        let mut requests = 0;
        while let Some(range) = lines.find_map(|line| {
            let line = line.to_lowercase();
            line.strip_prefix("range: bytes=").map(str::to_owned)
        }) {
            let (first, last) = range.split_once('-').unwrap();
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {range}/{}\r\n\
                 Content-Length: {}\r\nETag: \"one\"\r\n\r\n",
                content().len(),
                last + 1 - first
            );
            (&stream).write_all(head.as_bytes()).unwrap();
            (&stream).write_all(&content()[first..=last]).unwrap();
            requests += 1;
        }
        requests
    });
    let mut file = HttpFile::open_for_pieces(&address, 100, PATIENCE, |_: &Interruption| ())
        .expect("the first bytes");
    assert_eq!(file.ranges(), Ranges::Honoured);
    let mut piece = [0; 100];
    for at in [0, 1000, 5000, 400_000] {
        file.read_exact_at(at, &mut piece).unwrap();
        assert_eq!(piece, content()[at as usize..][..100]);
    }
    assert_eq!(file.received_bytes(), 400);
    drop(file);
    assert_eq!(server.join().unwrap(), 4);
}
