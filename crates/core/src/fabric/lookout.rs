use std::cell::RefCell;
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use super::os_thread::OsThread;

/// How long a thread looks for frames before it sleeps: longer than it takes to wake two threads on sleeping cores, so that
/// two who talk to each other find out that looking pays off.
const LOOK: Duration = Duration::from_micros(250);
/// A sleep that ended sooner makes looking worth while.
const SHORT_SLEEP: Duration = Duration::from_micros(600);
/// Pauses of the processor between two thorough looks, which ask the system, and the clock.
const PAUSES: u32 = 4;
/// After so many thorough looks, some microseconds, the OS thread is asked whether it is wanted.
const ASKS_EVERY: u32 = 8;
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
/// How often a thread leaves its core instead, at most.
const LEAVE_AGAIN: Duration = Duration::from_millis(100);

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
    /// When the thread left its core for another one.
    left_at: Option<Instant>,
    os_thread: Option<Box<dyn OsThread>>,
}

impl Lookout {
    /// Does something with that of this OS thread.
    pub fn with<T>(call: impl FnOnce(&mut Self) -> T) -> T {
        HERE.with_borrow_mut(call)
    }

    /// What it knows of this OS thread, and can do with it, from now on.
    pub fn set_os_thread(&mut self, os_thread: Box<dyn OsThread>) {
        self.os_thread = Some(os_thread);
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
            left_at: None,
            os_thread: None,
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
            Sight::Ousted => self.does_harm(begin, (FIRST_LONG_REST, LONGEST_LONG_REST)),
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
        for looks in 1_u32.. {
            if has_come(true) {
                return Sight::Come;
            }
            for _ in 0..PAUSES {
                if has_come(false) {
                    return Sight::Come;
                }
                std::hint::spin_loop();
            }
            if looks % ASKS_EVERY == 0 && self.is_wanted() {
                // It may be for what has come since.
                return if has_come(true) {
                    Sight::Come
                } else {
                    Sight::Wanted
                };
            }
            let now = clock();
            if now - before > OUSTED {
                return Sight::Ousted;
            }
            if now - begin >= LOOK {
                break;
            }
            before = now;
        }
        Sight::Nothing
    }

    fn is_wanted(&self) -> bool {
        let os_thread = self.os_thread.as_ref();
        os_thread.is_some_and(|thread| thread.is_wanted())
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
            self.does_harm(now, (FIRST_REST, LONGEST_REST));
        }
    }

    /// Looking does harm here. Whoever is waited for may be on the same core, where the system has woken him: elsewhere
    /// he is not in the way. When that was tried just now, the thread takes a rest.
    fn does_harm(&mut self, now: Instant, rests: (Duration, Duration)) {
        self.misses = 0;
        let has_left = self.left_at.is_some_and(|at| now < at + LEAVE_AGAIN);
        match &self.os_thread {
            Some(thread) if !has_left => {
                self.left_at = Some(now);
                thread.leave_core();
            }
            _ => self.take_rest(now, rests),
        }
    }

    /// Looking does harm for now. When that shows again soon after a rest, the next one is longer.
    fn take_rest(&mut self, now: Instant, (first, longest): (Duration, Duration)) {
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
    use std::rc::Rc;

    use super::*;

    struct Wanted;

    impl OsThread for Wanted {
        fn is_wanted(&self) -> bool {
            true
        }

        fn leave_core(&self) {}
    }

    /// Counts how often it leaves its core.
    struct Leaving(Rc<Cell<u32>>);

    impl OsThread for Leaving {
        fn is_wanted(&self) -> bool {
            false
        }

        fn leave_core(&self) {
            self.0.set(self.0.get() + 1);
        }
    }

    /// How far time goes on whenever somebody looks at it: further under miri, where a pause of the processor takes long.
    const TICK: Duration = Duration::from_micros(if cfg!(miri) { 25 } else { 1 });

    /// Time that goes on by a tick whenever somebody looks at it.
    struct Ticks(Cell<Instant>);

    impl Ticks {
        fn new() -> Self {
            Self(Cell::new(Instant::now()))
        }

        fn now(&self) -> Instant {
            self.0.set(self.0.get() + TICK);
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
        lookout.set_os_thread(Box::new(Wanted));
        let rounds = Cell::new(0);
        let count = |_| {
            rounds.set(rounds.get() + 1);
            false
        };
        assert!(!lookout.look(|| ticks.now(), count));
        assert_eq!(rounds.get(), ASKS_EVERY * (1 + PAUSES) + 1);
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
    fn who_looks_in_vain_again_and_again_leaves_his_core_before_he_rests() {
        let ticks = Ticks::new();
        let mut lookout = after_a_short_sleep(&ticks);
        let left = Rc::new(Cell::new(0));
        lookout.set_os_thread(Box::new(Leaving(Rc::clone(&left))));
        let mut look_in_vain = |times| {
            for _ in 0..times {
                lookout.is_worth_it = true;
                assert!(!lookout.look(|| ticks.now(), |_| false));
            }
            lookout.is_worth_it = true;
            lookout.look(|| ticks.now(), |_| true)
        };
        assert!(look_in_vain(MISSES), "it looks on, on another core");
        assert_eq!(left.get(), 1);
        assert!(!look_in_vain(MISSES), "it rests");
        ticks.pass(LEAVE_AGAIN);
        assert!(look_in_vain(MISSES));
        assert_eq!(left.get(), 2);
    }

    #[test]
    fn what_comes_just_when_the_thread_is_wanted_is_found() {
        let ticks = Ticks::new();
        let mut lookout = after_a_short_sleep(&ticks);
        lookout.set_os_thread(Box::new(Wanted));
        let rounds = Cell::new(0);
        let comes_late = |_| {
            rounds.set(rounds.get() + 1);
            rounds.get() > ASKS_EVERY * (1 + PAUSES)
        };
        assert!(lookout.look(|| ticks.now(), comes_late));
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
