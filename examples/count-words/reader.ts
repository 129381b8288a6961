import {
  Actor,
  noreply,
  stop,
  TergoError,
  type Next,
  type Pid,
  type ProcessName,
  type Response,
} from 'tergo';
import type { Batch } from './batches.ts';
import { Saboteur } from './drill.ts';
import type { Plan } from './plan.ts';
import {
  aggregatorName,
  countersName,
  type CounterProtocol,
  type ReaderProtocol,
} from './protocols.ts';
import type { RemotePool } from './remote-pool.ts';

/** More crashes than this are no accident any more. */
const MAX_CRASHES = 10;

/** What a pool has been given. */
interface Given {
  readonly batch: Batch;
  readonly pool: number;
}

/**
 * Goes through the batches that are not counted yet and gives them to the pools of all nodes, two for each worker: whoever
 * has counted one finds the next in its mailbox, and not more is lost with a worker. Ends when all are counted.
 */
export class Reader extends Actor<ReaderProtocol> {
  /** That of this node first. */
  #pools: readonly (ProcessName<CounterProtocol> | Pid<CounterProtocol>)[] = [countersName];
  #batches: Batch[] = [];
  /** What is with the pools, by the ref of its request. */
  readonly #given = new Map<string, Given>();
  #crashes = 0;
  /** Of the drill, in its first life: with so few batches left a thread is ended, a node, a worker crashes, it crashes itself. */
  #threadToEnd: number | undefined;
  #nodeToEnd: RemotePool | undefined;
  #endThreadFrom = -1;
  #endNodeFrom = -1;
  #unluckyFrom = -1;
  #crashFrom = -1;
  /** The request at which a worker is to crash. */
  #unlucky: string | undefined;

  override async init({ workers, remotePools, drill }: Plan): Promise<void> {
    const { batches, isFirst } = await this.call(aggregatorName, { type: 'missing' });
    this.#pools = [countersName, ...remotePools.map(({ pool }) => pool)];
    this.#batches = batches.toReversed(); // the next one is at the end
    if (isFirst && drill !== undefined) {
      this.#threadToEnd = drill.thread;
      this.#nodeToEnd = drill.node;
      this.#endThreadFrom = Math.floor((batches.length * 3) / 4);
      this.#endNodeFrom = Math.floor((batches.length * 5) / 8);
      this.#unluckyFrom = Math.ceil(batches.length / 2);
      this.#crashFrom = Math.floor(batches.length / 4);
    }
    for (let i = 0; i < 2 * workers; i++)
      for (const pool of this.#pools.keys()) this.send(this.pid, { type: 'go', pool });
  }

  override async handleMessage({ pool }: ReaderProtocol['message']): Promise<Next> {
    const batch = this.#batches.pop();
    if (batch === undefined) return this.#given.size === 0 ? stop('normal') : noreply;
    if (this.#crashes > 0 && this.#batches.length < this.#crashFrom)
      throw new Error('crashed on purpose');
    this.#give(batch, pool);
    if (this.#batches.length <= this.#endThreadFrom) await this.#endThread();
    if (this.#batches.length <= this.#endNodeFrom) await this.#endNode();
    return noreply;
  }

  override handleResponse(response: Response): Next {
    const given = this.#given.get(response.ref);
    this.#given.delete(response.ref);
    const wasUnlucky = response.ref === this.#unlucky;
    if (wasUnlucky) this.#unlucky = undefined;
    if (given === undefined) return noreply;
    if (response.ok) {
      // A batch without text crashes nobody: the next one is unlucky.
      if (wasUnlucky && response.value === true) this.#unluckyFrom = -1;
      this.#go(given.pool);
      return noreply;
    }
    const { error } = response;
    this.#batches.push(given.batch); // somebody else gets it
    this.#failed(given.batch, error, wasUnlucky);
    if (this.#crashes > MAX_CRASHES)
      return stop(new Error('too many workers crashed', { cause: error }));
    // In place of a node that is lost the own one goes on.
    this.#go(isByNode(error) ? 0 : given.pool);
    return noreply;
  }

  #go(pool: number): void {
    this.send(this.pid, { type: 'go', pool });
  }

  #give(batch: Batch, pool: number): void {
    const isUnlucky = this.#unlucky === undefined && this.#batches.length < this.#unluckyFrom;
    const task = { type: 'count', batch, isUnlucky } as const;
    try {
      const ref = this.sendRequest(this.#pools[pool]!, task, { timeoutMs: 60_000 });
      this.#given.set(ref, { batch, pool });
      if (isUnlucky) this.#unlucky = ref;
    } catch (error) {
      // That the own pool has ended is the end of this process, too: both are restarted.
      if (!isByNode(error)) throw error;
      this.#batches.push(batch);
      this.#go(0);
    }
  }

  /** A worker has ended with the batch in hand, or with the batch in its mailbox behind the one in hand. */
  #failed({ number: batch }: Batch, error: Error, wasUnlucky: boolean): void {
    if (isByThread(error) || isByNode(error)) {
      const type = isByNode(error) ? 'lost with a node' : 'lost';
      this.send(aggregatorName, { type, batch });
      return;
    }
    this.#crashes += 1;
    if (!wasUnlucky) return;
    this.#unluckyFrom = -1;
    this.send(aggregatorName, { type: 'crashed', batch });
  }

  /** Once; goes on when the thread is gone. */
  async #endThread(): Promise<void> {
    const thread = this.#threadToEnd;
    this.#endThreadFrom = -1;
    if (thread === undefined) return;
    const saboteur = await this.spawn(Saboteur, { thread });
    await this.call(saboteur, { type: 'end the thread' }).catch((error: Error) => {
      if (!isByThread(error)) throw error;
    });
    this.send(aggregatorName, { type: 'thread-ended', thread });
  }

  /** Once; goes on when the node is gone. */
  async #endNode(): Promise<void> {
    const target = this.#nodeToEnd;
    this.#endNodeFrom = -1;
    if (target === undefined) return;
    const { node, osProcess, pool } = target;
    process.kill(osProcess, 'SIGKILL');
    const nothing = { number: -1, paths: [] };
    await this.call(pool, { type: 'count', batch: nothing, isUnlucky: false }).catch(
      (error: unknown) => {
        if (!isByNode(error)) throw error;
      },
    );
    this.send(aggregatorName, { type: 'node-ended', node, osProcess });
  }
}

/** Whether a whole thread has ended, not only the one who had the request. */
function isByThread({ cause }: Error): boolean {
  return TergoError.is(cause, 'thread-terminated');
}

/** Whether a whole node is gone: it was lost, it is not to be reached, or another incarnation runs. */
function isByNode(error: unknown): boolean {
  return (['no-connection', 'no-route', 'process-incarnation'] as const).some((code) =>
    TergoError.is(error, code),
  );
}
