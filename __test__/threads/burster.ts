import { Actor, noreply, type Next, type Pid } from 'tergo';

export interface Burst {
  readonly targets: readonly Pid<unknown>[];
  readonly bursts: number;
}

type BursterProtocol = { message: Burst | { readonly type: 'on' } };

/** So many messages follow each other in one callback, to one target after the other. */
export const PER_TARGET = 25;

/** Message number `index`: of every size and kind that is written in a way of its own. */
export function valueOf(index: number): unknown {
  const kinds: readonly (() => unknown)[] = [
    () => index,
    () => ({ type: 'order', id: index, name: `order number ${index}` }),
    () => -index - 0.5,
    () => undefined,
    () => `${index}: ${'text '.repeat((index * 31) % 3000)}`,
    () => new Uint8Array(20_000).fill(index),
    () => index,
    () => [new Map([[index, 'a']]), 'x'.repeat((index * 997) % 15_000)],
    () => ({ text: 'y'.repeat(30_000), index }),
    () => ({ type: 'order', id: -index, name: 'a' }),
  ];
  return kinds[index % kinds.length]!();
}

/** Sends burst after burst, one a callback, so that others on its thread send between them. */
export class Burster extends Actor<BursterProtocol> {
  #order: Burst | undefined;
  #left = 0;
  #index = 0;

  override handleMessage(message: BursterProtocol['message']): Next {
    if ('bursts' in message) {
      this.#order = message;
      this.#left = message.bursts;
    }
    const { targets } = this.#order!;
    // Who comes next goes on where this one has stopped.
    for (const target of this.#left % 2 === 0 ? targets : targets.toReversed()) {
      for (let count = 0; count < PER_TARGET; count++) {
        this.send(target, valueOf(this.#index));
        this.#index += 1;
      }
      // What cannot travel leaves nothing behind.
      try {
        this.send(target, { text: 'begun', action: () => 1 });
      } catch {
        continue;
      }
    }
    this.#left -= 1;
    if (this.#left > 0) this.send(this.pid, { type: 'on' });
    return noreply;
  }
}
