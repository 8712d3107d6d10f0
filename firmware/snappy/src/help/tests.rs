//! The table against what is made of it, and against the parser.

use super::*;
use crate::arguments::parse;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn the_overview_names_every_verb_and_each_has_its_own_text() {
    let overview = text(None);
    for verb in Verb::ALL {
        assert!(
            overview.contains(&format!("\n  {} ", verb.name())),
            "{verb:?}"
        );
        assert!(text(Some(verb)).starts_with(&format!("Usage: snappy {} ", verb.name())));
    }
}

#[test]
fn no_line_is_longer_than_a_console() {
    let texts = [None].into_iter().chain(Verb::ALL.map(Some)).map(text);
    for line in texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(line.len() <= 90 && line.trim_end() == line, "{line}");
    }
}

#[test]
fn a_help_is_wrapped_below_its_names() {
    assert_eq!(
        text(Some(Verb::Why)),
        "Usage: snappy why [--boots N] [--json]\n\
         \n\
         Says in one sentence why this system is running, then tells what is in the flight\n\
         record, boot by boot, the newest last. Quiet boots leave nothing there. The record\n\
         survives updates and rollbacks. In the rescue system it names the reason of each slot\n\
         first.\n\
         \n\
         Options:\n\
         \x20 --boots N   show the last N boots that left something (default 10)\n\
         \x20 --json      print JSON instead of text, and no progress\n\
         \x20 -h, --help  print this\n"
    );
}

/// Whether the parser knows an option, whatever it says of the rest of the line.
fn knows(verb: Verb, option: &str) -> bool {
    // It stands first, so that it is the first to be refused.
    let words = [verb.name(), option, "1"].map(OsString::from);
    let said = parse(words).err().map(|error| error.0).unwrap_or_default();
    !said.contains("invalid option")
}

#[test]
fn the_parser_takes_the_options_of_the_table_and_no_others() {
    let all: Vec<&Opt> = Verb::ALL
        .iter()
        .flat_map(|verb| of(*verb).options)
        .collect();
    for verb in Verb::ALL {
        for option in &all {
            let own = of(verb).options;
            let long = format!("--{}", option.long);
            let is_own = own.iter().any(|one| one.long == option.long);
            assert_eq!(knows(verb, &long), is_own, "snappy {} {long}", verb.name());
            if let Some(letter) = option.short {
                let short = format!("-{letter}");
                let is_own = own.iter().any(|one| one.short == option.short);
                assert_eq!(
                    knows(verb, &short),
                    is_own,
                    "snappy {} {short}",
                    verb.name()
                );
            }
        }
        for option in &COMMON {
            assert!(knows(verb, &format!("--{}", option.long)));
        }
    }
}

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The file is what the table makes; `TWINKEEL_WRITE=1` makes it so.
fn assert_in_step(name: &str, made: &str) {
    let path = beside(name);
    if std::env::var_os("TWINKEEL_WRITE").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == made,
        "{name} is out of step: TWINKEEL_WRITE=1 cargo test -p snappy help"
    );
}

#[test]
fn the_files_for_the_host_are_in_step_with_the_help() {
    assert_in_step("snappy.bash", &bash::completion());
    assert_in_step("snappy.8", &man::page());
}

fn ended(command: &mut Command, remedy: &str) -> Output {
    let output = command.output();
    output.unwrap_or_else(|error| panic!("{error}: {remedy}"))
}

/// What bash has for the last word of the line; `snappy list` has a system and a snap there.
fn completed(line: &str) -> Vec<String> {
    let script = r#"
        source "$1"; shift
        snappy() { printf 'Part\nsystem x\nhello y\n'; }
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _snappy
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = ended(
        Command::new("bash")
            .args(["--norc", "-uc", script, "bash"])
            .arg(beside("snappy.bash"))
            .args(line.split(' '))
            .current_dir(env!("CARGO_MANIFEST_DIR")),
        "this test needs bash",
    );
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && errors.is_empty(),
        "{line}: {errors}"
    );
    let words = String::from_utf8(output.stdout).unwrap();
    words
        .lines()
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn bash_completes_what_a_person_types() {
    for (line, words) in [
        ("snappy up", &["update-versions", "update"][..]),
        ("snappy help roll", &["rollback"]),
        ("snappy update --f", &["--from"]),
        ("snappy update --from Car", &["Cargo.toml"]),
        ("snappy update --version ", &[]),
        ("snappy remove h", &["hello"]),
        ("snappy uninstall s", &["system"]),
        ("snappy service hello st", &["start", "stop"]),
        ("snappy install Cargo", &["Cargo.toml"]),
        ("snappy reinstall n", &["network"]),
        ("snappy frob ", &[]),
    ] {
        assert_eq!(completed(line), words, "{line:?}");
    }
    let all = completed("snappy ");
    for verb in Verb::ALL {
        assert!(all.iter().any(|word| word == verb.name()), "{verb:?}");
        let after = completed(&format!("snappy {} --", verb.name()));
        for option in options(verb) {
            assert!(after.contains(&format!("--{}", option.long)), "{after:?}");
        }
    }
}

#[test]
fn groff_sets_the_page_without_a_warning_and_leaves_nothing_out() {
    let output = ended(
        Command::new("groff")
            .args(["-ww", "-man", "-Tascii", "-P-c", "-rLL=200n"])
            .arg(beside("snappy.8")),
        "this test needs the program groff: apt-get install groff-base",
    );
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    // Bold letters are struck twice.
    let mut page = String::new();
    for letter in String::from_utf8(output.stdout).unwrap().chars() {
        match letter {
            '\u{8}' => drop(page.pop()),
            letter => page.push(letter),
        }
    }
    let page: Vec<_> = page.split_whitespace().collect();
    let page = page.join(" ");
    for verb in Verb::ALL {
        assert!(
            page.contains(&format!("snappy {}", verb.name())),
            "{verb:?}"
        );
        for option in of(verb).options {
            assert!(page.contains(&option.form()), "{}", option.form());
        }
        for Term(word, _) in of(verb).words {
            assert!(page.contains(word), "{word}");
        }
    }
}
