import { getEventListeners, once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  Actor,
  networkEvent,
  type NetworkEvent,
  type Next,
  noreply,
  processId,
  processName,
  type RemoteNode,
  startNode,
  type TergoError,
} from 'tergo';
import { waitFor, within } from '../support/wait-for.ts';
import type { PuppetProtocol } from '../threads/puppet.ts';
import { puppet } from '../threads/stage.ts';
import { VERSION } from '../../ts/version.ts';
import { networkNode, pair, part, showWay } from './cluster.ts';
import { Hostile } from './hostile.ts';

test('D1: two nodes connect, and each reports the other', async (t) => {
  const { a, b } = await pair(t, { maxMessageSize: 2_000_000 });
  const peer = await a.network.connect('b@localhost');
  t.is(peer.name, 'b@localhost');
  t.is(peer.creation, b.creation);
  t.true(peer.isConnected);
  const info = peer.info();
  t.is(info.maxMessageSize, 2_000_000);
  t.deepEqual(info.flags, b.network.flags);
  t.true(info.isDialler);
  const back = await waitFor('b to know of a', () => b.network.node('a@localhost'));
  t.is(back.creation, a.creation);
  t.is(peer.version, `tergo ${VERSION}`);
  t.is(back.info().version, peer.version);
  t.false(back.info().isDialler);
  t.deepEqual(b.network.nodes(), ['a@localhost']);
});

test('a remote node says which it is, and whether it is connected', async (t) => {
  const { a } = await pair(t);
  const peer = await a.network.connect('b@localhost');
  t.is(inspect(peer), 'RemoteNode(b@localhost, connected)');
  await peer.disconnect();
  t.is(String(peer), 'RemoteNode(b@localhost, not connected)');
});

test('a node whose network is disabled says how to have one', async (t) => {
  const node = await networkNode('a@localhost', { mode: 'disabled' });
  t.teardown(() => node.stopForce());
  const error = await t.throwsAsync<TergoError>(node.network.connect('b@localhost'));
  t.is(error?.code, 'no-connection');
  t.regex(error?.message ?? '', /a mode that is not 'disabled'/);
});

test('a node that has stopped does not listen any more', async (t) => {
  const a = await networkNode('a@localhost');
  const { host, port } = a.network.acceptors()[0]!;
  await a.stop();
  await waitFor('a port without anybody', async () => {
    const socket = createConnection(port, host);
    const code = await once(socket, 'connect').then(
      () => 'connected',
      (error: NodeJS.ErrnoException) => error.code,
    );
    socket.destroy();
    return code === 'ECONNREFUSED';
  });
  t.pass();
});

test('to whom something is lent is checked, name by name', async (t) => {
  const { network } = (await pair(t)).a;
  for (const nodes of ['b@localhost', ['b@localhost', 'b'], [7]] as never[]) {
    const message = /^options\.nodes(\[[01]\])? must be/;
    const allow = () => network.enableApplicationStart('shop', { nodes });
    t.throws(allow, { code: 'incorrect', message });
  }
  t.deepEqual(network.info().enabledApplicationStart, []);
});

test('a node to which no route leads is not reached', async (t) => {
  const { a } = await pair(t);
  const error = await t.throwsAsync<TergoError>(a.network.connect('nobody@localhost'));
  t.is(error?.code, 'no-route');
});

test('a node does not connect to itself', async (t) => {
  const { a } = await pair(t);
  const error = await t.throwsAsync<TergoError>(a.network.connect('a@localhost'));
  t.is(error?.code, 'not-allowed');
});

test('a node with another cookie is not let in', async (t) => {
  const { b } = await pair(t);
  const stranger = await networkNode('stranger@localhost', { cookie: 'quite another secret' });
  t.teardown(() => stranger.stopForce());
  showWay(stranger, b);
  const error = await t.throwsAsync<TergoError>(stranger.network.connect('b@localhost'));
  t.is(error?.code, 'no-connection');
  t.deepEqual(b.network.nodes(), []);
});

test('a dial can be given up and limited', async (t) => {
  const { a } = await pair(t);
  const signal = AbortSignal.abort();
  const aborted = await t.throwsAsync<TergoError>(a.network.connect('b@localhost', { signal }));
  t.is(aborted?.code, 'aborted');
  await t.throwsAsync(a.network.connect('b@localhost', { timeoutMs: 0 }), { code: 'incorrect' });
});

