use std::fmt;
use std::sync::Arc;

use regex_lite::Regex;
use tergo_wire::Features;
use tergo_wire::registrar::{Route, host_of};

use crate::cookie::Cookie;
use crate::registrar::{RegistrarError, Resolver};
use crate::route_tally::RouteTally;
use crate::tls::Tls;

/// The most bytes of a pattern.
const MAX_PATTERN_BYTES: usize = 1024;

/// A route that the user has laid: where nodes are whose names match a pattern.
pub struct StaticRoute {
    /// A regular expression on the node's name. It matches anywhere in the name unless it has `^` and `$`.
    pub pattern: String,
    /// Of several that match, the one with the highest is tried first.
    pub weight: i32,
    /// Where.
    pub place: Place,
    /// The cookie there; by default the node's.
    pub cookie: Option<Cookie>,
    /// The certificate to show there and whom to believe; by default the node's.
    pub tls: Option<Arc<Tls>>,
    /// What this node can do for those there; by default the node's.
    pub features: Option<Features>,
    /// What became of the dials.
    pub tally: Arc<RouteTally>,
}

/// Where a static route leads to.
pub enum Place {
    /// There. An empty host stands for the host of the node's name.
    Fixed(Route),
    /// To where that one says.
    Asked(Arc<dyn Resolver>),
}

impl Place {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fixed(one), Self::Fixed(other)) => {
                (&one.host, one.port, one.tls) == (&other.host, other.port, other.tls)
            }
            _ => false,
        }
    }
}

/// Somewhere to dial, with what to show there.
#[derive(Clone)]
pub struct DialTarget {
    /// Host, never empty; port; TLS; versions.
    pub route: Route,
    /// The name that a certificate there must be for, if the certificates' options name none: the host that a static route
    /// has, else that of the node's name, so that no registrar can lead to somebody else.
    pub server_name: String,
    /// The cookie there, if not the node's.
    pub cookie: Option<Cookie>,
    /// The certificates there, if not the node's.
    pub tls: Option<Arc<Tls>>,
    /// What this node can do for those there, if not the node's.
    pub features: Option<Features>,
    /// What became of the dials; nobody sees that of what a registrar says.
    pub tally: Arc<RouteTally>,
}

/// Where a node would be dialled.
#[derive(Clone, Debug)]
pub struct FoundRoute {
    /// Whether static routes lead there; else the registrar does.
    pub is_static: bool,
    /// In the order in which to try; never empty.
    pub targets: Vec<DialTarget>,
}

/// The static routes of a node.
#[derive(Default)]
pub struct StaticRoutes {
    /// By weight, highest first; of equal ones the older first.
    routes: Vec<Laid>,
}

struct Laid {
    regex: Regex,
    route: Arc<StaticRoute>,
}

/// Why a route cannot be laid, removed or found.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// There is one with that pattern.
    #[error("there is a static route for `{0}` already; remove it first")]
    Taken(String),
    /// There is none with that pattern.
    #[error("there is no static route for `{0}`")]
    Unknown(String),
    /// The pattern is none.
    #[error("`{0}` is not a regular expression: {1}")]
    Pattern(String, String),
    /// No static route matches, and no registrar knows the node.
    #[error("there is no route to {0}: no static route matches, and it is not registered")]
    NoRoute(String),
    /// The registrar cannot be asked.
    #[error("cannot find {0}: {1}")]
    Registrar(String, RegistrarError),
}

impl StaticRoutes {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lays a route.
    ///
    /// # Errors
    /// There is one with the same pattern, or the pattern is no regular expression.
    pub fn add(&mut self, route: StaticRoute) -> Result<(), RouteError> {
        let is_taken = self.position(&route.pattern).is_some();
        if is_taken {
            return Err(RouteError::Taken(route.pattern));
        }
        let regex = regex(&route)?;
        self.lay(regex, route);
        Ok(())
    }

    /// Lays a route in place of the one with the same pattern, if there is one.
    ///
    /// # Errors
    /// The pattern is no regular expression; then all stays as it was.
    pub fn replace(&mut self, mut route: StaticRoute) -> Result<(), RouteError> {
        let regex = regex(&route)?;
        if let Some(at) = self.position(&route.pattern) {
            let former = self.routes.remove(at).route;
            // To the same place what was counted goes on.
            if former.place.is_same(&route.place) {
                route.tally = Arc::clone(&former.tally);
            }
        }
        self.lay(regex, route);
        Ok(())
    }

