//! The log of a service: what it writes to its standard output and error, bounded.
//!
//! In memory: snaps write as much as they like, and cards wear out. Each line gets its time.
//! At the limit the file becomes `NAME.APP.log.1`, in place of the one before.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const LIMIT_BYTES: u64 = 64 << 10;
/// A longer line is cut into several.
const LINE_BYTES: u64 = 2048;

/// A log that is written.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    limit_bytes: u64,
}

impl Log {
    /// The log of `service` in `directory`, which is there.
    pub(crate) fn new(directory: &Path, service: &str) -> Self {
        Self {
            path: path_of(directory, service),
            limit_bytes: LIMIT_BYTES,
        }
    }

    /// Keeps what comes out of `pipe`, in a thread, until everybody has closed its other end.
    pub(crate) fn keep(self, pipe: impl Read + Send + 'static) {
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while let Ok(1..) = pipe.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
                self.append(&line, SystemTime::now());
                line.clear();
            }
        });
    }

    fn append(&self, line: &[u8], at: SystemTime) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let mut entry = format!("{} ", time_text(at)).into_bytes();
        entry.extend_from_slice(line);
        entry.push(b'\n');
        let length_bytes = fs::metadata(&self.path).map_or(0, |file| file.len());
        if length_bytes + entry.len() as u64 > self.limit_bytes {
            let _ = fs::rename(&self.path, older(&self.path));
        }
        // Who cannot write loses lines: the service runs on.
        let file = File::options().append(true).create(true).open(&self.path);
        let _ = file.and_then(|mut file| file.write_all(&entry));
    }
}

/// The last `lines` lines of a service's log, oldest first.
///
/// # Errors
/// It cannot be read. A service that said nothing has no lines.
pub fn tail(directory: &Path, service: &str, lines: usize) -> io::Result<Vec<String>> {
    let path = path_of(directory, service);
    let mut text = Vec::new();
    for path in [older(&path), path] {
        match fs::read(&path) {
            Ok(content) => text.extend(content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let text = String::from_utf8_lossy(&text);
    let all: Vec<_> = text.lines().map(str::to_owned).collect();
    let from = all.len().saturating_sub(lines);
    Ok(all[from..].to_vec())
}

/// Follows a log: what was written since the last look.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    seen_bytes: u64,
    inode: Option<u64>,
}

impl Follower {
    /// From the log's present end on.
    #[must_use]
    pub fn from_end(directory: &Path, service: &str) -> Self {
        use std::os::unix::fs::MetadataExt;
        let path = path_of(directory, service);
        let metadata = fs::metadata(&path).ok();
        Self {
            seen_bytes: metadata.as_ref().map_or(0, fs::Metadata::len),
            inode: metadata.map(|metadata| metadata.ino()),
            path,
        }
    }

    /// From the oldest line that the log has on.
    #[must_use]
    pub fn from_start(directory: &Path, service: &str) -> Self {
        use std::os::unix::fs::MetadataExt;
        let path = path_of(directory, service);
        // As if the older file were still the one that is written.
        let metadata = fs::metadata(older(&path)).ok();
        Self {
            seen_bytes: 0,
            inode: metadata.map(|metadata| metadata.ino()),
            path,
        }
    }

    /// The whole lines that came since; none if nothing did.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn look(&mut self) -> io::Result<Vec<String>> {
        let mut text = Vec::new();
        if self.was_replaced()? {
            // Its end is in the older file by now.
            let end = read_from(&older(&self.path), self.seen_bytes)?;
            text.extend(whole_lines(&end));
            self.seen_bytes = 0;
        }
        let new = read_from(&self.path, self.seen_bytes)?;
        let whole = whole_lines(&new);
        self.seen_bytes += whole.len() as u64;
        text.extend(whole);
        let text = String::from_utf8_lossy(&text);
        Ok(text.lines().map(str::to_owned).collect())
    }

    fn was_replaced(&mut self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let inode = match fs::metadata(&self.path) {
            Ok(metadata) => metadata.ino(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let before = self.inode.replace(inode);
        Ok(before.is_some_and(|before| before != inode))
    }
}

fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    &bytes[..end.map_or(0, |end| end + 1)]
}

fn read_from(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    use std::io::{Seek, SeekFrom};
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn path_of(directory: &Path, service: &str) -> PathBuf {
    directory.join(format!("{service}.log"))
}

fn older(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

/// As in RFC 3339, UTC, by the second.
fn time_text(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let secs = since.as_secs();
    let (year, month, day) = crate::calendar::date_of(secs / 86_400);
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_795_694_400;

    fn log(directory: &Path, limit_bytes: u64) -> Log {
        Log {
            limit_bytes,
            ..Log::new(directory, "web.web")
        }
    }

    fn at(secs: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOON + secs)
    }

    #[test]
    fn a_line_has_its_time() {
        let directory = tempfile::tempdir().unwrap();
        log(directory.path(), 1000).append(b"hello\n", at(1));
        let found = tail(directory.path(), "web.web", 10).unwrap();
        assert_eq!(found, ["2026-11-26T12:00:01Z hello"]);
        assert!(tail(directory.path(), "web.other", 10).unwrap().is_empty());
    }

    #[test]
    fn a_log_never_takes_more_than_twice_its_limit() {
        let directory = tempfile::tempdir().unwrap();
        let log = log(directory.path(), 200);
        for number in 0..50 {
            log.append(format!("line {number:04}").as_bytes(), at(number));
        }
        let size = |name| fs::metadata(directory.path().join(name)).unwrap().len();
        assert!(size("web.web.log") <= 200 && size("web.web.log.1") <= 200);
        let found = tail(directory.path(), "web.web", 2).unwrap();
        let ends: Vec<_> = found.iter().map(|line| &line[21..]).collect();
        assert_eq!(ends, ["line 0048", "line 0049"]);
    }

    #[test]
    fn a_follower_misses_no_line_and_hears_none_twice() {
        let directory = tempfile::tempdir().unwrap();
        let log = log(directory.path(), 200);
        log.append(b"before", at(0));
        let mut follower = Follower::from_end(directory.path(), "web.web");
        assert!(follower.look().unwrap().is_empty());
        let mut heard = Vec::new();
        for number in 0..40 {
            log.append(format!("line {number:04}").as_bytes(), at(number));
            if number % 3 == 0 {
                heard.extend(follower.look().unwrap());
            }
        }
        heard.extend(follower.look().unwrap());
        let numbers: Vec<usize> = heard
            .iter()
            .map(|line| line[26..].parse().unwrap())
            .collect();
        assert_eq!(numbers, (0..40).collect::<Vec<_>>());
    }
}
