//! Numbers of variable length, as steps and runs have them.

use crate::PatchError;

const GROUP_BITS: u32 = 7;
const MORE: u8 = 0x80;

/// Takes the next number off `bytes`.
pub(crate) fn take(bytes: &mut &[u8]) -> Result<u64, PatchError> {
    const BAD: PatchError = PatchError::Damaged("a number");
    let mut number = 0_u64;
    let mut shift = 0;
    loop {
        let (byte, rest) = bytes.split_first().ok_or(BAD)?;
        *bytes = rest;
        let group = u64::from(byte & !MORE);
        let placed = group.checked_shl(shift).ok_or(BAD)?;
        if placed >> shift != group {
            return Err(BAD);
        }
        number |= placed;
        if byte & MORE == 0 {
            return Ok(number);
        }
        shift += GROUP_BITS;
    }
}

/// The place that lies `distance`, as it stands in a patch, from `place`.
pub(crate) fn moved(place: u64, distance: u64) -> Option<u64> {
    let way = distance / 2;
    if distance.is_multiple_of(2) {
        place.checked_add(way)
    } else {
        place.checked_sub(way + 1)
    }
}

/// Appends a number.
#[cfg(any(test, feature = "make"))]
pub(crate) fn put(mut number: u64, into: &mut Vec<u8>) {
    while number >= u64::from(MORE) {
        into.push(number as u8 | MORE);
        number >>= GROUP_BITS;
    }
    into.push(number as u8);
}

/// The distance between two places, as it stands in a patch.
#[cfg(any(test, feature = "make"))]
pub(crate) fn distance(from: u64, to: u64) -> u64 {
    if to >= from {
        2 * (to - from)
    } else {
        2 * (from - to) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put(number, &mut bytes);
            let mut rest = bytes.as_slice();
            assert_eq!(take(&mut rest).ok(), Some(number));
            assert!(rest.is_empty());
            let mut short = &bytes[..bytes.len() - 1];
            assert!(take(&mut short).is_err(), "{number} cut off");
        }
    }

    #[test]
    fn the_forms_are_these() {
        let mut bytes = Vec::new();
        put(300, &mut bytes);
        assert_eq!(bytes, [0xac, 0x02]);
        assert_eq!((distance(10, 13), distance(13, 10)), (6, 5));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut long: &[u8] = &[0xff; 11];
        assert!(take(&mut long).is_err());
        let mut too_large: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert!(take(&mut too_large).is_err());
    }

    #[test]
    fn places_move_both_ways_and_not_off_the_ends() {
        for (from, to) in [(0, 0), (5, 9), (9, 5), (1, 0)] {
            assert_eq!(moved(from, distance(from, to)), Some(to));
        }
        assert_eq!(moved(0, 1), None);
        assert_eq!(moved(u64::MAX, 2), None);
        assert_eq!(moved(0, u64::MAX), None);
    }
}
