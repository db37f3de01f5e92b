use std::{
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// A value of somebody else's: should dropping it panic, that ends here.
#[derive(Clone)]
pub(crate) struct Theirs<T>(Option<T>);

impl<T> Theirs<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// The value. It is there until this is dropped.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Drop for Theirs<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
            // Dropping it may panic again.
            let _ = ManuallyDrop::new(payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Theirs;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(Self);
        }
    }

    #[test]
    fn a_panic_of_its_drop_ends_here() {
        let bomb = Theirs::new(Bomb);
        assert!(bomb.get().is_some());
        drop(bomb);
    }
}
