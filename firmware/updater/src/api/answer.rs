//! snapd's envelopes: what every answer is wrapped in.

use super::{LogTail, Method};
use crate::changes::Conflict;
use crate::device::{Failure, FailureKind};
use crate::part::PART;
use serde_json::{Value, json};

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The result is here.
    Sync(Value),
    /// The result is to be asked of the change with that number.
    Async(u64),
    /// The result is a stream, in no envelope.
    Logs(LogTail),
    /// It was not done.
    Error(Box<ApiError>),
}

impl Answer {
    /// The code of the status line.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Sync(_) | Self::Logs(_) => 200,
            Self::Async(_) => 202,
            Self::Error(error) => error.status,
        }
    }

    /// The body; that of a stream has no more to tell than that it is one.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (kind, result) = match self {
            Self::Sync(result) => ("sync", result.clone()),
            Self::Logs(_) => ("sync", Value::Null),
            Self::Async(_) => ("async", Value::Null),
            Self::Error(error) => ("error", error.to_json()),
        };
        let status = self.status();
        let mut body = json!({
            "type": kind,
            "status-code": status,
            "status": reason(status),
            "result": result,
        });
        if let Self::Async(change) = self {
            body["change"] = change.to_string().into();
        }
        body
    }
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The code of the status line.
    pub status: u16,
    /// For people.
    pub message: String,
    /// For programs, in snapd's words; it has none for most.
    pub kind: Option<&'static str>,
    /// Details of the kind.
    pub value: Option<Value>,
}

impl ApiError {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            kind: None,
            value: None,
        }
    }

    pub(super) fn with(self, kind: &'static str, value: Value) -> Self {
        Self {
            kind: Some(kind),
            value: Some(value),
            ..self
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "not found")
    }

    /// snapd's words and kind: its clients say `try with sudo` then.
    pub(crate) fn forbidden() -> Self {
        Self {
            kind: Some("login-required"),
            ..Self::new(403, "access denied")
        }
    }

    pub(super) fn method_not_allowed(method: Method) -> Self {
        Self::new(405, format!("method {:?} not allowed", method.name()))
    }

    pub(super) fn no_snap(name: &str) -> Self {
        Self::new(404, "snap not installed").with("snap-not-found", name.into())
    }

    fn to_json(&self) -> Value {
        let mut result = json!({ "message": self.message });
        if let Some(kind) = self.kind {
            result["kind"] = kind.into();
        }
        if let Some(value) = &self.value {
            result["value"] = value.clone();
        }
        result
    }
}

impl ApiError {
    /// What was not done with a part.
    pub(super) fn of_part(part: &str, failure: Failure) -> Self {
        let status = match failure.kind {
            FailureKind::NotFound | FailureKind::NotInstalled => 404,
            FailureKind::Busy | FailureKind::Unconfirmed => 409,
            FailureKind::Disk => 500,
            FailureKind::NoUpdate
            | FailureKind::Refused
            | FailureKind::Network
            | FailureKind::Untrusted
            | FailureKind::NoStore
            | FailureKind::NoSuchSetting
            | FailureKind::BadValue
            | FailureKind::BadSnap
            | FailureKind::FrameworkMissing
            | FailureKind::FrameworkNeeded
            | FailureKind::AlreadyInstalled
            | FailureKind::Rescue => 400,
        };
        let error = Self::new(status, failure.message);
        match failure.kind.snapd() {
            Some(kind) => error.with(kind, part.into()),
            None => error,
        }
    }
}

/// With the system.
impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self::of_part(PART, failure)
    }
}

impl From<Conflict> for ApiError {
    fn from(conflict: Conflict) -> Self {
        let value = json!({ "change-kind": conflict.kind.name(), "snap-name": conflict.part });
        Self::new(409, conflict.to_string()).with("snap-change-conflict", value)
    }
}

/// The words of a status line.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Payload Too Large",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
