//! What may happen to a device, at any moment and in any order.

use crate::device::{Budget, Device, FIRST_RELEASE, Image, Kind, Phase, running};
use crate::loader::{Boot, boot};
use crate::promises;
use image_format::{BootState, Digest, Slot, SlotRecord, SlotStatus, Source};
use stateright::{Model, Property};
use system_update::{Confirmation, came_up, confirmed, refused, rolled_back};

/// Attempts of a release that was staged.
const ATTEMPTS: u8 = 3;

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Power on, until something runs.
    Boot,
    /// Power on, and the power goes away after so many writes.
    BootAndLosePower(usize),
    /// The system comes up.
    MarkUp,
    /// It passed its health gate.
    Confirm,
    /// A process that slept since the boot before confirms.
    ConfirmLate,
    /// The power goes away, the watchdog bites, or the system resets.
    TurnOff,
    /// A person asks for the other slot.
    RollBack,
    /// A block of the root does not match, and does not from now on.
    FindDamage,
    /// The state says that the other slot is empty.
    EmptyOther,
    /// Its envelope is destroyed.
    EraseOther,
    /// It has a new image, which the state does not know of.
    WriteOther(Kind),
    /// And puts it on trial.
    ArmOther,
    /// The copy of the state that counts cannot be read any more.
    LoseCopy,
    /// Neither can.
    LoseBothCopies,
}

/// A device, and all that may happen to it.
pub(crate) struct Twinkeel {
    pub(crate) devices: Vec<Device>,
    pub(crate) releases: Vec<Kind>,
}

impl Model for Twinkeel {
    type State = Device;
    type Action = Action;

    fn init_states(&self) -> Vec<Device> {
        self.devices.clone()
    }

    fn actions(&self, device: &Device, actions: &mut Vec<Action>) {
        match device.phase {
            Phase::Off => self.actions_when_off(device, actions),
            Phase::Runs { .. } => self.actions_when_on(device, actions),
        }
    }

    fn next_state(&self, device: &Device, action: Action) -> Option<Device> {
        let mut next = device.clone();
        apply(&mut next, action)?;
        (next != *device).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promises::ALL
            .into_iter()
            .map(|(name, holds)| Property::always(name, holds))
            .collect()
    }
}

impl Twinkeel {
    fn actions_when_off(&self, device: &Device, actions: &mut Vec<Action>) {
        actions.push(Action::Boot);
        actions.extend((1..=boot(device).saves.len()).map(Action::BootAndLosePower));
        if device.budget.lost_copies > 0 && device.state.is_some() {
            actions.extend([Action::LoseCopy, Action::LoseBothCopies]);
        }
    }

    fn actions_when_on(&self, device: &Device, actions: &mut Vec<Action>) {
        actions.push(Action::TurnOff);
        if device.late.is_some() {
            actions.push(Action::ConfirmLate);
        }
        let Some(slot) = device.running_slot() else {
            return;
        };
        let image = device.image(slot);
        if image.hangs() {
            return;
        }
        actions.push(Action::MarkUp);
        if image.passes_its_gate() {
            actions.push(Action::Confirm);
        }
        actions.push(Action::RollBack);
        if image.damaged || device.budget.damaged_roots > 0 {
            actions.push(Action::FindDamage);
        }
        if device.stages {
            actions.extend([Action::EraseOther, Action::ArmOther]);
            actions.extend(self.releases.iter().map(|kind| Action::WriteOther(*kind)));
        } else if device.budget.releases > 0 {
            actions.push(Action::EmptyOther);
        }
    }
}

/// `None` when the act refuses, or when there is nothing to do.
pub(crate) fn apply(device: &mut Device, action: Action) -> Option<()> {
    match action {
        Action::Boot => {
            let done = boot(device);
            let started = done.started?;
            start(device, done, started);
        }
        Action::BootAndLosePower(writes) => {
            let done = boot(device);
            forget_starts(device, &done);
            device.late = None;
            done.saves
                .into_iter()
                .take(writes)
                .for_each(|state| device.save(state));
        }
        Action::TurnOff => {
            let was = device.running();
            device.late = was
                .filter(|was| !device.image(was.slot).passes_its_gate())
                .map(|was| (was.slot, device.image(was.slot).id, was.boot_number.0));
            device.stages = false;
            device.phase = Phase::Off;
        }
        Action::LoseCopy => {
            device.budget.lost_copies -= 1;
            device.lost += 1;
            device.late = None;
            device.state = device.before.take();
        }
        Action::LoseBothCopies => {
            device.budget.lost_copies -= 1;
            device.lost += 1;
            device.late = None;
            (device.state, device.before) = (None, None);
        }
        _ => act(device, action)?,
    }
    Some(())
}

