//! Plays the scripts to the program.

use anyhow::{Result, ensure};
use std::path::Path;

use crate::account::{Account, Outcome};
use crate::device::Device;
use crate::judge::{Boots, judge};
use crate::root::DeviceRoot;
use crate::scripts::{Expect, Script, all};
use crate::server::{Server, honest};
use crate::workers::share;
use crate::{Program, Programs};

/// So many at once: most of them wait.
const WORKERS: usize = 4;

pub(crate) fn play_all(
    programs: &Programs,
    device: &Device,
    directory: &Path,
    account: &mut Account,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<()> {
    let scripts: Vec<_> = all().collect();
    let outcomes = share(&scripts, WORKERS, |worker, scripts| {
        let path = directory.join(format!("server-{worker}"));
        let player = Player::new(&path, device, &programs.update_once)?;
        let play = |script: &&'static Script| {
            progress(script.name);
            Ok((*script, player.play(script)?))
        };
        scripts.map(play).collect()
    })?;
    for (script, outcome) in outcomes {
        account.http_scripts += 1;
        account.note(script.name, outcome);
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
            Err(why) => Outcome::Stuck(why),
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
        ensure!(
            boots == Boots::New,
            "behind the next honest run, the old system boots"
        );
        Ok(())
    }
}
