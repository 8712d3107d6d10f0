//! What `image-trust` said of an envelope, remembered: a simulated device has three, and
//! verifies them at each of a million boots.

use image_format::{Floors, Keyring, Refusal};
use image_trust::{ImageKind, Release, Requirements, Verified, verify_envelope};

/// More than the envelopes of a world under all of its floors; others are verified anew.
const MOST_VERDICTS: usize = 64;

/// All that the verdict depends on, and the verdict over the same bytes, kept for ever.
struct Verdict {
    keyring: Verified<Keyring>,
    area: &'static [u8],
    board: String,
    kind: ImageKind,
    floors: Floors,
    slot_length_bytes: u64,
    said: Result<Verified<Release<'static>>, Refusal>,
}

/// The verdicts of one world.
#[derive(Default)]
pub(crate) struct Verdicts {
    known: Vec<Verdict>,
}

impl Verdicts {
    /// As [`image_trust::verify_envelope`].
    pub(crate) fn verify<'a>(
        &mut self,
        keyring: &Verified<Keyring>,
        area: &'a [u8],
        requirements: &Requirements<'_>,
    ) -> Result<Verified<Release<'a>>, Refusal> {
        let same = |verdict: &&Verdict| {
            verdict.kind == requirements.kind
                && verdict.board == requirements.board
                && verdict.floors == requirements.floors
                && verdict.slot_length_bytes == requirements.slot_length_bytes
                && verdict.keyring == *keyring
                && verdict.area == area
        };
        if let Some(verdict) = self.known.iter().find(same) {
            return verdict.said.clone();
        }
        if self.known.len() >= MOST_VERDICTS {
            return verify_envelope(keyring, area, requirements);
        }
        let area: &'static [u8] = area.to_vec().leak();
        let said = verify_envelope(keyring, area, requirements);
        self.known.push(Verdict {
            keyring: keyring.clone(),
            area,
            board: requirements.board.to_owned(),
            kind: requirements.kind,
            floors: requirements.floors,
            slot_length_bytes: requirements.slot_length_bytes,
            said: said.clone(),
        });
        said
    }
}
