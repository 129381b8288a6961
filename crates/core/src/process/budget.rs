/// Exponent of a new process: slices of 64 messages.
const FIRST: u8 = 6;
/// Highest exponent: slices of 1024 messages.
const HIGHEST: u8 = 10;

/// What became of the last slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Fate {
    /// It was handed over, and as far as is known read whole.
    Whole,
    /// A part of it came back.
    Returned,
    /// There was none yet, or a callback in it was suspended.
    Paused,
}

/// How many messages a slice of a process may have.
///
/// A process whose callbacks return promises takes one message at a time, so a longer slice would
/// only be carried back; one that reads its slices whole gets longer ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    exponent: u8,
    fate: Fate,
}

impl Budget {
    /// The budget of a new process.
    pub const FIRST: Self = Self {
        exponent: FIRST,
        fate: Fate::Paused,
    };

    /// The most messages that the next slice may have.
    #[inline]
    pub fn messages(self) -> usize {
        1 << self.exponent
    }

    /// A slice is about to be written: twice the budget if the last one was read whole.
    #[inline]
    pub fn renew(&mut self) {
        if self.fate == Fate::Whole && self.exponent < HIGHEST {
            self.exponent += 1;
        }
        self.fate = Fate::Whole;
    }

    /// A part of the last slice came back.
    pub fn returned(&mut self) {
        self.interrupt(Fate::Paused, Fate::Returned);
    }

    /// A callback was suspended.
    pub fn suspended(&mut self) {
        self.interrupt(Fate::Returned, Fate::Paused);
    }

    /// One message at a time from now on, if both happened to one slice, in whichever order.
    fn interrupt(&mut self, other: Fate, this: Fate) {
        if self.fate == other {
            self.exponent = 0;
        }
        self.fate = this;
    }
}
