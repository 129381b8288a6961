use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{Node, NodeOptions};

/// Stands between two nodes.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    frozen: Arc<Frozen>,
}

/// What does not get on.
#[derive(Default)]
struct Frozen {
    all: AtomicBool,
    /// So many links from the first on.
    links: AtomicUsize,
    /// All links but the first.
    further: AtomicBool,
}

impl Frozen {
    fn has(&self, link: usize) -> bool {
        let is_further = link > 0 && self.further.load(Ordering::SeqCst);
        self.all.load(Ordering::SeqCst) || is_further || link < self.links.load(Ordering::SeqCst)
    }
}

impl Proxy {
    /// Stands before that port.
    pub fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let streams = Arc::new(Mutex::new(Vec::new()));
        let frozen = Arc::new(Frozen::default());
        let (known, stops) = (Arc::clone(&streams), Arc::clone(&frozen));
        thread::spawn(move || {
            for (link, near) in listener.incoming().flatten().enumerate() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else {
                    continue;
                };
                let mut known = known.lock().expect("no panic");
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let ends = (from.try_clone(), to.try_clone());
                    let (from, to) = (ends.0.expect("a twin"), ends.1.expect("a twin"));
                    let stops = Arc::clone(&stops);
                    thread::spawn(move || pump(from, to, || stops.has(link)));
                }
                known.extend([near, far]);
            }
        });
        Self {
            port,
            streams,
            frozen,
        }
    }

    /// Cuts the first links, two ends each.
    pub fn cut(&self, links: usize) {
        let mut streams = self.streams.lock().expect("no panic");
        let count = (2 * links).min(streams.len());
        for stream in streams.drain(..count) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Nothing gets on for a while, or it does again.
    pub fn freeze(&self, is_frozen: bool) {
        self.frozen.all.store(is_frozen, Ordering::SeqCst);
    }

    /// Nothing of the first links gets on any more.
    pub fn freeze_links(&self, links: usize) {
        self.frozen.links.store(links, Ordering::SeqCst);
    }

    /// Nothing of any link but the first gets on, or it does again.
    pub fn freeze_further(&self, is_frozen: bool) {
        self.frozen.further.store(is_frozen, Ordering::SeqCst);
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, is_frozen: impl Fn() -> bool) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        while is_frozen() {
            thread::sleep(Duration::from_millis(1));
        }
        let Ok(count @ 1..) = from.read(&mut bytes) else {
            break;
        };
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// Two nodes with a proxy between them.
pub fn pair_with_proxy(options: &NodeOptions) -> ((Node, u32), Node, Proxy) {
    pair_behind(options, |_| {})
}

/// The same, with something done before they connect.
pub fn pair_behind(
    options: &NodeOptions,
    before: impl FnOnce(&Proxy),
) -> ((Node, u32), Node, Proxy) {
    let one = Node::start("one@localhost", options);
    let two = Node::start("two@localhost", options);
    let proxy = Proxy::start(two.listen());
    before(&proxy);
    one.knows("two@localhost", proxy.port);
    one.network.connect("two@localhost");
    let seat = one.up();
    two.up();
    ((one, seat), two, proxy)
}
