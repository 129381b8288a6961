//! How much memory the tables take.

mod support;

use support::driver::Driver;

#[test]
#[cfg_attr(miri, ignore = "it counts bytes, which miri does not look at")]
fn an_idle_process_takes_at_most_96_bytes_in_all_tables() {
    let count = 1_u32 << 17;
    let mut driver = Driver::new();
    let before = driver.scheduler.counters().table_bytes;
    for _ in 0..count {
        driver.spawn();
    }
    driver.turns();
    let bytes = driver.scheduler.counters().table_bytes - before;
    // The tables double, and so many processes fill them; the free list holds one grant.
    let per_process = (bytes - 4 * 1024) / u64::from(count);
    assert!(per_process <= 96, "{per_process} bytes a process");
}

#[test]
#[cfg_attr(miri, ignore = "it counts bytes, which miri does not look at")]
fn processes_that_come_and_go_need_no_more_memory_than_those_that_live_at_once() {
    let rounds = 200;
    let mut driver = Driver::new();
    let mut bytes = Vec::new();
    for _ in 0..rounds {
        let pids: Vec<_> = (0..1000).map(|_| driver.spawn()).collect();
        for &pid in &pids {
            driver.send(pid, 2, 0);
            driver.exit(pid, 1);
        }
        driver.turns();
        bytes.push(driver.scheduler.counters().table_bytes);
    }
    let (early, last) = (bytes[rounds / 2], bytes[rounds - 1]);
    assert!(last <= early, "{early} bytes grew to {last}");
}
