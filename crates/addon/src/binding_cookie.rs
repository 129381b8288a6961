//! The secret of a node, from its file.

#![expect(
    clippy::missing_errors_doc,
    reason = "these comments become those of binding.d.ts, which has no such section"
)]

use std::path::PathBuf;

use napi::Error;
use napi::bindgen_prelude::{Buffer, Result};
use napi_derive::napi;
use tergo_net::Cookie;

/// The cookie in a file, that of the user's home directory by default. Without the file one is made first, for the user
/// only. Throws when the file cannot be read or made, or others may read it.
#[napi]
pub fn load_cookie(path: Option<String>) -> Result<Buffer> {
    let path = match path {
        Some(path) => PathBuf::from(path),
        None => Cookie::default_path().map_err(reason)?,
    };
    let cookie = Cookie::load_or_create(&path).map_err(reason)?;
    Ok(cookie.expose().to_vec().into())
}

fn reason(error: impl std::fmt::Display) -> Error {
    Error::from_reason(error.to_string())
}
