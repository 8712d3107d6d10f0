//! A web server with one page: a few threads, each with one caller at a time.
//!
//! It reads the first line of a request and no body, says one answer and hangs up. A caller
//! who says nothing, or too much, keeps one thread for `PATIENCE` at most.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Callers who are answered at the same time.
const CALLERS: usize = 4;
/// For each read and write of a caller's connection.
const PATIENCE: Duration = Duration::from_secs(2);
/// Of a request's line and headers.
const MAX_REQUEST_BYTES: u64 = 8192;

/// What is said to whoever asks for `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// As `Content-Type` has it.
    pub media_type: &'static str,
    /// What is said.
    pub body: String,
}

/// Listens at every address of this machine, with or without IPv6.
///
/// # Errors
/// Somebody else listens at that port, or it is below 1024 and the snap has no plug
/// `network-bind`.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    TcpListener::bind(&[v6, v4][..])
}

/// Answers callers for ever. `page` makes the page anew for each of them; its error is
/// answered as the server's.
pub fn serve(listener: &TcpListener, page: impl Fn() -> io::Result<Page> + Sync) {
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                for caller in listener.incoming() {
                    // One who hung up misses the answer, and nobody else does.
                    let _ = caller.and_then(|caller| answer(&caller, &page));
                }
            });
        }
    });
}

fn answer(caller: &TcpStream, page: impl Fn() -> io::Result<Page>) -> io::Result<()> {
    caller.set_read_timeout(Some(PATIENCE))?;
    caller.set_write_timeout(Some(PATIENCE))?;
    let asked = read_request(caller)?;
    let (status, page) = match asked.as_str() {
        "GET / HTTP/1.1" | "GET / HTTP/1.0" => match page() {
            Ok(page) => ("200 OK", page),
            Err(error) => ("500 Internal Server Error", plain(format!("{error}\n"))),
        },
        _ => ("404 Not Found", plain("there is only /\n".to_owned())),
    };
    let Page { media_type, body } = page;
    let mut caller = caller;
    write!(
        caller,
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The first line, once the headers behind it are read: a connection that is closed with
/// unread words in it is reset, and its answer with it.
fn read_request(caller: &TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(caller.take(MAX_REQUEST_BYTES)).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    Ok(first)
}

/// A page of plain text.
#[must_use]
pub fn plain(body: String) -> Page {
    Page {
        media_type: "text/plain; charset=utf-8",
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server of the port 0 says to these words.
    fn said(words: &str) -> io::Result<String> {
        let listener = listen(0)?;
        let port = listener.local_addr()?.port();
        // It goes on until the tests end.
        thread::spawn(move || serve(&listener, || Ok(plain("hello\n".to_owned()))));
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.write_all(words.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn the_page_is_said_with_its_length() -> io::Result<()> {
        assert_eq!(
            said("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: 6\r\nConnection: close\r\n\r\nhello\n"
        );
        Ok(())
    }

    #[test]
    fn nothing_else_is_there() -> io::Result<()> {
        for words in [
            "GET /favicon.ico HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\n\r\n",
            "\r\n\r\n",
        ] {
            let answer = said(words)?;
            assert!(answer.starts_with("HTTP/1.1 404 "), "{words}: {answer}");
        }
        Ok(())
    }

    #[test]
    fn whoever_says_nothing_does_not_keep_the_others_waiting() -> io::Result<()> {
        let listener = listen(0)?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || serve(&listener, || Ok(plain("hello\n".to_owned()))));
        let silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        // Half of what the silent one may take.
        stream.set_read_timeout(Some(PATIENCE / 2))?;
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        assert!(answer.ends_with("hello\n"), "{answer}");
        drop(silent);
        Ok(())
    }
}
