//! Files that become others in mid-air.

use super::{Script, installed, refused};
use crate::server::Exchange;
use std::io::{self, Write};

const BREAK: usize = 500_000;
const TAG: &str = "ETag: \"one\"\r\n";

pub(super) const SCRIPTS: &[Script] = &[
    refused("tag-changed", "changed on the server", |x| {
        tagged(x, "ETag: \"two\"\r\n")
    }),
    refused("tag-gone", "changed on the server", |x| tagged(x, "")),
    refused("tag-became-weak", "changed on the server", |x| {
        tagged(x, "ETag: W/\"one\"\r\n")
    }),
    refused(
        "length-changed-under-the-same-tag",
        "changed on the server",
        |x| {
            changed(x, |x| {
                let length = x.file.len();
                let head = x.part(x.first);
                let grown = head.replace(&format!("/{length}"), &format!("/{}", length + 1));
                x.say(&grown.replace(&format!("-{}/", length - 1), &format!("-{length}/")))?;
                x.send(x.first, length)
            })
        },
    ),
    refused(
        "bytes-changed-under-the-same-tag",
        "not the one that was signed",
        |x| {
            changed(x, |x| {
                x.say_part()?;
                let other: Vec<u8> = x.file[x.first..].iter().map(|byte| byte ^ 0x55).collect();
                x.stream.write_all(&other)
            })
        },
    ),
    refused(
        "bytes-changed-and-no-tag-ever",
        "not the one that was signed",
        |x| {
            x.listen()?;
            let head = x.part(x.first).replace(TAG, "");
            x.say(&head)?;
            if x.number == 0 {
                return x.send(0, BREAK);
            }
            x.misbehave();
            let other: Vec<u8> = x.file[x.first..].iter().map(|byte| byte ^ 0x55).collect();
            x.stream.write_all(&other)
        },
    ),
    installed("no-tag-ever-and-the-line-breaks", |x| {
        x.listen()?;
        let head = x.part(x.first).replace(TAG, "");
        x.say(&head)?;
        x.misbehave();
        let end = match x.number {
            0 => BREAK,
            _ => x.file.len(),
        };
        x.send(x.first, end)
    }),
];

fn changed(x: &mut Exchange, answer: fn(&mut Exchange) -> io::Result<()>) -> io::Result<()> {
    x.listen()?;
    if x.number == 0 {
        return x.end_after(BREAK);
    }
    x.misbehave();
    answer(x)
}

fn tagged(x: &mut Exchange, tag: &str) -> io::Result<()> {
    x.listen()?;
    if x.number == 0 {
        return x.end_after(BREAK);
    }
    x.misbehave();
    let head = x.part(x.first).replace(TAG, tag);
    x.say(&head)?;
    x.send(x.first, x.file.len())
}
