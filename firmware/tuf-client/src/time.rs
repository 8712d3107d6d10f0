//! Moments as TUF writes them: whole seconds of UTC.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970. In metadata `2026-11-26T01:02:03Z`, and no other form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UtcTime(pub i64);

/// A text that is no moment as TUF writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoUtcTime(pub String);

impl UtcTime {
    /// The machine's clock. A device gives its watermark instead.
    pub fn of_this_machine() -> Self {
        let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |s| -s),
        };
        UtcTime(seconds)
    }
}

impl TryFrom<String> for UtcTime {
    type Error = NoUtcTime;

    fn try_from(text: String) -> Result<Self, NoUtcTime> {
        parse(text.as_bytes()).ok_or(NoUtcTime(text))
    }
}

fn parse(text: &[u8]) -> Option<UtcTime> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let form = b"0000-00-00T00:00:00Z";
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    if !text.iter().zip(form).all(fits) {
        return None;
    }
    let number = |digits: std::ops::Range<usize>| {
        text[digits]
            .iter()
            .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
    };
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    let time = UtcTime(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second);
    // A day, an hour or a second that does not exist comes back as another one.
    (time.to_string().as_bytes() == text).then_some(time)
}

/// Days from 1970-01-01 in the Gregorian calendar; years begin in March here, so that the
/// leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, second) = (
            self.0.div_euclid(86_400) + 719_468,
            self.0.rem_euclid(86_400),
        );
        let (era, day_of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

impl From<UtcTime> for String {
    fn from(time: UtcTime) -> String {
        time.to_string()
    }
}

impl fmt::Display for NoUtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no time like 2026-11-26T01:02:03Z", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<i64> {
        UtcTime::try_from(text.to_owned()).ok().map(|time| time.0)
    }

    #[test]
    fn moments_are_read_and_written() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2038-01-19T03:14:08Z", 1 << 31),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(parsed(text), Some(seconds), "{text}");
            assert_eq!(UtcTime(seconds).to_string(), text);
        }
    }

    #[test]
    fn another_form_or_a_day_that_does_not_exist_is_refused() {
        for text in [
            "",
            "2026-11-26",
            "2026-11-26T01:02:03",
            "2026-11-26T01:02:03+00:00",
            "2026-11-26T01:02:03.5Z",
            "2026-11-26t01:02:03z",
            "2026-11-26 01:02:03Z",
            "2025-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "+026-01-01T00:00:00Z",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_800_years_comes_back() {
        for day in -100_000..192_194 {
            let time = UtcTime(day * 86_400 + 1);
            assert_eq!(parse(time.to_string().as_bytes()), Some(time));
        }
    }
}
