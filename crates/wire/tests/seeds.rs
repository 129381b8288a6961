//! Writes the first files of the corpora: `cargo test -p tergo-wire --test seeds -- --ignored`.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use std::fs;
use std::path::Path;

use support::{Got, VALUE, blobs, bytes, default_pair, number, number_request, shake};
use tergo_wire::registrar::{Announcement, Message};
use tergo_wire::{
    Admission, Algorithm, Compression, CookieAcceptor, CookieDialer, Delivery, Handshake, Packer,
    Purpose,
};

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    fs::create_dir_all(&folder).expect("the folder can be made");
    fs::write(folder.join(name), bytes).expect("the file can be written");
}

fn stream(items: &[Got], delivery: Delivery) -> Vec<u8> {
    let mut pair = default_pair();
    pair.one.announce(r#"["type","id"]"#);
    let mut stream = vec![255];
    for item in items {
        let mut blobs = item.blobs.clone();
        pair.one
            .send(&item.item(), delivery, &mut blobs)
            .expect("there is room");
    }
    loop {
        let bytes = pair.one.output(0, pair.now).to_vec();
        if bytes.is_empty() {
            return stream;
        }
        stream.extend_from_slice(&bytes);
        pair.one.written(0, bytes.len(), pair.now);
    }
}

#[test]
#[ignore = "writes files; run by hand when the format changes"]
fn the_first_files_of_the_corpora() {
    let shaped = Got {
        head: [12, 2, 0, VALUE],
        payload: vec![13, 1, 0, 4, 1, 4, 2],
        ..number(1, 0)
    };
    let named = Got {
        target: support::OwnTarget::Name("worker".into()),
        ..bytes(2, 10, 1)
    };
    let control = Got {
        target: support::OwnTarget::Control(0, 1, 300),
        head: [0, 0, 0, 0],
        ..number(3, -7)
    };
    let request = number_request(1, [1, 5000, 7]);
    let small = [number(1, 1), number(1, 2), shaped, named, control, request];
    write("link", "small", &stream(&small, Delivery::default()));
    write(
        "link",
        "fragments",
        &stream(
            &[bytes(1, 40_000, 1), blobs(2, &[10, 0])],
            Delivery::default(),
        ),
    );
    for algorithm in [Algorithm::Lz4, Algorithm::Zstd, Algorithm::Gzip] {
        let compression = Compression {
            algorithm,
            level: 1,
            threshold: 0,
        };
        let delivery = Delivery {
            compression: Some(compression),
            is_unordered: false,
        };
        let name = format!("{algorithm:?}").to_lowercase();
        write(
            "link",
            &name,
            &stream(&[bytes(1, 2000, 1), bytes(1, 40_000, 2)], delivery),
        );
        let mut packed = Vec::new();
        assert!(Packer::default().pack(compression, &[7; 1000], &mut packed));
        write("packer", &name, &packed);
    }
    write(
        "link",
        "control frames",
        &[
            255, 2, 0, 0, 4, 0, 0, 1, 0, 0, 5, 9, 1, 0, 0, 6, 9, 1, 0, 0, 8, 0, 1, 0, 0, 0x81, 1,
            2, 0, 0, 9, 1, 0,
        ],
    );
    seeds_of_handshakes();
    seeds_of_members();
    seeds_of_values();
    seeds_of_registrars();
}

fn seeds_of_registrars() {
    let mut message = vec![255];
    Message::Register(Announcement::hidden("a@host"))
        .encode(&mut message)
        .expect("it can be written");
    write("registrar", "register", &message);
}

fn seeds_of_handshakes() {
    let own = support::identity("a@host", 1);
    let settings = support::dial_settings(own, "b@host", Purpose::First, 1);
    let mut one = CookieDialer::new(settings);
    let hello = one.output().to_vec();
    let other = support::accept_settings(support::identity("b@host", 1), 2);
    let mut other = CookieAcceptor::new(other);
    let admission = Admission {
        serial: 1,
        place: 0,
    };
    shake(&mut one, &mut other, admission);
    write("handshake", "hello", &[&[0xFC], &hello[..]].concat());
    write("handshake", "refusal", &[0xFD, 5, 1, 0, 1]);
    write(
        "handshake",
        "challenge",
        &[&[0xFD, 2, 34, 0, 1, 0][..], &[7; 32]].concat(),
    );
    write(
        "handshake",
        "proof",
        &[&[0xFD, 3, 40, 0, 0][..], &[7; 39]].concat(),
    );
    write(
        "handshake",
        "accept",
        &[&[0xFF, 4, 40, 0, 0][..], &[7; 39]].concat(),
    );
}

/// What the two ends say of themselves; their proofs are made anew.
fn seeds_of_members() {
    let settings =
        support::dial_settings(support::identity("a@host", 1), "b@host", Purpose::First, 1);
    let mut one = CookieDialer::new(settings);
    let other = support::accept_settings(support::identity("b@host", 1), 2);
    let mut other = CookieAcceptor::new(other);
    support::carry(&mut one, &mut other);
    support::carry(&mut other, &mut one);
    one.prove(1);
    let proof = one.output().to_vec();
    support::carry(&mut one, &mut other);
    other.admit(Admission {
        serial: 1,
        place: 0,
    });
    for (name, end, message) in [("proof", 0, &proof[..]), ("accept", 1, other.output())] {
        let said = &message[3..message.len() - 32];
        write("member", name, &[&[end], said].concat());
    }
}

fn seeds_of_values() {
    let error = [
        19, 0, 8, 1, b'E', 8, 1, b'm', 0, 1, 0, 14, 1, 8, 4, b'c', b'o', b'd', b'e', 8, 1, b'x',
    ];
    write("scan", "error", &error);
    write(
        "scan",
        "shaped",
        &[12, 2, 13, 3, 0, 4, 1, 5, 1, 2, 3, 4, 13, 1, 0],
    );
    write(
        "scan",
        "object",
        &[14, 1, 8, 1, b'k', 15, 1, 0, 16, 2, 1, 2],
    );
    write("scan", "bytes", &[12, 2, 20, 9, 4, 1, 2, 3, 4, 20, 1, 0]);
    write(
        "scan",
        "texts",
        &[
            12, 3, 9, 1, 0, 0, 0, b'a', 7, 8, 1, b'f', 18, 8, 1, b'a', 8, 0,
        ],
    );
    write("scan", "extension", &[22, 1, 12, 4, 4, 1, 4, 2, 4, 3, 4, 4]);
}
