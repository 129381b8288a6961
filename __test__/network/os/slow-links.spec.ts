import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import type { Node } from 'tergo';
import { programs } from '../../support/stations/program.ts';
import { players, Stage } from '../../support/stations/stage.ts';
import { Random } from '../../soak/random.ts';
import { turnstile } from '../../support/turnstile.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type Handle, type Options, puppet } from '../../threads/stage.ts';
import { networkNode, type Pair, receivers, showWay } from '../cluster.ts';
import { SlowWay } from './slow-way.ts';

const LINKS = 3;
const WINDOW_BYTES = 256 * 1024;
const ROUNDS = 30;

const senders: readonly Options[] = [
  {},
  { keepNetworkOrder: false },
  { compression: { enabled: true } },
  { compression: { enabled: true, type: 'zstd', level: 'speed' }, important: true },
];

interface Said {
  readonly number: number;
}

/** Two nodes with two threads each; what either says to the other is late by some ms, differently on each link. */
async function slowPair(
  t: ExecutionContext,
  random: Random,
  options: { readonly behaviors?: readonly URL[] } = {},
): Promise<Pair & { readonly way: SlowWay }> {
  await turnstile(t);
  const network = { poolSize: LINKS, windowBytes: WINDOW_BYTES };
  const both = { threads: 2, ...options };
  const a = await networkNode('a@localhost', network, both);
  const b = await networkNode('b@localhost', network, both);
  t.teardown(async () => {
    await a.stopForce();
    await b.stopForce();
  });
  const [acceptor] = b.network.acceptors();
  const delayMs = (): number => random.pick([0, 0, 1, 5, 20, 40]);
  const way = await SlowWay.before(t, acceptor!.port, delayMs);
  const route = { host: '127.0.0.1', port: way.port };
  const peer = await a.network.connect(b.name, { route });
  await waitFor('all links', () => peer.info().links === LINKS);
  return { a, b, way };
}

/** Something of one of the sizes that go different ways. */
function saidBy(random: Random, kind: number, number: number): Said {
  const shape = { [`field${random.between(0, 50)}`]: 'x' };
  if (kind < 2) return { number, ...shape };
  if (kind === 2) return { number, text: 'y'.repeat(random.between(1, 60_000)) } as Said;
  if (kind === 3) return { number, list: Array.from({ length: 5000 }, (_, at) => at / 3) } as Said;
  const bytes = Array.from({ length: kind - 3 }, (_, at) =>
    new Uint8Array(random.between(1, 100_000)).fill(at),
  );
  return { number, bytes } as Said;
}

function byNumber(one: unknown, other: unknown): number {
  return (one as Said).number - (other as Said).number;
}

/** What senders have said to receivers, and what came of their calls. */
class Talk {
  readonly #t: ExecutionContext;
  readonly #random: Random;
  readonly #said = new Map<string, Said[]>();
  readonly #asked: Promise<unknown>[] = [];
  #number = 0;

  constructor(t: ExecutionContext, random: Random) {
    this.#t = t;
    this.#random = random;
  }

  /** A few messages of one size, and maybe calls with such a one, there and back. */
  async say(from: Handle, to: Handle): Promise<void> {
    const kind = this.#random.between(0, 6);
    const count = this.#random.between(1, kind < 2 ? 100 : 4);
    const messages = Array.from({ length: count }, () => this.#next(kind));
    const said = messages.map((message) => [message]);
    const results = await from.do<readonly string[]>('sendAll', to.pid, said);
    this.#t.true(results.every((result) => result === 'ok'));
    this.listOf(from, to).push(...messages);
    if (this.#random.oneIn(3)) await this.#call(from.node, to, kind);
    if (this.#random.oneIn(3)) await this.#call(to.node, from, kind);
  }

  /** By somebody of its own: who waits for an answer does nothing else. */
  async #call(node: Node, to: Handle, kind: number): Promise<void> {
    const from = await puppet(node, this.#random.between(0, 1));
    const request = { type: 'echo', ...this.#next(kind) };
    const answer = from.do('callAndTell', to.pid, request, 60_000);
    const isRight = answer.then((told) => isDeepStrictEqual(told, ['answered', request]));
    this.#asked.push(isRight.then((right) => this.#t.true(right, `the call ${request.number}`)));
  }

  listOf(from: Handle, to: Handle): Said[] {
    const key = `${from.pid} ${to.pid}`;
    const list = this.#said.get(key) ?? [];
    this.#said.set(key, list);
    return list;
  }

  async answered(): Promise<void> {
    await Promise.all(this.#asked);
  }

  #next(kind: number): Said {
    this.#number += 1;
    return saidBy(this.#random, kind, this.#number);
  }
}

for (const seed of [1, 2, 3])
  test(`what is said over slow links comes once, whole, and in order, program ${seed}`, async (t) => {
    const random = new Random(seed);
    const { a, b, way } = await slowPair(t, random);
    const from = await Promise.all(senders.map((options, at) => puppet(a, at % 2, options)));
    const to = await Promise.all(receivers.map(({ thread }) => puppet(b, thread)));
    const talk = new Talk(t, random);
    for (let round = 0; round < ROUNDS; round += 1) {
      if (random.oneIn(4)) {
        const first = random.between(0, LINKS);
        way.freeze((link) => link >= first);
      }
      await talk.say(random.pick(from), random.pick(to));
    }
    way.freeze(() => false);
    await talk.answered();
    for (const one of to) {
      const all = from.map((sender) => talk.listOf(sender, one));
      const notices = await one.hears(all.flat().length);
      for (const [at, sender] of from.entries()) {
        const got = notices.flatMap((notice) =>
          'message' in notice && 'from' in notice && notice.from.id === sender.pid.id
            ? [notice.message]
            : [],
        );
        const isUnordered = senders[at]!.keepNetworkOrder === false;
        const right = isDeepStrictEqual(isUnordered ? got.toSorted(byNumber) : got, all[at]);
        t.true(right, `what sender ${at} has said to ${one.pid}`);
      }
    }
    for (const node of [a, b])
      await waitFor('the end of the queue', () => node.network.info().nodes[0]!.queueBytes === 0);
  });

test('whatever processes do to each other over slow links, all is told as promised', async (t) => {
  const random = new Random(4);
  const { a, b } = await slowPair(t, random, { behaviors: players });
  showWay(b, a);
  const stage = new Stage([a, b]);
  await stage.prepare();
  let heard = 0;
  const plays = fc.asyncProperty(programs(['kill', 'kill crew', 'end thread']), async (rounds) => {
    heard += await stage.play(rounds);
  });
  await fc.assert(plays, { numRuns: 4, endOnFailure: true, includeErrorInReport: true });
  t.true(heard > 20, `${heard} heard`);
});
