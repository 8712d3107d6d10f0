//! The second home of the floors: a variable in the firmware's non-volatile store that
//! exists for boot services only, so that no system that the loader starts can change it.
//!
//! It is a defence against whoever can write to the disk, not against whoever can run a
//! program of his own before the kernel: for that the firmware has to verify the loader.

use boot_core::{FloorsNotWritten, SecondHome};
use image_format::FLOORS_BYTES;
use image_format::floors::{VARIABLE_NAME, VARIABLE_VENDOR};
use uefi::runtime::{self, VariableAttributes, VariableVendor};
use uefi::{CStr16, Guid, Status};

use crate::console;
use crate::status_code::StatusCode;

const VENDOR: VariableVendor = VariableVendor(Guid::from_bytes(VARIABLE_VENDOR.to_bytes()));
/// Room for the name, and for the zero behind it.
const NAME_UNITS: usize = 16;
/// No `RUNTIME_ACCESS`: that is what keeps Linux out.
const ATTRIBUTES: VariableAttributes =
    VariableAttributes::NON_VOLATILE.union(VariableAttributes::BOOTSERVICE_ACCESS);

/// The word for it in a board's `floor_homes`.
const HOME: &str = "uefi-variable";

/// The variable, on a board that has this home.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloorsVariable(());

impl FloorsVariable {
    /// `homes` are those of the board, with commas between them.
    pub(crate) fn of_board(homes: &str) -> Option<Self> {
        homes
            .split(',')
            .any(|home| home == HOME)
            .then_some(Self(()))
    }

    /// Reads it. A store that fails is left alone: what it held may come back.
    pub(crate) fn read(self) -> SecondHome {
        let mut record = [0; FLOORS_BYTES];
        match get(&mut record) {
            Ok((FLOORS_BYTES, ATTRIBUTES)) => SecondHome::Record(record),
            Ok(_) | Err(Status::BUFFER_TOO_SMALL) => SecondHome::Unreadable,
            Err(Status::NOT_FOUND) => SecondHome::Absent,
            Err(status) => {
                let code = StatusCode(status);
                console::print(format_args!(
                    "cannot read the firmware's variable of floors: {code}"
                ));
                SecondHome::None
            }
        }
    }

    /// Writes it, in place of one with other attributes if need be.
    pub(crate) fn write(self, record: &[u8; FLOORS_BYTES]) -> Result<(), FloorsNotWritten> {
        let written = match set(ATTRIBUTES, record) {
            // Firmware does not change the attributes of a variable that exists.
            Err(Status::INVALID_PARAMETER) => {
                set(VariableAttributes::empty(), &[]).and_then(|()| set(ATTRIBUTES, record))
            }
            written => written,
        };
        written.map_err(|status| {
            let code = StatusCode(status);
            console::print(format_args!(
                "cannot write the firmware's variable of floors: {code}"
            ));
            FloorsNotWritten
        })
    }
}

/// The length and the attributes of what is there.
fn get(record: &mut [u8]) -> Result<(usize, VariableAttributes), Status> {
    let mut units = [0; NAME_UNITS];
    let (found, attributes) = runtime::get_variable(name(&mut units)?, &VENDOR, record)
        .map_err(|error| error.status())?;
    Ok((found.len(), attributes))
}

/// No content and no attributes: the variable is deleted.
fn set(attributes: VariableAttributes, record: &[u8]) -> Result<(), Status> {
    let mut units = [0; NAME_UNITS];
    runtime::set_variable(name(&mut units)?, &VENDOR, attributes, record)
        .map_err(|error| error.status())
}

fn name(units: &mut [u16; NAME_UNITS]) -> Result<&CStr16, Status> {
    CStr16::from_str_with_buf(VARIABLE_NAME, units).map_err(|_| Status::INVALID_PARAMETER)
}
