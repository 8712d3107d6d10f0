//! What the real loader makes of a disk.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use boot_core::{Board, SecondHome};
use host_machine::{End, Machine, Started};
use image_format::disk::Role;
use image_format::{Manifest, Part, Slot, Source, parse_envelope};

use super::replayed_disk::ReplayedDisk;
use crate::disk::TestDisk;

/// What became of a boot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It starts the image that was recorded in this source, kernel and initrd whole.
    Starts(Source),
    /// It starts something else, with this command line.
    StartsOther(String),
    /// It starts nothing, and says this.
    Halts(String),
    /// It depends on what the firmware's variables hold.
    Depends(String, String),
    /// It read in `writable`.
    Strays,
    /// It panicked.
    Panics,
}

impl Verdict {
    /// The source of the image that it starts.
    #[must_use]
    pub fn source(&self) -> Option<Source> {
        match self {
            Self::Starts(source) => Some(*source),
            _ => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starts(source) => write!(f, "it starts {source}"),
            Self::StartsOther(words) => write!(f, "it starts what is no image, with {words:?}"),
            Self::Halts(reason) => f.write_str(reason),
            Self::Depends(one, other) => {
                write!(
                    f,
                    "it depends on the firmware's variables: {one}, or {other}"
                )
            }
            Self::Strays => f.write_str("the loader read in writable"),
            Self::Panics => f.write_str("the loader panicked"),
        }
    }
}

/// What lies in a source when the recording begins.
struct Image {
    source: Source,
    manifest: Vec<u8>,
    kernel: Vec<u8>,
    initrd: Vec<u8>,
}

/// The loader of a board, and the images that it may start.
pub struct Loader {
    board: Board,
    signed_keyring: Vec<u8>,
    images: Vec<Image>,
}

impl Loader {
    /// With that keyring; the images are those of the disks in these files. Rescue may be
    /// empty there.
    ///
    /// # Errors
    /// A slot holds no image.
    pub fn new(board: &boards::Board, signed_keyring: &[u8], disks: &[&Path]) -> Result<Self> {
        let mut images = Vec::new();
        for disk in disks {
            let disk = TestDisk::at(disk);
            for slot in Slot::ALL {
                images.push(read_image(&disk, slot.into())?);
            }
            images.extend(read_image(&disk, Source::Rescue));
        }
        Ok(Self {
            // A loader has it built in; here it lives as long as the program.
            board: Board {
                id: board.id.clone().leak(),
            },
            signed_keyring: signed_keyring.to_owned(),
            images,
        })
    }

    /// Boots a copy of `disk`, once for each of `second_homes`.
    #[must_use]
    pub fn judge(&self, disk: &ReplayedDisk, second_homes: &[SecondHome]) -> Verdict {
        let mut verdicts = second_homes
            .iter()
            .map(|home| self.boot(disk.clone(), *home));
        let first = verdicts
            .next()
            .unwrap_or_else(|| self.boot(disk.clone(), SecondHome::None));
        match verdicts.find(|verdict| *verdict != first) {
            None => first,
            Some(other) => Verdict::Depends(first.to_string(), other.to_string()),
        }
    }

    fn boot(&self, mut disk: ReplayedDisk, second_home: SecondHome) -> Verdict {
        let mut machine = Machine {
            disk: &mut disk,
            second_home,
        };
        let end = machine.boot(&self.board, &self.signed_keyring);
        if disk.strayed() {
            return Verdict::Strays;
        }
        match end {
            End::Started(started) => self.recognise(started),
            End::Halted(halt) => Verdict::Halts(halt.to_string()),
            End::Panicked(_) => Verdict::Panics,
        }
    }

    /// All of it has to be of one image.
    fn recognise(&self, started: Started) -> Verdict {
        let found = self.images.iter().find(|image| {
            let word = format!("twinkeel.slot={}", image.source);
            started.words.split(' ').any(|each| each == word)
                && started.kernel == image.kernel
                && started
                    .initrd
                    .strip_prefix(&image.initrd[..])
                    .is_some_and(|behind| contains(behind, &image.manifest))
        });
        match found {
            Some(image) => Verdict::Starts(image.source),
            None => Verdict::StartsOther(started.words),
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn read_image(disk: &TestDisk, source: Source) -> Result<Image> {
    let area = disk.read_envelope(source)?;
    let envelope =
        parse_envelope(&area).with_context(|| format!("cannot parse the envelope of {source}"))?;
    let manifest: Manifest<'_> = envelope.manifest.decode()?;
    let start = disk.offset_of(Role::from(source))?;
    let read = |part: &Part| disk.read_at(start + part.offset_bytes, part.length_bytes);
    Ok(Image {
        source,
        manifest: envelope.manifest.bytes.to_owned(),
        kernel: read(&manifest.kernel)?,
        initrd: read(&manifest.initrd)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::small_device::SmallDevice;

    #[test]
    fn every_part_of_what_starts_has_to_be_of_one_image() -> Result<()> {
        let loader = SmallDevice::new()?.loader()?;
        let [a, b] = &loader.images[..] else {
            panic!("there are {} images", loader.images.len());
        };
        let verdict = |slot: &Image, kernel: &Image, initrd: &Image, manifest: &Image| {
            loader.recognise(Started {
                kernel: kernel.kernel.clone(),
                initrd: [&initrd.initrd[..], b"0000", &manifest.manifest, b"00"].concat(),
                words: format!("panic=10 twinkeel.slot={} twinkeel.boot=1", slot.source),
            })
        };
        assert_eq!(verdict(a, a, a, a), Verdict::Starts(Slot::A.into()));
        assert_eq!(verdict(b, b, b, b), Verdict::Starts(Slot::B.into()));
        for mixed in [
            verdict(b, a, a, a),
            verdict(a, b, a, a),
            verdict(a, a, b, a),
            verdict(a, a, a, b),
        ] {
            assert!(matches!(mixed, Verdict::StartsOther(_)), "{mixed}");
        }
        Ok(())
    }
}
