use std::sync::{Mutex, Weak};

use tergo_core::Glance;

use crate::connection::Connection;
use crate::sync::lock;

/// So many peers a thread looks at before it looks for other work again.
const LOOK_AT_MOST: usize = 4;

/// The connections over which something came lately: threads look at these, so that idle peers cost them nothing.
#[derive(Default)]
pub(crate) struct Lately(Mutex<Vec<Weak<Connection>>>);

impl Lately {
    /// Something came over a connection that is not among them.
    pub fn add(&self, connection: Weak<Connection>) {
        lock(&self.0).push(connection);
    }

    /// A thread that has nothing else to do looks whether peers have sent something. Of two at once one does.
    pub fn look(&self, glance: Glance) {
        // Not under the lock: what is looked at may add others.
        let mut connections = std::mem::take(&mut *lock(&self.0));
        if connections.is_empty() {
            return;
        }
        let (mut now, mut looked) = (None, 0);
        connections.retain(|connection| {
            let Some(connection) = connection.upgrade() else {
                return false;
            };
            let now = *now.get_or_insert_with(|| connection.now_us());
            if connection.has_rested(now) {
                return false;
            }
            if glance != Glance::Around || looked < LOOK_AT_MOST {
                looked += usize::from(connection.look(glance, now));
            }
            true
        });
        let mut all = lock(&self.0);
        let added = std::mem::replace(&mut *all, connections);
        all.extend(added);
    }
}
