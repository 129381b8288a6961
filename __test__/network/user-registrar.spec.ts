import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import {
  Application,
  type ApplicationSpec,
  childSpec,
  networkEvent,
  type NetworkEvent,
  type NetworkOptions,
  type Node,
  type NodeOptions,
  type Registrar,
  startNode,
  type TergoError,
} from 'tergo';
import { freePort } from '../support/free-port.ts';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { Puppet } from '../threads/puppet.ts';
import { puppet } from '../threads/stage.ts';
import { COOKIE, networkNode } from './cluster.ts';
import { type Deviation, Directory } from './directory.ts';

// How nodes use a registrar of the user's own that does what it should; `faulty-registrar.spec.ts` has the others.

const A = 'a@localhost';
const B = 'b@localhost';

/** Nodes that find each other by a directory, stopped with the test. */
function listed(t: ExecutionContext): {
  readonly directory: Directory;
  start(
    name: string,
    deviation?: Deviation,
    network?: NetworkOptions,
    options?: NodeOptions,
  ): Promise<Node>;
} {
  const directory = new Directory();
  return {
    directory,
    async start(name, deviation, network = {}, options = {}) {
      const registrar = directory.registrar(deviation);
      const node = await networkNode(name, { registrar, ...network }, options);
      t.teardown(() => node.stopForce());
      return node;
    },
  };
}

/** What a node publishes of the network from now on. */
function eventsOf(t: ExecutionContext, node: Node): NetworkEvent[] {
  const events: NetworkEvent[] = [];
  const feed = node.subscribe(networkEvent);
  t.teardown(() => feed[Symbol.asyncDispose]());
  void (async () => {
    for await (const { message } of feed) events.push(message);
  })();
  return events;
}

test('three nodes find each other by it', async (t) => {
  const { start } = listed(t);
  const [a, b, c] = [await start(A), await start(B), await start('c@localhost')];
  t.deepEqual(await a.network.registeredNodes(), [A, B, 'c@localhost']);
  t.is((await a.network.connect(B)).creation, b.creation);
  const to = await puppet(c, 0);
  t.is(b.send(to.pid, 'hello'), 'ok');
  t.deepEqual(await to.messages(1), ['hello']);
  await t.throwsAsync(a.network.connect('d@localhost'), { code: 'no-route' });
});

test('it is told where the node listens, and which incarnation it is', async (t) => {
  const { directory, start } = listed(t);
  const a = await start(A);
  const [acceptor] = a.network.acceptors();
  t.deepEqual(directory.announcements.get(A), {
    ...{ node: A, creation: a.creation, isHidden: false, applications: [] },
    routes: [{ host: '127.0.0.1', port: acceptor!.port, isTls: false }],
  });
});

test('a node that listens to all hosts is announced by the host of its name, or as routeHost says', async (t) => {
  const { directory, start } = listed(t);
  await start(A, {}, { acceptors: [{ host: '0.0.0.0', port: 0 }] });
  await start(B, {}, { acceptors: [{ port: 0, routeHost: 'gate.example', routePort: 7 }] });
  t.false('host' in directory.announcements.get(A)!.routes[0]!);
  const outside = { host: 'gate.example', port: 7, isTls: false };
  t.deepEqual(directory.announcements.get(B)!.routes, [outside]);
});

test('where it leads is told, and only that is dialled', async (t) => {
  const { start } = listed(t);
  const b = await start(B);
  const { port } = b.network.acceptors()[0]!;
  const asked: string[] = [];
  const resolve: Deviation['resolve'] = (node) => {
    asked.push(node);
    return node === B ? [{ port: 1 }, { host: '127.0.0.1', port }] : [];
  };
  const a = await start(A, { resolve });
  t.deepEqual(await a.network.route(B), [
    { source: 'registrar', host: 'localhost', port: 1, isTls: false },
    { source: 'registrar', host: '127.0.0.1', port, isTls: false },
  ]);
  await t.throwsAsync(a.network.route('c@localhost'), { code: 'no-route' });
  t.is((await a.network.connect(B)).creation, b.creation);
  t.deepEqual(asked, [B, 'c@localhost', B]);
});

test('a static route comes first, and the registrar is not asked', async (t) => {
  const { start } = listed(t);
  const b = await start(B);
  const a = await start(A, {
    resolve: () => {
      throw new Error('nobody asks');
    },
  });
  const { port } = b.network.acceptors()[0]!;
  a.network.addRoute('^b@', { host: '127.0.0.1', port });
  t.is((await a.network.connect(B)).creation, b.creation);
});

test('what it gives may be a promise or not, and it may be an instance of a class', async (t) => {
  const directory = new Directory();
  class Later implements Registrar {
    readonly name = 'later:1';
    readonly #inner: Registrar = directory.registrar();
    async start(...args: Parameters<Registrar['start']>): Promise<void> {
      await this.#inner.start(...args);
    }
    async announce(): Promise<void> {}
    resolve = (): [] => [];
    resolveApplication = async (): Promise<[]> => [];
    async nodes(): Promise<readonly string[]> {
      return [...directory.announcements.keys()];
    }
    async close(): Promise<void> {}
  }
  const a = await networkNode(A, { registrar: new Later() });
  t.teardown(() => a.stopForce());
  t.deepEqual(await a.network.registeredNodes(), [A]);
});

