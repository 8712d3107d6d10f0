//! Connections that are reset, closed or silent.

use super::{Script, installed, refused};
use crate::server::Exchange;
use std::io;

pub(super) const SCRIPTS: &[Script] = &[
    refused("closed-at-once", "connection failed", |x| {
        x.misbehave();
        x.end()
    }),
    refused("closed-behind-the-request", "connection failed", |x| {
        x.listen()?;
        x.misbehave();
        x.end()
    }),
    refused("silent", "connection failed", |x| {
        x.misbehave();
        x.wait()
    }),
    refused("reset-at-once", "connection failed", |x| {
        x.misbehave();
        x.reset()
    }),
    refused("reset-behind-the-request", "connection failed", |x| {
        x.listen()?;
        x.misbehave();
        x.reset()
    }),
    refused("reset-in-the-head", "connection failed", |x| {
        x.listen()?;
        x.say("HTTP/1.1 200 OK\r\n")?;
        x.misbehave();
        x.reset()
    }),
    refused("reset-behind-the-head", "connection failed", |x| {
        x.listen()?;
        x.say_part()?;
        x.misbehave();
        x.reset()
    }),
    installed("reset-in-the-envelope-once", |x| reset_once_at(x, 1000)),
    installed("reset-in-the-kernel-once", |x| reset_once_at(x, 200_000)),
    installed("reset-in-the-root-once", |x| reset_once_at(x, 1_000_000)),
    installed("reset-before-the-last-byte-once", |x| {
        let last = x.file.len() - 1;
        reset_once_at(x, last)
    }),
    installed("kept-open-and-nothing-more", |x| {
        x.listen()?;
        x.be_honest()?;
        x.misbehave();
        x.wait()
    }),
];

fn reset_once_at(x: &mut Exchange, bytes: usize) -> io::Result<()> {
    x.listen()?;
    if x.number > 0 {
        return x.be_honest();
    }
    x.end_after(bytes)?;
    x.misbehave();
    x.reset()
}
