//! The loop: requests and events come in, units act, answers go out when they are true.

use crate::operation::{Direction, Operation, now};
use crate::places::Places;
use crate::protocol::{Answer, Request, ServiceStatus, Standing};
use crate::service::{Event, Off, State};
use crate::started::Lines;
use crate::unit::{Key, Surroundings, Told, Unit};
use anyhow::{Context, Result, bail, ensure};
use confinement::ControlGroup;
use snap_format::{AppName, InstallMode, SnapName, order_of_snaps};
use snap_run::InstalledSnap;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// It looks around so often though nothing happens.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What comes in.
pub(crate) enum Message {
    /// Somebody asks, and waits for the answer.
    Asked(Request, Sender<Answer>),
    /// A unit tells.
    Told(Told),
}

/// All services.
pub(crate) struct Supervisor<'a> {
    places: &'a Places,
    tell: Sender<Told>,
    units: BTreeMap<Key, Unit>,
    operations: VecDeque<Operation>,
}

impl<'a> Supervisor<'a> {
    pub(crate) fn new(places: &'a Places, tell: Sender<Told>) -> Self {
        Self {
            places,
            tell,
            units: BTreeMap::new(),
            operations: VecDeque::new(),
        }
    }

    /// Starts what an earlier supervisor had started, and left behind when it ended.
    pub(crate) fn take_over(&mut self) {
        let lines = Lines::in_file(self.places.started())
            .read()
            .unwrap_or_default();
        let (mut revisions, mut needs) = (BTreeMap::new(), BTreeMap::new());
        for line in lines {
            let Some((name, revision)) = line.split_once(' ') else {
                continue;
            };
            match self.end_leftovers(name, revision) {
                Ok(snap) => {
                    revisions.insert(snap.yaml.name.clone(), snap.revision);
                    needs.insert(snap.yaml.name, snap.yaml.frameworks);
                }
                Err(error) => eprintln!("cannot start the services of {line} again: {error:#}"),
            }
        }
        for name in order_of_snaps(&needs) {
            let revision = revisions.get(&name).map(String::as_str);
            if let Err(error) = self.begin_start(name.as_str(), revision, &[], None) {
                eprintln!("cannot start the services of {name} again: {error:#}");
            }
        }
    }

    fn end_leftovers(&self, name: &str, revision: &str) -> Result<InstalledSnap> {
        let snap = self.places.device.snap(&name.parse()?, Some(revision))?;
        for app in snap.yaml.start_order() {
            ControlGroup::of(name, app.as_str())?.kill()?;
        }
        Ok(snap)
    }

