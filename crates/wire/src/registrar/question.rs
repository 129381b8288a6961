use super::{ApplicationQuery, ApplicationRoute, Message, Refusal, Route};

/// The most items that an answer of several messages may have.
const MAX_ITEMS: usize = 65_536;

/// What can be asked of a registrar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Where a node can be dialled.
    Node(String),
    /// Which nodes have an application.
    Application(ApplicationQuery),
    /// The nodes of the host; not answered over UDP.
    Nodes,
}

/// What a registrar knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Where the node can be dialled, best first.
    Routes(Vec<Route>),
    /// Who has the application, in order of the nodes' names.
    Applications(Vec<ApplicationRoute>),
    /// The nodes of the host that are not hidden, in order.
    Nodes(Vec<String>),
}

/// A question with what is known of its answer so far: a long one comes in several messages.
#[derive(Debug)]
pub(super) struct Asking {
    question: Question,
    nodes: Vec<String>,
    applications: Vec<ApplicationRoute>,
}

/// What a message meant for a question.
pub(super) enum Step {
    /// The answer is whole.
    Done(Result<Answer, Refusal>),
    /// There is more to ask for.
    Again,
    /// It answers something else.
    Stranger,
}

impl Asking {
    /// Nothing is known yet.
    pub fn new(question: Question) -> Self {
        Self {
            question,
            nodes: Vec::new(),
            applications: Vec::new(),
        }
    }

    /// What to ask next.
    pub fn message(&self, id: u64) -> Message {
        match &self.question {
            Question::Node(node) => Message::Resolve {
                id,
                node: node.clone(),
            },
            Question::Application(query) => Message::ResolveApplication {
                id,
                query: query.clone(),
                after: self.applications.last().map(|last| last.node.clone()),
            },
            Question::Nodes => Message::Nodes {
                id,
                after: self.nodes.last().cloned(),
            },
        }
    }

    /// Takes in a message whose id is that of this question.
    pub fn take(&mut self, message: Message) -> Step {
        match (&self.question, message) {
            (_, Message::Refused { refusal, .. }) => Step::Done(Err(refusal)),
            (Question::Node(_), Message::Routes { routes, .. }) => {
                Step::Done(Ok(Answer::Routes(routes)))
            }
            (Question::Application(_), Message::Applications { routes, more, .. }) => {
                let has_new = append(&mut self.applications, routes, |one| &one.node);
                self.step(more && has_new)
            }
            (Question::Nodes, Message::NodeList { nodes, more, .. }) => {
                let has_new = append(&mut self.nodes, nodes, |name| name);
                self.step(more && has_new)
            }
            _ => Step::Stranger,
        }
    }

    fn step(&mut self, goes_on: bool) -> Step {
        if goes_on {
            return Step::Again;
        }
        let applications = std::mem::take(&mut self.applications);
        let nodes = std::mem::take(&mut self.nodes);
        Step::Done(Ok(match self.question {
            Question::Application(_) => Answer::Applications(applications),
            _ => Answer::Nodes(nodes),
        }))
    }
}

/// Adds a page; false when there is no use in asking for more: it brought nothing behind what is
/// known, so that whoever answers can not keep the asker busy for ever.
fn append<T>(known: &mut Vec<T>, page: Vec<T>, key: impl Fn(&T) -> &String) -> bool {
    let before = known.len();
    for item in page {
        let is_next = known.last().is_none_or(|last| key(last) < key(&item));
        if is_next && known.len() < MAX_ITEMS {
            known.push(item);
        }
    }
    known.len() > before && known.len() < MAX_ITEMS
}
