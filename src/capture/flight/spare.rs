//! Answers stand in memory of their own: a request that waits for one has no room for it. The thread uses it again.
#![expect(clippy::vec_box, reason = "the boxes are what is kept")]

use std::cell::RefCell;

use crate::capture::answer::Answer;

/// So many are kept by a thread, with nothing in them but the memory of what their bodies passed through.
pub(super) const SPARE: usize = 8;

thread_local!(static ANSWERS: RefCell<Vec<Box<Answer>>> = const { RefCell::new(Vec::new()) });

#[inline]
pub(super) fn boxed(mut answer: Answer) -> Box<Answer> {
    match with_spare(Vec::pop).flatten() {
        Some(mut place) => {
            answer.tap = place.tap.take();
            *place = answer;
            place
        }
        None => Box::new(answer),
    }
}

/// Takes back an answer from which everything was taken.
#[inline]
pub(super) fn give_back(answer: Box<Answer>) {
    with_spare(|spare| {
        if spare.len() < SPARE {
            spare.push(answer);
        }
    });
}

fn with_spare<T>(deal: impl FnOnce(&mut Vec<Box<Answer>>) -> T) -> Option<T> {
    ANSWERS.try_with(|spare| Some(deal(&mut *spare.try_borrow_mut().ok()?))).ok().flatten()
}

/// How many the thread keeps.
#[cfg(test)]
pub(super) fn kept() -> usize {
    with_spare(|spare| spare.len()).unwrap_or(0)
}
