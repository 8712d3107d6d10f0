//! What the daemon remembers from one boot to the next and the disk does not tell by itself.
//! Lost, it costs a question that a person answers again, and no more.

use crate::keep::replace;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Memory {
    /// The newest release that a person went back from.
    pub(crate) rolled_back: Option<u64>,
    /// The manifest that was staged unattended, and that the device may reboot into.
    pub(crate) reboot_into: Option<String>,
}

/// Where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct MemoryFile(pub(crate) PathBuf);

impl MemoryFile {
    /// What there is. What cannot be read is forgotten.
    pub(crate) fn read(&self) -> Memory {
        let json = std::fs::read(&self.0).unwrap_or_default();
        serde_json::from_slice(&json).unwrap_or_default()
    }

    /// Changes it. Where it cannot be kept, what is on the disk itself still counts.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Memory)) -> Memory {
        let before = self.read();
        let mut memory = before.clone();
        change(&mut memory);
        if memory != before {
            let json = serde_json::to_vec(&memory).unwrap_or_default();
            if let Err(error) = replace(&self.0, &json) {
                eprintln!("cannot keep {}: {error}", self.0.display());
            }
        }
        memory
    }
}
