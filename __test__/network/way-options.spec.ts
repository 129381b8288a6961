import test, { type ExecutionContext } from 'ava';
import { type ConnectOptions, type NetworkOptions, type Node, processId, processName } from 'tergo';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { networkNode } from './cluster.ts';

const B = 'b@localhost';
const LOOPBACK = '127.0.0.1';
const SMALL = 100_000;
const bob = processId(processName<{ message: string }>('bob'), B);

function by(port: number): ConnectOptions {
  return { route: { host: LOOPBACK, port } };
}

async function start(t: ExecutionContext, name: string, network: NetworkOptions): Promise<Node> {
  const node = await networkNode(name, network);
  t.teardown(() => node.stopForce());
  return node;
}

test('an acceptor may take smaller messages than its node, and do less for those who dial it', async (t) => {
  const own = { maxMessageSize: SMALL, flags: { importantDelivery: false } };
  const b = await start(t, B, { acceptors: [{ port: 0 }, { port: 0, ...own }] });
  const a = await start(t, 'a@localhost', {});
  const c = await start(t, 'c@localhost', {});
  const [wide, narrow] = b.network.acceptors();
  t.is(wide!.maxMessageSize, b.network.maxMessageSize);
  t.deepEqual(wide!.flags, b.network.flags);
  t.is(narrow!.maxMessageSize, SMALL);
  t.deepEqual(narrow!.flags, { ...b.network.flags, importantDelivery: false });

  const first = await a.network.connect(B, by(wide!.port));
  t.is(first.info().maxMessageSize, b.network.maxMessageSize);
  t.true(first.info().flags.importantDelivery);
  t.is(a.send(bob, 'x'.repeat(2 * SMALL)), 'ok');

  const second = await c.network.connect(B, by(narrow!.port));
  t.is(second.info().maxMessageSize, SMALL);
  t.deepEqual(second.info().flags, narrow!.flags);
  t.is(c.send(bob, 'x'.repeat(2 * SMALL)), 'too-large');
  await t.throwsAsync(c.sendImportant(bob, 'hello'), { code: 'unsupported' });
});

test('an acceptor and a route may have a cookie of their own', async (t) => {
  const cookie = 'another secret of the tests';
  const b = await start(t, B, { acceptors: [{ port: 0, cookie }] });
  const a = await start(t, 'a@localhost', {});
  const [{ port } = { port: 0 }] = b.network.acceptors();
  const refused = { code: 'no-connection', message: /another cookie/ };
  await t.throwsAsync(a.network.connect(B, by(port)), refused);
  const peer = await a.network.connect(B, { route: { host: LOOPBACK, port, cookie } });
  t.true(peer.isConnected);
});

test('an acceptor may do more than its node', async (t) => {
  const flags = { remoteSpawn: false };
  const acceptors = [{ port: 0, flags: { remoteSpawn: true } }];
  const b = await start(t, B, { flags, acceptors });
  const a = await start(t, 'a@localhost', {});
  const [{ port } = { port: 0 }] = b.network.acceptors();
  const peer = await a.network.connect(B, { route: { host: LOOPBACK, port } });
  t.true(peer.info().flags.remoteSpawn);
});

test('a route has flags of its own', async (t) => {
  const b = await start(t, B, {});
  const a = await start(t, 'a@localhost', {});
  const [{ port } = { port: 0 }] = b.network.acceptors();
  const route = { host: LOOPBACK, port, flags: { importantDelivery: false } };
  const peer = await a.network.connect(B, { route });
  t.deepEqual(peer.info().flags, { ...a.network.flags, importantDelivery: false });
  await t.throwsAsync(a.sendImportant(bob, 'hello'), { code: 'unsupported' });
});

test('what the flags of a route do not say is as the node has it', async (t) => {
  const b = await start(t, B, {});
  const a = await start(t, 'a@localhost', { flags: { remoteSpawn: false } });
  const [{ port } = { port: 0 }] = b.network.acceptors();
  const route = { host: LOOPBACK, port, flags: { importantDelivery: false } };
  const peer = await a.network.connect(B, { route });
  t.deepEqual(peer.info().flags, { ...a.network.flags, importantDelivery: false });
  t.false(peer.info().flags.remoteSpawn);
});

test('flags that are given as undefined are left out, of a node, an acceptor and a route', async (t) => {
  const flags = { importantDelivery: undefined, remoteSpawn: undefined } as object;
  const b = await start(t, B, { flags, acceptors: [{ port: 0, flags }] });
  const a = await start(t, 'a@localhost', { flags });
  const all = { remoteSpawn: true, remoteApplicationStart: true, importantDelivery: true };
  const [acceptor] = b.network.acceptors();
  t.deepEqual([a.network.flags, b.network.flags, acceptor!.flags], [all, all, all]);
  const route = { host: LOOPBACK, port: acceptor!.port, flags };
  t.deepEqual((await a.network.connect(B, { route })).info().flags, all);
});

test('a connection has as many links as the node that is dialled says', async (t) => {
  const b = await start(t, B, { poolSize: 3 });
  const a = await start(t, 'a@localhost', {});
  const [{ port } = { port: 0 }] = b.network.acceptors();
  const peer = await a.network.connect(B, by(port));
  await waitFor('three links', () => peer.info().links === 3);
  const back = b.network.node('a@localhost')!;
  await waitFor('three links there', () => back.info().links === 3);
  t.is(peer.info().reconnects, 0);
});

test('what cannot be is refused by its name', async (t) => {
  const refused = (network: object, key: string): Promise<unknown> =>
    t.throwsAsync(networkNode('a@localhost', network), {
      code: 'incorrect',
      message: new RegExp(`^${key.replaceAll(/[[\].]/g, String.raw`\$&`)} `),
    });
  await refused(
    { acceptors: [{ port: 0, maxMessageSize: 5 }] },
    'options.network.acceptors[0].maxMessageSize',
  );
  await refused(
    { acceptors: [{ port: 0, flags: { remoteSpawn: 'no' } }] },
    'options.network.acceptors[0].flags.remoteSpawn',
  );
  await refused(
    { routes: [{ pattern: 'b', port: 1, flags: { importantDelivery: 1 } }] },
    'options.network.routes[0].flags.importantDelivery',
  );
});

test('a route counts its dials, and tells why the last one failed', async (t) => {
  const b = await start(t, B, {});
  const a = await start(t, 'a@localhost', {});
  const [{ port } = { port: 0 }] = b.network.acceptors();
  a.network.addRoute('^b@', { host: LOOPBACK, port: await freePort() }, { weight: 2 });
  a.network.addRoute('^b', { host: LOOPBACK, port }, { weight: 1 });
  t.like(a.network.routes()[0], { dials: 0, successes: 0, lastFailure: undefined });
  const before = Date.now();
  await a.network.connect(B);
  const [missed, taken] = a.network.info().routes;
  t.like(missed, { dials: 1, successes: 0, lastFailure: { message: 'nobody listens there' } });
  const { timeMs } = missed!.lastFailure!;
  t.true(timeMs >= before - 1000 && timeMs <= Date.now() + 1000, `${timeMs}`);
  t.like(taken, { dials: 1, successes: 1, lastFailure: undefined });
});
