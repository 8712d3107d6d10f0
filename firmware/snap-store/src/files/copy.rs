//! A copy of a directory: the data of a snap, as it was.

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid};
use rustix::fs::{chownat, major, makedev, minor, mknodat, utimensat};
use std::fs::{self, DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;

const BLOCK_BYTES: u64 = 4096;

/// Copies all of it, and brings it to the disk. Sockets are left out: whoever listened there
/// does not any more.
pub(super) fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    copy(from, to)?;
    // One flush for all files.
    rustix::fs::syncfs(File::open(to)?)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(from)?;
    let kind = found.file_type();
    if kind.is_dir() {
        // Nobody else looks in before the mode is set.
        DirBuilder::new().mode(0o700).create(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
    } else if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if kind.is_file() {
        let mut new = File::options().write(true).create_new(true).open(to)?;
        io::copy(&mut File::open(from)?, &mut new)?;
    } else if kind.is_socket() {
        return Ok(());
    } else {
        let file_type = FileType::from_raw_mode(found.mode());
        let device = makedev(major(found.rdev()), minor(found.rdev()));
        mknodat(CWD, to, file_type, Mode::empty(), device)?;
    }
    keep_attributes(from, to)?;
    keep_owner(&found, to)
}

/// Extended attributes, as far as the file system has them.
fn keep_attributes(from: &Path, to: &Path) -> io::Result<()> {
    const LONGEST: usize = 64 << 10;
    let mut names = vec![0_u8; LONGEST];
    let length = match rustix::fs::llistxattr(from, &mut names[..]) {
        Ok(length) => length,
        Err(rustix::io::Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut value = vec![0_u8; LONGEST];
    for name in names[..length].split(|byte| *byte == 0) {
        if name.is_empty() {
            continue;
        }
        let length = rustix::fs::lgetxattr(from, name, &mut value[..])?;
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::lsetxattr(to, name, &value[..length], flags)?;
    }
    Ok(())
}

/// The owner first: a change of it takes bits of the mode away.
fn keep_owner(found: &Metadata, to: &Path) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(found.uid()), Gid::from_raw(found.gid()));
    chownat(CWD, to, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    if !found.file_type().is_symlink() {
        fs::set_permissions(to, fs::Permissions::from_mode(found.mode() & 0o7777))?;
    }
    let time = |secs, nanos| Timespec {
        tv_sec: secs,
        tv_nsec: nanos,
    };
    let times = Timestamps {
        last_access: time(found.atime(), found.atime_nsec()),
        last_modification: time(found.mtime(), found.mtime_nsec()),
    };
    utimensat(CWD, to, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}

/// In whole blocks, and one for each entry.
pub(super) fn tree_bytes(path: &Path) -> io::Result<u64> {
    let found = fs::symlink_metadata(path)?;
    let own = found.len().next_multiple_of(BLOCK_BYTES).max(BLOCK_BYTES);
    if !found.is_dir() {
        return Ok(own);
    }
    let mut sum = own;
    for entry in fs::read_dir(path)? {
        sum += tree_bytes(&entry?.path())?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_copy_has_what_the_data_had() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        fs::create_dir_all(from.join("deep/er")).unwrap();
        fs::write(from.join("deep/er/file"), "content").unwrap();
        fs::set_permissions(from.join("deep"), fs::Permissions::from_mode(0o1750)).unwrap();
        fs::set_permissions(
            from.join("deep/er/file"),
            fs::Permissions::from_mode(0o4711),
        )
        .unwrap();
        symlink("../nowhere", from.join("link")).unwrap();
        let _socket = UnixListener::bind(from.join("socket")).unwrap();
        let old = Timestamps {
            last_access: Timespec {
                tv_sec: 10,
                tv_nsec: 0,
            },
            last_modification: Timespec {
                tv_sec: 20,
                tv_nsec: 3,
            },
        };
        utimensat(CWD, from.join("deep/er/file"), &old, AtFlags::empty()).unwrap();
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            let (uid, gid) = (Uid::from_raw(1234), Gid::from_raw(4321));
            let file = from.join("deep/er/file");
            chownat(CWD, &file, Some(uid), Some(gid), AtFlags::empty()).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o4711)).unwrap();
        }
        copy_tree(&from, &to).unwrap();
        let file = fs::metadata(to.join("deep/er/file")).unwrap();
        assert_eq!(fs::read(to.join("deep/er/file")).unwrap(), b"content");
        assert_eq!(file.mode() & 0o7777, 0o4711);
        assert_eq!((file.mtime(), file.mtime_nsec()), (20, 3));
        if is_root {
            assert_eq!((file.uid(), file.gid()), (1234, 4321));
        }
        assert_eq!(
            fs::metadata(to.join("deep")).unwrap().mode() & 0o7777,
            0o1750
        );
        assert_eq!(
            fs::read_link(to.join("link")).unwrap(),
            Path::new("../nowhere")
        );
        assert!(!to.join("socket").exists());
        // Directories, file, link and socket: one block each.
        assert_eq!(tree_bytes(&from).unwrap(), 6 * BLOCK_BYTES);
    }
}
