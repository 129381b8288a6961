//! JavaScript says where nodes are: a registrar of the user's own.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands functions over by value"
)]
#![expect(
    clippy::missing_errors_doc,
    reason = "these comments become those of binding.d.ts, which has no such section"
)]

use std::sync::Arc;

use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Error, Status};
use napi_derive::napi;
use tergo_net::registrar::{AskingResolver, RegistrarError};
use tergo_net::wire::registrar::Route;

use crate::binding_network::BindingNetwork;
use crate::binding_route::{BindingDialTarget, shown_route};

/// Where is that node?
#[napi(object)]
pub struct BindingNodeQuestion {
    /// The number for the answer.
    pub number: u32,
    /// The node's name.
    pub node: String,
}

/// Where a node is.
#[napi(object)]
pub struct BindingNodeAnswer {
    /// Why nobody can say; by default somebody can.
    pub error: Option<String>,
    /// Where it can be dialled, best first; none: nobody knows it. An empty host is that of its name.
    pub routes: Vec<BindingDialTarget>,
}

#[napi]
impl BindingNetwork {
    /// From now on peers for whom there is no static route are asked for here; each question is to be answered by
    /// `resolved`. Does not keep the process alive.
    #[napi]
    pub fn on_resolve(&self, callback: Function<'_, BindingNodeQuestion, ()>) -> Result<()> {
        let ask = callback
            .build_threadsafe_function::<BindingNodeQuestion>()
            .weak::<true>()
            .build()?;
        let resolver = AskingResolver::new(move |number, node| {
            let node = node.to_owned();
            let question = BindingNodeQuestion { number, node };
            // Refused only when its thread is at its end, which answers nothing any more.
            ask.call(question, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok
        });
        self.set_asking(Arc::new(resolver));
        Ok(())
    }

    /// The answer to a question. False: it has one, or nobody waits for it any more. Throws for a port that is none, which
    /// answers it as well.
    #[napi]
    pub fn resolved(&self, number: u32, answer: BindingNodeAnswer) -> Result<bool> {
        let Some(resolver) = self.asking() else {
            return Ok(false);
        };
        if let Some(error) = answer.error {
            return Ok(resolver.answer(number, Err(RegistrarError::Other(error))));
        }
        let routes: Result<Vec<_>> = answer.routes.into_iter().map(route).collect();
        let found = match &routes {
            Ok(routes) => Ok(routes.clone()),
            Err(error) => Err(RegistrarError::Other(error.reason.clone())),
        };
        let is_awaited = resolver.answer(number, found);
        routes.map(|_| is_awaited)
    }

    /// Where this node can be dialled, as others are to be told; an empty host is that of its name.
    #[napi]
    pub fn routes(&self) -> Vec<BindingDialTarget> {
        let routes = self.network().routes();
        routes.into_iter().map(shown_route).collect()
    }
}

fn route(target: BindingDialTarget) -> Result<Route> {
    let port = u16::try_from(target.port);
    let port = port.map_err(|_| Error::from_reason(format!("{} is no port", target.port)))?;
    Ok(Route {
        host: target.host,
        port,
        tls: target.is_tls,
        handshake: String::new(),
        protocol: String::new(),
    })
}
