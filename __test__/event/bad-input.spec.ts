import test from 'ava';
import { eventId, eventName, type Publisher } from 'tergo';
import { everyValue } from '../support/bad-values.ts';
import { holdings, quietNode, spawnWitness, type Witness } from '../support/witness.ts';

/** A function of this area with one argument to spoil; any wrong value must be refused by its name. */
interface Spoilable {
  readonly title: string;
  readonly argument: string;
  call(self: Witness, bad: never): unknown;
  /** Values that are right here. */
  readonly allows?: readonly string[];
}

/** Nothing, or an object that sets no option. */
const withoutKeys = [
  'undefined',
  'an empty object',
  'an object without a prototype',
  'a promise',
  'an error',
];
const publisher: Publisher<unknown> = { event: 'open', token: 'any' };

const spoilables: readonly Spoilable[] = [
  { title: 'linkEvent', argument: 'event', call: (self, bad) => self.linkEvent(bad) },
  { title: 'monitorEvent', argument: 'event', call: (self, bad) => self.monitorEvent(bad) },
  { title: 'unlinkEvent', argument: 'event', call: (self, bad) => self.unlinkEvent(bad) },
  { title: 'demonitorEvent', argument: 'event', call: (self, bad) => self.demonitorEvent(bad) },
  { title: 'registerEvent', argument: 'event', call: (self, bad) => self.registerEvent(bad) },
  { title: 'unregisterEvent', argument: 'event', call: (self, bad) => self.unregisterEvent(bad) },
  {
    title: 'node.registerEvent',
    argument: 'event',
    call: (self, bad) => self.node.registerEvent(bad),
  },
  {
    title: 'node.unregisterEvent',
    argument: 'event',
    call: (self, bad) => self.node.unregisterEvent(bad),
  },
  { title: 'node.subscribe', argument: 'event', call: (self, bad) => self.node.subscribe(bad) },
  {
    title: 'sendEvent',
    argument: 'publisher',
    call: (self, bad) => self.sendEvent(bad, 'message' as never),
    allows: ['an empty string'],
  },
  {
    title: 'node.sendEvent',
    argument: 'publisher',
    call: (self, bad) => self.node.sendEvent(bad, 'message' as never),
    allows: ['an empty string'],
  },
  { title: 'eventName', argument: 'name', call: (_self, bad) => eventName(bad) },
  { title: 'eventId of a name', argument: 'name', call: (_self, bad) => eventId(bad, 'far@away') },
  { title: 'eventId of a node', argument: 'node', call: (_self, bad) => eventId('name', bad) },
  {
    title: 'registerEvent with options',
    argument: 'options',
    call: (self, bad) => self.registerEvent('event', bad),
    allows: withoutKeys,
  },
  {
    title: 'registerEvent with a buffer',
    argument: 'options.buffer',
    call: (self, buffer) => self.registerEvent('event', { buffer }),
    allows: ['undefined', 'zero', 'a number'],
  },
  ...(['notify', 'open'] as const).map((key) => ({
    title: `registerEvent with ${key}`,
    argument: `options.${key}`,
    call: (self: Witness, bad: never) => self.registerEvent('event', { [key]: bad }),
    allows: ['undefined', 'true'],
  })),
  {
    title: 'sendEvent with options',
    argument: 'options',
    call: (self, bad) => self.sendEvent(publisher, 'message', bad),
    allows: withoutKeys,
  },
  {
    title: 'sendEvent with a priority',
    argument: 'priority',
    call: (self, priority) => self.sendEvent(publisher, 'message', { priority }),
    allows: ['undefined'],
  },
  {
    title: 'node.subscribe with options',
    argument: 'options',
    call: (self, bad) => self.node.subscribe('open', bad),
    allows: withoutKeys,
  },
  {
    title: 'node.subscribe with a limit',
    argument: 'options.limit',
    call: (self, limit) => self.node.subscribe('open', { limit }),
    allows: ['undefined', 'a number'],
  },
  {
    title: 'node.subscribe with a signal',
    argument: 'options.signal',
    call: (self, signal) => self.node.subscribe('open', { signal }),
    allows: ['undefined'],
  },
];

for (const { title, argument, call, allows = [] } of spoilables) {
  test(`${title} refuses every wrong ${argument} by its name, and changes nothing`, async (t) => {
    const node = await quietNode(t);
    const self = await spawnWitness(node);
    node.registerEvent('open', { open: true });
    const before = await holdings(node);
    for (const [value, bad] of everyValue) {
      if (allows.includes(value)) continue;
      const attempt = self.run(async (witness) => await call(witness, bad as never));
      const error = await t.throwsAsync(attempt, { code: 'incorrect' }, value);
      const names = new RegExp(`^${argument}(\\.\\w+)? must be`);
      t.regex(error?.message ?? '', names, value);
    }
    t.deepEqual(await holdings(node), before);
  });
}

test('unknown options are refused by their name', async (t) => {
  const node = await quietNode(t);
  const odd = { bufer: 10 } as object;
  const message = /^options\.bufer must be left out \(known are /;
  t.throws(() => node.registerEvent('event', odd), { code: 'incorrect', message });
  t.throws(() => node.subscribe('event', odd), { code: 'incorrect', message });
  node.registerEvent('open', { open: true });
  t.throws(() => node.sendEvent('open', 1, odd), { code: 'incorrect', message });
  t.is(node.info().eventsPublished, 0);
});

test('numbers beyond what is sensible are refused', async (t) => {
  const node = await quietNode(t);
  for (const buffer of [-1, 0.5, 1_000_001, Infinity]) {
    t.throws(() => node.registerEvent('event', { buffer }), {
      code: 'incorrect',
      message: /^options\.buffer must be a whole number from 0 to 1000000, but is /,
    });
  }
  for (const limit of [-1, 0, 1.5, Infinity]) {
    const message = /^options\.limit must be a whole number from 1 /;
    t.throws(() => node.subscribe('event', { limit }), { code: 'incorrect', message });
  }
  t.is(node.info().registeredEvents, 0);
});

test('a publisher with a wrong token or a wrong name is no wrong argument, but has no right', async (t) => {
  const node = await quietNode(t);
  node.registerEvent('closed');
  for (const token of [undefined, null, 42, {}, '']) {
    t.is(node.sendEvent({ event: 'closed', token: token as never }, 1), 'event-owner');
  }
  t.is(node.sendEvent({ event: 'unknown', token: 'any' }, 1), 'event-unknown');
});

test('names of events are any 255 bytes; longer ones and empty ones are refused', async (t) => {
  const node = await quietNode(t);
  for (const good of ['x'.repeat(255), 'ü'.repeat(127), '名前 mit space\n', '__proto__']) {
    node.registerEvent(eventName(good));
    node.unregisterEvent(eventName(good));
  }
  for (const bad of ['', 'x'.repeat(256), 'ü'.repeat(128)]) {
    t.throws(() => node.registerEvent(bad), { code: 'incorrect', message: /^event must be/ });
    t.throws(() => eventName(bad), { code: 'incorrect', message: /^name must be/ });
  }
});

test('event ids with a wrong node name are refused', async (t) => {
  const node = await quietNode(t);
  const self = await spawnWitness(node);
  for (const home of ['name', '@', 'a@', 'a b@c', `${'x'.repeat(255)}@host`, 42, undefined]) {
    const bad = home as string;
    t.throws(() => eventId('event', bad), { code: 'incorrect', message: /^node must be/ });
    await t.throwsAsync(
      self.run((witness) => witness.linkEvent({ name: 'event', node: bad })),
      { code: 'incorrect', message: /^event\.node must be/ },
    );
  }
});
