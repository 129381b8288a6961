//! The cookie: where it comes from, who may read it, and that nobody sees it.

#![allow(clippy::expect_used, reason = "these are tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use tergo_net::{Cookie, CookieError, MAX_COOKIE_BYTES, MIN_COOKIE_BYTES};

/// A folder of its own, which goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("tergo-cookie-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn cookie(&self) -> PathBuf {
        self.0.join(".tergo.cookie")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in the folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn put(path: &Path, content: &str) {
    fs::write(path, content).expect("a file");
    set_mode(path, 0o600);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our file");
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) {}

#[test]
fn the_first_load_makes_a_random_cookie_and_later_ones_find_it() {
    let folder = Folder::new("first");
    let made = Cookie::load_or_create(&folder.cookie()).expect("it is made");
    assert_eq!(made.expose().len(), 64);
    assert!(made.expose().iter().all(u8::is_ascii_hexdigit));
    assert_eq!(
        Cookie::load_or_create(&folder.cookie()).expect("it is there"),
        made
    );
    assert_eq!(Cookie::load(&folder.cookie()).expect("it is there"), made);
    let other = Folder::new("other");
    let unlike = Cookie::load_or_create(&other.cookie()).expect("it is made");
    assert_ne!(unlike, made);
}

#[cfg(unix)]
#[test]
fn only_the_user_can_read_a_cookie_that_was_made() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("mode");
    Cookie::load_or_create(&folder.cookie()).expect("it is made");
    let metadata = fs::metadata(folder.cookie()).expect("it is there");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[test]
fn nodes_that_start_at_once_have_the_same_cookie() {
    let folder = Folder::new("race");
    for round in 0..50 {
        let path = folder.0.join(format!("cookie-{round}"));
        let barrier = Barrier::new(8);
        let cookies: Vec<_> = thread::scope(|scope| {
            let load = || {
                barrier.wait();
                Cookie::load_or_create(&path).expect("it is made")
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
            joined.map(|cookie| cookie.expect("no panic")).collect()
        });
        let different: BTreeSet<_> = cookies.iter().map(Cookie::expose).collect();
        assert_eq!(different.len(), 1);
    }
    let left = fs::read_dir(&folder.0).expect("a folder").count();
    assert_eq!(left, 50, "nothing is left behind");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused_with_the_remedy() {
    let folder = Folder::new("exposed");
    let path = folder.cookie();
    put(&path, "a-cookie-that-is-long-enough");
    for mode in [0o640, 0o604, 0o644, 0o666, 0o620, 0o601] {
        set_mode(&path, mode);
        let refused = Cookie::load_or_create(&path).expect_err("others can read it");
        assert!(matches!(refused, CookieError::Exposed(_, shown) if shown == mode));
        let text = refused.to_string();
        assert!(
            text.contains(&format!("chmod 600 {}", path.display())),
            "{text}"
        );
    }
    for mode in [0o600, 0o400] {
        set_mode(&path, mode);
        let cookie = Cookie::load(&path).expect("nobody else can read it");
        assert_eq!(cookie.expose(), b"a-cookie-that-is-long-enough");
    }
}

#[test]
fn line_ends_after_a_cookie_do_not_belong_to_it() {
    let folder = Folder::new("lines");
    put(&folder.cookie(), "a-cookie-that-is-long-enough \r\n\n");
    let cookie = Cookie::load(&folder.cookie()).expect("it is there");
    assert_eq!(cookie.expose(), b"a-cookie-that-is-long-enough");
}

#[test]
fn cookies_that_are_too_short_or_too_long_are_refused() {
    assert!(Cookie::new(&[b'x'; MIN_COOKIE_BYTES]).is_ok());
    assert!(Cookie::new(&[b'x'; MAX_COOKIE_BYTES]).is_ok());
    let short = Cookie::new(b"monster");
    assert!(matches!(short, Err(CookieError::TooShort(7))));
    let long = Cookie::new(&[b'x'; MAX_COOKIE_BYTES + 1]);
    assert!(matches!(long, Err(CookieError::TooLong)));
    let folder = Folder::new("short");
    put(&folder.cookie(), "short\n");
    let short = Cookie::load_or_create(&folder.cookie());
    assert!(
        matches!(short, Err(CookieError::TooShort(5))),
        "it is not replaced"
    );
    put(&folder.cookie(), &"x".repeat(1 << 20));
    assert!(matches!(
        Cookie::load(&folder.cookie()),
        Err(CookieError::TooLong)
    ));
}

#[test]
fn what_cannot_be_a_cookie_file_is_named() {
    let folder = Folder::new("unfit");
    let missing = folder.0.join("no/such/folder");
    let refused = Cookie::load_or_create(&missing).expect_err("there is no folder");
    assert!(refused.to_string().contains(&missing.display().to_string()));
    let refused = Cookie::load(&folder.0).expect_err("it is a folder");
    assert!(matches!(
        refused,
        CookieError::NotAFile(_) | CookieError::Io(..)
    ));
}

#[test]
fn a_cookie_is_never_shown() {
    let cookie = Cookie::new(b"a-cookie-that-is-long-enough").expect("it is good");
    let shown = format!("{cookie:?} {:#?} {:?}", Some(&cookie), [&cookie]);
    assert!(
        !shown.contains("long") && shown.contains("hidden"),
        "{shown}"
    );
    let bytes = format!("{:?}", cookie.expose());
    assert!(!shown.contains(&bytes));
}

#[test]
fn the_default_place_is_in_the_home_directory() {
    let path = Cookie::default_path().expect("there is a home");
    assert!(
        path.is_absolute() && path.ends_with(".tergo.cookie"),
        "{path:?}"
    );
}
