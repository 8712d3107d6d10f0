//! The words behind `snappy config`.

use super::{UsageError, is_system};

/// Settings, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// What is to be set, in the order in which it was typed.
    pub(crate) set: Vec<(String, String)>,
    /// What is to be shown; nothing is everything.
    pub(crate) get: Vec<String>,
    /// Whose they are.
    pub(crate) of: ConfigOf,
}

/// Whose settings are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ConfigOf {
    /// Those of the system.
    #[default]
    System,
    /// If a snap is called as the first to be shown, those of that snap.
    FirstWord,
}

#[derive(Default)]
pub(super) struct Words {
    words: u32,
    config: Config,
}

impl Words {
    /// The first word may be the part, which only the daemon knows; each other one is `KEY` or `KEY=VALUE`.
    pub(super) fn take(&mut self, word: String) -> Result<(), UsageError> {
        self.words += 1;
        if self.words == 1 && is_system(&word) {
            return Ok(());
        }
        match word.split_once('=') {
            Some(("", _)) => return Err(UsageError(format!("cannot set {word:?}: no name"))),
            Some((key, value)) => self.config.set.push((key.to_owned(), value.to_owned())),
            None => {
                if self.words == 1 {
                    self.config.of = ConfigOf::FirstWord;
                }
                self.config.get.push(word);
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Config {
        self.config
    }
}
