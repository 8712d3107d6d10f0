//! Decodes 32 bytes in a loop: serde's own code for arrays is a step for every byte, which
//! is a kilobyte of the loader.

use core::fmt;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

const LENGTH: usize = 32;

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; LENGTH], D::Error> {
    struct Octets;
    impl<'de> Visitor<'de> for Octets {
        type Value = [u8; LENGTH];

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("32 bytes")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut octets: A) -> Result<Self::Value, A::Error> {
            let mut value = [0; LENGTH];
            for (index, octet) in value.iter_mut().enumerate() {
                let next = octets.next_element()?;
                *octet = next.ok_or_else(|| Error::invalid_length(index, &self))?;
            }
            Ok(value)
        }
    }
    from.deserialize_tuple(LENGTH, Octets)
}
