//! What a person sees who logs in.

use rustix::system::uname;
use std::fs;

/// The system's name and kernel, and the words of the day.
pub(crate) fn words() -> String {
    let name = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let day = fs::read_to_string("/etc/motd").unwrap_or_default();
    let kernel = uname();
    let kernel =
        [kernel.release(), kernel.machine()].map(|word| word.to_string_lossy().into_owned());
    text(&name, &kernel, &day)
}

fn text(os_release: &str, [release, machine]: &[String; 2], day: &str) -> String {
    let pretty = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let pretty = pretty.map_or("Twinkeel", |name| name.trim_matches('"'));
    let lines = format!("Welcome to {pretty} (GNU/Linux {release} {machine})\n\n{day}");
    // Nobody has set the terminal's modes for these.
    lines.replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_system_and_kernel() {
        let kernel = ["6.1.0".to_owned(), "x86_64".to_owned()];
        assert_eq!(
            text(
                "NAME=T\nPRETTY_NAME=\"Twinkeel 7\"\n",
                &kernel,
                "See 'snappy help'.\n"
            ),
            "Welcome to Twinkeel 7 (GNU/Linux 6.1.0 x86_64)\r\n\r\nSee 'snappy help'.\r\n"
        );
    }
}
