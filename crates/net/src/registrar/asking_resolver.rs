use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tergo_wire::registrar::{Route, is_node_name};
use tokio::sync::oneshot;

use super::{Answering, RegistrarError, Resolver};
use crate::sync::lock;

/// Where a node is, or why nobody can say.
type Found = Result<Vec<Route>, RegistrarError>;

/// Who hands a question on: its number, and the node. False: nobody is left to answer.
type Ask = dyn Fn(u32, &str) -> bool + Send + Sync;

/// Asks somebody whose answers come by a call of their own, each with the number of its question: a program in another
/// language. How long an answer may take is for that one to say; all that is open when this is closed fails.
pub struct AskingResolver {
    ask: Box<Ask>,
    open: Arc<Mutex<Open>>,
}

/// Questions without an answer, by their numbers.
#[derive(Default)]
struct Open {
    last: u32,
    is_closed: bool,
    waiting: HashMap<u32, oneshot::Sender<Found>>,
}

impl AskingResolver {
    /// One that hands its questions to `ask`, which must not wait.
    pub fn new(ask: impl Fn(u32, &str) -> bool + Send + Sync + 'static) -> Self {
        Self {
            ask: Box::new(ask),
            open: Arc::default(),
        }
    }

    /// The answer to a question. False, and nothing happens: there is none of that number, for it has its answer, or nobody
    /// waits for it any more.
    pub fn answer(&self, number: u32, found: Found) -> bool {
        let waiting = lock(&self.open).waiting.remove(&number);
        waiting.is_some_and(|waiting| waiting.send(found).is_ok())
    }

    /// Nobody answers any more: all that is open fails, and so does what is asked later.
    pub fn close(&self) {
        let mut open = lock(&self.open);
        open.is_closed = true;
        open.waiting.clear();
    }

    /// How many questions have no answer yet.
    pub fn open(&self) -> usize {
        lock(&self.open).waiting.len()
    }
}

impl Resolver for AskingResolver {
    fn resolve(&self, node: &str) -> Answering<Vec<Route>> {
        let node = node.to_owned();
        if !is_node_name(&node) {
            return Box::pin(async move { Err(RegistrarError::Incorrect(node)) });
        }
        let (sender, answer) = oneshot::channel();
        let question = Question::put(&self.open, sender);
        // An answer may come before this is over.
        let is_asked = (self.ask)(question.number, &node);
        Box::pin(async move {
            // Forgotten with this future, whether it ends or is dropped.
            let _question = question;
            if !is_asked {
                return Err(RegistrarError::Closed);
            }
            let found = answer.await.map_err(|_| RegistrarError::Closed)??;
            if found.is_empty() {
                return Err(RegistrarError::Unknown(node));
            }
            if !found.iter().all(is_place) {
                return Err(RegistrarError::Incorrect(node));
            }
            Ok(found)
        })
    }
}

/// A question that is forgotten when nobody waits for its answer any more.
struct Question {
    number: u32,
    open: Arc<Mutex<Open>>,
}

impl Question {
    fn put(open: &Arc<Mutex<Open>>, sender: oneshot::Sender<Found>) -> Self {
        let mut table = lock(open);
        let mut number = table.last.wrapping_add(1);
        while table.waiting.contains_key(&number) {
            number = number.wrapping_add(1);
        }
        table.last = number;
        // Without it the question fails.
        if !table.is_closed {
            table.waiting.insert(number, sender);
        }
        Self {
            number,
            open: Arc::clone(open),
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        lock(&self.open).waiting.remove(&self.number);
    }
}

/// Whether it can be dialled at all; its versions are not asked for.
fn is_place(route: &Route) -> bool {
    let versioned = Route {
        handshake: "-".to_owned(),
        protocol: "-".to_owned(),
        ..route.clone()
    };
    versioned.is_correct()
}
