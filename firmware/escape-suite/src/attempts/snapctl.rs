//! After what the device tells other snaps: who asks is told by the kernel.

use super::{Attempt, Kind, escape, variable};
use crate::call::call;
use crate::stage::{OTHER_USER, SECRET, TOLD};
use std::fs;
use std::io::{self, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

pub(super) const CONTROL: &[Attempt] = &[Attempt {
    name: "ask-device",
    what: "it asks its device about itself",
    kind: Kind::Control,
    act: || match &*asked()? {
        TOLD => Ok(()),
        other => Err(io::Error::other(format!("it is told {other:?}"))),
    },
}];

pub(super) const ALL: &[Attempt] = &[
    escape(
        "configuration-of-another",
        "is told what is another snap's",
        || {
            let user = OTHER_USER as usize;
            let _ = call(libc::SYS_setresuid, [user, user, user]);
            match &*asked()? {
                SECRET => Ok(()),
                _ => Err(io::Error::other("it is told of itself alone")),
            }
        },
    ),
    escape(
        "answer-for-device",
        "puts a socket in the place of its device's",
        || {
            let path = socket()?.with_file_name("new");
            UnixListener::bind(&path)?;
            fs::remove_file(path)
        },
    ),
];

fn asked() -> io::Result<String> {
    let mut told = String::new();
    UnixStream::connect(socket()?)?.read_to_string(&mut told)?;
    Ok(told)
}

fn socket() -> io::Result<PathBuf> {
    Ok(PathBuf::from(variable("CONTROL")?).join("socket"))
}
