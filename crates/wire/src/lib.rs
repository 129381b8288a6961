//! What nodes say to each other: bytes and the time in, bytes and events out. No socket, no clock.
//!
//! `docs/protocol.md` specifies every byte.

#![forbid(unsafe_code)]

pub mod registrar;