test('encrypted nodes find each other by it', async (t) => {
  const { directory, start } = listed(t);
  const a = await start(A, {}, { tls: 'self-signed' });
  const b = await start(B, {}, { tls: 'self-signed' });
  t.true(directory.announcements.get(B)!.routes[0]!.isTls);
  t.is((await a.network.connect(B)).creation, b.creation);
});

test('a hidden node and a passive one take their names and are not found', async (t) => {
  const { directory, start } = listed(t);
  const a = await start(A);
  const hidden = await start('hidden@localhost', {}, { mode: 'hidden' });
  await start('passive@localhost', {}, { mode: 'passive' });
  t.like(directory.announcements.get('passive@localhost'), { isHidden: true, routes: [] });
  t.deepEqual(await a.network.registeredNodes(), [A]);
  t.is((await hidden.network.connect(A)).name, A);
  await t.throwsAsync(a.network.connect('passive@localhost'), { code: 'no-route' });
  const error = await t.throwsAsync<TergoError>(start('hidden@localhost'));
  t.is(error?.code, 'taken');
});

test('it tells how it stands, and of each node that joins and leaves', async (t) => {
  const { directory, start } = listed(t);
  const a = await start(A, { info: () => ({ server: 'memory', isServing: true }) });
  const records = recordLog(a);
  const stand = { name: 'directory:1', server: 'memory', isServing: true, isRegistered: true };
  t.deepEqual(a.network.registrar(), stand);
  t.deepEqual(a.network.info().registrar, stand);
  const heard = eventsOf(t, a);
  const b = await start(B);
  t.deepEqual(b.network.registrar(), { ...stand, server: '', isServing: false });
  await b.stop();
  t.is(b.network.registrar(), undefined);
  const { lost, registered, refused, joined } = directory.events.get(A)!;
  joined(A);
  lost(new Error('the cable is out'));
  t.false(a.network.registrar()?.isRegistered);
  registered();
  t.true(a.network.registrar()?.isRegistered);
  refused('the name is taken');
  t.false(a.network.registrar()?.isRegistered);
  await waitFor('b to leave', () => heard.some(({ type }) => type === 'left'));
  t.deepEqual(heard, [
    { type: 'joined', node: B },
    { type: 'left', node: B },
  ]);
  const told = records.filter(({ message }) => message.startsWith('the registrar: '));
  t.deepEqual(
    told.map(({ level, message, fields }) => [level, message, fields['detail']]),
    [
      ['warning', 'the registrar: lost', 'the cable is out'],
      ['info', 'the registrar: registered', undefined],
      ['warning', 'the registrar: refused', "'the name is taken'"],
    ],
  );
});

class Images extends Application {
  override load(): ApplicationSpec {
    return { name: 'images', weight: 3, tags: ['fast'], group: [childSpec('one', Puppet)] };
  }
}

class Shop extends Application {
  override load(): ApplicationSpec {
    return { name: 'shop', group: [childSpec('one', Puppet)] };
  }
}

test('applications are found by name, tags, weight and state', async (t) => {
  const { start } = listed(t);
  const a = await start(A);
  const b = await start(B);
  await t.throwsAsync(a.network.resolveApplication('images'), { code: 'application-unknown' });
  await b.applications.load(Images);
  await b.applications.load(Shop);
  await b.applications.start('images');
  const route = await waitFor('the application', async () => {
    const found = await a.network.resolveApplication('images').catch(() => []);
    return found.find(({ state }) => state === 'running');
  });
  const mode = 'temporary';
  t.deepEqual(route, {
    ...{ node: B, name: 'images', weight: 3, tags: ['fast'], mode, state: 'running' },
  });
  t.is((await a.network.resolveApplication('images', { withTags: ['fast'] })).length, 1);
  for (const options of [{ withTags: ['slow'] }, { withoutTags: ['fast'] }])
    await t.throwsAsync(a.network.resolveApplication('images', options), {
      code: 'application-unknown',
    });
  b.applications.setWeight('images', 0);
  await waitFor('it to be out of turn', () =>
    a.network.resolveApplication('images').then(
      () => false,
      () => true,
    ),
  );
});

test('what is asked of an application reaches the registrar, and its answer is sorted', async (t) => {
  const { start } = listed(t);
  const asked: unknown[] = [];
  const route = { tags: [], mode: 'permanent', state: 'running', name: 'images' } as const;
  const a = await start(A, {
    resolveApplication: (name, { signal, ...options }) => {
      asked.push([name, options, signal.aborted]);
      return [
        { ...route, node: B, weight: 1 },
        { ...route, node: 'c@far', weight: 5 },
        { ...route, node: 'd@far', weight: 9, name: 'another' },
        { ...route, node: 'e@far', weight: 9, state: 'stopping' },
      ];
    },
  });
  const tags = { withTags: [], withoutTags: ['slow'] };
  const options = { host: 'far', ...tags, withState: 'running' } as const;
  const found = await a.network.resolveApplication('images', options);
  t.deepEqual(
    found.map(({ node }) => node),
    ['c@far', B],
  );
  t.deepEqual(asked, [['images', options, false]]);
});

