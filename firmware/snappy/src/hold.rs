//! `snappy hold`: no unattended update for a while, or none of one snap.

use crate::arguments::{Form, Hold};
use crate::daemon::{Daemon, of_part};
use crate::sentence::plain;
use crate::versions::PART;
use anyhow::Result;
use serde_json::{Value, json};

/// Holds, or ends a hold, and returns what to print.
pub(crate) fn run(part: &str, asked: &Hold, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    daemon.post(&format!("/v2/snaps/{part}"), &request(asked))?;
    let key = if part == PART { "hold" } else { "held-snaps" };
    let mut held = daemon.get(&of_part(&format!("/conf?keys={key}")))?[key].take();
    if part != PART {
        held = held.get(part).cloned().unwrap_or_else(|| "none".into());
    }
    Ok(output(part, &held, form))
}

fn request(asked: &Hold) -> Value {
    match asked {
        Hold::Forever => json!({ "action": "hold", "time": "forever" }),
        Hold::Until(time) => json!({ "action": "hold", "time": time }),
        Hold::ForSecs(secs) => json!({ "action": "hold", "twinkeel": { "for-secs": secs } }),
        Hold::Release => json!({ "action": "unhold" }),
    }
}

fn output(part: &str, held: &Value, form: Form) -> String {
    if form == Form::Json {
        return format!("{}\n", json!({ "part": part, "hold": held }));
    }
    match held.as_str() {
        None | Some("none") => format!("Updates of {part} are not held.\n"),
        Some(until) => {
            let until = match until {
                "forever" => "until somebody releases them".to_owned(),
                time => format!("until {}", plain(time)),
            };
            // The system is what is meant where nothing is named.
            let words = if part == PART {
                ""
            } else {
                &format!(" {part}")
            };
            format!(
                "Unattended updates of {part} are held {until}: 'snappy hold{words} --release' \
                 ends it, and 'snappy update{words}' takes one all the same.\n"
            )
        }
    }
}
