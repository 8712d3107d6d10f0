//! The tables of power cuts in the documents.

use anyhow::{Context, Result};
use boot_sim::{DOCUMENTS, with_tables};

use crate::workspace;

/// Makes them anew.
pub(super) fn write() -> Result<()> {
    for document in DOCUMENTS {
        let path = workspace::root().join(document);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {document}"))?;
        let current = with_tables(&text).with_context(|| format!("cannot update {document}"))?;
        std::fs::write(&path, current).with_context(|| format!("cannot write {document}"))?;
        println!("{document} is current");
    }
    Ok(())
}
