//! Messages that wait: the pool they lie in, the queues of a process, the gauges of bounded ones.

mod gauges;
mod mailbox;
mod message;
mod message_pool;
mod queue;

#[cfg(test)]
mod tests;

pub(crate) use gauges::Gauges;
pub(crate) use mailbox::Mailbox;
pub(crate) use message::Message;
pub(crate) use message_pool::MessagePool;
