//! LZO1X, as `mksquashfs -comp lzo` packs: only unpacking, and by hand, since the package of
//! that name is under another licence and the C library is C.
//!
//! An instruction is a byte. It copies bytes from the input, or some that are in the output
//! already. The last two bits of a copy from the output say how many bytes from the input
//! follow it. The format: <https://www.kernel.org/doc/html/latest/staging/lzo.html>.

/// How many bytes the instruction before copied from the input: what a short copy means
/// depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    None,
    Few,
    Many,
}

/// The content of `packed`; none if it contradicts itself or has more than `max_bytes`.
pub(super) fn unpack(packed: &[u8], max_bytes: usize) -> Option<Vec<u8>> {
    let mut input = Input { bytes: packed };
    let mut output = Output {
        bytes: Vec::new(),
        max_bytes,
    };
    let mut before = Before::None;
    if let Some(count) = input.bytes.first().and_then(|first| first.checked_sub(17))
        && count > 0
    {
        input.byte()?;
        output.extend(input.take(usize::from(count))?)?;
        before = if count < 4 { Before::Few } else { Before::Many };
    }
    loop {
        let code = usize::from(input.byte()?);
        if code < 16 && before == Before::None {
            let count = input.length(code, 15)? + 3;
            output.extend(input.take(count)?)?;
            before = Before::Many;
            continue;
        }
        let (distance, length, follow) = match code {
            0..16 => {
                let high = usize::from(input.byte()?) << 2;
                let near = high + (code >> 2) + 1;
                match before {
                    Before::Many => (near + 0x800, 3, code & 3),
                    _ => (near, 2, code & 3),
                }
            }
            16..32 => {
                let length = input.length(code & 7, 7)? + 2;
                let word = input.word()?;
                let distance = ((code & 8) << 11) + (word >> 2);
                if distance == 0 {
                    return input.bytes.is_empty().then_some(output.bytes);
                }
                (distance + 0x4000, length, word & 3)
            }
            32..64 => {
                let length = input.length(code & 31, 31)? + 2;
                let word = input.word()?;
                ((word >> 2) + 1, length, word & 3)
            }
            _ => {
                let high = usize::from(input.byte()?) << 3;
                (high + (code >> 2 & 7) + 1, (code >> 5) + 1, code & 3)
            }
        };
        output.repeat(distance, length)?;
        output.extend(input.take(follow)?)?;
        before = if follow == 0 {
            Before::None
        } else {
            Before::Few
        };
    }
}

struct Input<'a> {
    bytes: &'a [u8],
}

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn word(&mut self) -> Option<usize> {
        let (low, high) = (self.byte()?, self.byte()?);
        Some(usize::from(u16::from_le_bytes([low, high])))
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// The length in a code; 0 says that it is longer than `most` and follows.
    fn length(&mut self, code: usize, most: usize) -> Option<usize> {
        if code != 0 {
            return Some(code);
        }
        let mut length = most;
        loop {
            match self.byte()? {
                0 => length += 255,
                last => return Some(length + usize::from(last)),
            }
        }
    }
}

struct Output {
    bytes: Vec<u8>,
    max_bytes: usize,
}

impl Output {
    fn extend(&mut self, bytes: &[u8]) -> Option<()> {
        if self.bytes.len() + bytes.len() > self.max_bytes {
            return None;
        }
        self.bytes.extend_from_slice(bytes);
        Some(())
    }

    /// Copies what is `distance` back; it may overlap what it makes.
    fn repeat(&mut self, distance: usize, length: usize) -> Option<()> {
        let begin = self.bytes.len().checked_sub(distance)?;
        if self.bytes.len() + length > self.max_bytes {
            return None;
        }
        for place in begin..begin + length {
            let byte = *self.bytes.get(place)?;
            self.bytes.push(byte);
        }
        Some(())
    }
}
