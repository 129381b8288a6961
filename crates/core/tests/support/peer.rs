use std::sync::Arc;

use tergo_core::layout::{FRAME_MESSAGE, KIND_FAR, QUEUE_MAIN};
use tergo_core::{Fabric, FrameHead, FrameSender, Scheduler};

use super::driver::{Driver, Pid};

/// The head of a message that a process of another node sends.
pub fn message(thread: u32, pid: Pid) -> FrameHead {
    FrameHead {
        op: FRAME_MESSAGE,
        kind: KIND_FAR,
        queue: QUEUE_MAIN,
        format: 1,
        thread,
        first: pid.slot,
        second: pid.generation,
        sender: FrameSender {
            thread: 3,
            slot: 7,
            generation: 2,
            id: (5 << 32) + 1007,
        },
        ..FrameHead::default()
    }
}

/// A thread of the node that the peer talks to.
pub fn thread(fabric: &Arc<Fabric>, number: u32) -> Driver {
    Driver::over(Scheduler::join(fabric, number).expect("the place is free"))
}
