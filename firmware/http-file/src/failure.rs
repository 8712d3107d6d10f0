//! What is worth another try, and what is not.

use crate::answer::NoAnswer;
use crate::error::HttpError;

/// Why no byte came.
pub(crate) enum Failure {
    /// Waiting may help.
    NotNow(String),
    /// It will not.
    Never(HttpError),
}

impl Failure {
    pub(crate) fn of(error: &ureq::Error) -> Self {
        match error {
            ureq::Error::BadUri(_) => Self::Never(HttpError::Answer("the address is none")),
            ureq::Error::TooManyRedirects => {
                Self::Never(HttpError::Answer("it leads from address to address"))
            }
            ureq::Error::RequireHttpsOnly(_) => {
                Self::Never(HttpError::Answer("it leads from https to http"))
            }
            error => match unproven(error) {
                Some(reason) => Self::Never(HttpError::Unproven(reason)),
                None => Self::NotNow(error.to_string()),
            },
        }
    }
}

/// What is wrong with the server's certificate, if that is it.
fn unproven(error: &ureq::Error) -> Option<String> {
    let tls = match error {
        ureq::Error::Rustls(error) => error,
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref()?,
        _ => return None,
    };
    match tls {
        rustls::Error::InvalidCertificate(why) => Some(why.to_string()),
        _ => None,
    }
}

impl From<NoAnswer> for Failure {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::NotNow(status) => Self::NotNow(format!("the server answers {status}")),
            NoAnswer::Never(error) => Self::Never(error),
        }
    }
}
