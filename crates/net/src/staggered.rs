use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long an address has before the next one is tried beside it: what RFC 8305 recommends.
const STAGGER: Duration = Duration::from_millis(250);

/// What came of an attempt.
pub(crate) enum Attempt<T, E> {
    /// It is over, whatever the other addresses would give.
    Settled(T),
    /// Another address may give more.
    Failed(E),
}

/// Tries the addresses of a host (RFC 8305): each beside those before it when they take their time, at once when the last one has
/// failed. Gives what settles it first, or how the last one failed; none: there is no address.
pub(crate) async fn first_of<T, E, F>(
    addresses: impl IntoIterator<Item = SocketAddr>,
    mut attempt: impl FnMut(SocketAddr) -> F,
) -> Result<T, Option<E>>
where
    T: Send + 'static,
    E: Send + 'static,
    F: Future<Output = Attempt<T, E>> + Send + 'static,
{
    let mut rest = addresses.into_iter().peekable();
    let mut running = JoinSet::new();
    let mut failure = None;
    loop {
        if let Some(address) = rest.next() {
            running.spawn(attempt(address));
        }
        tokio::select! {
            ended = running.join_next() => match ended {
                Some(Ok(Attempt::Settled(value))) => return Ok(value),
                Some(Ok(Attempt::Failed(error))) => failure = Some(error),
                // Nobody aborts it, and with a panic it has given nothing.
                Some(Err(_)) => {}
                None => return Err(failure),
            },
            () = sleep(STAGGER), if rest.peek().is_some() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "these are tests")]

    use std::future::pending;
    use std::sync::{Arc, Mutex};

    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    /// Tries four ports in time of its own, each by its fate; gives what came of it, which were begun, and after how long it was over.
    fn play(fates: [Fate; 4]) -> (Result<u16, Option<u16>>, Vec<u16>, Duration) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build();
        runtime.expect("the system allows it").block_on(async {
            let begun = Arc::new(Mutex::new(Vec::new()));
            let start = tokio::time::Instant::now();
            let result = first_of((0..4).map(address), |address| {
                let port = address.port();
                begun.lock().expect("nobody panics").push(port);
                let fate = fates[usize::from(port)];
                async move {
                    match fate {
                        Mute => pending().await,
                        Settles => Attempt::Settled(port),
                        Fails => Attempt::Failed(port),
                    }
                }
            });
            let result = result.await;
            let begun = begun.lock().expect("nobody panics").clone();
            (result, begun, start.elapsed())
        })
    }

    #[derive(Clone, Copy)]
    enum Fate {
        Mute,
        Settles,
        Fails,
    }
    use Fate::{Fails, Mute, Settles};

    #[test]
    fn an_address_that_says_nothing_costs_a_quarter_of_a_second() {
        let (result, begun, after) = play([Mute, Mute, Settles, Settles]);
        assert_eq!((result, begun), (Ok(2), vec![0, 1, 2]));
        assert!(after >= 2 * STAGGER && after < 3 * STAGGER, "{after:?}");
    }

    #[test]
    fn one_that_fails_costs_nothing() {
        let (result, begun, after) = play([Fails, Fails, Fails, Settles]);
        assert_eq!((result, begun), (Ok(3), vec![0, 1, 2, 3]));
        assert!(after < STAGGER, "{after:?}");
    }

    #[test]
    fn when_all_have_failed_it_is_told_how_the_last_one_did() {
        let (result, begun, _) = play([Fails; 4]);
        assert_eq!((result, begun), (Err(Some(3)), vec![0, 1, 2, 3]));
    }
}
