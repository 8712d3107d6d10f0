//! `snappy reset`: the device as it was when it was made. The daemon writes it down, and the
//! next boot does it before anything else is done with `writable`.

use crate::arguments::{Confirmation, Form, Reset};
use crate::daemon::Daemon;
use anyhow::{Result, bail};
use image_format::AppData;
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

/// What a person types to have it done.
const WORD: &str = "reset";

/// Asks, has it done, and returns what to print.
pub(crate) fn run(asked: &Reset, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    if asked.confirmation == Confirmation::Ask {
        let (input, output) = (std::io::stdin(), std::io::stderr());
        if !input.is_terminal() {
            bail!("cannot reset: nobody is there to be asked; say --yes if it is meant")
        }
        confirm(asked.data, &mut input.lock(), &mut output.lock())?;
    }
    let data = match asked.data {
        AppData::Dropped => "drop",
        AppData::Kept => "keep",
    };
    let request = json!({
        "action": "do",
        "mode": "factory-reset",
        "twinkeel": { "data": data },
    });
    daemon.act("/v2/systems", &request)?;
    Ok(match form {
        Form::Text => "The device reboots now; the next boot does the reset.\n".to_owned(),
        Form::Json => format!("{}\n", json!({ "data": data, "rebooting": true })),
    })
}

/// Says what goes and what stays, and waits for the word.
fn confirm(data: AppData, input: &mut impl BufRead, output: &mut impl Write) -> Result<()> {
    write!(output, "{}Type {WORD} to go on: ", consequences(data))?;
    output.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    if line.trim() != WORD {
        bail!("nothing was reset")
    }
    Ok(())
}

fn consequences(data: AppData) -> String {
    let apps = match data {
        AppData::Dropped => "apps and their data",
        AppData::Kept => "apps",
    };
    let kept = match data {
        AppData::Dropped => "",
        AppData::Kept => "the data of apps (/var/snap), ",
    };
    format!(
        "This device will reboot, and be as it was when it was made.\n\
         Goes:  {apps}, settings, accounts and keys of people, logs,\n       \
         and all other files on writable.\n\
         Stays: {kept}host name, machine id, serial number,\n       \
         the cloud-config that the device was flashed with, what the store said last,\n       \
         both systems, the floors and the flight record.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str, data: AppData) -> (Result<()>, String) {
        let mut output = Vec::new();
        let confirmed = confirm(data, &mut line.as_bytes(), &mut output);
        (confirmed, String::from_utf8(output).unwrap())
    }

    #[test]
    fn nothing_but_the_word_goes_on() {
        for line in ["reset", "reset\n", " reset \n"] {
            assert!(typed(line, AppData::Dropped).0.is_ok(), "{line:?}");
        }
        for line in ["", "\n", "y\n", "yes\n", "Reset\n", "reset it\n"] {
            let (confirmed, _) = typed(line, AppData::Dropped);
            assert_eq!(confirmed.unwrap_err().to_string(), "nothing was reset");
        }
    }

    #[test]
    fn it_says_what_goes_and_what_stays() {
        let (_, dropped) = typed("", AppData::Dropped);
        assert!(
            dropped.contains("Goes:  apps and their data, settings,"),
            "{dropped}"
        );
        assert!(
            dropped.contains("Stays: host name, machine id,"),
            "{dropped}"
        );
        let (_, kept) = typed("", AppData::Kept);
        assert!(kept.contains("Goes:  apps, settings,"), "{kept}");
        assert!(
            kept.contains("Stays: the data of apps (/var/snap), "),
            "{kept}"
        );
        for text in [dropped, kept] {
            assert!(text.ends_with("Type reset to go on: "));
            assert!(text.lines().all(|line| line.len() <= 90), "{text}");
        }
    }
}
