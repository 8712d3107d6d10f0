//! Shares work out between threads.

use anyhow::{Result, bail};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Has `workers` threads take `items`, each by `work`, which gets the thread's number and the
/// items that are left.
///
/// # Errors
/// The first of any thread.
pub(crate) fn share<'a, T: Sync, R: Send>(
    items: &'a [T],
    workers: usize,
    work: impl Fn(usize, &mut dyn Iterator<Item = &'a T>) -> Result<Vec<R>> + Sync,
) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    let results: Result<Vec<_>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let mut left =
                    std::iter::from_fn(move || items.get(next.fetch_add(1, Ordering::Relaxed)));
                scope.spawn(move || work(worker, &mut left))
            })
            .collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(results) => results,
            Err(_) => bail!("a thread panicked"),
        });
        joined.collect()
    });
    Ok(results?.into_iter().flatten().collect())
}
