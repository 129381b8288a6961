use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

const NOBODY: u64 = 0;
const AT_LOOP: u64 = u64::MAX;

/// Whether a thread looks at a connection, so that the network's thread would only be in its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// None does.
    Nobody,
    /// One has, then, µs: it will again if that is not long ago.
    At(u64),
    /// One sleeps, and its event loop waits for what comes.
    AtLoop,
}

/// The last [`Look`] at a connection, in one word: it hangs together with nothing else.
#[derive(Debug, Default)]
pub(crate) struct LastLook(AtomicU64);

impl LastLook {
    pub fn get(&self) -> Look {
        Look::of(self.0.load(Relaxed))
    }

    pub fn set(&self, look: Look) {
        self.0.store(look.word(), Relaxed);
    }

    /// Gives what it was; nobody looks from now on.
    pub fn take(&self) -> Look {
        Look::of(self.0.swap(NOBODY, Relaxed))
    }

    /// The thread whose event loop has waited has looked then. False, and nothing changes: none has.
    pub fn awake(&self, at: u64) -> bool {
        let at = Look::At(at).word();
        self.0
            .compare_exchange(AT_LOOP, at, Relaxed, Relaxed)
            .is_ok()
    }
}

impl Look {
    fn of(word: u64) -> Self {
        match word {
            NOBODY => Self::Nobody,
            AT_LOOP => Self::AtLoop,
            at => Self::At(at),
        }
    }

    fn word(self) -> u64 {
        match self {
            Self::Nobody => NOBODY,
            // The first µs is as good as the second.
            Self::At(at) => at.clamp(NOBODY + 1, AT_LOOP - 1),
            Self::AtLoop => AT_LOOP,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LastLook, Look};

    #[test]
    fn each_state_is_told_from_the_others_whatever_the_time() {
        let last = LastLook::default();
        assert_eq!(last.get(), Look::Nobody);
        for (at, expected) in [(0, 1), (1, 1), (5, 5), (u64::MAX, u64::MAX - 1)] {
            last.set(Look::At(at));
            assert_eq!(last.get(), Look::At(expected));
            assert!(!last.awake(9), "nobody slept");
            assert_eq!(last.take(), Look::At(expected));
            assert_eq!(last.take(), Look::Nobody);
        }
        last.set(Look::AtLoop);
        assert_eq!(last.get(), Look::AtLoop);
        assert!(last.awake(9));
        assert_eq!(last.get(), Look::At(9));
    }
}
