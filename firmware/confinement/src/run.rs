//! From a description to a confined process: every layer in its order, each checked.
//!
//! ```text
//! this process                      process 1 inside         the program
//! group, limits, device filter
//! new process namespace, fork  -->  enters the group
//!                                   namespaces, files, network
//!                                   user, capabilities
//!                                   Landlock, seccomp   -->  executed
//! hands signals on                  hands signals on
//! exit code                    <--  exit code           <--  exit code
//! ```
//!
//! A layer that fails ends the child before there is a program, and says so through a pipe.

use crate::cgroup::ControlGroup;
use crate::devices::{self, Node};
use crate::error::{Layer, LayerError, OfLayer};
use crate::sandbox::{Mode, Sandbox};
use crate::system_calls::{self, Forked};
use crate::{file_rules, first_process, identity, network, seccomp, view};
use rustix::process::{Pid, WaitOptions};
use rustix::thread::UnshareFlags;
use std::io::{self, PipeWriter, Read};

/// Runs the program of `sandbox` and waits for its end. Returns its exit code, or 128 and
/// the signal that ended it.
///
/// The calling process must be root's and have one thread. Its signals go to the program
/// from here on, and a further call needs a further process.
///
/// # Errors
/// A layer cannot be set up: then nothing was started.
pub fn run(sandbox: &Sandbox) -> Result<u8, LayerError> {
    // First of all: what else is opened must not be in their way.
    system_calls::inherit(&sandbox.inherited_sockets)
        .layer(Layer::Process, || "give it its files".to_owned())?;
    let group = ControlGroup::of(&sandbox.snap, &sandbox.app)?;
    group.prepare(&sandbox.limits)?;
    let outcome = run_in(sandbox, &group);
    // What the program left in it was killed with its process namespace.
    let _ = group.remove();
    outcome
}

fn run_in(sandbox: &Sandbox, group: &ControlGroup) -> Result<u8, LayerError> {
    let nodes = devices::nodes_of(sandbox)?;
    if sandbox.mode == Mode::Strict {
        devices::restrict(group, &nodes)?;
    }
    let (mut problems, problems_writer) =
        io::pipe().layer(Layer::Process, || "make a pipe".to_owned())?;
    system_calls::block_signals().layer(Layer::Process, || "block signals".to_owned())?;
    system_calls::unshare(UnshareFlags::NEWPID)
        .layer(Layer::Namespaces, || "make a process namespace".to_owned())?;
    let forked = system_calls::fork().layer(Layer::Process, || "fork".to_owned())?;
    let child = match forked {
        Forked::Parent(child) => child,
        Forked::Child => {
            drop(problems);
            std::process::exit(inside(sandbox, group, &nodes, problems_writer).into());
        }
    };
    drop(problems_writer);
    let mut said = String::new();
    problems
        .read_to_string(&mut said)
        .layer(Layer::Process, || "hear of it".to_owned())?;
    let code = wait_for(child)?;
    if said.is_empty() {
        Ok(code)
    } else {
        Err(LayerError::from_line(&said))
    }
}

/// In process 1 of the new namespace. Returns the exit code.
fn inside(sandbox: &Sandbox, group: &ControlGroup, nodes: &[Node], problems: PipeWriter) -> u8 {
    // Process 1 lets go of it once it has forked the program, and the program when it is
    // executed: then whoever listens knows that all went well.
    let mut problems = Some(problems);
    let outcome = confine(sandbox, group, nodes)
        .and_then(|()| first_process::run(sandbox, || drop(problems.take())));
    match (outcome, problems) {
        (Ok(code), _) => code,
        (Err(error), Some(problems)) => {
            first_process::report(problems, &error);
            255
        }
        (Err(_), None) => 255,
    }
}

fn confine(sandbox: &Sandbox, group: &ControlGroup, nodes: &[Node]) -> Result<(), LayerError> {
    group.enter()?;
    let mut own =
        UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWCGROUP;
    let shared = network::is_shared(sandbox);
    if !shared {
        own |= UnshareFlags::NEWNET;
    }
    system_calls::unshare(own).layer(Layer::Namespaces, || "make namespaces".to_owned())?;
    if !shared {
        network::start_own()?;
    }
    let writable = view::enter(sandbox, nodes)?;
    identity::take(sandbox)?;
    system_calls::die_with_parent().layer(Layer::Process, || "tie it to its parent".to_owned())?;
    if sandbox.mode == Mode::Strict {
        file_rules::restrict(sandbox, &writable)?;
        seccomp::restrict()?;
    }
    Ok(())
}

/// Hands signals on until the child has ended.
fn wait_for(child: Pid) -> Result<u8, LayerError> {
    loop {
        let ended = rustix::process::waitpid(Some(child), WaitOptions::NOHANG)
            .layer(Layer::Process, || "wait for it".to_owned())?;
        if let Some((_, status)) = ended {
            return Ok(first_process::exit_code(status));
        }
        let received = system_calls::wait_for_signal()
            .layer(Layer::Process, || "wait for a signal".to_owned())?;
        // What a terminal sends, it sends to the program as well.
        if received.signal != libc::SIGCHLD && received.sent {
            let _ = system_calls::send_signal(child.as_raw_pid(), received.signal);
        }
    }
}
