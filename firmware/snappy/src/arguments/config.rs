//! The words behind `snappy config`.

use super::{Config, ConfigOf, UsageError, require_system};

#[derive(Default)]
pub(super) struct Words {
    words: u32,
    config: Config,
}

impl Words {
    /// The first word may be the part, which only the daemon knows; each other one is `KEY` or `KEY=VALUE`.
    pub(super) fn take(&mut self, word: String) -> Result<(), UsageError> {
        self.words += 1;
        if self.words == 1 && require_system(&word, "configure").is_ok() {
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
