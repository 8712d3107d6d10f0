//! What the firmware says about the loader itself: which device it was read
//! from, and with which arguments.

use boot_core::open_firmware::whole_disk;

use crate::client_interface::{find_node, read_property};
use crate::console;

/// The longest path of a device, with the NUL behind it.
pub(crate) const PATH_BYTES: usize = 256;

/// A path as the firmware wants it: ended by a NUL.
pub(crate) type Path = heapless::CString<PATH_BYTES>;

/// The disk that the loader was read from.
pub(crate) fn disk() -> Option<Path> {
    let mut room = [0; PATH_BYTES];
    let bootpath = read_property(find_node(c"/chosen")?, c"bootpath", &mut room)?;
    let mut path = Path::new();
    path.extend_from_bytes(whole_disk(bootpath)?.as_bytes())
        .ok()?;
    Some(path)
}

/// Boot arguments come from whoever can write firmware's variables, so no word of
/// them is taken; this says that there were some.
pub(crate) fn ignore_boot_arguments() {
    let mut room = [0; PATH_BYTES];
    let arguments =
        find_node(c"/chosen").and_then(|chosen| read_property(chosen, c"bootargs", &mut room));
    let length_bytes = arguments.map_or(0, |bytes| {
        bytes.iter().take_while(|byte| **byte != 0).count()
    });
    if length_bytes > 0 {
        console::print(format_args!(
            "ignoring {length_bytes} bytes of firmware boot arguments"
        ));
    }
}
