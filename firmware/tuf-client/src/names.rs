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

/// Whether a target's name stays where it is put, as an address and as a path below some
/// directory.
pub(crate) fn stays_inside(name: &str) -> bool {
    !name.starts_with('/')
        && name
            .split(['/', '\\'])
            .all(|part| !matches!(part, "" | "." | ".."))
}
