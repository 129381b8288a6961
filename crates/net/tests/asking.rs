//! Somebody who is asked where nodes are, and whose answers come by a call of their own.

#![allow(clippy::expect_used, reason = "these are tests")]

mod hosting;

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use hosting::route;
use tergo_net::registrar::{AskingResolver, RegistrarError, Resolver};
use tergo_wire::registrar::Route;

type Questions = Arc<Mutex<Vec<(u32, String)>>>;

/// One that writes down what it is asked.
fn asking() -> (AskingResolver, Questions) {
    let questions = Questions::default();
    let asked = Arc::clone(&questions);
    let resolver = AskingResolver::new(move |number, node| {
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push((number, node.to_owned()));
        true
    });
    (resolver, questions)
}

fn numbers(questions: &Questions) -> Vec<u32> {
    let questions = questions.lock().unwrap_or_else(PoisonError::into_inner);
    questions.iter().map(|(number, _)| *number).collect()
}

fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

#[test]
fn each_question_gets_its_own_answer_in_whatever_order_they_come() {
    let (resolver, questions) = asking();
    let (a, b) = (resolver.resolve("a@host"), resolver.resolve("b@host"));
    let [first, second] = numbers(&questions)[..] else {
        panic!("two questions");
    };
    assert_eq!(resolver.open(), 2);
    assert!(resolver.answer(second, Ok(vec![route(2)])));
    assert!(resolver.answer(first, Ok(vec![route(1)])));
    assert_eq!(now(a).expect("an answer").expect("routes")[0].port, 1);
    assert_eq!(now(b).expect("an answer").expect("routes")[0].port, 2);
    assert_eq!(resolver.open(), 0);
}

#[test]
fn an_answer_may_come_while_the_question_is_asked() {
    let slot: Arc<Mutex<Option<Arc<AskingResolver>>>> = Arc::default();
    let inner = Arc::clone(&slot);
    let resolver = Arc::new(AskingResolver::new(move |number, _| {
        let resolver = inner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        resolver.is_some_and(|resolver| resolver.answer(number, Ok(vec![route(3)])))
    }));
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&resolver));
    let found = now(resolver.resolve("a@host")).expect("an answer");
    assert_eq!(found.expect("routes")[0].port, 3);
    slot.lock().unwrap_or_else(PoisonError::into_inner).take();
}

#[test]
fn a_second_answer_and_one_that_nobody_waits_for_change_nothing() {
    let (resolver, questions) = asking();
    let found = resolver.resolve("a@host");
    let number = numbers(&questions)[0];
    assert!(resolver.answer(number, Ok(vec![route(1)])));
    assert!(!resolver.answer(number, Ok(vec![route(2)])));
    assert_eq!(now(found).expect("an answer").expect("routes")[0].port, 1);

    let given_up = resolver.resolve("b@host");
    assert_eq!(resolver.open(), 1);
    drop(given_up);
    assert_eq!(resolver.open(), 0);
    assert!(!resolver.answer(numbers(&questions)[1], Ok(vec![route(1)])));
    assert!(!resolver.answer(77, Ok(vec![route(1)])));
}

#[test]
fn it_is_said_why_there_is_no_route() {
    let (resolver, questions) = asking();
    let answers: [Result<Vec<Route>, RegistrarError>; 4] = [
        Ok(Vec::new()),
        Err(RegistrarError::Other("the disk is full".to_owned())),
        Ok(vec![route(1), route(0)]),
        Ok(vec![Route {
            host: "a b".to_owned(),
            ..route(1)
        }]),
    ];
    let codes = answers.into_iter().map(|answer| {
        let found = resolver.resolve("a@host");
        let number = *numbers(&questions).last().expect("a question");
        resolver.answer(number, answer);
        let error = now(found).expect("an answer").expect_err("no route");
        error.code()
    });
    let expected = ["no-route", "registrar-failed", "incorrect", "incorrect"];
    assert_eq!(codes.collect::<Vec<_>>(), expected);
}

#[test]
fn nobody_is_asked_for_what_is_no_node() {
    let (resolver, questions) = asking();
    let refused = now(resolver.resolve("nobody")).expect("an answer");
    assert!(matches!(refused, Err(RegistrarError::Incorrect(_))));
    assert!(numbers(&questions).is_empty());
}

#[test]
fn when_nobody_can_answer_any_more_questions_fail() {
    let (resolver, _) = asking();
    let open = resolver.resolve("a@host");
    resolver.close();
    assert!(matches!(now(open), Some(Err(RegistrarError::Closed))));
    let later = now(resolver.resolve("a@host"));
    assert!(matches!(later, Some(Err(RegistrarError::Closed))));
    let gone = AskingResolver::new(|_, _| false);
    let refused = now(gone.resolve("a@host"));
    assert!(matches!(refused, Some(Err(RegistrarError::Closed))));
    assert_eq!(gone.open(), 0);
}
