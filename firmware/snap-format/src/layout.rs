//! Layouts: places outside of a snap's own that its apps see filled from it.

use crate::error::SnapYamlError;
use crate::names::SnapName;
use crate::paths::{expand, is_clean, is_within, unknown_variable};
use crate::yaml::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What an app of the snap sees at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What is there.
    pub source: LayoutSource,
    /// The mode of what is made there.
    pub mode: u32,
}

/// What is seen at a layout's place. Paths begin with `$SNAP`, `$SNAP_DATA` or `$SNAP_COMMON`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutSource {
    /// A directory.
    Bind(String),
    /// A file.
    BindFile(String),
    /// A symbolic link.
    Symlink(String),
    /// An empty directory in memory.
    Tmpfs,
}

/// A layout that a snap may not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// Not absolute, or written in a way that leads elsewhere.
    Path(String),
    /// A `$NAME` that is none of the three.
    Variable(String),
    /// A character that patterns give a meaning.
    Pattern(String),
    /// A place of the system's own.
    OffLimits(String),
    /// A new directory at the top.
    TopLevel(String),
    /// A place in another snap.
    OtherSnap(String),
    /// A place below another layout's.
    Below(String),
    /// None of the kinds, or two.
    Kind,
    /// A source that is not the snap's.
    Source(String),
    /// Used as a file by one and as a directory by another.
    FileAndDirectory(String),
    /// No file system but `tmpfs`.
    FileSystem(String),
    /// Nobody but `root`.
    Owner(String),
    /// No mode of a file.
    Mode(String),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(
                f,
                "cannot use the path {path:?}: give an absolute one without . and .."
            ),
            Self::Variable(name) => write!(
                f,
                "cannot use the variable ${name}: there are $SNAP, $SNAP_DATA and $SNAP_COMMON"
            ),
            Self::Pattern(path) => {
                write!(f, "cannot use {path:?}: leave out ?*[]{{}}^\" and NUL")
            }
            Self::OffLimits(path) => write!(
                f,
                "cannot put anything at {path}: it is the system's; choose a place in /etc, /opt, \
                 /usr, /var/lib or the like"
            ),
            Self::TopLevel(path) => write!(
                f,
                "cannot make {path} at the top of the system; choose a place in a directory that \
                 is there"
            ),
            Self::OtherSnap(path) => write!(f, "cannot put anything at {path}: another snap's"),
            Self::Below(path) => write!(f, "cannot be below the layout {path}; merge them"),
            Self::Kind => f.write_str("give one of bind, bind-file, symlink and type"),
            Self::Source(path) => write!(
                f,
                "cannot show {path:?}: begin it with $SNAP, $SNAP_DATA or $SNAP_COMMON"
            ),
            Self::FileAndDirectory(path) => write!(
                f,
                "cannot use {path:?} as a file and as a directory; correct bind or bind-file"
            ),
            Self::FileSystem(name) => write!(f, "cannot mount {name:?}: only tmpfs is there"),
            Self::Owner(name) => write!(f, "cannot be {name:?}'s: only root owns layouts"),
            Self::Mode(text) => write!(f, "cannot use the mode {text:?}: give 0000 to 1777"),
        }
    }
}

impl std::error::Error for LayoutError {}

/// The directories at the top that a layout may be in.
const TOP_LEVEL: [&str; 14] = [
    "bin", "etc", "lib", "lib64", "meta", "mnt", "opt", "root", "sbin", "snap", "srv", "usr",
    "var", "writable",
];

/// Places that are never a snap's to fill: of kernel and devices, of other snaps, of people.
const OFF_LIMITS: [&str; 13] = [
    "/boot",
    "/dev",
    "/home",
    "/lib/firmware",
    "/lib/modules",
    "/lost+found",
    "/media",
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/var/lib/snapd",
    "/var/snap",
];

