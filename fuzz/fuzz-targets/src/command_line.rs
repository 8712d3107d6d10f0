//! The command line that the loader composes of a manifest's words, and PID 1 takes apart.
//!
//! The input is a number for the source, a disk's GUID, a boot number, and the words. Words
//! of a manifest that is accepted come first and unchanged, and PID 1 reads exactly what the
//! loader added, whatever they are. Words that are refused have a byte or a length that no
//! manifest may have, or begin like the loader's.

use crate::init::command_line::parse_handover;
use crate::signer::manifest;
use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use boot_core::handover::command_line;
use image_format::disk::{Guid, Role};
use image_format::manifest::MAX_COMMAND_LINE_BYTES;
use image_format::{BootNumber, Manifest, Slot, Source};
use image_trust::check_manifest;

pub(crate) const TARGET: Target = Target {
    name: "command_line",
    about: "the words of a manifest, from the loader to PID 1",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

const SLOT_BYTES: u64 = 8 << 20;
const SOURCES: [Source; 3] = [Source::Slot(Slot::A), Source::Slot(Slot::B), Source::Rescue];

fn run(input: &[u8]) -> Answer {
    let Some(([source], rest)) = input.split_first_chunk::<1>() else {
        return Answer::Refused;
    };
    let Some((guid, rest)) = rest.split_first_chunk::<16>() else {
        return Answer::Refused;
    };
    let Some((boot, words)) = rest.split_first_chunk::<8>() else {
        return Answer::Refused;
    };
    let Ok(words) = core::str::from_utf8(words) else {
        return Answer::Refused;
    };
    let source = SOURCES[usize::from(*source) % SOURCES.len()];
    let (guid, boot) = (
        Guid::from_bytes(*guid),
        BootNumber(u64::from_le_bytes(*boot)),
    );
    let manifest = Manifest {
        command_line: words,
        ..manifest()
    };
    let line = command_line(&manifest, source, guid, boot);
    if check_manifest(&manifest, SLOT_BYTES).is_err() {
        assert!(words.contains("twinkeel.") || line.is_err());
        return Answer::Refused;
    }
    assert!(words.len() <= MAX_COMMAND_LINE_BYTES);
    let line = line.expect("a manifest that is accepted has good words");
    assert!(line.starts_with(words));
    // As Linux shows it.
    let handover = parse_handover(&format!("{line}\n")).expect("PID 1 reads it");
    assert_eq!(handover.slot, source);
    assert_eq!(handover.disk_guid, guid.to_string());
    assert_eq!(handover.boot_number, boot);
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let seed = |source: u8, words: &str| {
        let guid = Role::SystemA.type_guid().to_bytes();
        [
            &[source][..],
            &guid,
            &17_u64.to_le_bytes(),
            words.as_bytes(),
        ]
        .concat()
    };
    vec![
        (
            "words",
            seed(0, "console=ttyS0,115200 panic=10 dyndbg=\"a b\""),
        ),
        ("none", seed(2, "")),
        ("refused-loaders", seed(1, "panic=10 twinkeel.debug")),
        ("refused-quoted", seed(1, "a=\"twinkeel.slot=system-b\"")),
    ]
}
