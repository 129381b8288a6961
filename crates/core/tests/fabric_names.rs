//! Names that one thread gives to a process of another, and takes away.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use support::driver::Pid;
use support::member::{Member, pair};
use tergo_core::Verdict;
use tergo_core::layout::{RESULT_A, RESULT_C, RESULT_D, RESULT_G};

/// Two threads, the second with a process.
fn node() -> (Member, Member, Pid) {
    let (one, mut two) = pair(2);
    let pid = two.driver.spawn();
    two.driver.turn();
    (one, two, pid)
}

fn reserve(from: &mut Member, pid: Pid, name: &str) -> Verdict {
    let scheduler = &mut from.driver.scheduler;
    scheduler.reserve_name(1, pid.slot, pid.generation, name)
}

fn take(member: &mut Member, pid: Pid, name: &str) -> Verdict {
    let scheduler = &mut member.driver.scheduler;
    scheduler.take_name(pid.slot, pid.generation, name)
}

#[test]
fn a_reserved_name_is_found_at_once_and_stands_at_an_address_when_its_thread_has_taken_it() {
    let (mut one, mut two, pid) = node();
    assert_eq!(reserve(&mut one, pid, "name"), Verdict::Ok);
    assert!(one.driver.scheduler.find_name("name"));
    let ring = one.driver.ring.clone();
    assert_eq!(ring.header(RESULT_A), pid.slot | 1 << 24);
    assert_eq!(ring.header(RESULT_C), u32::MAX);
    let serial = ring.header(RESULT_G);
    assert_eq!(take(&mut two, pid, "name"), Verdict::Ok);
    assert!(one.driver.scheduler.find_name("name"));
    assert_ne!(ring.header(RESULT_C), u32::MAX);
    assert_eq!(ring.header(RESULT_G), serial, "it is the same registration");
    assert_eq!(take(&mut two, pid, "name"), Verdict::Taken);
    two.driver.exit(pid, 1);
    two.driver.turn();
    assert!(!one.driver.scheduler.find_name("name"));
}

#[test]
fn a_name_is_one_and_a_process_has_one_whoever_gives_it() {
    let (mut one, mut two, pid) = node();
    let other = two.driver.spawn();
    let own = one.driver.spawn();
    two.driver.turn();
    one.driver.turn();
    assert_eq!(reserve(&mut one, pid, "name"), Verdict::Ok);
    assert_eq!(reserve(&mut one, pid, "second"), Verdict::TargetExist);
    assert_eq!(reserve(&mut one, other, "name"), Verdict::Taken);
    assert_eq!(one.driver.register_name(own, "name"), Err(Verdict::Taken));
    assert_eq!(two.driver.register_name(pid, "third"), Err(Verdict::Taken));
    two.driver
        .register_name(other, "third")
        .expect("it is free");
    assert_eq!(reserve(&mut one, other, "fourth"), Verdict::TargetExist);
}

#[test]
fn a_name_for_who_has_ended_is_refused_or_freed_by_its_thread() {
    let (mut one, mut two, pid) = node();
    assert_eq!(reserve(&mut one, pid, "name"), Verdict::Ok);
    two.driver.exit(pid, 1);
    two.driver.turn();
    assert_eq!(take(&mut two, pid, "name"), Verdict::ProcessUnknown);
    assert!(!one.driver.scheduler.find_name("name"));
    assert_eq!(reserve(&mut one, pid, "name"), Verdict::ProcessUnknown);
    assert!(!one.driver.scheduler.find_name("name"));
}

#[test]
fn a_name_that_was_withdrawn_is_free_for_others_before_its_thread_has_heard_of_it() {
    let (mut one, mut two, pid) = node();
    let own = one.driver.spawn();
    one.driver.turn();
    let former = two.driver.register_name(pid, "name").expect("it is free");
    assert!(one.driver.scheduler.withdraw_name("name"));
    assert_eq!(one.driver.ring.header(RESULT_C), former.index);
    assert_eq!(one.driver.ring.header(RESULT_D), former.generation);
    let shown = one.fabric().address_presence(1, 0).expect("it is shown");
    assert_eq!(shown.get(former.index), 0);
    assert!(!one.driver.scheduler.withdraw_name("name"));
    one.driver.register_name(own, "name").expect("it is free");
    two.driver.release(former, 1);
    two.driver.turn();
    assert!(one.driver.scheduler.find_name("name"), "it is another's");
    assert_eq!(one.driver.ring.header(RESULT_A), own.slot);
    two.driver.register_name(pid, "other").expect("it has none");
}

#[test]
fn what_was_reserved_and_withdrawn_is_not_taken() {
    let (mut one, mut two, pid) = node();
    assert_eq!(reserve(&mut one, pid, "name"), Verdict::Ok);
    assert!(one.driver.scheduler.withdraw_name("name"));
    assert_eq!(take(&mut two, pid, "name"), Verdict::NameUnknown);
    two.driver.register_name(pid, "name").expect("it is free");
}

#[test]
fn who_gives_up_a_name_late_takes_it_from_nobody_who_got_it_meanwhile() {
    let (mut one, mut two, pid) = node();
    let other = two.driver.spawn();
    two.driver.turn();
    let former = two.driver.register_name(pid, "name").expect("it is free");
    assert!(one.driver.scheduler.withdraw_name("name"));
    assert_eq!(reserve(&mut one, other, "name"), Verdict::Ok);
    two.driver.release(former, 1);
    two.driver.turn();
    assert!(one.driver.scheduler.find_name("name"), "it is the other's");
    assert_eq!(take(&mut two, other, "name"), Verdict::Ok);
}

#[test]
fn a_name_that_was_reserved_for_who_has_ended_stays_with_who_got_it_meanwhile() {
    let (mut one, mut two, pid) = node();
    let own = one.driver.spawn();
    one.driver.turn();
    assert_eq!(reserve(&mut one, pid, "name"), Verdict::Ok);
    two.driver.exit(pid, 1);
    two.driver.turn();
    assert!(one.driver.scheduler.withdraw_name("name"));
    one.driver.register_name(own, "name").expect("it is free");
    assert_eq!(take(&mut two, pid, "name"), Verdict::ProcessUnknown);
    assert!(one.driver.scheduler.find_name("name"), "it is another's");
    assert_eq!(one.driver.ring.header(RESULT_A), own.slot);
}

#[test]
fn a_thread_that_ends_leaves_no_reserved_name() {
    let (mut one, two, pid) = node();
    assert_eq!(reserve(&mut one, pid, "name"), Verdict::Ok);
    drop(two);
    assert!(!one.driver.scheduler.find_name("name"));
    assert_eq!(reserve(&mut one, pid, "name"), Verdict::ProcessUnknown);
    assert_eq!(
        one.driver.scheduler.reserve_name(7, 1, 1, "name"),
        Verdict::ProcessUnknown
    );
}
