//! Lengths of time, written as `30s`, `1m30s` or `1.5h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time that stands in a snap.yaml; never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// A text that is no length of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationError(String);

const UNITS_NANOS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl FromStr for Span {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let nanos = parse_nanos(text).ok_or_else(|| DurationError(text.to_owned()))?;
        Ok(Span(Duration::from_nanos(nanos)))
    }
}

fn parse_nanos(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" || rest == "-0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos = 0_u64;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(number_end);
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let unit_end = behind.find(is_number).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        let (_, unit_nanos) = UNITS_NANOS.iter().find(|(name, _)| *name == unit)?;
        nanos = nanos.checked_add(parse_part(number, *unit_nanos)?)?;
        rest = behind;
    }
    i64::try_from(nanos).ok()?;
    Some(nanos)
}

/// `1.5` of a unit.
fn parse_part(number: &str, unit_nanos: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    // What is below a nanosecond is nothing.
    let kept = fraction.get(..fraction.len().min(15))?;
    let mut nanos = 0_u128;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if !kept.is_empty() {
        let scale = 10_u128.checked_pow(u32::try_from(kept.len()).ok()?)?;
        nanos = kept.parse::<u128>().ok()?.checked_mul(unit_nanos.into())? / scale;
    }
    let nanos = u64::try_from(nanos).ok()?;
    whole.checked_mul(unit_nanos)?.checked_add(nanos)
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot read {:?} as a length of time: write it as 30s, 1m30s or 500ms, and not \
             below zero",
            self.0
        )
    }
}

impl std::error::Error for DurationError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_units() {
        for (text, millis) in [
            ("30s", 30_000),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            ("500ms", 500),
            ("+2s", 2_000),
            (".5s", 500),
            ("0", 0),
        ] {
            let expected = Span(Duration::from_millis(millis));
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for bad in ["", "30", "s", "-1s", "1.s.", "1x", "1 s", "2562048h", ".s"] {
            assert!(bad.parse::<Span>().is_err(), "{bad:?}");
        }
    }
}
