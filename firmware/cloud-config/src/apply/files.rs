//! `write_files`: only in areas that can be written, and through no link.

use super::{Device, refused};
use crate::beneath::{self, Missing};
use crate::document::{CloudConfig, FileToWrite, Placing};
use crate::report::Report;
use anyhow::{Context, ensure};
use rustix::fs::{Mode, OFlags, fchmod, fchown, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use std::fs::{self, File};
use std::io::{Read, Write};

/// Directories of the root that lie on `writable`. What the system keeps there itself does
/// not lie in one of them.
const AREAS: [&str; 3] = ["/var", "/root", "/home"];
/// A file that is appended to is read whole.
const MAX_FILE_BYTES: u64 = 8 << 20;

pub(super) fn apply(device: &Device, config: &CloudConfig, report: &mut Report) {
    for file in &config.files {
        match write(device, file) {
            Ok(()) => report.done.push(format!("file {}", file.path)),
            Err(error) => {
                let why = format!("cannot write {}: {error:#}", file.path);
                refused(report, file.line, "write_files", &why);
            }
        }
    }
}

fn write(device: &Device, file: &FileToWrite) -> anyhow::Result<()> {
    let (area, path) =
        in_area(&file.path).with_context(|| format!("only {} can be written", AREAS.join(", ")))?;
    let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (user, group) = owner(device, &file.owner)?;
    let root = File::open(device.root.join(area.trim_start_matches('/')))?;
    let directory = beneath::walk(root, parents, Missing::IsMade)
        .context("a directory on the way is a link, or cannot be made")?;
    let mut content = match file.placing {
        Placing::Replace => Vec::new(),
        Placing::Append => read(&directory, name)?,
    };
    content.extend(&file.content);

    // Under another name until it is whole.
    let new = format!(".{name}.new");
    let _ = unlinkat(&directory, &*new, rustix::fs::AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut written = File::from(openat(
        &directory,
        &*new,
        flags,
        Mode::from_raw_mode(0o600),
    )?);
    written.write_all(&content)?;
    fchown(&written, Some(user), Some(group))?;
    fchmod(&written, Mode::from_raw_mode(file.mode))?;
    written.sync_all()?;
    renameat(&directory, &*new, &directory, name)?;
    directory.sync_all()?;
    Ok(())
}

/// The area that a path lies in, and where in it.
fn in_area(path: &str) -> Option<(&'static str, &str)> {
    AREAS.iter().find_map(|area| {
        let rest = path.strip_prefix(area)?.strip_prefix('/')?;
        Some((*area, rest))
    })
}

/// What is there, if it is a file.
fn read(directory: &File, name: &str) -> anyhow::Result<Vec<u8>> {
    let Some(file) = beneath::open(directory, name)? else {
        return Ok(Vec::new());
    };
    ensure!(
        file.metadata()?.len() <= MAX_FILE_BYTES,
        "what is there has more than {} MiB already",
        MAX_FILE_BYTES >> 20
    );
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut content)?;
    Ok(content)
}

/// `USER` or `USER:GROUP`, by name or number.
fn owner(device: &Device, owner: &str) -> anyhow::Result<(Uid, Gid)> {
    let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
    let table =
        |name: &str| fs::read_to_string(device.root.join("etc").join(name)).unwrap_or_default();
    let number = |name: &str, table: &str| match name {
        "root" => Some(0),
        name => name.parse().ok().or_else(|| id_in(table, name)),
    };
    let passwd = table("passwd");
    let user_id = number(user, &passwd).with_context(|| format!("there is no user {user:?}"))?;
    let group_id = match group {
        "" => group_in(&passwd, user_id).unwrap_or(user_id),
        name => {
            number(name, &table("group")).with_context(|| format!("there is no group {name:?}"))?
        }
    };
    let is_id = |id: u32| id != u32::MAX;
    ensure!(is_id(user_id) && is_id(group_id), Errno::INVAL);
    Ok((Uid::from_raw(user_id), Gid::from_raw(group_id)))
}

/// passwd(5) and group(5) have the number in the third field.
fn id_in(table: &str, name: &str) -> Option<u32> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}

fn group_in(passwd: &str, user_id: u32) -> Option<u32> {
    passwd.lines().find_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        let is_user = fields.get(2)?.parse() == Ok(user_id);
        is_user.then(|| fields.get(3)?.parse().ok())?
    })
}
