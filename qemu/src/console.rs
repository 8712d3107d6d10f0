//! The serial console of a machine: what it said, and waiting for what it must say.
//!
//! A reader thread keeps everything in memory and in a transcript file. Waiting is on
//! the arrival of bytes, never on time alone; it fails at once when the machine ends or
//! says something that must not be said, and then quotes the end of the transcript.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much of the transcript an error quotes.
const TAIL_BYTES: usize = 2000;

/// What a healthy boot never prints: a crash of the kernel or the loader, or the
/// firmware going on without us.
const FORBIDDEN: &[&str] = &[
    "Kernel panic - not syncing",
    "UEFI Interactive Shell",
    "No bootable option or device was found",
    "twinkeel: the loader failed",
];

/// A machine's console.
pub struct Console {
    received: Arc<Received>,
    input: Box<dyn Write + Send>,
    /// Everything before was already waited for.
    cursor: usize,
    /// Everything before was searched for forbidden words.
    searched: usize,
    forbidden: Vec<&'static str>,
}

#[derive(Default)]
struct Received {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    ended: bool,
}

/// Why a wait failed. Each shows the end of the transcript.
#[derive(Debug)]
pub enum ConsoleError {
    /// The machine ended before it said so.
    Ended {
        /// What was waited for.
        awaited: String,
        /// The end of the transcript.
        tail: String,
    },
    /// The machine said something that no healthy boot says.
    Forbidden {
        /// What it said.
        said: &'static str,
        /// The end of the transcript.
        tail: String,
    },
    /// The deadline passed.
    TimedOut {
        /// What was waited for.
        awaited: String,
        /// How long.
        patience: Duration,
        /// The end of the transcript.
        tail: String,
    },
    /// The machine does not take input any more.
    Input(io::Error),
}

impl fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { awaited, tail } => write!(
                f,
                "the machine ended while {awaited:?} was awaited; its last words:\n{tail}"
            ),
            Self::Forbidden { said, tail } => {
                write!(f, "the machine said {said:?}; its last words:\n{tail}")
            }
            Self::TimedOut {
                awaited,
                patience,
                tail,
            } => write!(
                f,
                "{awaited:?} did not come within {} s; the last words:\n{tail}",
                patience.as_secs()
            ),
            Self::Input(cause) => write!(f, "cannot type into the machine: {cause}"),
        }
    }
}

impl std::error::Error for ConsoleError {}

impl Console {
    /// Listens to `output`, keeping everything in `transcript` too, and types into `input`.
    ///
    /// # Errors
    /// The transcript cannot be made.
    pub fn new(
        output: impl Read + Send + 'static,
        input: impl Write + Send + 'static,
        transcript: &Path,
    ) -> io::Result<Self> {
        let file = File::create(transcript)?;
        let received = Arc::new(Received::default());
        let listener = Arc::clone(&received);
        std::thread::spawn(move || listener.listen(output, file));
        Ok(Self {
            received,
            input: Box::new(input),
            cursor: 0,
            searched: 0,
            forbidden: FORBIDDEN.to_vec(),
        })
    }

    /// Lets a scenario provoke what no healthy boot says.
    pub fn allow(&mut self, words: &str) {
        self.forbidden.retain(|forbidden| *forbidden != words);
    }

    /// Lets a scenario name what must not be said beside what no healthy boot says, behind what
    /// was waited for.
    pub fn forbid(&mut self, words: &'static str) {
        self.searched = self.searched.max(self.cursor);
        self.forbidden.push(words);
    }

