//! One command at a time changes a store.

use crate::StoreError;
use crate::layout::Layout;
use std::fs::{File, TryLockError};

/// Held until it is dropped.
pub(crate) struct StoreLock(File);

impl StoreLock {
    /// # Errors
    /// Another command holds it, or the file cannot be made.
    pub(crate) fn take(layout: &Layout) -> Result<Self, StoreError> {
        let path = layout.lock();
        let file = File::create(&path).map_err(StoreError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy(path)),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &path)(error)),
        }
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        // Closing would not do: a process that another thread has just forked holds the file,
        // and with it the lock, until it runs its own program. What cannot be unlocked is
        // closed below.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_free_again_while_a_forked_process_has_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        let lock = StoreLock::take(&layout).unwrap();
        assert!(matches!(StoreLock::take(&layout), Err(StoreError::Busy(_))));
        let inherited = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(StoreLock::take(&layout).is_ok());
        drop(inherited);
    }
}
