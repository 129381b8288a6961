import { readFile } from 'node:fs/promises';
import { noreply, type Answer, type MaybePromise, type Next, type Pid, type Priority } from 'tergo';
import { Doer, type Order } from './doer.ts';
import { turn } from './wait-for.ts';

/** A message under way; its sender counts what it sends. */
export interface Mark {
  readonly number: number;
  readonly sender: number;
  readonly priority: Priority;
}

/** Some sends of one process to another. */
export interface Burst {
  readonly to: number;
  readonly priority: Priority;
  readonly count: number;
  /** Sent after an `await` in the callback, and not before. */
  readonly isLate: boolean;
  /** Followed by a look at the node's counters, which hands over what was sent before the callback is over. */
  readonly isFlushed: boolean;
}

/** What a process has sent, each message with the number of who it was for, and what it has taken. */
export interface Account {
  readonly sent: readonly (readonly [to: number, mark: Mark])[];
  readonly taken: readonly Mark[];
}

export interface SenderProtocol {
  message: Mark | 'again';
  request: Order;
}

/** Sends bursts as its plan says, keeps account of them, and gives back `again` to whoever sends it. */
export class FarSender extends Doer<SenderProtocol> {
  readonly #sent: [number, Mark][] = [];
  readonly #taken: Mark[] = [];
  #own = 0;
  #pids: readonly Pid<SenderProtocol>[] = [];
  #turns: readonly (readonly Burst[])[] = [];
  #rounds = 0;
  #isOver = false;

  /** Its own number, those it sends to, and what it does with its first message, its second, and so on. */
  plan(
    own: number,
    pids: readonly Pid<SenderProtocol>[],
    turns: readonly (readonly Burst[])[],
  ): void {
    [this.#own, this.#pids, this.#turns] = [own, pids, turns];
  }

  sendAll(bursts: readonly Burst[]): void {
    for (const { to, priority, count, isFlushed } of bursts) {
      for (let i = 0; i < count; i++) {
        const mark = { number: this.#sent.length, sender: this.#own, priority };
        this.#sent.push([to, mark]);
        this.send(this.#pids[to]!, mark, { priority });
      }
      if (isFlushed) this.node.info();
    }
  }

  account(): Account {
    return { sent: this.#sent, taken: this.#taken };
  }

  /** How often `again` has come. */
  rounds(): number {
    return this.#rounds;
  }

  /** Gives no `again` back any more. */
  end(): void {
    this.#isOver = true;
  }

  async readOwnText(): Promise<number> {
    return (await readFile(new URL(import.meta.url))).length;
  }

  override handleMessage(message: Mark | 'again', from: Pid<unknown>): MaybePromise<Next> {
    if (message === 'again') {
      this.#rounds += 1;
      if (!this.#isOver) this.send(from, 'again');
      return noreply;
    }
    const bursts = this.#turns[this.#taken.length] ?? [];
    this.#taken.push(message);
    this.sendAll(bursts.filter(({ isLate }) => !isLate));
    const late = bursts.filter(({ isLate }) => isLate);
    return late.length === 0 ? noreply : turn().then(() => (this.sendAll(late), noreply));
  }

  override handleCall(request: Order): Promise<Answer> {
    return this.obey(request);
  }
}
