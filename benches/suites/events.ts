import { Actor, noreply, type Next } from 'tergo';
import { benchNode } from '../bench-node.ts';
import { Producer, type Tick, ticks } from '../producer.ts';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const subscribers = 100_000;
const publishes = 20;

/** What all subscribers write down: one count each, and how many are still to come this round. */
class Tally {
  readonly counts: Uint32Array = new Uint32Array(subscribers);
  #left = 0;
  #done: () => void = () => undefined;

  round(): Promise<void> {
    this.#left = subscribers;
    return new Promise((resolve) => (this.#done = resolve));
  }

  add(index: number): void {
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    if (--this.#left === 0) this.#done();
  }
}

class Subscriber extends Actor<{ event: Tick }> {
  #tally!: Tally;
  #index = 0;

  override async init(tally: Tally, index: number): Promise<void> {
    this.#tally = tally;
    this.#index = index;
    await this.monitorEvent(ticks);
  }

  override handleEvent(tick: Tick): Next {
    if (tick.payload === 'hello') this.#tally.add(this.#index);
    return noreply;
  }
}

async function run(): Promise<Run> {
  await using node = await benchNode();
  const tally = new Tally();
  const producer = await node.spawn(Producer);
  for (let index = 0; index < subscribers; index++) {
    await node.spawn(Subscriber, { args: [tally, index] });
  }
  const seconds = stopwatch();
  for (let i = 0; i < publishes; i++) {
    const delivered = tally.round();
    await node.call(producer, { type: 'publish' });
    await delivered;
  }
  const elapsed = seconds();
  verify(
    tally.counts.every((count) => count === publishes),
    'not every subscriber had every event once',
  );
  return { ops: subscribers * publishes, seconds: elapsed };
}

/** One event to a hundred thousand subscribers, the next when all have it. */
export const suite: Suite = { unit: 'deliveries', warmUps: 1, runs: 5, run };
