//! `snappy chroot`: in 2014 a shell in a writable root. There is none, and it says why.

/// Why not, and what to do instead.
pub(crate) const REFUSAL: &str = "\
cannot open a writable root: the system is one read-only image, and each block of it is
checked when it is read, so that nothing in it can be changed. Software comes as snaps:
'snappy install NAME', or 'snappy build DIR' for your own. The system itself changes with
the next image: 'snappy update'.";
