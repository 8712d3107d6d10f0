//! `snappy framework`: what the frameworks offer, and who needs them.

use crate::arguments::Form;
use crate::daemon::Daemon;
use crate::info::Installed;
use crate::sentence::plain;
use crate::table::render;
use anyhow::Result;
use serde_json::{Value, json};

/// Asks the daemon, and returns what to print.
pub(crate) fn run(form: Form) -> Result<String> {
    let here = Daemon::find()?.get("/v2/snaps")?;
    Ok(output(&here, form))
}

/// The frameworks and the apps that are installed; none where no daemon tells them.
pub(crate) fn installed() -> Installed {
    let here = Daemon::find().and_then(|daemon| daemon.get("/v2/snaps"));
    let here = here.unwrap_or_default();
    let all = snaps(&here).iter().filter(|snap| snap["type"] == "app");
    let (frameworks, apps): (Vec<_>, Vec<_>) = all.partition(|snap| is_framework(snap));
    let names = |snaps: Vec<&Value>| snaps.into_iter().map(|snap| text(&snap["name"])).collect();
    Installed {
        frameworks: names(frameworks),
        apps: names(apps),
    }
}

fn output(here: &Value, form: Form) -> String {
    let frameworks = snaps(here).iter().filter(|snap| is_framework(snap));
    match form {
        Form::Json => {
            let value = |snap: &Value| {
                json!({
                    "part": snap["name"],
                    "installed": snap["version"],
                    "offers": snap["twinkeel"]["framework"]["offers"],
                    "needed_by": snap["twinkeel"]["framework"]["needed-by"],
                })
            };
            let values: Vec<_> = frameworks.map(value).collect();
            format!("{}\n", json!({ "frameworks": values }))
        }
        Form::Text => {
            let row = |snap: &Value| {
                let framework = &snap["twinkeel"]["framework"];
                [
                    text(&snap["name"]),
                    text(&snap["version"]),
                    list(&framework["offers"]),
                    list(&framework["needed-by"]),
                ]
            };
            let head = ["Part", "Installed", "Offers", "Needed by"].map(String::from);
            let rows: Vec<_> = std::iter::once(head).chain(frameworks.map(row)).collect();
            render(&rows)
        }
    }
}

fn snaps(here: &Value) -> &[Value] {
    here.as_array().map_or(&[][..], Vec::as_slice)
}

fn is_framework(snap: &Value) -> bool {
    snap["twinkeel"]["framework"].is_object()
}

fn text(value: &Value) -> String {
    plain(value.as_str().unwrap_or("-"))
}

fn list(values: &Value) -> String {
    let texts: Vec<_> = snaps(values).iter().map(text).collect();
    match texts.is_empty() {
        true => "-".to_owned(),
        false => texts.join(", "),
    }
}
