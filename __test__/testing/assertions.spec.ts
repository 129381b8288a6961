import { AssertionError } from 'node:assert';
import test, { type ExecutionContext } from 'ava';
import { processName, type ProcessName } from 'tergo';
import {
  any,
  anyAlias,
  anyPid,
  capture,
  containing,
  exactly,
  instanceOf,
  not,
  ofType,
  oneOf,
  probe,
  startUnit,
  where,
  type Pattern,
  type Probe,
  type RecordOf,
  type StandIn,
  type Unit,
} from 'tergo/testing';
import { Witness, type WitnessProtocol } from '../support/witness.ts';

const storeName: ProcessName<{ message: unknown }> = processName('store');

/** A process that has sent some messages to a store. */
async function sender(
  t: ExecutionContext,
  messages: readonly unknown[] = [],
): Promise<{ unit: Unit; self: Probe<WitnessProtocol>; store: StandIn<{ message: unknown }> }> {
  const unit = await startUnit();
  t.teardown(() => unit[Symbol.asyncDispose]());
  const store = await unit.standIn({ name: storeName });
  const self = await probe(Witness, { unit, args: [] });
  for (const message of messages) await self.send((me) => void me.send(store.pid, message));
  return { unit, self, store };
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof AssertionError)
      return error.message.replaceAll(/<[0-9A-F]+\.0\.(\d+)>/g, '<$1>');
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Whether a pattern fits a message. */
async function fits(
  t: ExecutionContext,
  message: unknown,
  pattern: Pattern<unknown>,
): Promise<boolean> {
  const { self } = await sender(t, [message]);
  return self.records('send', { message: pattern }).length === 1;
}

test('the four assertions tell one, some, several and none apart', async (t) => {
  const { self } = await sender(t, ['a', 'b', 'b', 'c', 'c', 'c']);
  t.is(self.should('send').message, 'a');
  t.is(self.should('send', { message: 'c' }).message, 'c');
  t.is(self.shouldOnce('send', { message: 'a' }).message, 'a');
  t.deepEqual(
    self.shouldTimes(2, 'send', { message: 'b' }).map(({ message }) => message),
    ['b', 'b'],
  );
  t.deepEqual(self.shouldTimes(0, 'send', { message: 'd' }), []);
  t.is(self.shouldNot('send', { message: 'd' }), undefined);
  t.is(self.shouldNot('log'), undefined);

  const failing: (() => unknown)[] = [
    () => self.should('log'),
    () => self.should('send', { message: 'd' }),
    () => self.shouldOnce('send', { message: 'b' }),
    () => self.shouldOnce('send', { message: 'd' }),
    () => self.shouldTimes(3, 'send', { message: 'b' }),
    () => self.shouldTimes(1, 'send', { message: 'b' }),
    () => self.shouldTimes(0, 'send', { message: 'b' }),
    () => self.shouldNot('send', { message: 'c' }),
    () => self.shouldNot('send'),
  ];
  for (const action of failing)
    t.throws(action, { instanceOf: AssertionError, code: 'ERR_ASSERTION' });
});

test('a failure names the process, what was expected, what is there and where it differs', async (t) => {
  const { self, store } = await sender(t, [
    { type: 'get', key: 'a' },
    { type: 'put', key: 'b', value: [1, 2] },
  ]);
  const text = messageOf(() =>
    self.shouldOnce('send', { to: store.pid, message: { type: 'put', key: /^c/, value: [1, 3] } }),
  );
  t.is(
    text,
    [
      'Witness <1003> should send once, like',
      "  { to: <1002>, message: { type: 'put', key: /^c/, value: [ 1, 3 ] } }",
      "None of 2 of the kind 'send' fits:",
      '  at 0 ms by <1003>: {',
      '      to: <1002>,',
      "      message: { type: 'get', key: 'a' },",
      "      priority: 'normal',",
      "      via: 'send',",
      "      result: 'ok'",
      '    }',
      "    message.type must be 'put', but is 'get'",
      "    message.key must match /^c/, but is 'a'",
      '    message.value must be a list, but is undefined',
      '  at 0 ms by <1003>: {',
      '      to: <1002>,',
      "      message: { type: 'put', key: 'b', value: [ 1, 2 ] },",
      "      priority: 'normal',",
      "      via: 'send',",
      "      result: 'ok'",
      '    }',
      "    message.key must match /^c/, but is 'b'",
      '    message.value[1] must be 3, but is 2',
    ].join('\n'),
  );
});

test('a failure of too many shows those that fit, and of none says so', async (t) => {
  const { self, unit } = await sender(t, ['a', 'b', 'b']);
  t.regex(
    messageOf(() => self.shouldOnce('send', { message: 'b' })),
    /^Witness <1003> should send once, like\n.*\n2 of 3 fit:\n/,
  );
  t.regex(
    messageOf(() => self.shouldNot('send')),
    /^Witness <1003> should not send\n3 of 3 fit:\n/,
  );
  t.is(
    messageOf(() => unit.shouldTimes(2, 'register-event')),
    "some process should register event 2 times\nThere is no record of the kind 'register-event'.",
  );
});

