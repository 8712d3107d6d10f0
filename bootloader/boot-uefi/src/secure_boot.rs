//! What the firmware says about Secure Boot: told to a person, and nothing more. The
//! loader verifies the same things in the same way whatever the answer is.

use uefi::runtime::{self, VariableVendor};
use uefi::{CStr16, Status, cstr16};

use crate::console;

/// Says whether the firmware checked this loader.
pub(crate) fn show() {
    let state = match read_both() {
        ON => "Secure Boot is on",
        (Ok(_), Ok(_)) => "Secure Boot is off: the firmware did not check this loader",
        (Err(Status::NOT_FOUND), _) => "this firmware has no Secure Boot",
        _ => "the firmware does not say whether Secure Boot is on",
    };
    console::print(format_args!("{state}"));
}

/// Whether the firmware checked this loader.
#[cfg(target_arch = "x86_64")]
pub(crate) fn is_on() -> bool {
    read_both() == ON
}

/// `SecureBoot`, and whether anybody may change the keys.
type Both = (Result<u8, Status>, Result<u8, Status>);

const ON: Both = (Ok(1), Ok(0));

fn read_both() -> Both {
    (read(cstr16!("SecureBoot")), read(cstr16!("SetupMode")))
}

/// A variable of one byte (UEFI 2.10, section 3.3).
fn read(name: &CStr16) -> Result<u8, Status> {
    let mut value = [0; 1];
    runtime::get_variable(name, &VariableVendor::GLOBAL_VARIABLE, &mut value)
        .map_err(|error| error.status())?;
    let [byte] = value;
    Ok(byte)
}
