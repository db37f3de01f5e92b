use std::{
    cell::RefCell,
    mem,
    ops::{Deref, DerefMut},
};

/// Bytes that are kept for a while, in memory that a thread uses again: what a request keeps is given back where it ends,
/// and the next one needs as much.
#[derive(Default)]
pub(crate) struct Buffer(Vec<u8>);

/// What is used again. What is longer is worth an allocation. Heads of requests have some hundred bytes: for these the
/// sizes lie closer, since an open request keeps what is to spare.
const SIZES: [usize; 10] = [128, 192, 256, 384, 512, 768, 1024, 2048, 4096, 8192];
/// Of each size, so many are kept by a thread: 138 KiB in all, as much as two long bodies are kept in and some short ones.
const SPARE: usize = 8;

type Shelf = [Vec<Vec<u8>>; SIZES.len()];

thread_local!(static SHELF: RefCell<Shelf> = const { RefCell::new([const { Vec::new() }; SIZES.len()]) });

impl Buffer {
    /// An empty one with room for so many bytes, or a few more.
    #[inline]
    pub(crate) fn with_room(bytes: usize) -> Self {
        let at = SIZES.iter().position(|size| *size >= bytes);
        let spare = at.and_then(|at| on_shelf(at, Vec::pop).flatten());
        Self(
            spare.unwrap_or_else(|| {
                Vec::with_capacity(at.and_then(|at| SIZES.get(at)).copied().unwrap_or(bytes))
            }),
        )
    }
}

fn on_shelf<T>(at: usize, deal: impl FnOnce(&mut Vec<Vec<u8>>) -> T) -> Option<T> {
    SHELF.try_with(|shelf| shelf.try_borrow_mut().ok()?.get_mut(at).map(deal)).ok().flatten()
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        if self.0.capacity() > 0 {
            give_back(mem::take(&mut self.0));
        }
    }
}

fn give_back(mut bytes: Vec<u8>) {
    if let Some(at) = SIZES.iter().position(|size| *size == bytes.capacity()) {
        bytes.clear();
        on_shelf(at, |spare| {
            if spare.len() < SPARE {
                spare.push(bytes);
            }
        });
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut copy = Self::with_room(self.len());
        copy.extend_from_slice(self);
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffer, SHELF, SIZES, SPARE};

    fn kept() -> usize {
        SHELF.with_borrow(|shelf| shelf.iter().flatten().map(Vec::capacity).sum())
    }

    #[test]
    fn memory_is_used_again_and_holds_nothing() {
        let mut buffer = Buffer::with_room(300);
        assert_eq!((buffer.len(), buffer.capacity()), (0, 384));
        buffer.extend_from_slice(b"secret");
        let place = buffer.as_ptr();
        drop(buffer);
        let again = Buffer::with_room(384);
        assert_eq!((again.as_ptr(), again.len(), kept()), (place, 0, 0));
        let other = Buffer::with_room(384);
        assert_ne!(other.as_ptr(), place);
    }

    #[test]
    fn a_copy_has_memory_of_its_own() {
        let buffer = Buffer::from(b"bytes".to_vec());
        let copy = buffer.clone();
        assert_eq!((copy.as_slice(), copy.capacity()), (b"bytes".as_slice(), SIZES[0]));
        assert_ne!(copy.as_ptr(), buffer.as_ptr());
    }

    #[test]
    fn a_thread_keeps_a_bounded_amount() {
        for size in SIZES.into_iter().chain([SIZES[SIZES.len() - 1] + 1, 1 << 20]) {
            let many: Vec<_> = (0..SPARE * 3).map(|_| Buffer::with_room(size)).collect();
            assert!(many.iter().all(|buffer| buffer.capacity() >= size));
        }
        assert_eq!(kept(), SPARE * SIZES.iter().sum::<usize>());
    }

    #[test]
    fn what_grew_is_kept_only_where_it_fits() {
        let mut buffer = Buffer::with_room(128);
        buffer.extend_from_slice(&[0; 9000]);
        drop(buffer);
        assert_eq!(kept(), 0);
    }
}
