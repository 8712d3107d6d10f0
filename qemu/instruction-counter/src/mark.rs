//! Code whose first instruction is a mark.

/// The smallest page of any guest of ours.
const PAGE_BYTES: u64 = 4096;

/// Code whose first instruction is a mark.
pub(crate) struct Mark {
    /// What it is called in the output.
    pub(crate) name: String,
    /// The machine code that it begins with.
    pub(crate) code: Vec<u8>,
}

impl Mark {
    /// A mark of the form `NAME=HEX`.
    pub(crate) fn parse(argument: &str) -> Option<Self> {
        let (name, hex) = argument.split_once('=')?;
        let code = hex
            .as_bytes()
            .chunks(2)
            .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .collect::<Option<Vec<u8>>>()?;
        (!name.is_empty() && !code.is_empty()).then(|| Self {
            name: name.to_owned(),
            code,
        })
    }

    /// Whether all of it lies in one page when it begins at `address`.
    pub(crate) fn fits_in_page_at(&self, address: u64) -> bool {
        address % PAGE_BYTES + self.code.len() as u64 <= PAGE_BYTES
    }
}
