use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::{env, fmt};

use zeroize::Zeroizing;

/// The fewest bytes of a cookie.
pub const MIN_COOKIE_BYTES: usize = 16;
/// The most bytes of a cookie.
pub const MAX_COOKIE_BYTES: usize = 4096;

/// Random bytes of a cookie that is made up.
const RANDOM_BYTES: usize = 32;
/// The name of the file in the home directory.
const FILE_NAME: &str = ".tergo.cookie";

/// What nodes prove to each other to know. Never shown, and wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie(Zeroizing<Vec<u8>>);

/// Why there is no cookie.
#[derive(Debug, thiserror::Error)]
pub enum CookieError {
    /// Too easy to guess.
    #[error(
        "the cookie has {0} bytes, and must have {MIN_COOKIE_BYTES} at least; 32 random bytes are a good one"
    )]
    TooShort(usize),
    /// Larger than any handshake would take.
    #[error("the cookie may have {MAX_COOKIE_BYTES} bytes at most")]
    TooLong,
    /// Nobody says where the home directory is.
    #[error(
        "there is no home directory to keep the cookie in: set HOME, or give a cookie or the path of its file"
    )]
    NoHome,
    /// Others may read the file.
    #[error(
        "others can read the cookie in {0} (mode {1:o}): run `chmod 600 {0}`, or delete it if they may have done so"
    )]
    Exposed(String, u32),
    /// Not a file.
    #[error("{0} is not a file; remove it, or give another path for the cookie")]
    NotAFile(String),
    /// The file cannot be read or made.
    #[error("cannot {0} the cookie in {1}: {2}")]
    Io(&'static str, String, io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for a cookie: {0}")]
    Random(#[from] getrandom::Error),
}

impl Cookie {
    /// One that was given.
    ///
    /// # Errors
    /// It is shorter than 16 or longer than 4096 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, CookieError> {
        match bytes.len() {
            length if length < MIN_COOKIE_BYTES => Err(CookieError::TooShort(length)),
            length if length > MAX_COOKIE_BYTES => Err(CookieError::TooLong),
            _ => Ok(Self(Zeroizing::new(bytes.to_vec()))),
        }
    }

    /// A new one: 32 random bytes, as 64 hexadecimal digits.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn random() -> Result<Self, CookieError> {
        let mut bytes = Zeroizing::new([0; RANDOM_BYTES]);
        getrandom::fill(&mut *bytes)?;
        let mut text = Zeroizing::new(Vec::with_capacity(2 * RANDOM_BYTES));
        for byte in *bytes {
            text.extend([digit(byte >> 4), digit(byte & 15)]);
        }
        Ok(Self(text))
    }

    /// Where the cookie of this user is by default: `.tergo.cookie` in the home directory.
    ///
    /// # Errors
    /// No home directory is known.
    pub fn default_path() -> Result<PathBuf, CookieError> {
        let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"));
        let home = home.filter(|home| !home.is_empty());
        Ok(PathBuf::from(home.ok_or(CookieError::NoHome)?).join(FILE_NAME))
    }

    /// The one in that file. If there is none a random one is put there first, which only the user can read; of several
    /// nodes that do so at once one wins, and all have the same.
    ///
    /// # Errors
    /// The file cannot be read or made, others may read it, or it holds too little or too much.
    pub fn load_or_create(path: &Path) -> Result<Self, CookieError> {
        match Self::load(path) {
            Err(CookieError::Io(_, _, error)) if error.kind() == io::ErrorKind::NotFound => {
                create(path)?;
                Self::load(path)
            }
            loaded => loaded,
        }
    }

    /// The one in that file; line ends and blanks at its end do not belong to it.
    ///
    /// # Errors
    /// The file cannot be read, others may read it, or it holds too little or too much.
    pub fn load(path: &Path) -> Result<Self, CookieError> {
        let failed = |error| CookieError::Io("read", path.display().to_string(), error);
        let mut file = File::open(path).map_err(failed)?;
        check_access(path, &file.metadata().map_err(failed)?)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_COOKIE_BYTES + 2));
        let mut limited = Read::by_ref(&mut file).take(MAX_COOKIE_BYTES as u64 + 2);
        limited.read_to_end(&mut bytes).map_err(failed)?;
        Self::new(bytes.trim_ascii_end())
    }

    /// The secret itself, for the handshake.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(hidden)")
    }
}

#[cfg(unix)]
fn check_access(path: &Path, metadata: &fs::Metadata) -> Result<(), CookieError> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_file() {
        return Err(CookieError::NotAFile(path.display().to_string()));
    }
    if mode & 0o077 != 0 {
        return Err(CookieError::Exposed(path.display().to_string(), mode));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_access(path: &Path, metadata: &fs::Metadata) -> Result<(), CookieError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(CookieError::NotAFile(path.display().to_string()))
}

/// Puts a new cookie there, whole from the start: it is written beside and then linked, which fails when another
/// was faster, and that one counts.
fn create(path: &Path) -> Result<(), CookieError> {
    let cookie = Cookie::random()?;
    let mut number = [0; 8];
    getrandom::fill(&mut number)?;
    let number = u64::from_ne_bytes(number);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{number:016x}"));
    let beside = path.with_file_name(name);
    let linked = write_new(&beside, &cookie).and_then(|()| fs::hard_link(&beside, path));
    // It may not be there if it could not be made, which `linked` tells.
    let _ = fs::remove_file(&beside);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(CookieError::Io("create", path.display().to_string(), error))
        }
        _ => Ok(()),
    }
}

fn write_new(path: &Path, cookie: &Cookie) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(cookie.expose())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn digit(value: u8) -> u8 {
    b"0123456789abcdef"[usize::from(value)]
}
