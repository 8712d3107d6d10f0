//! A device as it leaves the workshop for one sequence: the disk's base image, the images on
//! it, and what the sequence is held against.

use crate::disk::{Disk, Wear};
use crate::image::{
    Behaviour, INITRD_OFFSET, Image, KERNEL_OFFSET, ROOT_OFFSET, TREE_OFFSET, signed_keyring,
};
use crate::layouts::DiskLayout;
use crate::sectors::Sectors;
use boot_core::{Layout, SecondHome};
use image_format::disk::{BLOCK_BYTES, Role, STATE_COPY_OFFSETS};
use image_format::{BootState, Keyring, Refusal, Slot, SlotRecord, SlotStatus, Source};
use image_trust::{Verified, verify_keyring};
use std::ops::Range;
use std::sync::Arc;

/// An envelope is 128 sectors of 512 bytes, and each of them is torn in every way.
pub(crate) const STAGED_SECOND_CUTS: u64 = 64;
/// A write of the boot state is eight sectors of 512 bytes, and three in a row are torn in
/// every way. Disks with such sectors differ in where partitions lie, and all their second
/// cuts are tried.
pub(crate) const FURTHER_THIRD_CUTS: u64 = 64;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A boot, and what its system does by itself.
    Boot,
    /// The same; then a person asks for the other slot.
    BootAndRollBack,
    /// The same; then a process confirms that slept since the boot before.
    BootAndLateConfirm,
    /// The same; then somebody installs the release, if it is newer than what runs.
    BootAndStage,
}

/// One of the images of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ImageId(u8);

/// Some of the images of a world.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(crate) struct ImageSet(u8);

impl ImageSet {
    pub(crate) fn has(self, image: ImageId) -> bool {
        self.0 & 1 << image.0 != 0
    }

    pub(crate) fn add(&mut self, image: ImageId) {
        self.0 |= 1 << image.0;
    }
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
    /// What is on the disk.
    pub(crate) images: Vec<Image>,
    /// What is to be staged, into the slot that it names.
    pub(crate) release: Option<Image>,
    pub(crate) second_home: SecondHome,
    pub(crate) disk: DiskLayout,
    pub(crate) wear: Wear,
}

/// A device, a sequence and what is expected of both.
pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) sequence: &'static str,
    pub(crate) steps: Vec<Step>,
    /// What happens at each boot after a loss of power.
    pub(crate) recovery: Step,
    /// Those on the disk, then the release.
    images: Vec<Image>,
    release: Option<ImageId>,
    pub(crate) layout: Layout,
    /// Sectors that may be written: the boot state's, and those of a slot that is staged.
    pub(crate) may_write: Vec<Range<u64>>,
    /// The loader's, verified once.
    pub(crate) keyring: Result<Verified<Keyring>, Refusal>,
    pub(crate) start: Disk,
    /// Starts on trial that an image which hangs may have.
    pub(crate) attempts: u8,
    pub(crate) end: End,
    /// A sequence that writes many sectors is cut again after one in so many of its cuts only.
    pub(crate) second_cuts_after: u64,
    /// At most one in so many second cuts is followed by third ones.
    pub(crate) third_cuts_after: u64,
    /// The state before it was lost, if it was.
    pub(crate) made_with: BootState,
}

impl World {
    pub(crate) fn new(
        name: String,
        sequence: &'static str,
        (steps, recovery): (&[Step], Step),
        attempts: u8,
        end: End,
        setup: Setup,
    ) -> Self {
        let (mut base, layout) = setup.disk.partitioned();
        let setup_stages = setup.release.is_some();
        let last = ImageId(setup.images.len() as u8);
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
            recovery,
            may_write: may_write(&layout, &setup),
            release: setup.release.as_ref().map(|_| last),
            images: setup.images.into_iter().chain(setup.release).collect(),
            layout,
            keyring: verify_keyring(&signed_keyring()),
            start,
            attempts,
            end,
            second_cuts_after: match setup_stages && setup.disk.sector_bytes < BLOCK_BYTES {
                true => STAGED_SECOND_CUTS,
                false => 1,
            },
            third_cuts_after: match setup.disk.stands_for_others() {
                true => 1,
                false => FURTHER_THIRD_CUTS,
            },
            made_with: setup.state,
        }
    }

    pub(crate) fn images(&self) -> impl Iterator<Item = (ImageId, &Image)> {
        (0..).map(ImageId).zip(&self.images)
    }

    pub(crate) fn image(&self, image: ImageId) -> &Image {
        &self.images[usize::from(image.0)]
    }

    /// The image that was installed there.
    pub(crate) fn installed(&self, source: Source) -> Option<ImageId> {
        let (id, _) = self.images().find(|(_, image)| image.source == source)?;
        Some(id)
    }

    /// The image that a slot is said to hold, or was made with.
    pub(crate) fn image_in(&self, slot: Slot, record: &SlotRecord) -> Option<ImageId> {
        let said = |(_, image): &(ImageId, &Image)| {
            image.source == Source::Slot(slot) && image.manifest_hash == record.manifest_hash
        };
        let said = self.images().find(said).map(|(id, _)| id);
        said.or_else(|| self.installed(Source::Slot(slot)))
    }

    /// What is to be staged.
    pub(crate) fn release(&self) -> Option<&Image> {
        self.release.map(|release| self.image(release))
    }

    pub(crate) fn confirmed_at_first(&self) -> ImageSet {
        let mut confirmed = ImageSet::default();
        for slot in Slot::ALL {
            let record = self.made_with.slot(slot);
            if record.status == SlotStatus::Confirmed
                && let Some(image) = self.image_in(slot, record)
            {
                confirmed.add(image);
            }
        }
        confirmed
    }

    /// The root of `image`, which nobody looks at before it runs, is what was signed. Only
    /// staging could change that.
    pub(crate) fn has_its_root(&self, disk: &Sectors, image: ImageId) -> bool {
        let image = self.image(image);
        match (self.release, self.layout.partition(image.source.into())) {
            (Some(_), Some(slot)) => {
                disk.holds(slot.offset_bytes + ROOT_OFFSET, &image.root)
                    && disk.holds(slot.offset_bytes + TREE_OFFSET, &image.tree)
            }
            _ => true,
        }
    }

    /// The image was below the floors from the start, and must not boot.
    pub(crate) fn is_below_floors(&self, image: &Image) -> bool {
        self.made_with.floors.exceed(image.numbers)
    }

    /// What is on trial at the start or is staged, if nobody asks for another one later.
    pub(crate) fn tried_release(&self) -> Option<ImageId> {
        let rolls_back = self.steps.contains(&Step::BootAndRollBack);
        let on_trial = || self.installed(Source::Slot(self.made_with.trial()?));
        self.release.or_else(on_trial).filter(|_| !rolls_back)
    }
}

fn may_write(layout: &Layout, setup: &Setup) -> Vec<Range<u64>> {
    let unit = setup.disk.sector_bytes as u64;
    let staged = setup
        .release
        .as_ref()
        .map(|release| Role::from(release.source));
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
    if image.source != Source::Rescue {
        put(ROOT_OFFSET, &image.root);
        put(TREE_OFFSET, &image.tree);
    }
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
