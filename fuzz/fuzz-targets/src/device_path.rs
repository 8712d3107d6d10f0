//! Device paths of firmware: the disk that the loader was read from is found by them.
//!
//! The input is a length, a path of that many bytes, and a second one. What leads to a
//! device is the row of its nodes, each with its whole length; and of any path that is one,
//! every beginning leads to a device that it is on.

use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use boot_core::device_path::nodes_up_to;

pub(crate) const TARGET: Target = Target {
    name: "device_path",
    about: "device paths of the firmware",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

const END: [u8; 4] = [0x7f, 0xff, 4, 0];

fn run(input: &[u8]) -> Answer {
    let Some((length, rest)) = input.split_first_chunk() else {
        return Answer::Refused;
    };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (device, path) = rest.split_at(length);
    check_beginnings(path);
    let Some(count) = nodes_up_to(device, path) else {
        return Answer::Refused;
    };
    let ends = ends_of_nodes(device).expect("what is accepted is a path");
    assert_eq!(count, ends.len());
    let end = *ends.last().expect("it leads somewhere");
    assert_eq!(device[..end], path[..end]);
    assert_eq!(nodes_up_to(device, device), Some(count));
    Answer::Accepted
}

fn check_beginnings(path: &[u8]) {
    let Some(ends) = ends_of_nodes(path) else {
        assert_eq!(nodes_up_to(path, path), None);
        return;
    };
    for (count, end) in (1..).zip(&ends).take(8) {
        let beginning = [&path[..*end], &END].concat();
        assert_eq!(nodes_up_to(&beginning, path), Some(count));
    }
}

/// Where each node ends, without the end node; another way to say what a path is.
fn ends_of_nodes(path: &[u8]) -> Option<Vec<usize>> {
    let mut ends = Vec::new();
    let mut at = 0;
    while !path.get(at..)?.starts_with(&END[..2]) {
        let length = path.get(at + 2..at + 4)?;
        let length = usize::from(length[0]) | usize::from(length[1]) << 8;
        at = Some(at + length).filter(|_| length >= 4)?;
        ends.push(at);
    }
    path.get(at + 2..at + 4)?;
    Some(ends)
}

fn seeds() -> Vec<Seed> {
    // A PCI root, a device on it, a partition.
    let root: &[u8] = &[2, 1, 12, 0, 0xd0, 0x41, 3, 0x0a, 0, 0, 0, 0];
    let device: &[u8] = &[1, 1, 6, 0, 0, 3];
    let partition: Vec<u8> = [&[4, 1, 42, 0][..], &[1; 38]].concat();
    let seed = |device: &[&[u8]], path: &[&[u8]]| {
        let device = [device, &[&END]].concat().concat();
        let length = (device.len() as u16).to_le_bytes();
        [&length[..], &device, &path.concat(), &END].concat()
    };
    vec![
        (
            "partition",
            seed(&[root, device], &[root, device, &partition]),
        ),
        (
            "refused-other",
            seed(&[root, &[1, 1, 6, 0, 0, 4]], &[root, device]),
        ),
    ]
}
