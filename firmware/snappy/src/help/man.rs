//! The table as a page of the manual.

use super::render::wrapped;
use super::{COMMON, Help, Opt, Term, of};
use crate::verb::Verb;

/// The file `firmware/snappy/snappy.8`.
pub(super) fn page() -> String {
    let commands: String = Verb::ALL
        .into_iter()
        .map(|verb| section(verb.name(), of(verb)))
        .collect();
    let common: String = COMMON.iter().map(option).collect();
    format!(
        "\
.\\\" Made by `TWINKEEL_WRITE=1 cargo test -p snappy help`.
.TH SNAPPY 8 \"\" Twinkeel \"Twinkeel\"
.SH NAME
snappy \\- show and change the system and the snaps on this device
.SH SYNOPSIS
.B snappy
.I COMMAND
.RI [ OPTIONS ]
.SH DESCRIPTION
A device with Twinkeel runs one of two system images, and installs apps as snaps.
This program shows and changes both.
What changes something needs root.
.SH COMMANDS
{commands}.SH OPTIONS
With every command:
{common}.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
It failed; the reason stands on standard error.
.TP
.B 2
The command line makes no sense.
"
    )
}

fn section(name: &str, help: &Help) -> String {
    let mut text = format!(".SS {}\n{}", typed(name), sentence(help.brief));
    for usage in help.usage {
        let form = format!("snappy {name} {usage}");
        text += &format!(".PP\n.B {}\n", typed(form.trim_end()));
    }
    for paragraph in help.text {
        text += &format!(".PP\n{}", filled(paragraph));
    }
    let words = help.words.iter();
    let words: String = words
        .map(|Term(word, meaning)| term(word, meaning))
        .collect();
    let options: String = help.options.iter().map(option).collect();
    text + &words + &options
}

fn option(option: &Opt) -> String {
    term(&option.form(), option.text)
}

fn term(name: &str, text: &str) -> String {
    format!(".TP\n.B {}\n{}", typed(name), filled(text))
}

fn sentence(brief: &str) -> String {
    let mut letters = brief.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    filled(&format!(
        "{}{}.",
        first.unwrap_or_default(),
        letters.as_str()
    ))
}

/// For a macro's line: what a person types, with real dashes.
fn typed(text: &str) -> String {
    escaped(text).replace('-', "\\-").replace('"', "\\(dq")
}

/// Lines that begin with no dot and no quote, which would be macros.
fn filled(text: &str) -> String {
    let lines = wrapped(&escaped(text).replace("--", "\\-\\-"), "", 0);
    let line = |line: &str| match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}\n"),
        false => format!("{line}\n"),
    };
    lines.lines().map(line).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e")
}
