//! A line for whoever stands before the device.

use std::fs::File;
use std::io::Write;

const CONSOLE: &str = "/dev/console";
/// What others wrote shall not fill the screen, nor move what is on it.
const MAX_CHARS: usize = 300;

/// Shows `program: text` on the console, without what would be more than a line of text. A
/// console that cannot be written has nobody before it.
pub fn say_on_console(program: &str, text: &str) {
    if let Ok(mut console) = File::options().write(true).open(CONSOLE) {
        // One write, so that lines of different writers do not mix.
        let _ = console.write_all(line(program, text).as_bytes());
    }
}

fn line(program: &str, text: &str) -> String {
    let plain = |character: char| match character.is_control() {
        true => '?',
        false => character,
    };
    let text: String = text.chars().take(MAX_CHARS).map(plain).collect();
    format!("{program}: {text}\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_of_text() {
        assert_eq!(line("a", "b\u{1b}[2J\nc"), "a: b?[2J?c\r\n");
        assert_eq!(line("a", &"x".repeat(1000)).len(), MAX_CHARS + 5);
    }
}
