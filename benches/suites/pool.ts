import {
  Actor,
  noreply,
  Pool,
  poolSpec,
  type Next,
  type Node,
  type Pid,
  type PoolSpec,
} from 'tergo';
import { sharedNode } from '../bench-node.ts';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const messages = 2_000_000;
const workers = 8;

type Target = Pid<{ message: number }>;

/** What the workers of a run have received. */
interface Tally {
  count: number;
  sum: number;
  /** One of each worker. */
  readonly counters: Counter[];
  readonly over: () => void;
}
interface Counter {
  count: number;
}

/** Counts for itself, and with the others. */
class Worker extends Actor<{ message: number }> {
  #tally!: Tally;
  readonly #own: Counter = { count: 0 };

  override init(tally: Tally): void {
    this.#tally = tally;
    tally.counters.push(this.#own);
  }

  override handleMessage(value: number): Next {
    this.#own.count += 1;
    const tally = this.#tally;
    tally.sum += value;
    if (++tally.count === messages) tally.over();
    return noreply;
  }
}

class Workers extends Pool<{ message: number }> {
  override init(tally: Tally): PoolSpec<{ message: number }> {
    return poolSpec(Worker, { size: workers, args: [tally] });
  }
}

/** Sends all messages from one callback, in turn to each target. */
class Source extends Actor<{ message: readonly Target[] }> {
  override handleMessage(targets: readonly Target[]): Next {
    for (let i = 0; i < messages; i++) this.send(targets[i % targets.length]!, 1);
    return noreply;
  }
}

/** Seconds until the workers have received all that was sent to what `start` gives. */
async function measure(
  node: Node,
  start: (tally: Tally) => Promise<readonly Target[]>,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const tally: Tally = { count: 0, sum: 0, counters: [], over: resolve };
  const targets = await start(tally);
  const source = await node.spawn(Source);
  const seconds = stopwatch();
  node.send(source, targets);
  await promise;
  const elapsed = seconds();
  verify(tally.sum === messages, `the workers summed up ${tally.sum}`);
  const counts = tally.counters.map(({ count }) => count);
  const even = messages / workers;
  verify(
    counts.length === workers && counts.every((count) => count === even),
    `the workers got ${counts.join(', ')} messages`,
  );
  for (const target of targets) node.kill(target);
  return elapsed;
}

async function run(): Promise<Run> {
  const node = await sharedNode();
  const direct = await measure(node, (tally) =>
    Promise.all(Array.from({ length: workers }, () => node.spawn(Worker, { args: [tally] }))),
  );
  const pooled = await measure(node, async (tally) => [
    await node.spawn(Workers, { args: [tally] }),
  ]);
  return {
    ops: messages,
    seconds: pooled,
    extra: {
      direct_rate: Math.round(messages / direct),
      overhead: Math.round((100 * pooled) / direct) / 100,
    },
  };
}

/** Messages through a pool of eight; beside it, in the same run, the sender itself sends to eight in turn. */
export const suite: Suite = { unit: 'messages', warmUps: 2, runs: 7, run };
