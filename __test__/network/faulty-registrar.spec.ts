import ava from 'ava';
import {
  Application,
  type ApplicationSpec,
  childSpec,
  type LogRecord,
  networkEvent,
  type NetworkEvent,
  type Node,
  TergoError,
} from 'tergo';
import { waitFor, within } from '../support/wait-for.ts';
import { Puppet } from '../threads/puppet.ts';
import { puppet } from '../threads/stage.ts';
import { networkNode } from './cluster.ts';
import { type Deviation, Directory } from './directory.ts';
import {
  A,
  B,
  boom,
  C,
  failed,
  type Fault,
  faults,
  never,
  PATIENCE_MS,
  rejection,
  stage,
  throwBoom,
  timeoutMs,
} from './registrar-faults.ts';

// A registrar of the user's own is code that may do anything. One after another: each starts nodes of its own.
const test = ava.serial;

class Shop extends Application {
  override load(): ApplicationSpec {
    return { name: 'shop', weight: 1, group: [childSpec('one', Puppet)] };
  }
}

const portOf = (node: Node): number => node.network.acceptors()[0]!.port;

const good = { host: '127.0.0.1', port: 4000, isTls: false };

const wrongRoutes: readonly Fault[] = [
  ['no port', { host: 'x' }, '.port must be a whole number from 1 to 65535'],
  ['port 0', { ...good, port: 0 }, '.port must be a whole number'],
  ['too large a port', { ...good, port: 65_536 }, '.port must be a whole number'],
  ['a port as text', { ...good, port: '4000' }, '.port must be a whole number'],
  ['a host that is no text', { ...good, host: 5 }, '.host must be a non-empty string'],
  ['a host with spaces', { ...good, host: 'a b' }, '.host must be without white space'],
  ['a host with a line', { ...good, host: 'a\u0007' }, '.host must be without white space'],
  ['a host that is too long', { ...good, host: 'a'.repeat(256) }, '.host must be'],
  ['TLS that is no boolean', { ...good, isTls: 'yes' }, '.isTls must be true or false'],
].map(([title, route, says]): Fault => {
  const text = String(says).replaceAll('.', String.raw`\.`);
  return [
    `gives a route with ${String(title)}`,
    () => [good, route],
    new RegExp(String.raw`^registrar\.resolve\('b@localhost'\)\[1\]${text}`),
  ];
});

for (const [title, give, says] of [...faults, ...wrongRoutes])
  test(`a dial rejects when resolve ${title}, with the cause, and other dials go on`, async (t) => {
    let isFaulty = true;
    const { directory, a, failures, other } = await stage(t, {
      timeoutMs,
      resolve: (node) =>
        (node === B && isFaulty ? give() : (directory.announcements.get(node)?.routes ?? [])) as [],
    });
    const [b, c] = [await other(B), await other(C)];
    const [failed, fine] = await Promise.all([
      rejection(a.network.connect(B)),
      a.network.connect(C),
    ]);
    t.is(fine.creation, c.creation);
    t.is(failed.code, 'no-connection');
    t.true(
      failed.message.startsWith(`${B} was not reached: the registrar 'directory:1' has failed`),
    );
    if (!title.includes('whose')) t.regex((failed.cause as Error).message, says);
    t.deepEqual(failures(), ['resolve']);
    const route = await rejection(a.network.route(B));
    t.is(route.code, 'no-connection');
    if (!title.includes('whose')) t.regex((route.cause as Error).message, says);
    t.true(route.message.startsWith(`cannot find ${B}: the registrar 'directory:1' has failed`));
    isFaulty = false;
    t.is((await a.network.connect(B)).creation, b.creation);
  });

test('what was asked for a route rejects when the node stops before the answer', async (t) => {
  let isAsked = false;
  const resolve = (): Promise<never> => {
    isAsked = true;
    return never();
  };
  const { a } = await stage(t, { resolve });
  const route = rejection(a.network.route(B));
  await waitFor('the question', () => isAsked);
  await a.stop();
  t.is((await route).code, 'no-connection');
});

