//! Several measurements of the same thing.

use serde::Serialize;

/// The smallest, the middle and the largest of several measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The smallest.
    pub min: u64,
    /// The middle one; of an even number, the lower of the two in the middle.
    pub median: u64,
    /// The largest.
    pub max: u64,
}

impl Figures {
    /// Of `measured`; `None` when nothing was measured.
    pub(crate) fn of(mut measured: Vec<u64>) -> Option<Self> {
        measured.sort_unstable();
        Some(Self {
            min: *measured.first()?,
            median: *measured.get((measured.len() - 1) / 2)?,
            max: *measured.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_one_is_one_that_was_measured() {
        let expected = |min, median, max| Some(Figures { min, median, max });
        assert_eq!(Figures::of(vec![9, 1, 5]), expected(1, 5, 9));
        assert_eq!(Figures::of(vec![4, 3]), expected(3, 3, 4));
        assert_eq!(Figures::of(vec![]), None);
    }
}
