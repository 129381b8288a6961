//! TLS between nodes: who is believed, who is refused, and what a reload changes.

#![allow(clippy::expect_used, reason = "these are tests")]

mod authority;
mod piped;

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use authority::{Authority, Leaf, options};
use piped::{Link, Pipe, is_blocked, tls};
use tergo_net::Channel;
use tergo_net::tls::{ClientAuth, Pem, Tls, TlsError, TlsOptions, TlsPart};

#[test]
fn what_one_side_writes_the_other_reads_however_small_the_socket() {
    let ca = Authority::new();
    let server = tls(Some(&ca.leaf("node.example")), Some(&ca), ClientAuth::None);
    let client = tls(None, Some(&ca), ClientAuth::None);
    let mut link = Link::new(&client, &server, "node.example");
    let (client_done, server_done) = link.handshake();
    client_done.expect("the server is good");
    server_done.expect("the client is good");
    let bytes: Vec<u8> = (0..600_000u32)
        .map(|number| number.to_le_bytes()[0])
        .collect();
    assert!(link.transfer(&bytes) == bytes);
    link.client.close();
    link.client
        .flush(&mut link.client_end)
        .expect("there is room");
    let end = link.server.read(&mut link.server_end, &mut [0; 10]);
    assert_eq!(end.expect("the end was said"), 0);
}

#[test]
fn who_is_dialled_must_be_who_it_should_be() {
    let (ca, other) = (Authority::new(), Authority::new());
    let good = ca.leaf("node.example");
    let cases = [
        ("good", good.clone(), &ca, "node.example", true),
        (
            "wrong CA",
            other.leaf("node.example"),
            &ca,
            "node.example",
            false,
        ),
        (
            "expired",
            ca.leaf_until("node.example", 2001),
            &ca,
            "node.example",
            false,
        ),
        ("wrong name", good.clone(), &ca, "other.example", false),
        (
            "address in place of the name",
            good,
            &ca,
            "127.0.0.1",
            false,
        ),
        ("address", ca.leaf("127.0.0.1"), &ca, "127.0.0.1", true),
        ("address in brackets", ca.leaf("::1"), &ca, "[::1]", true),
    ];
    for (what, leaf, trusted, host, is_good) in cases {
        let server = tls(Some(&leaf), None, ClientAuth::None);
        let client = tls(None, Some(trusted), ClientAuth::None);
        assert_eq!(
            Link::new(&client, &server, host).succeeds(),
            is_good,
            "{what}"
        );
    }
}

#[test]
fn who_dials_must_show_what_the_server_asks_for() {
    let (ca, other) = (Authority::new(), Authority::new());
    let own = ca.leaf("node.example");
    let good = ca.leaf("client.example");
    let expired = ca.leaf_until("client.example", 2001);
    let foreign = other.leaf("client.example");
    let cases = [
        (ClientAuth::Required, Some(&good), true),
        (ClientAuth::Required, None, false),
        (ClientAuth::Required, Some(&foreign), false),
        (ClientAuth::Required, Some(&expired), false),
        (ClientAuth::Optional, Some(&good), true),
        (ClientAuth::Optional, None, true),
        (ClientAuth::Optional, Some(&foreign), false),
        (ClientAuth::None, Some(&foreign), true),
    ];
    for (client_auth, leaf, is_good) in cases {
        let server = tls(Some(&own), Some(&ca), client_auth);
        let client = tls(leaf, Some(&ca), ClientAuth::None);
        let link = Link::new(&client, &server, "node.example");
        assert_eq!(
            link.succeeds(),
            is_good,
            "{client_auth:?}, {}",
            leaf.is_some()
        );
    }
}