    /// Waits for `text` behind everything that was waited for before.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn expect(&mut self, text: &str, patience: Duration) -> Result<(), ConsoleError> {
        self.read_until(text, patience).map(|_| ())
    }

    /// Like [`expect`](Self::expect), and returns what came before `text`.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn read_until(&mut self, text: &str, patience: Duration) -> Result<String, ConsoleError> {
        let deadline = Instant::now() + patience;
        let received = Arc::clone(&self.received);
        let mut state = received.lock();
        let mut from = self.cursor;
        loop {
            let found = find(&state.bytes, from, text);
            // What stands behind the awaited text belongs to the next wait.
            let end = found.map_or(state.bytes.len(), |at| at + text.len());
            self.refuse_forbidden(&state.bytes[..end])?;
            if let Some(at) = found {
                let before = String::from_utf8_lossy(&state.bytes[self.cursor..at]).into_owned();
                self.cursor = end;
                return Ok(before);
            }
            if state.ended {
                return Err(ConsoleError::Ended {
                    awaited: text.to_owned(),
                    tail: tail(&state.bytes),
                });
            }
            from = overlap(&state.bytes, text.len()).max(self.cursor);
            let now = Instant::now();
            if now >= deadline {
                return Err(ConsoleError::TimedOut {
                    awaited: text.to_owned(),
                    patience,
                    tail: tail(&state.bytes),
                });
            }
            state = received.wait(state, deadline - now);
        }
    }

    /// Waits until the machine has ended: its console is closed.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn expect_end(&mut self, patience: Duration) -> Result<(), ConsoleError> {
        let deadline = Instant::now() + patience;
        let received = Arc::clone(&self.received);
        let mut state = received.lock();
        loop {
            self.refuse_forbidden(&state.bytes)?;
            if state.ended {
                return Ok(());
            }
            let now = Instant::now();
            if now >= deadline {
                return Err(ConsoleError::TimedOut {
                    awaited: "the end of the machine".to_owned(),
                    patience,
                    tail: tail(&state.bytes),
                });
            }
            state = received.wait(state, deadline - now);
        }
    }

    /// Types a line.
    ///
    /// # Errors
    /// [`ConsoleError::Input`]
    pub fn type_line(&mut self, line: &str) -> Result<(), ConsoleError> {
        self.type_bytes(format!("{line}\n").as_bytes())
    }

    /// Types what is no line: a control character.
    ///
    /// # Errors
    /// [`ConsoleError::Input`]
    pub fn type_bytes(&mut self, bytes: &[u8]) -> Result<(), ConsoleError> {
        self.input
            .write_all(bytes)
            .and_then(|()| self.input.flush())
            .map_err(ConsoleError::Input)
    }

    /// Everything that was said up to the last awaited text.
    #[must_use]
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().bytes[..self.cursor]).into_owned()
    }

    fn refuse_forbidden(&mut self, bytes: &[u8]) -> Result<(), ConsoleError> {
        for said in &self.forbidden {
            if find(bytes, self.searched, said).is_some() {
                return Err(ConsoleError::Forbidden {
                    said,
                    tail: tail(bytes),
                });
            }
        }
        let longest = self.forbidden.iter().map(|words| words.len()).max();
        self.searched = overlap(bytes, longest.unwrap_or(0)).max(self.searched);
        Ok(())
    }
}

impl Received {
    fn listen(&self, mut output: impl Read, mut transcript: File) {
        let mut chunk = [0; 4096];
        loop {
            let count = match output.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => break,
                Ok(count) => count,
            };
            // The transcript is for people; a full disk shows in the scenario itself.
            let _ = transcript.write_all(&chunk[..count]);
            self.lock().bytes.extend_from_slice(&chunk[..count]);
            self.changed.notify_all();
        }
        self.lock().ended = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed
            .wait_timeout(state, time)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

fn find(bytes: &[u8], from: usize, text: &str) -> Option<usize> {
    bytes
        .get(from..)?
        .windows(text.len().max(1))
        .position(|window| window == text.as_bytes())
        .map(|at| from + at)
}

/// From where the next search must start so that no match across chunks is missed.
fn overlap(bytes: &[u8], length: usize) -> usize {
    (bytes.len() + 1).saturating_sub(length)
}

fn tail(bytes: &[u8]) -> String {
    let start = bytes.len().saturating_sub(TAIL_BYTES);
    String::from_utf8_lossy(&bytes[start..])
        .replace('\r', "")
        .lines()
        .map(|line| format!("    | {line}\n"))
        .collect()
}

#[cfg(test)]
mod tests;
