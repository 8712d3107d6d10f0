//! What a server's answer says of the file: its length, its version, and which bytes come.

use ureq::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName, LAST_MODIFIED,
};
use ureq::http::{HeaderMap, StatusCode};

use crate::error::HttpError;
use crate::file::Ranges;
use std::ops::Range;

/// What tells one version of a file from another (RFC 9110, section 8.8): an entity tag that
/// is not weak, or the time of its last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Validator(pub(crate) String);

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Of the whole file.
    pub(crate) length_bytes: u64,
    /// The first byte that comes,
    pub(crate) from_bytes: u64,
    /// and the one behind the last.
    pub(crate) to_bytes: u64,
    pub(crate) validator: Option<Validator>,
    pub(crate) ranges: Ranges,
}

/// Why there is nothing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It may be different in a moment.
    NotNow(u16),
    /// It will not.
    Never(HttpError),
}

impl Answer {
    /// Reads the head of an answer.
    pub(crate) fn parse(status: StatusCode, headers: &HeaderMap) -> Result<Self, NoAnswer> {
        let never = |why| Err(NoAnswer::Never(HttpError::Answer(why)));
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if text(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return never("it is encoded, which nobody asked for");
        }
        let strong = |tag: &&str| !tag.starts_with("W/");
        let validator = text(ETAG)
            .filter(strong)
            .or_else(|| text(LAST_MODIFIED))
            .map(|text| Validator(text.to_owned()));
        match status.as_u16() {
            200 => {
                let length = text(CONTENT_LENGTH).and_then(|length| length.parse().ok());
                let length_bytes = length.ok_or(NoAnswer::Never(HttpError::NoLength))?;
                Ok(Self {
                    length_bytes,
                    from_bytes: 0,
                    to_bytes: length_bytes,
                    validator,
                    ranges: Ranges::Ignored,
                })
            }
            206 => match text(CONTENT_RANGE).and_then(parse_range) {
                Some((range, length_bytes)) => Ok(Self {
                    length_bytes,
                    from_bytes: range.start,
                    to_bytes: range.end,
                    validator,
                    ranges: Ranges::Honoured,
                }),
                None => never("it is a part, and does not say which"),
            },
            // Too long a wait, too many requests; and whatever is the server's own fault.
            status @ (408 | 425 | 429 | 500..=599) => Err(NoAnswer::NotNow(status)),
            // There is nothing from there on: the file became shorter.
            416 => Err(NoAnswer::Never(HttpError::Changed)),
            status => Err(NoAnswer::Never(HttpError::Refused { status })),
        }
    }
}

/// `bytes FIRST-LAST/LENGTH`.
fn parse_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, length) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, length): (u64, u64, u64) = (
        first.parse().ok()?,
        last.parse().ok()?,
        length.parse().ok()?,
    );
    (first <= last && last < length).then(|| (first..last + 1, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(status: u16, headers: &[(&'static str, &'static str)]) -> Result<Answer, NoAnswer> {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    ureq::http::HeaderValue::from_static(value),
                )
            })
            .collect();
        Answer::parse(StatusCode::from_u16(status).expect("a status"), &headers)
    }

    #[test]
    fn a_whole_file_and_the_rest_of_one_are_understood() {
        let validator = |text: &str| Some(Validator(text.to_owned()));
        assert_eq!(
            parse(200, &[("content-length", "7"), ("etag", "\"a\"")]),
            Ok(Answer {
                length_bytes: 7,
                from_bytes: 0,
                to_bytes: 7,
                validator: validator("\"a\""),
                ranges: Ranges::Ignored,
            })
        );
        assert_eq!(
            parse(
                206,
                &[
                    ("content-range", "bytes 4-5/7"),
                    ("etag", "W/\"a\""),
                    ("last-modified", "Thu, 26 Nov 2026 01:00:00 GMT")
                ]
            ),
            Ok(Answer {
                length_bytes: 7,
                from_bytes: 4,
                to_bytes: 6,
                validator: validator("Thu, 26 Nov 2026 01:00:00 GMT"),
                ranges: Ranges::Honoured,
            })
        );
    }

    #[test]
    fn what_is_no_answer_is_told_apart_by_whether_waiting_helps() {
        for status in [408, 429, 500, 503] {
            assert_eq!(parse(status, &[]), Err(NoAnswer::NotNow(status)));
        }
        for status in [204, 301, 400, 403, 404, 410] {
            let refused = NoAnswer::Never(HttpError::Refused { status });
            assert_eq!(parse(status, &[]), Err(refused));
        }
        assert_eq!(parse(416, &[]), Err(NoAnswer::Never(HttpError::Changed)));
        assert_eq!(parse(200, &[]), Err(NoAnswer::Never(HttpError::NoLength)));
    }

    #[test]
    fn nonsense_is_refused() {
        for range in [
            "bytes 5-6/*",
            "bytes 5-4/7",
            "bytes 5-7/7",
            "bytes */7",
            "items 5-6/7",
            "5-6/7",
            "bytes 0-18446744073709551615/0",
            "",
        ] {
            let answer = parse(206, &[("content-range", range)]);
            assert!(
                matches!(answer, Err(NoAnswer::Never(HttpError::Answer(_)))),
                "{range}"
            );
        }
        let encoded = parse(
            200,
            &[("content-length", "7"), ("content-encoding", "gzip")],
        );
        assert!(matches!(
            encoded,
            Err(NoAnswer::Never(HttpError::Answer(_)))
        ));
    }
}
