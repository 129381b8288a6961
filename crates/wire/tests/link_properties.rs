//! What holds of a link whatever is sent over it.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use proptest::prelude::*;
use support::{
    Got, OwnTarget, START, blobs, by_sender, bytes, default_pair, number, packed, receive,
};
use tergo_wire::{Algorithm, Delivery, Sender};

fn any_target() -> impl Strategy<Value = OwnTarget> {
    prop_oneof![
        (any::<u8>(), 0..1_u32 << 24, any::<u32>())
            .prop_map(|(thread, slot, generation)| OwnTarget::Process(thread, slot, generation)),
        (0..3_u8, 0..3_u32, 1..3_u32)
            .prop_map(|(thread, slot, generation)| OwnTarget::Process(thread, slot, generation)),
        "[a-zé]{1,20}".prop_map(OwnTarget::Name),
        (any::<u8>(), any::<u32>(), any::<u32>())
            .prop_map(|(thread, first, second)| OwnTarget::Control(thread, first, second)),
    ]
}

fn any_sender() -> impl Strategy<Value = Sender> {
    let few = (0..2_u8, 0..3_u32, Just(1_u32), 0..3_u64);
    let all = (any::<u8>(), 0..1_u32 << 24, any::<u32>(), any::<u64>());
    prop_oneof![few, all].prop_map(|(thread, slot, generation, id)| Sender {
        thread,
        slot,
        generation,
        id,
    })
}

fn any_item() -> impl Strategy<Value = Got> {
    let body = prop_oneof![
        8 => any::<i32>().prop_map(|integer| number(0, integer)),
        8 => (0..300_usize, any::<u8>()).prop_map(|(length, fill)| bytes(0, length, fill)),
        1 => (30_000..200_000_usize, any::<u8>()).prop_map(|(length, fill)| bytes(0, length, fill)),
        1 => proptest::collection::vec(0..60_000_usize, 1..4).prop_map(|all| blobs(0, &all)),
    ];
    (any_target(), any_sender(), 0..4_u8, 11..16_u8, body).prop_map(
        |(target, sender, queue, kind, body)| Got {
            target,
            sender,
            head: [kind, queue, body.head[2], body.head[3]],
            ..body
        },
    )
}

