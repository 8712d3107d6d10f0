//! Plays the scripts to the program.

use anyhow::{Result, bail, ensure};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::account::Account;
use crate::device::Device;
use crate::judge::{Boots, judge};
use crate::root::DeviceRoot;
use crate::scripts::{Expect, Script, all};
use crate::server::{Server, honest};
use crate::{Program, Programs};

/// So many at once: most of them wait.
const WORKERS: usize = 4;

/// What came of a script.
enum Outcome {
    Good,
    NotReached,
    Stuck(String),
}

pub(crate) fn play_all(
    programs: &Programs,
    device: &Device,
    directory: &Path,
    account: &mut Account,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<()> {
    let scripts: Vec<_> = all().collect();
    let next = AtomicUsize::new(0);
    let program = &programs.update_once;
    let work = |worker: usize| -> Result<Vec<(&Script, Outcome)>> {
        let path = directory.join(format!("server-{worker}"));
        let player = Player::new(&path, device, program)?;
        let mut outcomes = Vec::new();
        while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
            progress(script.name);
            outcomes.push((*script, player.play(script)?));
        }
        Ok(outcomes)
    };
    let outcomes: Result<Vec<_>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| scope.spawn(move || work(worker)))
            .collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(outcomes) => outcomes,
            Err(_) => bail!("a script panicked"),
        });
        joined.collect()
    });
    for (script, outcome) in outcomes?.into_iter().flatten() {
        account.http_scripts += 1;
        match outcome {
            Outcome::Good => {}
            Outcome::NotReached => account.not_reached.push(script.name.to_owned()),
            Outcome::Stuck(why) => account.stuck.push(format!("{}: {why}", script.name)),
        }
    }
    Ok(())
}

/// A device, an honest server, and the program between them.
struct Player<'a> {
    device: &'a Device,
    root: DeviceRoot,
    program: String,
    honest: Server,
}

impl<'a> Player<'a> {
    fn new(path: &Path, device: &'a Device, program: &Program) -> Result<Self> {
        Ok(Self {
            device,
            root: DeviceRoot::new(path, device, &[program])?,
            program: format!("/{}", program.name),
            honest: Server::new(device.new.file(), honest)?,
        })
    }

    fn play(&self, script: &Script) -> Result<Outcome> {
        self.root.renew(self.device)?;
        let server = Server::new(self.device.new.file(), script.serve)?;
        let played = self.against(script, &server);
        Ok(match played {
            Err(why) => Outcome::Stuck(format!("{why:#}")),
            Ok(()) if !server.misbehaved() => Outcome::NotReached,
            Ok(()) => Outcome::Good,
        })
    }

    fn against(&self, script: &Script, server: &Server) -> Result<()> {
        let ended = self.root.run(&[], &[&self.program, &server.url()])?;
        ensure!(!ended.hung, "the update does not end");
        let expected = match script.expect {
            Expect::Installed => {
                ensure!(ended.done, "it was not installed: {}", ended.said);
                Boots::New
            }
            Expect::Refused(words) => {
                ensure!(!ended.done, "it was installed");
                ensure!(
                    !ended.said.is_empty() && ended.said.contains(words),
                    "the reason is another one: {:?}",
                    ended.said
                );
                Boots::Old
            }
        };
        let boots = judge(self.device, &self.root.disk()?)?;
        ensure!(boots == expected, "the {boots:?} system boots");
        self.next_run()
    }

    /// An honest run succeeds, and its release boots.
    fn next_run(&self) -> Result<()> {
        let ended = self.root.run(&[], &[&self.program, &self.honest.url()])?;
        ensure!(ended.done, "the next honest run fails: {}", ended.said);
        let boots = judge(self.device, &self.root.disk()?)?;
        ensure!(boots == Boots::New, "behind the next honest run, the old system boots");
        Ok(())
    }
}
