//! Two nodes in one OS process over loopback: messages a second, and rounds a second of one message to and fro.
//!
//! `cargo run --release -p tergo-net --example loopback`

#![allow(
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "this is a benchmark"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::thread;
use std::time::{Duration, Instant};

use tergo_net::Help;

use support::{Node, NodeOptions, Pid, pair};

const RUN: Duration = Duration::from_secs(2);

fn main() {
    let only_ping = std::env::args().any(|word| word == "ping");
    for help in [Help::None, Help::Write, Help::ReadAndWrite] {
        println!("{help:?}:");
        if only_ping {
            ping_pong(help);
        } else {
            run(help);
        }
    }
}

fn run(help: Help) {
    flood(help, "whole numbers", |node, seat, to, from| {
        node.threads[0].send_int(seat, to, from, 1)
    });
    let text = vec![b'x'; 1024];
    flood(help, "1 KiB strings", move |node, seat, to, from| {
        node.threads[0].send(seat, to, from, &text)
    });
    let bytes = vec![7; 64 * 1024];
    flood(help, "64 KiB blobs", move |node, seat, to, from| {
        node.threads[0].send_blob(seat, to, from, &bytes)
    });
    ping_pong(help);
}

/// One node sends as fast as it may, the other counts.
fn flood(help: Help, what: &str, mut send: impl FnMut(&mut Node, u32, Pid, Pid) -> bool + Send) {
    let ((mut one, seat), (mut two, _)) = pair(&NodeOptions {
        help,
        ..NodeOptions::default()
    });
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    let start = Instant::now();
    let received = thread::scope(|scope| {
        scope.spawn(move || {
            while start.elapsed() < RUN {
                let mut count = 0;
                while count < 4096 && send(&mut one, seat, bob, alice) {
                    count += 1;
                }
                one.threads[0].turn_count();
                if count == 0 {
                    thread::sleep(Duration::from_micros(100));
                }
            }
            thread::sleep(Duration::from_millis(200));
        });
        let mut received = 0;
        while start.elapsed() < RUN {
            received += two.threads[0].turn_count();
            two.threads[0].sleep();
        }
        received
    });
    let seconds = start.elapsed().min(RUN).as_secs_f64();
    println!("{what}: {:.2} M/s", received as f64 / seconds / 1e6);
}

/// One message at a time goes to and fro.
fn ping_pong(help: Help) {
    let ((mut one, to_two), (mut two, to_one)) = pair(&NodeOptions {
        help,
        ..NodeOptions::default()
    });
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    let start = Instant::now();
    let mut times = thread::scope(|scope| {
        scope.spawn(move || {
            while start.elapsed() < RUN + Duration::from_millis(100) {
                for _ in 0..two.threads[0].turn_count() {
                    two.threads[0].send_int(to_one, alice, bob, 2);
                }
                if two.threads[0].has_posted() {
                    continue;
                }
                two.threads[0].sleep();
            }
        });
        let mut times = Vec::new();
        while start.elapsed() < RUN {
            let began = Instant::now();
            one.threads[0].send_int(to_two, bob, alice, 1);
            while one.threads[0].turn_count() == 0 && start.elapsed() < RUN {
                one.threads[0].sleep();
            }
            times.push(began.elapsed());
        }
        times
    });
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_micros();
    println!(
        "ping-pong: {:.1} k/s, p50 {} µs, p99 {} µs",
        times.len() as f64 / RUN.as_secs_f64() / 1e3,
        at(50),
        at(99)
    );
}
