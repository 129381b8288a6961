import type { ExecutionContext } from 'ava';
import type { Node } from 'tergo';
import { turnstile } from '../../support/turnstile.ts';
import { waitFor } from '../../support/wait-for.ts';
import { networkNode } from '../cluster.ts';
import { type Passage, Relay } from './relay.ts';

const B = 'b@localhost';

/** Two nodes with a connection of three links, each of which is written down. */
export interface Relayed {
  /** Has dialled. */
  readonly a: Node;
  /** Has two threads. */
  readonly b: Node;
  readonly relay: Relay;
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
