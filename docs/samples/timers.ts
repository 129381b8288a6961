import { Actor, noreply, reply, startNode, stop, unhandled } from 'tergo';
import type { Answer, Caller, Next, Request, Timer } from 'tergo';

type Tick = { type: 'tick' } | { type: 'give-up' };
type Ticks = Request<{ type: 'ticks' }, number>;

export class Metronome extends Actor<{ message: Tick; request: Ticks }> {
  readonly #waiting: Caller<number>[] = [];
  #ticks = 0;
  #timer!: Timer;

  override init(everyMs: number): void {
    this.#timer = this.sendEvery(this.pid, { type: 'tick' }, everyMs);
    this.sendAfter(this.pid, { type: 'give-up' }, 60_000);
  }

  override handleMessage(message: Tick): Next {
    switch (message.type) {
      case 'tick':
        this.#ticks += 1;
        if (this.#ticks < 3) return noreply;
        console.log('three ticks', this.#timer.cancel());
        for (const caller of this.#waiting) this.sendResponse(caller, this.#ticks);
        return noreply;
      case 'give-up':
        return stop('normal');
      default:
        return unhandled(message);
    }
  }

  override handleCall(request: Ticks): Answer {
    if (this.#ticks === 3) return reply(request, this.#ticks);
    this.#waiting.push(this.callerOf(request));
    return noreply;
  }
}

await using node = await startNode('timers@localhost');
const metronome = await node.spawn(Metronome, { args: [5] });
console.log(await node.call(metronome, { type: 'ticks' }));

using timer = node.sendAfter(metronome, { type: 'give-up' }, 60_000);
console.log(timer.cancel(), timer.cancel());
