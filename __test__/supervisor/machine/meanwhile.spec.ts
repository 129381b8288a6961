import test from 'ava';
import { NamedSupervision, type NamedStrategy } from '../../../ts/supervisor/named-supervision.ts';
import { plan, SupervisionDesk, type AnyChild } from '../../support/supervision-desk.ts';

const names = ['a', 'b', 'c', 'd'];

function desk(strategy: NamedStrategy, keepOrder: boolean, intensity = 1): SupervisionDesk {
  const rules = { restart: 'permanent', intensity, periodMs: 1000, keepOrder } as const;
  const plans = names.map((name) => plan(name, name === 'b' ? { isSignificant: true } : {}));
  const done = new SupervisionDesk(
    new NamedSupervision<string>({ ...rules, strategy, autoShutdown: true }, plans),
  );
  done.perform(done.supervision.begin());
  done.log.length = 0;
  return done;
}

function child(on: SupervisionDesk, name: string): AnyChild {
  return on.supervision.children().find(({ rule }) => rule.name === name)!;
}

for (const keepOrder of [false, true]) {
  const how = keepOrder ? 'one by one' : 'at once';

  test(`a child that dies while its group stops ${how} belongs to the same restart`, (t) => {
    const on = desk('all-for-one', keepOrder);
    on.end(child(on, 'c'), 'normal');
    // Not told yet, or told and dying of something else: no second restart, which would be one too many.
    on.end(child(on, 'a'), new Error('by itself'));
    on.settle();
    t.deepEqual(
      on.log.slice(-4),
      names.map((name) => `start ${name}`),
    );
    t.is(on.supervision.history.count, 1);
    t.is(on.supervision.phase, 'running');
    t.is(on.log.filter((line) => line.startsWith('ended')).length, 4);
  });

  test(`a child that has ended but for its last words makes its group stop ${how}, and is waited for`, (t) => {
    const on = desk('rest-for-one', keepOrder);
    on.leave(child(on, 'b'), 'kill');
    // One after it has more to say, too, and is in the group already.
    on.leave(child(on, 'c'), 'normal');
    on.end(child(on, 'd'), 'kill');
    on.end(child(on, 'c'), 'normal');
    t.is(on.log.filter((line) => line.startsWith('start')).length, 0);
    on.end(child(on, 'b'), 'kill');
    t.deepEqual(
      on.log.filter((line) => /stop|start/.test(line)),
      [...['stop d kill', ...(keepOrder ? [] : ['stop c kill'])], 'start b', 'start c', 'start d'],
    );
    t.is(on.supervision.history.count, 1);
    t.is(on.supervision.phase, 'running');
  });

  test(`one restart too many, of a child that has more to say while a group stops ${how}, ends all when it has`, (t) => {
    const on = desk('rest-for-one', keepOrder, 0);
    on.leave(child(on, 'b'), 'kill');
    for (const name of ['d', 'c', 'a']) if (on.live.includes(child(on, name))) on.settle();
    t.true(on.live.includes(child(on, 'b')));
    on.end(child(on, 'b'), 'kill');
    on.settle();
    t.is(on.log.at(-1), 'end supervisor-restarts-exceeded');
  });

  test(`rest-for-one: a child before the group that dies while that stops ${how} becomes its first`, (t) => {
    const on = desk('rest-for-one', keepOrder, 2);
    on.end(child(on, 'c'), 'kill');
    on.end(child(on, 'a'), 'normal');
    on.settle();
    t.deepEqual(on.log, [
      ...['ended c kill', 'stop d kill', 'ended a normal', ...(keepOrder ? [] : ['stop b kill'])],
      ...['ended d kill', ...(keepOrder ? ['stop b kill'] : []), 'ended b kill'],
      ...names.map((name) => `start ${name}`),
    ]);
    t.is(on.supervision.history.count, 2);
  });

  test(`rest-for-one: one restart too many while a group stops ${how} ends all`, (t) => {
    const on = desk('rest-for-one', keepOrder);
    on.end(child(on, 'c'), 'kill');
    on.end(child(on, 'a'), 'kill');
    on.settle();
    t.is(on.log.at(-1), 'end supervisor-restarts-exceeded');
    t.is(on.log.filter((line) => line.startsWith('start')).length, 0);
  });

  test(`a stop while a group stops ${how} tells nobody twice`, (t) => {
    const on = desk('all-for-one', keepOrder);
    on.end(child(on, 'a'), 'kill');
    on.perform(on.supervision.stop('shutdown'));
    on.settle();
    t.is(on.log.at(-1), 'end shutdown');
    t.is(on.log.filter((line) => line.startsWith('stop')).length, 3);
    t.is(on.log.filter((line) => line.startsWith('start')).length, 0);
  });

  test(`a group that stops ${how} waits for a child that is being disabled, and does not start it`, (t) => {
    const on = desk('all-for-one', keepOrder);
    on.perform(on.supervision.disable('d'));
    on.end(child(on, 'b'), 'kill');
    on.settle();
    t.deepEqual(on.log.slice(-3), ['start a', 'start b', 'start c']);
    t.is(on.supervision.phase, 'running');
    on.perform(on.supervision.enable('d'));
    t.is(on.log.at(-1), 'start d');
  });
}

test('a child that is overdue is killed and reported, and counts when it has ended', (t) => {
  const on = desk('one-for-one', false);
  const d = child(on, 'd');
  t.deepEqual(on.supervision.overdue(d), []);
  on.perform(on.supervision.stop('shutdown'));
  on.perform(on.supervision.overdue(d));
  t.deepEqual(on.log, ['stop d shutdown', 'child killed d']);
  t.deepEqual(on.supervision.overdue(child(on, 'c')), []);
  on.settle();
  t.deepEqual(on.log.slice(2), [
    ...['ended d kill', 'stop c shutdown', 'ended c shutdown', 'stop b shutdown'],
    ...['ended b shutdown', 'stop a shutdown', 'ended a shutdown', 'end shutdown'],
  ]);
});

for (const strategy of ['one-for-one', 'rest-for-one', 'all-for-one'] as const) {
  test(`a child whose thread ends while it starts again is started once more, and that is counted, ${strategy}`, (t) => {
    const on = desk(strategy, false, 2);
    on.losing.add('b');
    on.end(child(on, 'b'), 'kill');
    on.settle();
    t.true(on.log.includes('lost b'));
    t.deepEqual(on.log.filter((line) => line === 'start b').length, 1);
    t.is(on.live.length, 4);
    t.is(on.supervision.history.count, 2);
    t.is(on.supervision.phase, 'running');
  });
}

test('a child whose thread ends too often while it starts again ends its supervisor', (t) => {
  const on = desk('all-for-one', false, 1);
  on.losing.add('b');
  on.end(child(on, 'b'), 'kill');
  on.settle();
  t.is(on.log.at(-1), 'end supervisor-restarts-exceeded');
  t.true(on.isOver);
});