#[test]
fn a_refused_side_is_told_so() {
    let (ca, other) = (Authority::new(), Authority::new());
    let server = tls(
        Some(&ca.leaf("node.example")),
        Some(&ca),
        ClientAuth::Required,
    );
    let client = tls(Some(&other.leaf("x.example")), Some(&ca), ClientAuth::None);
    let (client_end, server_end) = Link::new(&client, &server, "node.example").handshake();
    for end in [client_end, server_end] {
        assert_eq!(
            end.expect_err("it is refused").kind(),
            ErrorKind::InvalidData
        );
    }
}

#[test]
fn both_ends_of_a_link_and_nobody_else_have_its_binding() {
    let ca = Authority::new();
    let server = tls(Some(&ca.leaf("node.example")), None, ClientAuth::None);
    let client = tls(None, Some(&ca), ClientAuth::None);
    let mut links = [(); 2].map(|()| Link::new(&client, &server, "node.example"));
    assert_eq!(
        links[0].client.binding(),
        None,
        "there is none before the handshake"
    );
    let bindings = links.each_mut().map(|link| {
        let (client, server) = link.handshake();
        client.and(server).expect("a good link");
        assert_eq!(link.client.binding(), link.server.binding());
        link.client.binding().expect("the handshake is over")
    });
    assert_ne!(bindings[0], bindings[1]);
}

#[test]
fn a_reload_holds_for_new_links_and_the_others_go_on() {
    let (ca, next_ca) = (Authority::new(), Authority::new());
    let server = tls(Some(&ca.leaf("node.example")), None, ClientAuth::None);
    let client = tls(None, Some(&ca), ClientAuth::None);
    let next_client = tls(None, Some(&next_ca), ClientAuth::None);
    let mut link = Link::new(&client, &server, "node.example");
    let (one, other) = link.handshake();
    one.and(other).expect("a good link");
    let mut begun = Link::new(&client, &server, "node.example");
    assert!(is_blocked(&begun.client.handshake(&mut begun.client_end)));

    let next = options(Some(&next_ca.leaf("node.example")), None, ClientAuth::None);
    server.replace(next).expect("good options");
    assert!(link.transfer(b"as before") == b"as before");
    assert!(begun.succeeds(), "one that had begun ends as it began");
    assert!(!Link::new(&client, &server, "node.example").succeeds());
    assert!(Link::new(&next_client, &server, "node.example").succeeds());
}

