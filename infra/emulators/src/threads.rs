//! Work on a list of items by several threads.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Returns the number of cores.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `work` on at most `threads_max` threads. Each is given an iterator over the items that it takes, with their
/// positions; every item is taken by one thread. Returns the results of the threads.
pub fn share_out<'items, T: Sync, R: Send>(
    items: &'items [T],
    threads_max: usize,
    work: impl Fn(&mut dyn Iterator<Item = (usize, &'items T)>) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        Some((at, items.get(at)?))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads_max.min(items.len())).map(|_| scope.spawn(|| work(&mut std::iter::from_fn(take)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_taken_once() {
        let items: Vec<usize> = (0..100).collect();
        let shares = share_out(&items, 3, |taken| taken.map(|(at, item)| (at, *item)).collect::<Vec<_>>());
        let mut taken = shares.concat();
        taken.sort_unstable();
        assert_eq!((shares.len(), taken), (3, items.iter().map(|item| (*item, *item)).collect()));
        assert!(share_out(&[(); 0], 3, |taken| taken.count()).is_empty());
    }
}
