import { Actor, noreply, reply, type Answer, type Next, type Pid, type Request } from 'tergo';
import { Random } from './random.ts';

export type Death = 'exit' | 'throw' | 'hang' | 'memory';

export type FlooderMessage =
  | { readonly type: 'peers'; readonly peers: readonly Pid<FlooderProtocol>[] }
  | { readonly type: 'halt' }
  | { readonly type: 'die'; readonly death: Death }
  | { readonly type: 'tick' }
  | { readonly type: 'load'; readonly value: unknown };

export type FlooderRequest = Request<{ readonly type: 'counts' }, FlooderCounts>;

export interface FlooderCounts {
  readonly sent: number;
  readonly refused: number;
  readonly taken: number;
}

export interface FlooderProtocol {
  message: FlooderMessage;
  request: FlooderRequest;
}

/** Sends in one callback. */
const BATCH = 200;
/** Between two of them, ms: with no pause at all a new thread would hardly come up on a small machine. */
const PAUSE_MS = 3;
/** Beyond 16 KiB, where values travel beside their frame. */
const LARGE_BYTES = 40_000;

/** Floods others with messages of all sizes, and calls, as long as it has peers; ends its thread by order. */
export class Flooder extends Actor<FlooderProtocol> {
  #peers: readonly Pid<FlooderProtocol>[] = [];
  #random = new Random(0);
  #isRunning = false;
  #sent = 0;
  #refused = 0;
  #taken = 0;

  override init(seed: number): void {
    this.#random = new Random(seed);
  }

  override handleMessage(message: FlooderMessage): Next {
    switch (message.type) {
      case 'peers':
        this.#peers = message.peers.filter((peer) => peer !== this.pid);
        if (!this.#isRunning) this.send(this.pid, { type: 'tick' });
        this.#isRunning = true;
        return noreply;
      case 'halt':
        this.#peers = [];
        return noreply;
      case 'die':
        die(message.death);
        return noreply;
      case 'tick':
        this.#flood();
        return noreply;
      case 'load':
        this.#taken += 1;
        return noreply;
    }
  }

  override handleCall(request: FlooderRequest): Answer {
    return reply(request, { sent: this.#sent, refused: this.#refused, taken: this.#taken });
  }

  #flood(): void {
    this.#isRunning = this.#peers.length > 0;
    if (!this.#isRunning) return;
    for (let left = BATCH; left > 0; left -= 1) {
      const result = this.send(this.#random.pick(this.#peers), {
        type: 'load',
        value: this.#load(),
      });
      if (result === 'ok') this.#sent += 1;
      else this.#refused += 1;
    }
    this.#ask(this.#random.pick(this.#peers));
    this.sendAfter(this.pid, { type: 'tick' }, PAUSE_MS);
  }

  #load(): unknown {
    const dice = this.#random.between(0, 99);
    if (dice < 50) return dice;
    if (dice < 80) return { type: 'item', id: dice, name: `name ${dice}` };
    if (dice < 95) return 'x'.repeat(1024);
    return new Uint8Array(dice < 99 ? 1000 : LARGE_BYTES);
  }

  /** Whatever comes of it: the other one may be gone, or go. */
  #ask(peer: Pid<FlooderProtocol>): void {
    this.call(peer, { type: 'counts' }).catch(() => undefined);
  }
}

function die(death: Death): void {
  switch (death) {
    case 'exit':
      return process.exit(3);
    case 'throw':
      setImmediate(() => {
        throw new Error('nobody catches this');
      });
      return;
    case 'hang':
      for (;;);
    case 'memory': {
      const hoard: unknown[] = [];
      for (;;) hoard.push(Array.from({ length: 1000 }, () => ({ hoard })));
    }
  }
}
