//! Reading on where the line broke.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::time::Duration;

use ureq::http::header::{ACCEPT_ENCODING, IF_RANGE, RANGE};
use ureq::{Agent, BodyReader};

use crate::answer::{Answer, Validator};
use crate::authorities::Authorities;
use crate::error::HttpError;
use crate::failure::Failure;
use crate::patience::{Interruption, Patience, Wait};

/// So many bytes make good the failures before them.
const LEAST_BYTES: u64 = 1 << 10;
/// A connection that nobody needs is kept so long.
const KEPT: Duration = Duration::from_secs(2);
/// What is read from a connection at once. It is less than the longest head that is taken: of
/// an answer right behind a `100 Continue`, all that is there counts as head.
const INPUT_BYTES: usize = 32 << 10;
/// What is thrown away at once.
const WASTE_BYTES: usize = 64 << 10;

/// A file on a web server. Read from front to back, it comes as one answer; a seek to another
/// place, and a connection that broke, ask for the rest from there on. Who reads pieces of it
/// asks for each with [`read_exact_at`](Self::read_exact_at).
pub struct HttpFile<W> {
    agent: Agent,
    address: String,
    patience: Patience,
    wait: W,
    length_bytes: u64,
    validator: Option<Validator>,
    /// The next byte that the reader wants.
    position: u64,
    /// Where the reader will stop, if that is before the end.
    until: Option<u64>,
    body: Option<Body>,
    failures: u32,
    gave_up: bool,
    ranges: Ranges,
    received_bytes: u64,
    /// Bytes that came since the last of the failures.
    since_failure_bytes: u64,
}

/// What a server does when a part of a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// It gives that part.
    Honoured,
    /// It gives all of it.
    Ignored,
}

struct Body {
    reader: BodyReader<'static>,
    /// The next byte that comes.
    position: u64,
    /// Behind the last one that comes.
    end: u64,
    /// The server said that so many bytes come and no more.
    is_measured: bool,
}

