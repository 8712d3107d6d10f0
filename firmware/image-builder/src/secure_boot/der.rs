//! The few forms of DER (ITU-T X.690) that certificates and their signatures need.

/// `BOOLEAN` and the like have tags of their own; these are the ones used here.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const UTC_TIME: u8 = 0x17;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// An element: tag, length, content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut encoded = vec![tag];
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|&byte| byte == 0).collect();
    match significant.as_slice() {
        [] => encoded.push(0),
        [short] if *short < 0x80 => encoded.push(*short),
        long => {
            // At most eight bytes.
            encoded.push(0x80 | long.len() as u8);
            encoded.extend(long);
        }
    }
    encoded.extend(content);
    encoded
}

/// A sequence of encoded elements.
pub(super) fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &elements.concat())
}

/// A set of one encoded element.
pub(super) fn set_of_one(element_in_it: &[u8]) -> Vec<u8> {
    element(SET, element_in_it)
}

/// `[number]`, with other elements inside.
pub(super) fn context(number: u8, content: &[u8]) -> Vec<u8> {
    element(0xa0 | number, content)
}

/// An object identifier whose content is encoded already.
pub(super) fn object_identifier(encoded: &[u8]) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, encoded)
}

/// The identifier of an algorithm without parameters.
pub(super) fn algorithm(encoded: &[u8]) -> Vec<u8> {
    sequence(&[&object_identifier(encoded), &[NULL, 0]])
}

/// An element that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Tag and length included.
    pub(super) whole: &'a [u8],
}

/// The first element of `bytes`, and what follows it. `None` where there is none.
pub(super) fn read_element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0_usize, |length, &digit| length << 8 | usize::from(digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some((
        Element {
            tag,
            content,
            whole,
        },
        rest,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_can_be_and_read_back() {
        for (length, head) in [
            (0_usize, &[4_u8, 0][..]),
            (0x7f, &[4, 0x7f]),
            (0x80, &[4, 0x81, 0x80]),
            (0x1234, &[4, 0x82, 0x12, 0x34]),
        ] {
            let content = vec![7; length];
            let encoded = element(OCTET_STRING, &content);
            assert!(encoded.starts_with(head), "{length}");
            let (read, rest) = read_element(&encoded).expect("an element");
            assert_eq!((read.tag, read.content), (OCTET_STRING, &content[..]));
            assert_eq!((read.whole, rest), (&encoded[..], &[][..]));
        }
    }

    #[test]
    fn what_is_cut_short_is_no_element() {
        let encoded = element(SEQUENCE, &[1; 200]);
        for length in 0..encoded.len() {
            assert_eq!(read_element(&encoded[..length]), None, "{length}");
        }
        assert_eq!(read_element(&[SEQUENCE, 0x80, 0, 0]), None, "no length");
    }
}
