//! The loader's first words: what it is, for which board, and whose keys it
//! trusts.

use boot_core::Board;
use image_format::{Keyring, Purpose, Refusal};
use image_trust::Verified;

use crate::console;

/// Says who is speaking, and warns of a loader that trusts test keys: their
/// private halves lie on some developer's disk.
pub(crate) fn show(board: &Board, keyring: &Result<Verified<Keyring>, Refusal>) {
    let (version, board) = (env!("CARGO_PKG_VERSION"), board.id);
    console::print(format_args!("loader {version} for {board}"));
    // An unusable keyring is `boot_core`'s to report: it boots nothing then.
    if keyring
        .as_ref()
        .is_ok_and(|keyring| keyring.purpose == Purpose::Test)
    {
        console::print("TEST KEYS: anyone can sign for this loader, do not use it in the field");
    }
}
