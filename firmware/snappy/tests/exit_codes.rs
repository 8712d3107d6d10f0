//! What a script sees of the program where there is no device.

use std::process::{Command, Output};

fn snappy(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_snappy"))
        .args(words)
        .output()
        .unwrap()
}

#[test]
fn help_and_version_succeed() {
    for words in [&["--help"][..], &["help", "why"], &["--version"], &[]] {
        let output = snappy(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        assert!(
            !output.stdout.is_empty() && output.stderr.is_empty(),
            "{words:?}"
        );
    }
}

#[test]
fn a_command_line_without_sense_is_2_and_points_to_the_help() {
    for words in [
        &["instal"][..],
        &["--frob"],
        &["hold", "docker", "web"],
        &["why", "--boots"],
    ] {
        let output = snappy(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.ends_with("; see 'snappy --help'\n"), "{message}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn elsewhere_than_on_a_device_it_is_1_and_says_so() {
    for words in [&["info"][..], &["versions", "-a", "--json"], &["why"]] {
        let output = snappy(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            message.starts_with("cannot tell what runs here: "),
            "{message}"
        );
    }
}

#[test]
fn a_command_of_debian_fails_and_says_what_to_type() {
    use std::os::unix::process::CommandExt;
    let called = Command::new(env!("CARGO_BIN_EXE_snappy"))
        .arg0("/usr/bin/apt-get")
        .arg("update")
        .output()
        .unwrap();
    assert_eq!(called.status.code(), Some(1));
    let message = String::from_utf8(called.stderr).unwrap();
    assert!(
        message.starts_with("Twinkeel does not use apt-get, see 'snappy --help'!\n"),
        "{message}"
    );
}
