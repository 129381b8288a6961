//! What the scheduler costs without JavaScript: `cargo bench -p tergo-core`.

#![allow(missing_docs, reason = "criterion's macros make public items")]

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use support::driver::{Addr, Driver, Pid};
use tergo_core::layout::{OUT_USED, QUEUE_MAIN, RELATION_MONITOR, TARGET_EVENT, TARGET_PID};

/// Commands that fill the outbox.
const FULL: u32 = 8192;
const SUBSCRIBERS: u32 = 100_000;

/// Turns with what stands in the outbox already, until there is nothing left to do.
fn repeat(driver: &mut Driver, commands: u32) {
    driver.ring.set_header(OUT_USED, 4 * commands);
    driver.scheduler.turn();
    while driver.has_more() {
        driver.scheduler.turn();
    }
}

/// A driver whose outbox holds as many messages as fit, to so many processes in turn.
fn flooded(processes: u32) -> Driver {
    let mut driver = Driver::new();
    let pids: Vec<Pid> = (0..processes).map(|_| driver.spawn()).collect();
    driver.turns();
    for number in 0..FULL {
        let pid = pids[(number % processes) as usize];
        driver.send(pid, QUEUE_MAIN, number);
    }
    driver.seal();
    driver
}

fn messages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("messages");
    group.throughput(Throughput::Elements(FULL.into()));
    for processes in [1, 8, 1000] {
        let mut driver = flooded(processes);
        group.bench_function(format!("flood to {processes}"), |bencher| {
            bencher.iter(|| repeat(&mut driver, FULL));
        });
    }
    group.throughput(Throughput::Elements(1));
    for commands in [0, 1, 2] {
        let mut driver = flooded(2);
        group.bench_function(format!("a turn with {commands} messages"), |bencher| {
            bencher.iter(|| repeat(&mut driver, commands));
        });
    }
    group.finish();
}

fn processes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("processes");
    group.throughput(Throughput::Elements(1000));
    let mut driver = Driver::new();
    group.bench_function("spawn, message, exit", |bencher| {
        bencher.iter(|| {
            for _ in 0..1000 {
                let pid = driver.spawn();
                driver.send(pid, QUEUE_MAIN, 1);
                driver.exit(pid, 2);
            }
            driver.turn_unread();
            while driver.has_more() {
                driver.turn_unread();
            }
        });
    });
    let mut driver = Driver::new();
    let pids: Vec<Pid> = (0..1000).map(|_| driver.spawn()).collect();
    driver.turns();
    group.bench_function("monitor, demonitor", |bencher| {
        bencher.iter(|| {
            for (token, pid) in pids.iter().enumerate() {
                let words = [pids[0].slot, pid.slot, token as u32];
                driver.relate(RELATION_MONITOR, TARGET_PID, words);
                driver.unrelate(RELATION_MONITOR, TARGET_PID, words);
            }
            driver.turn_unread();
        });
    });
    group.finish();
}

fn subscribed() -> (Driver, Addr) {
    let mut driver = Driver::new();
    let producer = driver.spawn();
    let event = driver.register_event(producer, "event", false);
    let event = event.unwrap_or_else(|verdict| panic!("refused: {verdict:?}"));
    for token in 0..SUBSCRIBERS {
        let subscriber = driver.spawn();
        let words = [subscriber.slot, event.index, token];
        driver.relate(RELATION_MONITOR, TARGET_EVENT, words);
    }
    driver.turns();
    (driver, event)
}

fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("events");
    group.throughput(Throughput::Elements(SUBSCRIBERS.into()));
    group.sample_size(30);
    let (mut driver, event) = subscribed();
    driver.publish(event, QUEUE_MAIN, 1);
    driver.seal();
    group.bench_function("publish to 100000 and hand over", |bencher| {
        bencher.iter(|| repeat(&mut driver, 1));
    });
    group.finish();
}

fn timers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("timers");
    group.throughput(Throughput::Elements(FULL.into()));
    let (mut driver, mut now) = (Driver::new(), 0);
    (0..FULL).for_each(|index| driver.start_timer(index, index % 5000, 0, false));
    driver.seal();
    group.bench_function("start and fire", |bencher| {
        bencher.iter(|| {
            repeat(&mut driver, FULL);
            now += 5000;
            driver.set_now(now);
            repeat(&mut driver, 0);
        });
    });
    let mut driver = Driver::new();
    for index in 0..FULL / 2 {
        driver.start_timer(index, 5000, 0, false);
        driver.cancel_timer(index, 0);
    }
    driver.seal();
    group.bench_function("start or cancel", |bencher| {
        bencher.iter(|| repeat(&mut driver, FULL));
    });
    group.finish();
}

criterion_group!(benches, messages, processes, events, timers);
criterion_main!(benches);
