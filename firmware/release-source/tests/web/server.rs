//! Web servers on this machine.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::thread;
use store_builder::DevelopmentServer;

/// Serves `directory` while `visit` runs.
pub(crate) fn served<T>(directory: &Path, visit: impl FnOnce(&str) -> T) -> T {
    let server = DevelopmentServer::bind(directory, 0).unwrap();
    let address = format!("http://{}", server.address());
    let visited = thread::scope(|scope| {
        scope.spawn(|| server.run(|_| ()));
        let visited = catch_unwind(AssertUnwindSafe(|| visit(&address)));
        server.stop();
        visited
    });
    visited.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Serves `file` under any name, and all of it whatever is asked for.
pub(crate) fn served_without_ranges<T>(file: &[u8], visit: impl FnOnce(&str) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let file = file.to_vec();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let lines = BufReader::new(&stream).lines();
            let asked = lines.map_while(Result::ok);
            asked.take_while(|line| !line.is_empty()).for_each(drop);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                file.len()
            );
            // Who asked may have heard enough.
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&file);
        }
    });
    visit(&address)
}
