import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { type AcceptorInfo, type Node, processId, processName } from 'tergo';
import { listeningStranger } from '../../support/listening-stranger.ts';
import { turnstile } from '../../support/turnstile.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { PuppetProtocol } from '../../threads/puppet.ts';
import { networkNode, networkOf } from '../cluster.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress, PlainEvent } from './member.ts';
import { Relay, say } from './relay.ts';

const A = 'a@localhost';
const B = 'b@localhost';
const C = 'c@localhost';
const LOOPBACK = '127.0.0.1';
const bob = processId(processName<PuppetProtocol>('bob'), B);

interface Stage {
  readonly os: MemberProcess;
  readonly b: MemberAddress;
  readonly a: Node;
}

/** Node b in a process of its own, node a here; they do not know each other yet. */
async function stage(t: ExecutionContext, cookie?: string): Promise<Stage> {
  await turnstile(t);
  const os = MemberProcess.launch(t);
  const network = networkOf({ poolSize: 1 });
  const b = await os.start({ name: B, network, puppets: ['bob'] });
  const a = await networkNode(A, cookie === undefined ? {} : { cookie });
  t.teardown(() => a.stopForce());
  return { os, b, a };
}

async function acceptorOf({ os }: Stage): Promise<AcceptorInfo> {
  const [acceptor] = await os.do<readonly AcceptorInfo[]>('acceptors', B);
  return acceptor!;
}

/** The two talk, over whatever connection there is or by a new one. */
async function isHeard(t: ExecutionContext, from: Node): Promise<void> {
  t.is(await from.call(bob, 'hello' as never), 'hello' as never);
}

test('a process with another cookie is refused, and both sides say so', async (t) => {
  const scene = await stage(t, 'a secret that nobody else has');
  const { a, b, os } = scene;
  const route = { host: b.host, port: b.port };
  const error = await t.throwsAsync(a.network.connect(B, { route }), { code: 'no-connection' });
  t.regex(error.message, /cookie/);
  const events = await waitFor('b to tell', async () => {
    const told = await os.do<readonly PlainEvent[]>('events', B);
    return told.length > 0 && told;
  });
  t.deepEqual(
    events.map(({ type }) => type),
    ['rejected'],
  );
  t.like(await acceptorOf(scene), { admitted: 0, rejected: 1 });
  t.deepEqual(a.network.nodes(), []);
});

test('a handshake that was recorded opens nothing when it is played again', async (t) => {
  const scene = await stage(t);
  const relay = await Relay.before(t, scene.b.port);
  await scene.a.network.connect(B, { route: { host: LOOPBACK, port: relay.port } });
  await isHeard(t, scene.a);
  const [passage] = relay.passages;
  const recorded = Buffer.concat(passage!.fromDialler);
  t.true(recorded.length > 100);
  const before = await acceptorOf(scene);

  // While the first stands, and after it is gone.
  await say(scene.b.port, recorded);
  t.deepEqual(await scene.os.do('nodes', B), [A]);
  await isHeard(t, scene.a);
  await scene.a.network.node(B)!.disconnect();
  await waitFor('b to be alone', async () => (await nodesOf(scene)).length === 0);
  await say(scene.b.port, recorded);

  const after = await acceptorOf(scene);
  t.is(after.admitted, before.admitted);
  t.is(after.rejected, before.rejected + 2);
  t.deepEqual(await nodesOf(scene), []);
});

function nodesOf({ os }: Stage): Promise<readonly string[]> {
  return os.do<readonly string[]>('nodes', B);
}

test('a node is not taken in by its own words', async (t) => {
  const { a } = await stage(t);
  const port = await listeningStranger(t, (socket) => socket.pipe(socket));
  await t.throwsAsync(a.network.connect(B, { route: { host: LOOPBACK, port } }));
  t.deepEqual(a.network.nodes(), []);
});

test('a node is not taken in by its own acceptor', async (t) => {
  const { a } = await stage(t);
  const own = a.network.acceptors()[0]!.port;
  const port = await listeningStranger(t, (socket) => {
    const mirror = connect(own, LOOPBACK);
    mirror.on('error', () => undefined);
    socket.pipe(mirror).pipe(socket);
  });
  await t.throwsAsync(a.network.connect(B, { route: { host: LOOPBACK, port } }));
  t.deepEqual(a.network.nodes(), []);
});

test('a route that leads to another node of the cluster is not followed', async (t) => {
  const { a, b } = await stage(t);
  const error = await t.throwsAsync(
    a.network.connect(C, { route: { host: LOOPBACK, port: b.port } }),
  );
  t.regex(error.message, /correct the route/);
  t.deepEqual(a.network.nodes(), []);
});

test('two thousand who say nothing do not keep an honest node out', async (t) => {
  const scene = await stage(t);
  const silent: Socket[] = [];
  t.teardown(() => silent.forEach((socket) => socket.destroy()));
  for (let number = 0; number < 2000; number += 1) {
    const socket = connect({ port: scene.b.port, host: LOOPBACK });
    socket.on('error', () => undefined);
    silent.push(socket);
  }
  await waitFor('two thousand arrivals', async () => (await acceptorOf(scene)).arrived >= 2000);
  const route = { host: LOOPBACK, port: scene.b.port };
  await scene.a.network.connect(B, { route, timeoutMs: 30_000 });
  await isHeard(t, scene.a);
  const { pending, turnedAway } = await acceptorOf(scene);
  t.true(pending <= 1024, `${pending} are pending`);
  t.true(pending + turnedAway >= 900, `${pending} are pending, ${turnedAway} were turned away`);
});

