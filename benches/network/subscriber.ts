import { Actor, eventId, type EventId, noreply, type Next, type Node } from 'tergo';
import { type Tick, ticks } from '../producer.ts';

const remoteTicks: EventId<Tick> = eventId(ticks, 'bench_a@localhost');

/** How often each subscriber of one JavaScript thread had the event, and how many are still to have it this round. */
export class Tally {
  readonly #counts: Uint32Array;
  #rounds = 0;
  #left = 0;
  #onRound: () => void;

  constructor(subscribers: number, onRound: () => void) {
    this.#counts = new Uint32Array(subscribers);
    this.#left = subscribers;
    this.#onRound = onRound;
  }

  add(index: number): void {
    const count = (this.#counts[index] ?? 0) + 1;
    if (count !== this.#rounds + 1) throw new Error(`subscriber ${index} had an event twice`);
    this.#counts[index] = count;
    if (--this.#left > 0) return;
    this.#rounds += 1;
    this.#left = this.#counts.length;
    this.#onRound();
  }
}

class Subscriber extends Actor<{ event: Tick }> {
  #tally!: Tally;
  #index = 0;

  override async init(tally: Tally, index: number): Promise<void> {
    this.#tally = tally;
    this.#index = index;
    await this.monitorEvent(remoteTicks);
  }

  override handleEvent(tick: Tick): Next {
    if (tick.payload === 'hello') this.#tally.add(this.#index);
    return noreply;
  }
}

/** So many subscribers on each of some nodes that are connected with `bench_a`. */
export async function subscribe(
  nodes: readonly Node[],
  each: number,
  onRound: () => void,
): Promise<void> {
  const tally = new Tally(nodes.length * each, onRound);
  let index = 0;
  for (const node of nodes)
    for (let i = 0; i < each; i++) await node.spawn(Subscriber, { args: [tally, index++] });
}
