//! The committed seeds, each as it is, cut off at every length and with every bit flipped:
//! what a fuzzer would try first, on every run of the tests.

use fuzz_targets::{Answer, Target};
use std::fs;
use std::path::{Path, PathBuf};

fn corpus(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../corpus")
        .join(target.name)
}

fn committed(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = fs::read_dir(corpus(target)).unwrap();
    let files = directory.map(|entry| entry.unwrap().path());
    files
        .map(|file| (file.clone(), fs::read(&file).unwrap()))
        .collect()
}

fn try_all(name: &str) {
    let target = fuzz_targets::find(name).unwrap();
    let seeds = committed(target);
    assert!(!seeds.is_empty(), "{name} has no seeds");
    for (file, seed) in seeds {
        println!("{}", file.display());
        let refused = file.file_name().unwrap().to_str().unwrap();
        let expected = match refused.strip_prefix("refused-") {
            None => Answer::Accepted,
            Some(_) => Answer::Refused,
        };
        assert_eq!((target.run)(&seed), expected, "{}", file.display());
        for length in 0..=seed.len() {
            (target.run)(&seed[..length]);
        }
        for bit in 0..seed.len() * 8 {
            let mut flipped = seed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            (target.run)(&flipped);
        }
    }
}

/// Seeds are the only way into the parsers for a fuzzer that runs for seconds: when a
/// format changes they have to change with it.
#[test]
fn the_committed_seeds_are_those_of_today() {
    for target in fuzz_targets::ALL {
        for (name, bytes) in (target.seeds)() {
            let file = corpus(target).join(name);
            assert_eq!(
                fs::read(&file).ok(),
                Some(bytes),
                "{}: type cargo run --package fuzz-targets --example write_seeds",
                file.display()
            );
        }
    }
}

#[test]
fn every_target_is_tried() {
    let names: Vec<_> = fuzz_targets::ALL.iter().map(|target| target.name).collect();
    assert_eq!(names, TRIED);
}

macro_rules! targets {
    ($($name:ident)*) => {
        const TRIED: &[&str] = &[$(stringify!($name)),*];
        $(#[test]
        fn $name() {
            try_all(stringify!($name));
        })*
    };
}

targets! {
    device_path gpt boot_state floors flight_entry failed_release keyring envelope signatures delegation
    manifest kernel_image kernel_elf command_line handover uevent panic_dump
    tuf_json tuf_metadata dhcp_reply chunk_file piece_list squashfs snap_yaml snap_timer snap_configuration cloud_config patch http_request
    sudo_request
}
