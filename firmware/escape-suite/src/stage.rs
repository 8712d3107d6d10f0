//! What is there to get at, outside: a secret, another process, listeners, shared memory.
//! Attempts find it by variables of their environment.

use crate::call::call;
use anyhow::{Context, Result};
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Words that nobody inside may read.
pub(crate) const SECRET: &str = "a secret of the device\n";
/// The user of the snap that tries.
pub(crate) const USER: u32 = 29_999;

/// Another snap's.
pub(crate) const OTHER_USER: u32 = 29_998;
/// What the device tells whoever asks, but for that one: it is told the secret.
pub(crate) const TOLD: &str = "about yourself\n";

/// The stage, until it is dropped.
pub(crate) struct Stage {
    directory: PathBuf,
    victim: Child,
    port: u16,
    _tcp: TcpListener,
    _daemon: UnixListener,
    _abstract: UnixListener,
}

impl Stage {
    /// Sets it up below `directory`, which is made anew.
    pub(crate) fn set(directory: &Path) -> Result<Self> {
        let _ = fs::remove_dir_all(directory);
        fs::create_dir_all(directory)?;
        fs::set_permissions(directory, Permissions::from_mode(0o755))?;
        fs::write(directory.join("secret"), SECRET)?;
        for name in [
            "snap",
            "data",
            "common",
            "common/layout",
            "other-snap",
            "control",
        ] {
            fs::create_dir(directory.join(name))?;
        }
        fs::write(directory.join("other-snap/secret"), SECRET)?;
        for name in ["data", "common", "common/layout"] {
            std::os::unix::fs::chown(directory.join(name), Some(USER), Some(USER))?;
        }
        let program = directory.join("snap/escape-suite");
        fs::copy(std::env::current_exe()?, &program)?;
        fs::set_permissions(&program, Permissions::from_mode(0o755))?;
        // Everybody may write to it, as far as its mode goes: what refuses is not the mode.
        fs::write(directory.join("snap/file"), "")?;
        fs::set_permissions(directory.join("snap"), Permissions::from_mode(0o777))?;
        let victim = Command::new(&program)
            .arg("victim")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start the victim")?;
        let tcp = TcpListener::bind("127.0.0.1:0")?;
        let daemon = UnixListener::bind(directory.join("daemon.socket"))?;
        let open = Permissions::from_mode(0o777);
        fs::set_permissions(directory.join("daemon.socket"), open)?;
        let control = UnixListener::bind(directory.join("control/socket"))?;
        let open = Permissions::from_mode(0o666);
        fs::set_permissions(directory.join("control/socket"), open)?;
        // It ends with the suite.
        std::thread::spawn(move || {
            for stream in control.incoming().flatten() {
                // Who went away needs no answer.
                let _ = tell(&stream);
            }
        });
        let name = SocketAddr::from_abstract_name(ABSTRACT)?;
        Ok(Self {
            directory: directory.to_owned(),
            victim,
            port: tcp.local_addr()?.port(),
            _tcp: tcp,
            _daemon: daemon,
            _abstract: UnixListener::bind_addr(&name)?,
        })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What attempts find in their environment, wherever they run.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        vec![
            ("STAGE".to_owned(), self.directory.display().to_string()),
            ("VICTIM".to_owned(), self.victim.id().to_string()),
            (
                "CONTROL".to_owned(),
                format!("{}/control", self.directory.display()),
            ),
            (
                "LAYOUT".to_owned(),
                format!("{}/common/layout", self.directory.display()),
            ),
            ("PORT".to_owned(), self.port.to_string()),
        ]
    }

    /// Is everything on it as it was?
    pub(crate) fn is_whole(&mut self) -> Result<bool> {
        let secret = fs::read_to_string(self.directory.join("secret"))?;
        let other = fs::read_to_string(self.directory.join("other-snap/secret"))?;
        let lives = self.victim.try_wait()?.is_none();
        Ok(lives && secret == SECRET && other == SECRET)
    }
}

/// Answers as the daemon does: by the user that the kernel names.
fn tell(mut stream: &UnixStream) -> io::Result<()> {
    let mut credentials = [0_u32; 3];
    let mut length = 12_u32;
    call(
        libc::SYS_getsockopt,
        [
            usize::try_from(stream.as_raw_fd()).unwrap_or(usize::MAX),
            libc::SOL_SOCKET as usize,
            libc::SO_PEERCRED as usize,
            credentials.as_mut_ptr() as usize,
            &raw mut length as usize,
        ],
    )?;
    let [_, user, _] = credentials;
    let told = if user == OTHER_USER { SECRET } else { TOLD };
    stream.write_all(told.as_bytes())
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// The name of the abstract socket.
pub(crate) const ABSTRACT: &[u8] = b"escape-suite";
