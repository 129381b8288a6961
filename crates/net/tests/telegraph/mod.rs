//! A protocol that has nothing in common with Tergo's own: everything is a line of text.

mod greeting;
mod lines;

use tergo_wire::{
    AcceptSettings, Agreement, Connection, DialSettings, Handshake, Protocol, Purpose, Role,
};

use greeting::Greeting;
use lines::Lines;

/// Trusts everybody, has one link, and sends whole numbers and values without blobs.
pub struct Telegraph;

impl Protocol for Telegraph {
    fn versions(&self) -> (&str, &str) {
        ("greeting:1", "lines:1")
    }

    fn dial(&self, settings: DialSettings) -> Box<dyn Handshake> {
        assert_eq!(settings.purpose, Purpose::First, "its pool is 1");
        let DialSettings { own, nonce, .. } = settings;
        Box::new(Greeting::new(Role::Dialer, own, nonce, settings.deadline))
    }

    fn accept(&self, settings: AcceptSettings) -> Box<dyn Handshake> {
        let AcceptSettings { own, nonce, .. } = settings;
        Box::new(Greeting::new(Role::Acceptor, own, nonce, settings.deadline))
    }

    fn connection(&self, _agreement: &Agreement) -> Box<dyn Connection> {
        Box::new(Lines::default())
    }
}

/// The words of a line that has ended; it is taken from the bytes.
pub fn take_line(bytes: &mut Vec<u8>) -> Option<Vec<String>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line: Vec<u8> = bytes.drain(..=end).collect();
    let text = String::from_utf8_lossy(&line[..end]).into_owned();
    Some(text.split(' ').map(str::to_owned).collect())
}
