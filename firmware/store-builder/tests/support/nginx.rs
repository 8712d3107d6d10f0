//! A real nginx on a loopback port, with the configuration of docs/store.md.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const DOCUMENT: &str = include_str!("../../../../docs/store.md");

pub(crate) struct Nginx {
    directory: TempDir,
    address: SocketAddr,
}

impl Nginx {
    /// Serves `public`. When this returns, nginx listens.
    pub(crate) fn serve(public: &Path) -> Self {
        let directory = TempDir::new().expect("a directory");
        // Free a moment ago, and asked for by nobody else on purpose.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let address = port.expect("a free port");
        let own = directory.path().display();
        // The places that Debian's nginx wants are root's.
        let temporary: String = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"]
            .map(|module| format!("{module}_temp_path {own}/{module};\n"))
            .concat();
        let configuration = format!(
            "user root;\npid {own}/pid;\nerror_log {own}/error.log;\nevents {{}}\nhttp {{\n\
             access_log {own}/access.log;\n{temporary}{}\n}}\n",
            server_block(&address.to_string(), public)
        );
        let nginx = Nginx { directory, address };
        fs::write(nginx.configuration(), configuration).expect("a configuration");
        nginx.call(&[]);
        nginx
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn configuration(&self) -> std::path::PathBuf {
        self.directory.path().join("nginx.conf")
    }

    fn call(&self, arguments: &[&str]) {
        let output = Command::new("nginx")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .arg("-p")
            .arg(self.directory.path())
            .arg("-c")
            .arg(self.configuration())
            .args(arguments)
            .output()
            .expect("cannot start nginx: install nginx-light, or run `cargo xtask setup`");
        assert!(
            output.status.success(),
            "nginx: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.call(&["-s", "stop"]);
    }
}

/// The block of the document; only where it listens and what it serves is of this machine.
fn server_block(address: &str, public: &Path) -> String {
    let (_, rest) = DOCUMENT.split_once("```nginx\n").expect("a configuration");
    let (block, _) = rest.split_once("```").expect("its end");
    let public = public.display().to_string();
    [
        ("listen 80;", format!("listen {address};")),
        ("/srv/store/public", public),
    ]
    .into_iter()
    .fold(block.to_owned(), |block, (documented, own)| {
        assert_eq!(block.matches(documented).count(), 1, "{documented}");
        block.replace(documented, &own)
    })
}
