//! Through a layout: the snap of the suite has a directory of its data in the device's `/etc`,
//! which is a mimic there.

use super::{Attempt, Kind, c_string, escape, stage, variable};
use crate::call::call;
use crate::stage::SECRET;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// Where it is inside.
pub(crate) const PLACE: &str = "/etc/escape-suite";

pub(super) const CONTROL: &[Attempt] = &[Attempt {
    name: "own-layout",
    what: "it writes to its data where its layout shows it",
    kind: Kind::Control,
    act: || {
        fs::write(layout("kept")?, "data")?;
        fs::remove_file(layout("kept")?)?;
        // What stands beside it is there.
        let there = fs::read_dir("/etc")?.count();
        let whole = (there > 1).then_some(());
        whole.ok_or_else(|| io::Error::other("/etc is empty"))
    },
}];

pub(super) const ALL: &[Attempt] = &[
    escape(
        "layout-link-out",
        "follows its link in a layout to the device",
        || {
            let link = layout("link")?;
            symlink(stage("secret")?, &link)?;
            let read = fs::read_to_string(&link);
            fs::remove_file(&link)?;
            match &*read? {
                SECRET => Ok(()),
                _ => Err(io::Error::other("it is another file")),
            }
        },
    ),
    escape(
        "layout-write-beside",
        "writes where its layout was put in",
        || {
            let path = "/etc/escape-suite.tmp";
            fs::write(path, "x")?;
            fs::remove_file(path)
        },
    ),
    escape("layout-unmount", "looks below its layout", || {
        let path = c_string(&layout(".")?)?;
        // It is no mount outside: who may unmount is told so.
        let outcome = call(libc::SYS_umount2, [path.as_ptr() as usize, 2]);
        super::past_the_guard(outcome, &[libc::EINVAL])
    }),
];

fn layout(name: &str) -> io::Result<PathBuf> {
    Ok(PathBuf::from(variable("LAYOUT")?).join(name))
}
