use tergo_core::OsThread;

use crate::event_loop::EventLoop;

/// The OS thread of an environment.
pub struct JsThread {
    event_loop: EventLoop,
}

impl JsThread {
    /// The one that has that event loop.
    pub fn new(event_loop: EventLoop) -> Self {
        Self { event_loop }
    }
}

impl OsThread for JsThread {
    fn is_wanted(&self) -> bool {
        self.event_loop.has_events()
    }

    #[cfg(target_os = "linux")]
    fn leave_core(&self) {
        // SAFETY: sets of cores are numbers only, for which all zeros is a value; the calls are told their size, and number 0 is this
        // thread.
        unsafe {
            let mut allowed: libc::cpu_set_t = std::mem::zeroed();
            let size = size_of_val(&allowed);
            let here = usize::try_from(libc::sched_getcpu());
            let (Ok(here), 0) = (here, libc::sched_getaffinity(0, size, &raw mut allowed)) else {
                return;
            };
            let mut others = allowed;
            libc::CPU_CLR(here, &mut others);
            // Refused when it may run on no other: then it stays.
            if libc::sched_setaffinity(0, size, &raw const others) == 0 {
                libc::sched_setaffinity(0, size, &raw const allowed);
            }
        }
    }

    /// Other systems have no call for it.
    #[cfg(not(target_os = "linux"))]
    fn leave_core(&self) {}
}
