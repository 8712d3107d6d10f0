//! The log of a service: what it writes to its standard output and error, bounded.
//!
//! A thread of its own reads the pipe and writes the file, so that neither a service that
//! writes without end nor a disk that hangs keeps PID 1 from its work. At the limit the
//! file becomes `NAME.log.1`, in place of the one before.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use system_update::ServiceReport;

const LIMIT_BYTES: u64 = 256 << 10;
/// A longer line is cut into several.
const LINE_BYTES: u64 = 4096;

/// Keeps what comes out of `pipe` until everybody has closed its other end.
pub(crate) fn keep(service: &str, pipe: impl Read + Send + 'static) {
    let mut log = BoundedLog::new(Path::new(ServiceReport::LOGS), service, LIMIT_BYTES);
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while let Ok(1..) = pipe.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
            log.append(&line);
            line.clear();
        }
    });
}

struct BoundedLog {
    path: PathBuf,
    limit_bytes: u64,
}

impl BoundedLog {
    fn new(directory: &Path, service: &str, limit_bytes: u64) -> Self {
        // Without it every append fails, and the lines are lost: the service runs on.
        let _ = fs::create_dir_all(directory);
        Self {
            path: directory.join(format!("{service}.log")),
            limit_bytes,
        }
    }

    fn append(&mut self, line: &[u8]) {
        let length_bytes = fs::metadata(&self.path).map_or(0, |file| file.len());
        if length_bytes + line.len() as u64 > self.limit_bytes {
            let _ = fs::rename(&self.path, self.path.with_extension("log.1"));
        }
        let file = File::options().append(true).create(true).open(&self.path);
        let Ok(mut file) = file else { return };
        let _ = file.write_all(line);
        if line.last() != Some(&b'\n') {
            let _ = file.write_all(b"\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_never_takes_more_than_twice_its_limit() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = BoundedLog::new(directory.path(), "web", 100);
        for number in 0..50 {
            log.append(format!("line {number:04}\n").as_bytes());
        }
        let read = |name| fs::read_to_string(directory.path().join(name)).unwrap();
        let (new, old) = (read("web.log"), read("web.log.1"));
        assert!(new.len() <= 100 && old.len() <= 100);
        assert!(new.ends_with("line 0049\n"));
        // Nothing between the two was lost.
        let first = new.lines().next().unwrap();
        let last: usize = old.lines().last().unwrap()[5..].parse().unwrap();
        assert_eq!(first, format!("line {:04}", last + 1));
    }

    #[test]
    fn a_line_without_an_end_gets_one() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = BoundedLog::new(directory.path(), "web", 100);
        log.append(b"cut");
        let content = fs::read_to_string(directory.path().join("web.log")).unwrap();
        assert_eq!(content, "cut\n");
    }
}
