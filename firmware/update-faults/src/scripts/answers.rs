//! Answers that are no file.

use super::{Script, installed, refused};
use crate::server::Exchange;
use std::io;

const NOT_GIVEN: &str = "does not give it";

pub(super) const SCRIPTS: &[Script] = &[
    refused("status-204", NOT_GIVEN, |x| status(x, "204 No Content")),
    refused("status-304", NOT_GIVEN, |x| status(x, "304 Not Modified")),
    refused("status-400", NOT_GIVEN, |x| status(x, "400 Bad Request")),
    refused("status-401", NOT_GIVEN, |x| status(x, "401 Unauthorized")),
    refused("status-403", NOT_GIVEN, |x| status(x, "403 Forbidden")),
    refused("status-404", "no such file", |x| status(x, "404 Not Found")),
    refused("status-407", NOT_GIVEN, |x| {
        status(x, "407 Proxy Authentication Required")
    }),
    refused("status-410", NOT_GIVEN, |x| status(x, "410 Gone")),
    refused("status-429", "429", |x| status(x, "429 Too Many Requests")),
    refused("status-500", "500", |x| status(x, "500 Oops")),
    refused("status-502", "502", |x| status(x, "502 Bad Gateway")),
    refused("status-504", "504", |x| status(x, "504 Gateway Timeout")),
    refused("status-999", NOT_GIVEN, |x| status(x, "999 What")),
    installed("status-503-once-and-wait-for-ever", |x| match x.number {
        0 => status(x, "503 Busy\r\nRetry-After: 99999999999"),
        _ => {
            x.listen()?;
            x.be_honest()
        }
    }),
    installed("status-503-in-the-middle", |x| match x.number {
        0 => {
            x.listen()?;
            x.end_after(300_000)
        }
        1 => status(x, "503 Busy\r\nRetry-After: -1"),
        _ => {
            x.listen()?;
            x.be_honest()
        }
    }),
    refused("status-404-in-the-middle", "no such file", |x| {
        match x.number {
            0 => {
                x.listen()?;
                x.end_after(300_000)
            }
            _ => status(x, "404 Not Found"),
        }
    }),
    refused("redirected-in-a-circle", "address to address", |x| {
        redirected(x, "/release")
    }),
    refused("redirected-to-ever-new-places", "address to address", |x| {
        let next = format!("/release/{}", x.number);
        redirected(x, &next)
    }),
    installed("redirected-once", |x| match x.number {
        0 => redirected(x, "/elsewhere"),
        _ => {
            x.listen()?;
            x.be_honest()
        }
    }),
    refused("redirected-to-nobody", "connection failed", |x| {
        redirected(x, "http://127.0.0.1:1/release")
    }),
    refused("redirected-to-a-file", "address to address", |x| {
        redirected(x, "file:///usr/lib/twinkeel/root.keyring")
    }),
    refused("redirected-to-https", "connection failed", |x| {
        let address = format!("https://{}/release", x.address);
        redirected(x, &address)
    }),
    refused("redirected-to-nonsense", "address to address", |x| {
        redirected(x, "http://[")
    }),
    refused("redirected-nowhere", "location", |x| status(x, "302 Found")),
];

fn status(x: &mut Exchange, status: &str) -> io::Result<()> {
    x.listen()?;
    x.misbehave();
    x.say(&format!(
        "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    ))
}

fn redirected(x: &mut Exchange, to: &str) -> io::Result<()> {
    status(x, &format!("302 Found\r\nLocation: {to}"))
}
