//! The variables that a snap finds, and the places where it may use them.

use snap_format::Environment;

/// Names and values, later ones of a name instead of earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables(Vec<(String, String)>);

/// What of the caller's variables a command for people keeps.
pub(crate) const OF_THE_CALLER: [&str; 4] = ["COLUMNS", "LANG", "LINES", "TERM"];

impl Variables {
    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// Sets what a snap.yaml says, in which earlier variables may be used.
    pub(crate) fn set_all(&mut self, environment: &Environment) {
        for (name, value) in environment.iter() {
            let value = self.expand(value);
            self.set(name, value);
        }
    }

    /// Puts values in the place of `$NAME` and `${NAME}`; nothing where there is none.
    pub(crate) fn expand(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            expanded.push_str(before);
            let (name, after) = match behind.strip_prefix('{') {
                Some(braced) => braced.split_once('}').unwrap_or((braced, "")),
                None => {
                    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    behind.split_at(behind.find(|c| !is_name(c)).unwrap_or(behind.len()))
                }
            };
            match name {
                "" => expanded.push('$'),
                name => expanded.push_str(self.get(name).unwrap_or_default()),
            }
            rest = after;
        }
        expanded + rest
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn into_pairs<T: From<String>>(self) -> Vec<(T, T)> {
        let pairs = self.0.into_iter();
        pairs
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }
}

/// As snaps call the processor of this device: by Debian's name.
pub(crate) fn architecture() -> &'static str {
    match confinement::Architecture::native() {
        Some(confinement::Architecture::X86_64) => "amd64",
        Some(confinement::Architecture::Aarch64) => "arm64",
        Some(confinement::Architecture::Arm) => "armhf",
        Some(confinement::Architecture::Powerpc64le) => "ppc64el",
        None => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_used_in_later_ones() {
        let mut variables = Variables::default();
        variables.set("SNAP", "/snap/web/1");
        variables.set("A_1", "x");
        for (text, expanded) in [
            ("$SNAP/bin", "/snap/web/1/bin"),
            ("${A_1}y$A_1", "xyx"),
            ("$NONE.", "."),
            ("5$", "5$"),
            ("$$A_1", "$x"),
            ("${A_1", "x"),
            ("plain", "plain"),
        ] {
            assert_eq!(variables.expand(text), expanded, "{text}");
        }
    }

    #[test]
    fn the_last_word_counts() {
        let mut variables = Variables::default();
        variables.set("A", "1");
        variables.set("A", "2");
        let pairs: Vec<(String, String)> = variables.into_pairs();
        assert_eq!(pairs, [("A".to_owned(), "2".to_owned())]);
    }
}
