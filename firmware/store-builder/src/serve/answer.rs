//! A request and the files, to an answer.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What counts of a request.
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) unless: Option<String>,
    pub(super) range: Option<String>,
    pub(super) if_range: Option<String>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Body>,
}

/// A piece of a file.
pub(super) struct Body {
    pub(super) file: File,
    pub(super) offset_bytes: u64,
    pub(super) length_bytes: u64,
}

impl Answer {
    pub(super) fn empty(status: u16) -> Self {
        Answer {
            status,
            headers: Vec::new(),
            body: None,
        }
    }
}

pub(super) fn answer(root: &Path, asked: &Asked) -> Answer {
    let Some(path) = place(root, &asked.path) else {
        return Answer::empty(404);
    };
    let file = File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
    let Ok((metadata, file)) = file else {
        return Answer::empty(404);
    };
    if !metadata.is_file() {
        return Answer::empty(404);
    }
    let length_bytes = metadata.len();
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let nanoseconds = modified.map_or(0, |time| time.as_nanos());
    let tag = format!("\"{length_bytes:x}-{nanoseconds:x}\"");
    let mut headers = vec![
        ("ETag", tag.clone()),
        ("Accept-Ranges", "bytes".to_owned()),
        ("Cache-Control", cache_control(&path).to_owned()),
    ];
    let unchanged = |tags: &String| tags.split(',').any(|one| one.trim() == tag);
    if asked.unless.as_ref().is_some_and(unchanged) {
        return Answer {
            status: 304,
            headers,
            body: None,
        };
    }
    let same = asked.if_range.as_ref().is_none_or(|known| *known == tag);
    let range = asked.range.as_ref().filter(|_| same);
    let (status, first, last) = match range.map(|text| parse_range(text, length_bytes)) {
        None | Some(Range::Ignored) => (200, 0, length_bytes),
        Some(Range::Unsatisfiable) => {
            let mut answer = Answer::empty(416);
            answer
                .headers
                .push(("Content-Range", format!("bytes */{length_bytes}")));
            return answer;
        }
        Some(Range::Bytes(first, end)) => (206, first, end),
    };
    if status == 206 {
        let range = format!("bytes {first}-{}/{length_bytes}", last - 1);
        headers.push(("Content-Range", range));
    }
    let body = Body {
        file,
        offset_bytes: first,
        length_bytes: last - first,
    };
    Answer {
        status,
        headers,
        body: Some(body),
    }
}

/// Only the timestamp ever changes.
fn cache_control(path: &Path) -> &'static str {
    if path
        .file_name()
        .is_some_and(|name| name == crate::layout::TIMESTAMP_FILE)
    {
        "no-cache"
    } else {
        "public, max-age=31536000, immutable"
    }
}

/// The file below `root`. Nothing that begins with a dot is anybody's: not `..`, and not a
/// draft.
fn place(root: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split('?').next()?.strip_prefix('/')?;
    let decoded = decode(path)?;
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('\0');
    decoded.split('/').all(plain).then(|| root.join(&decoded))
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [char::from(rest.next()?), char::from(rest.next()?)];
                let [high, low] = digits.map(|digit| digit.to_digit(16));
                u8::try_from(high? << 4 | low?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// From the first to before the second.
    Bytes(u64, u64),
    Unsatisfiable,
    /// Another unit, or several ranges: the whole file is an answer, too (RFC 9110, 14.2).
    Ignored,
}

fn parse_range(text: &str, length_bytes: u64) -> Range {
    let parsed = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'));
    let Some((first, last)) = parsed else {
        return Range::Ignored;
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let (first, end) = match (first, last) {
        ("", suffix) => match number(suffix) {
            Some(count) => (length_bytes.saturating_sub(count), length_bytes),
            None => return Range::Ignored,
        },
        (first, "") => match number(first) {
            Some(first) => (first, length_bytes),
            None => return Range::Ignored,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => {
                (first, last.saturating_add(1).min(length_bytes))
            }
            _ => return Range::Ignored,
        },
    };
    if first < end {
        Range::Bytes(first, end)
    } else {
        Range::Unsatisfiable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (text, range) in [
            ("bytes=0-0", Range::Bytes(0, 1)),
            ("bytes=2-", Range::Bytes(2, 10)),
            ("bytes=-3", Range::Bytes(7, 10)),
            ("bytes=-30", Range::Bytes(0, 10)),
            ("bytes=5-99", Range::Bytes(5, 10)),
            ("bytes=10-", Range::Unsatisfiable),
            ("bytes=-0", Range::Unsatisfiable),
            ("bytes=5-4", Range::Ignored),
            ("bytes=0-1,3-4", Range::Ignored),
            ("lines=0-1", Range::Ignored),
            ("bytes=0-18446744073709551615", Range::Bytes(0, 10)),
        ] {
            assert_eq!(parse_range(text, 10), range, "{text}");
        }
    }

    #[test]
    fn nobody_leaves_the_directory() {
        let root = Path::new("/srv");
        assert_eq!(
            place(root, "/a/b%20c?x=1"),
            Some(PathBuf::from("/srv/a/b c"))
        );
        for url in [
            "/../x",
            "/a/%2e%2e/x",
            "//etc/x",
            "/a/.x.draft",
            "x",
            "/%",
            "/%zz",
            "/a%00",
            "/",
        ] {
            assert_eq!(place(root, url), None, "{url}");
        }
    }
}
