//! Envelopes, and the parts behind them: records of one image in another's, fields with
//! the checksum put right, lengths that lie.

use super::{CRC, Damage, Patch, Subject};
use crate::map::{ImageMap, SOURCES};
use crate::random::Random;
use image_format::ENVELOPE_BYTES;
use image_format::frame::HEADER_BYTES;

const LENGTH_AT: usize = 12;
/// Among the records of an envelope.
const MANIFEST: usize = 2;

pub(super) fn damage(subject: &Subject<'_>, random: &mut Random) -> Damage {
    // Most often what boots first: what is wrong with the others is not looked at.
    let first = *random.pick(&[0, 0, 0, 1, 2]);
    let second = (first + 1 + random.below(2) as usize) % 3;
    let image = |index: usize| subject.map.image(SOURCES[index]);
    let (Some(image), Some(other)) = (image(first), image(second)) else {
        return Damage::new("nothing", "there is no image".to_owned(), Vec::new());
    };
    match random.below(8) {
        0 | 1 => mixed(subject, random, image, other),
        2..5 => record(subject, random, image),
        5 => area(subject, random, image, other),
        6 => foreign_part(subject, random, image, other),
        _ => edge(subject, random, image),
    }
}

fn records_of(subject: &Subject<'_>, image: &ImageMap) -> Vec<Vec<u8>> {
    let records = image.records.iter();
    records.map(|span| subject.disk.bytes(span)).collect()
}

fn area_of(image: &ImageMap, records: &[Vec<u8>]) -> Patch {
    let mut area = records.concat();
    area.resize(ENVELOPE_BYTES, 0);
    (image.envelope().start, area)
}

/// Some of the four records come from another image: a signature under another manifest.
fn mixed(subject: &Subject<'_>, random: &mut Random, image: &ImageMap, other: &ImageMap) -> Damage {
    let mut records = records_of(subject, image);
    let from_other = records_of(subject, other);
    let which = 1 + random.below(14);
    for (index, record) in records.iter_mut().enumerate() {
        if which >> index & 1 == 1 {
            record.clone_from(&from_other[index]);
        }
    }
    let (image_name, other_name) = (image.source, other.source);
    let story = format!("records {which:#06b} of {image_name} are those of {other_name}");
    Damage::new("envelope, mixed", story, vec![area_of(image, &records)])
}

/// A byte of a record, or its length, with the frame's checksum put right.
fn record(subject: &Subject<'_>, random: &mut Random, image: &ImageMap) -> Damage {
    let mut records = records_of(subject, image);
    let which = *random.pick(&[MANIFEST, MANIFEST, 0, 1, 3]);
    let record = &mut records[which];
    let payload = HEADER_BYTES as u64..record.len() as u64 - 4;
    let story = match random.below(5) {
        0 => {
            let length = record.len() as u32 ^ 1 << random.below(32);
            record[LENGTH_AT..LENGTH_AT + 4].copy_from_slice(&length.to_le_bytes());
            format!("record {which} of {} says {length} bytes", image.source)
        }
        _ => {
            let at = random.within(&payload) as usize;
            record[at] ^= 1 + random.below(255) as u8;
            format!("byte {at} of record {which} of {}", image.source)
        }
    };
    let end = record.len() - 4;
    let sum = CRC.checksum(&record[..end]);
    record[end..].copy_from_slice(&sum.to_le_bytes());
    Damage::new("record, forged", story, vec![area_of(image, &records)])
}

/// The whole area.
fn area(subject: &Subject<'_>, random: &mut Random, image: &ImageMap, other: &ImageMap) -> Damage {
    let (mut patch, name) = (
        area_of(image, &records_of(subject, image)),
        format!("envelope of {}", image.source),
    );
    let story = match random.below(4) {
        0 => {
            patch.1.fill(0);
            format!("no {name}")
        }
        1 => {
            patch.1.fill(0xff);
            format!("erased {name}")
        }
        2 => {
            patch.1 = subject.disk.bytes(&other.envelope());
            format!("{name} is that of {}", other.source)
        }
        _ => {
            let behind = image.records[3].end - image.partition.offset_bytes;
            let at = random.within(&(behind..ENVELOPE_BYTES as u64)) as usize;
            patch.1[at] = 1;
            format!("a byte behind the records in the {name}")
        }
    };
    Damage::new("envelope, area", story, vec![patch])
}

/// A kernel or an initrd that another image was signed with.
fn foreign_part(
    subject: &Subject<'_>,
    random: &mut Random,
    image: &ImageMap,
    other: &ImageMap,
) -> Damage {
    let (name, to, from) = match random.below(3) {
        0 => ("kernel", image.kernel.start, &other.kernel),
        1 => ("initrd", image.initrd.start, &other.initrd),
        _ => ("kernel from an initrd", image.kernel.start, &other.initrd),
    };
    let story = format!("{name} of {} is that of {}", image.source, other.source);
    Damage::new("part, foreign", story, vec![(to, subject.disk.bytes(from))])
}

/// The first or the last byte of a part, or the first one behind it, which nobody signed.
fn edge(subject: &Subject<'_>, random: &mut Random, image: &ImageMap) -> Damage {
    let (name, span) = *random.pick(&[("kernel", &image.kernel), ("initrd", &image.initrd)]);
    let (where_, at) = *random.pick(&[
        ("first byte", span.start),
        ("last byte", span.end - 1),
        ("byte behind the end", span.end),
    ]);
    let byte = subject.disk.bytes(&(at..at + 1))[0] ^ 0x80;
    let story = format!("{where_} of the {name} of {}", image.source);
    Damage::new("part, edge", story, vec![(at, vec![byte])])
}
