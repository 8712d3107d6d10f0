//! Finds what of a new file stands in the old one, or nearly so.
//!
//! The algorithm is that of Colin Percival, "Naive differences of executable code" (2003): a
//! suffix array of the old file gives the longest match at each place; a match is extended
//! over differences for as long as at least half of the bytes agree. Code moves, and the
//! addresses in it change: that way most of a changed program is one long match in which few
//! bytes differ, and by the same amount.

/// How much better a match at another place must be, in bytes, than going on as before.
const WORTH_MOVING: usize = 8;

/// Bytes from the old file, with differences, and fresh ones behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Where in the old file.
    pub(super) old: usize,
    /// Where in the new file.
    pub(super) new: usize,
    /// How many bytes are taken from the old file.
    pub(super) taken: usize,
    /// How many fresh ones follow.
    pub(super) fresh: usize,
}

/// Gives the steps that make `new` from `old` to `emit`, in order.
pub(super) fn steps<E>(
    old: &[u8],
    new: &[u8],
    mut emit: impl FnMut(Step) -> Result<(), E>,
) -> Result<(), E> {
    let (taken, fresh) = match old {
        _ if old == new => (new.len(), 0),
        [] => (0, new.len()),
        _ => return Matcher::new(old, new).run(emit),
    };
    emit(Step {
        old: 0,
        new: 0,
        taken,
        fresh,
    })
}

struct Matcher<'a> {
    old: &'a [u8],
    new: &'a [u8],
    /// Where the suffixes of the old file begin, in the order of their bytes.
    suffixes: Vec<i32>,
    /// Up to here steps were emitted,
    last_new: usize,
    /// and this place in the old file goes with it.
    last_old: usize,
}

/// A match of `length` bytes.
#[derive(Clone, Copy, Default)]
struct Match {
    old: usize,
    length: usize,
}

impl<'a> Matcher<'a> {
    fn new(old: &'a [u8], new: &'a [u8]) -> Self {
        let mut suffixes = vec![0; old.len()];
        divsufsort::sort_in_place(old, &mut suffixes);
        Self {
            old,
            new,
            suffixes,
            last_new: 0,
            last_old: 0,
        }
    }

    fn run<E>(mut self, mut emit: impl FnMut(Step) -> Result<(), E>) -> Result<(), E> {
        let (mut scan, mut found) = (0, Match::default());
        while scan < self.new.len() {
            let agreed;
            (scan, found, agreed) = self.next_match(scan + found.length);
            let at_end = scan == self.new.len();
            if found.length == agreed && !at_end {
                continue;
            }
            let forward = self.forward(scan);
            let backward = if at_end {
                0
            } else {
                self.backward(scan, found)
            };
            let (forward, backward) = self.without_overlap(scan, found, forward, backward);
            emit(Step {
                old: self.last_old,
                new: self.last_new,
                taken: forward,
                fresh: scan - backward - (self.last_new + forward),
            })?;
            self.last_new = scan - backward;
            self.last_old = found.old.saturating_sub(backward);
        }
        Ok(())
    }

    /// The next place from `scan` on with a match that is worth moving to, or the end; and
    /// how many of the match's bytes stay when we go on as before.
    fn next_match(&self, mut scan: usize) -> (usize, Match, usize) {
        let (mut agreed, mut counted) = (0_usize, scan);
        let mut found = Match::default();
        while scan < self.new.len() {
            found = self.longest_match(scan);
            while counted < scan + found.length {
                agreed += usize::from(self.agrees(counted));
                counted += 1;
            }
            let same = found.length == agreed && found.length > 0;
            if same || found.length > agreed + WORTH_MOVING {
                break;
            }
            // A byte that agrees stands in the old file, so it was counted.
            agreed = agreed.saturating_sub(self.agrees(scan).into());
            scan += 1;
            counted = counted.max(scan);
        }
        (scan, found, agreed)
    }

    /// Whether the byte stays when we go on as before.
    fn agrees(&self, place: usize) -> bool {
        let old = self.old.get(self.last_old + (place - self.last_new));
        old.is_some_and(|old| *old == self.new[place])
    }

    fn longest_match(&self, scan: usize) -> Match {
        let wanted = &self.new[scan..];
        let suffix = |at: &i32| &self.old[*at as usize..];
        let index = self.suffixes.partition_point(|at| suffix(at) < wanted);
        let neighbours = [index.checked_sub(1), Some(index)].into_iter().flatten();
        let matches = neighbours.filter_map(|index| {
            let at = self.suffixes.get(index)?;
            Some(Match {
                old: *at as usize,
                length: common(suffix(at), wanted),
            })
        });
        matches.max_by_key(|found| found.length).unwrap_or_default()
    }

    /// How far the last match goes on, up to `scan`.
    fn forward(&self, scan: usize) -> usize {
        let old = self.old.get(self.last_old..).unwrap_or_default();
        let new = &self.new[self.last_new..scan];
        best_extension(old.iter().zip(new))
    }

    /// How far the match that was found goes back from `scan`.
    fn backward(&self, scan: usize, found: Match) -> usize {
        let old = self.old[..found.old].iter().rev();
        let new = self.new[self.last_new..scan].iter().rev();
        best_extension(old.zip(new))
    }

    /// Where both want the same bytes, each gets those with which it agrees more.
    fn without_overlap(
        &self,
        scan: usize,
        found: Match,
        forward: usize,
        backward: usize,
    ) -> (usize, usize) {
        let start = scan - backward;
        let overlap = (self.last_new + forward).saturating_sub(start);
        let (mut score, mut best, mut kept) = (0_i64, 0, 0);
        for index in 0..overlap {
            let byte = self.new[start + index];
            let last = self.old[self.last_old + (start + index - self.last_new)];
            let next = self.old[found.old - backward + index];
            score += i64::from(byte == last) - i64::from(byte == next);
            if score > best {
                (best, kept) = (score, index + 1);
            }
        }
        (forward - overlap + kept, backward - kept)
    }
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The length with the most agreements over disagreements.
fn best_extension<'a>(pairs: impl Iterator<Item = (&'a u8, &'a u8)>) -> usize {
    let (mut score, mut best, mut length) = (0_i64, 0, 0);
    for (index, (old, new)) in pairs.enumerate() {
        score += if old == new { 1 } else { -1 };
        if score > best {
            (best, length) = (score, index + 1);
        }
    }
    length
}
