//! The owner's word that nothing is taken for a while.

use serde::{Deserialize, Serialize};
use tuf_client::UtcTime;

/// Whether nothing is taken for a while: `none`, `forever`, or a moment of the form
/// `2026-12-24T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Hold {
    /// Releases are taken.
    None,
    /// Until then none is.
    Until(UtcTime),
    /// None is.
    Forever,
}

impl Hold {
    /// Whether it holds at this moment. A clock that is behind holds for longer.
    #[must_use]
    pub fn holds(self, unix_secs: i64) -> bool {
        match self {
            Self::None => false,
            Self::Until(end) => unix_secs < end.0,
            Self::Forever => true,
        }
    }
}

impl TryFrom<String> for Hold {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "none" => Ok(Self::None),
            "forever" => Ok(Self::Forever),
            _ => UtcTime::try_from(text).map(Self::Until).map_err(|wrong| {
                format!(
                    "cannot hold until {:?}: take none, forever, or a moment such as \
                     2026-12-24T00:00:00Z",
                    wrong.0
                )
            }),
        }
    }
}

impl From<Hold> for String {
    fn from(hold: Hold) -> String {
        match hold {
            Hold::None => "none".to_owned(),
            Hold::Until(end) => end.to_string(),
            Hold::Forever => "forever".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_written_as_it_is_read() {
        for text in ["none", "forever", "2026-12-24T00:00:00Z"] {
            let hold = Hold::try_from(text.to_owned()).expect(text);
            assert_eq!(String::from(hold), text);
        }
        for text in ["", "None", "2026-12-24", "tomorrow"] {
            assert!(Hold::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn it_ends_at_its_moment() {
        let until = Hold::Until(UtcTime(100));
        let table = [
            (Hold::None, 0, false),
            (Hold::Forever, 1 << 40, true),
            (until, 99, true),
            (until, 100, false),
        ];
        for (hold, now, holds) in table {
            assert_eq!(hold.holds(now), holds, "{hold:?} at {now}");
        }
    }
}
