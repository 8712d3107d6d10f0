//! Reading on where the line broke.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::time::Duration;

use ureq::http::header::{ACCEPT_ENCODING, IF_RANGE, RANGE};
use ureq::{Agent, BodyReader};

use crate::answer::{Answer, NoAnswer, Validator};
use crate::error::HttpError;
use crate::patience::{Interruption, Patience, Wait};

/// To find the server, to reach it, and until it begins to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// A connection that lasts longer is made anew, for it may have died without a word.
const CONNECTION: Duration = Duration::from_secs(120);
/// What is thrown away at once.
const WASTE_BYTES: usize = 64 << 10;

/// A file on a web server. Bytes are asked for as they are read, from front to back over one
/// connection; only a seek to another place, and a connection that broke, make a new one.
pub struct HttpFile<W> {
    agent: Agent,
    address: String,
    patience: Patience,
    wait: W,
    length_bytes: u64,
    validator: Option<Validator>,
    /// The next byte that the reader wants.
    position: u64,
    body: Option<Body>,
    failures: u32,
}

struct Body {
    reader: BodyReader<'static>,
    /// The next byte that comes.
    position: u64,
}

impl<W: Wait> HttpFile<W> {
    /// Asks for the file at `address`, `http://...`.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub fn open(address: &str, patience: Patience, wait: W) -> Result<Self, HttpError> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(Some(ANSWER))
            .timeout_connect(Some(ANSWER))
            .timeout_send_request(Some(ANSWER))
            .timeout_recv_response(Some(ANSWER))
            .timeout_recv_body(Some(CONNECTION))
            // One that was kept may be dead already, and look like a line that broke.
            .max_idle_connections(0)
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
            body: None,
            failures: 0,
        };
        let (answer, body) = loop {
            match file.ask(0) {
                Ok(first) => break first,
                Err(failure) => file.wait_or_give_up(failure)?,
            }
        };
        file.length_bytes = answer.length_bytes;
        file.validator = answer.validator;
        file.body = Some(body);
        Ok(file)
    }

    /// How long the file is.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// Asks for all bytes from `from_bytes` on.
    fn ask(&self, from_bytes: u64) -> Result<(Answer, Body), Failure> {
        let mut asked = self
            .agent
            .get(&self.address)
            .header(ACCEPT_ENCODING, "identity")
            .header(RANGE, format!("bytes={from_bytes}-"));
        if let Some(Validator(validator)) = &self.validator {
            asked = asked.header(IF_RANGE, validator);
        }
        let response = asked.call().map_err(|error| Failure::of(&error))?;
        let answer = Answer::parse(response.status(), response.headers())?;
        let position = answer.from_bytes;
        if position > from_bytes {
            return Err(Failure::Never(HttpError::Answer(
                "it is another part than the one that was asked for",
            )));
        }
        let reader = response.into_body().into_reader();
        Ok((answer, Body { reader, position }))
    }

    /// A connection that gives the next byte.
    fn connected(&mut self) -> Result<Body, Failure> {
        let mut body = match self.body.take() {
            Some(body) if body.position == self.position => return Ok(body),
            _ => {
                let (answer, body) = self.ask(self.position)?;
                if answer.length_bytes != self.length_bytes || answer.validator != self.validator {
                    return Err(Failure::Never(HttpError::Changed));
                }
                body
            }
        };
        // A server without ranges begins at the front.
        let mut waste = vec![0; WASTE_BYTES];
        while body.position < self.position {
            let left = usize::try_from(self.position - body.position).unwrap_or(WASTE_BYTES);
            let read = body.read(&mut waste[..left.min(WASTE_BYTES)])?;
            body.position += read;
        }
        Ok(body)
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let left = usize::try_from(self.length_bytes - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let mut body = self.connected()?;
        let read = body.read(&mut buffer[..wanted])?;
        body.position += read;
        self.position = body.position;
        self.body = Some(body);
        Ok(usize::try_from(read).unwrap_or(wanted))
    }

    fn wait_or_give_up(&mut self, failure: Failure) -> Result<(), HttpError> {
        let reason = match failure {
            Failure::Never(error) => return Err(error),
            Failure::NotNow(reason) => reason,
        };
        self.failures += 1;
        let failures = self.failures;
        let Some(pause) = self.patience.pause_after(failures) else {
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
    /// At least one byte: where there are none, the line is broken.
    fn read(&mut self, buffer: &mut [u8]) -> Result<u64, Failure> {
        match self.reader.read(buffer) {
            Ok(0) => Err(Failure::NotNow("the connection ended early".to_owned())),
            Ok(read) => Ok(read as u64),
            Err(error) => Err(Failure::NotNow(error.to_string())),
        }
    }
}

/// Why no byte came.
enum Failure {
    /// Waiting may help.
    NotNow(String),
    /// It will not.
    Never(HttpError),
}

impl Failure {
    fn of(error: &ureq::Error) -> Self {
        match error {
            ureq::Error::BadUri(_) => Self::Never(HttpError::Answer("the address is none")),
            ureq::Error::TooManyRedirects => {
                Self::Never(HttpError::Answer("it leads from address to address"))
            }
            error => Self::NotNow(error.to_string()),
        }
    }
}

impl From<NoAnswer> for Failure {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::NotNow(status) => Self::NotNow(format!("the server answers {status}")),
            NoAnswer::Never(error) => Self::Never(error),
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
                    self.failures = 0;
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
