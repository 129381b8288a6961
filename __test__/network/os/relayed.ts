import type { ExecutionContext } from 'ava';
import type { Node } from 'tergo';
import { turnstile } from '../../support/turnstile.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type Handle, puppet } from '../../threads/stage.ts';
import { networkNode } from '../cluster.ts';
import { type Passage, Relay } from './relay.ts';

const B = 'b@localhost';
const LARGE = 'x'.repeat(200_000);

/** Two nodes with a connection of three links, each of which is written down. */
export interface Relayed {
  /** Has dialled. */
  readonly a: Node;
  /** Has two threads. */
  readonly b: Node;
  readonly relay: Relay;
}

/** A process of node a, and the link over which it sends. */
export interface Sender {
  readonly who: Handle;
  readonly link: Passage;
}

/** Both end with the test. */
export async function relayed(t: ExecutionContext): Promise<Relayed> {
  await turnstile(t);
  const a = await networkNode('a@localhost');
  const b = await networkNode(B, { poolSize: 3 }, { threads: 2 });
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  const [acceptor] = b.network.acceptors();
  const relay = await Relay.before(t, acceptor!.port);
  const route = { host: '127.0.0.1', port: relay.port };
  const peer = await a.network.connect(B, { route });
  await waitFor('three links', () => peer.info().links === 3);
  return { a, b, relay };
}

/** How many bytes each link has carried from node a to b. */
export function bytesOf({ passages }: Relay): readonly number[] {
  return passages.map(({ fromDialler }) =>
    fromDialler.reduce((sum, { length }) => sum + length, 0),
  );
}

/** The link over which node a sends what is done, at least 100 KB. */
export async function linkOf(relay: Relay, deed: () => Promise<unknown>): Promise<Passage> {
  const before = bytesOf(relay);
  await deed();
  const carried = bytesOf(relay).map((bytes, link) => bytes - before[link]!);
  return relay.passages[carried.findIndex((bytes) => bytes >= 100_000)]!;
}

/** The link over which node a itself answers. */
export async function linkOfNode({ a, b, relay }: Relayed): Promise<Passage> {
  const [asking, answering] = [await puppet(b, 0), await puppet(a, 0)];
  const asked = { type: 'echo', text: LARGE };
  return linkOf(relay, () => asking.do('callAll', answering.pid, [asked]));
}

/** A process of node a that sends over none of those links. */
export async function senderBeside(
  { a, b, relay }: Relayed,
  others: readonly Passage[],
): Promise<Sender> {
  const sink = await puppet(b, 0);
  for (let sent = 1; ; sent += 1) {
    const who = await puppet(a, 0);
    const link = await linkOf(relay, async () => {
      await who.do('sendAll', sink.pid, [[LARGE]]);
      await sink.hears(sent);
    });
    if (!others.includes(link)) return { who, link };
  }
}
