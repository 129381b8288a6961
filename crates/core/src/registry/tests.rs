use super::Registry;
use crate::NIL;
use crate::relation::TargetKind;

#[test]
fn names_and_events_are_separate() {
    let mut registry = Registry::default();
    registry.add_name(0, "same");
    assert!(!registry.has_event("same"));
    registry.add_event(0, "same", false);
    assert!(registry.has_name("same") && registry.has_event("same"));
}

#[test]
fn a_freed_address_comes_again_in_the_next_generation() {
    let mut registry = Registry::default();
    let index = registry.add_name(0, "a");
    let generation = registry.get(index).generation;
    registry.remove(index);
    assert!(!registry.has_name("a"));
    assert_eq!(registry.add_alias(0), index);
    assert_eq!(registry.live_kind(index, generation), None);
    assert_eq!(
        registry.live_kind(index, generation + 1),
        Some(TargetKind::Alias)
    );
}

#[test]
fn an_index_that_has_used_up_its_generations_is_never_used_again() {
    let mut registry = Registry::default();
    let index = registry.add_alias(0);
    registry.get_mut(index).generation = u32::MAX;
    registry.remove(index);
    assert_ne!(registry.add_alias(0), index);
}

#[test]
fn an_index_is_used_again_also_above_the_generations_that_a_thread_before_has_had() {
    for floor in [0, u32::MAX >> 6, u32::MAX - 2] {
        let mut registry = Registry::new(floor);
        let index = registry.add_alias(0);
        assert!(registry.get(index).generation > floor);
        registry.remove(index);
        assert_eq!(registry.add_alias(0), index, "above {floor}");
    }
    let mut registry = Registry::new(u32::MAX);
    assert_ne!(registry.add_alias(0), registry.add_alias(0));
}

#[test]
fn a_node_has_one_address() {
    let mut registry = Registry::default();
    let index = registry.node("other");
    assert_eq!(registry.node("other"), index);
    assert_ne!(registry.node("third"), index);
}

#[test]
fn an_owner_finds_what_is_left_of_its_addresses() {
    let mut registry = Registry::default();
    let mut head = NIL;
    let all = [0; 4].map(|owner| {
        let index = registry.add_alias(owner);
        head = registry.link_owned(head, index);
        index
    });
    for gone in [all[0], all[2], all[3]] {
        head = registry.unlink_owned(head, gone);
        registry.remove(gone);
    }
    assert_eq!(head, all[1]);
    assert_eq!(registry.owned(head).count(), 1);
    assert_eq!(registry.aliases(), 1);
}
