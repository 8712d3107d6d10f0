//! QEMU's machine protocol, as far as pulling a plug needs it.
//!
//! One JSON object a line over a unix socket: greeting, `qmp_capabilities`, commands.
//! Specification: <https://www.qemu.org/docs/master/interop/qmp-spec.html>.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long QEMU may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to QEMU, ready for commands.
pub struct Qmp {
    replies: BufReader<UnixStream>,
}

impl Qmp {
    /// Connects to the socket that QEMU listens on.
    ///
    /// # Errors
    /// Nobody listens there, or it is no QEMU.
    pub fn connect(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut qmp = Self {
            replies: BufReader::new(stream),
        };
        qmp.read_object_with("QMP")?;
        qmp.execute("qmp_capabilities")?;
        Ok(qmp)
    }

    /// Executes a command that takes no arguments.
    ///
    /// # Errors
    /// QEMU refuses it or is gone.
    pub fn execute(&mut self, command: &str) -> io::Result<()> {
        self.execute_with(command, serde_json::json!({}))
    }

    /// Executes a command with its arguments, an object.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn execute_with(&mut self, command: &str, arguments: serde_json::Value) -> io::Result<()> {
        let request = serde_json::json!({ "execute": command, "arguments": arguments });
        writeln!(self.replies.get_mut(), "{request}")?;
        self.read_object_with("return")
    }

    /// Reads on to the object with `key`, past events that come in between.
    fn read_object_with(&mut self, key: &str) -> io::Result<()> {
        loop {
            let mut line = String::new();
            if self.replies.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let object: serde_json::Value = serde_json::from_str(&line)?;
            if object.get(key).is_some() {
                return Ok(());
            }
            if let Some(error) = object.get("error") {
                return Err(io::Error::other(error.to_string()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Shutdown;
    use std::os::unix::net::UnixListener;

    fn answer_with(lines: &'static [&'static str]) -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let socket = directory.path().join("qmp");
        let listener = UnixListener::bind(&socket)?;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                for line in lines {
                    writeln!(stream, "{line}").unwrap();
                }
                stream.shutdown(Shutdown::Write).unwrap();
                io::copy(&mut stream, &mut io::sink()).unwrap();
            });
            Qmp::connect(&socket)?.execute("quit")
        })
    }

    #[test]
    fn events_between_the_replies_are_skipped() {
        answer_with(&[
            r#"{"QMP": {"version": {}}}"#,
            r#"{"return": {}}"#,
            r#"{"event": "RESET"}"#,
            r#"{"return": {}}"#,
        ])
        .unwrap();
    }

    #[test]
    fn a_refused_command_and_a_closed_socket_are_errors() {
        let refused = answer_with(&[
            r#"{"QMP": {}}"#,
            r#"{"return": {}}"#,
            r#"{"error": {"desc": "no such command"}}"#,
        ]);
        assert!(refused.unwrap_err().to_string().contains("no such command"));
        let closed = answer_with(&[r#"{"QMP": {}}"#]);
        assert!(closed.is_err());
    }
}