test('a dial is given up while it goes on, and nothing of it stays with the signal', async (t) => {
  const a = await networkNode('a@localhost');
  t.teardown(() => a.stopForce());
  const route = { host: '127.0.0.1', port: await mutePort(t) };
  const controller = new AbortController();
  const { signal } = controller;
  const late = a.network.connect('mute@localhost', { signal, timeoutMs: 1, route });
  await t.throwsAsync(late, { code: 'timeout', message: /within 1 ms/ });
  t.deepEqual(getEventListeners(signal, 'abort'), []);
  const unwanted = a.network.connect('mute@localhost', { signal });
  controller.abort(new Error('enough'));
  const error = await t.throwsAsync<TergoError>(unwanted, { code: 'aborted' });
  t.like(error?.cause, { message: 'enough' });
});

test('threads that want the same node at the same time hear all that it is not reached', async (t) => {
  const a = await networkNode('a@localhost', { dialTimeoutMs: 1000 }, { threads: 2 });
  t.teardown(() => a.stopForce());
  a.network.addRoute('^mute@', { host: '127.0.0.1', port: await mutePort(t) });
  const nobody = processId(processName<string>('nobody'), 'mute@localhost');
  const [here, there] = [await puppet(a, 0), await puppet(a, 1)];
  const sent = [here, there, here].map((from) => from.do('sendImportant', nobody, 'hello'));
  const settled = await within('all of them', () => Promise.allSettled(sent), 60_000);
  for (const one of settled) {
    if (one.status === 'fulfilled') t.fail('nobody is there');
    else t.regex(String(one.reason), /handshake took over 1000 ms/);
  }
});

test('connecting twice gives the same connection', async (t) => {
  const { a } = await pair(t);
  const [one, other] = await Promise.all([
    a.network.connect('b@localhost'),
    a.network.connect('b@localhost'),
  ]);
  t.is(one.info().creation, other.info().creation);
  t.deepEqual(a.network.nodes(), ['b@localhost']);
});

test('both dial at once, and there is one connection', async (t) => {
  const { a, b } = await pair(t);
  await Promise.all([a.network.connect('b@localhost'), b.network.connect('a@localhost')]);
  t.deepEqual(a.network.nodes(), ['b@localhost']);
  t.deepEqual(b.network.nodes(), ['a@localhost']);
});

test('connections and their ends are published, once each', async (t) => {
  const nodes = await pair(t);
  const { a, b } = nodes;
  const heard: NetworkEvent[] = [];
  const feed = b.subscribe(networkEvent);
  t.teardown(() => feed[Symbol.asyncDispose]());
  void (async () => {
    for await (const { message } of feed) heard.push(message);
  })();
  await a.network.connect('b@localhost');
  await waitFor('the connection', () => heard.length > 0);
  await part(nodes);
  await waitFor('the end', () => heard.length > 1);
  t.deepEqual(
    heard.map((event) => [event.type, 'node' in event && event.node]),
    [
      ['connected', 'a@localhost'],
      ['disconnected', 'a@localhost'],
    ],
  );
});

test('a node that is gone comes back as another incarnation', async (t) => {
  const { a, b } = await pair(t);
  const first = await a.network.connect('b@localhost');
  await b.stopForce();
  await waitFor('the end of b', () => a.network.nodes().length === 0);
  const next = await networkNode('b@localhost');
  t.teardown(() => next.stopForce());
  a.network.removeRoute('^b@localhost$');
  showWay(a, next);
  const second = await a.network.connect('b@localhost');
  t.true(second.creation > first.creation);
  t.false(first.isConnected);
  t.true(second.isConnected);
});

test('a connection that has heard goodbye is no answer to connect', async (t) => {
  const node = await networkNode('a@localhost');
  t.teardown(() => node.stopForce());
  const leaver = await Hostile.connect(node, 'leaver@localhost');
  const peer = await waitFor('the peer', () => node.network.node('leaver@localhost'));
  t.true(peer.info().links > 0);
  const left = leaver.close();
  // In one go, so that this thread has not taken over yet that the connection is gone.
  const deadline = performance.now() + 5000;
  while (isKnown(peer) && performance.now() < deadline);
  t.true(peer.isConnected);
  await t.throwsAsync(node.network.connect('leaver@localhost'), { code: 'no-route' });
  t.false(peer.isConnected);
  await left;
});

