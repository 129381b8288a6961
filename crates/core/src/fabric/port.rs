use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::fabric::Fabric;
use super::glance::Glance;
use super::incoming::Incoming;
use super::lookout::Lookout;
use super::neighbours::{self, Neighbours};
use super::os_thread::OsThread;
use super::outgoing::Outgoing;
use super::seat::Seat;

/// One thread's end of a fabric: what it sends, what it receives, how it sleeps.
#[derive(Debug)]
pub(crate) struct Port {
    fabric: Arc<Fabric>,
    thread: u32,
    /// What it sends.
    pub outgoing: Outgoing,
    /// What it receives.
    pub incoming: Incoming,
    /// Whether it sleeps, or will before long.
    is_asleep: bool,
    /// How often it was woken from sleep.
    pub wake_ups: u64,
}

impl Port {
    /// The end of a thread that has joined.
    pub(super) fn new(fabric: Arc<Fabric>, thread: u32) -> Self {
        neighbours::enter(&fabric, thread);
        Self {
            outgoing: Outgoing::new(Arc::clone(&fabric), thread),
            incoming: Incoming::new(Arc::clone(&fabric), thread),
            fabric,
            thread,
            is_asleep: false,
            wake_ups: 0,
        }
    }

    /// What it is an end of.
    pub fn fabric(&self) -> &Arc<Fabric> {
        &self.fabric
    }

    /// Its number.
    pub fn thread(&self) -> u32 {
        self.thread
    }

    /// Its place.
    pub fn seat(&self) -> &Seat {
        &self.fabric.seats[self.thread as usize]
    }

    /// The highest generations that slots and addresses have had at this place.
    pub fn floors(&self) -> (u32, u32) {
        let seat = self.seat();
        let (slots, addresses) = (&seat.slot_floor, &seat.address_floor);
        (slots.load(Relaxed), addresses.load(Relaxed))
    }

    /// What is known of this OS thread, and can be done with it, while it looks for frames.
    pub fn set_os_thread(os_thread: Box<dyn OsThread>) {
        Lookout::with(|lookout| lookout.set_os_thread(os_thread));
    }

    /// The thread has read its inbox and has no work: true when it may sleep. Looks for frames for a moment
    /// when that paid off lately.
    pub fn doze(&mut self) -> bool {
        self.fall_asleep(true)
    }

    /// The same, but false when looking for frames would pay off.
    pub fn nap(&mut self) -> bool {
        self.fall_asleep(false)
    }

    fn fall_asleep(&mut self, may_look: bool) -> bool {
        // Whoever found the way here full must not wait for a turn that nobody asks for.
        self.incoming.release();
        if self.incoming.has_more() {
            return false;
        }
        let neighbours = Neighbours::of(&self.fabric, self.thread);
        let is_last = neighbours.all_sleep();
        if is_last && !may_look && Lookout::with(|lookout| lookout.is_worth_while(Instant::now)) {
            return false;
        }
        if is_last && self.look(&neighbours) {
            return false;
        }
        if !self.seat().inlet.inject.fall_asleep() {
            return false;
        }
        let slept = std::mem::replace(&mut self.is_asleep, true);
        if is_last && !slept {
            Lookout::with(|lookout| lookout.sleeps(Instant::now()));
        }
        true
    }

    /// Looks for frames, as long as no other node of this OS thread gets some: true when some are here.
    fn look(&self, neighbours: &Neighbours) -> bool {
        let fabric = &self.fabric;
        let inject = &fabric.seats[self.thread as usize].inlet.inject;
        let has_come = |is_thorough: bool| {
            if is_thorough {
                // First those to whom this one may just have sent something.
                neighbours.look(Glance::Around);
                if neighbours.is_any_pending() {
                    return true;
                }
                fabric.look(Glance::Around);
            }
            inject.is_pending() || neighbours.is_any_pending()
        };
        if Lookout::with(|lookout| lookout.look(Instant::now, has_come)) {
            // What came for a neighbour only: that one looks again before the OS thread sleeps.
            return inject.is_pending();
        }
        fabric.look(Glance::Last);
        neighbours.look(Glance::Last);
        false
    }

    /// The thread is awake.
    #[inline]
    pub fn stay_awake(&mut self) {
        self.seat().inlet.inject.stay_awake();
        if std::mem::take(&mut self.is_asleep) {
            self.wake_ups += 1;
            Lookout::with(|lookout| lookout.wakes(Instant::now));
            self.fabric.look(Glance::Awake);
        }
    }
}

impl Drop for Port {
    /// Gives up all that the thread held, its place last: whoever takes that finds nothing of it.
    fn drop(&mut self) {
        let fabric = Arc::clone(&self.fabric);
        let seat = &fabric.seats[self.thread as usize];
        self.incoming.close(seat.inlet.inject.close());
        self.outgoing.close();
        fabric.forget_blobs(self.thread);
        seat.clear();
        // After it shows no process any more: nobody gives a name to one of these now.
        fabric.names.forget(self.thread);
        fabric.events.forget(self.thread);
        neighbours::leave(&fabric, self.thread);
        seat.vacate();
    }
}
