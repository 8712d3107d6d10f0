//! What tasks do, and how it is undone: one module for each kind of thing that they change.

mod configuration;
mod data;
mod dependants;
mod fetch;
mod file;
pub(crate) mod grants;
pub(crate) mod links;
mod mount;
mod replace;
mod retire;
mod services;
mod tree;

use crate::change::{Change, TaskKind};
use crate::error::StoreError;
use crate::run::Watch;
use crate::start::Snaps;
use crate::state::State;
use snap_format::Hook;

pub(crate) use data::earlier as data_of_an_earlier_time;

/// Left to the system, besides what the file system keeps for root.
pub(crate) const RESERVE_BYTES: u64 = 4 << 20;

impl Snaps<'_> {
    /// Does a task, which may have been begun before. `next` is the state that will be
    /// written with the word that it is done.
    pub(crate) fn do_task(
        &self,
        kind: TaskKind,
        change: &Change,
        next: &mut State,
        watch: &mut dyn Watch,
    ) -> Result<(), StoreError> {
        match kind {
            TaskKind::Fetch => fetch::fetch(self, change, watch),
            TaskKind::Seal => file::seal(self, change, next),
            TaskKind::Mount => mount::mount(self, change),
            TaskKind::Replace => replace::replace(self, change, next),
            TaskKind::StopDependants => dependants::stop(self, change),
            TaskKind::StartDependants => dependants::start(self, change),
            TaskKind::Stop => services::stop_old(self, change),
            TaskKind::CopyData => {
                configuration::inherit(self, change, next);
                data::copy(self, change)
            }
            TaskKind::Link => links::link(self, change, next),
            TaskKind::Start => services::start_new(self, change),
            TaskKind::Unlink => links::unlink(self, change, next),
            TaskKind::Retire => retire::retire(change, next),
            TaskKind::Clean => retire::clean(self, change),
            TaskKind::PreRefresh => services::hook_of_old(self, change, Hook::PreRefresh),
            TaskKind::RemoveHook => services::remove_hook(self, change),
            TaskKind::InstallHook => services::hook_of_new(self, change, Hook::Install, next),
            TaskKind::PostRefresh => services::hook_of_new(self, change, Hook::PostRefresh, next),
            TaskKind::SetConfiguration => {
                configuration::set(change, next);
                Ok(())
            }
            TaskKind::Configure => services::configure(self, change, next),
            TaskKind::CheckHealth => services::hook_of_new(self, change, Hook::CheckHealth, next),
            TaskKind::Unknown => Ok(()),
        }
    }

    /// Undoes a task, of which anything between nothing and all was done.
    pub(crate) fn undo_task(
        &self,
        kind: TaskKind,
        change: &Change,
        next: &mut State,
    ) -> Result<(), StoreError> {
        match kind {
            TaskKind::Seal => file::unseal(self, change, next),
            TaskKind::Mount => mount::unmount(self, change),
            TaskKind::Replace => {
                replace::leave(self, change);
                Ok(())
            }
            TaskKind::StopDependants => dependants::start_again(self, change),
            TaskKind::StartDependants => dependants::stop(self, change),
            TaskKind::Stop => services::start_old(self, change),
            TaskKind::CopyData => {
                configuration::give_back(change, next);
                data::take_back(self, change)
            }
            TaskKind::SetConfiguration => {
                configuration::set_back(change, next);
                Ok(())
            }
            TaskKind::Link | TaskKind::Unlink => links::link_back(self, change, next),
            TaskKind::Start => services::stop_new(self, change),
            // What a hook did is in the data, which is taken back; the part of a file stays
            // for the next try; and what was retired is not undone.
            TaskKind::Fetch
            | TaskKind::PreRefresh
            | TaskKind::RemoveHook
            | TaskKind::InstallHook
            | TaskKind::PostRefresh
            | TaskKind::Configure
            | TaskKind::CheckHealth
            | TaskKind::Retire
            | TaskKind::Clean
            | TaskKind::Unknown => Ok(()),
        }
    }

    /// Refuses what would take from the system's own.
    pub(crate) fn require_room(&self, needed_bytes: u64) -> Result<(), StoreError> {
        let places = [&self.places.snaps, &self.places.data];
        for place in places {
            let free = self.files.free_bytes(place);
            let free = free.map_err(StoreError::io(format!(
                "ask for room on {}",
                place.display()
            )))?;
            let free_bytes = free.saturating_sub(RESERVE_BYTES);
            if needed_bytes > free_bytes {
                return Err(StoreError::NoSpace {
                    needed_bytes,
                    free_bytes,
                });
            }
        }
        Ok(())
    }
}