/** Whether the network still has the connection. */
function isKnown(peer: RemoteNode): boolean {
  try {
    return peer.info().links > 0;
  } catch {
    return false;
  }
}

test('a connection can be ended as soon as it is heard of', async (t) => {
  const { a, b } = await pair(t);
  const who = await puppet(a, 0);
  for (let round = 1; round <= 100; round++) {
    await who.do('monitorNode', b.name);
    await a.network.node(b.name)!.disconnect();
    t.is((await who.hears(round)).length, round);
    await waitFor('the end at the other node', () => b.network.nodes().length === 0);
  }
});

test('a thread that was started anew reaches a connected node at once', async (t) => {
  const { a, b } = await pair(t);
  await a.network.connect('b@localhost');
  const target = await puppet(a, 0);
  (await puppet(b, 1)).tell({ type: 'exit process', code: 1 });
  await waitFor('another thread', () => b.info().threads[1]!.restarts === 1, 20_000);
  const sender = await puppet(b, 1);
  await sender.do('send', target.pid, 'hello');
  t.deepEqual(await target.messages(1), ['hello']);
  t.deepEqual(a.network.info().nodes.length, 1);
});

test('a cookie that is changed counts for new handshakes; connections stay', async (t) => {
  const { a, b } = await pair(t);
  const next = 'the next secret of the tests';
  const peer = await a.network.connect('b@localhost');
  b.network.setCookie(next);
  t.is((await a.network.connect('b@localhost')).creation, peer.creation);
  t.true(peer.isConnected);
  await peer.disconnect();
  await waitFor('the end of the connection', () => b.network.nodes().length === 0);
  await t.throwsAsync(a.network.connect('b@localhost'), {
    code: 'no-connection',
    message: /cookie/,
  });
  // Who is dialled and who dials.
  a.network.setCookie(next);
  t.true((await a.network.connect('b@localhost')).isConnected);
  for (const wrong of ['short', 'short'.repeat(1000), 7, undefined]) {
    const refused = { code: 'incorrect', message: /^cookie must be/ };
    const error = t.throws(() => a.network.setCookie(wrong as never), refused);
    t.notRegex(error?.message ?? '', /short/);
  }
});

test('where a node would be dialled is told without dialling it', async (t) => {
  const { a, b } = await pair(t);
  const [acceptor] = b.network.acceptors();
  const { host, port } = acceptor!;
  const expected = { source: 'static', host, port, isTls: false } as const;
  t.deepEqual(await a.network.route('b@localhost'), [expected]);
  a.network.addRoute('^b@', { port: 7, tls: { ca: [], insecure: true } }, { weight: 10 });
  const first = { ...expected, host: 'localhost', port: 7, isTls: true };
  t.deepEqual(await a.network.route('b@localhost'), [first, expected]);
  t.deepEqual(a.network.nodes(), []);
  await t.throwsAsync(a.network.route('nobody@localhost'), { code: 'no-route' });
  await t.throwsAsync(a.network.route('nobody'), { code: 'incorrect' });
  t.is(a.network.registrar(), undefined);
});

test('strangers of one address have so many handshakes at a time, and no more', async (t) => {
  const acceptors = [{ port: 0, maxPendingPerAddress: 2, timeoutMs: 600_000 }];
  const node = await networkNode('busy@localhost', { acceptors });
  t.teardown(() => node.stopForce());
  const { port } = node.network.acceptors()[0]!;
  for (let count = 0; count < 5; count++) {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('error', () => undefined);
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
  }
  const [info] = await waitFor('the fifth', () => {
    const [seen] = node.network.acceptors();
    return seen?.arrived === 5 && seen.pending + seen.turnedAway === 5 && [seen];
  });
  t.is(info.pending, 2);
  t.is(info.turnedAway, 3);
});

