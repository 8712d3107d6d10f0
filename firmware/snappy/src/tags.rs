//! `snappy tags`: which channel each part follows, and who vouches for it.

use crate::arguments::Form;
use crate::daemon::Daemon;
use crate::list::{SIDELOAD, parts, publisher, tag, text};
use crate::table::render;
use crate::versions::PART;
use anyhow::Result;
use serde_json::{Value, json};

/// What `snappy tags` prints.
pub(crate) fn run(form: Form) -> Result<String> {
    let here = Daemon::find()?.get("/v2/snaps")?;
    let here = parts(&here);
    Ok(match form {
        Form::Json => {
            let value = |part: &Value| json!({ "part": part["name"], "tag": followed(part), "vouched_for_by": voucher(part) });
            let tags: Vec<Value> = here.iter().map(value).collect();
            format!("{}\n", json!({ "tags": tags }))
        }
        Form::Text => {
            let head = ["Part", "Tag", "Vouched for by"].map(String::from);
            let row = |part: &Value| {
                [
                    text(&part["name"]),
                    followed(part).to_owned(),
                    voucher(part),
                ]
            };
            let rows = std::iter::once(head).chain(here.iter().map(row));
            render(&rows.collect::<Vec<_>>())
        }
    })
}

/// Its next revision comes from there; the one that is here may be of another.
fn followed(part: &Value) -> &str {
    match tag(part) {
        SIDELOAD => SIDELOAD,
        taken_from => part["tracking-channel"].as_str().unwrap_or(taken_from),
    }
}

fn voucher(part: &Value) -> String {
    match (part["name"] == PART, tag(part)) {
        (true, _) => "the image's maker".to_owned(),
        (false, SIDELOAD) => "nobody".to_owned(),
        (false, _) => publisher(part),
    }
}
