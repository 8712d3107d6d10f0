//! The examples of docs/cloud-config.md, judged by Debian's cloud-init as well as by us.
//!
//! cloud-init is run as it comes from its package, and nothing of it is in a device.

use anyhow::{Context, Result, bail, ensure};
use boards::Architecture;
use cloud_config::container::{Part, unpack};
use cloud_config::{CloudConfig, Complaint, network_config};
use image_builder::{Silent, Workspace, fetch_package};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use system_update::CloudConfigSeverity as Severity;

/// What cloud-init is made of, beside Python.
const PACKAGES: [&str; 19] = [
    "cloud-init",
    "python3-attr",
    "python3-certifi",
    "python3-chardet",
    "python3-configobj",
    "python3-idna",
    "python3-jinja2",
    "python3-json-pointer",
    "python3-jsonpatch",
    "python3-jsonschema",
    "python3-markupsafe",
    "python3-netifaces",
    "python3-oauthlib",
    "python3-pyrsistent",
    "python3-requests",
    "python3-serial",
    "python3-six",
    "python3-urllib3",
    "python3-yaml",
];

/// Its packages, unpacked.
struct CloudInit {
    program: PathBuf,
    modules: Vec<PathBuf>,
}

impl CloudInit {
    fn prepare() -> Result<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workspace = Workspace::at(&root).with_target(target.context("a target directory")?);
        let fetch = |name| fetch_package(&workspace, Architecture::X86_64, name, &mut Silent);
        let trees: Vec<_> = PACKAGES
            .into_iter()
            .map(|name| fetch(name).context("comparing with cloud-init needs its packages once"))
            .collect::<Result<_>>()?;
        let modules = trees
            .iter()
            .map(|tree| tree.join("usr/lib/python3/dist-packages"));
        Ok(Self {
            program: trees[0].join("usr/bin/cloud-init"),
            modules: modules.collect(),
        })
    }

    /// What it says against a document; nothing is good.
    fn judge(&self, document: &str) -> Result<Option<String>> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("user-data");
        fs::write(&file, document)?;
        let output = Command::new("python3")
            .env("PYTHONPATH", std::env::join_paths(&self.modules)?)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg(&self.program)
            .args(["schema", "--config-file"])
            .arg(&file)
            .output()
            .context("cannot start python3: cloud-init runs in the one of Debian 12")?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        match output.status.code() {
            Some(0) if said.contains("Valid cloud-config") => Ok(None),
            Some(1) if said.contains("schema errors") => Ok(Some(said)),
            _ => bail!("cloud-init ended with {}: {said}", output.status),
        }
    }
}

/// Our word on it.
fn errors(document: &str) -> Vec<Complaint> {
    let (_, complaints) = CloudConfig::parse(document.as_bytes());
    let errors = complaints.into_iter();
    errors
        .filter(|complaint| complaint.severity() == Severity::Error)
        .collect()
}

/// The examples of the documentation.
fn examples() -> Result<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cloud-config.md");
    let text = fs::read_to_string(path)?;
    let blocks = text.split("```yaml\n").skip(1);
    Ok(blocks
        .filter_map(|block| Some(block.split_once("```")?.0.to_owned()))
        .collect())
}

#[test]
fn both_take_the_examples() -> Result<()> {
    let cloud_init = CloudInit::prepare()?;
    let (documents, networks): (Vec<_>, Vec<_>) = examples()?
        .into_iter()
        .partition(|example| example.starts_with("#cloud-config"));
    ensure!(documents.len() >= 2 && !networks.is_empty());
    for document in documents {
        let parts = unpack(document.as_bytes())?;
        ensure!(matches!(*parts, [Part::CloudConfig(_)]));
        let (config, complaints) = CloudConfig::parse(document.as_bytes());
        ensure!(complaints.is_empty(), "{complaints:?}");
        ensure!(config != CloudConfig::default());
        let said = cloud_init.judge(&document)?;
        ensure!(said.is_none(), "{document}{said:?}");
    }
    // Its schema has no network-config.
    for network in networks {
        let (configuration, complaints) = network_config::parse(network.as_bytes());
        ensure!(complaints.is_empty(), "{complaints:?}");
        ensure!(configuration.is_some());
    }
    Ok(())
}

#[test]
fn both_refuse_what_has_another_type() -> Result<()> {
    let cloud_init = CloudInit::prepare()?;
    for wrong in [
        "users: 3",
        "hostname: [a]",
        "write_files: [{content: x}]",
        "write_files: {path: /var/a}",
        "ntp: {servers: {a: b}}",
        "ssh_authorized_keys: {a: b}",
        "ca_certs: {trusted: {a: b}}",
        "runcmd: reboot",
        "timezone: [UTC]",
    ] {
        let document = format!("#cloud-config\n{wrong}\n");
        let said = cloud_init.judge(&document)?;
        ensure!(said.is_some(), "cloud-init takes {wrong}");
        ensure!(!errors(&document).is_empty(), "we take {wrong}");
    }
    Ok(())
}