fn start(device: &mut Device, done: Boot, source: Source) {
    forget_starts(device, &done);
    let Boot { saves, .. } = done;
    saves.into_iter().for_each(|state| device.save(state));
    let state = device.state.as_ref().map(|saved| &saved.0);
    let boot = state.map_or(0, |state| state.boot_number.0);
    if let (Source::Slot(slot), Some(state)) = (source, state)
        && matches!(state.slot(slot).status, SlotStatus::Trial { .. })
    {
        let image = device.image_mut(slot);
        image.trial_starts = image.trial_starts.saturating_add(1);
    }
    device.phase = Phase::Runs { source, boot };
}

/// A new state has new trials.
fn forget_starts(device: &mut Device, done: &Boot) {
    if done.rebuilt {
        device.late = None;
        device
            .slots
            .iter_mut()
            .for_each(|image| image.trial_starts = 0);
    }
}

/// What a running system does: by the transitions that are shipped, and only where the
/// state tells of that system.
fn act(device: &mut Device, action: Action) -> Option<()> {
    let now = device.running();
    let state = device.state.as_ref()?.0.clone();
    let caller = match (&action, device.late) {
        (Action::ConfirmLate, Some((slot, id, boot))) => running(slot, id, boot),
        _ => now?,
    };
    caller.compare(&state).ok()?;
    let (slot, other) = (caller.slot, caller.slot.other());
    let state = match action {
        Action::MarkUp => came_up(state),
        Action::Confirm | Action::ConfirmLate => {
            if action == Action::Confirm {
                let image = device.image_mut(slot);
                (image.healthy, image.replaced) = (true, false);
            }
            let (state, confirmation) = confirmed(state, &caller);
            (confirmation == Confirmation::Confirmed).then_some(state)?
        }
        Action::RollBack => {
            device.image_mut(other).trial_starts = 0;
            rolled_back(state, slot).ok()?
        }
        Action::FindDamage => {
            if !device.image(slot).damaged {
                device.budget.damaged_roots -= 1;
                device.image_mut(slot).damaged = true;
            }
            refused(state, slot).0
        }
        _ => return stage(device, state, slot, action),
    };
    if device.state.as_ref().is_none_or(|saved| saved.0 != state) {
        device.save(state);
    }
    Some(())
}

/// Staging, in the abstract: only under a confirmed system, and the state is armed last.
fn stage(device: &mut Device, mut state: BootState, slot: Slot, action: Action) -> Option<()> {
    let other = slot.other();
    if state.slot(slot).status != SlotStatus::Confirmed || state.trial().is_some() {
        return None;
    }
    match action {
        Action::EmptyOther => {
            device.budget.releases -= 1;
            *state.slot_mut(other) = SlotRecord::EMPTY;
            state.active = slot;
            device.save(state);
            device.image_mut(other).replaced = true;
            device.stages = true;
        }
        Action::EraseOther => device.image_mut(other).kind = Kind::Blank,
        Action::WriteOther(kind) if device.image(other).kind == Kind::Blank => {
            let id = FIRST_RELEASE + device.budget.releases;
            let epoch = device.image(slot).epoch + 1;
            *device.image_mut(other) = Image {
                replaced: true,
                ..Image::new(id, kind, epoch)
            };
        }
        Action::ArmOther if device.image(other).is_written() => {
            let image = device.image_mut(other);
            image.replaced = false;
            device.stages = false;
            let image = device.image(other);
            let record = SlotRecord {
                status: SlotStatus::Trial {
                    attempts_left: ATTEMPTS,
                    attempts_given: ATTEMPTS,
                },
                manifest_hash: image.manifest_hash(),
            };
            *state.slot_mut(other) = record;
            device.save(state);
        }
        _ => return None,
    }
    Some(())
}

/// A device with these images: `a` runs confirmed, `b` is what its status says.
pub(crate) fn device(a: Image, b: Image, status_b: SlotStatus, budget: Budget) -> Device {
    let record = |status, image: &Image| SlotRecord {
        status,
        manifest_hash: match status {
            SlotStatus::Empty => Digest::ZERO,
            _ => image.manifest_hash(),
        },
    };
    let mut state = boot_core::choice::rebuild(None, None, image_format::BootNumber(0), 0);
    state.generation = 0;
    state.slots = [record(SlotStatus::Confirmed, &a), record(status_b, &b)];
    Device {
        state: Some(crate::device::Saved(state)),
        before: None,
        slots: [a, b],
        phase: Phase::Off,
        late: None,
        stages: false,
        budget,
        lost: 0,
    }
}
