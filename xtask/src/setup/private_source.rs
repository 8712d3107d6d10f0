//! A private package source: the machine's own sources and its release's backports.
//!
//! Used by the package installation when the ordinary install does not work. Everything
//! stands under `target/setup`; the machine's own source lists stay as they are.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Names another mirror than the one that the machine's own sources name.
const MIRROR_VARIABLE: &str = "TWINKEEL_DEBIAN_MIRROR";

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Writes the private source; returns the options that make apt-get use it.
pub(super) fn write(root: &Path) -> Result<Vec<String>> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let Some(codename) = debian_codename(&release) else {
        bail!("only Debian has backports; free the way by hand (see `apt-get -f install`)");
    };
    let mirror = mirror(&codename)?;
    let directory = root.join("target/setup/apt");
    let lists = directory.join("lists");
    fs::create_dir_all(lists.join("partial"))
        .with_context(|| format!("cannot make {}", lists.display()))?;
    let list = directory.join("sources.list");
    let own = fs::read_to_string("/etc/apt/sources.list").unwrap_or_default();
    fs::write(&list, source_list(&own, &mirror, &codename))
        .with_context(|| format!("cannot write {}", list.display()))?;
    Ok(vec![
        "-o".to_owned(),
        format!("Dir::Etc::SourceList={}", list.display()),
        "-o".to_owned(),
        format!("Dir::State::Lists={}", lists.display()),
        "-t".to_owned(),
        format!("{codename}-backports"),
    ])
}

fn source_list(own: &str, mirror: &str, codename: &str) -> String {
    let signed_by = if Path::new(KEYRING).exists() {
        format!("[signed-by={KEYRING}] ")
    } else {
        String::new()
    };
    format!("{own}\ndeb {signed_by}{mirror} {codename}-backports main\n")
}

fn debian_codename(os_release: &str) -> Option<String> {
    let value = |key: &str| {
        os_release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    (value("ID")? == "debian")
        .then(|| value("VERSION_CODENAME"))
        .flatten()
}

fn mirror(codename: &str) -> Result<String> {
    if let Ok(mirror) = std::env::var(MIRROR_VARIABLE) {
        return Ok(mirror);
    }
    let output = Command::new("apt-get")
        .args(["indextargets", "--format", "$(CODENAME) $(REPO_URI)"])
        .args(["Created-By: Packages", "Origin: Debian"])
        .output()
        .context("cannot start apt-get")?;
    first_mirror(&String::from_utf8_lossy(&output.stdout), codename).with_context(|| {
        format!("cannot find the package source of {codename}; name one in {MIRROR_VARIABLE}")
    })
}

fn first_mirror(targets: &str, codename: &str) -> Option<String> {
    targets
        .lines()
        .find_map(|line| line.strip_prefix(codename)?.strip_prefix(' '))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debian_has_a_codename_here() {
        let debian = "ID=debian\nVERSION_CODENAME=bookworm\n";
        assert_eq!(debian_codename(debian).as_deref(), Some("bookworm"));
        let ubuntu = "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n";
        assert_eq!(debian_codename(ubuntu), None);
    }

    #[test]
    fn the_mirror_is_that_of_the_release_itself() {
        let targets = "bookworm-security http://security.test/\nbookworm http://mirror.test/\n";
        assert_eq!(
            first_mirror(targets, "bookworm").as_deref(),
            Some("http://mirror.test/")
        );
        assert_eq!(first_mirror(targets, "trixie"), None);
    }

    #[test]
    fn the_machines_own_sources_stay_in_the_list() {
        let list = source_list(
            "deb http://own.test a main",
            "http://mirror.test/",
            "bookworm",
        );
        assert!(list.starts_with("deb http://own.test a main\n"));
        assert!(list.ends_with("http://mirror.test/ bookworm-backports main\n"));
    }
}