const MAGIC = Buffer.from('TERGO\r\n\x1A', 'latin1');
const nonsense: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['zeros', Buffer.alloc(5000)],
  ['ones', Buffer.alloc(5000, 0xff)],
  ['chance', randomBytes(100_000)],
  ['a request of the web', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a greeting of TLS', Buffer.from('16030100a5010000a10303', 'hex')],
  ['our first bytes and chance', Buffer.concat([MAGIC, randomBytes(5000)])],
  ['a message longer than any', Buffer.concat([MAGIC, Buffer.from('01ffff', 'hex')])],
  ['a message of no kind', Buffer.concat([MAGIC, Buffer.from('770100aa', 'hex')])],
  ['versions that nobody speaks', Buffer.concat([MAGIC, hello(900, 999)])],
];

function hello(from: number, to: number): Buffer {
  const body = Buffer.alloc(36);
  body.writeUInt16LE(from, 0);
  body.writeUInt16LE(to, 2);
  return Buffer.concat([Buffer.from([1, 36, 0]), body]);
}

test('whatever comes in place of a handshake ends that socket and nothing else', async (t) => {
  const scene = await stage(t);
  await scene.a.network.connect(B, { route: { host: LOOPBACK, port: scene.b.port } });
  const before = await acceptorOf(scene);
  for (const [what, bytes] of nonsense) {
    await say(scene.b.port, bytes);
    t.deepEqual(await nodesOf(scene), [A], what);
    await isHeard(t, scene.a);
  }
  const after = await acceptorOf(scene);
  t.is(after.rejected, before.rejected + nonsense.length);
  t.is(after.admitted, before.admitted);
});

/** Frames that no node sends: three bytes of length, one of kind, the body. */
const breaches: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['a frame longer than any', Buffer.from('ffffff01', 'hex')],
  ['a frame of no kind', Buffer.from('0100007700', 'hex')],
  ['a batch that is none', Buffer.from('08000001ffffffffffffffff', 'hex')],
  ['a compressed batch that is none', Buffer.from('08000002ffffffffffffffff', 'hex')],
  ['a bomb that says it is small', Buffer.from('0a00000201ffffffff7f04224d18', 'hex')],
  ['a part of nothing', Buffer.from('08000003ffffffffffffffff', 'hex')],
  [
    'credits out of nowhere',
    Buffer.from('14000004ffffffffffffffffffffffffffffffffffffffff', 'hex'),
  ],
  ['a shape that is none', Buffer.from('08000007ffffffffffffffff', 'hex')],
  // Chance of the day would now and then begin like a frame that is not whole yet, of which there is nothing to say.
  ['chance', createHash('shake256', { outputLength: 4096 }).update('chance').digest()],
];

for (const whom of ['dialler', 'dialled'] as const)
  test(`who breaks the protocol loses its connection and nothing else; the ${whom} hears it`, async (t) => {
    const scene = await stage(t);
    const { a, b, os } = scene;
    const other = MemberProcess.launch(t);
    const c = await other.start({ name: C, network: networkOf(), puppets: ['carol'] });
    await a.network.connect(C, { route: { host: LOOPBACK, port: c.port } });
    await os.do('route', B, C, { host: LOOPBACK, port: c.port });
    await os.do('connect', B, C, 5000);
    const relay = await Relay.before(t, b.port);
    a.network.addRoute(`^${B}$`, { host: LOOPBACK, port: relay.port });

    for (const [what, bytes] of breaches) {
      // They find each other again each time.
      const peer = await a.network.connect(B);
      await isHeard(t, a);
      relay.passages.at(-1)![whom].write(bytes);
      await waitFor(`the end of the connection by ${what}`, () => !peer.isConnected);
      await waitFor('the end of it there', async () => !(await nodesOf(scene)).includes(A));
      t.deepEqual(a.network.nodes(), [C], what);
      t.deepEqual(await nodesOf(scene), [C], what);
      t.deepEqual(await other.do('nodes', C), [A, B], what);
    }
  });

/** A frame of compressed items that says it is of so many bytes, and is of many more. */
function bomb(algorithm: number, packed: Uint8Array): Buffer {
  const head = Buffer.from('00000002', 'hex');
  // 100,000 as the wire writes numbers: seven bits a byte, the lowest first.
  const body = Buffer.concat([Buffer.from([algorithm, 0xa0, 0x8d, 0x06]), packed]);
  head.writeUIntLE(body.length, 0, 3);
  return Buffer.concat([head, body]);
}

const BOMB_BYTES = 64 * 2 ** 20;
const BOMBS = 8;

test('compressed bytes that become more than they say cost their connection, and no memory', async (t) => {
  const scene = await stage(t);
  const relay = await Relay.before(t, scene.b.port);
  scene.a.network.addRoute(`^${B}$`, { host: LOOPBACK, port: relay.port });
  const zeros = Buffer.alloc(BOMB_BYTES);
  const bombs = [bomb(2, zstdCompressSync(zeros)), bomb(3, gzipSync(zeros))];
  await scene.a.network.connect(B);
  const before = await scene.os.do<number>('memory');
  for (let number = 0; number < BOMBS; number += 1) {
    const peer = await scene.a.network.connect(B);
    await isHeard(t, scene.a);
    relay.passages.at(-1)!.dialled.write(bombs[number % bombs.length]!);
    await waitFor('the end of the connection', () => !peer.isConnected);
    await waitFor('the end of it there', async () => (await nodesOf(scene)).length === 0);
  }
  const grown = (await scene.os.do<number>('memory')) - before;
  t.true(grown < BOMB_BYTES / 2, `b has grown by ${grown} bytes`);
});
