//! What a person in front of the device has to see.

use std::fs::File;
use std::io::Write;

const CONSOLE: &str = "/dev/console";
/// A hostile document shall not fill the screen, nor move what is on it.
const MAX_CHARS: usize = 300;

/// Shows a line on the console and in the service's log.
pub(crate) fn say(text: &str) {
    let plain = |character: char| match character.is_control() {
        true => '?',
        false => character,
    };
    let line: String = text.chars().take(MAX_CHARS).map(plain).collect();
    eprintln!("{line}");
    if let Ok(mut console) = File::options().write(true).open(CONSOLE) {
        // One write, so that lines of different writers do not mix.
        let _ = console.write_all(format!("cloud-config: {line}\r\n").as_bytes());
    }
}
