//! Where panics end: at the task or request that met them, as its error.
//!
//! What a panic leaves half done is given up by whoever catches it: the connection is forgotten and its requests
//! fail. Locks are no obstacle, for those of `parking_lot` are released by unwinding and never poisoned.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use httparallel_proto::{Error, Kind, Phase, Result};

/// What a panic is, unless it is known to be another's.
const DEFECT: &str = "a defect in httparallel";

/// Runs a step. The caller must not use what the step worked on, if it fails, but to give it up.
pub(crate) fn caught<T>(step: impl FnOnce() -> T) -> Result<T> {
    caught_as(DEFECT, step)
}

/// Runs a step as [`caught`] does; the error says what a panic of it is.
pub(crate) fn caught_as<T>(what: &str, step: impl FnOnce() -> T) -> Result<T> {
    // Nothing that may be inconsistent is used again, as this function demands.
    catch_unwind(AssertUnwindSafe(step)).map_err(|panic| described(what, &*panic))
}

/// Awaits a future. One that panics is dropped at once.
///
/// It is boxed, because whoever spawns it moves it a dozen times, and those of whole exchanges are large.
pub(crate) fn caught_in<F: Future>(future: F) -> impl Future<Output = Result<F::Output>> {
    caught_in_as(DEFECT, future)
}

/// Awaits a future as [`caught_in`] does; the error says what a panic of it is.
pub(crate) fn caught_in_as<F: Future>(
    what: &'static str,
    future: F,
) -> impl Future<Output = Result<F::Output>> {
    let mut future = Some(Box::pin(future));
    poll_fn(move |cx| {
        let polled = caught_as(what, || match &mut future {
            Some(future) => future.as_mut().poll(cx),
            None => Poll::Pending,
        });
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(error) => {
                // Its destructors may meet the same fault; the first panic says enough.
                let _ = caught(|| future = None);
                Poll::Ready(Err(error))
            }
        }
    })
}

fn described(what: &str, panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("a panic without a text");
    Error::new(Kind::Internal, Phase::Total, format!("{what}: {text}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    fn failure<T>(result: Result<T>) -> String {
        let error = result.err().unwrap();
        assert_eq!(error.kind(), Kind::Internal);
        error.to_string()
    }

    #[test]
    fn a_panic_becomes_an_error_that_quotes_it() {
        let number = 7;
        assert_eq!(failure(caught(|| panic!("plain"))), "a defect in httparallel: plain");
        assert_eq!(failure(caught(|| panic!("number {number}"))), "a defect in httparallel: number 7");
        let odd = caught(|| std::panic::panic_any(7));
        assert_eq!(failure(odd), "a defect in httparallel: a panic without a text");
        assert_eq!(caught(|| 5).unwrap(), 5);
    }

    #[test]
    fn a_future_that_panics_ends_with_an_error() {
        let Poll::Ready(outcome) = poll_once(caught_in(async { panic!("within") })) else { panic!() };
        let outcome: Result<()> = outcome;
        assert_eq!(failure(outcome), "a defect in httparallel: within");
        assert!(poll_once(caught_in(std::future::pending::<()>())).is_pending());
        let Poll::Ready(outcome) = poll_once(caught_in(async { 5 })) else { panic!() };
        assert_eq!(outcome.unwrap(), 5);
    }

    #[test]
    fn a_future_whose_destructor_panics_too_ends_with_the_first_panic() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                assert!(std::thread::panicking(), "second");
            }
        }
        struct Faulty(Bomb);
        impl Future for Faulty {
            type Output = ();
            fn poll(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
                let Self(Bomb) = &*self;
                panic!("first")
            }
        }
        let Poll::Ready(outcome) = poll_once(caught_in(Faulty(Bomb))) else { panic!() };
        assert_eq!(failure(outcome), "a defect in httparallel: first");
    }
}
