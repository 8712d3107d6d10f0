//! The end of the kernel's log, where PID 1's own lines stand too: what a person would
//! have seen last on the console.

mod end;

pub(crate) use end::end_of;

use image_format::Lines;
use rustix::fs::OFlags;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;

const LOG: &str = "/dev/kmsg";
/// More than a record of the log can have.
const RECORD_BYTES: usize = 8 << 10;
const MOST_LINES: usize = 14;

/// The last lines, as many as an event has room for; `None` when there is nothing to read.
pub(crate) fn last_lines() -> Option<Lines> {
    let mut log = File::options()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(LOG)
        .ok()?;
    let mut lines = VecDeque::new();
    let mut record = vec![0; RECORD_BYTES];
    // Each read gives one record; an error is the end, or a record that was overwritten.
    loop {
        match log.read(&mut record) {
            Ok(length) => {
                let line = record.get(..length).and_then(text_of);
                lines.extend(line);
                if lines.len() > MOST_LINES {
                    lines.pop_front();
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            Err(_) => break,
        }
    }
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    end_of(&lines)
}

/// `PRIORITY,SEQUENCE,TIME,FLAGS;TEXT`, with continuation lines that begin with a blank.
fn text_of(record: &[u8]) -> Option<String> {
    let record = String::from_utf8_lossy(record);
    let (_, text) = record.split_once(';')?;
    let line = text.lines().next()?.trim_end();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_its_first_line() {
        let record = b"12,339,5140900,-;NET: Registered\n SUBSYSTEM=net\n";
        assert_eq!(text_of(record).as_deref(), Some("NET: Registered"));
        assert_eq!(text_of(b"no record"), None);
        assert_eq!(text_of(b"1,2,3,-;\n"), None);
    }

    #[test]
    fn the_last_lines_that_fit_are_kept_whole() {
        assert_eq!(end_of(&[]), None);
        assert_eq!(end_of(&["a", "b"]).as_deref(), Some("a\nb\n"));
        let long = "x".repeat(600);
        let lines = ["first", &long, &long];
        assert_eq!(end_of(&lines).as_deref(), Some(&*format!("{long}\n")));
        assert_eq!(end_of(&["x".repeat(2000).as_str()]), None);
    }
}
