//! The supervisor's socket, and the threads around its loop.

use crate::hook;
use crate::places::Places;
use crate::protocol::{Answer, Request};
use crate::reload;
use crate::supervisor::{Message, Supervisor};
use anyhow::{Context, Result};
use std::fs::{self, DirBuilder};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

/// A request is some words.
const REQUEST_BYTES: u64 = 64 << 10;
/// Who is silent for so long is not heard.
const PATIENCE: Duration = Duration::from_secs(10);

/// Supervises the services of `places`, until the process ends.
///
/// # Errors
/// The socket cannot be opened.
pub fn serve(places: Places) -> Result<()> {
    let places = Arc::new(places);
    for directory in [&places.runtime, &places.logs(), &places.notify()] {
        make_directory(directory)?;
    }
    let socket = places.socket();
    let _ = fs::remove_file(&socket);
    // In a directory that is root's, who connects is root.
    let listener = UnixListener::bind(&socket)
        .with_context(|| format!("cannot listen at {}", socket.display()))?;
    let (send, messages) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let forward = send.clone();
    thread::spawn(move || {
        for told in told {
            if forward.send(Message::Told(told)).is_err() {
                return;
            }
        }
    });
    let of_connections = Arc::clone(&places);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (places, send) = (Arc::clone(&of_connections), send.clone());
            thread::spawn(move || {
                // Who went away needs no answer.
                let _ = attend(stream, &places, &send);
            });
        }
    });
    let mut supervisor = Supervisor::new(&places, tell);
    supervisor.take_over();
    supervisor.run(&messages);
    Ok(())
}

fn make_directory(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}

fn attend(stream: UnixStream, places: &Places, send: &Sender<Message>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new((&stream).take(REQUEST_BYTES)).read_line(&mut line)?;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => answer_to(request, places, send),
        Err(error) => Answer::Error(format!("cannot understand the request: {error}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    (&stream).write_all(&line)
}

fn answer_to(request: Request, places: &Places, send: &Sender<Message>) -> Answer {
    match &request {
        Request::Hook {
            snap,
            revision,
            hook,
            timeout_secs,
            configuration,
        } => {
            let limit = Duration::from_secs(*timeout_secs);
            return hook::run(places, snap, revision, hook, limit, configuration);
        }
        Request::Reload { snap, app } => return reload::run(places, snap, app),
        Request::Start { .. }
        | Request::Stop { .. }
        | Request::Enable { .. }
        | Request::Forget { .. }
        | Request::Status => {}
    }
    let (answer, answered) = mpsc::channel();
    let asked = send.send(Message::Asked(request, answer));
    let answer = asked.ok().and_then(|()| answered.recv().ok());
    answer.unwrap_or_else(|| Answer::Error("the supervisor ends".to_owned()))
}
