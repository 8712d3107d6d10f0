//! What was measured, for people and programs.

use crate::apply::{Applied, Runs};
use crate::bound::Bound;
use serde::Serialize;
use std::fmt;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Each pair.
    pub pairs: Vec<PairReport>,
}

/// One pair of systems.
#[derive(Debug, Clone, Serialize)]
pub struct PairReport {
    /// What it is called.
    pub name: String,
    /// What changes in it.
    pub about: String,
    /// The length of the new update file.
    pub update_bytes: u64,
    /// The lower bound.
    pub bound: Bound,
    /// The methods.
    pub rows: Vec<Row>,
}

/// One method.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name.
    pub method: String,
    /// What goes over the wire.
    pub wire_bytes: u64,
    /// The most memory that applying takes.
    pub peak_kib: u64,
    /// Processor time of applying, in microseconds: the median.
    pub cpu_micros: u64,
    /// Of a copy with the same passes, where that is what is compared with.
    pub copy_cpu_micros: Option<u64>,
}

impl Row {
    pub(crate) fn ours(wire_bytes: u64, runs: &Runs) -> Self {
        let peaks = runs.patches.iter().map(|run| run.peak_kib);
        Self {
            method: "published patch".to_owned(),
            wire_bytes,
            peak_kib: peaks.max().unwrap_or_default(),
            cpu_micros: median(&runs.patches),
            copy_cpu_micros: Some(median(&runs.copies)),
        }
    }

    pub(crate) fn other(method: &str, wire_bytes: u64, applied: Applied) -> Self {
        Self {
            method: method.to_owned(),
            wire_bytes,
            peak_kib: applied.peak_kib,
            cpu_micros: applied.cpu_micros,
            copy_cpu_micros: None,
        }
    }
}

fn median(runs: &[Applied]) -> u64 {
    let mut times: Vec<_> = runs.iter().map(|run| run.cpu_micros).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn ratio(value: u64, of: u64) -> f64 {
    value as f64 / of.max(1) as f64
}

impl fmt::Display for Report {
    /// A section of Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        for pair in &self.pairs {
            write!(f, "{pair}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bound {
            files,
            file_bytes,
            bytes,
            bsdiff_bytes,
            zstd_bytes,
        } = self.bound;
        writeln!(
            f,
            "\n### The {} pair\n\nAn update file of {} B; {}. {files} files with {file_bytes} B \
             changed.\nLower bound {bytes} B; `bsdiff` alone {bsdiff_bytes} B, \
             `zstd -19 --patch-from` alone {zstd_bytes} B.\n\n\
             | | on the wire | of the bound | peak memory | CPU | of a copy and two passes |\n\
             |---|--:|--:|--:|--:|--:|",
            self.name, self.update_bytes, self.about
        )?;
        for row in &self.rows {
            let of_copy = match row.copy_cpu_micros {
                Some(copy) => format!("{:.2}", ratio(row.cpu_micros, copy)),
                None => "-".to_owned(),
            };
            writeln!(
                f,
                "| {} | {} B | {:.2} | {:.1} MiB | {:.2} s | {of_copy} |",
                row.method,
                row.wire_bytes,
                ratio(row.wire_bytes, bytes),
                row.peak_kib as f64 / 1024.0,
                row.cpu_micros as f64 / 1e6,
            )?;
        }
        Ok(())
    }
}

const HEAD: &str = "## Updates

Written by `cargo xtask bench update`, this section as a whole.

Two pairs of systems are built from Debian's archive as it is when the command runs, packed
as any image, and updated from one to the other. The *lower bound* of a pair is what the best
of `zstd -19 --patch-from`, `bsdiff` and `zstd -19` needs for each file that changed, file by
file. A patch may be below it: its segments pack many files together.

A published patch is applied by a process of its own that writes the release, flushes it and
reads it back, hashing each byte in both passes as staging does; what that costs is compared
with the same process when it copies the update file instead. CPU is user and system time, the
median of the runs; memory is the most that the process held, the page cache not counted.
*adaptive* is the same process where there is no patch: it fetches the chunks that it lacks from
a web server on this machine. A device has its initrd compressed; the pairs have none. The other
tools patch the update file as a whole, once; they verify nothing.
";
