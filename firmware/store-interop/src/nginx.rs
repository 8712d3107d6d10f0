//! A real nginx on a loopback port, with the configuration of docs/store.md.

use crate::certificate::Certificate;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const DOCUMENT: &str = include_str!("../../../docs/store.md");

/// Stops when it is dropped.
pub struct Nginx {
    directory: TempDir,
    address: SocketAddr,
}

impl Nginx {
    /// Serves `public`. When this returns, nginx listens.
    ///
    /// # Errors
    /// It is not installed, or does not like the configuration.
    pub fn serve(public: &Path) -> Result<Self> {
        Self::start(public, |address| address.to_string())
    }

    /// The same over TLS: it proves itself with `certificate`.
    ///
    /// # Errors
    /// It is not installed, or does not like the configuration or the certificate.
    pub fn serve_with_tls(public: &Path, certificate: &Certificate) -> Result<Self> {
        Self::start(public, |address| {
            format!(
                "{address} ssl; ssl_certificate {}; ssl_certificate_key {}",
                certificate.chain.display(),
                certificate.key.display()
            )
        })
    }

    fn start(public: &Path, listen: impl Fn(SocketAddr) -> String) -> Result<Self> {
        let directory = TempDir::new().context("cannot make a directory")?;
        // Free a moment ago, and asked for by nobody else on purpose.
        let address = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .context("cannot find a free port")?;
        let own = directory.path().display();
        // The places that Debian's nginx wants are root's.
        let temporary: String = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"]
            .map(|module| format!("{module}_temp_path {own}/{module};\n"))
            .concat();
        let configuration = format!(
            "user root;\npid {own}/pid;\nerror_log {own}/error.log;\nevents {{}}\nhttp {{\n\
             access_log {own}/access.log;\n{temporary}{}\n}}\n",
            server_block(&listen(address), public)?
        );
        let nginx = Nginx { directory, address };
        fs::write(nginx.configuration(), configuration)
            .context("cannot write the configuration")?;
        nginx.call(&[])?;
        Ok(nginx)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn configuration(&self) -> PathBuf {
        self.directory.path().join("nginx.conf")
    }

    fn call(&self, arguments: &[&str]) -> Result<()> {
        let output = Command::new("nginx")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .arg("-p")
            .arg(self.directory.path())
            .arg("-c")
            .arg(self.configuration())
            .args(arguments)
            .output()
            .context("cannot start nginx: install nginx-light, or run `cargo xtask setup`")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "nginx: {said}");
        Ok(())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // There is nobody to tell; a daemon that did not start does not stop either.
        let _ = self.call(&["-s", "stop"]);
    }
}

/// The block of the document; only where it listens and what it serves is of this machine.
fn server_block(listen: &str, public: &Path) -> Result<String> {
    let (_, rest) = DOCUMENT
        .split_once("```nginx\n")
        .context("docs/store.md has no configuration")?;
    let (block, _) = rest.split_once("```").context("docs/store.md ends early")?;
    let mut block = block.to_owned();
    for (documented, own) in [
        ("listen 80;", format!("listen {listen};")),
        ("/srv/store/public", public.display().to_string()),
    ] {
        let count = block.matches(documented).count();
        ensure!(count == 1, "docs/store.md has {documented:?} {count} times");
        block = block.replace(documented, &own);
    }
    Ok(block)
}
