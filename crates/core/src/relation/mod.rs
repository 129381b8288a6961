//! Links and monitors: who hears of whose end.

mod relation;
mod relation_table;
mod target;

#[cfg(test)]
mod tests;

pub(crate) use relation::Relation;
pub(crate) use relation_table::{List, RelationTable};
pub(crate) use target::{Target, TargetKind};
