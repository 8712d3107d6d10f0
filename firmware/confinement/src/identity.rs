//! Who the program is: the snap's own user, without capabilities, for ever.

use crate::error::{Layer, LayerError, OfLayer};
use crate::plug::Plug;
use crate::sandbox::Sandbox;
use crate::system_calls;
use rustix::process::{Gid, Resource, Rlimit, Uid, setrlimit};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities,
    clear_ambient_capability_set, configure_capability_in_ambient_set, set_capabilities,
    set_capabilities_secure_bits, set_keep_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};
use std::io;

/// Becomes the user of `sandbox`.
pub(crate) fn take(sandbox: &Sandbox) -> Result<(), LayerError> {
    let cannot = |what: &'static str| move || what.to_owned();
    // While the bounding set has it: what is not inherited then, nobody gets.
    inherit(capabilities_of(sandbox)).layer(Layer::Identity, cannot("choose capabilities"))?;
    forget_bounding_set().layer(Layer::Identity, cannot("empty the bounding set"))?;
    // Nobody becomes root by being number 0, nor switches that off.
    let bits = CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED;
    set_capabilities_secure_bits(bits).layer(Layer::Identity, cannot("set the secure bits"))?;
    // A picture of its memory would go where the kernel's pattern says, which is the device's.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).layer(Layer::Identity, cannot("forbid core files"))?;
    become_user(sandbox).layer(Layer::Identity, cannot("change the user"))?;
    keep_capabilities(capabilities_of(sandbox))
        .layer(Layer::Identity, cannot("drop the capabilities"))?;
    set_no_new_privs(true).layer(Layer::Identity, cannot("set no_new_privs"))
}

/// What a plug needs of the kernel. It is no right over files or processes.
fn capabilities_of(sandbox: &Sandbox) -> CapabilitySet {
    if sandbox.plugs.contains(&Plug::NetworkBind) {
        CapabilitySet::NET_BIND_SERVICE
    } else {
        CapabilitySet::empty()
    }
}

fn inherit(kept: CapabilitySet) -> io::Result<()> {
    let sets = CapabilitySets {
        inheritable: kept,
        ..capabilities(None)?
    };
    Ok(set_capabilities(None, sets)?)
}

fn forget_bounding_set() -> io::Result<()> {
    let mut capability = 0;
    while system_calls::drop_from_bounding_set(capability)? {
        capability += 1;
    }
    Ok(())
}

fn become_user(sandbox: &Sandbox) -> io::Result<()> {
    let user = sandbox.user.get();
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    // Or all would be gone with the last root among the user's numbers.
    set_keep_capabilities(true)?;
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    Ok(())
}

fn keep_capabilities(kept: CapabilitySet) -> io::Result<()> {
    let sets = CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: kept,
    };
    set_capabilities(None, sets)?;
    set_keep_capabilities(false)?;
    clear_ambient_capability_set()?;
    for capability in kept.iter() {
        configure_capability_in_ambient_set(capability, true)?;
    }
    Ok(())
}
