//! What goes wrong with metadata, and the words of the reason.

use anyhow::Result;
use std::io::{self, Write};

use super::repository::Repository;
use crate::server::Exchange;

/// The device has seen version 2; version 3 is offered.
pub(super) const SEEN: u64 = 2;
pub(super) const OFFERED: u64 = 3;

/// Answers a request for a file, if the repository has it.
pub(super) type Answer = fn(&mut Exchange, Option<&[u8]>) -> io::Result<()>;

pub(super) struct MetadataScript {
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) bend: fn(&mut Repository) -> Result<()>,
    pub(super) answer: Answer,
}

const fn bent(
    name: &'static str,
    words: &'static str,
    bend: fn(&mut Repository) -> Result<()>,
) -> MetadataScript {
    MetadataScript {
        name,
        words,
        bend,
        answer: give,
    }
}

/// The answers about the timestamp; all else is honest.
const fn answered(name: &'static str, words: &'static str, answer: Answer) -> MetadataScript {
    MetadataScript {
        name,
        words,
        bend: |_| Ok(()),
        answer,
    }
}

/// More roots than one refresh follows.
const ROOTS: u64 = 300;

pub(super) const SCRIPTS: &[MetadataScript] = &[
    bent("metadata-old-timestamp", "timestamp", |store| {
        let old = Repository::new(SEEN - 1)?;
        store.files.extend(old.files);
        Ok(())
    }),
    bent("metadata-frozen-timestamp", "expired", |store| {
        store.freeze(OFFERED)
    }),
    bent("metadata-signed-by-a-stranger", "timestamp", |store| {
        store.sign_by_stranger(OFFERED)
    }),
    bent("metadata-snapshot-of-other-length", "snapshot", |store| {
        change(store, "3.snapshot.json", |bytes| {
            bytes.extend_from_slice(b"  ")
        })
    }),
    bent("metadata-snapshot-of-other-bytes", "snapshot", |store| {
        change(store, "3.snapshot.json", |bytes| bytes[20] ^= 1)
    }),
    bent("metadata-snapshot-missing", "snapshot", |store| {
        store.files.remove("3.snapshot.json");
        Ok(())
    }),
    bent("metadata-snapshot-of-yesterday", "snapshot", |store| {
        let old = store.files["2.snapshot.json"].clone();
        store.put("3.snapshot.json", old);
        Ok(())
    }),
    bent("metadata-targets-of-yesterday", "targets", |store| {
        let old = store.files["2.targets.json"].clone();
        store.put("3.targets.json", old);
        Ok(())
    }),
    bent("metadata-targets-without-end", "targets", |store| {
        change(store, "3.targets.json", |bytes| {
            bytes.extend(vec![b' '; 1 << 20]);
        })
    }),
    bent("metadata-roots-without-end", "root", |store| {
        (2..ROOTS).try_for_each(|version| store.put_root(version))
    }),
    bent("metadata-same-root-again", "root", |store| {
        let root = store.first_root()?.to_vec();
        store.put("2.root.json", root);
        Ok(())
    }),
    bent("metadata-root-of-a-megabyte", "root", |store| {
        store.put("2.root.json", vec![b' '; 1 << 20]);
        Ok(())
    }),
    bent("metadata-timestamp-no-json", "timestamp", |store| {
        store.put("timestamp.json", b"<html>It works!</html>".to_vec());
        Ok(())
    }),
    bent("metadata-timestamp-empty", "timestamp", |store| {
        store.put("timestamp.json", Vec::new());
        Ok(())
    }),
    bent("metadata-timestamp-nested-deeply", "timestamp", |store| {
        store.put("timestamp.json", vec![b'['; 16_000]);
        Ok(())
    }),
    answered("metadata-timestamp-without-end", "timestamp", |x, _| {
        x.say("HTTP/1.1 200 OK\r\n\r\n{")?;
        loop {
            x.stream.write_all(&[b' '; 4096])?;
        }
    }),
    answered("metadata-timestamp-cut-off", "timestamp", |x, bytes| {
        let bytes = bytes.unwrap_or_default();
        x.say(&head("200 OK", bytes.len()))?;
        x.stream.write_all(&bytes[..bytes.len() / 2])
    }),
    answered("metadata-timestamp-500", "500", |x, _| {
        x.say(&head("500 Oops", 0))
    }),
    answered("metadata-timestamp-404", "timestamp", |x, _| {
        x.say(&head("404 Not Found", 0))
    }),
    answered("metadata-timestamp-not-modified", "304", |x, _| {
        x.say(&head("304 Not Modified", 0))
    }),
    answered("metadata-timestamp-reset", "timestamp", |x, _| x.reset()),
    answered(
        "metadata-timestamp-moved-in-a-circle",
        "timestamp",
        |x, _| x.say(&head("302 Found\r\nLocation: /timestamp.json", 0)),
    ),
    answered(
        "metadata-timestamp-header-without-end",
        "timestamp",
        |x, _| {
            x.say("HTTP/1.1 200 OK\r\nX: ")?;
            x.flood(&[b'x'; 1 << 16])
        },
    ),
];

fn change(store: &mut Repository, name: &str, change: fn(&mut Vec<u8>)) -> Result<()> {
    if let Some(bytes) = store.files.get_mut(name) {
        change(bytes);
    }
    Ok(())
}

/// As a server should.
pub(super) fn give(x: &mut Exchange, bytes: Option<&[u8]>) -> io::Result<()> {
    match bytes {
        Some(bytes) => {
            x.say(&head("200 OK", bytes.len()))?;
            x.stream.write_all(bytes)
        }
        None => x.say(&head("404 Not Found", 0)),
    }
}

fn head(status: &str, length: usize) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
}
