//! Which variables of the user's a command gets.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Words for people and terminals: none of them says what is run, or loaded.
const PASSED: [&str; 6] = ["COLORTERM", "LANG", "LANGUAGE", "NO_COLOR", "TERM", "TZ"];

/// Whether a command gets that variable as the user has it. A value with a slash may name a
/// file, which the user cannot read and root can.
#[must_use]
pub fn passes(name: &OsStr, value: &OsStr) -> bool {
    let known = PASSED.iter().any(|known| name == *known) || name.as_bytes().starts_with(b"LC_");
    known && !value.as_bytes().contains(&b'/') && !value.as_bytes().contains(&b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_that_changes_what_is_run() {
        let passes = |name: &str, value: &str| passes(OsStr::new(name), OsStr::new(value));
        assert!(passes("TERM", "xterm-256color") && passes("LC_ALL", "C.UTF-8"));
        for name in [
            "PATH",
            "LD_PRELOAD",
            "HOME",
            "ENV",
            "IFS",
            "SNAPPY_SOCKET",
            "TERMINFO",
            "",
        ] {
            assert!(!passes(name, "x"), "{name}");
        }
        assert!(!passes("TERM", "../../tmp/evil") && !passes("LANG", "%s"));
    }
}
