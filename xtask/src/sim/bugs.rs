//! The planted bugs: tells of each as it is caught or missed.

use std::time::Instant;

use anyhow::{Result, bail};
use planted_bugs::{Account, read_bugs, try_bugs};

use crate::workspace;

/// Plants all bugs, or the one of this name.
pub(super) fn try_them(only: Option<&str>) -> Result<Account> {
    let mut bugs = read_bugs(&workspace::root().join("bootloader/planted-bugs/bugs"))?;
    if let Some(only) = only {
        bugs.retain(|bug| bug.name == only);
        if bugs.is_empty() {
            bail!(
                "there is no bug {only:?}: their names are those of the files in bootloader/planted-bugs/bugs"
            );
        }
    }
    let begun = Instant::now();
    let account = try_bugs(workspace::root(), &bugs, |tried| eprintln!("{tried}"))?;
    eprintln!("{} s: planted bugs", begun.elapsed().as_secs());
    Ok(account)
}
