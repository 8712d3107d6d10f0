//! The table, as `snappy help` prints it.

use super::{Opt, Term, of, options};
use crate::verb::Verb;

/// No line is longer.
const WIDTH: usize = 88;

/// The help for a verb, or the overview.
pub(crate) fn text(verb: Option<Verb>) -> String {
    match verb {
        None => overview(),
        Some(verb) => of_verb(verb),
    }
}

fn overview() -> String {
    let mut commands: Vec<_> = Verb::ALL
        .iter()
        .map(|verb| (verb.name().to_owned(), of(*verb).brief))
        .collect();
    let more = "more about a command: snappy help why";
    commands.push(("help".to_owned(), more));
    let options = [
        ("--json", "print JSON instead of text (with every command)"),
        ("--help", "print this"),
        ("--version", "print the version of this program"),
    ];
    let options = options.map(|(name, text)| (name.to_owned(), text));
    format!(
        "snappy shows and changes the system and the snaps on this device.\n\n\
         Usage: snappy COMMAND [OPTIONS]\n\n\
         Commands:\n{}\n\
         Options:\n{}\n\
         Exit code: 0 done, 1 failed, 2 the command line makes no sense.\n",
        rows(&commands),
        rows(&options),
    )
}

fn of_verb(verb: Verb) -> String {
    let (name, help) = (verb.name(), of(verb));
    let mut text = String::new();
    for (at, usage) in help.usage.iter().enumerate() {
        let first = if at == 0 { "Usage: " } else { "       " };
        let form = ["snappy", name, usage, "[--json]"];
        let form: Vec<_> = form.into_iter().filter(|part| !part.is_empty()).collect();
        text += &wrapped(&form.join(" "), first, 8 + "snappy ".len() + name.len());
    }
    for paragraph in help.text {
        text += &format!("\n{}", wrapped(paragraph, "", 0));
    }
    if !help.words.is_empty() {
        let words = help.words.iter();
        let words: Vec<_> = words
            .map(|Term(word, text)| ((*word).to_owned(), *text))
            .collect();
        text += &format!("\n{}", rows(&words));
    }
    let options: Vec<_> = options(verb)
        .map(|option| (option.form(), option.text))
        .collect();
    text + &format!("\nOptions:\n{}", rows(&options))
}

impl Opt {
    /// As it is typed.
    pub(super) fn form(&self) -> String {
        let short = self.short.map(|letter| format!("-{letter}, "));
        let value = self.value.map(|value| format!(" {value}"));
        let (short, value) = (short.unwrap_or_default(), value.unwrap_or_default());
        format!("{short}--{}{value}", self.long)
    }
}

/// What is named on the left, and what it means on the right.
fn rows(rows: &[(String, &str)]) -> String {
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let row =
        |(name, text): &(String, &str)| wrapped(text, &format!("  {name:widest$}  "), widest + 4);
    rows.iter().map(row).collect()
}

/// The words of `text` behind `first`, and `indent` spaces before each line but the first.
pub(super) fn wrapped(text: &str, first: &str, indent: usize) -> String {
    let (mut done, mut line) = (String::new(), first.to_owned());
    let mut is_first_word = true;
    for word in text.split(' ') {
        if !is_first_word && line.len() + 1 + word.len() > WIDTH {
            done += &format!("{line}\n");
            line = " ".repeat(indent);
            is_first_word = true;
        }
        if !is_first_word {
            line.push(' ');
        }
        line += word;
        is_first_word = false;
    }
    done + &format!("{line}\n")
}
