//! Every bit of every file of an honest day is flipped, one at a time: the file is refused. But for
//! one thing: the digits of a signature may be in capitals, which changes nothing.
//!
//! The day tells versions only, no lengths and no hashes, so that the signatures stand alone.

use crate::case::folders;
use crate::server::{Files, Server};
use std::io;
use std::ops::Range;
use tuf_client::metadata::RoleName;
use tuf_client::{Client, Error, MetadataStore, UtcTime, initialise};

#[test]
fn every_bit_of_the_root_counts() {
    flip_every_bit("revoked-key", "2.root.json");
}

#[test]
fn every_bit_of_the_timestamp_counts() {
    flip_every_bit("mix-and-match", "timestamp.json");
}

#[test]
fn every_bit_of_the_snapshot_counts() {
    flip_every_bit("mix-and-match", "2.snapshot.json");
}

#[test]
fn every_bit_of_the_targets_counts() {
    flip_every_bit("mix-and-match", "2.targets.json");
}

#[test]
fn every_bit_of_a_delegated_role_counts() {
    flip_every_bit("mix-and-match", "2.publisher.json");
}

fn flip_every_bit(folder: &str, file: &str) {
    let case = folders()
        .into_iter()
        .find(|case| case.name == folder)
        .unwrap();
    let (first, last) = (case.steps.first().unwrap(), case.last());
    let mut yesterday = Memory::default();
    initialise(&mut &mut yesterday, &case.root).unwrap();
    refresh(&mut yesterday, &mut case.server(first), first.now).unwrap();

    let mut server = case.server(last);
    let honest = server.files[file].clone();
    let belief = refresh(&mut yesterday.clone(), &mut server, last.now).unwrap();
    let signatures = signatures(&honest);
    assert!(!signatures.is_empty());
    for bit in 0..honest.len() * 8 {
        let byte = bit / 8;
        let mut flipped = honest.clone();
        flipped[byte] ^= 1 << (bit % 8);
        let capital = signatures.iter().any(|digits| digits.contains(&byte))
            && honest[byte].is_ascii_lowercase()
            && flipped[byte] == honest[byte].to_ascii_uppercase();
        server.files.insert(file.to_owned(), flipped.clone());
        let mut device = yesterday.clone();
        match refresh(&mut device, &mut server, last.now) {
            Ok(found) => assert!(
                capital && found == belief,
                "bit {bit} of {file} was accepted"
            ),
            Err(error) => {
                assert!(!capital, "bit {bit} of {file}: {error}");
                let kept = device.0.values().any(|kept| *kept == flipped);
                assert!(!kept, "bit {bit} of {file} was refused and kept: {error}");
            }
        }
    }
}

/// Where the digits of signatures stand.
fn signatures(file: &[u8]) -> Vec<Range<usize>> {
    let text = std::str::from_utf8(file).unwrap();
    let start = |(at, name): (usize, &str)| at + name.len();
    let starts = text.match_indices(r#""sig":""#).map(start);
    starts
        .map(|start| start..start + text[start..].find('"').unwrap())
        .collect()
}

/// Refreshes, and tells what the device believes afterwards.
fn refresh(device: &mut Memory, server: &mut Server, now: UtcTime) -> Result<String, Error> {
    let mut client = Client::new(device, server, now)?;
    client.refresh()?;
    let trusted = client.trusted();
    let top = format!(
        "{:?} {:?} {:?} {:?}",
        trusted.root(),
        trusted.timestamp(),
        trusted.snapshot(),
        trusted.targets()
    );
    let found = ["hello.txt", "app.txt"].map(|name| client.target_info(name));
    let [hello, app] = found;
    Ok(format!("{top} {:?} {:?}", hello?, app?))
}

/// What a device keeps.
#[derive(Clone, Default)]
struct Memory(Files);

impl MetadataStore for &mut Memory {
    fn load(&self, role: &RoleName, _max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.get(&role.0).cloned())
    }

    fn save(&mut self, role: &RoleName, bytes: &[u8]) -> io::Result<()> {
        self.0.insert(role.0.clone(), bytes.to_owned());
        Ok(())
    }

    fn remove(&mut self, role: &RoleName) -> io::Result<()> {
        self.0.remove(&role.0);
        Ok(())
    }
}
