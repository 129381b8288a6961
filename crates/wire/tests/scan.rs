//! What the look at a value before its decoding lets pass.

#![allow(clippy::expect_used, reason = "these are tests")]

use proptest::prelude::*;
use tergo_wire::{Extensions, ScanWorld, scan};

fn check(value: &[u8]) -> Result<(), &'static str> {
    check_with(value, &[])
}

fn check_with(value: &[u8], blobs: &[Vec<u8>]) -> Result<(), &'static str> {
    let world = ScanWorld {
        shapes: &[2, 0],
        extensions: Extensions::default().with(1).with(200),
        blobs,
    };
    scan(value, world).map_err(|error| error.0)
}

fn nested(depth: usize) -> Vec<u8> {
    let mut value = [12, 1].repeat(depth);
    value.push(0);
    value
}

#[test]
fn every_kind_of_value_passes() {
    let values: &[&[u8]] = &[
        &[0],
        &[1],
        &[2],
        &[3],
        &[4, 255],
        &[5, 1, 2, 3, 4],
        &[6, 0, 0, 0, 0, 0, 0, 0, 0],
        &[7, 8, 2, b'f', b'f'],
        &[8, 0],
        &[9, 1, 0, 0, 0, b'a'],
        &[10, 2, 0, 0, 0, 0xC3, 0xA4],
        &[11, 2, 0, 0, 0, b'a', 0],
        &[12, 0],
        &[12, 2, 0, 1],
        &[13, 1, 0, 0, 1],
        &[13, 2, 0],
        &[14, 1, 8, 1, b'k', 0],
        &[15, 1, 0, 1],
        &[16, 1, 0],
        &[17, 0, 0, 0, 0, 0, 0, 0, 0],
        &[18, 8, 1, b'a', 8, 1, b'g'],
        &[19, 0, 8, 1, b'E', 8, 1, b'm', 0, 1, 0, 14, 0],
        &[20, 9, 4, 1, 2, 3, 4],
        &[20, 14, 4, 1, 2, 3, 4],
        &[22, 1, 0],
        &[22, 200, 0],
        &[23, 8, 1, b'u'],
    ];
    for value in values {
        assert_eq!(check(value), Ok(()), "{value:?}");
        for end in 0..value.len() {
            assert!(check(&value[..end]).is_err(), "{value:?} up to {end}");
        }
        let longer = [*value, &[0]].concat();
        assert!(check(&longer).is_err(), "{value:?} and one more byte");
    }
}

#[test]
fn a_value_is_nested_at_most_1000_times() {
    assert_eq!(check(&nested(1000)), Ok(()));
    assert!(check(&nested(1001)).is_err());
    // A million, as a stack overflow would need.
    assert!(check(&nested(1_000_000)).is_err());
}

#[test]
fn what_a_value_refers_to_exists() {
    for value in [&[13, 0, 0][..], &[13, 3, 0], &[13, 0, 1], &[22, 2, 0]] {
        assert!(check(value).is_err(), "{value:?}");
    }
    let blobs = [vec![0; 8], vec![0; 8]];
    let first = [21, 1, 0, 0, 0, 0];
    let second = [21, 8, 1, 0, 0, 0];
    let both = [&[12, 2][..], &first, &second].concat();
    assert_eq!(check_with(&both, &blobs), Ok(()));
    let twice = [&[12, 2][..], &first, &first].concat();
    assert!(check_with(&twice, &blobs).is_err());
    assert!(
        check_with(&first, &blobs).is_err(),
        "the second belongs to no value"
    );
    assert!(check_with(&first, &[]).is_err());
    assert!(check_with(&[21, 9, 0, 0, 0, 0], &[vec![0; 6]]).is_err());
}

#[test]
fn lengths_and_kinds_are_those_of_their_bytes() {
    let values: &[&[u8]] = &[
        &[12, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        &[12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        &[14, 0xFF, 0xFF, 0xFF, 0x0F, 0],
        &[15, 0xFF, 0x7F, 0],
        &[9, 0xFF, 0xFF, 0xFF, 0xFF],
        &[20, 15, 0],
        &[20, 9, 3, 1, 2, 3],
        &[20, 14, 1, 1],
        &[14, 1, 0, 0],
        &[14, 1, 12, 0, 0],
        &[19, 0, 8, 1, b'E', 8, 1, b'm', 0, 2, 14, 0],
        &[19, 0, 8, 1, b'E', 8, 1, b'm', 0, 0, 12, 0],
        &[24],
        &[255],
        &[],
    ];
    for value in values {
        assert!(check(value).is_err(), "{value:?}");
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(value in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = check(&value);
    }

    #[test]
    fn tags_never_panic(value in proptest::collection::vec(0_u8..26, 0..300)) {
        let _ = check_with(&value, &[vec![0; 8]]);
    }
}
