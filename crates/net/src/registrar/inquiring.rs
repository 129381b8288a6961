use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tergo_wire::registrar::{Answer, Inquiry, MAX_DATAGRAM, Progress, Question, bare_host};
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::{Instant, sleep_until, timeout};

use super::RegistrarError;
use crate::clock::Clock;
use crate::staggered::{Attempt, first_of};

/// The most addresses of one host that are asked.
const MAX_ADDRESSES: usize = 4;

/// The addresses of a host, with that port.
pub(super) async fn look_up(
    host: &str,
    port: u16,
    within: Duration,
) -> Result<Vec<SocketAddr>, RegistrarError> {
    let addresses = timeout(within, lookup_host((bare_host(host), port))).await;
    let addresses = addresses.map_err(|_| RegistrarError::Timeout(host.to_owned()))?;
    let unknown = |error| RegistrarError::Host(host.to_owned(), error);
    Ok(addresses.map_err(unknown)?.take(MAX_ADDRESSES).collect())
}

/// Asks the registrar of another host, at its addresses until one answers.
pub(super) async fn inquire(
    host: &str,
    addresses: Vec<SocketAddr>,
    question: &Question,
    within: Duration,
) -> Result<Answer, RegistrarError> {
    let deadline = Instant::now() + within;
    let answered = first_of(addresses, |address| {
        let question = question.clone();
        async move {
            let left = deadline.saturating_duration_since(Instant::now());
            match ask(address, &question, left).await {
                Ok(answer) => Attempt::Settled(Ok(reachable(answer, address.ip()))),
                Err(error @ (RegistrarError::Unknown(_) | RegistrarError::Incorrect(_))) => {
                    Attempt::Settled(Err(error))
                }
                Err(error) => Attempt::Failed(error),
            }
        }
    });
    let late = || RegistrarError::Timeout(host.to_owned());
    answered
        .await
        .unwrap_or_else(|failure| Err(failure.unwrap_or_else(late)))
}

async fn ask(
    address: SocketAddr,
    question: &Question,
    within: Duration,
) -> Result<Answer, RegistrarError> {
    let what = subject(question);
    let failed = |error: std::io::Error| RegistrarError::Absent(address, error.to_string());
    let socket = UdpSocket::bind(any_of(address)).await.map_err(failed)?;
    // Datagrams from elsewhere do not even come in.
    socket.connect(address).await.map_err(failed)?;
    let mut id = [0; 8];
    getrandom::fill(&mut id).map_err(|error| RegistrarError::Other(error.to_string()))?;
    let clock = Clock::new();
    let id = u64::from_ne_bytes(id);
    let mut inquiry = Inquiry::new(id, question.clone(), within, clock.now());
    let mut buffer = [0; MAX_DATAGRAM + 1];
    let mut refused = None;
    while !inquiry.is_over(clock.now()) {
        if let Some(datagram) = inquiry.poll_send(clock.now()) {
            refused = socket.send(&datagram).await.err().or(refused);
        }
        tokio::select! {
            received = socket.recv(&mut buffer) => match received {
                Ok(length) => {
                    if let Progress::Done(answer) = inquiry.read(&buffer[..length], clock.now()) {
                        return answer.map_err(|error| RegistrarError::from_ask(error, &what));
                    }
                }
                // Nobody is there at this moment, says the host; a registrar that takes over will be.
                Err(error) => {
                    refused = Some(error);
                    sleep_until(clock.instant(inquiry.next_at())).await;
                }
            },
            () = sleep_until(clock.instant(inquiry.next_at())) => {}
        }
    }
    Err(refused.map_or_else(|| RegistrarError::Silent(address), failed))
}

/// What can be dialled from here: routes of another host that loop back would lead to this one.
fn reachable(answer: Answer, asked: IpAddr) -> Answer {
    match answer {
        Answer::Routes(mut routes) if !asked.to_canonical().is_loopback() => {
            routes.retain(|route| !route.is_loopback());
            Answer::Routes(routes)
        }
        answer => answer,
    }
}

/// What a question is about, for errors.
pub(super) fn subject(question: &Question) -> String {
    match question {
        Question::Node(node) => node.clone(),
        Question::Application(query) if query.is_choosy() => {
            format!("application {}, as it is asked for,", query.name)
        }
        Question::Application(query) => format!("application {}", query.name),
        Question::Nodes => "the nodes of the host".to_owned(),
    }
}

fn any_of(address: SocketAddr) -> SocketAddr {
    let any: IpAddr = match address.ip() {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(any, 0)
}

#[cfg(test)]
mod tests {
    use tergo_wire::registrar::Route;

    use super::*;

    #[test]
    fn a_registrar_of_another_host_does_not_lead_back_to_this_one() {
        let to = |host: &str| Route {
            host: host.to_owned(),
            port: 1,
            tls: false,
            handshake: "h:1".to_owned(),
            protocol: "p:1".to_owned(),
        };
        let hosts = ["localhost", "127.0.0.1", "::1", "", "far.example"];
        let said = Answer::Routes(hosts.map(to).to_vec());
        let far = reachable(said.clone(), Ipv4Addr::new(192, 0, 2, 1).into());
        assert_eq!(far, Answer::Routes(vec![to(""), to("far.example")]));
        let own = reachable(said.clone(), Ipv4Addr::LOCALHOST.into());
        assert_eq!(own, said);
    }
}
