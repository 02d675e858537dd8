//! Memory for messages, used over and over.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers that nobody uses at present.
///
/// A buffer comes back when the last message in it has gone to the client. Fresh memory would have to be cleared and, what costs more, given
/// to the process page by page.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Vec<u8>>>,
}

/// Buffers that are kept. A client that keeps up needs two or three; one that does not is waited for, and what it has let go of is used at once.
const IDLE: usize = 4;

impl Pool {
    /// A buffer of so many bytes at least, and not of many more.
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
        // A list is whole at every moment.
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == IDLE {
            // Sizes change as a sync goes on, and those that nobody asks for must not stay.
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

/// A buffer of a [`Pool`], which it goes back to when it is dropped. What it holds at first is what was in it before.
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

    use super::{IDLE, Pool};

    #[test]
    fn a_buffer_comes_back_to_who_asks_for_its_size() {
        let pool = Arc::new(Pool::default());
        let mut first = pool.take(100);
        first.bytes[7] = 7;
        drop(first);
        assert_eq!(pool.take(90).bytes[7], 7);
        assert_eq!(pool.take(101).bytes.len(), 101);
        assert_eq!(pool.take(40).bytes.len(), 40);
    }

    #[test]
    fn few_are_kept() {
        let pool = Arc::new(Pool::default());
        let taken: Vec<_> = (1..100).map(|bytes| pool.take(bytes)).collect();
        drop(taken);
        assert_eq!(pool.idle.lock().unwrap().len(), IDLE);
    }
}