impl<W: Wait> HttpFile<W> {
    /// Asks for the file at `address`, which begins with `http://` or `https://`. For the
    /// server of the second kind one of the system's authorities has to vouch.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub fn open(address: &str, patience: Patience, wait: W) -> Result<Self, HttpError> {
        let authorities = Authorities::of_the_system();
        Self::open_up_to(None, address, &authorities, patience, wait)
    }

    /// The same, with other authorities.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub fn open_trusting(
        address: &str,
        authorities: &Authorities,
        patience: Patience,
        wait: W,
    ) -> Result<Self, HttpError> {
        Self::open_up_to(None, address, authorities, patience, wait)
    }

    /// The same for who wants pieces: asks for the first `first_bytes` and no more.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub fn open_for_pieces(
        address: &str,
        first_bytes: u64,
        patience: Patience,
        wait: W,
    ) -> Result<Self, HttpError> {
        let authorities = Authorities::of_the_system();
        Self::open_up_to(Some(first_bytes), address, &authorities, patience, wait)
    }

    fn open_up_to(
        until: Option<u64>,
        address: &str,
        authorities: &Authorities,
        patience: Patience,
        wait: W,
    ) -> Result<Self, HttpError> {
        let config = Agent::config_builder()
            .tls_config(authorities.tls_config())
            // Who asks in secret is not led to where everyone listens.
            .https_only(address.starts_with("https://"))
            .http_status_as_error(false)
            .timeout_resolve(Some(patience.answer))
            .timeout_connect(Some(patience.answer))
            .timeout_send_request(Some(patience.answer))
            .timeout_recv_response(Some(patience.answer))
            .timeout_recv_body(Some(patience.connection))
            // One that was kept for long may be dead, and would look like a line that broke.
            .max_idle_age(KEPT)
            .input_buffer_size(INPUT_BYTES)
            .user_agent(concat!("twinkeel/", env!("CARGO_PKG_VERSION")))
            .build();
        let mut file = Self {
            agent: Agent::new_with_config(config),
            address: address.to_owned(),
            patience,
            wait,
            length_bytes: 0,
            validator: None,
            position: 0,
            until: None,
            body: None,
            failures: 0,
            gave_up: false,
            ranges: Ranges::Ignored,
            received_bytes: 0,
            since_failure_bytes: 0,
        };
        let (answer, body) = loop {
            match file.ask(0, until) {
                Ok(first) => break first,
                Err(failure) => file.wait_or_give_up(failure)?,
            }
        };
        file.length_bytes = answer.length_bytes;
        file.validator = answer.validator;
        file.ranges = answer.ranges;
        file.body = Some(body);
        Ok(file)
    }

    /// How long the file is.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// Whether pieces can be had, by the server's first answer.
    #[must_use]
    pub fn ranges(&self) -> Ranges {
        self.ranges
    }

    /// Whether it was given up because the line did not come back: what came may be gone on
    /// with later.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// How many bytes of the file came over the line, those that were thrown away among them.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// Fills `buffer` with the bytes from `from_bytes` on, and asks for no others.
    ///
    /// # Errors
    /// A [`HttpError`] is inside; with [`ErrorKind::UnexpectedEof`] the file ends before.
    pub fn read_exact_at(&mut self, from_bytes: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.at(from_bytes, buffer, Self::read_exact)
    }

    /// Fills the front of `buffer` with what comes first from `from_bytes` on, and returns how
    /// many bytes; 0 is the end of the file. All of `buffer` is asked for, and nothing behind
    /// it: who reads the rest next is not asking anew.
    ///
    /// # Errors
    /// A [`HttpError`] is inside.
    pub fn read_at(&mut self, from_bytes: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.at(from_bytes, buffer, Self::read)
    }

    fn at<T>(
        &mut self,
        from_bytes: u64,
        buffer: &mut [u8],
        read: impl FnOnce(&mut Self, &mut [u8]) -> io::Result<T>,
    ) -> io::Result<T> {
        self.position = from_bytes;
        self.until = from_bytes.checked_add(buffer.len() as u64);
        let read = read(self, buffer);
        self.until = None;
        read
    }

    /// Asks for the bytes from `from_bytes` on, all of them or up to `until`.
    fn ask(&self, from_bytes: u64, until: Option<u64>) -> Result<(Answer, Body), Failure> {
        let last = until.map_or(String::new(), |until| until.saturating_sub(1).to_string());
        let mut asked = self
            .agent
            .get(&self.address)
            .header(ACCEPT_ENCODING, "identity")
            .header(RANGE, format!("bytes={from_bytes}-{last}"));
        if let Some(Validator(validator)) = &self.validator {
            asked = asked.header(IF_RANGE, validator);
        }
        let response = asked.call().map_err(|error| Failure::of(&error))?;
        let answer = Answer::parse(response.status(), response.headers())?;
        let (position, end) = (answer.from_bytes, answer.to_bytes);
        let is_short = end
            < until
                .unwrap_or(answer.length_bytes)
                .min(answer.length_bytes);
        if position > from_bytes || is_short {
            return Err(Failure::Never(HttpError::Answer(
                "it is another part than the one that was asked for",
            )));
        }
        let is_measured = response.body().content_length() == end.checked_sub(position);
        let reader = response.into_body().into_reader();
        let body = Body {
            reader,
            position,
            end,
            is_measured,
        };
        Ok((answer, body))
    }

    /// A connection that gives the next byte.
    fn connected(&mut self) -> Result<Body, Failure> {
        let position = self.position;
        let gives_next = |body: &Body| body.position == position && position < body.end;
        // Another one is closed before the next is asked for.
        if let Some(body) = self.body.take().filter(gives_next) {
            return Ok(body);
        }
        let (answer, mut body) = self.ask(self.position, self.until)?;
        if answer.length_bytes != self.length_bytes || answer.validator != self.validator {
            return Err(Failure::Never(HttpError::Changed));
        }
        // A server without ranges begins at the front.
        let mut waste = vec![0; WASTE_BYTES];
        while body.position < self.position {
            let left = usize::try_from(self.position - body.position).unwrap_or(WASTE_BYTES);
            let read = body.read(&mut waste[..left.min(WASTE_BYTES)])?;
            body.position += read;
            self.received_bytes += read;
        }
        Ok(body)
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let left = usize::try_from(self.length_bytes - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let mut body = self.connected()?;
        let read = body.read(&mut buffer[..wanted])?;
        body.position += read;
        self.received_bytes += read;
        self.position = body.position;
        if body.position < body.end {
            self.body = Some(body);
        } else {
            body.hand_back();
        }
        Ok(usize::try_from(read).unwrap_or(wanted))
    }

    fn wait_or_give_up(&mut self, failure: Failure) -> Result<(), HttpError> {
        let reason = match failure {
            Failure::Never(error) => return Err(error),
            Failure::NotNow(reason) => reason,
        };
        self.failures += 1;
        self.since_failure_bytes = 0;
        let failures = self.failures;
        let Some(pause) = self.patience.pause_after(failures) else {
            self.gave_up = true;
            return Err(HttpError::Broken { failures, reason });
        };
        self.wait.wait(&Interruption {
            at_bytes: self.position,
            reason,
            pause,
        });
        Ok(())
    }
}

impl Body {
    /// Lets the next request have the connection, for which the end has to be read too.
    fn hand_back(mut self) {
        if self.is_measured {
            // Whatever it says, nothing is missing.
            let _ = self.reader.read(&mut [0]);
        }
    }

    /// At least one byte: where there are none, the line is broken.
    fn read(&mut self, buffer: &mut [u8]) -> Result<u64, Failure> {
        match self.reader.read(buffer) {
            Ok(0) => Err(Failure::NotNow("the connection ended early".to_owned())),
            Ok(read) => Ok(read as u64),
            Err(error) => Err(Failure::NotNow(error.to_string())),
        }
    }
}

/// An error has a [`HttpError`] inside.
impl<W: Wait> Read for HttpFile<W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.length_bytes {
            return Ok(0);
        }
        loop {
            match self.read_some(buffer) {
                Ok(read) => {
                    self.since_failure_bytes += read as u64;
                    if self.since_failure_bytes >= LEAST_BYTES {
                        self.failures = 0;
                    }
                    return Ok(read);
                }
                Err(failure) => self.wait_or_give_up(failure).map_err(io::Error::other)?,
            }
        }
    }
}

/// Asks the server nothing.
impl<W> Seek for HttpFile<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
