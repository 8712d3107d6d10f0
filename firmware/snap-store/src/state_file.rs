//! The file of the state: read and replaced whole.

use crate::error::StoreError;
use crate::files::Files;
use crate::left_data;
use crate::places::Places;
use crate::state::State;
use std::io;

/// What became of something that is a word in the state, and no change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is so now.
    Changed,
    /// It was so before.
    Already,
}

/// Reads it; a device without the file has no snaps, and perhaps data of some.
pub(crate) fn read(files: &dyn Files, places: &Places) -> Result<State, StoreError> {
    let path = places.state();
    let bytes = match files.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let what = format!("look through {}", places.data.display());
            return left_data::state_of(files, places).map_err(StoreError::io(what));
        }
        Err(error) => return Err(StoreError::io(format!("read {}", path.display()))(error)),
    };
    serde_json::from_slice(&bytes).map_err(|error| StoreError::State(path, error.to_string()))
}

/// Replaces it. After an error either of the two may be there.
pub(crate) fn write(files: &dyn Files, places: &Places, state: &State) -> Result<(), StoreError> {
    let path = places.state();
    let cannot = || format!("write {}", path.display());
    let bytes = serde_json::to_vec(state)
        .map_err(|error| StoreError::io(cannot())(io::Error::other(error)))?;
    files
        .replace(&path, &bytes)
        .map_err(StoreError::io(cannot()))
}
