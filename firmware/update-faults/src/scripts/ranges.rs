//! Parts of a file that are not those that were asked for.

use super::{Script, installed, refused};
use crate::server::Exchange;
use std::io::{self, Write};

/// Where the first connection breaks.
const BREAK: usize = 700_000;

pub(super) const SCRIPTS: &[Script] = &[
    installed("range-ignored", |x| {
        resumed(x, |x| {
            let head = x.whole();
            x.say(&head)?;
            x.send(0, x.file.len())
        })
    }),
    refused(
        "range-ignored-and-cut-each-time",
        "connection failed",
        |x| {
            resumed(x, |x| {
                let head = x.whole();
                x.say(&head)?;
                x.send(0, BREAK / 2)
            })
        },
    ),
    installed("range-begins-earlier", |x| {
        resumed(x, |x| {
            let first = x.first - 1000;
            let head = x.part(first);
            x.say(&head)?;
            x.send(first, x.file.len())
        })
    }),
    refused("range-begins-later", "another part", |x| {
        resumed(x, |x| {
            let head = x.part(x.first + 1);
            x.say(&head)?;
            x.send(x.first + 1, x.file.len())
        })
    }),
    refused(
        "range-lies-about-its-beginning",
        "not the one that was signed",
        |x| {
            resumed(x, |x| {
                x.say_part()?;
                x.send(x.first - 1000, x.file.len() - 1000)
            })
        },
    ),
    refused("range-ends-earlier", "another part", |x| {
        resumed(x, |x| {
            let end = x.file.len() - 1;
            let head = x.part(x.first);
            x.say(&head.replace(&format!("-{end}/"), &format!("-{}/", end - 1)))?;
            x.send(x.first, end)
        })
    }),
    refused("range-without-content-range", "does not say which", |x| {
        x.listen()?;
        x.misbehave();
        x.say("HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n12345")
    }),
    refused("ranges-in-several-parts", "does not say which", |x| {
        x.listen()?;
        x.misbehave();
        x.say(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: 90\r\n\
             Content-Type: multipart/byteranges; boundary=X\r\n\r\n\
             --X\r\nContent-Range: bytes 0-4/9\r\n\r\n12345\r\n--X--\r\n",
        )
    }),
    refused("range-of-unknown-length", "does not say which", |x| {
        content_range(x, "bytes 0-99/*")
    }),
    refused("range-behind-the-end", "does not say which", |x| {
        content_range(x, "bytes 0-18446744073709551615/18446744073709551615")
    }),
    refused("range-backwards", "does not say which", |x| {
        content_range(x, "bytes 9-1/100")
    }),
    refused("range-of-something-else", "does not say which", |x| {
        content_range(x, "pages 0-99/100")
    }),
    refused("range-of-a-file-of-almost-all-bytes", "too long", |x| {
        content_range(x, "bytes 0-18446744073709551614/18446744073709551615")
    }),
    refused("range-not-satisfiable", "changed on the server", |x| {
        resumed(x, |x| {
            x.say("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */5\r\nContent-Length: 0\r\n\r\n")
        })
    }),
    refused("range-with-zeros", "not the one that was signed", |x| {
        resumed(x, |x| {
            x.say_part()?;
            x.stream.write_all(&vec![0; x.file.len() - x.first])
        })
    }),
];

/// The first connection breaks; this is the answer to what is asked for then.
fn resumed(x: &mut Exchange, answer: fn(&mut Exchange) -> io::Result<()>) -> io::Result<()> {
    x.listen()?;
    if x.number == 0 {
        return x.end_after(BREAK);
    }
    x.misbehave();
    answer(x)
}

/// A part that is described so; all of the file comes.
fn content_range(x: &mut Exchange, range: &str) -> io::Result<()> {
    x.listen()?;
    x.misbehave();
    x.say(&format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\n\r\n"
    ))?;
    x.send(0, x.file.len())
}
