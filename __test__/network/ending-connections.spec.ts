import test from 'ava';
import {
  networkEvent,
  noreply,
  processId,
  processName,
  type RemoteNode,
  type Response,
  type TergoError,
} from 'tergo';
import { inside, obey, type Self, spawnScript } from '../support/improvise.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import type { PuppetProtocol } from '../threads/puppet.ts';
import { puppet } from '../threads/stage.ts';
import { networkNode, pair, showWay } from './cluster.ts';
import { Relay } from './os/relay.ts';

const bob = processName<PuppetProtocol>('bob');

/** Ends the links, and keeps this thread until the network has seen it, of which the thread has not heard then. */
function cut(relay: Relay, peer: RemoteNode): void {
  relay.cut();
  keepThread(() => !isStanding(peer));
}

/** The thread hears of nothing until that holds, which the network does by itself. */
function keepThread(until: () => boolean): void {
  const deadline = performance.now() + 5000;
  while (!until() && performance.now() < deadline);
}

function isStanding(peer: RemoteNode): boolean {
  try {
    peer.info();
    return true;
  } catch {
    return false;
  }
}

test('what is said before the loss of a connection is heard of is lost with the rest', async (t) => {
  const { a, b } = await pair(t);
  const relay = await Relay.before(t, b.network.acceptors()[0]!.port);
  const route = { host: '127.0.0.1', port: relay.port };
  const peer = await a.network.connect(b.name, { route });
  const to = await puppet(b, 0, { name: bob });
  const targets = [to.pid, processId(bob, b.name)];
  for (const target of targets) a.send(target, 'before');
  t.deepEqual(await to.messages(2), ['before', 'before']);
  cut(relay, peer);
  t.true(peer.isConnected);
  // More than there is room for without asking for more.
  for (let n = 0; n < 600; n += 1)
    for (const target of targets) t.is(a.send(target, 'x'.repeat(1000)), 'ok');
  const told = targets.flatMap((target) => [
    a.sendImportant(target, 'in the gap'),
    a.call(target, { type: 'echo' } as never),
  ]);
  const settled = await Promise.allSettled(told);
  for (const one of settled) {
    t.is(one.status, 'rejected');
    t.is(((one as PromiseRejectedResult).reason as TergoError).code, 'no-connection');
  }
  await waitFor('the end to be heard of', () => a.network.nodes().length === 0);
  for (const target of targets) await a.sendImportant(target, 'after');
  t.deepEqual(await to.messages(4), ['before', 'before', 'after', 'after']);
});

test('a request that is sent before the loss of a connection is heard of has no-connection as its response', async (t) => {
  const { a, b } = await pair(t);
  const relay = await Relay.before(t, b.network.acceptors()[0]!.port);
  const route = { host: '127.0.0.1', port: relay.port };
  const peer = await a.network.connect(b.name, { route });
  const to = await puppet(b, 0);
  const responses: Response[] = [];
  const handleResponse = (_self: Self, response: Response): unknown => {
    responses.push(response);
    return noreply;
  };
  const who = await spawnScript(a, { handleMessage: obey, handleResponse });
  const ref = await inside(a, who, (self) => {
    cut(relay, peer);
    // More than there is room for without asking for more.
    for (let n = 0; n < 600; n += 1) self.send(to.pid, 'x'.repeat(1000));
    return self.sendRequest(to.pid, { type: 'echo' } as never, { label: 'in the gap' });
  });
  await waitFor('the response', () => responses.length > 0);
  const error = { code: 'no-connection' };
  t.like(responses, [{ ref, label: 'in the gap', ok: false, error }]);
  t.is(responses.length, 1);
});

test('who hears that a dial has failed does not find the connection before it standing', async (t) => {
  const { a, b } = await pair(t);
  const relay = await Relay.before(t, b.network.acceptors()[0]!.port);
  const route = { host: '127.0.0.1', port: relay.port };
  const peer = await a.network.connect(b.name, { route });
  cut(relay, peer);
  t.true(peer.isConnected);
  const nowhere = { host: '127.0.0.1', port: await freePort() };
  const dialled = a.network.connect(b.name, { route: nowhere });
  const found = dialled.then(
    () => 'connected',
    () => a.network.node(b.name)?.toString(),
  );
  keepThread(() => a.network.routes().some(({ lastFailure }) => lastFailure !== undefined));
  // Whoever asks for information hears of the failed dial, which is told a moment after it is counted.
  const soon = performance.now() + 50;
  keepThread(() => isStanding(peer) || performance.now() > soon);
  t.true(peer.isConnected);
  t.is(await found, undefined);
  await t.throwsAsync(dialled, { code: 'no-connection', message: /nobody listens there/ });
});

test('who ends a connection that has ended does not end the one after it', async (t) => {
  const { a, b } = await pair(t);
  const changes = b.subscribe(networkEvent);
  t.teardown(() => changes[Symbol.asyncDispose]());
  const first = await b.network.connect(a.name);
  const known = await waitFor('the connection', () => a.network.node(b.name));
  await waitFor('all to be known of it', () => isStanding(known));
  void first.disconnect();
  keepThread(() => !isStanding(first) && !isStanding(known));
  const connected = b.network.connect(a.name);
  keepThread(() => a.network.acceptors()[0]!.admitted === 2);
  t.true(known.isConnected);
  await known.disconnect();
  t.false(known.isConnected);
  const next = await connected;
  await b.sendImportant((await puppet(a, 0)).pid, 'over the next one');
  await next.disconnect();
  const ends: string[] = [];
  for await (const { message } of changes) {
    if (message.type === 'disconnected') ends.push(message.reason.message);
    if (ends.length === 2) break;
  }
  for (const end of ends) t.regex(end, /this node has ended the connection/);
});

test('a node that stops while it is connected to another one has no connection afterwards', async (t) => {
  const b = await networkNode('b@localhost');
  t.teardown(() => b.stopForce());
  // By chance: how far the dial is when the stop comes.
  for (let round = 0; round < 20; round += 1) {
    const a = await networkNode('a@localhost');
    showWay(a, b);
    showWay(b, a);
    const [from, to] = round % 2 === 0 ? [a, b] : [b, a];
    const dial = from.network.connect(to.name).catch(() => undefined);
    await a.stopForce();
    b.network.removeRoute(`^${a.name}$`);
    await dial;
    await waitFor('the end of the connection', () => b.network.nodes().length === 0);
  }
  t.pass();
});
