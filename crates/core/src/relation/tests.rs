use super::{List, Relation, RelationTable, Target, TargetKind};
use crate::NIL;

fn relation(consumer: u32, index: u32, is_monitor: bool) -> Relation {
    Relation {
        consumer,
        target: Target {
            index,
            kind: TargetKind::Event,
        },
        is_monitor,
        is_silent: false,
        token: consumer,
    }
}

fn consumers(table: &RelationTable, head: u32) -> Vec<u32> {
    let relations = table.iter(List::Target, head);
    relations.map(|relation| relation.consumer).collect()
}

#[test]
fn a_relation_exists_once_but_a_link_is_not_a_monitor() {
    let mut table = RelationTable::new();
    assert!(table.add(relation(1, 7, false)).is_some());
    assert!(table.add(relation(1, 7, false)).is_none());
    assert!(table.add(relation(1, 7, true)).is_some());
    assert_eq!((table.links(), table.monitors()), (1, 1));
}

#[test]
fn targets_of_different_kinds_are_different_though_their_index_is_the_same() {
    let kinds = [
        TargetKind::Pid,
        TargetKind::Name,
        TargetKind::Alias,
        TargetKind::Event,
        TargetKind::Node,
    ];
    let mut table = RelationTable::new();
    for kind in kinds {
        let target = Target { index: 3, kind };
        let one = Relation {
            target,
            ..relation(1, 3, false)
        };
        assert!(table.add(one).is_some());
        assert!(table.find(&one).is_some());
        assert!(table.find(&Relation { consumer: 2, ..one }).is_none());
        let is_silent = true;
        assert!(table.find(&Relation { is_silent, ..one }).is_none());
    }
}

#[test]
fn a_list_keeps_its_order_whoever_leaves() {
    let mut table = RelationTable::new();
    let mut head = NIL;
    let indexes: Vec<u32> = (0..5)
        .map(|consumer| {
            let index = table.add(relation(consumer, 7, false)).unwrap();
            head = table.append(List::Target, head, index);
            index
        })
        .collect();
    for (gone, left) in [(0, vec![1, 2, 3, 4]), (4, vec![1, 2, 3]), (2, vec![1, 3])] {
        head = table.unlink(List::Target, head, indexes[gone]);
        table.free(indexes[gone]);
        assert_eq!(consumers(&table, head), left);
    }
    let again = table.add(relation(9, 7, false)).unwrap();
    assert!(indexes.contains(&again), "a freed entry is used again");
    head = table.append(List::Target, head, again);
    assert_eq!(consumers(&table, head), [1, 3, 9]);
}
