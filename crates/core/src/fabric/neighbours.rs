use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::fabric::Fabric;
use super::glance::Glance;
use super::inject::Inject;

thread_local! {
    /// Every port of this OS thread: one for each node that it runs.
    static HERE: RefCell<Vec<(Weak<Fabric>, u32)>> = const { RefCell::new(Vec::new()) };
}

/// The other nodes' ports on the same OS thread: while one looks for frames, the others cannot run.
#[derive(Debug)]
pub(super) struct Neighbours(Vec<(Arc<Fabric>, u32)>);

impl Neighbours {
    /// Those of a port of this OS thread.
    pub fn of(fabric: &Arc<Fabric>, thread: u32) -> Self {
        HERE.with_borrow_mut(|here| {
            if here.len() < 2 {
                return Self(Vec::new());
            }
            here.retain(|(fabric, _)| fabric.strong_count() > 0);
            let others = here.iter().filter_map(|(other, seat)| {
                let other = other.upgrade()?;
                let is_itself = Arc::ptr_eq(&other, fabric) && *seat == thread;
                (!is_itself).then_some((other, *seat))
            });
            Self(others.collect())
        })
    }

    /// Whether none of them has work.
    pub fn all_sleep(&self) -> bool {
        self.injects().all(Inject::is_asleep)
    }

    /// Whether frames came for one of them.
    pub fn is_any_pending(&self) -> bool {
        self.injects().any(Inject::is_pending)
    }

    /// Looks at what may bring them frames.
    pub fn look(&self, glance: Glance) {
        for (fabric, _) in &self.0 {
            fabric.look(glance);
        }
    }

    fn injects(&self) -> impl Iterator<Item = &Inject> {
        let seats = self.0.iter();
        seats.map(|(fabric, seat)| &fabric.seats[*seat as usize].inlet.inject)
    }
}

/// A port begins on this OS thread.
pub(super) fn enter(fabric: &Arc<Fabric>, thread: u32) {
    HERE.with_borrow_mut(|here| here.push((Arc::downgrade(fabric), thread)));
}

/// It ends. On another OS thread, or when this one is about to end, there is nothing to be done.
pub(super) fn leave(fabric: &Arc<Fabric>, thread: u32) {
    let whole = Arc::as_ptr(fabric);
    // An OS thread at its end has lost its list already.
    let _ = HERE.try_with(|here| {
        here.borrow_mut()
            .retain(|(other, seat)| other.as_ptr() != whole || *seat != thread);
    });
}
