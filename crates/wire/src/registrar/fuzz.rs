use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::{
    Announcement, Client, ClientOptions, Decoder, Inquiry, Message, Question, Server, ServerLimits,
};

/// Gives any bytes to everything that reads bytes of others: the entry for fuzzing and for replays. Nothing may panic, what was
/// decoded must survive another round, and no answer by datagram may be longer than its question.
///
/// # Panics
/// One of that does not hold.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let (&cut, data) = data.split_first().unwrap_or((&0, data));
    let pieces = || data.chunks(usize::from(cut).max(1));
    round_trip(pieces());
    feed_server(pieces(), data);
    feed_client(pieces());
    let question = Question::Node("b@host".to_owned());
    let mut inquiry = Inquiry::new(1, question, Duration::from_secs(1), Duration::ZERO);
    inquiry.read(data, Duration::ZERO);
}

fn round_trip<'a>(pieces: impl Iterator<Item = &'a [u8]>) {
    let mut decoder = Decoder::new();
    for piece in pieces {
        decoder.push(piece);
        while let Ok(Some(message)) = decoder.next() {
            let mut bytes = Vec::new();
            if message.encode(&mut bytes).is_ok() {
                let mut again = Decoder::new();
                again.push(&bytes);
                assert_eq!(again.next(), Ok(Some(message)));
            }
        }
    }
}

fn feed_server<'a>(pieces: impl Iterator<Item = &'a [u8]>, datagram: &[u8]) {
    let mut server = Server::new(ServerLimits::default(), false, Duration::ZERO);
    let (Some(sound), Some(other)) = (server.open(Duration::ZERO), server.open(Duration::ZERO))
    else {
        return;
    };
    let mut bytes = Vec::new();
    let registered = Message::Register(Announcement::hidden("a@host"));
    assert_eq!(registered.encode(&mut bytes), Ok(()));
    server.read(sound, &bytes, Duration::ZERO);
    for piece in pieces {
        server.read(other, piece, Duration::ZERO);
        server.take_output(other);
    }
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let answer = server.datagram(from, datagram, Duration::ZERO);
    assert!(answer.is_none_or(|answer| answer.len() <= datagram.len()));
    server.close(other);
    assert_eq!(server.nodes(), 1, "a link has harmed another");
}

fn feed_client<'a>(pieces: impl Iterator<Item = &'a [u8]>) {
    let announcement = Announcement::hidden("a@host");
    let mut client = Client::new(ClientOptions::default(), announcement);
    client.connected(Duration::ZERO);
    client.ask(Question::Nodes, Duration::ZERO);
    for piece in pieces {
        if client.read(piece, Duration::ZERO).is_err() {
            client.lost();
            return;
        }
        while client.poll_event().is_some() {}
        client.take_output();
    }
}
