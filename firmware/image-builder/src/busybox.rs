//! busybox, and the names that it goes by on a device.
//!
//! busybox itself says where each belongs, but a foreign architecture's does not run here.
//! So this machine's own busybox is asked, and a name counts if the device's program holds
//! it, too. Both come from the same source package in Debian, with the same names.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use boards::Architecture;

use crate::debian::{DebianPackages, Locking};
use crate::host_tool::{host_tool, run};
use crate::progress::Progress;
use crate::tree::{Content, Tree};
use crate::workspace::Workspace;

/// The package.
const PACKAGE: &str = "busybox-static";
/// The program, in the package as on the device.
const PROGRAM: &str = "bin/busybox";

/// PID 1 is ours.
const NOT_ITS_OWN: [&str; 2] = ["sbin/init", "linuxrc"];

/// The program for a device.
pub(crate) struct Busybox {
    /// The file on this machine.
    pub(crate) program: PathBuf,
    /// Under which paths of the root it is called.
    pub(crate) names: Vec<String>,
}

impl Busybox {
    /// Fetches it for `architecture`.
    pub(crate) fn fetch(
        workspace: &Workspace,
        architecture: Architecture,
        locking: Locking,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let own = Architecture::of_this_machine().context(
            "cannot ask busybox for its names: it has to run on this machine, which is none that there is a board of",
        )?;
        let mut program = |architecture| -> Result<PathBuf> {
            let mut packages = DebianPackages::open(workspace, architecture, locking)?;
            Ok(packages.fetch(PACKAGE, progress)?.join(PROGRAM))
        };
        let list = run(host_tool(program(own)?).arg("--list-full"))
            .context("cannot ask busybox for its names: it has to run on this machine")?;
        Self::with_names(program(architecture)?, &parse_list(&list)?)
    }

    /// Under those of `paths` whose names are in the program itself.
    fn with_names(program: PathBuf, paths: &[String]) -> Result<Self> {
        let bytes =
            fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
        let names = known_names(&bytes, paths);
        if names.is_empty() {
            bail!(
                "cannot find a single name of busybox in {}",
                program.display()
            );
        }
        Ok(Self { program, names })
    }

    /// Puts it into `tree`, under all its names but those that another program has there.
    pub(crate) fn add_to(&self, tree: &mut Tree) {
        tree.program(PROGRAM, Content::File(self.program.clone()));
        for name in &self.names {
            if !tree.contains(name) {
                tree.link(name, &format!("/{PROGRAM}"));
            }
        }
    }
}

fn parse_list(list: &str) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for path in list.lines() {
        if path.contains("..") || path.starts_with('/') {
            bail!("cannot use the name {path:?} that busybox gives itself");
        }
        if !NOT_ITS_OWN.contains(&path) {
            paths.push(path.to_owned());
        }
    }
    Ok(paths)
}

/// A program holds its names as one string behind the other, each ended by a NUL.
fn known_names(program: &[u8], paths: &[String]) -> Vec<String> {
    let strings: HashSet<&[u8]> = program.split(|byte| *byte == 0).collect();
    let is_known = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        strings.contains(name.as_bytes())
    };
    paths.iter().filter(is_known).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pid_1_stays_ours_and_no_name_leaves_the_root() -> Result<()> {
        assert_eq!(
            parse_list("bin/sh\nsbin/init\nlinuxrc\nusr/bin/env\n")?,
            ["bin/sh", "usr/bin/env"]
        );
        for bad in ["/bin/sh", "../bin/sh"] {
            let error = parse_list(bad).expect_err(bad);
            assert!(error.to_string().contains(bad), "{error}");
        }
        Ok(())
    }

    #[test]
    fn a_name_counts_that_the_devices_program_holds_as_a_whole() {
        let paths = ["usr/bin/[", "bin/sh", "usr/bin/chrt"].map(str::to_owned);
        let program = b"\x7fELF\0[\0[[\0sh\0chrtx\0\0";
        assert_eq!(known_names(program, &paths), ["usr/bin/[", "bin/sh"]);
    }

    #[test]
    fn a_program_without_any_name_is_no_busybox() -> Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), b"\x7fELF\0other\0")?;
        let made = Busybox::with_names(file.path().to_owned(), &["bin/sh".to_owned()]);
        let error = made.err().context("it is no busybox")?;
        assert!(error.to_string().contains("cannot find a single name"));
        Ok(())
    }

    #[test]
    fn a_name_of_another_program_is_left_to_it() {
        let busybox = Busybox {
            program: "/nowhere".into(),
            names: ["bin/sh", "sbin/fsck"].map(str::to_owned).into(),
        };
        let mut tree = Tree::default();
        tree.program("sbin/fsck", Content::Bytes(b"other".to_vec()));
        busybox.add_to(&mut tree);
        let links = tree.entries().filter_map(|(path, entry)| match entry {
            crate::tree::Entry::Link { target } => Some((path, target.as_str())),
            _ => None,
        });
        assert_eq!(links.collect::<Vec<_>>(), [("bin/sh", "/bin/busybox")]);
    }
}
