//! A confined program asks its device: the real `snapctl`, through the real confinement, and
//! a daemon that says who the kernel says it is.

use crate::bench::{Bench, app, name};
use confinement::SnapUsers;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

#[test]
fn a_service_and_a_hook_ask_their_device_and_say_who_they_are() {
    let apps = app("asks", "    daemon: simple\n");
    let Some(bench) = Bench::with(&apps, |bench| {
        let directory = bench.directory.path().join("run/snapctl");
        fs::create_dir_all(&directory).unwrap();
        let socket = directory.join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
        std::thread::spawn(move || answer(&listener));
        let hook = format!("snap/{}/x1/meta/hooks/configure", name());
        crate::bench::write_program(
            &bench.directory.path().join(hook),
            "#!/bin/sh\nsnapctl set port=80\nexit 7\n",
        );
    }) else {
        return;
    };
    bench.start().unwrap();
    let user = SnapUsers::new(bench.places.device.users()).user_of(&name());
    let user = user.unwrap().get();
    bench.wait_for_line("asks", &format!("user {user} asks get port"));
    let limit = std::time::Duration::from_secs(60);
    let none = serde_json::Map::new();
    let ended = bench.client.hook(&name(), "x1", "configure", limit, &none);
    let ended = ended.unwrap();
    let told = format!("user {user} asks set port=80\n");
    assert_eq!((ended.exit_code, ended.output), (7, told));
}

/// Says back what was asked, and by whom.
fn answer(listener: &UnixListener) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let peer = rustix::net::sockopt::socket_peercred(&stream).unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            asked.extend(byte);
        }
        let asked = String::from_utf8(asked).unwrap();
        let (_, body) = asked.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let words = body["args"].as_array().unwrap().iter();
        let words: Vec<_> = words.map(|word| word.as_str().unwrap()).collect();
        let user = peer.uid.as_raw();
        let said = format!("user {user} asks {}\n", words.join(" "));
        let said = serde_json::json!({ "result": { "stdout": said, "stderr": "" } });
        let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{said}");
        stream.write_all(answer.as_bytes()).unwrap();
    }
}
