//! What loaders say, whatever their firmware's console is: lines with a prefix, and the
//! first of them.

use core::fmt::{self, Write};

use image_format::{Keyring, Purpose, Refusal};
use image_trust::Verified;

use crate::platform::Board;

const PREFIX: &str = "twinkeel: ";

/// Says a line of the boot, or several, to whoever listens to the `log` crate.
///
/// The one use of its macros: wherever they stand they leave file, line and module behind,
/// which no loader shows, and with thirty of them that was four kilobytes.
#[inline(never)]
pub(crate) fn say(words: fmt::Arguments<'_>) {
    log::info!("{words}");
}

/// Puts the prefix before each line, and hands text on to `output`.
pub struct Lines<F> {
    output: F,
    at_start: bool,
}

impl<F: FnMut(&str)> Lines<F> {
    /// Begins a line.
    pub fn new(output: F) -> Self {
        Self {
            output,
            at_start: true,
        }
    }

    /// Writes all of `words`, and ends the line.
    ///
    /// # Errors
    /// Those of what is shown.
    pub fn write_line(&mut self, words: fmt::Arguments<'_>) -> fmt::Result {
        self.write_fmt(words)?;
        self.write_char('\n')
    }
}

impl<F: FnMut(&str)> Write for Lines<F> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            if self.at_start {
                (self.output)(PREFIX);
            }
            (self.output)(line);
            self.at_start = line.ends_with('\n');
        }
        Ok(())
    }
}

/// A loader's first words: what it is and for which board, and a warning of one that
/// trusts test keys, whose private halves lie on some developer's disk.
#[derive(Debug)]
pub struct Banner<'a> {
    version: &'a str,
    board: &'a Board,
    keyring: &'a Result<Verified<Keyring>, Refusal>,
}

impl<'a> Banner<'a> {
    /// Of the loader of that version, for that board, with that keyring.
    #[must_use]
    pub fn new(
        version: &'a str,
        board: &'a Board,
        keyring: &'a Result<Verified<Keyring>, Refusal>,
    ) -> Self {
        Self {
            version,
            board,
            keyring,
        }
    }
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loader {} for {}", self.version, self.board.id)?;
        // An unusable keyring is `boot`'s to report: it boots nothing then.
        let keyring = self.keyring.as_ref();
        if keyring.is_ok_and(|keyring| keyring.purpose == Purpose::Test) {
            f.write_str(
                "\nTEST KEYS: anyone can sign for this loader, do not use it in the field",
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_gets_the_prefix_once_however_it_is_written() {
        let mut said = heapless::String::<128>::new();
        let mut lines = Lines::new(|text| said.push_str(text).expect("room"));
        write!(lines, "cannot boot:\n  {}", 7).expect("never fails");
        writeln!(lines).expect("never fails");
        assert_eq!(said, "twinkeel: cannot boot:\ntwinkeel:   7\n");
    }

    #[test]
    fn a_loader_without_a_usable_keyring_says_no_more_than_its_name() {
        let keyring = image_trust::verify_keyring(b"no keyring");
        let banner = Banner::new("1.2.3", &Board { id: "toaster" }, &keyring);
        let mut said = heapless::String::<128>::new();
        write!(said, "{banner}").expect("room");
        assert_eq!(said, "loader 1.2.3 for toaster");
    }
}
