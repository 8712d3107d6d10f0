//! The example `migrating-app`: the migration of its second version fails, and the device
//! goes back to the first one with the data that this one can read.

use anyhow::Result;

use super::expect;
use crate::guest::Guest;
use crate::small_snap::SmallSnap;

macro_rules! example {
    ($version:literal, $path:literal) => {
        (
            $path,
            include_str!(concat!(
                "../../../../firmware/example-snaps/snaps/migrating-app-",
                $version,
                "/",
                $path
            )),
        )
    };
}

const FIRST: SmallSnap<'static> = SmallSnap {
    directory: "/run/migrating-app-1",
    files: &[
        example!("1", "meta/snap.yaml"),
        example!("1", "bin/show"),
        example!("1", "bin/write"),
    ],
};

const SECOND: SmallSnap<'static> = SmallSnap {
    directory: "/run/migrating-app-2",
    files: &[
        example!("2", "meta/snap.yaml"),
        example!("2", "meta/hooks/post-refresh"),
        example!("2", "bin/show"),
        example!("2", "bin/write"),
    ],
};

/// Leaves nothing of it.
pub(super) fn run(guest: &mut Guest) -> Result<()> {
    const SHOWN: &str = "version 1 reads format 1";
    FIRST.install(guest)?;
    expect(guest, "sudo migrating-app", SHOWN)?;
    SECOND.make(guest)?;
    guest.require_refused(
        &SECOND.install_command(),
        "the hook post-refresh of migrating-app ended with 1: this migration fails on purpose",
    )?;
    expect(guest, "readlink /snap/migrating-app/current", "x1")?;
    expect(guest, "sudo migrating-app", SHOWN)?;
    guest.run("snappy purge migrating-app").map(drop)
}