test('changes of one turn are announced at once, one announcement after another', async (t) => {
  const { directory, start } = listed(t);
  const held: PromiseWithResolvers<void>[] = [];
  let underWay = 0;
  let most = 0;
  const seen: (readonly string[])[] = [];
  const a = await start(A, {
    announce: async ({ applications }) => {
      most = Math.max(most, ++underWay);
      seen.push(applications.map(({ name, weight }) => `${name} ${weight}`));
      const hold = Promise.withResolvers<void>();
      held.push(hold);
      await hold.promise;
      underWay -= 1;
    },
  });
  t.deepEqual(directory.heard, [{ method: 'start', node: A, applications: [] }]);
  await a.applications.load(Shop);
  await waitFor('the first', () => held.length === 1);
  for (const weight of [5, 6, 7]) a.applications.setWeight('shop', weight);
  await Promise.resolve();
  a.applications.setWeight('shop', 8);
  held[0]!.resolve();
  await waitFor('the second', () => held.length === 2);
  held[1]!.resolve();
  await waitFor('the end of both', () => underWay === 0);
  t.is(most, 1);
  t.deepEqual(
    seen.map(([one]) => one),
    ['shop 1', 'shop 8'],
  );
});

test('the stop of a node waits for its announcement, then closes the registrar, once', async (t) => {
  const { directory, start } = listed(t);
  const calls: string[] = [];
  const began = Promise.withResolvers<void>();
  const a = await start(A, {
    announce: async (_announcement, { signal }) => {
      began.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setImmediate(resolve));
      calls.push('announced');
    },
    close: async () => {
      calls.push('closing');
      await new Promise((resolve) => setImmediate(resolve));
      calls.push('closed');
    },
  });
  await a.applications.load(Shop);
  await began.promise;
  const { joined } = directory.events.get(A)!;
  await Promise.all([a.stop(), a.stop()]);
  t.deepEqual(calls, ['announced', 'closing', 'closed']);
  t.notThrows(() => joined(B));
  await t.throwsAsync(a.network.registeredNodes(), { code: 'node-terminated' });
});

test('a forced stop closes it as well', async (t) => {
  const { directory, start } = listed(t);
  const a = await start(A);
  await a.stopForce();
  t.deepEqual(
    directory.heard.map(({ method }) => method),
    ['start', 'close'],
  );
});

test('a registrar serves one node at a time', async (t) => {
  const { directory } = listed(t);
  const registrar = directory.registrar();
  const a = await networkNode(A, { registrar });
  t.teardown(() => a.stopForce());
  const error = await t.throwsAsync<TergoError>(networkNode(B, { registrar }));
  t.is(error?.code, 'incorrect');
  t.true(error?.message.startsWith('options.network.registrar serves a node already'));
  t.deepEqual([...directory.announcements.keys()], [A]);
  await a.stop();
  const again = await networkNode(A, { registrar });
  t.teardown(() => again.stopForce());
  t.true(again.network.registrar()?.isRegistered);
});

test('options of another realm are options', async (t) => {
  const registrar = runInNewContext(
    `({ port: ${await freePort()}, answerOthers: false })`,
  ) as object;
  const a = await networkNode(A, { registrar });
  t.teardown(() => a.stopForce());
  t.regex(a.network.registrar()!.name, /^tergo-registrar:/);
});

const complete = new Directory().registrar();
const { resolve: _resolve, ...withoutResolve } = complete;

for (const [title, registrar, subject] of [
  ['without a method', withoutResolve, 'registrar.resolve'],
  ['with a method that is none', { ...complete, close: 5 }, 'registrar.close'],
  ['without a name', { ...complete, name: undefined }, 'registrar.name'],
  ['with a deadline that is none', { ...complete, timeoutMs: 0 }, 'registrar.timeoutMs'],
  ['with information that is no method', { ...complete, info: {} }, 'registrar.info'],
  ['that is an instance of something else', new Date(), 'registrar.start'],
  ['with a method among options', { port: 4499, resolve: () => [] }, 'registrar.start'],
  ['with an unknown option', { prot: 4499 }, 'registrar.prot'],
  ['that is a list', [], 'registrar'],
  ['that is nothing', null, 'registrar'],
] as const)
  test(`a registrar ${title} is refused by its name`, async (t) => {
    const network = { cookie: COOKIE, registrar } as unknown as NetworkOptions;
    const error = await t.throwsAsync<TergoError>(
      startNode(A, { log: { disableConsole: true }, network }),
    );
    t.is(error?.code, 'incorrect');
    t.true(error?.message.startsWith(`options.network.${subject} must be `), error?.message);
  });
