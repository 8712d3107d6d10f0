//! Names, revisions and hashes as texts in JSON.

use image_format::Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

/// A value that is written as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Text).map_err(de::Error::custom)
    }
}

impl<T> Deref for Text<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// One text.
pub(crate) mod one {
    use super::{Deserialize, Deserializer, FromStr, Serialize, Serializer, Text, fmt};

    pub(crate) fn serialize<T: fmt::Display + Clone, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Text(value.clone()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: fmt::Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        Text::deserialize(deserializer).map(|Text(value)| value)
    }
}

/// A list or an option of them.
pub(crate) mod many {
    use super::{Deserialize, Deserializer, FromStr, Serialize, Serializer, Text, fmt};

    pub(crate) fn serialize<'a, C, T, S>(values: &'a C, serializer: S) -> Result<S::Ok, S::Error>
    where
        &'a C: IntoIterator<Item = &'a T>,
        T: fmt::Display + 'a,
        S: Serializer,
    {
        let texts: Vec<_> = values.into_iter().map(Text).collect();
        texts.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, C, T, D>(deserializer: D) -> Result<C, D::Error>
    where
        C: FromIterator<T>,
        T: FromStr<Err: fmt::Display>,
        D: Deserializer<'de>,
    {
        let texts = Vec::<Text<T>>::deserialize(deserializer)?;
        Ok(texts.into_iter().map(|Text(value)| value).collect())
    }
}

/// Perhaps a text.
pub(crate) mod optional {
    use super::{Deserialize, Deserializer, FromStr, Serialize, Serializer, Text, fmt};

    pub(crate) fn serialize<T: fmt::Display, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Text).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: fmt::Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let text = Option::<Text<T>>::deserialize(deserializer)?;
        Ok(text.map(|Text(value)| value))
    }
}

/// A hash in hexadecimal digits.
pub(crate) mod hex {
    use super::{Deserialize, Deserializer, Digest, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        digest: &Digest,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(digest)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        Digest::parse_hex(&text).ok_or_else(|| de::Error::custom("it is no hash"))
    }
}
