//! The way to a repository, which the caller brings.

use std::fmt;
use std::io::Read;

/// Where a file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Below the address of the metadata.
    Metadata(&'a str),
    /// Below the address of the targets.
    Target(&'a str),
}

impl<'a> Place<'a> {
    /// The end of the address: percent-encoded, without `..` and without a leading slash.
    pub fn path(self) -> &'a str {
        match self {
            Place::Metadata(path) | Place::Target(path) => path,
        }
    }
}

/// A server's mark of one state of a file: HTTP's entity tag, quotes and all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator(pub String);

/// What the client asks for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The file.
    pub place: Place<'a>,
    /// More than this is never read.
    pub max_bytes: u64,
    /// The state that the client has: if it is still that one, `Reply::NotModified` will do.
    pub unless: Option<&'a Validator>,
}

/// What the repository answered.
pub enum Reply<'a> {
    /// The file is in the state of `Request::unless`.
    NotModified,
    /// The file.
    File {
        /// Its bytes. The client stops reading when it has had enough.
        body: Box<dyn Read + 'a>,
        /// The mark of its state, if the server gives one.
        validator: Option<Validator>,
    },
}

/// Why there is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// There is none, or nobody may see it: HTTP 404 and 403.
    NotFound,
    /// Another answer than a file.
    Status(u16),
    /// No answer, or it broke off.
    Broken(String),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchError::NotFound => f.write_str("the repository does not have it"),
            FetchError::Status(status) => write!(f, "the server answered {status}"),
            FetchError::Broken(reason) => f.write_str(reason),
        }
    }
}

/// A repository that can be asked for files.
pub trait Fetch {
    /// Asks once. Whoever wants to try again does so in here.
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError>;
}

impl<F: Fetch + ?Sized> Fetch for &mut F {
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError> {
        (**self).fetch(request)
    }
}