/// Reads the layouts of the snap `name`, by place.
pub(crate) fn read_layouts(
    document: &Map<'_>,
    name: &SnapName,
) -> Result<BTreeMap<String, Layout>, SnapYamlError> {
    let mut layouts: BTreeMap<String, Layout> = BTreeMap::new();
    let mut entries = document.entries_of("layout")?;
    entries.sort_by_key(|(place, _)| *place);
    let mut files = BTreeMap::new();
    for (place, value) in entries {
        let refuse = |error: LayoutError| value.refuse(error);
        check_place(place, name).map_err(refuse)?;
        let expanded = expand(place, name.as_str());
        let mut others = layouts.keys();
        if let Some(above) =
            others.find(|other| is_within(&expanded, &expand(other, name.as_str())))
        {
            return Err(refuse(LayoutError::Below(above.clone())));
        }
        let layout = read_layout(&value, name)?;
        let kind = match &layout.source {
            LayoutSource::Bind(path) => Some((path, false)),
            LayoutSource::BindFile(path) => Some((path, true)),
            LayoutSource::Symlink(_) | LayoutSource::Tmpfs => None,
        };
        if let Some((path, is_file)) = kind
            && files.insert(path.clone(), is_file).unwrap_or(is_file) != is_file
        {
            return Err(refuse(LayoutError::FileAndDirectory(path.clone())));
        }
        layouts.insert(place.to_owned(), layout);
    }
    Ok(layouts)
}

fn check_path(path: &str, name: &SnapName) -> Result<String, LayoutError> {
    if let Some(unknown) = unknown_variable(path) {
        return Err(LayoutError::Variable(unknown.to_owned()));
    }
    if path.contains(['?', '*', '[', ']', '{', '}', '^', '"', '\0']) {
        return Err(LayoutError::Pattern(path.to_owned()));
    }
    let expanded = expand(path, name.as_str());
    if !expanded.starts_with('/') || !is_clean(&expanded) {
        return Err(LayoutError::Path(path.to_owned()));
    }
    Ok(expanded)
}

fn check_place(place: &str, name: &SnapName) -> Result<(), LayoutError> {
    let expanded = check_path(place, name)?;
    if OFF_LIMITS.iter().any(|area| is_within(&expanded, area)) {
        return Err(LayoutError::OffLimits(place.to_owned()));
    }
    let top = expanded.split('/').nth(1).unwrap_or_default();
    if !top.is_empty() && !TOP_LEVEL.contains(&top) {
        return Err(LayoutError::TopLevel(format!("/{top}")));
    }
    let own = format!("/snap/{name}");
    if is_within(place, "/snap") && place != "/snap" && !is_within(place, &own) {
        return Err(LayoutError::OtherSnap(place.to_owned()));
    }
    Ok(())
}

fn read_layout(value: &Value<'_>, name: &SnapName) -> Result<Layout, SnapYamlError> {
    let map = value.map()?;
    let text = |key| {
        map.text(key)
            .map(|text| text.filter(|text| !text.is_empty()))
    };
    let source = match (
        text("bind")?,
        text("bind-file")?,
        text("symlink")?,
        text("type")?,
    ) {
        (Some(path), None, None, None) => LayoutSource::Bind(path),
        (None, Some(path), None, None) => LayoutSource::BindFile(path),
        (None, None, Some(path), None) => LayoutSource::Symlink(path),
        (None, None, None, Some(kind)) if kind == "tmpfs" => LayoutSource::Tmpfs,
        (None, None, None, Some(kind)) => {
            return Err(map.refuse_key("type", LayoutError::FileSystem(kind)));
        }
        _ => return Err(map.refuse(LayoutError::Kind)),
    };
    if let LayoutSource::Bind(path) | LayoutSource::BindFile(path) | LayoutSource::Symlink(path) =
        &source
    {
        check_source(path, name).map_err(|error| map.refuse(error))?;
    }
    for key in ["user", "group"] {
        if let Some(owner) = text(key)?.filter(|owner| owner != "root") {
            return Err(map.refuse_key(key, LayoutError::Owner(owner)));
        }
    }
    let mode = match text("mode")? {
        None => 0o755,
        Some(text) => parse_mode(&text)
            .ok_or_else(|| map.refuse_key("mode", LayoutError::Mode(text.clone())))?,
    };
    Ok(Layout { source, mode })
}

fn check_source(path: &str, name: &SnapName) -> Result<(), LayoutError> {
    let expanded = check_path(path, name)?;
    let mut own = ["$SNAP", "$SNAP_DATA", "$SNAP_COMMON"].iter();
    if own.any(|variable| is_within(&expanded, &expand(variable, name.as_str()))) {
        return Ok(());
    }
    Err(LayoutError::Source(path.to_owned()))
}

fn parse_mode(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let mode = u32::from_str_radix(text, 8).ok()?;
    (digits && mode & 0o1777 == mode).then_some(mode)
}
