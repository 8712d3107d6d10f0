//! `SHA256SUMS` beside the files of an image, and a signature over it.
//!
//! The signature is plain Ed25519 over the bytes of the file, by the first release key: any
//! openssl verifies it. It cannot be taken for one over a manifest or a delegation, since each
//! of those is a frame that begins with a magic number, and this begins with a digest.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image_format::Digest;
use image_trust::Hasher;

use crate::output::write_complete;
use crate::signing::{KeyDirectory, Role};

/// What was written, and whether it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// The digests, in the form of sha256sum(1).
    pub file: PathBuf,
    /// The signature, 64 bytes; none where the release keys are off-line.
    pub signature: Option<PathBuf>,
}

/// Writes `IMAGE.SHA256SUMS` over `files`, which lie beside `image`, and signs it.
///
/// # Errors
/// A file cannot be read or written, or a key is there and cannot be used.
pub fn write_sums(image: &Path, files: &[PathBuf], keys: &KeyDirectory) -> Result<Sums> {
    let mut text = String::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        text += &format!("{}  {name}\n", digest_of(file)?);
    }
    let file = with_ending(image, ".SHA256SUMS");
    write_complete(&file, |out| {
        Ok(std::io::Write::write_all(out, text.as_bytes())?)
    })?;
    let signature = with_ending(image, ".SHA256SUMS.sig");
    let keys = keys.private_keys(Role::Release)?;
    let Some(key) = keys.first() else {
        // One over other sums would be worse than none.
        if signature.exists() {
            fs::remove_file(&signature)
                .with_context(|| format!("cannot remove {}", signature.display()))?;
        }
        return Ok(Sums {
            file,
            signature: None,
        });
    };
    let signed = key.sign(text.as_bytes());
    write_complete(&signature, |out| {
        Ok(std::io::Write::write_all(out, &signed.bytes)?)
    })?;
    Ok(Sums {
        file,
        signature: Some(signature),
    })
}

fn with_ending(image: &Path, ending: &str) -> PathBuf {
    let mut name = image.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn digest_of(file: &Path) -> Result<Digest> {
    let cannot = || format!("cannot read {}", file.display());
    let mut input = File::open(file).with_context(cannot)?;
    let mut hasher = Hasher::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        match input.read(&mut chunk).with_context(cannot)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(chunk.get(..length).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_tool::{host_tool, output_of, run};

    #[test]
    fn other_peoples_tools_verify_sums_and_signature() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let image = directory.path().join("disk.img");
        fs::write(&image, b"disk")?;
        let keys = KeyDirectory::open_or_create_test(&directory.path().join("keys"))?;
        let sums = write_sums(&image, std::slice::from_ref(&image), &keys)?;
        run(host_tool("sha256sum")
            .current_dir(directory.path())
            .args(["--check", "--strict"])
            .arg(&sums.file))?;
        if output_of(host_tool("openssl").arg("version")).is_err() {
            println!("there is no openssl: the signature is not tried");
            return Ok(());
        }
        let signature = sums.signature.context("test keys sign")?;
        let verify = || {
            run(host_tool("openssl")
                .args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"])
                .arg(keys.directory().join("release-1.pub"))
                .arg("-in")
                .arg(&sums.file)
                .arg("-sigfile")
                .arg(&signature))
        };
        verify()?;
        fs::write(&sums.file, b"other sums")?;
        verify().expect_err("other sums were signed");
        Ok(())
    }

    #[test]
    fn without_release_keys_no_older_signature_stays() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let image = directory.path().join("disk.img");
        fs::write(&image, b"disk")?;
        let keys = KeyDirectory::open_or_create_test(&directory.path().join("keys"))?;
        let signed = write_sums(&image, std::slice::from_ref(&image), &keys)?;
        let signature = signed.signature.context("test keys sign")?;
        for entry in fs::read_dir(keys.directory())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("release-") && name.ends_with(".pem") {
                fs::remove_file(&path)?;
            }
        }
        let sums = write_sums(&image, std::slice::from_ref(&image), &keys)?;
        assert_eq!(sums.signature, None);
        assert!(!signature.exists());
        Ok(())
    }
}
