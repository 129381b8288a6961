//! The whole protocol against a naive model, over random programs.

mod support;

use proptest::prelude::*;
use support::model::{Asked, Kind, Model};

/// Fewer under miri, which is a thousand times slower.
const CASES: u32 = if cfg!(miri) { 2 } else { 200 };
const STEPS: usize = if cfg!(miri) { 30 } else { 300 };

/// One step of a program; the numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Step {
    Spawn(bool),
    Ready(usize),
    Exit(usize),
    Suspend(usize),
    Resume(usize),
    Send(usize, u32),
    Limit(usize, u32),
    Relate(Asked),
    Unrelate(Asked),
    Register(usize, Kind, usize, bool),
    Release(usize),
    Publish(usize, u32),
    Node(usize),
    NodeDown(usize),
    GiveBack(usize, usize),
    Turn,
    Flush,
    /// Asks for slots anew: those of processes that ended come first.
    Regrant,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop_oneof![
        Just(Kind::Pid),
        Just(Kind::Name),
        Just(Kind::Alias),
        Just(Kind::Event),
        Just(Kind::Node),
    ];
    let relation = (any::<usize>(), kind, any::<usize>(), any::<bool>());
    let asked = relation
        .clone()
        .prop_map(|(consumer, kind, target, is_monitor)| Asked {
            consumer,
            kind,
            target,
            is_monitor,
        });
    let one = any::<usize>;
    let step = prop_oneof![
        2 => any::<bool>().prop_map(Step::Spawn),
        1 => one().prop_map(Step::Ready),
        1 => one().prop_map(Step::Exit),
        1 => one().prop_map(Step::Suspend),
        2 => one().prop_map(Step::Resume),
        9 => (one(), 0..4_u32).prop_map(|(to, queue)| Step::Send(to, queue)),
        1 => (one(), 0..4_u32).prop_map(|(whose, limit)| Step::Limit(whose, limit)),
        8 => asked.clone().prop_map(Step::Relate),
        3 => asked.prop_map(Step::Unrelate),
        3 => relation.prop_map(|(a, b, c, d)| Step::Register(a, b, c, d)),
        1 => one().prop_map(Step::Release),
        4 => (one(), 0..4_u32).prop_map(|(event, queue)| Step::Publish(event, queue)),
        1 => (0..2_usize).prop_map(Step::Node),
        1 => (0..2_usize).prop_map(Step::NodeDown),
        3 => (0..4_usize, 0..9_usize).prop_map(|(slice, count)| Step::GiveBack(slice, count)),
        6 => Just(Step::Turn),
        1 => Just(Step::Flush),
        1 => Just(Step::Regrant),
    ];
    prop::collection::vec(step, 1..STEPS)
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn take(model: &mut Model, step: Step) {
    let process = |number: usize| number % model.processes.len();
    let address = |number: usize| number % model.addresses.len().max(1);
    let choose = |asked: Asked| Asked {
        consumer: process(asked.consumer),
        target: match asked.kind {
            Kind::Pid => process(asked.target),
            _ => address(asked.target),
        },
        ..asked
    };
    let has_addresses = !model.addresses.is_empty();
    let exists = |kind| kind == Kind::Pid || has_addresses;
    match step {
        Step::Spawn(is_ready) => model.spawn(is_ready),
        Step::Ready(number) => model.ready(process(number)),
        Step::Exit(number) => model.exit(process(number)),
        Step::Suspend(number) => model.suspend(process(number)),
        Step::Resume(number) => model.resume(process(number)),
        Step::Send(number, queue) => model.send(process(number), queue),
        Step::Limit(number, limit) => model.limit(process(number), limit),
        Step::Relate(asked) if exists(asked.kind) => model.relate(choose(asked)),
        Step::Unrelate(asked) if exists(asked.kind) => model.unrelate(choose(asked)),
        Step::Register(owner, kind, name, notify) => {
            if matches!(kind, Kind::Name | Kind::Alias | Kind::Event) {
                model.register(process(owner), kind, NAMES[name % 3], notify);
            }
        }
        Step::Release(number) if has_addresses => model.release(address(number)),
        Step::Publish(number, queue) if has_addresses => model.publish(address(number), queue),
        Step::Node(name) => model.node(NAMES[name]),
        Step::NodeDown(name) => model.node_down(NAMES[name]),
        Step::GiveBack(slice, count) => model.give_back(slice, count),
        Step::Turn => model.turn(),
        Step::Flush => model.flush(),
        Step::Regrant => model.driver.discard_grants(),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_program_has_the_outcome_of_the_naive_model(program in steps()) {
        let mut model = Model::new();
        model.spawn(true);
        model.spawn(true);
        for step in program {
            take(&mut model, step);
        }
        model.finish();
    }
}
