//! Names that others chose, as file names and as addresses.

use std::fmt::Write;

/// A name as one piece of a path, as python's `quote(name, "")` writes it.
pub fn encode_component(name: &str) -> String {
    encode(name, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'~')
    })
}

/// A target's name as the end of an address. Names are written as in addresses already, so
/// only what no address may have is encoded, and what would end the path.
pub(crate) fn encode_path(path: &str) -> String {
    encode(path, |byte| {
        byte.is_ascii_graphic() && !b"\"#<>?[\\]^`{|}".contains(&byte)
    })
}

fn encode(text: &str, plain: impl Fn(u8) -> bool) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a String never fails.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `urllib.parse.quote(name, "")` of Python 3.11 prints them.
    #[test]
    fn components_are_pythons() {
        for (name, expected) in [
            ("a-z_A.Z~09", "a-z_A.Z~09"),
            ("../x", "..%2Fx"),
            ("a b+c%2F", "a%20b%2Bc%252F"),
            ("é\n\0", "%C3%A9%0A%00"),
            (
                "?#&=:;@!$'()*,[]",
                "%3F%23%26%3D%3A%3B%40%21%24%27%28%29%2A%2C%5B%5D",
            ),
        ] {
            assert_eq!(encode_component(name), expected);
        }
    }
}