test('a failure shows the last ten of many records', async (t) => {
  const { self } = await sender(
    t,
    Array.from({ length: 12 }, (_, n) => n),
  );
  const text = messageOf(() => self.should('send', { message: 'x' }));
  t.true(text.includes('… 2 before'));
  t.deepEqual(
    [text.includes('but is 1\n'), text.includes('but is 2\n'), text.endsWith('but is 11')],
    [false, true, true],
  );
});

test('an error carries the closest record, cut to the pattern, and the pattern, for a framework’s diff', async (t) => {
  const { self } = await sender(t, [
    { type: 'x', n: 1, other: true },
    { type: 'y', n: 2 },
  ]);
  const error = t.throws(() => self.should('send', { message: { type: 'y', n: 3 } }), {
    instanceOf: AssertionError,
  });
  t.deepEqual(error?.actual, { message: { type: 'y', n: 2 } });
  t.deepEqual(error?.expected, { message: { type: 'y', n: 3 } });
  t.is(error?.operator, 'send');
  t.regex(error?.stack?.split('\n    at ')[1] ?? '', /assertions\.spec\.ts/);
});

test('since looks only at what came after a mark; marks of marks add up', async (t) => {
  const { self, store } = await sender(t, ['a']);
  const first = self.mark();
  self.since(first).shouldNot('send');
  await self.send((me) => void me.send(store.pid, 'b'));
  const second = self.mark();
  await self.send((me) => void me.send(store.pid, 'c'));
  self.since(first).shouldTimes(2, 'send');
  self.since(second).shouldOnce('send', { message: 'c' });
  self.since(second).since(first).shouldOnce('send');
  self.since(first).since(second).shouldOnce('send');
  self.shouldTimes(3, 'send');
  const other = await startUnit();
  t.throws(() => self.since(other.mark()), { code: 'incorrect', message: /^mark must be/ });
  t.throws(() => self.since({} as never), { code: 'incorrect' });
  await other[Symbol.asyncDispose]();
});

test('clear forgets what was, for the unit and all its probes; marks stay where they are', async (t) => {
  const { self, unit, store } = await sender(t, ['a']);
  const mark = self.mark();
  self.clear();
  t.deepEqual([self.records(), unit.records()], [[], []]);
  await self.send((me) => void me.send(store.pid, 'b'));
  self.shouldOnce('send', { message: 'b' });
  self.since(mark).shouldOnce('send', { message: 'b' });
});

test('records gives all in order, of one kind, or only those that fit', async (t) => {
  const { self } = await sender(t, ['a', 'b']);
  t.deepEqual(
    self.records().map(({ kind }) => kind),
    ['deliver', 'send', 'deliver', 'send'],
  );
  t.deepEqual(
    self.records('send').map(({ message }) => message),
    ['a', 'b'],
  );
  t.is(self.records('send', { message: 'b' }).length, 1);
  const last: RecordOf<'send'> | undefined = self.records('send').at(-1);
  t.is(last?.message, 'b');
});

test('an object fits if its keys do; lists fit element by element; other values must be equal', async (t) => {
  const cases: [message: unknown, pattern: Pattern<unknown>, doesFit: boolean][] = [
    [{ a: 1, b: 2 }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1 } } }, true],
    [{ a: undefined }, { a: undefined }, true],
    [{}, { a: undefined }, true],
    [[1, 2], [1, 2], true],
    [[1, 2], [1], false],
    [[{ a: 1, b: 2 }], [{ a: 1 }], true],
    ['text', 'text', true],
    ['text', /ex/, true],
    ['text', /^ex/g, false],
    [5, /5/, false],
    [NaN, NaN, true],
    [0, -0, false],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]]), true],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]]), false],
    [new Date(5), new Date(5), true],
    [new Error('x'), { message: 'x' }, true],
    [new Error('x'), new Error('x'), true],
    [new Error('x'), new RangeError('x'), false],
    [null, {}, false],
    [5, { a: 1 }, false],
    [{ a: 1 }, 5, false],
  ];
  for (const [message, pattern, doesFit] of cases) t.is(await fits(t, message, pattern), doesFit);
});

test('the pids and aliases of other processes and nodes never fit, however alike they look', async (t) => {
  const { self, store } = await sender(t);
  const elsewhere = await startUnit();
  const twin = await elsewhere.standIn();
  t.is(String(twin.pid), String(store.pid));
  await self.send((me) => void me.send(store.pid, twin.pid));
  self.shouldOnce('send', { to: store.pid, message: twin.pid });
  self.shouldNot('send', { to: twin.pid });
  self.shouldNot('send', { message: store.pid });
  await elsewhere[Symbol.asyncDispose]();
});

