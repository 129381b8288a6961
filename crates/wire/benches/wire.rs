//! What a message costs on its way through the wire: `cargo bench -p tergo-wire`.

#![allow(missing_docs, reason = "criterion's macros make items without")]
#![allow(clippy::expect_used, reason = "this is a benchmark")]
#![allow(clippy::cast_precision_loss, reason = "the figures are rounded")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use support::{Got, OwnTarget, VALUE, bytes, default_pair, number, receive};
use tergo_wire::{
    Algorithm, Compression, Delivery, Extensions, Features, ItemReader, ItemWriter, Packer,
    ScanWorld, scan,
};

const ITEMS: i32 = 1000;

/// An object `{ type, id, name }` with a shape.
fn object(sender: u64) -> Got {
    let mut payload = vec![13, 1, 0, 8, 4];
    payload.extend_from_slice(b"item");
    payload.extend_from_slice(&[5, 1, 2, 3, 0, 8, 12]);
    payload.extend_from_slice(b"name of item");
    Got {
        head: [12, 2, 0, VALUE],
        payload,
        ..number(sender, 0)
    }
}

/// Each item has another target and another sender than the one before.
fn alternating() -> Vec<Got> {
    let items = (0..ITEMS).map(|at| Got {
        target: OwnTarget::Process(0, 1000 + at.unsigned_abs() % 14, 1),
        ..number(2000 + u64::from(at.unsigned_abs()) % 14, at % 64)
    });
    items.collect()
}

fn cases() -> [(&'static str, Vec<Got>); 4] {
    let numbers = (0..ITEMS).map(|at| number(5, at % 64));
    [
        ("int", numbers.collect()),
        ("int, alternating", alternating()),
        ("object", vec![object(5); 1000]),
        ("1 KiB", vec![bytes(5, 1024, 7); 1000]),
    ]
}

fn items(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("item");
    group.throughput(Throughput::Elements(1000));
    for (name, items) in cases() {
        let items: Vec<_> = items.iter().map(Got::item).collect();
        let mut out = Vec::with_capacity(2 << 20);
        group.bench_function(format!("encode, {name}"), |bencher| {
            bencher.iter(|| {
                out.clear();
                let mut writer = ItemWriter::default();
                for item in &items {
                    writer.write(&mut out, black_box(item));
                }
                black_box(out.len())
            });
        });
        println!(
            "{name}: {} bytes an item",
            out.len() as f64 / f64::from(ITEMS)
        );
        group.bench_function(format!("decode, {name}"), |bencher| {
            bencher.iter(|| {
                let mut reader = ItemReader::default();
                while !reader.is_at_end(&out) {
                    black_box(reader.read(black_box(&out)).expect("it is an item"));
                }
            });
        });
    }
}

/// From `send` here to the item there: batches, credits, the look at each value.
fn link(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("link");
    group.throughput(Throughput::Elements(1000));
    for (name, items) in cases() {
        let items: Vec<_> = items.iter().map(Got::item).collect();
        let mut pair = default_pair();
        pair.one.announce(r#"["type","id","name"]"#);
        group.bench_function(format!("there, {name}"), |bencher| {
            bencher.iter(|| {
                let mut left = &items[..];
                while !left.is_empty() {
                    while let Some(item) = left.first() {
                        let sent = pair.one.send(item, Delivery::default(), &mut Vec::new());
                        if sent.is_err() {
                            break;
                        }
                        left = &left[1..];
                    }
                    flow(&mut pair);
                }
            });
        });
    }
}

fn flow(pair: &mut support::Pair) {
    let now = pair.now;
    while support::transfer(&mut *pair.one, &mut *pair.other, 0, usize::MAX, now) > 0 {
        let mut released = 0;
        while let Some(tergo_wire::Incoming::Item { cost, item, .. }) =
            pair.other.next(0, now).expect("all is right")
        {
            black_box(item);
            released += cost;
        }
        pair.other.release(released);
        support::transfer(&mut *pair.other, &mut *pair.one, 0, usize::MAX, now);
        receive(&mut *pair.one, 0, now, true).expect("all is right");
    }
}

fn values(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan");
    for (name, got) in [("object", object(5)), ("1 KiB", bytes(5, 1024, 7))] {
        let world = ScanWorld {
            shapes: &[3],
            extensions: Extensions::default(),
            blobs: &[],
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| scan(black_box(&got.payload), world).expect("it is a value"));
        });
    }
}

fn compression(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compression, 32 KiB of objects");
    let mut raw = Vec::new();
    let mut writer = ItemWriter::default();
    let mut at = 0_u32;
    while raw.len() < 32 << 10 {
        let mut got = object(5);
        at += 1;
        got.payload[10..14].copy_from_slice(&at.wrapping_mul(0x9E37_79B9).to_le_bytes());
        writer.write(&mut raw, &got.item());
    }
    group.throughput(Throughput::Bytes(raw.len() as u64));
    for (name, algorithm, level) in [
        ("lz4", Algorithm::Lz4, 1),
        ("zstd 1", Algorithm::Zstd, 1),
        ("zstd 3", Algorithm::Zstd, 3),
        ("gzip 1", Algorithm::Gzip, 1),
        ("gzip 6", Algorithm::Gzip, 6),
    ] {
        let compression = Compression {
            algorithm,
            level,
            threshold: 0,
        };
        let (mut press, mut packed) = (Packer::default(), Vec::new());
        group.bench_function(format!("pack, {name}"), |bencher| {
            bencher.iter(|| {
                packed.clear();
                assert!(press.pack(compression, black_box(&raw), &mut packed));
            });
        });
        println!(
            "{name}: {:.1} times smaller",
            raw.len() as f64 / packed.len() as f64
        );
        let mut unpacked = Vec::new();
        group.bench_function(format!("unpack, {name}"), |bencher| {
            bencher.iter(|| {
                press
                    .unpack(black_box(&packed), Features::ALL, &mut unpacked)
                    .expect("it is what was packed");
            });
        });
    }
}

criterion_group!(benches, items, link, values, compression);
criterion_main!(benches);
