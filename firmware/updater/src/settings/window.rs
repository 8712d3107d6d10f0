//! A part of each day.

use serde::{Deserialize, Serialize};

const DAY_MINUTES: i64 = 24 * 60;

/// A part of each day, in UTC: `22:30-05:00`. It may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    /// Its first minute of the day.
    from_minutes: u16,
    /// The minute behind it.
    to_minutes: u16,
}

impl Window {
    /// Whether this moment lies in it.
    #[must_use]
    pub fn holds(self, unix_secs: i64) -> bool {
        let minute = unix_secs.div_euclid(60).rem_euclid(DAY_MINUTES);
        let (from, to) = (i64::from(self.from_minutes), i64::from(self.to_minutes));
        if from < to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        }
    }
}

fn parse(text: &str) -> Option<Window> {
    let (from, to) = text.split_once('-')?;
    let window = Window {
        from_minutes: parse_minutes(from)?,
        to_minutes: parse_minutes(to)?,
    };
    (window.from_minutes != window.to_minutes).then_some(window)
}

/// `HH:MM`, both digits each.
fn parse_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str, below: u16| {
        let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: u16 = digits.parse().ok()?;
        (two && number < below).then_some(number)
    };
    Some(number(hours, 24)? * 60 + number(minutes, 60)?)
}

impl TryFrom<String> for Window {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse(&text).ok_or_else(|| {
            format!("cannot use {text:?} as a window: write it in UTC as 22:30-05:00")
        })
    }
}

impl From<Window> for String {
    fn from(window: Window) -> String {
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        format!("{}-{}", time(window.from_minutes), time(window.to_minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_go_over_midnight() {
        let at = |hours: i64, minutes: i64| 20_000 * 86_400 + hours * 3600 + minutes * 60;
        let table = [
            ("01:00-02:30", at(0, 59), false),
            ("01:00-02:30", at(1, 0), true),
            ("01:00-02:30", at(2, 29) + 59, true),
            ("01:00-02:30", at(2, 30), false),
            ("22:30-05:00", at(22, 29), false),
            ("22:30-05:00", at(22, 30), true),
            ("22:30-05:00", at(0, 0), true),
            ("22:30-05:00", at(5, 0), false),
            // A clock before 1970 has a time of day, too.
            ("22:30-05:00", -60, true),
        ];
        for (text, moment, holds) in table {
            let window = Window::try_from(text.to_owned()).expect(text);
            assert_eq!(String::from(window), text);
            assert_eq!(window.holds(moment), holds, "{text} at {moment}");
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in [
            "",
            "1:00-2:00",
            "01:00",
            "01:00-01:00",
            "24:00-01:00",
            "01:60-02:00",
            "01:00-02:00Z",
        ] {
            assert!(Window::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