/// An item, and the same with other values.
fn with_values(item: &Got, values: &[u8]) -> Vec<Got> {
    let others = values.iter().map(|value| match item.blobs.len() {
        0 if item.payload.is_empty() => Got {
            integer: i32::from(*value) << (value % 24),
            ..item.clone()
        },
        0 => Got {
            payload: bytes(0, usize::from(*value), *value).payload,
            ..item.clone()
        },
        _ => item.clone(),
    });
    std::iter::once(item.clone()).chain(others).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_sequence_of_items_arrives_in_the_order_of_each_sender(
        items in proptest::collection::vec(any_item(), 0..60),
        algorithm in proptest::option::of(prop_oneof![
            Just(Algorithm::Lz4), Just(Algorithm::Zstd), Just(Algorithm::Gzip)
        ]),
        most in prop_oneof![Just(1 << 20), 1_usize..5, 1000_usize..40_000],
    ) {
        // One byte at a time takes its time.
        let total: usize = items.iter().map(|item| item.payload.len() + item.blobs.iter().map(Vec::len).sum::<usize>()).sum();
        let most = if most < 5 && total > 50_000 { most * 1000 } else { most };
        let delivery = algorithm.map(packed).unwrap_or_default();
        let mut pair = default_pair();
        let got = pair.exchange(&items, delivery, most);
        prop_assert_eq!(got.len(), items.len());
        prop_assert_eq!(by_sender(&got), by_sender(&items));
        let counters = pair.one.counters();
        prop_assert_eq!(counters.total.items_out, items.len() as u64);
        prop_assert_eq!(pair.other.counters().total.items_in, items.len() as u64);
        prop_assert_eq!(pair.other.counters().owed, 0);
    }

    #[test]
    fn items_that_differ_in_their_value_only_arrive_as_if_each_had_been_sent_as_a_whole(
        runs in proptest::collection::vec((any_item(), proptest::collection::vec(any::<u8>(), 0..12)), 0..12),
        most in prop_oneof![Just(1 << 20), 1000_usize..40_000],
    ) {
        let items: Vec<_> = runs.iter().flat_map(|(item, values)| with_values(item, values)).collect();
        let (got, alike) = default_pair().exchange_alike(&items, most);
        prop_assert_eq!(got.len(), items.len());
        prop_assert_eq!(by_sender(&got), by_sender(&items));
        // What waits behind a large one is sent as a whole.
        let is_small = |item: &Got| item.payload.len() < 30_000 && item.blobs.is_empty();
        let has_runs = runs.iter().any(|(_, values)| !values.is_empty());
        prop_assert!(alike > 0 || !has_runs || !items.iter().all(is_small));
    }

    #[test]
    fn items_that_differ_in_their_value_only_come_as_if_each_were_taken_as_a_whole(
        runs in proptest::collection::vec((any_item(), proptest::collection::vec(any::<u8>(), 0..12)), 0..12),
        is_packed in any::<bool>(),
        most_bytes in prop_oneof![Just(1 << 20), 1000_usize..40_000],
        most_alike in prop_oneof![Just(usize::MAX), 0_usize..5],
    ) {
        let items: Vec<_> = runs.iter().flat_map(|(item, values)| with_values(item, values)).collect();
        let delivery = if is_packed { packed(Algorithm::Lz4) } else { Delivery::default() };
        let mut pair = default_pair();
        pair.alike.most = most_alike;
        let got = pair.exchange(&items, delivery, most_bytes);
        prop_assert_eq!(by_sender(&got), by_sender(&items));
        prop_assert_eq!(pair.other.counters().total.items_in, items.len() as u64);
        prop_assert_eq!(pair.other.counters().owed, 0);
        // Those of a run are in one batch, but for what ends one.
        let is_short = |item: &Got| item.blobs.is_empty() && item.payload.len() < 100;
        let has_run = runs.iter().any(|(item, values)| {
            matches!(item.target, OwnTarget::Process(..)) && !values.is_empty() && values.iter().all(|value| *value < 90)
        });
        prop_assert!(!has_run || most_alike == 0 || pair.alike.taken > 0 || !items.iter().all(is_short));
    }

    #[test]
    fn garbage_ends_the_link_and_nothing_else(
        garbage in proptest::collection::vec(any::<u8>(), 1..2000),
        most in 1_usize..500,
    ) {
        let mut pair = default_pair();
        let mut rest = &garbage[..];
        while !rest.is_empty() {
            let space = pair.other.space(0);
            let count = rest.len().min(most).min(space.len());
            space[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            pair.other.filled(0, count, START);
            if receive(&mut *pair.other, 0, START, true).is_err() {
                break;
            }
        }
    }

    #[test]
    fn one_wrong_byte_never_panics(
        items in proptest::collection::vec(any_item(), 1..20),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        is_packed in any::<bool>(),
    ) {
        let mut pair = default_pair();
        let delivery = if is_packed { packed(Algorithm::Lz4) } else { Delivery::default() };
        for item in &items {
            let _ = pair.one.send(&item.item(), delivery, &mut item.blobs.clone());
        }
        let mut stream = Vec::new();
        loop {
            let bytes = pair.one.output(0, START);
            if bytes.is_empty() { break; }
            stream.extend_from_slice(bytes);
            let count = bytes.len();
            pair.one.written(0, count, START);
        }
        let at = place.index(stream.len());
        stream[at] ^= 1 << bit;
        for piece in stream.chunks(60_000) {
            let space = pair.other.space(0);
            space[..piece.len()].copy_from_slice(piece);
            pair.other.filled(0, piece.len(), START);
            if receive(&mut *pair.other, 0, START, true).is_err() {
                break;
            }
        }
    }
}
