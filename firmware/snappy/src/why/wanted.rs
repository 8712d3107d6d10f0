//! Snaps that the owner asked for in a cloud-config, and that are not here.

use crate::device::Wanted;
use crate::sentence::plain;
use serde_json::{Value, json};

/// Nothing where all of them came.
pub(super) fn text(wanted: &[Wanted]) -> String {
    if wanted.is_empty() {
        return String::new();
    }
    let mut text = "\nThe cloud-config asks for snaps that are not as it wants them:\n".to_owned();
    for one in wanted {
        let name = plain(&one.name);
        let why = one.why.as_deref().map(plain).unwrap_or_default();
        text += &match &*one.state {
            "given-up" => format!("  {name} is not tried again: {why}\n"),
            "failed" => format!("  {name} will be tried again: {why}\n"),
            _ => format!("  {name} has not been tried yet\n"),
        };
    }
    text
}

pub(super) fn value(wanted: &[Wanted]) -> Value {
    let value = |one: &Wanted| json!({ "part": one.name, "state": one.state, "why": one.why });
    wanted.iter().map(value).collect()
}
