//! The loop: requests and events come in, units act, answers go out when they are true.

use crate::operation::{Direction, Operation, now};
use crate::places::Places;
use crate::protocol::{Answer, Request, ServiceStatus, Standing};
use crate::service::{Event, Off, State};
use crate::standing::{self, Standings};
use crate::started::Lines;
use crate::unit::{Key, Surroundings, Told, Unit};
use anyhow::{Context, Result, ensure};
use confinement::ControlGroup;
use snap_format::app::App;
use snap_format::{AppName, SnapName, order_of_snaps};
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
            Request::Forget { snap } => standing::forget(&self.places.device, &snap)
                .context("cannot keep that for the next start")
                .map(|()| {
                    let _ = answer.send(Answer::Done);
                }),
            Request::Status => self.status().map(|services| {
                let _ = answer.send(Answer::Services(services));
            }),
            // They run beside the services: the server has them.
            Request::Hook { .. } | Request::Reload { .. } => {
                Err(anyhow::anyhow!("this is no matter of the services' loop"))
            }
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
            let standings = Standings::read(&self.places.device)?;
            order.retain(|app| {
                let described = snap.yaml.apps.get(app);
                described.is_some_and(|described| {
                    standings.of(&format!("{name}.{app}"), described) == Standing::Enabled
                })
            });
        } else {
            services(&snap, apps)?;
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
        let snap = self.places.device.snap(&name, None)?;
        let services = services(&snap, apps)?;
        let kept = standing::keep(&self.places.device, &services, standing);
        kept.context("cannot keep that for the next start")
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
        let standings = Standings::read(&self.places.device)?;
        let mut all = BTreeMap::new();
        for name in self.places.device.snap_names()? {
            // One that cannot be read has no services that could be told of.
            let Ok(snap) = self.places.device.snap(&name, None) else {
                continue;
            };
            for (app, described) in &snap.yaml.apps {
                if described.service.is_some() {
                    let key = Key {
                        snap: name.clone(),
                        app: app.clone(),
                    };
                    let mut status = self.status_of(&key, &snap.revision);
                    status.standing = standings.of(&key.to_string(), described);
                    all.insert(key, status);
                }
            }
        }
        for (key, unit) in &self.units {
            if !unit.is_off() {
                all.entry(key.clone())
                    .or_insert_with(|| self.status_of(key, &unit.revision));
            }
        }
        Ok(all.into_values().collect())
    }

    /// Of a service that may never have been started.
    fn status_of(&self, key: &Key, revision: &str) -> ServiceStatus {
        let unit = self.units.get(key);
        let state = unit.map_or(&State::Off(Off::NotStarted), |unit| unit.service().state());
        ServiceStatus {
            snap: key.snap.to_string(),
            app: key.app.to_string(),
            revision: unit.map_or(revision, |unit| &unit.revision).to_owned(),
            state: word_of(state).to_owned(),
            detail: unit.and_then(Unit::failure),
            says: unit.and_then(|unit| unit.says.clone()),
            starts: unit.map_or(0, |unit| unit.service().starts()),
            standing: Standing::Enabled,
        }
    }
}

/// The services that are named, with their descriptions.
fn services<'s>(snap: &'s InstalledSnap, apps: &[String]) -> Result<Vec<(String, &'s App)>> {
    let name = &snap.yaml.name;
    let found = apps.iter().map(|app| {
        let described = snap.yaml.apps.get(&app.parse::<AppName>()?);
        let described = described.filter(|app| app.service.is_some());
        let described = described
            .with_context(|| format!("cannot find the service {app} in the snap {name}"))?;
        Ok((format!("{name}.{app}"), described))
    });
    found.collect()
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
