//! Numbers that look random and are the same for the same seed: SplitMix64 (Steele, Lea,
//! Flood: "Fast splittable pseudorandom number generators", 2014).

use core::ops::Range;

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of numbers.
pub(crate) struct Random(u64);

impl Random {
    /// The stream of one corruption of a run.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut of_seed = Self(seed);
        Self(of_seed.next() ^ number.wrapping_mul(STEP).rotate_left(17))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`, which is not zero. The bias of a remainder does not matter here.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn within(&mut self, span: &Range<u64>) -> u64 {
        span.start + self.below(span.end - span.start)
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.next().to_le_bytes());
        words.flatten().take(count).collect()
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(seed: u64, number: u64) -> Vec<u8> {
        Random::new(seed, number).bytes(16)
    }

    #[test]
    fn the_same_seed_and_number_say_the_same_and_others_do_not() {
        assert_eq!(first(1, 7), first(1, 7));
        for other in [first(1, 8), first(2, 7), first(7, 1)] {
            assert_ne!(first(1, 7), other);
        }
    }
}
