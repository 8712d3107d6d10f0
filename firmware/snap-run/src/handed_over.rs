//! Open sockets on their way from the supervisor to `snap-run`: over its standard input.
//!
//! They are closed when a program is executed, as all else that the supervisor has open, so
//! that no other service holds one open. Only who is sent one has it.

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// No service has more sockets.
const MOST: usize = 64;

/// Makes a standard input over which the program that gets it finds `sockets`.
///
/// # Errors
/// They are too many, or the kernel's.
pub fn hand_over(sockets: &[OwnedFd]) -> io::Result<OwnedFd> {
    let (ours, theirs) = UnixStream::pair()?;
    let borrowed: Vec<BorrowedFd<'_>> = sockets.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if borrowed.len() > MOST || !control.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(io::Error::other(format!(
            "a service has {MOST} sockets at most"
        )));
    }
    sendmsg(
        &ours,
        &[IoSlice::new(b"s")],
        &mut control,
        SendFlags::empty(),
    )?;
    Ok(theirs.into())
}

/// Takes `number` sockets from standard input.
///
/// # Errors
/// There are not so many.
pub(crate) fn take_over(number: usize) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut buffers = [IoSliceMut::new(&mut byte)];
    recvmsg(
        io::stdin(),
        &mut buffers,
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let mut taken = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(files) = message {
            taken.extend(files);
        }
    }
    if taken.len() == number {
        Ok(taken)
    } else {
        Err(io::Error::other(format!(
            "{} sockets came, not {number}",
            taken.len()
        )))
    }
}
