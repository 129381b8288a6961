use std::cell::RefCell;
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// How long a thread looks for frames before it sleeps: longer than it takes to wake two threads on sleeping cores, so that
/// two who talk to each other find out that looking pays off.
const LOOK: Duration = Duration::from_micros(250);
/// A sleep that ended sooner makes looking worth while.
const SHORT_SLEEP: Duration = Duration::from_micros(600);
/// Pauses of the processor between two thorough looks, which ask the system, and the clock: about a microsecond. More often would
/// slow down who shares the core.
const PAUSES: u32 = 16;
/// When so much time has passed between two looks at the clock, somebody else had the core meanwhile: an interrupt
/// takes less, a time slice more.
const OUSTED: Duration = Duration::from_micros(250);
/// So many looks in vain, each of which a short sleep follows: the others get on only when this thread sleeps.
const MISSES: u32 = 8;
/// How long nobody looks after that, the first time, and at most.
const FIRST_REST: Duration = Duration::from_millis(2);
const LONGEST_REST: Duration = Duration::from_millis(16);
/// The same after somebody else got the core: each look may cost a time slice then.
const FIRST_LONG_REST: Duration = Duration::from_millis(10);
const LONGEST_LONG_REST: Duration = Duration::from_millis(100);

thread_local! {
    /// That of this OS thread: the nodes that it runs sleep and work as one.
    static HERE: RefCell<Lookout> = RefCell::new(Lookout::new());
}

/// Decides whether a thread without work looks for frames for a moment, or sleeps at once.
///
/// Looking pays off when an answer comes before a sleep would have begun and ended. It does harm when a core is wanted
/// by others: they wait for the looking, or it waits for them, a whole time slice each. So it looks only after a
/// short sleep, and not for some time after somebody else got its core, or after several looks in vain. It never yields: a yield gives that slice away.
/// It ends as soon as the event loop of the thread has something to do.
pub(super) struct Lookout {
    has_cores: bool,
    slept_at: Option<Instant>,
    is_worth_it: bool,
    /// Looks in vain since the last that found something.
    misses: u32,
    /// Nobody looks before.
    rests_until: Option<Instant>,
    rest: Duration,
    /// Whether something else waits for this OS thread, if that can be asked.
    is_wanted: Option<Box<dyn Fn() -> bool>>,
}

impl Lookout {
    /// Does something with that of this OS thread.
    pub fn with<T>(call: impl FnOnce(&mut Self) -> T) -> T {
        HERE.with_borrow_mut(call)
    }

    /// From now on it asks whether something else waits for this OS thread.
    pub fn ask(&mut self, is_wanted: Box<dyn Fn() -> bool>) {
        self.is_wanted = Some(is_wanted);
    }

    /// One that never looks when there is only one core.
    fn new() -> Self {
        Self {
            has_cores: available_parallelism().is_ok_and(|cores| cores > NonZero::<usize>::MIN),
            slept_at: None,
            is_worth_it: false,
            misses: 0,
            rests_until: None,
            rest: FIRST_REST,
            is_wanted: None,
        }
    }

    /// Whether it would look.
    pub fn is_worth_while(&self, clock: impl Fn() -> Instant) -> bool {
        self.has_cores && self.is_worth_it && !self.rests_at(clock())
    }

    /// Looks for a moment, if that is worth while: true when what `has_come` asks for is there. It is told whether to ask
    /// the system, too, which takes longer.
    pub fn look(&mut self, clock: impl Fn() -> Instant, has_come: impl Fn(bool) -> bool) -> bool {
        if !self.has_cores || !self.is_worth_it {
            return false;
        }
        let begin = clock();
        if self.rests_at(begin) {
            return false;
        }
        match self.watch(begin, clock, has_come) {
            Sight::Come => {
                self.misses = 0;
                return true;
            }
            Sight::Nothing => self.missed(begin),
            Sight::Wanted => {}
            Sight::Ousted => self.take_rest(begin, (FIRST_LONG_REST, LONGEST_LONG_REST)),
        }
        false
    }

    fn rests_at(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    fn watch(
        &self,
        begin: Instant,
        clock: impl Fn() -> Instant,
        has_come: impl Fn(bool) -> bool,
    ) -> Sight {
        let mut before = begin;
        while before - begin < LOOK {
            if has_come(true) {
                return Sight::Come;
            }
            for _ in 0..PAUSES {
                if has_come(false) {
                    return Sight::Come;
                }
                std::hint::spin_loop();
            }
            if self.is_wanted.as_ref().is_some_and(|is_wanted| is_wanted()) {
                return Sight::Wanted;
            }
            let now = clock();
            if now - before > OUSTED {
                return Sight::Ousted;
            }
            before = now;
        }
        Sight::Nothing
    }

    /// The thread falls asleep.
    pub fn sleeps(&mut self, now: Instant) {
        self.slept_at = Some(now);
    }

    /// The thread is awake.
    pub fn wakes(&mut self, clock: impl Fn() -> Instant) {
        if let Some(since) = self.slept_at.take() {
            self.is_worth_it = clock() - since < SHORT_SLEEP;
        }
    }

    fn missed(&mut self, now: Instant) {
        self.is_worth_it = false;
        self.misses += 1;
        if self.misses == MISSES {
            self.take_rest(now, (FIRST_REST, LONGEST_REST));
        }
    }

    /// Looking does harm for now. When that shows again soon after a rest, the next one is longer.
    fn take_rest(&mut self, now: Instant, (first, longest): (Duration, Duration)) {
        self.misses = 0;
        let is_again = self
            .rests_until
            .is_some_and(|until| now < until + 8 * self.rest);
        self.rest = if is_again {
            (2 * self.rest).clamp(first, longest)
        } else {
            first
        };
        self.rests_until = Some(now + self.rest);
    }
}

/// What came of a look.
enum Sight {
    Come,
    Nothing,
    /// The OS thread has something else to do.
    Wanted,
    /// Somebody else had the core.
    Ousted,
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Time that goes on by a microsecond whenever somebody looks at it.
    struct Ticks(Cell<Instant>);

