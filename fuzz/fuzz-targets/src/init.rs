//! The parsers of PID 1, which is a program and no library: the files themselves.

#[path = "../../../firmware/init/src/command_line.rs"]
#[expect(dead_code, reason = "the file also reads the line and hands it on")]
pub(crate) mod command_line;
#[path = "../../../firmware/init/src/pstore/dump.rs"]
pub(crate) mod dump;
#[path = "../../../firmware/init/src/kernel_log/end.rs"]
mod end;
#[path = "../../../firmware/init/src/uevent/message.rs"]
#[expect(dead_code, reason = "PID 1 asks its types for more")]
pub(crate) mod message;

use end::end_of;
