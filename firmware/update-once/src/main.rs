//! `update-once ADDRESS`: what `snappy update --from ADDRESS` does, by a program whose
//! patience ends within seconds. `update-faults` plays bad servers to it; no image has it.

use anyhow::{Context, Result};
use http_file::{HttpFile, Interruption, Patience};
use image_trust::verify_keyring;
use std::process::ExitCode;
use std::time::Duration;
use system_update::{
    BootReport, Downgrade, FailedBefore, StageRequest, UpdateFile, stage_on_device,
};

const KEYRING: &str = "/usr/lib/twinkeel/root.keyring";
const PATIENCE: Patience = Patience {
    failures: 4,
    first_pause: Duration::ZERO,
    longest_pause: Duration::ZERO,
    answer: Duration::from_millis(700),
    connection: Duration::from_millis(700),
};

fn main() -> ExitCode {
    match update() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn update() -> Result<()> {
    let address = std::env::args().nth(1).context("no address")?;
    let report = BootReport::read()?;
    let signed_keyring = std::fs::read(KEYRING).context("cannot read the keyring")?;
    let keyring = verify_keyring(&signed_keyring).context("cannot use the keyring")?;
    let request = StageRequest {
        installer: report.installer(),
        board: &report.board,
        keyring: &keyring,
        downgrade: Downgrade::Refuse,
        failed_before: FailedBefore::Refuse,
    };
    let file = HttpFile::open(&address, PATIENCE, |_: &Interruption| ())?;
    let mut release = UpdateFile::new(file)?;
    let disk = report.disk.as_deref().context("there is no disk")?;
    stage_on_device(disk, &request, &mut release, &mut |_| ())?;
    Ok(())
}
