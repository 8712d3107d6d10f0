//! Carries what a program reads and writes over its channel, and how it ended.

use crate::terminal::{Size, Terminal};
use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc;

/// A program that runs, and its channel.
pub(super) struct Carried {
    pub(super) child: Child,
    pub(super) terminal: Option<Terminal>,
    pub(super) channel: Channel<Msg>,
    pub(super) handle: Handle,
}

impl Carried {
    /// To the program's end. A client that is gone is no error: what it left behind ends as
    /// its terminal or its pipes do.
    pub(super) async fn carry(mut self, welcome: String) {
        let id = self.channel.id();
        let (reader, writer) = self.channel.split();
        let process = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()));
        if !welcome.is_empty() {
            let _ = writer.data_bytes(welcome.into_bytes()).await;
        }
        let terminal = self.terminal.map(Arc::new);
        // Without a bound: the connection must not wait for a program to read, which may have to
        // write before it does. What piles up is in the user's own process.
        let (typed, to_type) = mpsc::unbounded_channel();
        let listening = tokio::spawn(listen(reader, typed, terminal.clone(), process));
        let typing = tokio::spawn(type_to(terminal.clone(), self.child.stdin.take(), to_type));
        let status = match terminal {
            Some(terminal) => of_terminal(&mut self.child, &terminal, &writer).await,
            None => of_pipes(&mut self.child, &writer).await,
        };
        typing.abort();
        // The client may be gone.
        match status.map(|status| (status.code(), status.signal())) {
            Ok((None, Some(signal))) => {
                let name = name(signal);
                let _ = self
                    .handle
                    .exit_signal_request(id, name, false, String::new(), String::new())
                    .await;
            }
            Ok((code, _)) => drop(
                writer
                    .exit_status(code.unwrap_or(255).cast_unsigned())
                    .await,
            ),
            Err(_) => drop(writer.exit_status(255).await),
        }
        let _ = writer.eof().await;
        let _ = writer.close().await;
        listening.abort();
    }
}

/// What the client says.
async fn listen(
    mut reader: ChannelReadHalf,
    typed: mpsc::UnboundedSender<Vec<u8>>,
    terminal: Option<Arc<Terminal>>,
    process: Option<Pid>,
) {
    let mut typed = Some(typed);
    while let Some(message) = reader.wait().await {
        match (message, &terminal) {
            (ChannelMsg::Data { data }, _) => {
                if let Some(typed) = &typed {
                    // A program that ended reads nothing any more.
                    let _ = typed.send(data.to_vec());
                }
            }
            (ChannelMsg::Eof, _) => typed = None,
            (
                ChannelMsg::WindowChange {
                    col_width,
                    row_height,
                    ..
                },
                Some(terminal),
            ) => {
                terminal.resize(Size {
                    columns: col_width,
                    rows: row_height,
                });
            }
            (ChannelMsg::Signal { signal }, _) => {
                if let (Some(process), Some(signal)) = (process, signal_of(&signal)) {
                    let _ = kill_process_group(process, signal);
                }
            }
            _ => {}
        }
    }
}

/// Passes on what was typed. The end of it closes a pipe; a terminal has none.
async fn type_to(
    terminal: Option<Arc<Terminal>>,
    pipe: Option<ChildStdin>,
    mut to_type: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    let mut pipe = pipe;
    while let Some(bytes) = to_type.recv().await {
        let written = match (&terminal, &mut pipe) {
            (Some(terminal), _) => terminal.write_all(&bytes).await,
            (None, Some(pipe)) => write_all(pipe, &bytes).await,
            (None, None) => Ok(()),
        };
        if written.is_err() {
            // Nobody reads it: the rest is let go.
            pipe = None;
        }
    }
}

async fn write_all(pipe: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    pipe.write_all(bytes).await?;
    pipe.flush().await
}

type Writer = ChannelWriteHalf<Msg>;

/// Until the program has ended, whoever else has the terminal open.
async fn of_terminal(
    child: &mut Child,
    terminal: &Terminal,
    writer: &Writer,
) -> std::io::Result<ExitStatus> {
    let mut bytes = vec![0; 16 << 10];
    let status = loop {
        tokio::select! {
            biased;
            read = terminal.read(&mut bytes) => match read {
                Ok(length @ 1..) => drop(writer.data_bytes(bytes[..length].to_vec()).await),
                _ => return child.wait().await,
            },
            status = child.wait() => break status,
        }
    };
    // What it wrote last.
    while let length @ 1.. = terminal.read_now(&mut bytes) {
        let _ = writer.data_bytes(bytes[..length].to_vec()).await;
    }
    status
}

/// Until the program has ended and everybody has closed its pipes.
async fn of_pipes(child: &mut Child, writer: &Writer) -> std::io::Result<ExitStatus> {
    let (output, error) = (child.stdout.take(), child.stderr.take());
    let output = async {
        if let Some(pipe) = output {
            pass(pipe, |bytes| writer.data_bytes(bytes)).await;
        }
    };
    let error = async {
        if let Some(pipe) = error {
            pass(pipe, |bytes| writer.extended_data_bytes(1, bytes)).await;
        }
    };
    tokio::join!(output, error);
    child.wait().await
}

async fn pass<F>(mut pipe: impl AsyncRead + Unpin, send: impl Fn(Vec<u8>) -> F)
where
    F: Future<Output = Result<(), russh::Error>>,
{
    let mut bytes = vec![0; 32 << 10];
    while let Ok(length @ 1..) = pipe.read(&mut bytes).await {
        // To a client that is gone: then the pipe is closed, and the program learns of it.
        if send(bytes[..length].to_vec()).await.is_err() {
            return;
        }
    }
}

/// The signal that a client names: RFC 4254, section 6.10.
fn signal_of(name: &Sig) -> Option<Signal> {
    Some(match name {
        Sig::ABRT => Signal::ABORT,
        Sig::ALRM => Signal::ALARM,
        Sig::FPE => Signal::FPE,
        Sig::HUP => Signal::HUP,
        Sig::ILL => Signal::ILL,
        Sig::INT => Signal::INT,
        Sig::KILL => Signal::KILL,
        Sig::PIPE => Signal::PIPE,
        Sig::QUIT => Signal::QUIT,
        Sig::SEGV => Signal::SEGV,
        Sig::TERM => Signal::TERM,
        Sig::USR1 => Signal::USR1,
        Sig::Custom(name) if name == "USR2" => Signal::USR2,
        Sig::Custom(_) => return None,
    })
}

fn name(number: i32) -> Sig {
    match number {
        libc::SIGABRT => Sig::ABRT,
        libc::SIGALRM => Sig::ALRM,
        libc::SIGFPE => Sig::FPE,
        libc::SIGHUP => Sig::HUP,
        libc::SIGILL => Sig::ILL,
        libc::SIGINT => Sig::INT,
        libc::SIGKILL => Sig::KILL,
        libc::SIGPIPE => Sig::PIPE,
        libc::SIGQUIT => Sig::QUIT,
        libc::SIGSEGV => Sig::SEGV,
        libc::SIGTERM => Sig::TERM,
        libc::SIGUSR1 => Sig::USR1,
        libc::SIGUSR2 => Sig::Custom("USR2".to_owned()),
        number => Sig::Custom(format!("{number}@twinkeel")),
    }
}
