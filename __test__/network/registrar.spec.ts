import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  Application,
  type ApplicationSpec,
  childSpec,
  networkEvent,
  type NetworkEvent,
  type NetworkOptions,
  type Node,
  startNode,
  type TergoError,
} from 'tergo';
import { freePort } from '../support/free-port.ts';
import { recordLog } from '../support/log-records.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { Puppet } from '../threads/puppet.ts';
import { puppet } from '../threads/stage.ts';
import { COOKIE, networkNode, showWay } from './cluster.ts';

/** Nodes that find each other by a registrar of their own, stopped with the test. */
async function registered(
  t: ExecutionContext,
): Promise<(name: string, network?: NetworkOptions) => Promise<Node>> {
  const port = await freePort();
  return async (name, network = {}) => {
    const registrar = { port, answerOthers: false };
    const node = await networkNode(name, { registrar, ...network });
    t.teardown(() => node.stopForce());
    return node;
  };
}

test('nodes of a host find each other', async (t) => {
  const start = await registered(t);
  const a = await start('a@localhost');
  const b = await start('b@localhost');
  t.deepEqual(await a.network.registeredNodes(), ['a@localhost', 'b@localhost']);
  t.is((await a.network.connect('b@localhost')).creation, b.creation);
  await t.throwsAsync(a.network.connect('c@localhost'), { code: 'no-route' });
});

test('a node tells how the registrar stands, and where it leads', async (t) => {
  const start = await registered(t);
  const a = await start('a@localhost');
  const b = await start('b@localhost');
  const [one, other] = [a.network.registrar(), b.network.registrar()];
  t.like(one, { isServing: true, isRegistered: true });
  t.deepEqual(other, { ...one!, isServing: false });
  t.deepEqual(a.network.info().registrar, one);
  t.regex(one!.server, /^127\.0\.0\.1:\d+$/);
  const { port } = b.network.acceptors()[0]!;
  const route = { source: 'registrar', host: '127.0.0.1', port, isTls: false } as const;
  t.deepEqual(await a.network.route('b@localhost'), [route]);
  await t.throwsAsync(a.network.route('c@localhost'), { code: 'no-route' });
});

/** Whether nobody listens to all hosts on a UDP port. */
async function isUdpFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address: '0.0.0.0', exclusive: true });
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

for (const [title, host, isFree] of [
  ['a node that listens on loopback only answers no other host', '127.0.0.1', true],
  ['a node that listens to all hosts answers all', '0.0.0.0', false],
] as const)
  test(title, async (t) => {
    const port = await freePort();
    const acceptors = [{ host, port: 0 }];
    const node = await networkNode('a@localhost', { registrar: { port }, acceptors });
    t.teardown(() => node.stopForce());
    t.is(await isUdpFree(port), isFree);
  });

test('a send finds its way by the registrar', async (t) => {
  const start = await registered(t);
  const a = await start('a@localhost');
  const b = await start('b@localhost');
  const to = await puppet(b, 0);
  t.is(a.send(to.pid, 'hello'), 'ok');
  t.deepEqual(await to.messages(1), ['hello']);
});

test('nodes that join and leave are published', async (t) => {
  const start = await registered(t);
  const a = await start('a@localhost');
  const heard: NetworkEvent[] = [];
  const feed = a.subscribe(networkEvent);
  t.teardown(() => feed[Symbol.asyncDispose]());
  void (async () => {
    for await (const { message } of feed) heard.push(message);
  })();
  const b = await start('b@localhost');
  await waitFor('b to join', () => heard.some(({ type }) => type === 'joined'));
  await b.stop();
  await waitFor('b to leave', () => heard.some(({ type }) => type === 'left'));
  t.deepEqual(heard, [
    { type: 'joined', node: 'b@localhost' },
    { type: 'left', node: 'b@localhost' },
  ]);
});

test('a name belongs to one node of a host', async (t) => {
  const start = await registered(t);
  await start('a@localhost');
  const error = await t.throwsAsync<TergoError>(start('a@localhost'));
  t.is(error?.code, 'taken');
});

test('a hidden node dials and is not dialled; a passive one only by a route', async (t) => {
  const start = await registered(t);
  const a = await start('a@localhost');
  const hidden = await start('hidden@localhost', { mode: 'hidden' });
  const passive = await start('passive@localhost', { mode: 'passive' });
  t.deepEqual(hidden.network.acceptors(), []);
  t.is((await hidden.network.connect('a@localhost')).name, 'a@localhost');
  await t.throwsAsync(a.network.connect('passive@localhost'), { code: 'no-route' });
  showWay(a, passive);
  t.is((await a.network.connect('passive@localhost')).creation, passive.creation);
  t.deepEqual(await a.network.registeredNodes(), ['a@localhost']);
});

class Images extends Application {
  override load(): ApplicationSpec {
    return { name: 'images', weight: 3, tags: ['fast'], group: [childSpec('one', Puppet)] };
  }
}

test('applications are found by name, tags, weight and state', async (t) => {
  const start = await registered(t);
  const a = await start('a@localhost');
  const b = await start('b@localhost');
  await t.throwsAsync(a.network.resolveApplication('images'), { code: 'application-unknown' });
  await b.applications.load(Images);
  await b.applications.start('images');
  const route = await waitFor('the application', async () => {
    const found = await a.network.resolveApplication('images').catch(() => []);
    return found.find(({ state }) => state === 'running');
  });
  t.like(route, { node: 'b@localhost', name: 'images', weight: 3, tags: ['fast'] });
  t.is((await a.network.resolveApplication('images', { withTags: ['fast'] })).length, 1);
  await t.throwsAsync(a.network.resolveApplication('images', { withoutTags: ['fast'] }), {
    code: 'application-unknown',
  });
  t.is((await a.network.resolveApplication('images', { withState: 'running' })).length, 1);
  await t.throwsAsync(a.network.resolveApplication('images', { withState: 'loaded' }), {
    code: 'application-unknown',
  });
  await t.throwsAsync(a.network.resolveApplication('images', { withState: 'up' as never }), {
    code: 'incorrect',
  });
  b.applications.setWeight('images', 7);
  await waitFor('the weight', async () => {
    const [found] = await a.network.resolveApplication('images');
    return found?.weight === 7;
  });
});