    impl Ticks {
        fn new() -> Self {
            Self(Cell::new(Instant::now()))
        }

        fn now(&self) -> Instant {
            self.0.set(self.0.get() + Duration::from_micros(1));
            self.0.get()
        }

        fn pass(&self, time: Duration) {
            self.0.set(self.0.get() + time);
        }
    }

    fn after_a_short_sleep(ticks: &Ticks) -> Lookout {
        let mut lookout = Lookout {
            has_cores: true,
            ..Lookout::new()
        };
        lookout.sleeps(ticks.now());
        lookout.wakes(|| ticks.now());
        lookout
    }

    #[test]
    fn who_has_not_just_slept_shortly_does_not_look() {
        let ticks = Ticks::new();
        assert!(!Lookout::new().look(|| ticks.now(), |_| true));
        let mut lookout = after_a_short_sleep(&ticks);
        lookout.sleeps(ticks.now());
        ticks.pass(SHORT_SLEEP);
        lookout.wakes(|| ticks.now());
        assert!(!lookout.look(|| ticks.now(), |_| true));
    }

    #[test]
    fn looking_is_worth_while_after_a_short_sleep_unless_it_rests() {
        let ticks = Ticks::new();
        assert!(!Lookout::new().is_worth_while(|| ticks.now()));
        let mut lookout = after_a_short_sleep(&ticks);
        assert!(lookout.is_worth_while(|| ticks.now()));
        lookout.take_rest(ticks.now(), (FIRST_REST, LONGEST_REST));
        assert!(!lookout.is_worth_while(|| ticks.now()));
    }

    #[test]
    fn who_has_slept_shortly_finds_what_came() {
        let ticks = Ticks::new();
        assert!(after_a_short_sleep(&ticks).look(|| ticks.now(), |_| true));
    }

    #[test]
    fn who_is_wanted_elsewhere_does_not_look_on() {
        let ticks = Ticks::new();
        let mut lookout = after_a_short_sleep(&ticks);
        lookout.ask(Box::new(|| true));
        let rounds = Cell::new(0);
        let count = |_| {
            rounds.set(rounds.get() + 1);
            false
        };
        assert!(!lookout.look(|| ticks.now(), count));
        assert_eq!(rounds.get(), 1 + PAUSES);
        assert!(
            lookout.look(|| ticks.now(), |_| true),
            "it was no look in vain"
        );
    }

    #[test]
    fn with_one_core_nobody_looks() {
        let ticks = Ticks::new();
        let mut lookout = after_a_short_sleep(&ticks);
        lookout.has_cores = false;
        assert!(!lookout.look(|| ticks.now(), |_| true));
    }

    #[test]
    fn who_found_nothing_does_not_look_again() {
        let ticks = Ticks::new();
        let mut lookout = after_a_short_sleep(&ticks);
        assert!(!lookout.look(|| ticks.now(), |_| false));
        assert!(!lookout.look(|| ticks.now(), |_| true));
    }

    #[test]
    fn who_lost_the_core_does_not_look_for_some_time() {
        let ticks = Ticks::new();
        let mut lookout = after_a_short_sleep(&ticks);
        let is_ousted = || {
            ticks.pass(OUSTED);
            ticks.now()
        };
        assert!(!lookout.look(is_ousted, |_| false));
        lookout.is_worth_it = true;
        assert!(!lookout.look(|| ticks.now(), |_| true));
        ticks.pass(FIRST_LONG_REST);
        assert!(lookout.look(|| ticks.now(), |_| true));
    }

    #[test]
    fn who_looks_in_vain_again_and_again_rests() {
        let ticks = Ticks::new();
        let mut lookout = after_a_short_sleep(&ticks);
        for _ in 0..MISSES {
            lookout.is_worth_it = true;
            assert!(!lookout.look(|| ticks.now(), |_| false));
        }
        lookout.is_worth_it = true;
        assert!(!lookout.look(|| ticks.now(), |_| true));
    }

    #[test]
    fn rests_grow_while_the_core_is_lost_again_and_again() {
        let ticks = Ticks::new();
        let mut lookout = after_a_short_sleep(&ticks);
        for _ in 0..10 {
            lookout.take_rest(ticks.now(), (FIRST_REST, LONGEST_REST));
            ticks.pass(lookout.rest);
        }
        assert_eq!(lookout.rest, LONGEST_REST);
        ticks.pass(9 * LONGEST_REST);
        lookout.take_rest(ticks.now(), (FIRST_REST, LONGEST_REST));
        assert_eq!(lookout.rest, FIRST_REST);
    }
}
