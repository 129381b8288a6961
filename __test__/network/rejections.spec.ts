import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { type AcceptorInfo, networkEvent, type NetworkEvent, type NetworkOptions } from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor, waitForEvent } from '../support/wait-for.ts';
import { networkNode } from './cluster.ts';

const NOT_LET_IN = 'a connection was not let in';

interface Stage {
  readonly acceptor: () => AcceptorInfo;
  readonly dial: () => Socket;
  readonly warnings: () => readonly unknown[];
  readonly events: NetworkEvent[];
}

async function stage(t: ExecutionContext, network: NetworkOptions = {}): Promise<Stage> {
  const node = await networkNode('a@localhost', network);
  t.teardown(() => node.stopForce());
  const records = recordLog(node);
  const events: NetworkEvent[] = [];
  const feed = node.subscribe(networkEvent);
  t.teardown(() => feed[Symbol.asyncDispose]());
  void (async () => {
    for await (const { message } of feed) events.push(message);
  })();
  const acceptor = (): AcceptorInfo => node.network.acceptors()[0]!;
  const dial = (): Socket => {
    const socket = connect(acceptor().port, acceptor().host);
    socket.on('error', () => undefined);
    t.teardown(() => socket.destroy());
    return socket;
  };
  const warnings = (): readonly unknown[] =>
    records.filter(({ message }) => message === NOT_LET_IN).map(({ fields }) => fields);
  return { acceptor, dial, warnings, events };
}

test('two hundred strangers of one address are one line and one event', async (t) => {
  const { acceptor, dial, warnings, events } = await stage(t);
  for (let round = 0; round < 20; round += 1) {
    const closed = Array.from({ length: 10 }, () => {
      const socket = dial();
      socket.resume().write('GET / HTTP/1.0\r\n\r\n');
      return once(socket, 'close');
    });
    await Promise.all(closed);
  }
  await waitFor('all of them', () => acceptor().rejected === 200);
  await waitFor('the event', () => events.length > 0);
  // A machine that takes over 10 s for this tells of the rest as well, once.
  t.true(events.length < 10, `${events.length} events`);
  t.is(warnings().length, events.length);
  const reason = 'what came is not the handshake of a node';
  t.deepEqual(events[0], { type: 'rejected', address: '127.0.0.1', reason, count: 1 });
  t.deepEqual(warnings()[0], { address: '127.0.0.1', reason, count: 1 });
});

test('who has to go because there are too many is told of as well', async (t) => {
  const acceptors = [{ port: 0, maxPendingPerAddress: 2 }];
  const { acceptor, dial, events } = await stage(t, { acceptors });
  const sockets = [dial(), dial(), dial(), dial()];
  await Promise.all(sockets.slice(0, 2).map((socket) => once(socket.resume(), 'close')));
  await waitFor('the event', () => events.length > 0);
  t.is(acceptor().turnedAway, 2);
  t.like(events[0], { type: 'rejected', address: '127.0.0.1', count: 1 });
  t.regex((events[0] as { readonly reason: string }).reason, /too many handshakes/);
});

test('who finds no place because all that are there have been heard is told of, too', async (t) => {
  const acceptors = [{ port: 0, maxPendingPerAddress: 1, timeoutMs: 600_000 }];
  const { acceptor, dial, warnings, events } = await stage(t, { acceptors });
  const talking = dial();
  talking.write(HELLO);
  await once(talking, 'data');
  await dial().toArray();
  await waitFor('the event', () => events.length > 0);
  const told = { address: '127.0.0.1', reason: 'too many handshakes go on', count: 1 };
  t.deepEqual(events, [{ type: 'rejected', ...told }]);
  t.deepEqual(warnings(), [told]);
  t.like(acceptor(), { arrived: 2, turnedAway: 1, pending: 1 });
});

/** What begins a handshake: versions from 1 to 1 and 32 bytes. */
const HELLO = Buffer.concat([
  Buffer.from('TERGO\r\n\x1A', 'latin1'),
  Buffer.from([1, 36, 0, 1, 0, 1, 0]),
  Buffer.alloc(32, 7),
]);

/** REFUSAL with a body of one byte; with TLS a fatal alert. */
const places = [
  { title: '', network: {}, busy: [5, 1, 0, 3] },
  { title: ', over TLS', network: { tls: 'self-signed' }, busy: [21, 3, 3, 0, 2, 2, 80] },
] as const;

for (const { title, network, busy } of places)
  test(`who finds no place is told that it may come again, and a node does${title}`, async (t) => {
    const acceptors = [{ port: 0, maxPendingPerAddress: 1 }];
    const { acceptor, dial } = await stage(t, { acceptors, ...network });
    const told = Buffer.from(busy);
    const silent: Promise<Buffer[]> = dial().toArray();
    const socket = dial();
    const talking = title === '' ? socket : secure({ socket, rejectUnauthorized: false });
    talking.on('error', () => undefined).write(HELLO);
    t.deepEqual(Buffer.concat(await silent), told);
    // It has been heard, and keeps its place.
    await once(talking, 'data');
    t.deepEqual(Buffer.concat(await dial().toArray()), told);
    const b = await networkNode('b@localhost', network);
    t.teardown(() => b.stopForce());
    const { host, port } = acceptor();
    const route = { host, port, tls: title !== '' };
    const connected = b.network.connect('a@localhost', { route });
    await waitFor('the dial', () => acceptor().turnedAway >= 3);
    socket.destroy();
    t.is((await connected).name, 'a@localhost');
  });

for (const { title, network } of places)
  test(`who says nothing has to go when the time of a handshake is over${title}`, async (t) => {
    const acceptors = [{ port: 0, timeoutMs: 200 }];
    const { acceptor, dial, events } = await stage(t, { acceptors, ...network });
    await waitForEvent(dial().resume(), 'close', 20_000);
    await waitFor('the event', () => events.length > 0);
    t.regex((events[0] as { readonly reason: string }).reason, /^the handshake took/);
    await waitFor('its place', () => acceptor().pending === 0);
    t.like(acceptor(), { rejected: 1, turnedAway: 0 });
  });

test('who speaks TLS to an acceptor that does not is told from strangers', async (t) => {
  const { dial, events } = await stage(t);
  dial().write(Buffer.from('16030100a5010000a10303', 'hex'));
  await waitFor('the event', () => events.length > 0);
  t.regex((events[0] as { readonly reason: string }).reason, /other end encrypts/);
});

test('who speaks no TLS to an acceptor that does is told so', async (t) => {
  const { dial, events } = await stage(t, { tls: 'self-signed' });
  dial().write('GET / HTTP/1.0\r\n\r\n');
  await waitFor('the event', () => events.length > 0);
  t.regex((events[0] as { readonly reason: string }).reason, /what came is not TLS/);
});
