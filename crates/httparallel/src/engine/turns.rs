//! Starting one operation at a time on a thread.
//!
//! Starting an operation may end it at once (it is invalid, or was cancelled), which frees a place, which starts
//! the next one. So that a long row of such operations does not nest, a start within a start only joins a row,
//! which the outermost start works off.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use httparallel_proto::pool::ConnId;

use super::shared::{Handle, Shared};
use crate::operation::Op;
use crate::panics::caught;

/// What is to be started.
pub(super) enum Turn {
    /// An operation of a block whose turn has come.
    Launch(Arc<Op>),
    /// An operation that has got the place at its origin that it waited for.
    Placed(Arc<Op>),
    /// An operation that the pool gave a connection.
    Serve(Arc<Shared>, ConnId, Handle, Arc<Op>),
}

thread_local! {
    static ROW: RefCell<Row> = const { RefCell::new(Row { is_moving: false, waiting: VecDeque::new() }) };
}

struct Row {
    /// Whether this thread is within a start.
    is_moving: bool,
    /// What comes after that.
    waiting: VecDeque<Turn>,
}

/// Starts it now, or, within another start, after that one.
pub(super) fn take(turn: Turn) {
    let first = ROW.with_borrow_mut(|row| {
        if row.is_moving {
            row.waiting.push_back(turn);
            return None;
        }
        row.is_moving = true;
        Some(turn)
    });
    let Some(first) = first else { return };
    let _row = Outermost;
    first.start();
    while let Some(turn) = ROW.with_borrow_mut(|row| row.waiting.pop_front()) {
        turn.start();
    }
}

impl Turn {
    fn start(self) {
        match self {
            Self::Launch(op) => op.shared.clone().launch(&op),
            Self::Placed(op) => {
                if let Err(error) = caught(|| op.shared.clone().placed(&op)) {
                    op.cancel(error);
                }
            }
            Self::Serve(shared, id, handle, op) => shared.serve(id, handle, op),
        }
    }
}

/// Ends the row when the outermost start ends, be it by a panic.
struct Outermost;

impl Drop for Outermost {
    fn drop(&mut self) {
        let left = ROW.with_borrow_mut(|row| {
            row.is_moving = false;
            std::mem::take(&mut row.waiting)
        });
        drop(left);
    }
}
