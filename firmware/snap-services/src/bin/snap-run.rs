//! `snap-run`: runs an app, a service or a hook of a snap, confined, and ends as it ends.

fn main() -> std::process::ExitCode {
    snap_run::run(std::env::args_os())
}
