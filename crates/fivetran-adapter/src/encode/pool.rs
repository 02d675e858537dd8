//! A pool of buffers for messages.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Idle buffers.
///
/// A buffer returns to the pool when the last message in it has been sent. New memory would have to
/// be zeroed, and the system would have to map it page by page, which costs more.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Vec<u8>>>,
}

/// How many idle buffers are kept. A client that keeps up needs two or three. For one that does
/// not, the encoder waits, and then uses each buffer as soon as it returns.
const MAX_IDLE: usize = 4;

impl Pool {
    /// A buffer of at least `bytes` and at most twice as many bytes.
    pub(super) fn take(self: &Arc<Self>, bytes: usize) -> Buffer {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let found = idle.iter().rposition(|buffer| (bytes..=2 * bytes).contains(&buffer.len()));
        let bytes = match found {
            Some(index) => idle.swap_remove(index),
            None => vec![0; bytes],
        };
        Buffer { bytes, pool: Arc::clone(self) }
    }

    fn give_back(&self, buffer: Vec<u8>) {
        // The list is valid even if a thread panicked while it held the lock.
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == MAX_IDLE {
            // Drop the oldest buffer: its size may be one that is not needed any more.
            idle.remove(0);
        }
        idle.push(buffer);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// A buffer of a [`Pool`], to which it returns when it is dropped. It still holds what was in it
/// before.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    pool: Arc<Pool>,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{MAX_IDLE, Pool};

    #[test]
    fn a_buffer_is_used_again_for_its_size() {
        let pool = Arc::new(Pool::default());
        let mut first = pool.take(100);
        first.bytes[7] = 7;
        drop(first);
        assert_eq!(pool.take(90).bytes[7], 7);
        assert_eq!(pool.take(101).bytes.len(), 101);
        assert_eq!(pool.take(40).bytes.len(), 40);
    }

    #[test]
    fn few_buffers_are_kept() {
        let pool = Arc::new(Pool::default());
        let taken: Vec<_> = (1..100).map(|bytes| pool.take(bytes)).collect();
        drop(taken);
        assert_eq!(pool.idle.lock().unwrap().len(), MAX_IDLE);
    }
}
