/// How often to look at event loops, ms.
pub const LOOK_AT_LOOPS_EVERY_MS: u64 = 1000;
/// For how long an event loop does not turn before it counts as one that hangs, ms.
const HANGS_FROM_MS: u64 = 1000;
/// What a loop that waits may show of work, ms, ends below that.
const WORKS_FROM_MS: u64 = 10;

/// Whether to tell that an event loop hangs: when it has for a second, then whenever the time has doubled.
///
/// It takes two looks at the same turn that both see it work: one alone may meet a thread that the system has held up with all
/// others, or a loop that waits. libuv takes for work what that had waited when a signal came, as after a stop of the whole program.
#[derive(Debug, Default)]
pub struct Standstill {
    turns: u32,
    unturned_ms: u64,
    told_ms: u64,
}

impl Standstill {
    /// A look after `LOOK_AT_LOOPS_EVERY_MS`: the loop has turned so often, and has worked since then for so long.
    pub fn look(&mut self, turns: u32, unturned_ms: u64) -> bool {
        let before = std::mem::replace(&mut self.unturned_ms, unturned_ms);
        if turns != self.turns {
            self.turns = turns;
            self.told_ms = 0;
            return false;
        }
        let has_worked_on =
            before >= WORKS_FROM_MS && unturned_ms >= before + LOOK_AT_LOOPS_EVERY_MS / 2;
        if !has_worked_on || unturned_ms < HANGS_FROM_MS || unturned_ms < 2 * self.told_ms {
            return false;
        }
        self.told_ms = unturned_ms;
        true
    }
}
