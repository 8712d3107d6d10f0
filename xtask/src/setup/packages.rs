//! Installs Debian packages: the ordinary way where that works, from the release's own
//! backports where it does not.
//!
//! A machine may hold newer packages from backports than its sources offer (a newer
//! `qemu-utils`, say, refuses the release's `qemu-system-x86`). The ordinary install would
//! then remove what is there; so it is tried on paper first, and never allowed to remove.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{find_program, private_source};

/// Installs `missing`, or fails with the line that a person has to type.
pub(super) fn install(root: &Path, missing: &[&str]) -> Result<()> {
    if find_program("apt-get").is_none() {
        bail!(
            "cannot install anything here (no apt-get): install what Debian calls {}",
            missing.join(" ")
        );
    }
    let administrator = is_administrator()?;
    if administrator {
        refresh(&[]);
    }
    let (ordinary, from_backports): (Vec<&str>, Vec<&str>) = missing
        .iter()
        .partition(|package| simulate(&[package], &[]));
    if !administrator {
        bail!("{}", what_to_type(&ordinary, &from_backports));
    }
    if !ordinary.is_empty() {
        eprintln!("setup: installing {}", ordinary.join(" "));
        apt_get_install(&ordinary, &[])?;
    }
    if !from_backports.is_empty() {
        let options = private_source::write(root).with_context(|| {
            format!(
                "cannot install {}: the ordinary install would remove packages",
                from_backports.join(" ")
            )
        })?;
        refresh(&options);
        eprintln!(
            "setup: installing {} from backports, as newer packages from there are installed",
            from_backports.join(" ")
        );
        apt_get_install(&from_backports, &options)?;
    }
    Ok(())
}

fn what_to_type(ordinary: &[&str], from_backports: &[&str]) -> String {
    if from_backports.is_empty() {
        return format!(
            "some tools are missing; type: sudo apt-get install --no-install-recommends {}",
            ordinary.join(" ")
        );
    }
    let xtask = std::env::current_exe().unwrap_or_else(|_| "target/debug/xtask".into());
    format!(
        "some tools are missing ({} {}); type: sudo {} setup --packages-only",
        ordinary.join(" "),
        from_backports.join(" "),
        xtask.display()
    )
}

fn is_administrator() -> Result<bool> {
    let output = Command::new("id")
        .arg("-u")
        .output()
        .context("cannot start `id`")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// Refreshes the package lists. A failure is not fatal: the lists may be good enough.
fn refresh(options: &[String]) {
    let done = Command::new("apt-get")
        .args(options)
        .args(["-qq", "update"])
        .stdin(Stdio::null())
        .status();
    if !done.is_ok_and(|status| status.success()) {
        eprintln!("setup: `apt-get update` failed; going on with the lists that are there");
    }
}

/// Somebody else who installs something meanwhile is waited for.
const INSTALL: &[&str] = &[
    "-oDPkg::Lock::Timeout=600",
    "install",
    "--yes",
    "--no-install-recommends",
    "--no-remove",
];

/// Would the install work, without removing anything?
fn simulate(packages: &[&str], options: &[String]) -> bool {
    Command::new("apt-get")
        .arg("--simulate")
        .args(options)
        .args(INSTALL)
        .args(packages)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn apt_get_install(packages: &[&str], options: &[String]) -> Result<()> {
    let output = Command::new("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .arg("-qq")
        .args(options)
        .args(INSTALL)
        .args(packages)
        .stdin(Stdio::null())
        .output()
        .context("cannot start apt-get")?;
    if !output.status.success() {
        bail!(
            "cannot install {}: apt-get ended with {}\n{}{}",
            packages.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_gets_one_line_to_type() {
        let line = what_to_type(&["erofs-utils", "ovmf"], &[]);
        assert!(line.ends_with("--no-install-recommends erofs-utils ovmf"));
        let line = what_to_type(&["erofs-utils"], &["qemu-system-x86"]);
        assert!(line.ends_with("setup --packages-only"));
    }
}
