//! `snappy hold`: no unattended update for a while.

use crate::arguments::{Form, Hold};
use crate::daemon::{Daemon, of_part};
use crate::sentence::plain;
use crate::versions::PART;
use anyhow::Result;
use serde_json::{Value, json};

/// Holds, or ends a hold, and returns what to print.
pub(crate) fn run(asked: &Hold, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    daemon.post(&of_part(""), &request(asked))?;
    let held = daemon.get(&of_part("/conf?keys=hold"))?["hold"].take();
    Ok(output(&held, form))
}

fn request(asked: &Hold) -> Value {
    match asked {
        Hold::Forever => json!({ "action": "hold", "time": "forever" }),
        Hold::Until(time) => json!({ "action": "hold", "time": time }),
        Hold::ForSecs(secs) => json!({ "action": "hold", "twinkeel": { "for-secs": secs } }),
        Hold::Release => json!({ "action": "unhold" }),
    }
}

fn output(held: &Value, form: Form) -> String {
    if form == Form::Json {
        return format!("{}\n", json!({ "part": PART, "hold": held }));
    }
    match held.as_str() {
        None | Some("none") => format!("Updates of {PART} are not held.\n"),
        Some(until) => {
            let until = match until {
                "forever" => "until somebody releases them".to_owned(),
                time => format!("until {}", plain(time)),
            };
            format!(
                "Unattended updates of {PART} are held {until}: 'snappy hold --release' ends it, \
                 and 'snappy update' takes one all the same.\n"
            )
        }
    }
}
