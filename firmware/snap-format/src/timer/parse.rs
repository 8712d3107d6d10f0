//! From text to a timer.

use super::{Day, DaySpan, Placement, TimeSpan, Timer, TimerError, TimerPart};
use std::str::FromStr;

const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The longest timer, in bytes: every part costs whoever looks for the next moment.
const MAX_BYTES: usize = 1024;

/// How many minutes a day has; a span may end there.
const DAY_MINS: u16 = 24 * 60;

impl FromStr for Timer {
    type Err = TimerError;

    fn from_str(text: &str) -> Result<Self, TimerError> {
        if text.len() > MAX_BYTES {
            return Err(TimerError::NoTime(format!(
                "{}...",
                text.chars().take(16).collect::<String>()
            )));
        }
        let parts = text.split(",,").map(parse_part);
        Ok(Timer {
            parts: parts.collect::<Result<_, _>>()?,
            text: text.to_owned(),
        })
    }
}

fn parse_part(text: &str) -> Result<TimerPart, TimerError> {
    let (mut days, mut times) = (Vec::new(), Vec::new());
    for fragment in text.split(',') {
        if fragment.is_empty() {
            return Err(TimerError::EmptyPart);
        }
        if fragment.contains(':') {
            times.push(parse_times(fragment)?);
        } else if times.is_empty() {
            days.push(parse_days(fragment)?);
        } else {
            return Err(TimerError::NoDay(fragment.to_owned()));
        }
    }
    Ok(TimerPart { days, times })
}

fn parse_days(text: &str) -> Result<DaySpan, TimerError> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (parse_day(first)?, parse_day(last)?);
    let no_weeks = || TimerError::NoWeeks(text.to_owned());
    match (first.week, last.week) {
        // A span may begin in a week and end with a day: that is in the same week.
        (Some(_), None) => Err(no_weeks()),
        (Some(one), Some(other)) if one > other => Err(no_weeks()),
        (Some(one), Some(other)) if one == other && first.weekday > last.weekday => Err(no_weeks()),
        _ => Ok(DaySpan { first, last }),
    }
}

fn parse_day(text: &str) -> Result<Day, TimerError> {
    let no_day = || TimerError::NoDay(text.to_owned());
    let (name, week) = match text.as_bytes() {
        [.., digit] if digit.is_ascii_digit() => {
            let (name, _) = text.split_at(text.len() - 1);
            (name, Some(digit - b'0'))
        }
        _ => (text, None),
    };
    let weekday = WEEKDAYS.iter().position(|day| *day == name);
    let weekday = weekday.and_then(|day| u8::try_from(day).ok());
    let weekday = weekday.ok_or_else(no_day)?;
    if week.is_some_and(|week| !(1..=5).contains(&week)) {
        return Err(TimerError::NoWeeks(text.to_owned()));
    }
    Ok(Day { weekday, week })
}

fn parse_times(text: &str) -> Result<TimeSpan, TimerError> {
    let (span, split) = match text.split_once('/') {
        Some((span, split)) => (span, parse_split(split)?),
        None => (text, 1),
    };
    let (begin, end, placement) = if let Some((begin, end)) = span.split_once('~') {
        (begin, end, Placement::Anywhere)
    } else if let Some((begin, end)) = span.split_once('-') {
        (begin, end, Placement::Begin)
    } else {
        (span, span, Placement::Begin)
    };
    Ok(TimeSpan {
        begin_mins: parse_time(begin)?,
        end_mins: parse_time(end)?,
        split,
        placement,
    })
}

fn parse_split(text: &str) -> Result<u16, TimerError> {
    let split = text.parse().ok();
    split
        .filter(|split| (1..=DAY_MINS).contains(split) && !text.starts_with('+'))
        .ok_or_else(|| TimerError::NoSplit(text.to_owned()))
}

fn parse_time(text: &str) -> Result<u16, TimerError> {
    let minutes = || {
        let (hours, minutes) = text.split_once(':')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(hours) || !digits(minutes) || !(1..=2).contains(&hours.len()) {
            return None;
        }
        let hours: u16 = hours.parse().ok()?;
        let minutes: u16 = Some(minutes).filter(|text| text.len() == 2)?.parse().ok()?;
        let total = hours * 60 + minutes;
        (minutes < 60 && total <= DAY_MINS).then_some(total)
    };
    minutes().ok_or_else(|| TimerError::NoTime(text.to_owned()))
}
