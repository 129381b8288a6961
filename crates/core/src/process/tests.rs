use super::budget::Budget;
use super::{Process, ProcessDetail, ProcessTable, RunQueue};
use crate::layout::GRANT_MAX;

fn granted(count: usize) -> (ProcessTable, Vec<(u32, u32)>) {
    let mut table = ProcessTable::new(0);
    let grants = std::iter::from_fn(|| table.grant()).take(count).collect();
    (table, grants)
}

fn drain(queue: &mut RunQueue, table: &mut ProcessTable) -> Vec<u32> {
    let mut order = Vec::new();
    while let Some(slot) = queue.first() {
        queue.remove(table, slot);
        order.push(slot);
    }
    order
}

#[test]
fn a_process_takes_96_bytes() {
    assert_eq!(size_of::<Process>(), 64);
    assert_eq!(size_of::<ProcessDetail>(), 32);
}

#[test]
fn generations_begin_above_the_floor() {
    let mut table = ProcessTable::new(7);
    assert_eq!(table.grant(), Some((0, 8)));
}

#[test]
fn a_slot_is_granted_again_only_after_quarantine_and_in_the_next_generation() {
    let (mut table, grants) = granted(1);
    let (slot, generation) = grants[0];
    assert!(table.spawn(slot, generation, true));
    table.vacate(slot);
    let others: Vec<_> = (0..GRANT_MAX).filter_map(|_| table.grant()).collect();
    assert!(others.iter().all(|&(other, _)| other != slot));
    table.end_quarantine();
    assert_eq!(table.grant(), Some((slot, generation + 1)));
}

#[test]
fn a_slot_that_has_used_up_its_generations_is_never_granted_again() {
    let (mut table, grants) = granted(1);
    let slot = grants[0].0;
    table.get_mut(slot).generation = u32::MAX;
    assert!(table.spawn(slot, u32::MAX, true));
    table.vacate(slot);
    table.end_quarantine();
    assert!((0..2 * GRANT_MAX).all(|_| table.grant().is_some_and(|grant| grant.0 != slot)));
}

#[test]
fn only_what_is_granted_can_be_spawned_and_only_once() {
    let (mut table, grants) = granted(1);
    let (slot, generation) = grants[0];
    assert!(!table.spawn(slot, generation + 1, true));
    assert!(!table.spawn(slot + 1, 0, true), "known, but not granted");
    assert!(!table.spawn(1 << 23, 1, true));
    assert!(table.spawn(slot, generation, true));
    assert!(!table.spawn(slot, generation, true));
}

#[test]
fn the_run_queue_keeps_its_order_whoever_leaves() {
    let (mut table, _) = granted(5);
    let mut queue = RunQueue::new();
    (0..4).for_each(|slot| queue.push_back(&mut table, slot));
    queue.push_front(&mut table, 4);
    queue.remove(&mut table, 1);
    queue.remove(&mut table, 1);
    assert_eq!(queue.len(), 4);
    assert_eq!(drain(&mut queue, &mut table), [4, 0, 2, 3]);
    assert!(queue.is_empty());
}

#[test]
fn a_budget_doubles_with_each_slice_that_is_read_whole() {
    let mut budget = Budget::FIRST;
    let budgets = [(); 6].map(|()| {
        budget.renew();
        budget.messages()
    });
    assert_eq!(budgets, [64, 128, 256, 512, 1024, 1024]);
}

#[test]
fn a_budget_falls_to_one_when_a_callback_is_suspended_and_the_rest_comes_back() {
    for is_returned_first in [true, false] {
        let mut budget = Budget::FIRST;
        budget.renew();
        if is_returned_first {
            budget.returned();
            budget.suspended();
        } else {
            budget.suspended();
            budget.returned();
        }
        budget.renew();
        assert_eq!(budget.messages(), 1);
    }
}

#[test]
fn a_budget_does_not_grow_by_a_slice_that_was_suspended_at_its_end() {
    let mut budget = Budget::FIRST;
    budget.renew();
    budget.suspended();
    budget.renew();
    assert_eq!(budget.messages(), 64);
    budget.renew();
    assert_eq!(budget.messages(), 128);
}

#[test]
fn a_budget_stays_when_a_rest_comes_back_for_another_reason() {
    let mut budget = Budget::FIRST;
    budget.renew();
    budget.returned();
    budget.renew();
    assert_eq!(budget.messages(), 64);
}
