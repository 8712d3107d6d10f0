//! A web server that misbehaves as it is told.

use anyhow::{Context, Result};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a server does with one connection.
pub(crate) type Serve = fn(&mut Exchange) -> io::Result<()>;

/// A server on this machine, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    misbehaved: Arc<AtomicBool>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A connection, and the request that came over it.
pub(crate) struct Exchange {
    pub(crate) stream: TcpStream,
    /// How many connections there were before.
    pub(crate) number: usize,
    /// The file that the server has.
    pub(crate) file: Arc<Vec<u8>>,
    /// The first byte that is asked for.
    pub(crate) first: usize,
    /// The path that is asked for.
    pub(crate) path: String,
    /// The server's own address.
    pub(crate) address: SocketAddr,
    misbehaved: Arc<AtomicBool>,
}

impl Server {
    /// Has `file` at every path.
    pub(crate) fn new(
        file: &[u8],
        serve: impl Fn(&mut Exchange) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
        let address = listener.local_addr()?;
        let (file, serve) = (Arc::new(file.to_vec()), Arc::new(serve));
        let [misbehaved, ends] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let (told, end) = (Arc::clone(&misbehaved), Arc::clone(&ends));
        let thread = thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { continue };
                if end.load(Ordering::Acquire) {
                    return;
                }
                let mut exchange = Exchange {
                    stream,
                    number,
                    file: Arc::clone(&file),
                    first: 0,
                    path: String::new(),
                    address,
                    misbehaved: Arc::clone(&told),
                };
                let serve = Arc::clone(&serve);
                // Whoever hangs up first has had enough.
                thread::spawn(move || serve(&mut exchange).is_ok());
            }
        });
        Ok(Self {
            address,
            misbehaved,
            ends,
            thread: Some(thread),
        })
    }

    /// The address that its paths begin with.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of its file.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/release", self.address)
    }

    /// Whether it came to do what it is there for.
    pub(crate) fn misbehaved(&self) -> bool {
        self.misbehaved.load(Ordering::Acquire)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        // It waits for a connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Exchange {
    /// Reads the request.
    pub(crate) fn listen(&mut self) -> io::Result<()> {
        let mut lines = BufReader::new(&self.stream).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        self.path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
            let line = line.to_lowercase();
            if let Some(range) = line.strip_prefix("range: bytes=") {
                let first = range.split('-').next().unwrap_or_default();
                self.first = first.parse().unwrap_or(0);
            }
        }
        Ok(())
    }

    /// From here on the server does what it is there for.
    pub(crate) fn misbehave(&self) {
        self.misbehaved.store(true, Ordering::Release);
    }

    /// Sends text.
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }

    /// Sends these bytes again and again.
    pub(crate) fn flood(&mut self, bytes: &[u8]) -> io::Result<()> {
        loop {
            self.stream.write_all(bytes)?;
        }
    }

    /// Sends the bytes of the file from `first` up to `end`.
    pub(crate) fn send(&mut self, first: usize, end: usize) -> io::Result<()> {
        let file = Arc::clone(&self.file);
        self.stream.write_all(&file[first..end.min(file.len())])
    }

    /// The head of an honest answer: a part, from what is asked for to the end.
    pub(crate) fn say_part(&mut self) -> io::Result<()> {
        let head = self.part(self.first);
        self.say(&head)
    }

    /// The head of a part from `first` to the end.
    pub(crate) fn part(&self, first: usize) -> String {
        let length = self.file.len();
        format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{}/{length}\r\n\
             Content-Length: {}\r\nETag: \"one\"\r\nConnection: close\r\n\r\n",
            length - 1,
            length - first
        )
    }

    /// The head of the whole file.
    pub(crate) fn whole(&self) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nETag: \"one\"\r\nConnection: close\r\n\r\n",
            self.file.len()
        )
    }

    /// Answers as a server should.
    pub(crate) fn be_honest(&mut self) -> io::Result<()> {
        self.say_part()?;
        self.send(self.first, self.file.len())
    }

    /// Answers honestly, and closes the connection `bytes` bytes later.
    pub(crate) fn end_after(&mut self, bytes: usize) -> io::Result<()> {
        self.say_part()?;
        self.send(self.first, self.first + bytes)
    }

    /// Waits until the other side hangs up.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        let mut byte = [0];
        while self.stream.read(&mut byte)? > 0 {}
        Ok(())
    }

    /// Has the kernel say "connection reset".
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO))?;
        // Closed at the end of the exchange, and reset by that.
        Ok(())
    }

    /// Sends no more.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
}

/// Nothing is wrong with it.
pub(crate) fn honest(exchange: &mut Exchange) -> io::Result<()> {
    exchange.listen()?;
    exchange.be_honest()
}
