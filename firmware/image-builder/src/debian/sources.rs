//! Which mirror this machine uses. No mirror's name stands in this repository.

use std::env;
use std::path::Path;

use anyhow::{Result, bail};

use crate::host_tool::{host_tool, run};

/// The Debian release whose kernels and programs go into images, on every host alike.
const SUITE: &str = "bookworm";

/// Where distributions keep the keys of Debian's archive.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Overrides the machine's own mirror: the address that ends in `/debian`.
const MIRROR_VARIABLE: &str = "TWINKEEL_DEBIAN_MIRROR";

/// Which of Debian's packages are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suites {
    /// Those of the last point release.
    PointRelease,
    /// Those, and what came since: updates and security updates.
    WithUpdates,
}

/// The content of a private `sources.list`: this machine's mirror of Debian, and the keys
/// that its archive is signed with.
///
/// # Errors
/// There are no keys, or no mirror is known.
pub fn sources_list(suites: Suites) -> Result<String> {
    if !Path::new(KEYRING).exists() {
        bail!(
            "cannot verify Debian's packages: {KEYRING} is missing; install debian-archive-keyring"
        );
    }
    let Some(mirrors) = find_mirrors()? else {
        bail!(
            "cannot tell a Debian mirror from this machine's apt configuration: set {MIRROR_VARIABLE} to an address \
             that ends in /debian"
        );
    };
    Ok(list_of(&mirrors, suites))
}

/// The archive, and its security updates if they are known.
#[derive(Debug, PartialEq, Eq)]
struct Mirrors {
    archive: String,
    security: Option<String>,
}

fn find_mirrors() -> Result<Option<Mirrors>> {
    if let Ok(archive) = env::var(MIRROR_VARIABLE) {
        let archive = archive.trim_end_matches('/').to_owned();
        let security = Some(format!("{archive}-security"));
        return Ok(Some(Mirrors { archive, security }));
    }
    let targets = run(host_tool("apt-get").args([
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
    ]))?;
    Ok(mirrors_of(&targets))
}

/// The mirrors among the addresses that apt prints, one a line.
fn mirrors_of(targets: &str) -> Option<Mirrors> {
    let ending_in = |end: &str| {
        let addresses = targets.lines().map(|line| line.trim_end_matches('/'));
        addresses
            .filter(|address| address.ends_with(end))
            .map(str::to_owned)
            .next()
    };
    Some(Mirrors {
        archive: ending_in("/debian")?,
        security: ending_in("/debian-security"),
    })
}

fn list_of(mirrors: &Mirrors, suites: Suites) -> String {
    let line =
        |address: &str, suite: &str| format!("deb [signed-by={KEYRING}] {address} {suite} main\n");
    let mut list = line(&mirrors.archive, SUITE);
    if suites == Suites::PointRelease {
        return list;
    }
    list += &line(&mirrors.archive, &format!("{SUITE}-updates"));
    if let Some(security) = &mirrors.security {
        list += &line(security, &format!("{SUITE}-security"));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirrors_are_told_by_their_last_part() {
        let targets = "http://a.example/ubuntu/\nhttp://m.example/debian/\nhttp://m.example/debian/\n\
                       http://s.example/debian-security/\nhttp://m.example/node_20.x/\n";
        let mirrors = mirrors_of(targets).expect("there is one");
        assert_eq!(mirrors.archive, "http://m.example/debian");
        assert_eq!(
            mirrors.security.as_deref(),
            Some("http://s.example/debian-security")
        );
        assert_eq!(list_of(&mirrors, Suites::WithUpdates).lines().count(), 3);
        assert_eq!(list_of(&mirrors, Suites::PointRelease).lines().count(), 1);
    }

    #[test]
    fn a_machine_of_another_distribution_has_none() {
        assert_eq!(mirrors_of("http://a.example/ubuntu/\n"), None);
        assert_eq!(mirrors_of(""), None);
    }
}
