//! What is done with services of a snap: a change of few tasks, beside the changes of other
//! snaps. What cannot be done leaves the services enabled and disabled as they were.

use super::app::AppHere;
use super::services::Services;
use crate::api::Running;
use crate::changes::{Changes, TaskKind, Work};
use crate::device::{Failure, FailureKind};
use serde_json::json;
use snap_format::SnapName;
use snap_services::{ClientError, ServiceStatus, Standing};

/// What somebody wants done with services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceCommand {
    /// Run now.
    Start,
    /// Run now, and with their snap from now on.
    StartAndEnable,
    /// Do not run now.
    Stop,
    /// Do not run now, nor with their snap.
    StopAndDisable,
    /// One behind the other.
    Restart,
    /// Read the settings again, by the command for that; who has none restarts.
    Reload,
}

/// The services of one snap, and what is to be done with them.
#[derive(Clone, Debug)]
pub struct ServiceAct {
    /// Whose they are.
    pub snap: SnapName,
    /// Which of them, at least one.
    pub services: Vec<AppHere>,
    /// What is to be done.
    pub command: ServiceCommand,
}

#[derive(Clone, Copy)]
enum Step {
    Stand(Standing),
    Start,
    Stop,
    Reload,
}

impl Step {
    fn kind(self) -> TaskKind {
        match self {
            Self::Stand(Standing::Enabled) => TaskKind::EnableServices,
            Self::Stand(Standing::Disabled) => TaskKind::DisableServices,
            Self::Start => TaskKind::StartServices,
            Self::Stop => TaskKind::StopServices,
            Self::Reload => TaskKind::ReloadServices,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Stand(Standing::Enabled) => "Enable",
            Self::Stand(Standing::Disabled) => "Disable",
            Self::Start => "Start",
            Self::Stop => "Stop",
            Self::Reload => "Reload",
        }
    }
}

impl ServiceAct {
    fn steps(&self) -> &'static [Step] {
        match self.command {
            ServiceCommand::Start => &[Step::Start],
            ServiceCommand::StartAndEnable => &[Step::Stand(Standing::Enabled), Step::Start],
            ServiceCommand::Stop => &[Step::Stop],
            ServiceCommand::StopAndDisable => &[Step::Stand(Standing::Disabled), Step::Stop],
            ServiceCommand::Restart => &[Step::Stop, Step::Start],
            ServiceCommand::Reload => &[Step::Reload],
        }
    }

    /// The tasks of its change.
    pub(super) fn tasks(&self) -> Vec<(TaskKind, String)> {
        let names: Vec<_> = self.services.iter().map(AppHere::full_name).collect();
        let names = names.join(", ");
        let steps = self.steps().iter();
        steps
            .map(|step| (step.kind(), format!("{} {names}", step.word())))
            .collect()
    }

    /// Does it as the change of that number.
    pub(super) fn run(&self, id: u64, changes: &Changes, services: &dyn Services) {
        match self.try_run(id, changes, services) {
            Ok(()) => changes.finish(id, json!({ "snap-names": [self.snap.as_str()] })),
            Err(error) => changes.fail(id, &failure(&error)),
        }
    }

    fn try_run(
        &self,
        id: u64,
        changes: &Changes,
        services: &dyn Services,
    ) -> Result<(), ClientError> {
        let before = services.status()?;
        for step in self.steps() {
            changes.reach(id, step.kind(), Work::Unmeasured);
            if let Err(error) = self.take(*step, &before, services) {
                self.stand_as(&before, services);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Does it for a hook of the snap. What its change starts behind the hook is not started
    /// by it.
    pub(crate) fn within(
        &self,
        running: Running,
        services: &dyn Services,
    ) -> Result<(), ClientError> {
        let before = services.status()?;
        let steps = match (self.command, running) {
            (ServiceCommand::Restart | ServiceCommand::Reload, Running::Later) => &[],
            _ => self.steps(),
        };
        let is_now =
            |step: &&Step| running == Running::Now || !matches!(step, Step::Start | Step::Reload);
        for step in steps.iter().filter(is_now) {
            self.take(*step, &before, services)?;
        }
        Ok(())
    }

    fn take(
        &self,
        step: Step,
        before: &[ServiceStatus],
        services: &dyn Services,
    ) -> Result<(), ClientError> {
        let (snap, apps) = (self.snap.as_str(), self.names());
        match step {
            Step::Stand(standing) => services.enable(snap, &apps, standing),
            Step::Start => services.start(snap, &apps),
            Step::Stop => services.stop(snap, &apps),
            Step::Reload => {
                for service in &self.services {
                    let is_running =
                        found(before, service).is_some_and(|status| status.state == "running");
                    let name = service.name.to_string();
                    match service.can_reload() && is_running {
                        true => services.reload(snap, &name)?,
                        false => {
                            let one = [name];
                            services.stop(snap, &one)?;
                            services.start(snap, &one)?;
                        }
                    }
                }
                Ok(())
            }
        }
    }

    /// Enables and disables again what was enabled and disabled before.
    fn stand_as(&self, before: &[ServiceStatus], services: &dyn Services) {
        let stood = |step: &Step| matches!(step, Step::Stand(_));
        if !self.steps().iter().any(stood) {
            return;
        }
        for standing in [Standing::Enabled, Standing::Disabled] {
            let of_before = self.services.iter().filter(|service| {
                found(before, service).is_some_and(|status| status.standing == standing)
            });
            let apps: Vec<_> = of_before.map(|service| service.name.to_string()).collect();
            if apps.is_empty() {
                continue;
            }
            if let Err(error) = services.enable(self.snap.as_str(), &apps, standing) {
                eprintln!(
                    "cannot undo what was said of services of {}: {error}",
                    self.snap
                );
            }
        }
    }

    fn names(&self) -> Vec<String> {
        let names = self.services.iter();
        names.map(|service| service.name.to_string()).collect()
    }
}

fn found<'s>(all: &'s [ServiceStatus], service: &AppHere) -> Option<&'s ServiceStatus> {
    all.iter().find(|status| service.is(status))
}

fn failure(error: &ClientError) -> Failure {
    let kind = match error {
        ClientError::Unheard(..) => FailureKind::Disk,
        ClientError::Refused(_) => FailureKind::Refused,
    };
    Failure::new(kind, error)
}
