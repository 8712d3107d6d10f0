//! The socket at which a service says that it is ready, and that it lives: `sd_notify(3)`.

use rustix::fs::{Mode, chmod};
use std::fs;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// A message is some words.
const MESSAGE_BYTES: usize = 4096;

/// What a service says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Ready,
    Alive,
    Status(String),
}

/// A socket of one service, until it is dropped.
#[derive(Debug)]
pub(crate) struct NotifySocket {
    path: PathBuf,
    socket: UnixDatagram,
}

impl NotifySocket {
    /// Opens the socket `path`; each word comes to `hear`, from a thread of its own.
    pub(crate) fn open(
        path: &Path,
        mut hear: impl FnMut(Word) + Send + 'static,
    ) -> io::Result<Self> {
        let _ = fs::remove_file(path);
        let socket = UnixDatagram::bind(path)?;
        // Only the service sees it: the directory is root's.
        chmod(path, Mode::from_raw_mode(0o666))?;
        let ear = socket.try_clone()?;
        std::thread::spawn(move || {
            let mut message = [0; MESSAGE_BYTES];
            // Shut down, it hears nothing of no length.
            while let Ok(length @ 1..) = ear.recv(&mut message) {
                words_of(&message[..length]).for_each(&mut hear);
            }
        });
        Ok(Self {
            path: path.to_owned(),
            socket,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        let _ = fs::remove_file(&self.path);
    }
}

fn words_of(message: &[u8]) -> impl Iterator<Item = Word> {
    let lines = message.split(|byte| *byte == b'\n');
    lines.filter_map(|line| match line {
        b"READY=1" => Some(Word::Ready),
        b"WATCHDOG=1" => Some(Word::Alive),
        _ => {
            let status = line.strip_prefix(b"STATUS=")?;
            let plain = |byte: &u8| !byte.is_ascii_control();
            let status: Vec<u8> = status.iter().copied().filter(plain).take(200).collect();
            Some(Word::Status(String::from_utf8_lossy(&status).into_owned()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_service_says_what_it_has_to_say() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("web.web");
        let (said, heard) = mpsc::channel();
        let socket = NotifySocket::open(&path, move |word| said.send(word).unwrap()).unwrap();
        let service = UnixDatagram::unbound().unwrap();
        for message in ["READY=1\nSTATUS=well\x1b[2J\n", "MAINPID=1", "WATCHDOG=1"] {
            service.send_to(message.as_bytes(), socket.path()).unwrap();
        }
        let words: Vec<_> = (0..3).map(|_| heard.recv().unwrap()).collect();
        assert_eq!(
            words,
            [Word::Ready, Word::Status("well[2J".to_owned()), Word::Alive]
        );
        drop(socket);
        assert!(heard.recv().is_err(), "the thread has ended");
        assert!(!path.exists());
    }
}
