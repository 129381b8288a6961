//! The network of a node: what listens, dials, encrypts and asks the registrar.

#![forbid(unsafe_code)]

pub mod registrar;
