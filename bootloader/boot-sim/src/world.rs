//! A device as it leaves the workshop for one sequence: the disk's base image, the images on
//! it, and what the sequence is held against.

use crate::disk::{Disk, Wear};
use crate::image::{Behaviour, INITRD_OFFSET, Image, KERNEL_OFFSET, signed_keyring};
use crate::layouts::DiskLayout;
use crate::sectors::Sectors;
use boot_core::{Layout, SecondHome};
use image_format::disk::{Role, STATE_COPY_OFFSETS};
use image_format::{BootState, Slot};
use std::ops::Range;
use std::sync::Arc;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A boot, and what its system does by itself.
    Boot,
    /// The same; then a person asks for the other slot.
    BootAndRollBack,
    /// The same; then a process confirms that slept since the boot before.
    BootAndLateConfirm,
}

/// Where a device has to come to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a system that is good, again and again the same.
    Good,
    /// With the rescue system.
    Rescue,
    /// With a system whose root is damaged, since there is no other.
    Damaged,
    /// Nowhere: the rescue system comes in turn.
    RescueInTurn,
}

/// What a sequence starts from.
pub(crate) struct Setup {
    pub(crate) state: BootState,
    /// The copies of the state that are garbage.
    pub(crate) lost_copies: &'static [usize],
    pub(crate) images: Vec<Image>,
    pub(crate) second_home: SecondHome,
    pub(crate) disk: DiskLayout,
    /// The slot that the sequence stages an image into.
    pub(crate) staged: Option<Slot>,
    pub(crate) wear: Wear,
}

/// A device, a sequence and what is expected of both.
pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) sequence: &'static str,
    pub(crate) steps: Vec<Step>,
    pub(crate) images: Vec<Image>,
    pub(crate) layout: Layout,
    /// Sectors that may be written: the boot state's, and those of a slot that is staged.
    pub(crate) may_write: Vec<Range<u64>>,
    pub(crate) keyring: Vec<u8>,
    pub(crate) start: Disk,
    /// Starts on trial that an image which hangs may have.
    pub(crate) attempts: u8,
    pub(crate) end: End,
    /// The state before it was lost, if it was.
    pub(crate) made_with: BootState,
}

impl World {
    pub(crate) fn new(
        name: String,
        sequence: &'static str,
        steps: &[Step],
        attempts: u8,
        end: End,
        setup: Setup,
    ) -> Self {
        let (mut base, layout) = setup.disk.partitioned();
        for image in &setup.images {
            install(&mut base, &layout, image);
        }
        write_state(&mut base, &layout, &setup);
        let mut start = Disk::new(
            Sectors::new(Arc::new(base), setup.disk.sector_bytes),
            setup.second_home,
        );
        start.wear = setup.wear;
        start.deadly = setup
            .images
            .iter()
            .filter(|image| image.behaviour == Behaviour::HangsReader)
            .filter_map(|image| Some(layout.partition(image.source.into())?.offset_bytes))
            .collect();
        start.watched = [Role::Rescue, Role::SystemA, Role::SystemB]
            .into_iter()
            .filter_map(|role| Some(layout.partition(role)?.offset_bytes))
            .collect();
        Self {
            name,
            sequence,
            steps: steps.to_vec(),
            may_write: may_write(&layout, &setup),
            images: setup.images,
            layout,
            keyring: signed_keyring(),
            start,
            attempts,
            end,
            made_with: setup.state,
        }
    }

    /// The image of a slot.
    pub(crate) fn image_of(&self, source: image_format::Source) -> Option<&Image> {
        self.images.iter().find(|image| image.source == source)
    }

    /// The image was below the floors from the start, and must not boot.
    pub(crate) fn is_below_floors(&self, image: &Image) -> bool {
        self.made_with.floors.exceed(image.numbers)
    }

    /// The slot on trial at the start, if nobody asks for another one later.
    pub(crate) fn tried_release(&self) -> Option<Slot> {
        let rolls_back = self.steps.contains(&Step::BootAndRollBack);
        self.made_with.trial().filter(|_| !rolls_back)
    }
}

fn may_write(layout: &Layout, setup: &Setup) -> Vec<Range<u64>> {
    let unit = setup.disk.sector_bytes as u64;
    let staged = setup.staged.map(Role::from);
    [Some(Role::BootState), staged]
        .into_iter()
        .flatten()
        .filter_map(|role| layout.partition(role))
        .map(|part| part.offset_bytes / unit..(part.offset_bytes + part.length_bytes) / unit)
        .collect()
}

fn install(base: &mut [u8], layout: &Layout, image: &Image) {
    let slot = layout.partition(image.source.into()).expect("a slot");
    let mut put = |offset: u64, bytes: &[u8]| {
        let start = (slot.offset_bytes + offset) as usize;
        base[start..start + bytes.len()].copy_from_slice(bytes);
    };
    put(0, &image.envelope);
    put(KERNEL_OFFSET, &image.kernel);
    put(INITRD_OFFSET, &image.initrd);
    if image.behaviour == Behaviour::Corrupt {
        put(KERNEL_OFFSET, &[image.kernel[0] ^ 1]);
    }
    if image.behaviour == Behaviour::CorruptInitrd {
        put(INITRD_OFFSET, &[image.initrd[0] ^ 1]);
    }
}

/// Both copies, the second one the newer.
fn write_state(base: &mut [u8], layout: &Layout, setup: &Setup) {
    let partition = layout.partition(Role::BootState).expect("a boot state");
    for (copy, offset) in STATE_COPY_OFFSETS.into_iter().enumerate() {
        let mut state = setup.state.clone();
        state.generation += copy as u64;
        let mut bytes = state.encode();
        if setup.lost_copies.contains(&copy) {
            bytes.fill(0xff);
        }
        let start = (partition.offset_bytes + offset) as usize;
        base[start..start + bytes.len()].copy_from_slice(&bytes);
    }
}