test('routes are kept by pattern', async (t) => {
  const { a } = await pair(t);
  t.throws(() => a.network.addRoute('^b@localhost$', { port: 1 }), { code: 'taken' });
  t.throws(() => a.network.addRoute('(', { port: 1 }), { code: 'incorrect' });
  t.throws(() => a.network.addRoute('x', { port: 0 }), { code: 'incorrect' });
  t.is(a.network.routes().length, 1);
  t.true(a.network.removeRoute('^b@localhost$'));
  t.false(a.network.removeRoute('^b@localhost$'));
  t.is(a.network.routes().length, 0);
});

test('a route can come with the dial', async (t) => {
  const { a, b } = await pair(t);
  a.network.removeRoute('^b@localhost$');
  const [acceptor] = b.network.acceptors();
  const route = { host: acceptor!.host, port: acceptor!.port };
  const peer = await a.network.connect('b@localhost', { route });
  t.true(peer.isConnected);
});

test('a route that comes with a dial takes the place of the one before only if it is good', async (t) => {
  const { a, b } = await pair(t);
  const before = a.network.routes();
  const bad = { port: 1, tls: { ca: ['/nowhere/at.pem'] } };
  await t.throwsAsync(a.network.connect('b@localhost', { route: bad }), { code: 'incorrect' });
  t.deepEqual(a.network.routes(), before);
  const route = { port: 1 };
  await t.throwsAsync(a.network.connect('a@localhost', { route }), { code: 'not-allowed' });
  const signal = AbortSignal.abort();
  await t.throwsAsync(a.network.connect('q@localhost', { route, signal }), { code: 'aborted' });
  t.deepEqual(a.network.routes(), before);
  a.network.removeRoute('^b@localhost$');
  a.network.addRoute('^b@localhost$', { port: 1 }, { weight: 7 });
  const { host, port } = b.network.acceptors()[0]!;
  await a.network.connect('b@localhost', { route: { host, port } });
  const [laid, ...others] = a.network.routes();
  t.like(laid, { pattern: '^b@localhost$', host, port, weight: 0, isTls: false, successes: 1 });
  t.is(others.length, 0);
});

test('a node without a network has none, and says so', async (t) => {
  const node = await startNode('alone@localhost', { log: { disableConsole: true } });
  t.teardown(() => node.stopForce());
  t.is(node.network.mode, 'disabled');
  t.deepEqual(node.network.nodes(), []);
  t.deepEqual(node.network.acceptors(), []);
  t.deepEqual(node.network.info().nodes, []);
  await t.throwsAsync(node.network.connect('b@localhost'), { code: 'no-connection' });
  t.throws(() => node.network.enableApplicationStart('x'), { code: 'no-connection' });
});

test('nothing waits for a peer that has got all that was sent', async (t) => {
  const { a, b } = await pair(t);
  const [from, to] = [await puppet(a, 0), await puppet(b, 0)];
  await from.do('sendImportant', to.pid, 'x'.repeat(100_000));
  const info = a.network.node('b@localhost')?.info();
  t.is(info?.queueBytes, 0);
});

/** Holds up the end of its node a little. */
class Lingerer extends Actor<{ message: unknown }> {
  #ms = 0;

  override init(ms: number): void {
    this.#ms = ms;
  }

  override handleMessage(): Next {
    return noreply;
  }

  override async terminate(): Promise<void> {
    await setTimeout(this.#ms);
  }
}

test('whoever waits for another node hears that their own one stops, whenever that is', async (t) => {
  for (let round = 0; round < 40; round++) {
    const a = await networkNode('a@localhost');
    const b = await networkNode('b@localhost');
    showWay(a, b);
    const name = processName<PuppetProtocol>('named');
    await puppet(b, 0, { name });
    await a.spawn(Lingerer, { args: [round % 8] });
    const waiting = [
      a.sendImportant(processId(name, b.name), 'important'),
      a.network.connect(b.name).then((peer) => peer.applicationInfo('nothing')),
      a.network.connect(b.name).then((peer) => peer.disconnect()),
    ];
    const settled = Promise.allSettled(waiting);
    await a.stop();
    await within('what waits', () => settled);
    await b.stopForce();
  }
  t.pass();
});

/** Where somebody takes every connection, and says nothing. */
async function mutePort(t: ExecutionContext): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
