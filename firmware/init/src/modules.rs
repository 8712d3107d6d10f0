//! Loads kernel modules in the order of a list that the image's builder worked out
//! from the modules' dependencies and aliases: one absolute path per line.
//!
//! Used for the initrd's modules and, later, for those of the root. A module that
//! does not load is reported and skipped: what is really needed fails later, with
//! a better message.

use rustix::io::Errno;
use std::fs::File;
use std::path::Path;

/// The initrd's list of what is loaded before all else: watchdogs, and what keeps the
/// words of a kernel that panics.
pub(crate) const EARLY_LIST: &str = "/lib/modules/early";
/// The initrd's list.
pub(crate) const INITRD_LIST: &str = "/lib/modules/load";
const INITRD_DIRECTORY: &str = "/lib/modules";
/// The root's list.
pub(crate) const ROOT_LIST: &str = "/usr/lib/twinkeel/modules";

/// Loads every module that the list names.
pub(crate) fn load_all(list: &str) {
    let content = match std::fs::read_to_string(list) {
        Ok(content) => content,
        Err(error) => {
            log::warn!("cannot read the list of kernel modules {list}: {error}");
            return;
        }
    };
    let mut loaded = 0;
    for path in parse_list(&content) {
        match load(path) {
            Ok(()) => loaded += 1,
            Err(error) => log::warn!("cannot load the kernel module {}: {error}", path.display()),
        }
    }
    log::debug!("{loaded} kernel modules loaded from {list}");
}

/// Gives the memory of the initrd's modules back: they are in the kernel by now.
/// Only before the root is entered, where that path would be another.
pub(crate) fn free_initrd() {
    if let Err(error) = std::fs::remove_dir_all(INITRD_DIRECTORY) {
        log::debug!("cannot remove {INITRD_DIRECTORY} of the initrd: {error}");
    }
}

fn parse_list(list: &str) -> impl Iterator<Item = &Path> {
    let lines = list.lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).map(Path::new)
}

fn load(path: &Path) -> std::io::Result<()> {
    let file = File::open(path)?;
    match rustix::system::finit_module(&file, c"", 0) {
        // Loaded before, or for a processor or device that is not here.
        Err(Errno::EXIST | Errno::NODEV) => Ok(()),
        result => Ok(result?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_its_order() {
        let paths: Vec<_> = parse_list("/lib/b.ko\n\n  /lib/a.ko \n").collect();
        assert_eq!(paths, [Path::new("/lib/b.ko"), Path::new("/lib/a.ko")]);
        assert_eq!(parse_list("").count(), 0);
    }
}
