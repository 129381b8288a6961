use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use super::{Announcement, ApplicationQuery, ApplicationRoute, LinkId, Refusal, Route};

/// Who asks: a program of this host, or one of another, which is told of no route that loops back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// On this host.
    Local,
    /// Elsewhere.
    Remote,
}

/// The nodes of one host, each with the link that it lives on.
#[derive(Debug)]
pub(super) struct Table {
    max_nodes: usize,
    nodes: BTreeMap<String, Entry>,
    holders: BTreeMap<LinkId, String>,
    /// Who has an application, by its name.
    applications: BTreeMap<String, BTreeSet<String>>,
}

/// What others hear of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Silent,
    /// There is one more.
    Joined,
    /// It can be seen no more.
    Left,
}

#[derive(Debug)]
struct Entry {
    holder: LinkId,
    announcement: Announcement,
}

impl Table {
    /// An empty one for at most so many nodes.
    pub fn new(max_nodes: usize) -> Self {
        Self {
            max_nodes,
            nodes: BTreeMap::new(),
            holders: BTreeMap::new(),
            applications: BTreeMap::new(),
        }
    }

    /// How many nodes there are, hidden ones too.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The link that a node lives on.
    pub fn holder(&self, node: &str) -> Option<LinkId> {
        self.nodes.get(node).map(|entry| entry.holder)
    }

    /// Notes what the node on that link announces, in place of what it announced before.
    pub fn register(
        &mut self,
        holder: LinkId,
        announcement: Announcement,
    ) -> Result<Change, Refusal> {
        let node = announcement.node.clone();
        let was_visible = self.check(holder, &announcement)?;
        self.forget_applications(&node);
        let is_visible = !announcement.hidden;
        for application in &announcement.applications {
            let holders = self.applications.entry(application.name.clone());
            holders.or_default().insert(node.clone());
        }
        self.holders.insert(holder, node.clone());
        let entry = Entry {
            holder,
            announcement,
        };
        self.nodes.insert(node, entry);
        Ok(match (was_visible, is_visible) {
            (false, true) => Change::Joined,
            (true, false) => Change::Left,
            _ => Change::Silent,
        })
    }

    /// Forgets the node of a link that is gone: its name, and whether others knew of it.
    pub fn release(&mut self, holder: LinkId) -> Option<(String, Change)> {
        let node = self.holders.remove(&holder)?;
        self.forget_applications(&node);
        let entry = self.nodes.remove(&node)?;
        let is_known = !entry.announcement.hidden;
        let change = if is_known {
            Change::Left
        } else {
            Change::Silent
        };
        Some((node, change))
    }

    /// Where a node can be dialled by that asker.
    pub fn resolve(&self, node: &str, asker: Asker) -> Result<Vec<Route>, Refusal> {
        let entry = self.nodes.get(node).ok_or(Refusal::Unknown)?;
        let routes = entry.announcement.routes.iter();
        let routes: Vec<_> = routes
            .filter(|route| asker == Asker::Local || !route.is_loopback())
            .cloned()
            .collect();
        if routes.is_empty() {
            return Err(Refusal::Unknown);
        }
        Ok(routes)
    }

    /// Who has such an application, behind the name `after`, in order. A remote asker is not told
    /// of nodes that it could not dial.
    pub fn applications<'a>(
        &'a self,
        query: &'a ApplicationQuery,
        after: Option<&'a str>,
        asker: Asker,
    ) -> impl Iterator<Item = &'a ApplicationRoute> {
        let from = after.map_or(Unbounded, Excluded);
        let holders = self.applications.get(&query.name);
        let holders = holders.map(|nodes| nodes.range::<str, _>((from, Unbounded)));
        let entries = holders
            .into_iter()
            .flatten()
            .filter_map(|node| self.nodes.get(node));
        entries
            .filter(move |entry| asker == Asker::Local || entry.is_open())
            .flat_map(|entry| &entry.announcement.applications)
            .filter(|route| query.matches(route))
    }

    /// The nodes behind the name `after` that are not hidden, in order.
    pub fn nodes(&self, after: Option<&str>) -> impl Iterator<Item = &str> {
        let from = after.map_or(Unbounded, Excluded);
        let range = self.nodes.range::<str, _>((from, Unbounded));
        range
            .filter(|(_, entry)| !entry.announcement.hidden)
            .map(|(node, _)| node.as_str())
    }

    /// Whether the node of that name was visible so far.
    fn check(&self, holder: LinkId, announcement: &Announcement) -> Result<bool, Refusal> {
        if !announcement.is_correct() {
            return Err(Refusal::Incorrect);
        }
        let own = self.holders.get(&holder);
        if own.is_some_and(|own| *own != announcement.node) {
            return Err(Refusal::Incorrect);
        }
        match self.nodes.get(&announcement.node) {
            Some(entry) if entry.holder != holder => Err(Refusal::Taken),
            Some(entry) => Ok(!entry.announcement.hidden),
            None if self.nodes.len() >= self.max_nodes => Err(Refusal::Busy),
            None => Ok(false),
        }
    }

    fn forget_applications(&mut self, node: &str) {
        let Some(entry) = self.nodes.get(node) else {
            return;
        };
        for application in &entry.announcement.applications {
            let Some(holders) = self.applications.get_mut(&application.name) else {
                continue;
            };
            holders.remove(node);
            if holders.is_empty() {
                self.applications.remove(&application.name);
            }
        }
    }
}

impl Entry {
    /// Whether another host could dial it.
    fn is_open(&self) -> bool {
        let mut routes = self.announcement.routes.iter();
        routes.any(|route| !route.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ApplicationMode, ApplicationState};
    use super::*;

    fn announcement(application: &str) -> Announcement {
        let node = "a@host".to_owned();
        Announcement {
            node: node.clone(),
            hidden: false,
            routes: Vec::new(),
            applications: vec![ApplicationRoute {
                node,
                name: application.to_owned(),
                weight: 1,
                tags: Vec::new(),
                mode: ApplicationMode::Permanent,
                state: ApplicationState::Running,
            }],
        }
    }

    #[test]
    fn nothing_stays_of_what_is_announced_no_more_or_of_a_node_that_is_gone() {
        let mut table = Table::new(1);
        let holder = LinkId(1);
        for application in ["one", "other"] {
            let registered = table.register(holder, announcement(application));
            assert!(registered.is_ok());
            assert_eq!(table.applications.len(), 1, "{application}");
        }
        assert!(table.release(holder).is_some());
        assert_eq!(table.len(), 0);
        assert!(table.holders.is_empty());
        assert!(table.applications.is_empty());
    }
}
