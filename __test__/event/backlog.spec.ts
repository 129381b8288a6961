import test from 'ava';
import * as fc from 'fast-check';
import { eventName, type EventName, type Node, type Publisher } from 'tergo';
import {
  closeShared,
  freshName,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { waitFor } from '../support/wait-for.ts';
import { gone, quietNode, spawnWitness, type Handle } from '../support/witness.ts';

const ticks: EventName<number> = eventName('ticks');

test.after.always(closeShared);

for (const place of places) {
  for (const { buffer, published, expected } of [
    { buffer: undefined, published: 3, expected: [] },
    { buffer: 0, published: 3, expected: [] },
    { buffer: 1, published: 3, expected: [2] },
    { buffer: 2, published: 3, expected: [1, 2] },
    { buffer: 3, published: 3, expected: [0, 1, 2] },
    { buffer: 3, published: 8, expected: [5, 6, 7] },
    { buffer: 10, published: 3, expected: [0, 1, 2] },
    { buffer: 10, published: 0, expected: [] },
  ]) {
    test(`a buffer of ${buffer ?? 'no size given'} keeps ${expected.length} of ${published} messages, oldest first, without any subscriber${place.title}`, async (t) => {
      const node = await sharedPlace(t, place);
      const ticks = eventName<number>(freshName('ticks'));
      const producer = await witnessOn(node, place.other);
      const options = buffer === undefined ? {} : { buffer };
      const publisher = await producer.run((self) => self.registerEvent(ticks, options));
      await producer.run((self) =>
        Array.from({ length: published }, (_, tick) => self.sendEvent(publisher, tick)),
      );
      for (const kind of ['link', 'monitor'] as const) {
        const late = await witnessOn(node, place.self);
        const backlog = await late.run((self) =>
          kind === 'link' ? self.linkEvent(ticks) : self.monitorEvent(ticks),
        );
        t.deepEqual(
          backlog.map(({ message }) => message),
          expected,
        );
        t.deepEqual(await late.heard(), []);
      }
    });
  }

  test(`a backlog is a snapshot: what is published later does not change it, and its messages keep their time${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) => self.registerEvent(ticks, { buffer: 2 }));
    const [first, late] = [await witnessOn(node, place.self), await witnessOn(node, place.self)];
    await first.run((self) => self.monitorEvent(ticks));
    await producer.run((self) => self.sendEvent(publisher, 0));
    const backlog = await late.run((self) => self.monitorEvent(ticks));
    await producer.run((self) => [1, 2, 3, 4].map((tick) => self.sendEvent(publisher, tick)));
    t.deepEqual(
      backlog.map(({ message }) => message),
      [0],
    );
    const [live] = await first.heard();
    t.true(live?.on === 'event' && live.meta.timestampNs === backlog[0]!.timestampNs);
  });

  test(`a new event of the same name starts with an empty buffer${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) => self.registerEvent(ticks, { buffer: 5 }));
    await producer.run((self) => self.sendEvent(publisher, 1));
    node.kill(producer.pid);
    await gone(node, producer);
    const heir = await witnessOn(node, place.other);
    await settled(node);
    await heir.run((self) => self.registerEvent(ticks, { buffer: 5 }));
    const late = await witnessOn(node, place.self);
    t.deepEqual(await late.run((self) => self.linkEvent(ticks)), []);
  });

  test(`a buffer of a thousand keeps the last thousand, and the oldest make room${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const ticks = eventName<number>(freshName('ticks'));
    const producer = await witnessOn(node, place.other);
    const publisher = await producer.run((self) => self.registerEvent(ticks, { buffer: 1000 }));
    await producer.run((self) =>
      Array.from({ length: 3500 }, (_, tick) => self.sendEvent(publisher, tick)),
    );
    const late = await witnessOn(node, place.self);
    const backlog = await late.run((self) => self.linkEvent(ticks));
    t.deepEqual(
      backlog.map(({ message }) => message),
      Array.from({ length: 1000 }, (_, at) => 2500 + at),
    );
  });
}

/** A subscriber that comes while messages flow, and perhaps leaves again. */
const visitor = fc.record({
  /** How many messages were published when it is told to come. */
  comesAt: fc.nat({ max: 180 }),
  /** How many messages later it is told to leave; never if `undefined`. */
  staysFor: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
  kind: fc.constantFrom('link' as const, 'monitor' as const),
});
type Visitor = typeof visitor extends fc.Arbitrary<infer T> ? T : never;

const total = 200;

test('whoever comes while several processes publish gets backlog and messages without gap and double', async (t) => {
  const node = await quietNode(t);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        buffer: fc.nat({ max: 20 }),
        bursts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        visitors: fc.array(visitor, { minLength: 1, maxLength: 6 }),
      }),
      async ({ buffer, bursts, visitors }) => {
        const feed = new Feed(node, buffer, visitors);
        try {
          await feed.flow(bursts);
          feed.check();
        } finally {
          await feed.close();
        }
      },
    ),
    { numRuns: 100, includeErrorInReport: true },
  );
  t.is(node.info().registeredEvents, 0);
});

interface Visit {
  readonly visitor: Visitor;
  readonly handle: Handle;
  backlog: readonly number[] | undefined;
  /** What was published when it was out again. */
  leftAt: number | undefined;
}

/** An event that several processes publish, and its visitors. */
class Feed {
  readonly #node: Node;
  readonly #publisher: Publisher<number>;
  readonly #buffer: number;
  readonly #visitors: readonly Visitor[];
  readonly #visits: Visit[] = [];
  readonly #handles: Handle[] = [];
  #published = 0;

  constructor(node: Node, buffer: number, visitors: readonly Visitor[]) {
    this.#node = node;
    this.#buffer = buffer;
    this.#visitors = visitors;
    this.#publisher = node.registerEvent(ticks, { buffer });
  }

  /** One process for each burst size publishes that many at a time, until all are out. */
  async flow(bursts: readonly number[]): Promise<void> {
    for (const visitor of this.#visitors) {
      const handle = await this.#spawn();
      this.#visits.push({ visitor, handle, backlog: undefined, leftAt: undefined });
    }
    for (const burst of bursts) {
      const { pid } = await this.#spawn();
      this.#publish(pid, burst);
    }
    await waitFor('all messages', () => this.#published === total);
    for (const { handle } of this.#visits) await handle.heard();
  }

  check(): void {
    for (const visit of this.#visits) this.#checkVisit(visit);
  }

  async close(): Promise<void> {
    this.#node.unregisterEvent(ticks);
    for (const { pid } of this.#handles) this.#node.kill(pid);
    for (const handle of this.#handles) await gone(this.#node, handle);
  }

  async #spawn(): Promise<Handle> {
    const handle = await spawnWitness(this.#node);
    this.#handles.push(handle);
    return handle;
  }

  #publish(pid: Handle['pid'], burst: number): void {
    this.#node.send(pid, (self) => {
      for (let count = 0; count < burst && this.#published < total; count += 1) {
        self.sendEvent(this.#publisher, this.#published);
        this.#published += 1;
        this.#invite();
      }
      if (this.#published < total) this.#publish(pid, burst);
    });
  }

  #invite(): void {
    for (const visit of this.#visits) {
      const { comesAt, staysFor } = visit.visitor;
      if (this.#published === comesAt + 1) this.#come(visit);
      if (staysFor !== undefined && this.#published === comesAt + staysFor + 2) this.#leave(visit);
    }
  }

  #come(visit: Visit): void {
    this.#node.send(visit.handle.pid, async (self) => {
      const { kind } = visit.visitor;
      const backlog =
        kind === 'link' ? await self.linkEvent(ticks) : await self.monitorEvent(ticks);
      visit.backlog = backlog.map(({ message }) => message);
    });
  }

  #leave(visit: Visit): void {
    this.#node.send(visit.handle.pid, async (self) => {
      const { kind } = visit.visitor;
      await (kind === 'link' ? self.unlinkEvent(ticks) : self.demonitorEvent(ticks));
      visit.leftAt = this.#published;
    });
  }

  #checkVisit({ visitor, handle, backlog, leftAt }: Visit): void {
    if (backlog === undefined) throw new Error(`never came: ${JSON.stringify(visitor)}`);
    const live = handle.seen.flatMap((notice) => (notice.on === 'event' ? [notice.message] : []));
    const all = [...backlog, ...(live as number[])];
    const text = `${JSON.stringify(visitor)}: ${backlog.join()} | ${live.join()}`;
    const first = all[0] ?? 0;
    if (all.some((tick, at) => tick !== first + at)) throw new Error(`gap or double: ${text}`);
    const joined = first + backlog.length;
    if (live.length > 0 && backlog.length !== Math.min(this.#buffer, joined))
      throw new Error(`the backlog is not what the buffer holds: ${text}`);
    if (leftAt === undefined && live.length > 0 && all.at(-1) !== total - 1)
      throw new Error(`the last messages are missing: ${text}`);
  }
}