    /// Removes the route with exactly that pattern.
    ///
    /// # Errors
    /// There is none.
    pub fn remove(&mut self, pattern: &str) -> Result<Arc<StaticRoute>, RouteError> {
        let at = self.position(pattern);
        let at = at.ok_or_else(|| RouteError::Unknown(pattern.to_owned()))?;
        Ok(self.routes.remove(at).route)
    }

    /// Those that match, in the order in which to try them. If there is any, nothing else is tried.
    pub fn matching(&self, node: &str) -> Vec<Arc<StaticRoute>> {
        let matching = self.routes.iter().filter(|laid| laid.regex.is_match(node));
        matching.map(|laid| Arc::clone(&laid.route)).collect()
    }

    /// All, in the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<StaticRoute>> {
        self.routes.iter().map(|laid| &laid.route)
    }

    fn lay(&mut self, regex: Regex, route: StaticRoute) {
        let at = self
            .routes
            .partition_point(|laid| laid.route.weight >= route.weight);
        let route = Arc::new(route);
        self.routes.insert(at, Laid { regex, route });
    }

    fn position(&self, pattern: &str) -> Option<usize> {
        self.routes
            .iter()
            .position(|laid| laid.route.pattern == pattern)
    }
}

/// Where to dial a node that there is no connection to, in the order in which to try: the matching static
/// routes if there are any, else what the registrar says. Nothing that a peer sent has a say in it.
///
/// # Errors
/// There is no route, or the registrar cannot be asked.
pub async fn find_targets(
    node: &str,
    matching: &[Arc<StaticRoute>],
    resolver: Option<&dyn Resolver>,
) -> Result<Vec<DialTarget>, RouteError> {
    let mut targets = Vec::new();
    let mut failure = None;
    for laid in matching {
        match laid.routes(node).await {
            Ok(routes) => targets.extend(routes.into_iter().map(|route| laid.target(node, route))),
            Err(error) => failure = Some(error),
        }
    }
    if let (true, Some(resolver)) = (matching.is_empty(), resolver) {
        match resolver.resolve(node).await {
            Ok(routes) => {
                let routes = routes.into_iter();
                targets.extend(routes.map(|route| DialTarget::new(node, route)));
            }
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        _ if !targets.is_empty() => Ok(targets),
        None | Some(RegistrarError::Unknown(_)) => Err(RouteError::NoRoute(node.to_owned())),
        Some(error) => Err(RouteError::Registrar(node.to_owned(), error)),
    }
}

/// Whether routes can have that pattern.
///
/// # Errors
/// Why they cannot.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    compile(pattern).map(|_| ())
}

impl StaticRoute {
    async fn routes(&self, node: &str) -> Result<Vec<Route>, RegistrarError> {
        match &self.place {
            Place::Fixed(route) => Ok(vec![route.clone()]),
            Place::Asked(resolver) => resolver.resolve(node).await,
        }
    }

    fn target(&self, node: &str, route: Route) -> DialTarget {
        let target = DialTarget::new(node, route);
        let server_name = match self.place {
            Place::Fixed(_) => target.route.host.clone(),
            Place::Asked(_) => target.server_name,
        };
        DialTarget {
            server_name,
            route: target.route,
            cookie: self.cookie.clone(),
            tls: self.tls.clone(),
            features: self.features,
            tally: Arc::clone(&self.tally),
        }
    }
}

impl DialTarget {
    fn new(node: &str, mut route: Route) -> Self {
        if route.host.is_empty() {
            host_of(node).clone_into(&mut route.host);
        }
        Self {
            route,
            server_name: host_of(node).to_owned(),
            cookie: None,
            tls: None,
            features: None,
            tally: Arc::default(),
        }
    }
}

impl fmt::Debug for StaticRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("StaticRoute");
        shown
            .field("pattern", &self.pattern)
            .field("weight", &self.weight);
        match &self.place {
            Place::Fixed(route) => shown.field("route", route),
            Place::Asked(_) => shown.field("route", &"asked"),
        };
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for StaticRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for DialTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DialTarget");
        shown.field("route", &self.route).finish_non_exhaustive()
    }
}

fn regex(route: &StaticRoute) -> Result<Regex, RouteError> {
    compile(&route.pattern).map_err(|why| RouteError::Pattern(route.pattern.clone(), why))
}

fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.is_empty() || pattern.len() > MAX_PATTERN_BYTES {
        return Err(format!("it must have 1 to {MAX_PATTERN_BYTES} bytes"));
    }
    Regex::new(pattern).map_err(|error| error.to_string())
}
