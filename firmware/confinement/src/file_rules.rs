//! Landlock: what of its view a snap may write. It holds whatever became of the mounts, and
//! with it nobody mounts, or looks into a process that is not behind the same rules.

use crate::error::{Layer, LayerError, OfLayer};
use crate::sandbox::Sandbox;
use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus,
};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// What the kernels of all boards have: without it there is no start.
const NEEDED: ABI = ABI::V2;
/// What is used where the kernel has it.
const WANTED: ABI = ABI::V5;

/// Puts the calling thread behind the rules, for ever, and all its children. What is `writable`
/// is so beside what every snap may write.
pub(crate) fn restrict(sandbox: &Sandbox, writable: &[OwnedFd]) -> Result<(), LayerError> {
    set_rules(sandbox, writable).layer(Layer::Landlock, || "set the rules".to_owned())
}

fn set_rules(sandbox: &Sandbox, writable: &[OwnedFd]) -> io::Result<()> {
    let all = AccessFs::from_all(WANTED);
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(NEEDED))
        .map_err(io::Error::other)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .map_err(io::Error::other)?
        .create()
        .map_err(io::Error::other)?;
    // Terminals and devices need more than reading; nodes can only be where they are.
    let nodes = AccessFs::from_file(WANTED) | AccessFs::ReadDir;
    let mut rules = allow(rules, Path::new("/"), AccessFs::from_read(WANTED))?;
    rules = allow(rules, Path::new("/dev"), nodes)?;
    rules = allow(
        rules,
        Path::new("/proc"),
        AccessFs::from_read(WANTED) | AccessFs::WriteFile,
    )?;
    // Nodes of devices are made by nobody.
    let written = all & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    for path in [
        &sandbox.data_directory(),
        &sandbox.common_directory(),
        Path::new("/tmp"),
        Path::new("/var/tmp"),
        Path::new("/run"),
        Path::new("/dev/shm"),
    ] {
        rules = allow(rules, path, written)?;
    }
    for file in writable {
        // Of a file, the rules take what there is to do with one.
        let rule = PathBeneath::new(file, written);
        rules = rules.add_rule(rule).map_err(io::Error::other)?;
    }
    let status = rules.restrict_self().map_err(io::Error::other)?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(io::Error::other("the kernel does not enforce it")),
        _ => Ok(()),
    }
}

fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> io::Result<RulesetCreated> {
    let cannot =
        |error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
    let descriptor = PathFd::new(path).map_err(|error| cannot(&error))?;
    rules
        .add_rule(PathBeneath::new(descriptor, access))
        .map_err(|error| cannot(&error))
}