test('matchers stand anywhere in a pattern and say what they want [C25]', async (t) => {
  const { self, store } = await sender(t);
  class Order {
    readonly isPaid = true;
  }
  const order = new Order();
  const message = { type: 'put', id: 7, tags: ['a', 'b'], order, at: store.pid };
  await self.send((me) => void me.send(store.pid, { ...message, alias: me.createAlias() }));
  const good: Pattern<unknown>[] = [
    any(),
    { missing: any() },
    { type: ofType('string'), id: ofType('number'), tags: ofType('object') },
    { order: instanceOf(Order), at: anyPid(), alias: anyAlias() },
    { id: where((id) => id === 7) },
    { type: oneOf('get', /^p/), id: not(8), tags: containing('b') },
    { type: containing('ut') },
    { tags: exactly(['a', 'b']) },
    not({ id: 8 }),
  ];
  for (const pattern of good) self.should('send', { message: pattern });
  const bad: [Pattern<unknown>, string][] = [
    [{ id: ofType('string') }, 'message.id must be of the type string, but is 7'],
    [{ missing: ofType('object') }, 'message.missing must be of the type object, but is undefined'],
    [
      { order: instanceOf(Date) },
      'message.order must be an instance of Date, but is Order { isPaid: true }',
    ],
    [{ id: where((id) => id === 8, 'an eight') }, 'message.id must be an eight, but is 7'],
    [{ id: where(() => false) }, 'message.id must be what the function says yes to, but is 7'],
    [{ id: anyPid() }, 'message.id must be a pid, but is 7'],
    [{ at: anyAlias() }, 'message.at must be an alias, but is <1002>'],
    [{ type: oneOf('get', /^q/) }, "message.type must be one of 'get', /^q/, but is 'put'"],
    [{ id: not(7) }, 'message.id must not be 7, but is 7'],
    [{ tags: containing('c') }, "message.tags must contain 'c', but is [ 'a', 'b' ]"],
    [{ id: containing(7) }, 'message.id must contain 7, but is 7'],
    [{ tags: exactly(['a']) }, "message.tags must be exactly [ 'a' ], but is [ 'a', 'b' ]"],
    [{ order: 5 }, 'message.order must be 5, but is Order { isPaid: true }'],
    [{ id: { a: 1 } }, 'message.id must be an object like { a: 1 }, but is 7'],
    [{ tags: ['a'] }, "message.tags must have 1 elements, but is [ 'a', 'b' ]"],
  ];
  for (const [pattern, text] of bad) {
    const message = messageOf(() => self.should('send', { message: pattern }));
    t.true(message.includes(text), message);
  }
  t.regex(
    messageOf(() => self.should('send', { message: { id: ofType('string') } })),
    /id: ofType\('string'\)/,
  );
  t.false(await fits(t, null, ofType('object')));
});

test('a capture keeps what it matched once the assertion holds, of every record that fits [C25]', async (t) => {
  const { self } = await sender(t, [{ id: 'a' }, { id: 5 }, { id: 'b' }]);
  const id = capture(ofType('string'));
  t.throws(() => id.value, { code: 'unknown', message: /has captured nothing/ });
  t.throws(() => self.shouldOnce('send', { message: { id } }), { instanceOf: AssertionError });
  t.deepEqual(id.values, []);
  self.shouldTimes(2, 'send', { message: { id } });
  const value: string = id.value;
  t.deepEqual([value, id.values], ['b', ['a', 'b']]);

  const all = capture();
  self.shouldTimes(3, 'send', { message: all });
  t.deepEqual(all.values, [{ id: 'a' }, { id: 5 }, { id: 'b' }]);
  const inner = capture();
  const { self: other } = await sender(t, [['x', { deep: 1 }]]);
  other.should('send', { message: oneOf('no', containing({ deep: inner })) });
  t.is(inner.value, 1);
  const none = capture();
  self.shouldNot('send', { message: { id: none, other: 1 } });
  t.deepEqual(none.values, []);
});

test('the pid of a child that is born later is captured by the spawn [C25]', async (t) => {
  const { self, unit } = await sender(t);
  const pid = capture(anyPid());
  await self.send((me) => me.spawn(Witness, { args: [] }).then(() => undefined));
  self.shouldOnce('spawn', { pid });
  await unit.standInOf(pid.value).end('shutdown');
  unit.shouldOnce('terminate', { by: pid.value, reason: 'shutdown' });
  t.pass();
});

test('bad kinds, numbers and matchers are refused at once', async (t) => {
  const { self } = await sender(t);
  const bad: [() => unknown, RegExp][] = [
    [() => self.should('sned' as never), /^kind must be send, /],
    [() => self.records('sned' as never), /^kind must be/],
    [() => self.shouldTimes(-1, 'send'), /^times must be/],
    [() => self.shouldTimes(1.5, 'send'), /^times must be/],
    [() => where('yes' as never), /^fits must be a function/],
    [() => ofType('integer' as never), /^name must be string, number/],
    [() => instanceOf({} as never), /^type must be a function/],
    [() => oneOf(), /^patterns must be one pattern or more/],
  ];
  for (const [action, message] of bad) t.throws(action, { code: 'incorrect', message });
});