#[test]
fn reloads_under_load_disturb_no_link() {
    let ca = Authority::new();
    let client = tls(None, Some(&ca), ClientAuth::None);
    let server = tls(Some(&ca.leaf("node.example")), None, ClientAuth::None);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let next = options(Some(&ca.leaf("node.example")), None, ClientAuth::None);
                server.replace(next).expect("good options");
            }
        });
        for _ in 0..100 {
            let mut link = Link::new(&client, &server, "node.example");
            let (one, other) = link.handshake();
            one.and(other).expect("a good link");
            assert!(link.transfer(&[7; 3000]) == [7; 3000]);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn certificates_are_read_from_files_again_at_a_reload_which_fails_as_a_whole() {
    let folder = std::env::temp_dir().join(format!("tergo-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (certificate, key) = (folder.join("node.pem"), folder.join("key.pem"));
    let put = |leaf: &Leaf| {
        std::fs::write(&certificate, &leaf.certificate).expect("a file");
        std::fs::write(&key, &leaf.key).expect("a file");
    };
    let (ca, next_ca) = (Authority::new(), Authority::new());
    let (before, after) = (ca.leaf("node.example"), next_ca.leaf("node.example"));
    put(&before);
    let server = Tls::new(TlsOptions {
        certificate: Some(Pem::File(certificate.clone())),
        key: Some(Pem::File(key.clone())),
        ..TlsOptions::default()
    });
    let server = server.expect("good files");
    let is_believed = |ca: &Authority| {
        let client = tls(None, Some(ca), ClientAuth::None);
        Link::new(&client, &server, "node.example").succeeds()
    };
    assert!(is_believed(&ca));
    put(&after);
    assert!(is_believed(&ca), "not before the reload");
    server.reload().expect("good files");
    assert!(is_believed(&next_ca) && !is_believed(&ca));

    std::fs::write(&key, &before.key).expect("a file");
    assert!(
        matches!(server.reload(), Err(TlsError::Identity(_))),
        "not its key"
    );
    std::fs::write(&certificate, "nothing").expect("a file");
    assert!(matches!(server.reload(), Err(TlsError::NoCertificate(_))));
    std::fs::remove_file(&certificate).expect("it is there");
    assert!(matches!(server.reload(), Err(TlsError::Unreadable(..))));
    assert!(is_believed(&next_ca), "all stays as it was");
    std::fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn a_client_of_tls_1_2_is_refused() {
    let ca = Authority::new();
    let server = tls(Some(&ca.leaf("node.example")), None, ClientAuth::None);
    let mut server = server.accept().expect("it can listen");
    let (mut client_end, mut server_end) = Pipe::pair();
    client_end
        .write_all(&hello_of_tls_1_2())
        .expect("there is room");
    let refused = server
        .handshake(&mut server_end)
        .expect_err("it is refused");
    assert_eq!(refused.kind(), ErrorKind::InvalidData);
    let mut alert = [0; 7];
    client_end.read_exact(&mut alert).expect("an alert");
    assert_eq!(
        (alert[0], alert[5], alert[6]),
        (21, 2, 70),
        "fatal: protocol version"
    );
}

/// A client's hello that offers TLS 1.2, with a suite, a group and signatures that are sound.
fn hello_of_tls_1_2() -> Vec<u8> {
    let extensions = [
        &[0, 10, 0, 4, 0, 2, 0, 29][..],
        &[0, 11, 0, 2, 1, 0],
        &[0, 13, 0, 6, 0, 4, 4, 3, 8, 4],
        &[0, 23, 0, 0],
    ]
    .concat();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    body.extend(
        u16::try_from(extensions.len())
            .expect("short")
            .to_be_bytes(),
    );
    body.extend(extensions);
    let length = u16::try_from(body.len()).expect("short").to_be_bytes();
    let mut hello = vec![22, 3, 1];
    hello.extend((u16::from_be_bytes(length) + 4).to_be_bytes());
    hello.extend([1, 0, length[0], length[1]]);
    hello.extend(body);
    hello
}

#[test]
fn bytes_that_are_no_tls_end_the_handshake() {
    let ca = Authority::new();
    let server = tls(Some(&ca.leaf("node.example")), None, ClientAuth::None);
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0; 64],
        b"\x16\x03\x01\xff\xff\x01",
    ] {
        let mut stream = server.accept().expect("it can listen");
        let (mut client_end, mut server_end) = Pipe::pair();
        client_end.write_all(garbage).expect("there is room");
        let ended = stream
            .handshake(&mut server_end)
            .expect_err("it is refused");
        assert_eq!(ended.kind(), ErrorKind::InvalidData, "{garbage:?}");
    }
}

#[test]
fn thousands_of_unfinished_handshakes_hold_nobody_up() {
    let ca = Authority::new();
    let server = tls(Some(&ca.leaf("node.example")), None, ClientAuth::None);
    let client = tls(None, Some(&ca), ClientAuth::None);
    let mut unfinished: Vec<_> = (0..2000)
        .map(|number| {
            let mut link = Link::new(&client, &server, "node.example");
            if number % 2 == 0 {
                assert!(is_blocked(&link.client.handshake(&mut link.client_end)));
            }
            assert!(is_blocked(&link.server.handshake(&mut link.server_end)));
            link
        })
        .collect();
    assert!(Link::new(&client, &server, "node.example").succeeds());
    assert!(unfinished.remove(1000).succeeds(), "they can go on later");
}

#[test]
fn self_signed_certificates_are_believed_only_by_those_who_believe_everybody() {
    let made = TlsOptions::self_signed(&["localhost".to_owned()]).expect("a good name");
    let development = Tls::new(made).expect("good options");
    assert!(development.is_insecure());
    assert!(Link::new(&development, &development, "elsewhere.example").succeeds());
    let careful = tls(None, Some(&Authority::new()), ClientAuth::None);
    assert!(!careful.is_insecure());
    assert!(!Link::new(&careful, &development, "localhost").succeeds());
}

#[test]
fn what_is_missing_is_named() {
    let ca = Authority::new();
    let leaf = ca.leaf("node.example");
    let half = TlsOptions {
        key: None,
        ..options(Some(&leaf), None, ClientAuth::None)
    };
    assert!(matches!(Tls::new(half), Err(TlsError::Half)));
    let no_pool = Tls::new(options(Some(&leaf), None, ClientAuth::Required));
    assert!(matches!(no_pool, Err(TlsError::NoPool)));
    let swapped = TlsOptions {
        key: Some(Pem::bytes(leaf.certificate.clone())),
        ..options(Some(&leaf), None, ClientAuth::None)
    };
    assert!(matches!(Tls::new(swapped), Err(TlsError::NoKey(_))));
    let only_client = tls(None, Some(&ca), ClientAuth::None);
    assert!(matches!(only_client.accept(), Err(TlsError::NoIdentity)));
    assert!(matches!(
        only_client.dial("not a name"),
        Err(TlsError::Name(_))
    ));
    let only_server = tls(Some(&leaf), None, ClientAuth::None);
    assert!(matches!(
        only_server.dial("node.example"),
        Err(TlsError::NoTrust)
    ));
    assert!(only_server.can_accept() && !only_server.can_dial());
}

#[test]
fn the_option_that_cannot_be_used_is_told() {
    let ca = Authority::new();
    let leaf = ca.leaf("node.example");
    let good = options(Some(&leaf), Some(&ca), ClientAuth::Required);
    assert!(good.check().is_ok());
    let nowhere = Pem::File("/nowhere/at.pem".into());
    let cases = [
        (
            TlsPart::Certificate,
            TlsOptions {
                certificate: Some(nowhere.clone()),
                ..good.clone()
            },
        ),
        (
            TlsPart::Key,
            TlsOptions {
                key: Some(Pem::bytes(ca.leaf("node.example").key)),
                ..good.clone()
            },
        ),
        (
            TlsPart::Ca(1),
            TlsOptions {
                ca: vec![good.ca[0].clone(), Pem::bytes("nothing")],
                ..good.clone()
            },
        ),
        (
            TlsPart::Pool,
            TlsOptions {
                ca: Vec::new(),
                ..good.clone()
            },
        ),
        (
            TlsPart::ServerName,
            TlsOptions {
                server_name: Some("not a name".to_owned()),
                ..good.clone()
            },
        ),
    ];
    for (part, options) in cases {
        let fault = options.check().expect_err("it cannot be used");
        assert_eq!(fault.part, part, "{fault}");
    }
}

#[test]
fn keys_are_never_shown() {
    let leaf = Authority::new().leaf("node.example");
    let options = options(Some(&leaf), None, ClientAuth::None);
    let secret = leaf.key.lines().nth(1).expect("a line").to_owned();
    let tls = Tls::new(options.clone()).expect("good options");
    for shown in [format!("{options:?}"), format!("{tls:?}")] {
        assert!(
            !shown.contains(&secret) && !shown.contains("BEGIN"),
            "{shown}"
        );
    }
}

#[test]
fn a_plain_channel_passes_bytes_as_they_are() {
    let (mut one, mut other) = Pipe::pair();
    let mut plain = Channel::Plain;
    plain.handshake(&mut one).expect("nothing to do");
    assert_eq!(
        plain
            .write(&mut one, b"as they are")
            .expect("there is room"),
        11
    );
    let mut read = [0; 11];
    assert_eq!(plain.read(&mut other, &mut read).expect("it is there"), 11);
    assert_eq!(&read, b"as they are");
    assert!(plain.binding().is_none() && !plain.is_tls() && !plain.wants_write());
}
