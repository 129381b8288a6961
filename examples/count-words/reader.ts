import { Actor, noreply, stop, TergoError, type Next, type Response } from 'tergo';
import type { Batch } from './batches.ts';
import { Saboteur, type Drill } from './drill.ts';
import { aggregatorName, countersName, readerName, type ReaderProtocol } from './protocols.ts';

/** More crashes than this are no accident any more. */
const MAX_CRASHES = 10;

/**
 * Goes through the batches that are not counted yet and gives them to the pool, two for each worker: whoever has counted
 * one finds the next in its mailbox, and not more is lost with a worker. Ends when all are counted.
 */
export class Reader extends Actor<ReaderProtocol> {
  #batches: Batch[] = [];
  /** What is with the pool, by the ref of its request. */
  readonly #given = new Map<string, Batch>();
  #crashes = 0;
  /** Of the drill, in its first life: with so few files left a thread is ended, a worker crashes, it crashes itself. */
  #threadToEnd: number | undefined;
  #endThreadFrom = -1;
  #unluckyFrom = -1;
  #crashFrom = -1;
  /** The request at which a worker is to crash. */
  #unlucky: string | undefined;

  override async init(workers: number, drill: Drill | undefined): Promise<void> {
    const { batches, isFirst } = await this.call(aggregatorName, { type: 'missing' });
    this.#batches = batches.toReversed(); // the next one is at the end
    if (isFirst && drill !== undefined) {
      this.#threadToEnd = drill.thread;
      this.#endThreadFrom = Math.floor((batches.length * 3) / 4);
      this.#unluckyFrom = Math.ceil(batches.length / 2);
      this.#crashFrom = Math.floor(batches.length / 4);
    }
    for (let i = 0; i < 2 * workers; i++) this.send(this.pid, 'go');
  }

  override async handleMessage(): Promise<Next> {
    const batch = this.#batches.pop();
    if (batch === undefined) return this.#given.size === 0 ? stop('normal') : noreply;
    if (this.#crashes > 0 && this.#batches.length < this.#crashFrom)
      throw new Error('crashed on purpose');
    this.#give(batch);
    if (this.#batches.length <= this.#endThreadFrom) await this.#endThread();
    return noreply;
  }

  override handleResponse(response: Response): Next {
    const batch = this.#given.get(response.ref);
    this.#given.delete(response.ref);
    const wasUnlucky = response.ref === this.#unlucky;
    if (wasUnlucky) this.#unlucky = undefined;
    if (response.ok) {
      // A batch without text crashes nobody: the next one is unlucky.
      if (wasUnlucky && response.value === true) this.#unluckyFrom = -1;
    } else if (batch !== undefined) {
      this.#batches.push(batch); // somebody else gets it
      this.#failed(batch, response.error, wasUnlucky);
      if (this.#crashes > MAX_CRASHES)
        return stop(new Error('too many workers crashed', { cause: response.error }));
    }
    this.send(readerName, 'go');
    return noreply;
  }

  #give(batch: Batch): void {
    const isUnlucky = this.#unlucky === undefined && this.#batches.length < this.#unluckyFrom;
    const task = { type: 'count', batch, isUnlucky } as const;
    try {
      const ref = this.sendRequest(countersName, task, { timeoutMs: 60_000 });
      this.#given.set(ref, batch);
      if (isUnlucky) this.#unlucky = ref;
    } catch (error) {
      if (!TergoError.is(error, 'name-unknown')) throw error;
      // The pool has ended: it is about to be restarted, and this process with it.
      this.#batches.push(batch);
      this.sendAfter(this.pid, 'go', 20);
    }
  }

  /** A worker has ended with the batch in hand, or with the batch in its mailbox behind the one in hand. */
  #failed({ number }: Batch, error: Error, wasUnlucky: boolean): void {
    if (isByThread(error)) {
      this.send(aggregatorName, { type: 'lost', batch: number });
      return;
    }
    this.#crashes += 1;
    if (!wasUnlucky) return;
    this.#unluckyFrom = -1;
    this.send(aggregatorName, { type: 'crashed', batch: number });
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
}

/** Whether a whole thread has ended, not only the one who had the request. */
function isByThread({ cause }: Error): boolean {
  return TergoError.is(cause, 'thread-terminated');
}
