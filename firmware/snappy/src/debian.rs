//! What a device says to who types a command of Debian: why it is not here, and what to type.
//!
//! The image calls this program by those names, too.

use std::ffi::OsStr;
use std::path::Path;

/// The commands. `firmware/image-builder/src/login.rs` makes a link of each.
const COMMANDS: [&str; 3] = ["apt-get", "apt", "dpkg"];

/// The answer to a command of Debian, if this program was called as one. `called` is how.
pub(crate) fn answer(called: &OsStr) -> Option<String> {
    let name = Path::new(called).file_name()?.to_str()?;
    let name = COMMANDS.into_iter().find(|command| *command == name)?;
    // The first line is that of 2014.
    Some(format!(
        "Twinkeel does not use {name}, see 'snappy --help'!\n\
         The system is one read-only image: 'snappy update' takes the next one as a whole, \
         and\n'snappy rollback' goes back. Software comes as snaps: 'snappy search WORD' finds \
         them, and\n'snappy install NAME' installs one.\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_debian_is_told_what_to_type() {
        for called in ["apt-get", "/usr/bin/apt", "./dpkg"] {
            let told = answer(OsStr::new(called)).unwrap();
            let name = called.rsplit('/').next().unwrap();
            let first = format!("Twinkeel does not use {name}, see 'snappy --help'!");
            assert_eq!(told.lines().next(), Some(&*first));
            for word in ["search", "install", "update", "rollback"] {
                assert!(told.contains(&format!("'snappy {word}")), "{told}");
            }
        }
        for called in ["snappy", "/usr/bin/snappy", "", "/"] {
            assert_eq!(answer(OsStr::new(called)), None);
        }
    }
}