test('what fails is logged once until it succeeds again', async (t) => {
  let isFaulty = true;
  const { a, failures } = await stage(t, {
    resolve: () => {
      if (isFaulty) throw boom;
      return [];
    },
  });
  for (let i = 0; i < 3; i++) t.is((await rejection(a.network.connect(B))).cause, boom);
  t.deepEqual(failures(), ['resolve']);
  isFaulty = false;
  const unknown = await rejection(a.network.connect(B));
  t.deepEqual([unknown.code, unknown.cause], ['no-route', undefined]);
  isFaulty = true;
  t.is((await rejection(a.network.connect(B))).code, 'no-connection');
  t.deepEqual(failures(), ['resolve', 'resolve']);
});

for (const [title, thrown] of [
  ['', boom],
  // Of such an error what can travel gets there.
  [' that cannot travel', Object.assign(new Error('boom'), { how: () => 5 })],
] as const)
  test(`an important send hears of a failure${title}, on another thread as well`, async (t) => {
    const resolve = (): never => {
      throw thrown;
    };
    const { a, other } = await stage(t, { resolve }, { threads: 2 });
    const to = await puppet(await other(B), 0);
    const here = await rejection(a.sendImportant(to.pid, 'hello'));
    t.deepEqual([here.code, here.cause], ['no-connection', thrown]);
    const there = await puppet(a, 1);
    const failed = await rejection(there.do('sendImportant', to.pid, 'hello'));
    t.is(failed.code, 'no-connection');
    t.regex(failed.message, /has failed at resolve: boom/);
    t.is((failed.cause as Error | undefined)?.message, 'boom');
  });

test('it may lead to nowhere, to somebody else, or back: nobody is let in who has another name', async (t) => {
  const places: Record<string, number> = {};
  const { a, other } = await stage(t, {
    resolve: (node) => [{ host: '127.0.0.1', port: places[node]! }],
  });
  const [b, c] = [await other(B), await other(C)];
  Object.assign(places, { 'd@localhost': portOf(a), 'e@localhost': portOf(c), 'f@localhost': 1 });
  places[B] = portOf(b);
  const codes = await Promise.all(
    ['d@localhost', 'e@localhost', 'f@localhost'].map(async (name) => {
      const { code, cause } = await rejection(a.network.connect(name));
      return [code, cause];
    }),
  );
  t.deepEqual(codes, [
    ['not-allowed', undefined],
    ['no-connection', undefined],
    ['no-connection', undefined],
  ]);
  t.deepEqual(a.network.nodes(), []);
  t.is((await a.network.connect(B)).creation, b.creation);
});

test('an answer that comes late or twice changes nothing', async (t) => {
  const late = Promise.withResolvers<never>();
  const signals: AbortSignal[] = [];
  const { directory, a, other } = await stage(t, {
    timeoutMs,
    resolve: (node, { signal }) => {
      signals.push(signal);
      if (node === B) return late.promise;
      const { routes } = directory.announcements.get(node)!;
      const twice = {
        // oxlint-disable-next-line unicorn/no-thenable -- that it is one is the point
        then(resolve: (routes: unknown) => void, reject: (error: unknown) => void) {
          resolve(routes);
          resolve([{ port: 1 }]);
          reject(boom);
        },
      };
      return twice as never;
    },
  });
  const c = await other(C);
  t.is((await rejection(a.network.connect(B))).code, 'no-connection');
  t.deepEqual(
    signals.map(({ aborted, reason }) => [aborted, (reason as TergoError).code]),
    [[true, 'timeout']],
  );
  late.resolve([{ port: 1 }] as never);
  t.is((await a.network.connect(C)).creation, c.creation);
  t.false(signals[1]!.aborted);
});

test('a node that stops does not wait for an answer, and whoever asked hears of it', async (t) => {
  const signals: AbortSignal[] = [];
  const asked: Deviation['nodes'] = ({ signal }) => {
    signals.push(signal);
    return never();
  };
  const { a, failures } = await stage(t, {
    resolve: (_node, { signal }) => asked({ signal }) as never,
    nodes: asked,
  });
  const both = [rejection(a.network.connect(B)), rejection(a.network.registeredNodes())];
  await waitFor('both questions', () => signals.length === 2);
  await a.stop();
  t.deepEqual(
    (await Promise.all(both)).map(({ code }) => code),
    ['no-connection', 'no-connection'],
  );
  t.true(signals.every(({ aborted }) => aborted));
  t.deepEqual(failures(), []);
});

const wrongNodes: readonly Fault[] = [
  ['gives a name without a host', () => ['a'], /^registrar\.nodes\(\)\[0\] must be 'name@host'/],
  ['gives a number', () => [A, 5], /^registrar\.nodes\(\)\[1\] must be 'name@host'/],
];

