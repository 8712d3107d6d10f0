//! What was measured, for a person, for a program and for `docs/performance.md`.

use std::fmt::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::benchmark::Figures;

/// Ours may take at most this much of Debian's time.
const GOAL: f64 = 0.5;

const HEAD: &str = "\
## First boots

Written by `cargo xtask bench first-boot`, this section as a whole.

Seconds from the start of QEMU to the first login by SSH, with OpenSSH's client and a key, that
ran `true`. Each boot is the first one of a fresh disk in the same emulated machine, with empty
firmware variables, and the two systems take turns:

- **Twinkeel**: the board's image, flashed with a cloud-config as `cargo xtask flash` does it.
- **Debian** 12: systemd, cloud-init and openssh-server from packages, without those that are
  only recommended, with the same kernel package, started by systemd-boot without time to wait
  and with the word `quiet`. The same user is in its NoCloud seed.

Neither has host keys or a machine id before. Seconds are those of the machine that measured,
and of what else it did meanwhile: the ratio counts.
";

/// The first boots of one system.
#[derive(Debug, Clone, Serialize)]
pub struct SystemReport {
    /// Its name.
    pub name: &'static str,
    /// Milliseconds from the start of QEMU until the SSH server answered.
    pub banner_ms: Figures,
    /// Milliseconds from the start of QEMU until a login by key had run `true`.
    pub login_ms: Figures,
    /// A fresh disk of it, by `zstd -19`, where that was measured.
    pub compressed_bytes: Option<u64>,
    /// Its own account of a boot, if it keeps one.
    pub said: Option<String>,
}

/// The first boots of both.
#[derive(Debug, Clone, Serialize)]
pub struct FirstBootReport {
    /// The board.
    pub board: String,
    /// The processor that QEMU stands in for.
    pub processor: String,
    /// Of the machine, in MiB.
    pub memory_mib: u32,
    /// How often each system was started.
    pub runs: usize,
    /// Ours, and Debian's.
    pub systems: [SystemReport; 2],
}

impl FirstBootReport {
    /// Ours of Debian's: the medians until the login.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        let [ours, debian] = &self.systems;
        ours.login_ms.median as f64 / debian.login_ms.median as f64
    }

    fn conclusions(&self) -> String {
        let [ours, debian] = &self.systems;
        let ratio = self.ratio();
        let met = if ratio <= GOAL { "met" } else { "**not met**" };
        let mut text = format!(
            "- First login by SSH: {ratio:.2} of Debian's time, of at most {GOAL}: {met}.\n"
        );
        if let (Some(ours), Some(debian)) = (ours.compressed_bytes, debian.compressed_bytes) {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "- A fresh disk by `zstd -19`: {ours} B and {debian} B, {:.2} of Debian's.",
                ours as f64 / debian as f64
            );
        }
        for system in &self.systems {
            if let Some(said) = &system.said {
                let _ = writeln!(text, "- {} itself says: \"{}\".", system.name, said.trim());
            }
        }
        text
    }

    /// The section of `docs/performance.md`.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "{HEAD}\n{}, {} MiB, processor `{}`. Median of {} first boots each, and the smallest and \
             largest.\n\n| | SSH answers | first login |\n\
             |---|--:|--:|\n",
            self.board, self.memory_mib, self.processor, self.runs
        );
        for system in &self.systems {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                system.name,
                seconds_of(system.banner_ms),
                seconds_of(system.login_ms)
            );
        }
        let _ = write!(text, "\n{}", self.conclusions());
        text
    }
}

/// For a person at a terminal.
impl fmt::Display for FirstBootReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for system in &self.systems {
            let (banner, login) = (seconds_of(system.banner_ms), seconds_of(system.login_ms));
            writeln!(
                f,
                "{:<8}  SSH answers {banner:>24}  first login {login:>24}",
                system.name
            )?;
        }
        f.write_str(&self.conclusions())
    }
}

fn seconds_of(figures: Figures) -> String {
    let seconds = |milliseconds: u64| format!("{:.1}", milliseconds as f64 / 1e3);
    let Figures { min, median, max } = figures;
    format!(
        "{} s ({} to {})",
        seconds(median),
        seconds(min),
        seconds(max)
    )
}

/// How long `zstd -19` makes the file.
pub(super) fn zstd_19_bytes(file: &Path) -> Result<u64> {
    let mut compressor = Command::new("zstd")
        .args(["-19", "-T2", "--quiet", "--stdout", "--"])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start zstd; try `cargo xtask setup`")?;
    let mut output = compressor.stdout.take().context("zstd has no output")?;
    let bytes = std::io::copy(&mut output, &mut std::io::sink())?;
    ensure!(compressor.wait()?.success(), "zstd failed");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(name: &'static str, login: u64, said: Option<&str>) -> SystemReport {
        let figures = |median| Figures {
            min: median - 1000,
            median,
            max: median + 500,
        };
        SystemReport {
            name,
            banner_ms: figures(login - 2000),
            login_ms: figures(login),
            compressed_bytes: Some(login * 10),
            said: said.map(str::to_owned),
        }
    }

    fn report(ours: u64) -> FirstBootReport {
        FirstBootReport {
            board: "board".to_owned(),
            processor: "processor".to_owned(),
            memory_mib: 512,
            runs: 3,
            systems: [
                system("Twinkeel", ours, None),
                system("Debian", 80_000, Some("Startup finished\n")),
            ],
        }
    }

    #[test]
    fn half_of_debians_time_meets_the_goal_and_more_does_not() {
        let text = report(40_000).to_string();
        assert!(
            text.contains("0.50 of Debian's time, of at most 0.5: met."),
            "{text}"
        );
        let text = report(41_000).to_string();
        assert!(
            text.contains("0.51 of Debian's time, of at most 0.5: **not met**."),
            "{text}"
        );
    }

    #[test]
    fn the_table_has_the_median_and_what_lies_around_it() {
        let text = report(20_000).markdown();
        let row = "| Twinkeel | 18.0 s (17.0 to 18.5) | 20.0 s (19.0 to 20.5) |\n";
        assert!(text.contains(row), "{text}");
        assert!(
            text.contains("200000 B and 800000 B, 0.25 of Debian's."),
            "{text}"
        );
        assert!(
            text.contains("- Debian itself says: \"Startup finished\"."),
            "{text}"
        );
    }
}