class Plain extends Application {
  override load(): ApplicationSpec {
    return { name: 'plain', group: [childSpec('one', Puppet)] };
  }
}

test('an application that says no weight has 1, and is not found while it has 0', async (t) => {
  const start = await registered(t);
  const a = await start('a@localhost');
  await a.applications.load(Plain);
  t.is(a.applications.info('plain').weight, 1);
  const weights = async (): Promise<readonly number[]> => {
    const found = await a.network.resolveApplication('plain').catch(() => []);
    return found.map(({ weight }) => weight);
  };
  await waitFor('the application', async () => (await weights())[0] === 1);
  a.applications.setWeight('plain', 0);
  await waitFor('its leave', async () => (await weights()).length === 0);
  a.applications.setWeight('plain', 2);
  await waitFor('its return', async () => (await weights())[0] === 2);
});

test('more applications than the registrar takes are left out and logged, and the others are announced', async (t) => {
  const start = await registered(t);
  const [a, b] = [await start('a@localhost'), await start('b@localhost')];
  const records = recordLog(b);
  class Numbered extends Application {
    override load(name: string): ApplicationSpec {
      return { name, group: [childSpec('one', Puppet)] };
    }
  }
  for (let at = 0; at < 258; at++) await b.applications.load(Numbered, { args: [`n${at}`] });
  b.applications.setWeight('n0', 5);
  const weight = async (name: string): Promise<number | undefined> =>
    (await a.network.resolveApplication(name).catch(() => []))[0]?.weight;
  await waitFor('its weight', async () => (await weight('n0')) === 5);
  t.is(await weight('n255'), 1);
  t.is(await weight('n257'), undefined);
  const told = records.filter(({ level }) => level === 'error').map(({ fields }) => fields);
  t.deepEqual(
    told.flatMap(({ applications }) => applications),
    ['n256', 'n257'],
  );
});

test('a wrong question for an application is refused by its key', async (t) => {
  const start = await registered(t);
  const { network } = await start('a@localhost');
  const wrong: readonly (readonly [key: string, name: string, options: object])[] = [
    ['name', 'my shop', {}],
    ['options.host', 'shop', { host: 5 }],
    ['options.withTags', 'shop', { withTags: 'fast' }],
    ['options.withTags[0]', 'shop', { withTags: [5] }],
    ['options.withoutTags[1]', 'shop', { withoutTags: ['fast', 'a b'] }],
  ];
  for (const [key, name, options] of wrong) {
    const error = await t.throwsAsync<TergoError>(network.resolveApplication(name, options));
    t.is(error?.code, 'incorrect', key);
    t.true(error?.message.startsWith(`${key} must be`), error?.message);
  }
});

test('encrypted nodes talk, and one that does not encrypt is not let in', async (t) => {
  const start = await registered(t);
  const a = await start('a@localhost', { tls: 'self-signed' });
  const b = await start('b@localhost', { tls: 'self-signed' });
  t.true(b.network.acceptors()[0]?.isTls);
  await a.network.connect('b@localhost');
  const to = await puppet(b, 0);
  const bytes = Buffer.alloc(300_000, 7);
  t.is(a.send(to.pid, bytes), 'ok');
  t.deepEqual(await to.messages(1), [bytes]);
  const plain = await start('plain@localhost');
  const [acceptor] = b.network.acceptors();
  plain.network.addRoute('^b@', { host: acceptor!.host, port: acceptor!.port });
  await t.throwsAsync(plain.network.connect('b@localhost'));
  t.deepEqual(b.network.nodes(), ['a@localhost']);
});

test('without a cookie one is made for the user, in a file that nobody else may read', async (t) => {
  const folder = scratchFolder(t);
  const cookieFile = join(folder, 'cookie');
  const quiet = { log: { disableConsole: true } };
  const network = { registrar: false, acceptors: [{ port: 0 }], cookieFile } as const;
  const a = await startNode('a@localhost', { ...quiet, network });
  const b = await startNode('b@localhost', { ...quiet, network });
  t.teardown(() => Promise.all([a.stopForce(), b.stopForce()]));
  t.is((await stat(cookieFile)).mode & 0o777, 0o600);
  t.true((await readFile(cookieFile, 'utf8')).length >= 32);
  showWay(a, b);
  t.is((await a.network.connect('b@localhost')).name, 'b@localhost');
  await chmod(cookieFile, 0o644);
  const error = await t.throwsAsync<TergoError>(startNode('c@localhost', { ...quiet, network }));
  t.is(error?.code, 'incorrect');
  t.true(error?.message.startsWith('options.network.cookieFile'), error?.message);
});

test('a node that cannot start its network does not start', async (t) => {
  const network = { cookie: COOKIE, registrar: false, acceptors: [{ host: '192.0.2.1' }] } as const;
  const error = await t.throwsAsync<TergoError>(
    startNode('x@localhost', { log: { disableConsole: true }, network }),
  );
  t.is(error?.code, 'incorrect');
  t.true(error?.message.includes('192.0.2.1'), error?.message);
});