for (const [title, give, says] of [...faults, ...wrongNodes])
  test(`registeredNodes rejects when nodes ${title}`, async (t) => {
    const { a, failures } = await stage(t, { timeoutMs, nodes: give as never });
    const failed = await rejection(a.network.registeredNodes());
    t.is(failed.code, title === 'never answers' ? 'timeout' : 'no-connection');
    if (!title.includes('whose')) t.regex((failed.cause as Error).message, says);
    t.deepEqual(failures(), ['nodes']);
  });

const route = {
  ...{ node: B, name: 'shop', weight: 1, tags: [] },
  ...{ mode: 'temporary', state: 'running' },
} as const;

const wrongApplications: readonly Fault[] = [
  ['node', 'nobody'],
  ['name', ''],
  ['weight', -1],
  ['weight', 1.5],
  ['tags', 'fast'],
  ['tags', ['fast', 5], 'tags[1]'],
  ['tags', Array.from({ length: 17 }, (_, at) => `${at}`)],
  ['mode', 'eternal'],
  ['state', undefined],
].map(([key, value, shown = key]): Fault => {
  const subject = String(shown).replaceAll(/[[\]]/g, String.raw`\$&`);
  return [
    `gives a route with ${JSON.stringify(value)} as its ${String(key)}`,
    () => [route, { ...route, [String(key)]: value }],
    new RegExp(String.raw`^registrar\.resolveApplication\(\)\[1\]\.${subject} must be `),
  ];
});

for (const [title, give, says] of [...faults, ...wrongApplications])
  test(`resolveApplication rejects when the registrar ${title}`, async (t) => {
    const { a, failures } = await stage(t, { timeoutMs, resolveApplication: give as never });
    const failed = await rejection(a.network.resolveApplication('shop'));
    t.is(failed.code, title === 'never answers' ? 'timeout' : 'no-connection');
    if (!title.includes('whose')) t.regex((failed.cause as Error).message, says);
    t.deepEqual(failures(), ['resolveApplication']);
  });

for (const [title, give] of [
  ['throws', faults[0]![1]],
  ['gives a promise', () => Promise.reject(boom)],
  ['gives nothing', () => null],
  ['gives a server that is none', () => ({ server: 5 })],
  ['gives a server of several lines', () => ({ server: 'a\nb' })],
  ['gives what is no boolean', () => ({ isRegistered: 'yes' })],
] as const)
  test(`how the registrar stands is told when info ${title}`, async (t) => {
    const { a, failures } = await stage(t, { info: give as never });
    const stand = { name: 'directory:1', server: '', isServing: false, isRegistered: true };
    t.deepEqual(a.network.registrar(), stand);
    t.deepEqual(a.network.info().registrar, stand);
    t.deepEqual(failures(), ['info']);
  });

/** Starts a node whose registrar cannot register it: what that rejects with, and whether it was closed. */
async function failedStart(deviation: Deviation): Promise<[TergoError, number]> {
  let closed = 0;
  const close = (): void => void (closed += 1);
  const registrar = new Directory().registrar({ timeoutMs, close, ...deviation });
  const records: LogRecord[] = [];
  const logger = { log: (record: LogRecord) => void records.push(record) };
  const loggers = [{ name: 'records', logger }];
  const log = { disableConsole: true, loggers };
  const error = await rejection(networkNode(A, { registrar }, { log }));
  // Whoever starts it hears of it, which is enough.
  if (records.some(failed)) throw new Error('it is logged as well');
  return [error, closed];
}

test('a node whose registrar rejects at start does not start, and says why', async (t) => {
  for (const start of [faults[0]![1], faults[1]![1]]) {
    const [failed, closed] = await failedStart({ start: start as never });
    t.is(failed.code, 'no-connection');
    t.is(failed.message, "the registrar 'directory:1' has failed at start: boom");
    t.deepEqual([failed.cause, closed], [boom, 1]);
  }
});

test('a node whose registrar does not come to an end at start does not start', async (t) => {
  let asked: AbortSignal | undefined;
  const [failed, closed] = await failedStart({
    start: (_announcement, _events, { signal }) => {
      asked = signal;
      return never();
    },
  });
  t.deepEqual([failed.code, closed, asked?.aborted], ['timeout', 1, true]);
});

