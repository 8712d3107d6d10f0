//! Variables for apps and hooks, in their order: later ones may use earlier ones.

use crate::error::{Problem, SnapYamlError};
use crate::yaml::Map;

/// Names and values, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// Name and value of each, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Reads the map `environment` in `map`.
pub(crate) fn read_environment(map: &Map<'_>) -> Result<Environment, SnapYamlError> {
    let mut variables = Vec::new();
    for (name, value) in map.entries_of("environment")? {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(value.refuse(Problem::Together(
                "a variable's name is not empty and has no = in it; rename it",
            )));
        }
        let text = value.text()?.unwrap_or_default();
        if text.contains('\0') {
            return Err(value.refuse(Problem::Character('\0')));
        }
        variables.push((name.to_owned(), text.to_owned()));
    }
    Ok(Environment(variables))
}
