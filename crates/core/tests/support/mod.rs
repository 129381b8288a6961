//! The TypeScript side of the rings, as far as the tests need it.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::expect_used, reason = "this is a part of tests")]

pub mod driver;
pub mod member;
pub mod model;
pub mod peer;
pub mod record;
