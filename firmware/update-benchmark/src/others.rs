//! What other tools do with the same two update files.

use crate::apply::Applied;
use crate::pairs::Pair;
use crate::report::Row;
use crate::tools::{Tools, length_of, patch_from};
use anyhow::{Result, ensure};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// Rows of `xdelta3` and of zstd over whole images. What comes out is compared.
pub(crate) fn measure(pair: &Pair<'_>, tools: &Tools, apply: &Path) -> Result<Vec<Row>> {
    let (old, new) = (&pair.old.update, &pair.new.update);
    let (patch, out) = (new.with_extension("other"), new.with_extension("out"));
    let words = |words: &[&dyn AsRef<std::ffi::OsStr>]| -> Vec<OsString> {
        words
            .iter()
            .map(|word| (*word).as_ref().to_owned())
            .collect()
    };
    let from = patch_from(old);
    let long = "--long=31";
    let methods = [
        (
            "xdelta3",
            &tools.xdelta3,
            words(&[&"-e", &"-f", &"-s", old, new, &patch]),
            words(&[&"-d", &"-f", &"-s", old, &patch, &out]),
        ),
        (
            "zstd -9 --patch-from",
            &tools.zstd,
            words(&[&"-9", &"-q", &"-f", &"-k", &long, &from, new, &"-o", &patch]),
            words(&[&"-d", &"-q", &"-f", &long, &from, &patch, &"-o", &out]),
        ),
    ];
    let mut rows = Vec::new();
    for (name, tool, make, take) in methods {
        let bytes = length_of(Command::new(tool).args(make), &patch)?;
        let mut command = Command::new(apply);
        let output = command.arg("run").arg(tool).args(take).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{name}: {said}");
        let applied: Applied = serde_json::from_slice(&output.stdout)?;
        let compared = Command::new("cmp").arg(new).arg(&out).status()?;
        ensure!(compared.success(), "{name} gives another image");
        rows.push(Row::other(name, bytes, applied));
        std::fs::remove_file(&out)?;
        std::fs::remove_file(&patch)?;
    }
    Ok(rows)
}
