//! The network of a node: what listens, dials, encrypts and asks the registrar.

#![forbid(unsafe_code)]

mod channel;
mod cookie;
mod exposure;
mod listen;
mod mode;
pub mod registrar;
mod routes;
pub mod tls;

pub use channel::{Channel, NonBlocking};
pub use cookie::{Cookie, CookieError, MAX_COOKIE_BYTES, MIN_COOKIE_BYTES};
pub use exposure::{Exposed, Protection};
pub use listen::{DEFAULT_PORT, ListenError, ListenOptions};
pub use mode::Mode;
pub use routes::{DialTarget, Place, RouteError, StaticRoute, StaticRoutes, find_targets};
