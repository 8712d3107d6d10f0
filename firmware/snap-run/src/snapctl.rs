//! `snapctl WORD...`: a program of a snap asks its device about its own snap.
//!
//! The same program as `snap-run`, by another name and without its rights: it runs inside the
//! confinement, as the snap's user, and who that is the daemon hears from the kernel. What it
//! says is snapd's, so that a base's own `snapctl` is understood, too.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

/// Where the socket is, outside and inside.
pub(crate) const DIRECTORY: &str = "run/snapctl";
const SOCKET: &str = "/run/snapctl/socket";
/// As much as an answer may be.
const MOST_BYTES: u64 = 1 << 20;

/// Asks, and prints what the device says.
pub(crate) fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    match ask(Path::new(SOCKET), words) {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn ask(socket: &Path, words: impl Iterator<Item = OsString>) -> Result<u8> {
    let words: Option<Vec<_>> = words.map(|word| word.into_string().ok()).collect();
    let words = words.context("cannot ask in words that are no text")?;
    let mut stream = UnixStream::connect(socket).context(
        "cannot reach the device; snapctl is for programs of a snap, and snappyd has to run",
    )?;
    let body = json!({ "context-id": "", "args": words }).to_string();
    let head = format!(
        "POST /v2/snapctl HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes())?;
    let mut answer = String::new();
    stream.take(MOST_BYTES).read_to_string(&mut answer)?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .context("the device gave no answer")?;
    let answer: Value = serde_json::from_str(body).context("cannot read the answer")?;
    say(&answer["result"])
}

fn say(result: &Value) -> Result<u8> {
    let is_error = result.get("message").is_some();
    let said = match (is_error, result.get("value")) {
        (true, Some(said)) => said,
        (true, None) => anyhow::bail!("{}", result["message"].as_str().unwrap_or_default()),
        (false, _) => result,
    };
    let text = |name: &str| said[name].as_str().unwrap_or_default();
    io::stdout().write_all(text("stdout").as_bytes())?;
    io::stderr().write_all(text("stderr").as_bytes())?;
    let code = said["exit-code"].as_u64().unwrap_or(u64::from(is_error));
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread;

    /// What the program makes of an answer, and what it asked.
    fn asked(words: &[&str], answer: &Value) -> (Result<u8>, Value) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{answer}");
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            let mut byte = [0];
            while !asked.ends_with(b"]}") && !asked.ends_with(b"\"\"}") {
                stream.read_exact(&mut byte).unwrap();
                asked.extend(byte);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(asked).unwrap()
        });
        let code = ask(&path, words.iter().map(OsString::from));
        let asked = server.join().unwrap();
        let (_, body) = asked.split_once("\r\n\r\n").unwrap();
        (code, serde_json::from_str(body).unwrap())
    }

    #[test]
    fn the_device_says_what_is_printed_and_how_it_ends() {
        let fine = json!({ "result": { "stdout": "", "stderr": "" } });
        let (code, body) = asked(&["get", "port"], &fine);
        assert_eq!((code.unwrap(), &body["args"]), (0, &json!(["get", "port"])));
        let said = json!({ "stdout": "", "stderr": "", "exit-code": 1 });
        let no = json!({ "result": { "message": "", "kind": "unsuccessful", "value": said } });
        assert_eq!(asked(&["is-connected", "x"], &no).0.unwrap(), 1);
        let refused = json!({ "result": { "message": "access denied" } });
        let told = asked(&["get"], &refused).0.unwrap_err();
        assert_eq!(told.to_string(), "access denied");
    }
}