test('an announcement that fails or hangs is logged, and the next one is made', async (t) => {
  const seen: number[] = [];
  const answers = [faults[0]![1], faults[1]![1], never];
  const { a, failures } = await stage(t, {
    timeoutMs,
    announce: ({ applications }) => {
      seen.push(applications[0]?.weight ?? -1);
      return answers[seen.length - 1]?.() as undefined;
    },
  });
  await a.applications.load(Shop);
  await waitFor('the first announcement', () => seen.length === 1);
  for (const weight of [2, 3, 4]) {
    a.applications.setWeight('shop', weight);
    await waitFor(`the announcement of ${weight}`, () => seen.includes(weight));
  }
  t.deepEqual(seen, [1, 2, 3, 4]);
  t.deepEqual(failures(), ['announce']);
});

test('events of what is no node are logged and ignored, and none throws', async (t) => {
  const { directory, a, failures } = await stage(t, {});
  const heard: NetworkEvent[] = [];
  const feed = a.subscribe(networkEvent);
  t.teardown(() => feed[Symbol.asyncDispose]());
  void (async () => {
    for await (const { message } of feed) heard.push(message);
  })();
  const events = directory.events.get(A)!;
  const hostile = {
    [Symbol.for('nodejs.util.inspect.custom')]: throwBoom,
  };
  for (const wrong of ['nobody', 5, undefined, hostile, A])
    for (const tell of [events.joined, events.left]) t.notThrows(() => tell(wrong as string));
  for (const tell of [events.lost, events.refused]) t.notThrows(() => tell(hostile));
  events.joined(B);
  await waitFor('b', () => heard.length > 0);
  t.deepEqual(heard, [{ type: 'joined', node: B }]);
  t.deepEqual(failures(), ['joined', 'left']);
});

test('nothing comes of what is told from close on', async (t) => {
  const { directory, a, records } = await stage(t, {
    close: () => {
      const { joined, left, lost, registered, refused } = directory.events.get(A)!;
      joined('nobody');
      left(B);
      lost(boom);
      registered();
      refused();
    },
  });
  const feed = a.subscribe(networkEvent);
  const heard: NetworkEvent[] = [];
  const ended = (async () => {
    for await (const { message } of feed) heard.push(message);
  })();
  await a.stop();
  await ended.catch(() => undefined);
  t.deepEqual(heard, []);
  const told = records.filter(({ message }) => message.includes('registrar'));
  t.deepEqual(told, []);
});

test('nothing comes of events after the end', async (t) => {
  const { directory, a, records } = await stage(t, {});
  const events = directory.events.get(A)!;
  await a.stop();
  const count = records.length;
  t.notThrows(() => {
    events.joined(B);
    events.left('nobody');
    events.lost(boom);
    events.registered();
    events.refused();
  });
  t.is(records.length, count);
  t.is(a.network.registrar(), undefined);
});

for (const [title, close] of [
  ['throws', faults[0]![1]],
  ['rejects', faults[1]![1]],
  ['never comes to an end', never],
] as const)
  test(`a node stops all the same when close ${title}`, async (t) => {
    const { a, failures } = await stage(t, { timeoutMs, close: close as never });
    await within('the stop', () => a.stop(), PATIENCE_MS);
    t.deepEqual(failures(), ['close']);
  });

test('a dial that its own registrar makes is made', async (t) => {
  const { directory, a, other } = await stage(t, {
    resolve: async (node) => {
      if (node === B) await a.network.connect(C);
      return directory.announcements.get(node)!.routes;
    },
  });
  const [b] = [await other(B), await other(C)];
  t.is((await a.network.connect(B)).creation, b.creation);
  t.deepEqual(a.network.nodes(), [B, C]);
});

test('many dials at once each have their own answer', async (t) => {
  const names = Array.from({ length: 300 }, (_, at) => `n${at}@localhost`);
  const asked: string[] = [];
  const { a } = await stage(t, {
    resolve: async (node) => {
      asked.push(node);
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error(`not ${node}`);
    },
  });
  const failed = await Promise.all(names.map((name) => rejection(a.network.connect(name))));
  t.deepEqual(
    failed.map(({ cause }) => (cause as Error).message),
    names.map((name) => `not ${name}`),
  );
  t.deepEqual(asked.toSorted(), names.toSorted());
});