    /// Runs until nobody can ask any more.
    pub(crate) fn run(&mut self, messages: &Receiver<Message>) {
        loop {
            self.advance();
            let now = now();
            let due = self
                .units
                .values()
                .filter_map(|unit| unit.service().due(now));
            let sleep = due.min().map_or(LONGEST_SLEEP, |due| {
                due.saturating_duration_since(now.instant)
                    .min(LONGEST_SLEEP)
            });
            match messages.recv_timeout(sleep) {
                Ok(Message::Asked(request, answer)) => self.asked(request, answer),
                Ok(Message::Told(told)) => self.told(told),
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn told(&mut self, told: Told) {
        let around = Surroundings {
            places: self.places,
            tell: &self.tell,
        };
        let Some(unit) = self.units.get_mut(&told.key) else {
            return;
        };
        if unit.service().starts() != told.start {
            return;
        }
        if let Some(status) = told.status {
            unit.says = Some(status);
            return;
        }
        unit.handle(&around, told.event, now());
    }

    fn tick(&mut self) {
        let around = Surroundings {
            places: self.places,
            tell: &self.tell,
        };
        for unit in self.units.values_mut() {
            unit.handle(&around, Event::Tick, now());
        }
    }

    fn asked(&mut self, request: Request, answer: Sender<Answer>) {
        let waiting = Some(answer.clone());
        let outcome = match request {
            Request::Start {
                snap,
                revision,
                apps,
            } => self.begin_start(&snap, revision.as_deref(), &apps, waiting),
            Request::Stop { snap, apps } => self.begin_stop(&snap, &apps, waiting),
            Request::Enable {
                snap,
                apps,
                standing,
            } => self.enable(&snap, &apps, standing).map(|()| {
                let _ = answer.send(Answer::Done);
            }),
            Request::Status => self.status().map(|services| {
                let _ = answer.send(Answer::Services(services));
            }),
            // They run beside the services: the server has them.
            Request::Hook { .. } => Err(anyhow::anyhow!("a hook is no service")),
        };
        if let Err(error) = outcome {
            let _ = answer.send(Answer::Error(format!("{error:#}")));
        }
    }

    fn begin_start(
        &mut self,
        name: &str,
        revision: Option<&str>,
        apps: &[String],
        answer: Option<Sender<Answer>>,
    ) -> Result<()> {
        let name: SnapName = name.parse()?;
        let snap = self.places.device.snap(&name, revision)?;
        let mut order = snap.yaml.start_order();
        if apps.is_empty() {
            let disabled = Lines::of_disabled(&self.places.device).read()?;
            order.retain(|app| {
                is_enabled(&snap, app) && !disabled.contains(&format!("{name}.{app}"))
            });
        } else {
            require_services(&snap, apps)?;
            order.retain(|app| apps.iter().any(|wanted| wanted == app.as_str()));
        }
        let mut rest = VecDeque::new();
        for app in order {
            rest.push_back(self.unit_for(&snap, &name, app)?);
        }
        let line = format!("{name} {}", snap.revision);
        self.remember(&name, |lines| {
            lines.insert(line);
        })?;
        let mut operation = Operation::new(name, Direction::Up, rest, answer);
        operation.behind = snap.yaml.frameworks;
        self.operations.push_back(operation);
        Ok(())
    }

    /// The unit of a service in this revision; of another one, it has to be stopped first.
    fn unit_for(&mut self, snap: &InstalledSnap, name: &SnapName, app: AppName) -> Result<Key> {
        let key = Key {
            snap: name.clone(),
            app,
        };
        if let Some(unit) = self.units.get(&key)
            && !unit.is_off()
        {
            ensure!(
                unit.revision == snap.revision,
                "cannot start {key} of revision {}: revision {} runs; stop it first",
                snap.revision,
                unit.revision
            );
            return Ok(key);
        }
        let unit = snap.yaml.apps.get(&key.app);
        let unit = unit.and_then(|app| Unit::new(self.places, key.clone(), &snap.revision, app));
        let unit = unit.with_context(|| format!("{key} is no service"))?;
        self.units.insert(key.clone(), unit);
        Ok(key)
    }

    fn begin_stop(
        &mut self,
        name: &str,
        apps: &[String],
        answer: Option<Sender<Answer>>,
    ) -> Result<()> {
        let name: SnapName = name.parse()?;
        let of_snap = self.units.keys().filter(|key| key.snap == name);
        let mut rest: VecDeque<_> = of_snap
            .filter(|key| apps.is_empty() || apps.iter().any(|app| app == key.app.as_str()))
            .cloned()
            .collect();
        // The other way round than they started, where the snap still says how that was.
        if let Some(key) = rest.front()
            && let Some(unit) = self.units.get(key)
            && let Ok(snap) = self.places.device.snap(&name, Some(&unit.revision))
        {
            let order = snap.yaml.start_order();
            let place = |key: &Key| order.iter().position(|app| *app == key.app);
            rest.make_contiguous()
                .sort_by_key(|key| std::cmp::Reverse(place(key)));
        }
        if apps.is_empty() {
            self.remember(&name, |_| {})?;
        }
        self.operations
            .push_back(Operation::new(name, Direction::Down, rest, answer));
        Ok(())
    }

    /// Forgets which revision of the snap was started, and then `add`s.
    fn remember(&self, name: &SnapName, add: impl FnOnce(&mut BTreeSet<String>)) -> Result<()> {
        let path = self.places.started();
        let outcome = Lines::in_file(&path).change(|lines| {
            lines.retain(|line| line.split(' ').next() != Some(name.as_str()));
            add(lines);
        });
        outcome.with_context(|| format!("cannot write {}", path.display()))
    }

    fn enable(&self, name: &str, apps: &[String], standing: Standing) -> Result<()> {
        let name: SnapName = name.parse()?;
        require_services(&self.places.device.snap(&name, None)?, apps)?;
        let change = Lines::of_disabled(&self.places.device).change(|lines| {
            for app in apps {
                let line = format!("{name}.{app}");
                match standing {
                    Standing::Enabled => lines.remove(&line),
                    Standing::Disabled => lines.insert(line),
                };
            }
        });
        change.context("cannot keep that for the next start")
    }

    /// Takes the operations as far as they go. Those of a snap follow each other, and those of
    /// the frameworks that it needs.
    fn advance(&mut self) {
        let around = Surroundings {
            places: self.places,
            tell: &self.tell,
        };
        let mut busy = BTreeSet::new();
        let mut operations = std::mem::take(&mut self.operations);
        operations.retain_mut(|operation| {
            let is_done =
                !operation.waits_for(&busy) && operation.advance(&mut self.units, &around);
            if !is_done {
                busy.insert(operation.snap.clone());
            }
            !is_done
        });
        self.operations = operations;
    }

    fn status(&self) -> Result<Vec<ServiceStatus>> {
        let disabled = Lines::of_disabled(&self.places.device).read()?;
        let units = self.units.iter();
        Ok(units
            .map(|(key, unit)| ServiceStatus {
                snap: key.snap.to_string(),
                app: key.app.to_string(),
                revision: unit.revision.clone(),
                state: word_of(unit.service().state()).to_owned(),
                detail: unit.failure(),
                says: unit.says.clone(),
                starts: unit.service().starts(),
                standing: match disabled.contains(&key.to_string()) {
                    true => Standing::Disabled,
                    false => Standing::Enabled,
                },
            })
            .collect())
    }
}

fn is_enabled(snap: &InstalledSnap, app: &AppName) -> bool {
    let service = snap.yaml.apps.get(app).and_then(|app| app.service.as_ref());
    service.is_some_and(|service| service.install_mode == InstallMode::Enable)
}

fn require_services(snap: &InstalledSnap, apps: &[String]) -> Result<()> {
    for app in apps {
        let parsed: AppName = app.parse()?;
        let found = snap.yaml.apps.get(&parsed);
        if found.is_none_or(|app| app.service.is_none()) {
            bail!(
                "cannot find the service {app} in the snap {}",
                snap.yaml.name
            );
        }
    }
    Ok(())
}

fn word_of(state: &State) -> &'static str {
    match state {
        State::Off(Off::NotStarted | Off::Stopped) => "stopped",
        State::Off(Off::Done) => "done",
        State::Off(Off::Failed(_)) => "failed",
        State::Listening => "listening",
        State::Scheduled(_) => "scheduled",
        State::Starting { .. } => "starting",
        State::Running { .. } => "running",
        State::Ending { .. } | State::PostStop { .. } => "stopping",
        State::Waiting(_) => "waiting",
    }
}
