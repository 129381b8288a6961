//! What becomes of links while the system has no more descriptors: in an OS process of its own that may have few.

#![cfg(unix)]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::fs::File;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use support::{Node, NodeOptions, PATIENCE, Pid, Thread};
use tergo_net::{Help, NetworkEvent};

/// Set in the process that has few.
const FEW: &str = "TERGO_TEST_FEW_DESCRIPTORS";

const ROUNDS: u32 = 2000;

/// All descriptors that can be had.
fn hoard(files: &mut Vec<File>) {
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
}

fn links(node: &Node) -> u16 {
    let connections = node.network.connections();
    connections.first().map_or(0, |it| it.counters.links)
}

/// Messages to and fro, so fast that the threads look for them before they sleep; meanwhile somebody takes each descriptor
/// that is given back.
fn exchange(
    (one, to_two, alice): (&mut Thread, u32, Pid),
    (two, to_one, bob): (&mut Thread, u32, Pid),
    files: &mut Vec<File>,
) {
    let is_over = AtomicBool::new(false);
    let deadline = Instant::now() + PATIENCE;
    // Whoever waits for a message makes the turn that sends his own.
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) && Instant::now() < deadline {
                hoard(files);
                thread::yield_now();
            }
        });
        scope.spawn(move || {
            for value in 0..ROUNDS {
                assert_eq!(two.messages(1)[0].integer, value);
                assert!(two.send_int(to_one, alice, bob, value));
            }
            two.turn();
        });
        for value in 0..ROUNDS {
            assert!(one.send_int(to_two, bob, alice, value));
            assert_eq!(one.messages(1)[0].integer, value);
        }
        is_over.store(true, Relaxed);
    });
}

#[test]
fn a_connection_outlives_a_lack_of_descriptors_and_gets_its_second_link_after_it() {
    if std::env::var_os(FEW).is_none() {
        let name = "a_connection_outlives_a_lack_of_descriptors_and_gets_its_second_link_after_it";
        let own = std::env::current_exe().expect("a path");
        let again = Command::new("sh")
            .args(["-c", "ulimit -n 150 && exec \"$0\" \"$@\""])
            .arg(own)
            .args(["--exact", name])
            .env(FEW, "1")
            .status();
        assert!(again.expect("a shell").success());
        return;
    }
    let options = NodeOptions {
        pool: 2,
        help: Help::ReadAndWrite,
        ..NodeOptions::default()
    };
    let mut one = Node::start("one@localhost", &options);
    let mut two = Node::start("two@localhost", &options);
    one.knows("two@localhost", two.listen());
    let mut files = Vec::new();
    hoard(&mut files);
    // As many as one link takes, and not more.
    let to_two = loop {
        files.pop().expect("a link does not take all");
        one.network.connect("two@localhost");
        if let NetworkEvent::Up { seat, .. } = one.event() {
            break seat;
        }
    };
    hoard(&mut files);
    let to_one = loop {
        if let NetworkEvent::Up { seat, .. } = two.event() {
            break seat;
        }
    };
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    exchange(
        (&mut one.threads[0], to_two, alice),
        (&mut two.threads[0], to_one, bob),
        &mut files,
    );
    assert_eq!((links(&one), links(&two)), (1, 1));
    drop(files);
    let deadline = Instant::now() + PATIENCE;
    while links(&one) < 2 || links(&two) < 2 {
        assert!(Instant::now() < deadline, "there is no second link");
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(one.network.next_event(), None);
}
