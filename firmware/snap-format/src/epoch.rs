//! Which forms of its own data a snap reads and writes.
//!
//! `3` reads and writes the third form. `3*` reads the second, too: it migrates. Lists say
//! the same at length. A snap may follow another if it reads what that one wrote.

use std::fmt;
use std::str::FromStr;

/// The most numbers in a list.
const MAX_NUMBERS: usize = 10;

/// The forms of data that a snap knows. Both lists rise, and have a number in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    read: Vec<u32>,
    write: Vec<u32>,
}

/// An epoch that says nothing, or contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EpochError {
    /// Neither `N` nor `N*`.
    NoNumber(String),
    /// Nothing comes before `0`.
    ZeroStar,
    /// A list without a number.
    EmptyList,
    /// More than ten numbers.
    LongList,
    /// A number that is not greater than the one before it.
    NotRising,
    /// Nothing that is written is read.
    NothingInCommon,
}

impl Epoch {
    /// From lists as they stand in snap.yaml: what is left out follows from the other.
    ///
    /// # Errors
    /// The lists are empty, too long, do not rise, or have nothing in common.
    pub fn from_lists(read: Option<Vec<u32>>, write: Option<Vec<u32>>) -> Result<Self, EpochError> {
        let (read, write) = match (read, write) {
            (None, None) => return Ok(Epoch::default()),
            (None, Some(write)) => (write.clone(), write),
            (Some(read), None) => {
                let last = read.last().copied();
                (read, last.into_iter().collect())
            }
            (Some(read), Some(write)) => (read, write),
        };
        for list in [&read, &write] {
            if list.is_empty() {
                return Err(EpochError::EmptyList);
            }
            if list.len() > MAX_NUMBERS {
                return Err(EpochError::LongList);
            }
            if !list.is_sorted_by(|one, next| one < next) {
                return Err(EpochError::NotRising);
            }
        }
        if !write.iter().any(|number| read.contains(number)) {
            return Err(EpochError::NothingInCommon);
        }
        Ok(Epoch { read, write })
    }

    /// What it reads.
    #[must_use]
    pub fn read(&self) -> &[u32] {
        &self.read
    }

    /// What it may leave behind.
    #[must_use]
    pub fn write(&self) -> &[u32] {
        &self.write
    }

    /// Whether a snap of this epoch can go on with the data of one of the epoch `other`.
    #[must_use]
    pub fn can_read(&self, other: &Epoch) -> bool {
        other.write.iter().any(|number| self.read.contains(number))
    }
}

impl Default for Epoch {
    fn default() -> Self {
        Epoch {
            read: vec![0],
            write: vec![0],
        }
    }
}

impl FromStr for Epoch {
    type Err = EpochError;

    fn from_str(text: &str) -> Result<Self, EpochError> {
        let (digits, star) = match text.strip_suffix('*') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        let number = parse_number(digits)?;
        let read = match number.checked_sub(1) {
            Some(before) if star => vec![before, number],
            None if star => return Err(EpochError::ZeroStar),
            _ => vec![number],
        };
        let write = vec![number];
        Ok(Epoch { read, write })
    }
}

/// In base ten, without a sign and without zeros in front.
pub(crate) fn parse_number(text: &str) -> Result<u32, EpochError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    match text.parse() {
        Ok(number) if plain && !padded => Ok(number),
        _ => Err(EpochError::NoNumber(text.to_owned())),
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.read.as_slice(), self.write.as_slice()) {
            ([read], [write]) if read == write => write!(f, "{write}"),
            ([before, read], [write]) if read == write && before + 1 == *read => {
                write!(f, "{write}*")
            }
            (read, write) => write!(f, "{{\"read\":{read:?},\"write\":{write:?}}}"),
        }
    }
}

impl fmt::Display for EpochError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber(text) => write!(
                f,
                "cannot use {text:?} in an epoch: give a number below 2^32 without zeros in \
                 front, as in 3 or 3*"
            ),
            Self::ZeroStar => f.write_str("cannot read what came before 0: give 0, or 1*"),
            Self::EmptyList => f.write_str("an epoch's list is empty; remove it or give a number"),
            Self::LongList => write!(f, "an epoch's list has at most {MAX_NUMBERS} numbers"),
            Self::NotRising => f.write_str("the numbers of an epoch's list have to rise"),
            Self::NothingInCommon => {
                f.write_str("a snap has to read something that it writes: give both lists a number")
            }
        }
    }
}

impl std::error::Error for EpochError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(text: &str) -> Epoch {
        text.parse().expect(text)
    }

    #[test]
    fn the_short_form_says_what_the_lists_would() {
        assert_eq!(epoch("0"), Epoch::default());
        assert_eq!(
            Ok(epoch("3*")),
            Epoch::from_lists(Some(vec![2, 3]), Some(vec![3]))
        );
        assert_eq!(epoch("3*").to_string(), "3*");
        for bad in ["", "*", "0*", "03", "-1", "1.0", "4294967296", "x", "1**"] {
            assert!(bad.parse::<Epoch>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn lists_rise_and_meet() {
        let of = |read: &[u32], write: &[u32]| {
            Epoch::from_lists(Some(read.to_vec()), Some(write.to_vec()))
        };
        assert!(of(&[1, 2], &[2]).is_ok());
        assert_eq!(of(&[2, 2], &[2]), Err(EpochError::NotRising));
        assert_eq!(of(&[1], &[2]), Err(EpochError::NothingInCommon));
        assert_eq!(of(&[], &[2]), Err(EpochError::EmptyList));
        let long: Vec<u32> = (0..11).collect();
        assert_eq!(of(&long, &[2]), Err(EpochError::LongList));
        let write_only = Epoch::from_lists(None, Some(vec![1, 2])).expect("lists");
        assert_eq!(write_only.read(), [1, 2]);
        let read_only = Epoch::from_lists(Some(vec![1, 2]), None).expect("lists");
        assert_eq!(read_only.write(), [2]);
    }

    #[test]
    fn a_snap_follows_another_whose_data_it_reads() {
        assert!(epoch("1*").can_read(&epoch("0")));
        assert!(!epoch("1").can_read(&epoch("0")));
        assert!(!epoch("0").can_read(&epoch("1*")));
    }
}
