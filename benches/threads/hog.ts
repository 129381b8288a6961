import { Actor, noreply, reply, type Answer, type Next, type Request } from 'tergo';

/** How long each callback of a hog runs, ms. */
const BLOCK_MS = 20;

export type HogProtocol = {
  message: 'on';
  request: Request<{ type: 'stop' }, { readonly blocks: number; readonly computedMs: number }>;
};

/** Computes without a rest, `BLOCK_MS` a callback, from its start until it is told to stop. */
export class Hog extends Actor<HogProtocol> {
  #blocks = 0;
  #computedMs = 0;
  #isStopped = false;

  override init(): void {
    this.send(this.pid, 'on');
  }

  override handleMessage(): Next {
    if (this.#isStopped) return noreply;
    const begin = performance.now();
    let now = begin;
    let x = 1;
    while (now - begin < BLOCK_MS) {
      for (let i = 0; i < 10_000; i++) x = (x * 1_103_515_245 + 12_345) % 2_147_483_647;
      now = performance.now();
    }
    this.#blocks += x > 0 ? 1 : 0;
    this.#computedMs += now - begin;
    this.send(this.pid, 'on');
    return noreply;
  }

  override handleCall(request: { type: 'stop' }): Answer {
    this.#isStopped = true;
    return reply(request, { blocks: this.#blocks, computedMs: this.#computedMs });
  }
}
