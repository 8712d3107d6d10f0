//! Files that go along with a request: unix(7), `SCM_RIGHTS`.

use crate::request::MAX_BYTES;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::io::{Error, ErrorKind, IoSlice, IoSliceMut, Read, Result, Write};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// What a command gets from the client.
#[derive(Debug)]
pub struct Handed<T> {
    /// Standard input.
    pub input: T,
    /// Standard output.
    pub output: T,
    /// Standard error.
    pub error: T,
    /// The client's directory.
    pub directory: T,
}

/// So many.
const COUNT: usize = 4;
const SPACE: usize = rustix::cmsg_space!(ScmRights(COUNT));

/// Sends a request and what goes along.
///
/// # Errors
/// The socket's, or [`ErrorKind::InvalidInput`]: the request is too long.
pub fn send(
    socket: &mut UnixStream,
    request: &[u8],
    handed: &Handed<BorrowedFd<'_>>,
) -> Result<()> {
    if request.len() > MAX_BYTES {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "the arguments are too long",
        ));
    }
    let length = u32::try_from(request.len()).map_err(Error::other)?;
    let descriptors = [handed.input, handed.output, handed.error, handed.directory];
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(ErrorKind::InvalidInput.into());
    }
    let length = length.to_le_bytes();
    sendmsg(
        &*socket,
        &[IoSlice::new(&length)],
        &mut ancillary,
        SendFlags::NOSIGNAL,
    )?;
    socket.write_all(request)
}

/// Receives a request and what came along.
///
/// # Errors
/// The socket's, or [`ErrorKind::InvalidData`]: it is too long, or not all came along.
pub fn receive(socket: &mut UnixStream) -> Result<(Vec<u8>, Handed<OwnedFd>)> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut buffers = [IoSliceMut::new(&mut length)];
    let received = recvmsg(
        &*socket,
        &mut buffers,
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    let wrong = |what| Error::new(ErrorKind::InvalidData, what);
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(Error::other)?;
    if received.bytes != 4 || length > MAX_BYTES {
        return Err(wrong("no request begins like that"));
    }
    let [input, output, error, directory] = <[OwnedFd; COUNT]>::try_from(descriptors)
        .map_err(|_| wrong("not all descriptors came along"))?;
    let mut request = vec![0; length];
    socket.read_exact(&mut request)?;
    let handed = Handed {
        input,
        output,
        error,
        directory,
    };
    Ok((request, handed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::fd::AsFd;

    #[test]
    fn files_come_out_in_their_order() {
        let files: Vec<File> = (0..COUNT).map(|_| tempfile::tempfile().unwrap()).collect();
        let (mut client, mut service) = UnixStream::pair().unwrap();
        let handed = Handed {
            input: files[0].as_fd(),
            output: files[1].as_fd(),
            error: files[2].as_fd(),
            directory: files[3].as_fd(),
        };
        send(&mut client, b"request", &handed).unwrap();
        let (request, received) = receive(&mut service).unwrap();
        assert_eq!(request, b"request");
        let inode = |fd: BorrowedFd<'_>| rustix::fs::fstat(fd).unwrap().st_ino;
        let Handed {
            input,
            output,
            error,
            directory,
        } = received;
        for (file, received) in files.iter().zip([input, output, error, directory]) {
            assert_eq!(inode(file.as_fd()), inode(received.as_fd()));
        }
    }

    #[test]
    fn a_request_without_its_files_or_too_long_is_refused() {
        for bytes in [&[1, 0, 0, 0, b'x'][..], &[0xff; 8], &[1]] {
            let (mut client, mut service) = UnixStream::pair().unwrap();
            client.write_all(bytes).unwrap();
            let error = receive(&mut service).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{bytes:?}");
        }
    }
}
