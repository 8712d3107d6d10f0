//! The options of a message: where they stand, and their plain forms.

use super::reply::Malformed;
use super::{code, layout};
use core::net::Ipv4Addr;
use std::collections::BTreeMap;

/// All options by their number; parts of a long one are put together (RFC 3396).
pub(super) struct Options(BTreeMap<u8, Vec<u8>>);

impl Options {
    /// Collects the options of a whole message, those in the fields for the names of server
    /// and boot file included, if the message says so.
    pub(super) fn collect(message: &[u8]) -> Result<Self, Malformed> {
        let mut options = Self(BTreeMap::new());
        options.add(
            message
                .get(layout::HEAD_BYTES..)
                .ok_or(Malformed::TooShort)?,
        )?;
        let field = |range| message.get(range).ok_or(Malformed::TooShort);
        let fields = match options.0.get(&code::OVERLOAD).map(Vec::as_slice) {
            None => [None, None],
            Some([1]) => [Some(field(layout::BOOT_FILE)?), None],
            Some([2]) => [None, Some(field(layout::SERVER_NAME)?)],
            Some([3]) => [
                Some(field(layout::BOOT_FILE)?),
                Some(field(layout::SERVER_NAME)?),
            ],
            Some(_) => return Err(Malformed::Option(code::OVERLOAD)),
        };
        for field in fields.into_iter().flatten() {
            options.add(field)?;
        }
        Ok(options)
    }

    /// The end marker may be missing: some servers leave it out.
    fn add(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        while let Some((&number, rest)) = bytes.split_first() {
            bytes = rest;
            match number {
                code::PAD => continue,
                code::END => break,
                _ => {}
            }
            let cut = Malformed::CutOption(number);
            let (&length, rest) = bytes.split_first().ok_or(cut)?;
            let (value, rest) = rest.split_at_checked(usize::from(length)).ok_or(cut)?;
            self.0.entry(number).or_default().extend_from_slice(value);
            bytes = rest;
        }
        Ok(())
    }

    pub(super) fn bytes(&self, number: u8) -> Option<&[u8]> {
        self.0.get(&number).map(Vec::as_slice)
    }

    pub(super) fn byte(&self, number: u8) -> Result<Option<u8>, Malformed> {
        self.fixed::<1>(number)
            .map(|found| found.map(|[byte]| byte))
    }

    pub(super) fn number(&self, number: u8) -> Result<Option<u32>, Malformed> {
        self.fixed(number)
            .map(|found| found.map(u32::from_be_bytes))
    }

    pub(super) fn address(&self, number: u8) -> Result<Option<Ipv4Addr>, Malformed> {
        self.fixed::<4>(number)
            .map(|found| found.map(Ipv4Addr::from))
    }

    /// One or more addresses, in the order of preference; none if there is no such option.
    pub(super) fn addresses(&self, number: u8) -> Result<Vec<Ipv4Addr>, Malformed> {
        let Some(bytes) = self.bytes(number) else {
            return Ok(Vec::new());
        };
        match bytes.as_chunks::<4>() {
            ([], _) => Err(Malformed::Option(number)),
            (addresses, []) => Ok(addresses.iter().copied().map(Ipv4Addr::from).collect()),
            _ => Err(Malformed::Option(number)),
        }
    }

    fn fixed<const N: usize>(&self, number: u8) -> Result<Option<[u8; N]>, Malformed> {
        let Some(bytes) = self.bytes(number) else {
            return Ok(None);
        };
        let fixed = bytes.try_into().map_err(|_| Malformed::Option(number))?;
        Ok(Some(fixed))
    }
}
